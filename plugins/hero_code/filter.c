/* filter.c: which repositories a call means. Any thread. */
#include "filter.h"

#include <string.h>

static const char *const members_known[] = { "ids", "filter", "provider",  "account",   "name",      "path",
                                             "url", "dirty",  "need_push", "need_pull", "has_error", NULL };

static gboolean
has (JsonObject *members, const char *name)
{
  return json_object_has_member (members, name) && !json_object_get_null_member (members, name);
}

gboolean
code_filter_is_empty (JsonObject *members)
{
  for (guint i = 0; members_known[i] != NULL; i++)
    if (has (members, members_known[i]))
      return FALSE;
  return TRUE;
}

gboolean
code_filter_looks_inside (JsonObject *members)
{
  return has (members, "url") || has (members, "dirty") || has (members, "need_push") || has (members, "need_pull")
         || has (members, "has_error");
}

static gboolean
exclude (JsonObject *members, const char *name, const char *const *others, GError **error)
{
  for (guint i = 0; has (members, name) && others[i] != NULL; i++)
    if (has (members, others[i]))
      {
        code_error_set (error, CODE_INVALID_PARAMS, "invalid_params",
                        "parameter '%s': expected nothing beside '%s', got both", others[i], name);
        code_error_add_text (error, "param", others[i]);
        return FALSE;
      }
  return TRUE;
}

/* A filter inside another parameter was not checked by a table. */
static gboolean
check_type (JsonObject *members, const char *name, GType type, const char *expected, GError **error)
{
  JsonNode *node = has (members, name) ? json_object_get_member (members, name) : NULL;
  gboolean fits = node == NULL || (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type);

  if (!fits)
    {
      code_error_set (error, CODE_INVALID_PARAMS, "invalid_params", "parameter '%s': expected %s", name, expected);
      code_error_add_text (error, "param", name);
      code_error_add_text (error, "expected", expected);
    }
  return fits;
}

static gboolean
check_types (JsonObject *members, GError **error)
{
  static const char *const texts[] = { "filter", "provider", "account", "name", "path", "url", NULL };
  static const char *const flags[] = { "dirty", "need_push", "need_pull", "has_error", NULL };

  for (guint i = 0; texts[i] != NULL; i++)
    if (!check_type (members, texts[i], G_TYPE_STRING, "string", error))
      return FALSE;
  for (guint i = 0; flags[i] != NULL; i++)
    if (!check_type (members, flags[i], G_TYPE_BOOLEAN, "boolean", error))
      return FALSE;
  if (!has (members, "ids") || JSON_NODE_HOLDS_ARRAY (json_object_get_member (members, "ids")))
    return TRUE;
  return check_type (members, "ids", G_TYPE_INVALID, "array of strings", error);
}

gboolean
code_filter_check (JsonObject *members, GError **error)
{
  static const char *const beside_path[] = { "filter", "url", NULL };
  static const char *const beside_url[] = { "filter", "provider", "account", "name", NULL };

  return check_types (members, error) && exclude (members, "path", beside_path, error)
         && exclude (members, "url", beside_url, error);
}

char *
code_filter_normalize_url (const char *url)
{
  const char *scheme = strstr (url, "://");
  const char *rest = scheme != NULL ? scheme + 3 : url;
  const char *at = memchr (rest, '@', strcspn (rest, "/"));
  g_autofree char *text = g_strdup (at != NULL ? at + 1 : rest);
  char *colon = scheme == NULL ? strchr (text, ':') : NULL;
  char *slash;

  if (colon != NULL) /* git@host:path */
    *colon = '/';
  while (g_str_has_suffix (text, "/"))
    text[strlen (text) - 1] = 0;
  if (g_str_has_suffix (text, ".git"))
    text[strlen (text) - 4] = 0;
  slash = strchr (text, '/');
  for (char *p = text; *p != 0 && p != slash; p++)
    *p = g_ascii_tolower (*p);
  return g_steal_pointer (&text);
}

static gboolean
text_equals (JsonObject *members, const char *name, JsonObject *repo)
{
  return !has (members, name)
         || g_strcmp0 (json_object_get_string_member (members, name),
                       json_object_get_string_member_with_default (repo, name, NULL))
                == 0;
}

static gboolean
boolean_equals (JsonObject *members, const char *name, JsonObject *repo, const char *member)
{
  return !has (members, name)
         || json_object_get_boolean_member (members, name)
                == json_object_get_boolean_member_with_default (repo, member, FALSE);
}

static gboolean
contains (JsonObject *members, const char *id)
{
  g_autofree char *wanted = NULL;
  g_autofree char *folded = NULL;

  if (!has (members, "filter"))
    return TRUE;
  wanted = g_utf8_casefold (json_object_get_string_member (members, "filter"), -1);
  folded = g_utf8_casefold (id, -1);
  return strstr (folded, wanted) != NULL;
}

static gboolean
is_listed (JsonObject *members, const char *id)
{
  JsonArray *ids = has (members, "ids") ? json_object_get_array_member (members, "ids") : NULL;

  if (ids == NULL)
    return TRUE;
  for (guint i = 0; i < json_array_get_length (ids); i++)
    {
      JsonNode *node = json_array_get_element (ids, i);

      if (JSON_NODE_HOLDS_VALUE (node) && g_strcmp0 (json_node_get_string (node), id) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
lies_below (JsonObject *members, const char *id)
{
  const char *path = has (members, "path") ? json_object_get_string_member (members, "path") : "";
  gsize length = strlen (path);

  return length == 0 || (strncmp (id, path, length) == 0 && (id[length] == '/' || id[length] == 0));
}

static gboolean
has_remote (JsonObject *members, JsonObject *repo)
{
  g_autofree char *wanted = NULL;
  JsonArray *remotes;

  if (!has (members, "url"))
    return TRUE;
  if (!json_object_has_member (repo, "remotes"))
    return FALSE;
  wanted = code_filter_normalize_url (json_object_get_string_member (members, "url"));
  remotes = json_object_get_array_member (repo, "remotes");
  for (guint i = 0; i < json_array_get_length (remotes); i++)
    {
      JsonObject *remote = json_array_get_object_element (remotes, i);
      g_autofree char *url = code_filter_normalize_url (json_object_get_string_member (remote, "fetch_url"));

      if (g_str_equal (url, wanted))
        return TRUE;
    }
  return FALSE;
}

gboolean
code_filter_matches (JsonObject *members, JsonObject *repo)
{
  const char *id = json_object_get_string_member (repo, "id");
  gboolean has_error = json_object_has_member (repo, "error") && !json_object_get_null_member (repo, "error");

  return is_listed (members, id) && contains (members, id) && lies_below (members, id)
         && text_equals (members, "provider", repo) && text_equals (members, "account", repo)
         && text_equals (members, "name", repo) && boolean_equals (members, "dirty", repo, "has_changes")
         && boolean_equals (members, "need_push", repo, "need_push")
         && boolean_equals (members, "need_pull", repo, "need_pull")
         && (!has (members, "has_error") || json_object_get_boolean_member (members, "has_error") == has_error)
         && has_remote (members, repo);
}
