/* rpc-document.c: doc.add, doc.add_batch, index.*. Service thread, but for the answers of doc.*, on a lane thread. */
#include "rpc.h"

#include "document.h"

#define MAX_SKIPPED 100 /* told of in one answer */

static void
add_skipped (JsonObject *result, const GArray *skipped)
{
  JsonArray *array;

  if (skipped->len == 0)
    return;
  array = json_array_new ();
  for (guint i = 0; i < MIN (skipped->len, MAX_SKIPPED); i++)
    {
      const IndexerSkipped *item = &g_array_index (skipped, IndexerSkipped, i);
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "index", item->index);
      json_object_set_string_member (object, "field", item->field);
      json_object_set_string_member (object, "expected", item->expected);
      json_object_set_string_member (object, "got", item->got);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (result, "skipped", array);
}

static JsonObject *
print_added (const IndexerAdded *added)
{
  JsonObject *result = json_object_new ();

  json_object_set_boolean_member (result, "success", TRUE);
  json_object_set_int_member (result, "opstamp", added->opstamp);
  add_skipped (result, added->skipped);
  return result;
}

static void
added_one (const IndexerAdded *added, const GError *error, gpointer call)
{
  if (error != NULL)
    indexer_rpc_fail (call, error);
  else
    hero_rpc_return_object (call, print_added (added));
}

static void
added_batch (const IndexerAdded *added, const GError *error, gpointer call)
{
  JsonObject *result;

  if (error != NULL)
    {
      indexer_rpc_fail (call, error);
      return;
    }
  result = print_added (added);
  json_object_set_int_member (result, "count", added->count);
  hero_rpc_return_object (call, result);
}

static void
add_one_to (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  indexer_database_add (database, hero_rpc_get_node (call, "document"), FALSE, added_one, call);
}

void
indexer_rpc_doc_add (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, add_one_to);
}

static void
add_batch_to (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  indexer_database_add (database, hero_rpc_get_node (call, "documents"), TRUE, added_batch, call);
}

void
indexer_rpc_doc_add_batch (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, add_batch_to);
}

static void
committed (const IndexerCommitted *commit, const GError *error, gpointer call)
{
  JsonObject *result;

  if (error != NULL)
    {
      indexer_rpc_fail (call, error);
      return;
    }
  result = json_object_new ();
  json_object_set_boolean_member (result, "success", TRUE);
  json_object_set_int_member (result, "opstamp", commit->opstamp);
  json_object_set_int_member (result, "doc_count", commit->doc_count);
  hero_rpc_return_object (call, result);
}

static void
commit_it (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  indexer_database_commit (database, FALSE, committed, call);
}

void
indexer_rpc_index_commit (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, commit_it);
}

static void
reload (Indexer *self, HeroRpcCall *call, IndexerDatabase *database)
{
  JsonObject *result = json_object_new ();

  json_object_set_boolean_member (result, "success", TRUE);
  hero_rpc_return_object (call, result);
}

void
indexer_rpc_index_reload (gpointer self, HeroRpcCall *call)
{
  indexer_rpc_with_database (self, call, reload);
}
