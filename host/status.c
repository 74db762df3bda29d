/* status.c: rows under one lock. Main thread writes, any thread reads. */
#include "status.h"

typedef struct
{
  char *name, *last_error, *reason;
  HeroState state;
  gboolean process, required, enabled;
  pid_t pid;
  guint restarts;
  gint64 ready_ms;
} Row;

struct _HeroStatus
{
  GMutex lock;
  GArray *rows;
  HeroStatusListener listener;
  gpointer data;
};

static void
clear_row (gpointer data)
{
  Row *row = data;

  g_free (row->name);
  g_free (row->last_error);
  g_free (row->reason);
}

HeroStatus *
hero_status_new (void)
{
  HeroStatus *self = g_new0 (HeroStatus, 1);

  g_mutex_init (&self->lock);
  self->rows = g_array_new (FALSE, TRUE, sizeof (Row));
  g_array_set_clear_func (self->rows, clear_row);
  return self;
}

void
hero_status_free (HeroStatus *self)
{
  g_array_unref (self->rows);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static Row *
find_row (HeroStatus *self, const char *name)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (g_str_equal (g_array_index (self->rows, Row, i).name, name))
      return &g_array_index (self->rows, Row, i);
  return NULL;
}

static void
fill_row (Row *row, HeroUnit *unit)
{
  const GError *error = hero_unit_get_error (unit);

  g_free (row->last_error);
  g_free (row->reason);
  row->last_error = g_strdup (error != NULL ? error->message : "");
  row->reason = g_strdup (hero_unit_get_reason (unit));
  row->state = hero_unit_get_state (unit);
  row->pid = hero_unit_get_pid (unit);
  row->restarts = hero_unit_get_restarts (unit);
  row->ready_ms = hero_unit_get_ready_ms (unit);
}

void
hero_status_set_services (HeroStatus *self, HeroConfig *config, GPtrArray *units)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  for (guint i = 0; i < config->services->len; i++)
    {
      const HeroServiceConfig *service = g_ptr_array_index (config->services, i);
      Row row = { .name = g_strdup (service->name),
                  .process = service->isolation == HERO_ISOLATION_PROCESS,
                  .required = service->required,
                  .enabled = service->enabled,
                  .ready_ms = -1 };

      g_array_append_val (self->rows, row);
    }
  for (guint i = 0; i < units->len; i++)
    fill_row (find_row (self, hero_unit_get_name (g_ptr_array_index (units, i))), g_ptr_array_index (units, i));
}

void
hero_status_update (HeroStatus *self, HeroUnit *unit, HeroState from, HeroState to, const char *reason)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Row *row = find_row (self, hero_unit_get_name (unit));

  if (row == NULL) /* the host's own service is not among them */
    return;
  fill_row (row, unit);
  if (self->listener != NULL)
    self->listener (row->name, from, to, reason, self->data);
}

char *
hero_status_summary (GPtrArray *units)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint up = 0;

  for (guint i = 0; i < units->len; i++)
    {
      HeroUnit *unit = g_ptr_array_index (units, i);
      HeroState state = hero_unit_get_state (unit);

      if (state == HERO_STATE_READY)
        up++;
      else
        g_string_append_printf (text, "; %s %s", hero_unit_get_name (unit), hero_state_to_string (state));
    }
  return g_strdup_printf ("%u of %u services ready%s", up, units->len, text->str);
}

static GVariant *
describe_row (const Row *row)
{
  g_autoptr (GVariantDict) dict = g_variant_dict_new (NULL);

  g_variant_dict_insert (dict, "name", "s", row->name);
  g_variant_dict_insert (dict, "state", "s", hero_state_to_string (row->state));
  g_variant_dict_insert (dict, "isolation", "s", row->process ? "process" : "thread");
  g_variant_dict_insert (dict, "required", "b", row->required);
  g_variant_dict_insert (dict, "enabled", "b", row->enabled);
  g_variant_dict_insert (dict, "pid", "x", (gint64) (row->pid > 0 ? row->pid : -1));
  g_variant_dict_insert (dict, "restarts", "x", (gint64) row->restarts);
  g_variant_dict_insert (dict, "ready_ms", "x", row->ready_ms);
  g_variant_dict_insert (dict, "last_error", "s", row->last_error != NULL ? row->last_error : "");
  g_variant_dict_insert (dict, "reason", "s", row->reason != NULL ? row->reason : "");
  return g_variant_dict_end (dict);
}

GVariant *
hero_status_get_services (HeroStatus *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GVariantBuilder rows;

  g_variant_builder_init (&rows, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->rows->len; i++)
    g_variant_builder_add_value (&rows, describe_row (&g_array_index (self->rows, Row, i)));
  return g_variant_ref_sink (g_variant_builder_end (&rows));
}

void
hero_status_set_listener (HeroStatus *self, HeroStatusListener listener, gpointer data)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->listener = listener;
  self->data = data;
}
