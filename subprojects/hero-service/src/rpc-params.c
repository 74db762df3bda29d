/*
 * rpc-params.c: from `params` of a request to checked values: by name, camelCase, alias or position; types and ranges
 * of the table, the -32602 texts; and the readers of a handler. Binding: service thread. Readers: any thread.
 */
#include "rpc-core.h"

#include <math.h>
#include <string.h>

/* What was found instead: "string", "5000", "300 bytes". */
static char *
describe_found (JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return g_strdup ("object");
    case JSON_NODE_ARRAY:
      return g_strdup ("array");
    case JSON_NODE_NULL:
      return g_strdup ("null");
    default:
      break;
    }
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup ("string");
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return g_strdup ("boolean");
  return g_strdup ("number");
}

static gboolean
is_string (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

static gboolean
in_size (const HeroRpcType *type, gint64 size)
{
  return size >= type->min && (type->max == 0 || size <= type->max);
}

/* An integer, or a double without fraction inside int64. */
static gboolean
node_to_integer (JsonNode *node, gint64 *value)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double real;

  if (type == G_TYPE_INT64)
    {
      *value = json_node_get_int (node);
      return TRUE;
    }
  if (type != G_TYPE_DOUBLE)
    return FALSE;
  real = json_node_get_double (node);
  if (real != floor (real) || real < -0x1p63 || real >= 0x1p63)
    return FALSE;
  *value = (gint64)real;
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------ checks by type */

/* Each check returns NULL or what was found instead (transfer full). */

static char *
check_integer (const HeroRpcType *type, JsonNode *node)
{
  gint64 value;

  if (!node_to_integer (node, &value))
    return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_DOUBLE
               ? g_strdup_printf ("%.17g", json_node_get_double (node))
               : describe_found (node);
  if (value < type->min || value > type->max)
    return g_strdup_printf ("%" G_GINT64_FORMAT, value);
  return NULL;
}

static char *
check_string (const HeroRpcType *type, JsonNode *node)
{
  gsize length;

  if (!is_string (node))
    return describe_found (node);
  length = strlen (json_node_get_string (node));
  return in_size (type, (gint64)length) ? NULL : g_strdup_printf ("%" G_GSIZE_FORMAT " bytes", length);
}

static char *
check_enum (const HeroRpcParamEntry *param, JsonNode *node)
{
  const char *text;

  if (!is_string (node))
    return describe_found (node);
  text = json_node_get_string (node);
  if (g_strv_contains ((const char *const *)param->words, text))
    return NULL;
  return strlen (text) <= 64 ? g_strdup_printf ("'%s'", text) : g_strdup ("another string");
}

/* Standard alphabet with padding, nothing else: GLib's decoder skips what it does not know. */
static gboolean
is_base64 (const char *text, gsize length)
{
  gsize padding = 0;

  if (length % 4 != 0)
    return FALSE;
  while (padding < 2 && length > 0 && text[length - 1] == '=')
    {
      length--;
      padding++;
    }
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return TRUE;
}

static char *
check_base64 (const HeroRpcType *type, JsonNode *node, gpointer *extra)
{
  const char *text;
  guchar *data;
  gsize length;

  if (!is_string (node))
    return describe_found (node);
  text = json_node_get_string (node);
  if (!is_base64 (text, strlen (text)))
    return g_strdup ("a string that is not padded base64");
  data = g_base64_decode (text, &length);
  *extra = g_bytes_new_take (data, length);
  return in_size (type, (gint64)length) ? NULL : g_strdup_printf ("%" G_GSIZE_FORMAT " bytes", length);
}

static char *
check_array (const HeroRpcType *type, JsonNode *node)
{
  guint length;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return describe_found (node);
  length = json_array_get_length (json_node_get_array (node));
  return in_size (type, length) ? NULL : g_strdup_printf ("%u elements", length);
}

static const char **
strings_of (JsonArray *array)
{
  guint length = json_array_get_length (array);
  const char **strings = g_new0 (const char *, length + 1);

  for (guint i = 0; i < length; i++)
    strings[i] = json_array_get_string_element (array, i);
  return strings;
}

static char *
check_strings (const HeroRpcType *type, JsonNode *node, gpointer *extra)
{
  char *found = check_array (type, node);
  JsonArray *array;

  if (found != NULL)
    return found;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!is_string (json_array_get_element (array, i)))
      {
        g_autofree char *what = describe_found (json_array_get_element (array, i));
        return g_strdup_printf ("%s as element %u", what, i);
      }
  *extra = strings_of (array);
  return NULL;
}

static char *
check (const HeroRpcParamEntry *param, JsonNode *node, gpointer *extra)
{
  const HeroRpcType *type = &param->spec.type;
  GType value_type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  switch (type->kind)
    {
    case HERO_RPC_TYPE_BOOLEAN:
      return value_type == G_TYPE_BOOLEAN ? NULL : describe_found (node);
    case HERO_RPC_TYPE_INTEGER:
      return check_integer (type, node);
    case HERO_RPC_TYPE_NUMBER:
      return value_type == G_TYPE_INT64 || value_type == G_TYPE_DOUBLE ? NULL : describe_found (node);
    case HERO_RPC_TYPE_STRING:
      return check_string (type, node);
    case HERO_RPC_TYPE_ENUM:
      return check_enum (param, node);
    case HERO_RPC_TYPE_BASE64:
      return check_base64 (type, node, extra);
    case HERO_RPC_TYPE_STRINGS:
      return check_strings (type, node, extra);
    case HERO_RPC_TYPE_ARRAY:
      return check_array (type, node);
    case HERO_RPC_TYPE_OBJECT:
      return JSON_NODE_HOLDS_OBJECT (node) ? NULL : describe_found (node);
    default:
      return NULL;
    }
}

/* ------------------------------------------------------------------------------------------------ binding */

/* Looks a parameter up under one more name. FALSE: it was there under another name too. */
static gboolean
find_under (JsonObject *object, const char *name, const char **found_as, JsonNode **node)
{
  JsonNode *member = name != NULL ? json_object_get_member (object, name) : NULL;

  if (member == NULL)
    return TRUE;
  if (*found_as != NULL)
    return FALSE;
  *found_as = name;
  *node = member;
  return TRUE;
}

/* FALSE: answered, the parameter is given under two names. */
static gboolean
find_named (HeroRpcCall *call, JsonObject *object, const HeroRpcParamEntry *param, JsonNode **node)
{
  const char *found_as = NULL, *second = param->camel;
  gboolean once
      = find_under (object, param->spec.name, &found_as, node) && find_under (object, second, &found_as, node);

  for (guint i = 0; once && param->aliases != NULL && param->aliases[i] != NULL; i++)
    once = find_under (object, second = param->aliases[i], &found_as, node);
  if (!once)
    {
      g_autofree char *found = g_strdup_printf ("both '%s' and '%s'", found_as, second);
      hero_rpc_fail_param (call, param->spec.name, "one name", found);
    }
  return once;
}

static gboolean
bind_one (HeroRpcCall *call, guint i, JsonNode *node)
{
  const HeroRpcParamEntry *param = &call->entry->params[i];
  HeroRpcValue *value = &call->values[i];
  g_autofree char *found = NULL;

  if (node != NULL && JSON_NODE_HOLDS_NULL (node) && !(param->spec.flags & HERO_REQUIRED))
    node = NULL;
  if (node == NULL && (param->spec.flags & HERO_REQUIRED))
    {
      hero_rpc_fail_param (call, param->spec.name, param->expected, "nothing");
      return FALSE;
    }
  if (node == NULL)
    {
      value->node = param->fallback;
      if (param->fallback != NULL)
        g_free (check (param, param->fallback, &value->extra));
      return TRUE;
    }
  value->given = TRUE;
  value->node = node;
  if ((found = check (param, node, &value->extra)) == NULL)
    return TRUE;
  hero_rpc_fail_param (call, param->spec.name, param->expected, found);
  return FALSE;
}

static gboolean
bind_positions (HeroRpcCall *call, JsonArray *array)
{
  guint n = call->entry->n_params, given = json_array_get_length (array);

  if (given > n)
    {
      JsonObject *data = json_object_new ();
      g_autofree char *expected = g_strdup_printf ("at most %u parameter%s", n, n == 1 ? "" : "s");
      json_object_set_string_member (data, "expected", expected);
      hero_rpc_fail_data (call, HERO_RPC_INVALID_PARAMS, data, "expected %s, got %u", expected, given);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (!bind_one (call, i, i < given ? json_array_get_element (array, i) : NULL))
      return FALSE;
  return TRUE;
}

static gboolean
bind_names (HeroRpcCall *call, JsonObject *object)
{
  for (guint i = 0; i < call->entry->n_params; i++)
    {
      JsonNode *node = NULL;
      if (object != NULL && !find_named (call, object, &call->entry->params[i], &node))
        return FALSE;
      if (!bind_one (call, i, node))
        return FALSE;
    }
  return TRUE;
}

gboolean
hero_rpc_call_bind (HeroRpcCall *call)
{
  if (call->entry->spec.flags & HERO_RPC_RAW_PARAMS)
    return TRUE;
  if (call->params != NULL && JSON_NODE_HOLDS_ARRAY (call->params))
    return bind_positions (call, json_node_get_array (call->params));
  return bind_names (call, call->params != NULL ? json_node_get_object (call->params) : NULL);
}

void
hero_rpc_call_clear_values (HeroRpcCall *call)
{
  for (guint i = 0; i < call->entry->n_params; i++)
    {
      HeroRpcValue *value = &call->values[i];
      if (value->extra == NULL)
        continue;
      if (call->entry->params[i].spec.type.kind == HERO_RPC_TYPE_BASE64)
        g_bytes_unref (value->extra);
      else
        g_free (value->extra);
      value->extra = NULL;
    }
}

/* ------------------------------------------------------------------------------------------------ readers */

static const HeroRpcValue *
find_value (HeroRpcCall *call, const char *name)
{
  static const HeroRpcValue absent = { NULL, FALSE, NULL };

  for (guint i = 0; i < call->entry->n_params; i++)
    if (strcmp (call->entry->params[i].spec.name, name) == 0)
      return &call->values[i];
  g_critical ("method '%s' has no parameter '%s'", call->entry->spec.name, name);
  return &absent;
}

gboolean
hero_rpc_has (HeroRpcCall *call, const char *param)
{
  return find_value (call, param)->given;
}

JsonNode *
hero_rpc_get_node (HeroRpcCall *call, const char *param)
{
  return find_value (call, param)->node;
}

gboolean
hero_rpc_get_boolean (HeroRpcCall *call, const char *param)
{
  JsonNode *node = find_value (call, param)->node;

  return node != NULL && json_node_get_boolean (node);
}

gint64
hero_rpc_get_integer (HeroRpcCall *call, const char *param)
{
  JsonNode *node = find_value (call, param)->node;
  gint64 value = 0;

  if (node != NULL)
    node_to_integer (node, &value);
  return value;
}

double
hero_rpc_get_number (HeroRpcCall *call, const char *param)
{
  JsonNode *node = find_value (call, param)->node;

  return node != NULL ? json_node_get_double (node) : 0;
}

const char *
hero_rpc_get_string (HeroRpcCall *call, const char *param)
{
  JsonNode *node = find_value (call, param)->node;

  return node != NULL ? json_node_get_string (node) : NULL;
}

GBytes *
hero_rpc_get_bytes (HeroRpcCall *call, const char *param)
{
  return find_value (call, param)->extra;
}

const char *const *
hero_rpc_get_strings (HeroRpcCall *call, const char *param)
{
  return find_value (call, param)->extra;
}

JsonObject *
hero_rpc_get_object (HeroRpcCall *call, const char *param)
{
  JsonNode *node = find_value (call, param)->node;

  return node != NULL ? json_node_get_object (node) : NULL;
}

JsonArray *
hero_rpc_get_array (HeroRpcCall *call, const char *param)
{
  JsonNode *node = find_value (call, param)->node;

  return node != NULL ? json_node_get_array (node) : NULL;
}
