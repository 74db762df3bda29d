/* run-waits.c: see run-waits.h. Service thread. */
#include "run-waits.h"

struct _ProcRunWaits
{
  GMainContext *context;
  GPtrArray *waiters; /* Waiter */
};

typedef struct
{
  ProcRunWaits *waits;
  guint32 run_id;
  GSource *limit; /* NULL = none */
  void (*done) (gpointer data);
  gpointer data;
} Waiter;

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->limit != NULL)
    {
      g_source_destroy (waiter->limit);
      g_source_unref (waiter->limit);
    }
  g_free (waiter);
}

static void
finish (Waiter *waiter)
{
  void (*done) (gpointer data) = waiter->done;
  gpointer data = waiter->data;

  g_ptr_array_remove (waiter->waits->waiters, waiter);
  done (data);
}

static gboolean
on_limit (gpointer data)
{
  finish (data);
  return G_SOURCE_REMOVE;
}

void
proc_run_waits_add (ProcRunWaits *self, guint32 run_id, gint64 limit_ms, void (*done) (gpointer data), gpointer data)
{
  Waiter *waiter = g_new (Waiter, 1);

  *waiter = (Waiter){ self, run_id, NULL, done, data };
  if (limit_ms >= 0)
    {
      waiter->limit = g_timeout_source_new ((guint)limit_ms);
      g_source_set_callback (waiter->limit, on_limit, waiter, NULL);
      g_source_attach (waiter->limit, self->context);
    }
  g_ptr_array_add (self->waiters, waiter);
}

void
proc_run_waits_tell (ProcRunWaits *self, guint32 run_id)
{
  for (guint i = 0; i < self->waiters->len;)
    {
      Waiter *waiter = self->waiters->pdata[i];

      if (run_id == 0 || waiter->run_id == run_id)
        {
          finish (waiter);
          i = 0; /* who was told may have asked for more */
        }
      else
        i++;
    }
}

ProcRunWaits *
proc_run_waits_new (GMainContext *context)
{
  ProcRunWaits *self = g_new0 (ProcRunWaits, 1);

  self->context = context;
  self->waiters = g_ptr_array_new_with_free_func (waiter_free);
  return self;
}

void
proc_run_waits_free (ProcRunWaits *self)
{
  g_ptr_array_unref (self->waiters);
  g_free (self);
}
