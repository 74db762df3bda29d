/* catalog-list.c: what there is, and what a database may be called. Service thread. */
#include "catalog-private.h"

#include <string.h>

#define MAX_NAME 200

static gboolean
exists (const IndexerEntry *entry)
{
  return entry->state != INDEXER_CREATING && entry->state != INDEXER_DELETING;
}

static void
fill_info (const IndexerEntry *entry, IndexerDatabaseInfo *info)
{
  *info = (IndexerDatabaseInfo){ .name = entry->name, .created_at = entry->created_at, .counts = entry->counts };
  if (entry->state != INDEXER_OPEN && entry->state != INDEXER_CLOSING)
    return;
  info->is_open = TRUE;
  info->counts = indexer_database_get_counts (entry->database);
  info->pending = indexer_database_get_pending (entry->database);
  info->n_segments = indexer_snapshot_get_n_segments (indexer_database_get_snapshot (entry->database));
  info->memory = indexer_snapshot_get_memory (indexer_database_get_snapshot (entry->database));
}

gboolean
indexer_catalog_get_info (IndexerCatalog *self, const char *name, IndexerDatabaseInfo *info)
{
  IndexerEntry *entry = g_hash_table_lookup (self->entries, name);

  if (entry == NULL || !exists (entry))
    return FALSE;
  fill_info (entry, info);
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (((const IndexerDatabaseInfo *)a)->name, ((const IndexerDatabaseInfo *)b)->name);
}

GArray *
indexer_catalog_list (IndexerCatalog *self)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (IndexerDatabaseInfo));
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (exists (value))
      {
        IndexerDatabaseInfo info;

        fill_info (value, &info);
        g_array_append_val (list, info);
      }
  g_array_sort (list, compare_names);
  return list;
}

gboolean
indexer_catalog_check_name (const char *name, GError **error)
{
  gsize length = strlen (name);
  const char *fault = NULL;
  g_autofree char *quoted = NULL;

  if (length < 1 || length > MAX_NAME)
    fault = "1..200 bytes";
  else if (name[0] == '.')
    fault = "a name that does not start with '.'";
  else if (name[0] == ' ' || name[length - 1] == ' ')
    fault = "a name without a blank at either end";
  for (const char *p = name; *p != 0 && fault == NULL; p = g_utf8_next_char (p))
    if (*p == '/' || *p == '\\' || g_unichar_iscntrl (g_utf8_get_char (p)))
      fault = "a name without '/', '\\' and control characters";
  if (fault == NULL)
    return TRUE;
  quoted = indexer_error_quote (name);
  indexer_error_set_param (error, "name", "", fault, quoted);
  return FALSE;
}
