/*
 * cascade.c: see cascade.h. An end is only counted when it is told; the next layer is asked from the loop, so that
 * nothing happens in the middle of something else. Service thread.
 */
#include "cascade.h"

#include "services-private.h"
#include "timer.h"

typedef struct
{
  GPtrArray *stopped;
  ProcCascadeDone done;
  gpointer data;
} Waiting;

struct _ProcCascade
{
  ProcServices *services;
  char *first;        /* the service it began with */
  GPtrArray *layers;  /* of GPtrArray of ProcEntry, valid only while it is in `inside` */
  GHashTable *inside; /* ProcEntry -> its layer: those that have not ended yet */
  guint *left;        /* of each layer */
  guint at;           /* the layer that is being stopped */
  GPtrArray *stopped; /* names, in the order of their end */
  GArray *waiting;    /* Waiting */
  ProcCascadeOptions options;
  GSource *limit;
  GSource *step; /* the next layer is due */
};

void
proc_cascade_free (gpointer data)
{
  ProcCascade *self = data;

  proc_timer_clear (&self->limit);
  proc_timer_clear (&self->step);
  g_free (self->first);
  g_ptr_array_unref (self->layers);
  g_hash_table_unref (self->inside);
  g_free (self->left);
  g_ptr_array_unref (self->stopped);
  g_array_unref (self->waiting);
  g_free (self);
}

static void
finish (ProcCascade *self)
{
  guint index;

  if (g_ptr_array_find (self->services->cascades, self, &index))
    g_ptr_array_steal_index (self->services->cascades, index);
  for (guint i = 0; i < self->waiting->len; i++)
    {
      Waiting *waiting = &g_array_index (self->waiting, Waiting, i);

      for (guint j = 0; waiting->stopped != NULL && j < self->stopped->len; j++)
        g_ptr_array_add (waiting->stopped, g_strdup (self->stopped->pdata[j]));
      waiting->done (waiting->data);
    }
  proc_cascade_free (self);
}

/* ---------------------------------------------------------------------------------------------- layers */

static void
stop_layer (ProcCascade *self, gboolean force)
{
  GPtrArray *layer = self->layers->pdata[self->at];

  for (guint i = 0; i < layer->len; i++)
    if (g_hash_table_contains (self->inside, layer->pdata[i]))
      proc_entry_stop_jobs (self->services, layer->pdata[i], self->options.why, force);
}

static gboolean
on_limit (gpointer data)
{
  ProcCascade *self = data;

  proc_timer_clear (&self->limit);
  stop_layer (self, TRUE);
  return G_SOURCE_REMOVE;
}

/* The share of this layer in the time there is. */
static void
set_limit (ProcCascade *self)
{
  gint64 left_ms = (self->options.limit_us - g_get_monotonic_time ()) / 1000;

  if (self->options.limit_us == 0)
    return;
  proc_timer_set (&self->limit, self->services->setup.context,
                  (guint)CLAMP (left_ms / (self->layers->len - self->at), 1, G_MAXINT), on_limit, self);
}

static gboolean
on_step (gpointer data)
{
  ProcCascade *self = data;

  proc_timer_clear (&self->step);
  proc_timer_clear (&self->limit);
  while (self->at < self->layers->len && self->left[self->at] == 0)
    if (++self->at < self->layers->len)
      stop_layer (self, self->options.force);
  if (self->at == self->layers->len)
    finish (self);
  else
    set_limit (self);
  return G_SOURCE_REMOVE;
}

static void
step_soon (ProcCascade *self)
{
  if (self->step != NULL)
    return;
  self->step = g_idle_source_new ();
  g_source_set_priority (self->step, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->step, on_step, self, NULL);
  g_source_attach (self->step, self->services->setup.context);
}

static void
note_down (ProcCascade *self, ProcEntry *entry)
{
  gpointer layer;

  if (!g_hash_table_steal_extended (self->inside, entry, NULL, &layer))
    return;
  entry->stops--;
  g_ptr_array_add (self->stopped, g_strdup (entry->spec->name));
  if (--self->left[GPOINTER_TO_UINT (layer)] == 0 && GPOINTER_TO_UINT (layer) == self->at)
    step_soon (self);
}

void
proc_cascades_note_down (ProcServices *services, ProcEntry *entry)
{
  for (guint i = 0; i < services->cascades->len && entry->stops > 0; i++)
    note_down (services->cascades->pdata[i], entry);
}

/* ---------------------------------------------------------------------------------------------- begin */

/* The members that are up, in layers. */
static void
sort_members (ProcCascade *self, GPtrArray *members)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new (), layers = NULL;

  for (guint i = 0; i < members->len; i++)
    {
      ProcEntry *entry = members->pdata[i];

      if (proc_entry_is_active (entry))
        g_ptr_array_add (names, entry->spec->name);
    }
  layers = proc_graph_layers (self->services->graph, names);
  self->left = g_new0 (guint, layers->len + 1);
  for (guint i = 0; i < layers->len; i++)
    {
      GPtrArray *of_names = layers->pdata[i], *layer = g_ptr_array_new ();

      for (guint j = 0; j < of_names->len; j++)
        {
          ProcEntry *entry = g_hash_table_lookup (self->services->entries, of_names->pdata[j]);

          entry->stops++;
          g_hash_table_insert (self->inside, entry, GUINT_TO_POINTER (i));
          g_ptr_array_add (layer, entry);
        }
      self->left[i] = layer->len;
      g_ptr_array_add (self->layers, layer);
    }
}

static void
add_waiting (ProcCascade *self, GPtrArray *stopped, ProcCascadeDone done, gpointer data)
{
  Waiting waiting = { stopped, done, data };

  g_array_append_val (self->waiting, waiting);
}

ProcCascade *
proc_cascade_begin (ProcServices *services, GPtrArray *members, const ProcCascadeOptions *options, GPtrArray *stopped,
                    ProcCascadeDone done, gpointer data)
{
  ProcCascade *self = g_new0 (ProcCascade, 1);

  self->services = services;
  self->first = members->len > 0 ? g_strdup (((ProcEntry *)members->pdata[0])->spec->name) : NULL;
  self->layers = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  self->inside = g_hash_table_new (NULL, NULL);
  self->stopped = g_ptr_array_new_with_free_func (g_free);
  self->waiting = g_array_new (FALSE, FALSE, sizeof (Waiting));
  self->options = *options;
  sort_members (self, members);
  add_waiting (self, stopped, done, data);
  g_ptr_array_add (services->cascades, self);
  if (self->layers->len == 0)
    step_soon (self);
  else
    {
      stop_layer (self, options->force);
      if (self->left[0] > 0)
        set_limit (self);
    }
  return self;
}

ProcCascade *
proc_cascade_find (ProcServices *services, const ProcEntry *first)
{
  for (guint i = 0; i < services->cascades->len; i++)
    {
      ProcCascade *self = services->cascades->pdata[i];

      if (g_strcmp0 (self->first, first->spec->name) == 0)
        return self;
    }
  return NULL;
}

void
proc_cascade_join (ProcCascade *self, gboolean force, GPtrArray *stopped, ProcCascadeDone done, gpointer data)
{
  add_waiting (self, stopped, done, data);
  if (!force || self->options.force)
    return;
  self->options.force = TRUE;
  if (self->at < self->layers->len)
    stop_layer (self, TRUE);
}
