/* engine.c: the counts of a database as they are stored. Any thread. */
#include "engine.h"

#include <string.h>

gboolean
indexer_counts_read (HeroStoreTxn *txn, guint64 id, IndexerCounts *counts)
{
  guint64 key = GUINT64_TO_BE (id);
  guint64 values[3];
  gconstpointer data;
  gsize length;

  if (!hero_store_get (txn, INDEXER_TABLE_COUNTS, &key, sizeof key, &data, &length) || length != sizeof values)
    return FALSE;
  memcpy (values, data, sizeof values);
  counts->doc_count = GUINT64_FROM_LE (values[0]);
  counts->size_bytes = GUINT64_FROM_LE (values[1]);
  counts->next_opstamp = GUINT64_FROM_LE (values[2]);
  return TRUE;
}

gboolean
indexer_counts_write (HeroStoreTxn *txn, guint64 id, const IndexerCounts *counts, GError **error)
{
  guint64 key = GUINT64_TO_BE (id);
  guint64 values[3]
      = { GUINT64_TO_LE (counts->doc_count), GUINT64_TO_LE (counts->size_bytes), GUINT64_TO_LE (counts->next_opstamp) };

  return hero_store_put (txn, INDEXER_TABLE_COUNTS, &key, sizeof key, values, sizeof values, error);
}
