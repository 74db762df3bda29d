/* sweep.c: removes the documents of a deleted database. Service thread and the store's writer. */
#include "sweep.h"

#include <string.h>

#include <hero-service/log.h>

#define CHUNK 2000 /* documents removed in one transaction */

typedef struct
{
  IndexerEngine *engine;
  guint64 id;
  gboolean done;
} Sweep;

static void sweep_next (Sweep *sweep);

/* Keys first, then removal: a cursor must not stand on what is taken away. */
static GArray *
collect_keys (HeroStoreTxn *txn, guint64 id)
{
  g_autoptr (HeroStoreCursor) cursor = hero_store_cursor_new (txn, INDEXER_TABLE_DOCUMENTS);
  IndexerDocumentKey first = indexer_document_key (id, 0);
  GArray *keys = g_array_new (FALSE, FALSE, sizeof first);
  gboolean more = hero_store_cursor_seek (cursor, &first, sizeof first);

  for (; more && keys->len < CHUNK; more = hero_store_cursor_next (cursor))
    {
      gconstpointer key, value;
      gsize key_length, value_length;

      hero_store_cursor_get (cursor, &key, &key_length, &value, &value_length);
      if (key_length != sizeof first || memcmp (key, &first.id, sizeof first.id) != 0)
        break;
      g_array_append_vals (keys, key, 1);
    }
  return keys;
}

/* Writer thread of the store. */
static gboolean
sweep_some (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Sweep *sweep = data;
  g_autoptr (GArray) keys = collect_keys (txn, sweep->id);
  guint64 id = GUINT64_TO_BE (sweep->id);

  for (guint i = 0; i < keys->len; i++)
    if (!hero_store_delete (txn, INDEXER_TABLE_DOCUMENTS, &g_array_index (keys, IndexerDocumentKey, i),
                            sizeof (IndexerDocumentKey), NULL, error))
      return FALSE;
  sweep->done = keys->len < CHUNK;
  return !sweep->done || hero_store_delete (txn, INDEXER_TABLE_DROPPED, &id, sizeof id, NULL, error);
}

static void
swept (GObject *source, GAsyncResult *result, gpointer data)
{
  Sweep *sweep = data;
  g_autoptr (GError) error = NULL;

  if (!hero_store_write_finish (sweep->engine->store, result, &error))
    hero_warn (sweep->engine->ctx, "space of a deleted database is not given back before the next start: %s",
               error->message);
  else if (!sweep->done && !hero_service_is_stopping (sweep->engine->ctx))
    {
      sweep_next (sweep);
      return;
    }
  g_free (sweep);
}

static void
sweep_next (Sweep *sweep)
{
  hero_store_write_async (sweep->engine->store, sweep_some, sweep, NULL, swept, sweep);
}

void
indexer_sweep_start (guint64 id, gpointer engine)
{
  Sweep *sweep = g_new0 (Sweep, 1);

  sweep->engine = engine;
  sweep->id = id;
  sweep_next (sweep);
}
