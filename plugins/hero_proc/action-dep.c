/* action-dep.c: see action-dep.h. Any thread. */
#include "action-dep.h"

#include "names.h"

static void
dep_clear (gpointer data)
{
  g_free (((ProcActionDep *)data)->action);
}

static void
read_one (ProcReader *reader, JsonNode *node, GArray *deps)
{
  ProcActionDep dep = { NULL, PROC_WHEN_SUCCESS };

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      ProcReader sub;

      proc_reader_init (&sub, json_node_get_object (node), "depends_on");
      dep.action = proc_reader_text (&sub, "action|name|key", 128);
      dep.when = proc_reader_word (&sub, "when", proc_when_words, PROC_WHEN_SUCCESS);
      proc_reader_end (&sub, NULL, reader->error == NULL ? &reader->error : NULL);
    }
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    dep.action = json_node_dup_string (node);
  if (dep.action == NULL)
    proc_reader_fail (reader, "depends_on", "names, or objects with action and when", proc_json_type (node));
  else if (!proc_name_is_action (dep.action))
    proc_reader_fail (reader, "depends_on", "names of actions", dep.action);
  g_array_append_val (deps, dep);
}

GArray *
proc_action_deps_new (void)
{
  GArray *deps = g_array_new (FALSE, FALSE, sizeof (ProcActionDep));

  g_array_set_clear_func (deps, dep_clear);
  return deps;
}

GArray *
proc_action_deps_read (ProcReader *reader, const char *names)
{
  JsonNode *node = proc_reader_node (reader, names);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  GArray *deps = proc_action_deps_new ();

  if (array != NULL && json_array_get_length (array) > PROC_MAX_DEPENDENCIES)
    proc_reader_fail (reader, "depends_on", "at most 1000 elements", "more");
  else if (array != NULL)
    for (guint i = 0; reader->error == NULL && i < json_array_get_length (array); i++)
      read_one (reader, json_array_get_element (array, i), deps);
  else if (node != NULL)
    read_one (reader, node, deps);
  return deps;
}

JsonArray *
proc_action_deps_to_json (GArray *deps)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < deps->len; i++)
    {
      const ProcActionDep *dep = &g_array_index (deps, ProcActionDep, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "action", dep->action);
      json_object_set_string_member (object, "when", proc_when_words[dep->when]);
      json_array_add_object_element (array, object);
    }
  return array;
}
