/* catalog-load.c: the catalogue as the store has it. In start, on the service thread. */
#include "catalog-private.h"

#include <string.h>

#include <hero-service/json.h>

#include "sweep.h"

IndexerEntry *
indexer_catalog_add_entry (IndexerCatalog *self, const char *name, guint64 id, gint64 created_at, IndexerSchema *schema)
{
  IndexerEntry *entry = g_new0 (IndexerEntry, 1);

  entry->name = g_strdup (name);
  entry->id = id;
  entry->created_at = created_at;
  entry->schema = indexer_schema_ref (schema);
  entry->state = INDEXER_CLOSED;
  g_hash_table_insert (self->entries, entry->name, entry);
  return entry;
}

static void
entry_free (gpointer data)
{
  IndexerEntry *entry = data;

  g_clear_pointer (&entry->database, indexer_database_unref);
  indexer_schema_unref (entry->schema);
  g_free (entry->name);
  g_free (entry);
}

static gboolean
load_entry (IndexerCatalog *self, HeroStoreTxn *txn, const char *name, const char *record, gsize length, GError **error)
{
  g_autoptr (JsonNode) node = hero_json_parse (record, length, error);
  g_autoptr (IndexerSchema) schema = NULL;
  JsonObject *object;
  IndexerEntry *entry;

  if (node == NULL)
    return FALSE;
  object = json_node_get_object (node);
  schema = indexer_schema_parse (json_object_get_object_member (object, "schema"), NULL, error);
  if (schema == NULL)
    return FALSE;
  entry = indexer_catalog_add_entry (self, name, json_object_get_int_member (object, "id"),
                                     json_object_get_int_member (object, "created_at"), schema);
  self->next_id = MAX (self->next_id, entry->id + 1);
  if (!indexer_counts_read (txn, entry->id, &entry->counts))
    {
      g_set_error (error, INDEXER_ERROR, INDEXER_INDEX_ERROR, "it has no counts");
      return FALSE;
    }
  return TRUE;
}

static gboolean
load_entries (IndexerCatalog *self, HeroStoreTxn *txn, GError **error)
{
  g_autoptr (HeroStoreCursor) cursor = hero_store_cursor_new (txn, INDEXER_TABLE_DATABASES);

  for (gboolean more = hero_store_cursor_seek (cursor, NULL, 0); more; more = hero_store_cursor_next (cursor))
    {
      gconstpointer key, value;
      gsize key_length, value_length;
      g_autofree char *name = NULL;

      hero_store_cursor_get (cursor, &key, &key_length, &value, &value_length);
      name = g_strndup (key, key_length);
      if (!load_entry (self, txn, name, value, value_length, error))
        {
          g_prefix_error (error, "the catalogue is damaged at database '%s': ", name);
          return FALSE;
        }
    }
  return TRUE;
}

/* The sweeps of the last run that did not come to their end. */
static void
load_dropped (IndexerCatalog *self, HeroStoreTxn *txn)
{
  g_autoptr (HeroStoreCursor) cursor = hero_store_cursor_new (txn, INDEXER_TABLE_DROPPED);

  for (gboolean more = hero_store_cursor_seek (cursor, NULL, 0); more; more = hero_store_cursor_next (cursor))
    {
      gconstpointer key, value;
      gsize key_length, value_length;
      guint64 id;

      hero_store_cursor_get (cursor, &key, &key_length, &value, &value_length);
      if (key_length != sizeof id)
        continue;
      memcpy (&id, key, sizeof id);
      id = GUINT64_FROM_BE (id);
      self->next_id = MAX (self->next_id, id + 1);
      indexer_sweep_start (id, self->engine);
    }
}

IndexerCatalog *
indexer_catalog_new (IndexerEngine *engine, GError **error)
{
  g_autoptr (IndexerCatalog) self = g_new0 (IndexerCatalog, 1);
  g_autoptr (HeroStoreTxn) txn = NULL;

  self->engine = engine;
  self->next_id = 1;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  txn = hero_store_read_begin (engine->store, error);
  if (txn == NULL || !load_entries (self, txn, error))
    return NULL;
  load_dropped (self, txn);
  return g_steal_pointer (&self);
}

void
indexer_catalog_free (IndexerCatalog *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}
