/* secret-ref.c: see secret-ref.h. Pure; any thread. */
#include "secret-ref.h"

#include <string.h>

#include "names.h"

gboolean
proc_secret_ref_parse (const char *ref, gsize *length, guint32 *context, const char **key)
{
  const char *equals = strchr (ref, '='), *colon = strchr (equals, ':');

  *length = (gsize)(equals - ref);
  *key = colon + 1;
  if (colon == equals + 1)
    return FALSE;
  *context = (guint32)g_ascii_strtoull (equals + 1, NULL, 10);
  return TRUE;
}

/* One reference of `env_secrets`; NULL: the reader has the error. Transfer full. */
static char *
read_ref (ProcReader *reader, const char *variable, JsonNode *node)
{
  g_autofree char *member = g_strconcat ("env_secrets.", variable, NULL);
  g_autofree char *where = g_strconcat (reader->where, ".", member, NULL);
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *key = NULL, *context = NULL;
  ProcReader sub;
  guint32 number = 0;
  JsonNode *given;

  if (!proc_name_is_variable (variable))
    proc_reader_fail (reader, "env_secrets", "names of variables", variable);
  if (JSON_NODE_HOLDS_OBJECT (node))
    object = json_object_ref (json_node_get_object (node));
  else
    {
      object = json_object_new ();
      json_object_set_member (object, "key", json_node_copy (node));
    }
  proc_reader_init (&sub, object, where);
  key = proc_reader_text (&sub, "key|name", 128);
  given = proc_reader_node (&sub, "context");
  if (given != NULL && g_strcmp0 (proc_json_type (given), "integer") == 0)
    context = g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (given));
  else if (given != NULL && g_strcmp0 (proc_json_type (given), "string") == 0)
    context = json_node_dup_string (given);
  if (given != NULL && (context == NULL || !proc_context_parse (context, &number)))
    proc_reader_fail (&sub, "context", "integer 0..4294967295 or \"core\"",
                      context != NULL ? context : proc_json_type (given));
  if (key == NULL || !proc_name_is_secret (key))
    proc_reader_fail (&sub, "key", "1 to 128 letters, digits and _.:/-", key != NULL ? key : "nothing");
  if (!proc_reader_end (&sub, NULL, reader->error == NULL ? &reader->error : NULL) || reader->error != NULL)
    return NULL;
  return context == NULL ? g_strdup_printf ("%s=:%s", variable, key)
                         : g_strdup_printf ("%s=%u:%s", variable, number, key);
}

static int
compare_refs (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
proc_secret_refs_read (ProcReader *reader)
{
  g_autoptr (GPtrArray) refs = g_ptr_array_new_with_free_func (g_free);
  JsonObject *object = proc_reader_object (reader, "env_secrets");
  JsonObjectIter iter;
  const char *variable;
  JsonNode *node;

  if (object != NULL)
    {
      json_object_iter_init (&iter, object);
      while (reader->error == NULL && json_object_iter_next (&iter, &variable, &node))
        {
          char *ref = read_ref (reader, variable, node);

          if (ref != NULL)
            g_ptr_array_add (refs, ref);
        }
    }
  g_ptr_array_sort (refs, compare_refs);
  g_ptr_array_add (refs, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&refs), FALSE);
}

JsonObject *
proc_secret_refs_to_json (char **refs)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; refs[i] != NULL; i++)
    {
      gsize length;
      guint32 context;
      const char *key;
      gboolean foreign = proc_secret_ref_parse (refs[i], &length, &context, &key);
      g_autofree char *variable = g_strndup (refs[i], length);

      if (foreign)
        {
          JsonObject *ref = json_object_new ();

          json_object_set_string_member (ref, "key", key);
          json_object_set_int_member (ref, "context", context);
          json_object_set_object_member (object, variable, ref);
        }
      else
        json_object_set_string_member (object, variable, key);
    }
  return object;
}

char **
proc_secret_refs_resolve (char **refs, guint32 own_context)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; refs[i] != NULL; i++)
    {
      gsize length;
      guint32 context = own_context;
      const char *key;
      g_autofree char *ref = NULL;

      proc_secret_ref_parse (refs[i], &length, &context, &key);
      ref = g_strdup_printf ("%.*s=%u:%s", (int)length, refs[i], context, key);
      g_strv_builder_add (builder, ref);
    }
  return g_strv_builder_end (builder);
}

const char *
proc_secret_refs_foreign (char **refs, guint32 context)
{
  for (guint i = 0; refs[i] != NULL; i++)
    {
      gsize length;
      guint32 other = context;
      const char *key;

      if (proc_secret_ref_parse (refs[i], &length, &other, &key) && other != context)
        return key;
    }
  return NULL;
}
