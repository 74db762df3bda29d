/* mycelium.h: the service: what it holds while it runs, and its life. Everything on the service thread. */
#pragma once

#include "node.h"

typedef struct
{
  HeroServiceContext *ctx;
  Node *node;
} Mycelium;

extern const HeroConfigKey mycelium_config_keys[]; /* config.c */
gpointer mycelium_create (HeroServiceContext *ctx, GError **error);
gboolean mycelium_start (gpointer self, GCancellable *cancellable, GError **error);
gboolean mycelium_serve (gpointer self, GError **error);
void mycelium_stop (gpointer self);
void mycelium_destroy (gpointer self);

void mycelium_register_rpc (Mycelium *self);     /* rpc.c */
void mycelium_register_rest (Mycelium *self);    /* rest.c */
void mycelium_register_page (Mycelium *self);    /* page.c */
void mycelium_register_metrics (Mycelium *self); /* metrics.c */
