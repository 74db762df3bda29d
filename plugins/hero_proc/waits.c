/* waits.c: see waits.h. Service thread. */
#include "waits.h"

#include "timer.h"

struct _ProcWaits
{
  ProcJournal *journal;
  GMainContext *context;
  GHashTable *by_id; /* id -> GPtrArray of Waiter */
};

typedef struct
{
  ProcWaits *waits;
  guint32 id;
  GSource *limit;
  ProcWaited done;
  gpointer data;
} Waiter;

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  proc_timer_clear (&waiter->limit);
  g_free (waiter);
}

static gboolean
on_limit (gpointer data)
{
  Waiter *waiter = data;
  GHashTable *by_id = waiter->waits->by_id;
  ProcWaited done = waiter->done;
  gpointer done_data = waiter->data;
  GPtrArray *waiters = g_hash_table_lookup (by_id, GUINT_TO_POINTER (waiter->id));

  if (waiters->len == 1)
    g_hash_table_remove (by_id, GUINT_TO_POINTER (waiter->id));
  else
    g_ptr_array_remove_fast (waiters, waiter);
  done (done_data);
  return G_SOURCE_REMOVE;
}

void
proc_waits_add (ProcWaits *self, guint32 id, gint64 limit_ms, ProcWaited done, gpointer data)
{
  GPtrArray *waiters = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
  Waiter *waiter;

  if (limit_ms == 0)
    {
      done (data);
      return;
    }
  if (waiters == NULL)
    {
      waiters = g_ptr_array_new_with_free_func (waiter_free);
      g_hash_table_insert (self->by_id, GUINT_TO_POINTER (id), waiters);
    }
  waiter = g_new (Waiter, 1);
  *waiter = (Waiter){ self, id, NULL, done, data };
  if (limit_ms != PROC_WAIT_NO_LIMIT)
    proc_timer_set (&waiter->limit, self->context, (guint)limit_ms, on_limit, waiter);
  g_ptr_array_add (waiters, waiter);
}

/* Out of the table, as those that are told may ask for more; no limit ends their wait any more. NULL = nobody. */
static GPtrArray *
take_waiters (ProcWaits *self, guint32 id)
{
  gpointer found = NULL;
  GPtrArray *waiters;

  g_hash_table_steal_extended (self->by_id, GUINT_TO_POINTER (id), NULL, &found);
  waiters = found;
  for (guint i = 0; waiters != NULL && i < waiters->len; i++)
    proc_timer_clear (&((Waiter *)waiters->pdata[i])->limit);
  return waiters;
}

static void
tell (GPtrArray *waiters)
{
  for (guint i = 0; i < waiters->len; i++)
    {
      const Waiter *waiter = waiters->pdata[i];

      waiter->done (waiter->data);
    }
}

static void
on_written (const GError *error, gpointer data)
{
  g_autoptr (GPtrArray) waiters = data;

  tell (waiters);
}

void
proc_waits_tell (ProcWaits *self, guint32 id)
{
  GPtrArray *waiters = take_waiters (self, id);

  if (waiters != NULL)
    proc_journal_keep (self->journal, proc_batch_new (), on_written, waiters);
}

void
proc_waits_release (ProcWaits *self)
{
  g_autoptr (GList) ids = g_hash_table_get_keys (self->by_id);

  for (GList *l = ids; l != NULL; l = l->next)
    {
      g_autoptr (GPtrArray) waiters = take_waiters (self, GPOINTER_TO_UINT (l->data));

      if (waiters != NULL)
        tell (waiters);
    }
}

ProcWaits *
proc_waits_new (ProcJournal *journal, GMainContext *context)
{
  ProcWaits *self = g_new0 (ProcWaits, 1);

  self->journal = journal;
  self->context = context;
  self->by_id = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
  return self;
}

void
proc_waits_free (ProcWaits *self)
{
  g_hash_table_unref (self->by_id);
  g_free (self);
}
