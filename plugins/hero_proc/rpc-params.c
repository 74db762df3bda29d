/* rpc-params.c: parameters that the methods of several families have. Service thread. */
#include "errors.h"
#include "reader.h"
#include "rpc-private.h"

GStrv
proc_rpc_read_tags (HeroRpcCall *call)
{
  JsonNode *node = hero_rpc_get_node (call, "tag");
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) tags = NULL;
  ProcReader reader;

  json_object_set_member (object, "tag", json_node_copy (node));
  proc_reader_init (&reader, object, "params");
  tags = proc_reader_texts (&reader, "tag", 32, 64);
  if (tags[0] == NULL)
    proc_reader_fail (&reader, "tag", "a tag, or an array of tags", "nothing");
  if (proc_reader_end (&reader, NULL, &error))
    return g_steal_pointer (&tags);
  hero_proc_rpc_fail (call, error, NULL);
  return NULL;
}

gboolean
proc_tags_match (char **tags, char **wanted, gboolean all)
{
  guint hits = 0, n = g_strv_length (wanted);

  for (guint i = 0; i < n; i++)
    hits += g_strv_contains ((const char *const *)tags, wanted[i]);
  return all ? hits == n : hits > 0;
}

gboolean
proc_rpc_may_take_all (HeroRpcCall *call, const char *tag)
{
  guint32 context = hero_rpc_call_get_identity (call)->context;
  g_autoptr (GError) error = NULL;

  if (tag != NULL || context == 0)
    return TRUE;
  error = g_error_new (PROC_ERROR, PROC_ERROR_FORBIDDEN, "context %u may call %s only with a tag", context,
                       hero_rpc_call_get_method (call));
  hero_proc_rpc_fail (call, error, NULL);
  return FALSE;
}

int
proc_rpc_read_signal (HeroRpcCall *call, GError **error)
{
  JsonNode *node = hero_rpc_get_node (call, "signal");
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  g_autofree char *text = type == G_TYPE_STRING  ? json_node_dup_string (node)
                          : type == G_TYPE_INT64 ? g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node))
                                                 : g_strdup (proc_json_type (node));
  int signo = proc_any_signal_parse (text);

  if (signo == 0)
    g_set_error (error, PROC_ERROR, PROC_ERROR_INVALID_SIGNAL, "invalid signal: %s", text);
  return signo;
}

/* ---------------------------------------------------------------------------------------------- several at once */

gboolean
proc_rpc_has_id_or_ids (HeroRpcCall *call)
{
  gboolean one = hero_rpc_has (call, "id");

  if (one == hero_rpc_has (call, "ids"))
    hero_rpc_fail_param (call, "id", "either id or ids", one ? "both" : "neither");
  return one != hero_rpc_has (call, "ids");
}

void
proc_rpc_add_skipped (JsonArray *skipped, JsonNode *id, const char *reason)
{
  JsonObject *object = json_object_new ();

  json_object_set_member (object, "id", json_node_copy (id));
  json_object_set_string_member (object, "reason", reason);
  json_array_add_object_element (skipped, object);
}

void
proc_rpc_add_skipped_number (JsonArray *skipped, guint32 id, const char *reason)
{
  g_autoptr (JsonNode) node = json_node_init_int (json_node_alloc (), id);

  proc_rpc_add_skipped (skipped, node, reason);
}

void
proc_rpc_return_deleted (HeroRpcCall *call, const GError *error, guint deleted, JsonArray *skipped)
{
  g_autoptr (JsonArray) owned = skipped;
  JsonObject *object;

  if (error != NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  object = proc_rpc_ok (NULL);
  json_object_set_int_member (object, "deleted", deleted);
  if (owned != NULL)
    json_object_set_array_member (object, "skipped", g_steal_pointer (&owned));
  hero_rpc_return_object (call, object);
}
