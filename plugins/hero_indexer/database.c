/* database.c: one open database. The head of database.h tells which part runs on which thread. */
#include "database-private.h"

/* ---- life */

IndexerDatabase *
indexer_database_new (IndexerEngine *engine, const char *name, guint64 id, IndexerSchema *schema)
{
  IndexerDatabase *self = g_new0 (IndexerDatabase, 1);

  g_atomic_ref_count_init (&self->refs);
  self->engine = engine;
  self->name = g_strdup (name);
  self->id = id;
  self->schema = indexer_schema_ref (schema);
  self->lane = indexer_lane_new (engine->lanes);
  self->snapshot = indexer_snapshot_new (schema);
  self->spilled = g_ptr_array_new_with_free_func ((GDestroyNotify)indexer_segment_unref);
  self->pending = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_mutex_init (&self->lock);
  return self;
}

IndexerDatabase *
indexer_database_ref (IndexerDatabase *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

typedef struct
{
  void (*func) (guint64 id, gpointer data);
  gpointer data;
  guint64 id;
} Drop;

static gboolean
tell_dropped (gpointer data)
{
  Drop *drop = data;

  drop->func (drop->id, drop->data);
  return G_SOURCE_REMOVE;
}

void
indexer_database_unref (IndexerDatabase *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->dropped != NULL)
    {
      Drop *drop = g_new (Drop, 1);

      *drop = (Drop){ self->dropped, self->dropped_data, self->id };
      hero_service_post (self->engine->ctx, tell_dropped, drop, g_free);
    }
  indexer_lane_unref (self->lane);
  indexer_snapshot_unref (self->snapshot);
  indexer_schema_unref (self->schema);
  g_ptr_array_unref (self->spilled);
  g_ptr_array_unref (self->pending);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

void
indexer_database_drop (IndexerDatabase *self, void (*func) (guint64 id, gpointer data), gpointer data)
{
  self->dropped = func;
  self->dropped_data = data;
}

const char *
indexer_database_get_name (IndexerDatabase *self)
{
  return self->name;
}

guint64
indexer_database_get_id (IndexerDatabase *self)
{
  return self->id;
}

IndexerSchema *
indexer_database_get_schema (IndexerDatabase *self)
{
  return self->schema;
}

IndexerSnapshot *
indexer_database_get_snapshot (IndexerDatabase *self)
{
  return self->snapshot;
}

IndexerCounts
indexer_database_get_counts (IndexerDatabase *self)
{
  return self->counts;
}

guint64
indexer_database_get_pending (IndexerDatabase *self)
{
  guint64 n;

  g_mutex_lock (&self->lock);
  n = self->n_uncommitted;
  g_mutex_unlock (&self->lock);
  return n;
}
