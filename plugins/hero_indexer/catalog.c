/* catalog.c: the databases by name. Service thread, but for the closures of the store's writer. */
#include "catalog-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include <hero-service/events.h>
#include <hero-service/json.h>
#include <hero-service/log.h>

#include "nearest.h"
#include "sweep.h"

#define MAX_DATABASES 100000

typedef struct _Operation Operation;
struct _Operation
{
  IndexerCatalog *catalog;
  void (*run) (Operation *operation, IndexerEntry *entry); /* entry: settled, or NULL when there is none of the name */
  char *name;
  IndexerSchema *schema; /* create */
  guint64 id;            /* create, delete */
  gint64 created_at;     /* create */
  IndexerCatalogFunc func;
  gpointer data;
};

/* ---- operations */

static void
operation_end (Operation *operation, IndexerDatabase *database, gboolean flag, const GError *error)
{
  operation->func (database, flag, error, operation->data);
  g_clear_pointer (&operation->schema, indexer_schema_unref);
  g_free (operation->name);
  g_free (operation);
}

static void
fail_not_found (Operation *operation)
{
  g_autoptr (GError) error
      = g_error_new (INDEXER_ERROR, INDEXER_DATABASE_NOT_FOUND, "Database not found: %s", operation->name);
  IndexerNearest nearest = { operation->name };
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, operation->catalog->entries);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    indexer_nearest_consider (&nearest, name);
  indexer_nearest_add_hint (&nearest, error);
  operation_end (operation, NULL, FALSE, error);
}

static void
publish_event (IndexerCatalog *self, const char *event, const char *name)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "name", name);
  hero_service_publish (self->engine->ctx, NULL, event, data);
}

static void
operation_start (Operation *operation)
{
  IndexerEntry *entry = g_hash_table_lookup (operation->catalog->entries, operation->name);

  if (entry == NULL || entry->state == INDEXER_OPEN || entry->state == INDEXER_CLOSED)
    operation->run (operation, entry);
  else
    g_queue_push_tail (&entry->waiting, operation);
}

static void
start_operation (IndexerCatalog *self, void (*run) (Operation *, IndexerEntry *), const char *name,
                 IndexerSchema *schema, IndexerCatalogFunc func, gpointer data)
{
  Operation *operation = g_new0 (Operation, 1);

  operation->catalog = self;
  operation->run = run;
  operation->name = g_strdup (name);
  operation->schema = schema != NULL ? indexer_schema_ref (schema) : NULL;
  operation->func = func;
  operation->data = data;
  operation_start (operation);
}

/* The state has settled, or the entry is gone: those that waited begin anew, in their order. */
static void
wake (GQueue *waiting)
{
  GQueue taken = *waiting;
  Operation *operation;

  g_queue_init (waiting);
  while ((operation = g_queue_pop_head (&taken)) != NULL)
    operation_start (operation);
}

static void
settle (IndexerEntry *entry, IndexerState state)
{
  entry->state = state;
  wake (&entry->waiting);
}

static void
remove_entry (IndexerCatalog *self, IndexerEntry *entry)
{
  GQueue waiting = entry->waiting;

  g_hash_table_remove (self->entries, entry->name);
  wake (&waiting);
}

/* ---- close */

static void
closed (const IndexerCommitted *committed, const GError *error, gpointer data)
{
  Operation *operation = data;
  IndexerCatalog *self = operation->catalog;
  IndexerEntry *entry = g_hash_table_lookup (self->entries, operation->name);

  if (error == NULL)
    {
      self->n_open--;
      publish_event (self, "db.closed", entry->name);
      entry->counts = indexer_database_get_counts (entry->database);
      g_clear_pointer (&entry->database, indexer_database_unref);
    }
  operation_end (operation, NULL, TRUE, error);
  settle (entry, error == NULL ? INDEXER_CLOSED : INDEXER_OPEN);
}

static void
run_close (Operation *operation, IndexerEntry *entry)
{
  if (entry == NULL)
    {
      fail_not_found (operation);
    }
  else if (entry->state == INDEXER_CLOSED)
    {
      operation_end (operation, NULL, FALSE, NULL);
    }
  else
    {
      entry->state = INDEXER_CLOSING;
      indexer_database_commit (entry->database, TRUE, closed, operation);
    }
}

void
indexer_catalog_close (IndexerCatalog *self, const char *name, IndexerCatalogFunc func, gpointer data)
{
  start_operation (self, run_close, name, NULL, func, data);
}

/* ---- use */

static void
trimmed (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data)
{
}

/* Closes the longest unused database when too many are open; one with pending writes stays. */
static void
trim (IndexerCatalog *self)
{
  GHashTableIter iter;
  gpointer value;
  IndexerEntry *oldest = NULL;

  if (self->n_open <= self->engine->max_open)
    return;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      IndexerEntry *entry = value;

      if (entry->state == INDEXER_OPEN && indexer_database_get_pending (entry->database) == 0
          && (oldest == NULL || entry->used_us < oldest->used_us))
        oldest = entry;
    }
  if (oldest != NULL)
    indexer_catalog_close (self, oldest->name, trimmed, NULL);
}

static void
opened (IndexerDatabase *database, const GError *error, gpointer data)
{
  Operation *operation = data;
  IndexerCatalog *self = operation->catalog;
  IndexerEntry *entry = g_hash_table_lookup (self->entries, operation->name);

  if (error != NULL)
    g_clear_pointer (&entry->database, indexer_database_unref);
  else
    publish_event (self, "db.opened", entry->name);
  self->n_open += error == NULL;
  entry->state = error == NULL ? INDEXER_OPEN : INDEXER_CLOSED;
  operation_end (operation, entry->database, FALSE, error);
  wake (&entry->waiting);
  trim (self);
}

static void
run_use (Operation *operation, IndexerEntry *entry)
{
  if (entry == NULL)
    {
      fail_not_found (operation);
      return;
    }
  entry->used_us = g_get_monotonic_time ();
  if (entry->state == INDEXER_OPEN)
    {
      operation_end (operation, entry->database, FALSE, NULL);
    }
  else
    {
      entry->state = INDEXER_OPENING;
      entry->database = indexer_database_new (operation->catalog->engine, entry->name, entry->id, entry->schema);
      indexer_database_load (entry->database, opened, operation);
    }
}

void
indexer_catalog_use (IndexerCatalog *self, const char *name, IndexerCatalogFunc func, gpointer data)
{
  start_operation (self, run_use, name, NULL, func, data);
}

/* ---- create */

static char *
print_record (Operation *operation)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "id", operation->id);
  json_object_set_int_member (object, "created_at", operation->created_at);
  json_object_set_object_member (object, "schema", indexer_schema_to_json (operation->schema));
  json_node_take_object (node, object);
  return hero_json_print (node, NULL);
}

/* Writer thread of the store. */
static gboolean
store_new (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Operation *operation = data;
  g_autofree char *record = print_record (operation);
  const IndexerCounts none = { 0 };

  return hero_store_put (txn, INDEXER_TABLE_DATABASES, operation->name, strlen (operation->name), record,
                         strlen (record), error)
         && indexer_counts_write (txn, operation->id, &none, error);
}

static void
created (GObject *source, GAsyncResult *result, gpointer data)
{
  Operation *operation = data;
  IndexerCatalog *self = operation->catalog;
  IndexerEntry *entry = g_hash_table_lookup (self->entries, operation->name);
  g_autoptr (GError) error = NULL;
  gboolean done = hero_store_write_finish (self->engine->store, result, &error);

  if (done)
    publish_event (self, "db.created", operation->name);
  operation_end (operation, NULL, TRUE, error);
  if (done)
    settle (entry, INDEXER_CLOSED);
  else
    remove_entry (self, entry);
}

static void
run_create (Operation *operation, IndexerEntry *entry)
{
  IndexerCatalog *self = operation->catalog;

  if (entry != NULL)
    {
      g_autoptr (GError) error
          = g_error_new (INDEXER_ERROR, INDEXER_DATABASE_EXISTS, "Database already exists: %s", operation->name);

      operation_end (operation, NULL, FALSE, error);
      return;
    }
  if (g_hash_table_size (self->entries) >= MAX_DATABASES)
    {
      g_autoptr (GError) error
          = g_error_new (HERO_ERROR, HERO_ERROR_LIMIT, "there are %d databases, the most there may be", MAX_DATABASES);

      operation_end (operation, NULL, FALSE, error);
      return;
    }
  operation->id = self->next_id++;
  operation->created_at = g_get_real_time () / 1000;
  entry = indexer_catalog_add_entry (self, operation->name, operation->id, operation->created_at, operation->schema);
  entry->state = INDEXER_CREATING;
  hero_store_write_async (self->engine->store, store_new, operation, NULL, created, operation);
}

void
indexer_catalog_create (IndexerCatalog *self, const char *name, IndexerSchema *schema, IndexerCatalogFunc func,
                        gpointer data)
{
  start_operation (self, run_create, name, schema, func, data);
}

/* ---- delete */

/* Writer thread of the store. */
static gboolean
store_deleted (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Operation *operation = data;
  guint64 id = GUINT64_TO_BE (operation->id);

  return hero_store_delete (txn, INDEXER_TABLE_DATABASES, operation->name, strlen (operation->name), NULL, error)
         && hero_store_delete (txn, INDEXER_TABLE_COUNTS, &id, sizeof id, NULL, error)
         && hero_store_put (txn, INDEXER_TABLE_DROPPED, &id, sizeof id, "", 0, error);
}

static void
deleted (GObject *source, GAsyncResult *result, gpointer data)
{
  Operation *operation = data;
  IndexerCatalog *self = operation->catalog;
  IndexerEntry *entry = g_hash_table_lookup (self->entries, operation->name);
  guint64 id = operation->id;
  g_autoptr (GError) error = NULL;

  if (!hero_store_write_finish (self->engine->store, result, &error))
    {
      operation_end (operation, NULL, FALSE, error);
      settle (entry, entry->database != NULL ? INDEXER_OPEN : INDEXER_CLOSED);
      return;
    }
  if (entry->database != NULL)
    {
      self->n_open--;
      indexer_database_drop (entry->database, indexer_sweep_start, self->engine);
    }
  else
    {
      indexer_sweep_start (id, self->engine);
    }
  publish_event (self, "db.deleted", operation->name);
  operation_end (operation, NULL, TRUE, NULL);
  remove_entry (self, entry);
}

static void
run_delete (Operation *operation, IndexerEntry *entry)
{
  if (entry == NULL)
    {
      fail_not_found (operation);
      return;
    }
  operation->id = entry->id;
  entry->state = INDEXER_DELETING;
  hero_store_write_async (operation->catalog->engine->store, store_deleted, operation, NULL, deleted, operation);
}

void
indexer_catalog_delete (IndexerCatalog *self, const char *name, IndexerCatalogFunc func, gpointer data)
{
  start_operation (self, run_delete, name, NULL, func, data);
}

/* ---- stop */

typedef struct
{
  IndexerCatalog *catalog;
  guint n_open;
  void (*func) (gpointer data);
  gpointer data;
} CommitAll;

static gboolean
store_nothing (HeroStoreTxn *txn, gpointer data, GError **error)
{
  return TRUE;
}

static void
all_written (GObject *source, GAsyncResult *result, gpointer data)
{
  CommitAll *all = data;

  all->func (all->data);
  g_free (all);
}

static void
one_committed (const IndexerCommitted *committed, const GError *error, gpointer data)
{
  CommitAll *all = data;

  if (error != NULL)
    hero_error (all->catalog->engine->ctx, "a commit at stop failed: %s", error->message);
  if (--all->n_open == 0) /* a last write that comes behind all others, sweeps too */
    hero_store_write_async (all->catalog->engine->store, store_nothing, NULL, NULL, all_written, all);
}

void
indexer_catalog_commit_all (IndexerCatalog *self, void (*func) (gpointer data), gpointer data)
{
  CommitAll *all = g_new0 (CommitAll, 1);
  g_autoptr (GList) entries = g_hash_table_get_values (self->entries);

  *all = (CommitAll){ self, 1, func, data };
  for (GList *l = entries; l != NULL; l = l->next)
    {
      IndexerEntry *entry = l->data;

      if (entry->state != INDEXER_OPEN && entry->state != INDEXER_CLOSING)
        continue;
      all->n_open++;
      indexer_database_commit (entry->database, TRUE, one_committed, all);
    }
  one_committed (NULL, NULL, all);
}
