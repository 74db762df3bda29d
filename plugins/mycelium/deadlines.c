/* deadlines.c: many deadlines behind one source of a context. The context's thread. */
#include "deadlines.h"

struct _Deadlines
{
  GSource *source;
  GSequence *pending; /* Deadline, soonest first */
};

struct _Deadline
{
  Deadlines *owner;
  GSequenceIter *place;
  gint64 at_us;
  void (*func) (gpointer data);
  gpointer data;
};

static gint
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 x = ((const Deadline *)a)->at_us, y = ((const Deadline *)b)->at_us;

  return x < y ? -1 : x > y;
}

static Deadline *
first (Deadlines *self)
{
  GSequenceIter *begin = g_sequence_get_begin_iter (self->pending);

  return g_sequence_iter_is_end (begin) ? NULL : g_sequence_get (begin);
}

static void
arm (Deadlines *self)
{
  Deadline *next = first (self);

  g_source_set_ready_time (self->source, next ? next->at_us : -1);
}

static gboolean
on_ready (gpointer data)
{
  Deadlines *self = data;
  gint64 now = g_get_monotonic_time ();

  for (Deadline *next; (next = first (self)) && next->at_us <= now;)
    {
      void (*func) (gpointer) = next->func;
      gpointer func_data = next->data;
      g_sequence_remove (next->place);
      func (func_data);
    }
  arm (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return func (data);
}

Deadlines *
deadlines_new (GMainContext *context)
{
  static GSourceFuncs funcs = { NULL, NULL, dispatch, NULL, NULL, NULL };
  Deadlines *self = g_new0 (Deadlines, 1);

  self->pending = g_sequence_new (g_free);
  self->source = g_source_new (&funcs, sizeof (GSource));
  g_source_set_callback (self->source, on_ready, self, NULL);
  g_source_attach (self->source, context);
  return self;
}

void
deadlines_free (Deadlines *self)
{
  if (!self)
    return;
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_sequence_free (self->pending);
  g_free (self);
}

Deadline *
deadlines_add (Deadlines *self, gint64 at_us, void (*func) (gpointer data), gpointer data)
{
  Deadline *deadline = g_new (Deadline, 1);

  *deadline = (Deadline){ self, NULL, at_us, func, data };
  deadline->place = g_sequence_insert_sorted (self->pending, deadline, compare, NULL);
  arm (self);
  return deadline;
}

void
deadlines_remove (Deadline *deadline)
{
  Deadlines *self = deadline->owner;

  g_sequence_remove (deadline->place);
  arm (self);
}
