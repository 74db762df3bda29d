/* journal.c: see journal.h. Closures of writes run on the store's writer thread, the rest on the service's. */
#include "journal.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <hero-bundle/plugin.h>
#include <hero-service/json.h>
#include <hero-service/store.h>

#include "timer.h"

enum
{
  FORMAT = 1,
  RETRY_S = 1,
};

static const char *const tables[]
    = { "meta", "services", "actions", "jobs", "runs", "schedules", "log_segments", "secrets", "contexts", NULL };

/* One record: a value to put, or none to delete. */
typedef struct
{
  const char *table; /* static */
  GBytes *key;
  GBytes *value; /* NULL = delete */
} Change;

struct _ProcBatch
{
  GPtrArray *changes;
};

struct _ProcJournal
{
  HeroStore *store;
  char *path;
  GHashTable *late; /* Change -> itself: what could not be written yet */
  GSource *retry;
  char *trouble; /* of the last write, NULL = none */
};

/* ---------------------------------------------------------------------------------------------- batches */

static void
change_free (gpointer data)
{
  Change *change = data;

  g_bytes_unref (change->key);
  g_clear_pointer (&change->value, g_bytes_unref);
  g_free (change);
}

static guint
change_hash (gconstpointer data)
{
  const Change *change = data;

  return g_str_hash (change->table) ^ g_bytes_hash (change->key);
}

static gboolean
change_equal (gconstpointer a, gconstpointer b)
{
  const Change *left = a, *right = b;

  return strcmp (left->table, right->table) == 0 && g_bytes_equal (left->key, right->key);
}

ProcBatch *
proc_batch_new (void)
{
  ProcBatch *batch = g_new0 (ProcBatch, 1);

  batch->changes = g_ptr_array_new_with_free_func (change_free);
  return batch;
}

void
proc_batch_free (ProcBatch *batch)
{
  g_ptr_array_unref (batch->changes);
  g_free (batch);
}

/* Takes object (NULL = delete). */
static void
add_change (ProcBatch *batch, const char *table, gconstpointer key, gsize key_length, JsonObject *object)
{
  Change *change = g_new0 (Change, 1);

  change->table = table;
  change->key = g_bytes_new (key, key_length);
  if (object != NULL)
    {
      g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
      gsize length;
      char *text = hero_json_print (node, &length);

      change->value = g_bytes_new_take (text, length);
      json_object_unref (object);
    }
  g_ptr_array_add (batch->changes, change);
}

void
proc_batch_put_object (ProcBatch *batch, const char *table, gconstpointer key, gsize key_length, JsonObject *object)
{
  add_change (batch, table, key, key_length, object);
}

void
proc_batch_put_service (ProcBatch *batch, const ProcService *service)
{
  add_change (batch, "services", service->name, strlen (service->name), proc_service_to_json (service));
}

void
proc_batch_delete_service (ProcBatch *batch, const char *name)
{
  add_change (batch, "services", name, strlen (name), NULL);
}

void
proc_batch_put_action (ProcBatch *batch, const ProcAction *action)
{
  add_change (batch, "actions", action->name, strlen (action->name), proc_action_to_json (action));
}

void
proc_batch_delete_action (ProcBatch *batch, const char *name)
{
  add_change (batch, "actions", name, strlen (name), NULL);
}

void
proc_batch_put_job (ProcBatch *batch, const ProcJob *job)
{
  guint32 key = GUINT32_TO_BE (job->id);

  add_change (batch, "jobs", &key, sizeof key, proc_job_to_record (job));
}

void
proc_batch_delete_job (ProcBatch *batch, guint32 id)
{
  guint32 key = GUINT32_TO_BE (id);

  add_change (batch, "jobs", &key, sizeof key, NULL);
}

void
proc_batch_put_run (ProcBatch *batch, const ProcRun *run)
{
  guint32 key = GUINT32_TO_BE (run->id);

  add_change (batch, "runs", &key, sizeof key, proc_run_to_record (run));
}

void
proc_batch_delete_run (ProcBatch *batch, guint32 id)
{
  guint32 key = GUINT32_TO_BE (id);

  add_change (batch, "runs", &key, sizeof key, NULL);
}

void
proc_batch_put_counters (ProcBatch *batch, guint32 next_job, guint32 next_run)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "next_job", next_job);
  json_object_set_int_member (object, "next_run", next_run);
  add_change (batch, "meta", "counters", strlen ("counters"), object);
}

/* ---------------------------------------------------------------------------------------------- writing */

/* Writer thread. */
static gboolean
write_batch (HeroStoreTxn *txn, gpointer data, GError **error)
{
  ProcBatch *batch = data;

  for (guint i = 0; i < batch->changes->len; i++)
    {
      const Change *change = batch->changes->pdata[i];
      gsize key_length, value_length;
      gconstpointer key = g_bytes_get_data (change->key, &key_length), value;

      if (change->value == NULL)
        {
          if (!hero_store_delete (txn, change->table, key, key_length, NULL, error))
            return FALSE;
          continue;
        }
      value = g_bytes_get_data (change->value, &value_length);
      if (!hero_store_put (txn, change->table, key, key_length, value, value_length, error))
        return FALSE;
    }
  return TRUE;
}

typedef struct
{
  ProcJournal *journal;
  ProcBatch *batch;
  gboolean keep;
  ProcCommitted done;
  gpointer data;
} Write;

static void write_late (ProcJournal *self);

static gboolean
on_retry (gpointer data)
{
  ProcJournal *self = data;

  proc_timer_clear (&self->retry);
  write_late (self);
  return G_SOURCE_REMOVE;
}

/* Puts what was to be kept aside; of one record the newest counts. */
static void
set_aside (ProcJournal *self, ProcBatch *batch)
{
  while (batch->changes->len > 0)
    g_hash_table_add (self->late, g_ptr_array_steal_index (batch->changes, 0));
  if (self->retry != NULL)
    return;
  self->retry = g_timeout_source_new_seconds (RETRY_S);
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, g_main_context_get_thread_default ());
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Write *write = data;
  ProcJournal *self = write->journal;
  g_autoptr (ProcBatch) batch = write->batch;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->trouble, g_free);
  if (!hero_store_write_finish (self->store, result, &error))
    {
      self->trouble = g_strdup (error->message);
      if (write->keep)
        set_aside (self, batch);
    }
  if (write->done != NULL)
    write->done (error, write->data);
}

/* Takes the batch. */
static void
submit (ProcJournal *self, ProcBatch *batch, gboolean keep, ProcCommitted done, gpointer data)
{
  Write *write = g_new0 (Write, 1);

  for (guint i = 0; i < batch->changes->len; i++)
    g_hash_table_remove (self->late, batch->changes->pdata[i]); /* older than what is written now */
  *write = (Write){ self, batch, keep, done, data };
  hero_store_write_async (self->store, write_batch, batch, NULL, on_written, write);
}

static ProcBatch *
take_late (ProcJournal *self)
{
  ProcBatch *batch = proc_batch_new ();
  GHashTableIter iter;
  gpointer change;

  g_hash_table_iter_init (&iter, self->late);
  while (g_hash_table_iter_next (&iter, &change, NULL))
    {
      g_hash_table_iter_steal (&iter);
      g_ptr_array_add (batch->changes, change);
    }
  return batch;
}

static void
write_late (ProcJournal *self)
{
  submit (self, take_late (self), TRUE, NULL, NULL);
}

void
proc_journal_commit (ProcJournal *self, ProcBatch *batch, ProcCommitted done, gpointer data)
{
  submit (self, batch, FALSE, done, data);
}

void
proc_journal_keep (ProcJournal *self, ProcBatch *batch, ProcCommitted done, gpointer data)
{
  submit (self, batch, TRUE, done, data);
}

static void
batch_destroy (gpointer data)
{
  proc_batch_free (data);
}

void
proc_journal_keep_source (ProcJournal *self, const char *source, gboolean ours)
{
  ProcBatch *batch = proc_batch_new ();
  JsonObject *object = ours ? json_object_new () : NULL;

  if (ours)
    json_object_set_string_member (object, "src", source);
  add_change (batch, "log_segments", source, strlen (source), object);
  /* Nobody waits for it: a source that writes again is told again. */
  hero_store_write_async (self->store, write_batch, batch, batch_destroy, NULL, NULL);
}

/* ---------------------------------------------------------------------------------------------- loading */

void
proc_loaded_free (ProcLoaded *loaded)
{
  g_ptr_array_unref (loaded->services);
  g_ptr_array_unref (loaded->actions);
  g_ptr_array_unref (loaded->jobs);
  g_ptr_array_unref (loaded->runs);
  g_ptr_array_unref (loaded->sources);
  g_ptr_array_unref (loaded->secrets);
  g_ptr_array_unref (loaded->contexts);
  g_ptr_array_unref (loaded->schedules);
  g_free (loaded->key_id);
  g_ptr_array_unref (loaded->damaged);
  g_free (loaded);
}

static void
load_record (ProcLoaded *loaded, const char *table, JsonObject *object, GError **error)
{
  g_autoptr (GPtrArray) inline_actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  gpointer record = NULL;

  if (strcmp (table, "services") == 0)
    {
      if ((record = proc_service_from_json (object, "service", 0, inline_actions, NULL, error)) != NULL)
        g_ptr_array_add (loaded->services, record);
    }
  else if (strcmp (table, "actions") == 0)
    {
      if ((record = proc_action_from_record (object, "action", error)) != NULL)
        g_ptr_array_add (loaded->actions, record);
    }
  else if (strcmp (table, "jobs") == 0)
    {
      if ((record = proc_job_from_record (object, error)) != NULL)
        g_ptr_array_add (loaded->jobs, record);
    }
  else if (strcmp (table, "runs") == 0)
    {
      if ((record = proc_run_from_record (object, error)) != NULL)
        g_ptr_array_add (loaded->runs, record);
    }
  else if (strcmp (table, "log_segments") == 0)
    g_ptr_array_add (loaded->sources, g_strdup (json_object_get_string_member_with_default (object, "src", "")));
  else if (strcmp (table, "secrets") == 0)
    g_ptr_array_add (loaded->secrets, json_object_ref (object));
  else if (strcmp (table, "contexts") == 0)
    g_ptr_array_add (loaded->contexts, json_object_ref (object));
  else if (strcmp (table, "schedules") == 0)
    g_ptr_array_add (loaded->schedules, json_object_ref (object));
  else if (json_object_has_member (object, "key_id"))
    loaded->key_id = g_strdup (json_object_get_string_member_with_default (object, "key_id", NULL));
  else
    {
      loaded->next_job = (guint32)json_object_get_int_member_with_default (object, "next_job", 1);
      loaded->next_run = (guint32)json_object_get_int_member_with_default (object, "next_run", 1);
    }
}

static void
load_table (HeroStoreTxn *txn, const char *table, ProcLoaded *loaded)
{
  g_autoptr (HeroStoreCursor) cursor = hero_store_cursor_new (txn, table);

  for (gboolean more = hero_store_cursor_seek (cursor, NULL, 0); more; more = hero_store_cursor_next (cursor))
    {
      gconstpointer key, value;
      gsize key_length, length;
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = NULL;

      hero_store_cursor_get (cursor, &key, &key_length, &value, &length);
      node = hero_json_parse (value, (gssize)length, &error);
      if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
        load_record (loaded, table, json_node_get_object (node), &error);
      if (error != NULL)
        g_ptr_array_add (loaded->damaged,
                         g_strdup_printf ("a record of '%s' cannot be read: %s", table, error->message));
    }
}

ProcLoaded *
proc_journal_load (ProcJournal *self, GError **error)
{
  ProcLoaded *loaded;
  HeroStoreTxn *txn = hero_store_read_begin (self->store, error);

  if (txn == NULL)
    return NULL;
  loaded = g_new0 (ProcLoaded, 1);
  loaded->services = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_service_unref);
  loaded->actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  loaded->runs = g_ptr_array_new_with_free_func (proc_run_free);
  loaded->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_job_unref);
  loaded->sources = g_ptr_array_new_with_free_func (g_free);
  loaded->secrets = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
  loaded->contexts = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
  loaded->schedules = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
  loaded->damaged = g_ptr_array_new_with_free_func (g_free);
  loaded->next_job = loaded->next_run = 1;
  for (guint i = 0; tables[i] != NULL; i++)
    load_table (txn, tables[i], loaded);
  loaded->stored_secrets = (guint)hero_store_count (txn, "secrets");
  g_ptr_array_add (loaded->sources, NULL);
  hero_store_read_end (txn);
  return loaded;
}

/* ---------------------------------------------------------------------------------------------- the file */

/* A database of an earlier hero_proc is no LMDB file: it is named, and left as it is. */
static gboolean
is_sqlite (const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  char head[16] = "";
  gboolean found = fd >= 0 && read (fd, head, sizeof head) == sizeof head && memcmp (head, "SQLite format 3", 16) == 0;

  if (fd >= 0)
    close (fd);
  return found;
}

ProcJournal *
proc_journal_open (const char *path, gsize max_bytes, GError **error)
{
  HeroStoreOptions options = { .format = FORMAT, .map_size = max_bytes, .tables = tables };
  HeroStore *store;
  ProcJournal *self;

  if (is_sqlite (path))
    {
      g_set_error (
          error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FORMAT,
          "%s is a SQLite file; hero_proc keeps its records in LMDB: move the file away, or set db_path to another",
          path);
      return NULL;
    }
  store = hero_store_open (path, &options, error);
  if (store == NULL)
    return NULL;
  self = g_new0 (ProcJournal, 1);
  self->store = store;
  self->path = g_strdup (path);
  self->late = g_hash_table_new_full (change_hash, change_equal, change_free, NULL);
  return self;
}

void
proc_journal_close (ProcJournal *self)
{
  proc_timer_clear (&self->retry);
  if (g_hash_table_size (self->late) > 0)
    {
      g_autoptr (ProcBatch) batch = take_late (self);

      hero_store_write_sync (self->store, write_batch, batch, NULL); /* the disk is still full: nothing left to do */
    }
  hero_store_close (self->store);
  g_hash_table_unref (self->late);
  g_free (self->trouble);
  g_free (self->path);
  g_free (self);
}

char *
proc_journal_check (ProcJournal *self)
{
  g_autoptr (GError) error = NULL;
  HeroStoreTxn *txn = hero_store_read_begin (self->store, &error);

  if (txn == NULL)
    return g_strdup (error->message);
  hero_store_read_end (txn);
  return g_strdup (self->trouble);
}

guint
proc_journal_count_late (ProcJournal *self)
{
  return g_hash_table_size (self->late);
}

guint64
proc_journal_get_bytes (ProcJournal *self)
{
  return hero_store_get_size (self->store);
}

const char *
proc_journal_get_path (ProcJournal *self)
{
  return self->path;
}

typedef struct
{
  ProcJournal *journal;
  ProcCompacted done;
  gpointer data;
} Compaction;

static void
on_compacted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Compaction *compaction = data;
  g_autoptr (GError) error = NULL;
  HeroStoreSizes sizes = { 0 };

  hero_store_compact_finish (compaction->journal->store, result, &sizes, &error);
  compaction->done (error, sizes.before, sizes.after, compaction->data);
}

void
proc_journal_compact (ProcJournal *self, ProcCompacted done, gpointer data)
{
  Compaction *compaction = g_new (Compaction, 1);

  *compaction = (Compaction){ self, done, data };
  hero_store_compact_async (self->store, on_compacted, compaction);
}
