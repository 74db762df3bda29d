/* indexer.h: the service: its parts, and the calls of its descriptor. Service thread unless said otherwise. */
#pragma once

#include <hero-service/hero-service.h>

#include "catalog.h"
#include "latency.h"
#include "selection.h"

G_BEGIN_DECLS

typedef struct
{
  HeroServiceContext *ctx;
  IndexerEngine engine;
  IndexerCatalog *catalog;
  IndexerSelection *selection;
  GThreadPool *searches;
  guint queue_max;      /* searches that may wait for a thread */
  gint64 max_window;    /* offset + limit at most */
  gint64 slow_query_ms; /* 0 = not logged */
  IndexerLatency latency;
} Indexer;

extern const HeroConfigKey indexer_config_keys[];

gpointer indexer_create (HeroServiceContext *ctx, GError **error);
gboolean indexer_start (gpointer self, GCancellable *cancellable, GError **error);
gboolean indexer_serve (gpointer self, GError **error);
void indexer_stop (gpointer self);
void indexer_destroy (gpointer self);

G_END_DECLS
