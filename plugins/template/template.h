/* template.h: the service: what it holds while it runs, and its life. Everything on the service thread. */
#pragma once

#include <hero-service/hero-service.h>

typedef struct
{
  HeroServiceContext *ctx;
  HeroStore *store; /* note.h */
  guint limit;      /* most notes */
  guint64 added;    /* since the start */
} Template;

gpointer template_create (HeroServiceContext *ctx, GError **error);
gboolean template_start (gpointer self, GCancellable *cancellable, GError **error);
gboolean template_serve (gpointer self, GError **error);
void template_stop (gpointer self);
void template_destroy (gpointer self);

void template_register_rpc (Template *self);  /* template-rpc.c */
void template_register_page (Template *self); /* template-page.c */
