/* template.c: the life of the service, from create to destroy. Service thread. */
#include "template.h"

#include "note.h"

gpointer
template_create (HeroServiceContext *ctx, GError **error)
{
  Template *self = g_new0 (Template, 1);

  hero_service_init (ctx, hero_service_describe_v1 ());
  self->ctx = ctx;
  self->limit = (guint) hero_service_get_integer (ctx, "limit");
  return self;
}

static double
count_notes (gpointer data)
{
  Template *self = data;

  return (double) note_count (self->store);
}

static double
count_added (gpointer data)
{
  Template *self = data;

  return (double) self->added;
}

gboolean
template_start (gpointer data, GCancellable *cancellable, GError **error)
{
  Template *self = data;

  if (!hero_service_lock_data_dir (self->ctx, error))
    return FALSE;
  self->store = note_store_open (hero_service_get_data_dir (self->ctx), error);
  if (self->store == NULL)
    return FALSE;
  template_register_rpc (self);
  template_register_page (self);
  hero_service_add_metric (self->ctx, HERO_METRIC_GAUGE, "hero_template_notes", "Notes kept.", count_notes, self);
  hero_service_add_metric (self->ctx, HERO_METRIC_COUNTER, "hero_template_added_total", "Notes added since the start.",
                           count_added, self);
  hero_service_ready (self->ctx);
  return TRUE;
}

gboolean
template_serve (gpointer data, GError **error)
{
  Template *self = data;

  return hero_service_serve (self->ctx, error);
}

void
template_stop (gpointer data)
{
  Template *self = data;

  hero_service_stop (self->ctx);
}

void
template_destroy (gpointer data)
{
  Template *self = data;

  g_clear_pointer (&self->store, hero_store_close);
  hero_service_free_context (self->ctx);
  g_free (self);
}
