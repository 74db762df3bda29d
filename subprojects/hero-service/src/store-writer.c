/*
 * store-writer.c: the one writer of an environment, a thread of its own, since an LMDB write transaction belongs to its
 * thread and a commit costs milliseconds. What is queued when it comes round shares one transaction and one sync.
 * Answers go back to the contexts that asked, one wake-up per context and group.
 */
#include "store-private.h"

#include <errno.h>
#include <sys/statvfs.h>

#include <hero-service/error.h>

#define MAX_QUEUED 65536 /* closures: beyond that the callers are faster than the disk, and are told */
#define MAX_GROUP 1024
#define FULL_DISK_BYTES (1 << 20)

/* One queued closure. Its answer goes to task, or to the thread that waits in write_sync. */
typedef struct
{
  HeroStoreWriteFunc func;
  gpointer data;
  GTask *task;           /* NULL = synchronous */
  HeroStoreSizes *sizes; /* no closure: the file is compacted, alone; the task's data */
  GError *error;
  gboolean done;
} Write;

struct _HeroStoreWriter
{
  HeroStore *store;
  GThread *thread;
  GMutex lock;
  GCond work;     /* something is queued, or closing */
  GCond finished; /* a synchronous write is done */
  GQueue queue;   /* Write */
  gboolean closing;
};

static void
write_free (Write *write)
{
  g_clear_object (&write->task);
  g_clear_error (&write->error);
  g_free (write);
}

/* Runs on the context of the tasks: their data is freed there too. */
static gboolean
answer_tasks (gpointer data)
{
  GPtrArray *writes = data;

  for (guint i = 0; i < writes->len; i++)
    {
      Write *write = writes->pdata[i];
      if (write->error)
        g_task_return_error (write->task, g_steal_pointer (&write->error));
      else
        g_task_return_boolean (write->task, TRUE);
    }
  return G_SOURCE_REMOVE;
}

static void
post_answers (GMainContext *context, GPtrArray *writes)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, answer_tasks, writes, (GDestroyNotify)g_ptr_array_unref);
  g_source_attach (source, context);
}

static void
answer (HeroStoreWriter *self, GPtrArray *group)
{
  g_autoptr (GHashTable) by_context = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer context, writes;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < group->len; i++)
    {
      Write *write = group->pdata[i];
      if (!write->task)
        {
          write->done = TRUE; /* its memory is the waiting thread's */
          continue;
        }
      context = g_task_get_context (write->task);
      writes = g_hash_table_lookup (by_context, context);
      if (!writes)
        {
          writes = g_ptr_array_new_with_free_func ((GDestroyNotify)write_free);
          g_hash_table_insert (by_context, context, writes);
        }
      g_ptr_array_add (writes, write);
    }
  g_cond_broadcast (&self->finished);
  g_mutex_unlock (&self->lock);

  g_hash_table_iter_init (&iter, by_context);
  while (g_hash_table_iter_next (&iter, &context, &writes))
    post_answers (context, writes);
}

/* FALSE: the closure failed, and write->error says why. */
static gboolean
run_closure (HeroStoreTxn *txn, Write *write)
{
  if (write->func (txn, write->data, &write->error))
    return TRUE;
  if (!write->error)
    g_set_error (&write->error, HERO_ERROR, HERO_ERROR_FAILED, "the write failed without telling why");
  return FALSE;
}

/* In a transaction of its own below the group's, so that undoing this closure undoes nothing else. */
static void
run_alone (HeroStore *store, MDB_txn *parent, Write *write)
{
  HeroStoreTxn txn = { .store = store };
  int result = mdb_txn_begin (store->env, parent, 0, &txn.mdb);

  if (result != 0)
    {
      hero_store_set_error (&write->error, result, "cannot write to %s", store->path);
      return;
    }
  if (!run_closure (&txn, write))
    {
      mdb_txn_abort (txn.mdb);
      return;
    }
  result = mdb_txn_commit (txn.mdb);
  if (result != 0)
    hero_store_set_error (&write->error, result, "cannot write to %s", store->path);
}

static void
fail_all (GPtrArray *group, const GError *error)
{
  for (guint i = 0; i < group->len; i++)
    {
      Write *write = group->pdata[i];
      if (!write->error)
        write->error = g_error_copy (error);
    }
}

/* A write that a full disk cut short comes back from LMDB as EIO, with the disk as the only witness. */
static int
commit (HeroStore *store, MDB_txn *txn)
{
  int result = mdb_txn_commit (txn);
  struct statvfs disk;

  if (result == EIO && statvfs (store->path, &disk) == 0 && disk.f_bavail * disk.f_frsize < FULL_DISK_BYTES)
    return ENOSPC;
  return result;
}

static int
run_group (HeroStore *store, GPtrArray *group)
{
  HeroStoreTxn txn = { .store = store };
  Write *only = group->len == 1 ? group->pdata[0] : NULL;
  int result;

  if (only && only->sizes)
    {
      hero_store_compact (store, only->sizes, &only->error);
      return 0;
    }
  result = store->env ? mdb_txn_begin (store->env, NULL, 0, &txn.mdb) : EIO;

  if (result != 0)
    return result;
  if (only && !run_closure (&txn, only))
    {
      mdb_txn_abort (txn.mdb);
      return 0;
    }
  for (guint i = 0; !only && i < group->len; i++)
    run_alone (store, txn.mdb, group->pdata[i]);
  return commit (store, txn.mdb);
}

/* What shares the next transaction; a compaction is alone. With the lock held. */
static void
take_group (HeroStoreWriter *self, GPtrArray *group)
{
  while (group->len < MAX_GROUP && !g_queue_is_empty (&self->queue))
    {
      Write *next = g_queue_peek_head (&self->queue);

      if (next->sizes && group->len > 0)
        return;
      g_ptr_array_add (group, g_queue_pop_head (&self->queue));
      if (next->sizes)
        return;
    }
}

static gpointer
writer_thread (gpointer data)
{
  HeroStoreWriter *self = data;

  for (;;)
    {
      g_autoptr (GPtrArray) group = g_ptr_array_new ();
      g_autoptr (GError) error = NULL;

      g_mutex_lock (&self->lock);
      while (g_queue_is_empty (&self->queue) && !self->closing)
        g_cond_wait (&self->work, &self->lock);
      take_group (self, group);
      g_mutex_unlock (&self->lock);
      if (group->len == 0)
        return NULL;

      int result = run_group (self->store, group);
      if (result != 0)
        {
          hero_store_set_error (&error, result, "cannot write to %s", self->store->path);
          fail_all (group, error);
        }
      answer (self, group);
    }
}

HeroStoreWriter *
hero_store_writer_new (HeroStore *store)
{
  HeroStoreWriter *self = g_new0 (HeroStoreWriter, 1);

  self->store = store;
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  g_cond_init (&self->finished);
  g_queue_init (&self->queue);
  self->thread = g_thread_new ("hero-store", writer_thread, self);
  return self;
}

void
hero_store_writer_free (HeroStoreWriter *self)
{
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  g_cond_signal (&self->work);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->work);
  g_cond_clear (&self->finished);
  g_free (self);
}

/* With the lock held. */
static gboolean
enqueue (HeroStoreWriter *self, Write *write, GError **error)
{
  if (self->closing)
    g_set_error (error, HERO_ERROR, HERO_ERROR_CLOSED, "%s is being closed", self->store->path);
  else if (self->queue.length >= MAX_QUEUED)
    g_set_error (error, HERO_ERROR, HERO_ERROR_LIMIT, "%u writes wait for %s, the most that may", MAX_QUEUED,
                 self->store->path);
  else
    {
      g_queue_push_tail (&self->queue, write);
      g_cond_signal (&self->work);
      return TRUE;
    }
  return FALSE;
}

/* Takes the write, which has a task. */
static void
submit (HeroStoreWriter *self, Write *write)
{
  g_mutex_lock (&self->lock);
  gboolean queued = enqueue (self, write, &write->error);
  g_mutex_unlock (&self->lock);
  if (queued)
    return;
  g_task_return_error (write->task, g_steal_pointer (&write->error));
  write_free (write);
}

void
hero_store_write_async (HeroStore *store, HeroStoreWriteFunc func, gpointer data, GDestroyNotify destroy,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  Write *write = g_new0 (Write, 1);

  write->func = func;
  write->data = data;
  write->task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (write->task, hero_store_write_async);
  g_task_set_task_data (write->task, data, destroy);
  submit (store->writer, write);
}

void
hero_store_compact_async (HeroStore *store, GAsyncReadyCallback callback, gpointer user_data)
{
  Write *write = g_new0 (Write, 1);

  write->sizes = g_new0 (HeroStoreSizes, 1);
  write->task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (write->task, hero_store_compact_async);
  g_task_set_task_data (write->task, write->sizes, g_free);
  submit (store->writer, write);
}

gboolean
hero_store_compact_finish (HeroStore *store, GAsyncResult *result, HeroStoreSizes *sizes, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, hero_store_compact_async), FALSE);

  if (sizes)
    *sizes = *(HeroStoreSizes *)g_task_get_task_data (G_TASK (result));
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
hero_store_write_finish (HeroStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, hero_store_write_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
hero_store_write_sync (HeroStore *store, HeroStoreWriteFunc func, gpointer data, GError **error)
{
  HeroStoreWriter *self = store->writer;
  Write write = { .func = func, .data = data };

  g_return_val_if_fail (g_thread_self () != self->thread, FALSE);
  g_mutex_lock (&self->lock);
  gboolean queued = enqueue (self, &write, &write.error);
  while (queued && !write.done)
    g_cond_wait (&self->finished, &self->lock);
  g_mutex_unlock (&self->lock);
  if (!write.error)
    return TRUE;
  g_propagate_error (error, write.error);
  return FALSE;
}
