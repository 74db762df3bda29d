/* log-internal.h: the last lines of a service, for the Logs tab. Any thread. */
#pragma once

#include <hero-service/log.h>

#include "context-internal.h"

G_BEGIN_DECLS

#define HERO_LOG_RING_LINES 1000

typedef struct
{
  guint64 seq;    /* rises by one a line */
  gint64 time_us; /* since 1970 */
  HeroLogLevel level;
  char *text; /* message and fields, "key=value" */
} HeroLogLine;

HeroLogRing *hero_log_ring_new (void);
void hero_log_ring_free (HeroLogRing *ring);
/* A copy of the kept lines, oldest first: HeroLogLine, freed with the array. */
GPtrArray *hero_log_get_lines (HeroServiceContext *ctx);

G_END_DECLS
