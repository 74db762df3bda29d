/* rpc-table.c: compiles a service's method table. Built on the service thread, read-only afterwards. */
#include "rpc-table.h"

#include <hero-service/edit-distance.h>
#include <hero-service/json.h>

#include <string.h>

static const HeroRpcErrorSpec shared_errors[] = {
  { HERO_RPC_PARSE_ERROR, "parse_error", FALSE, "Parse error" },
  { HERO_RPC_INVALID_REQUEST, "invalid_request", FALSE, "Invalid Request" },
  { HERO_RPC_METHOD_NOT_FOUND, "method_not_found", FALSE, "Method not found" },
  { HERO_RPC_INVALID_PARAMS, "invalid_params", FALSE, "Invalid params" },
  { HERO_RPC_INTERNAL, "internal", FALSE, "Internal error" },
  { HERO_RPC_SHUTTING_DOWN, "shutting_down", TRUE, "The service is stopping" },
  { HERO_RPC_OVERLOADED, "overloaded", TRUE, "A queue or connection limit is reached" },
  { HERO_RPC_DEADLINE_EXCEEDED, "deadline_exceeded", FALSE, "The call took too long; its outcome is unknown" },
  { HERO_RPC_UNAVAILABLE, "unavailable", TRUE, "The service, or what it depends on, does not answer" },
  { HERO_RPC_FORBIDDEN, "forbidden", FALSE, "The caller may not do this" },
  { HERO_RPC_CANCELLED, "cancelled", FALSE, "The call was cancelled" },
  { HERO_RPC_RESULT_TOO_LARGE, "result_too_large", FALSE, "The answer is over 64 MiB" },
  { HERO_RPC_STORAGE_FULL, "storage_full", FALSE, "The disk or the store is full; reads go on" },
};

/* ------------------------------------------------------------------------------------------------ parameters */

/* "page_size" -> "pageSize"; NULL when there is nothing to change. */
static char *
camel_case (const char *name)
{
  GString *out;

  if (strchr (name, '_') == NULL)
    return NULL;
  out = g_string_new (NULL);
  for (const char *p = name; *p != '\0'; p++)
    if (*p == '_' && p[1] != '\0' && out->len > 0)
      g_string_append_c (out, g_ascii_toupper (*++p));
    else
      g_string_append_c (out, *p);
  return g_string_free (out, FALSE);
}

/* "WHAT", "WHAT of 1..5 UNIT", "WHAT of at least 1 UNIT". */
static char *
sized (const char *what, const HeroRpcType *type, const char *unit)
{
  if (type->max > 0)
    return g_strdup_printf ("%s of %" G_GINT64_FORMAT "..%" G_GINT64_FORMAT " %s", what, type->min, type->max, unit);
  if (type->min > 0)
    return g_strdup_printf ("%s of at least %" G_GINT64_FORMAT " %s", what, type->min, unit);
  return g_strdup (what);
}

static char *
describe_type (const HeroRpcType *type, char **words)
{
  switch (type->kind)
    {
    case HERO_RPC_TYPE_BOOLEAN:
      return g_strdup ("boolean");
    case HERO_RPC_TYPE_INTEGER:
      return g_strdup_printf ("integer %" G_GINT64_FORMAT "..%" G_GINT64_FORMAT, type->min, type->max);
    case HERO_RPC_TYPE_NUMBER:
      return g_strdup ("number");
    case HERO_RPC_TYPE_STRING:
      return sized ("string", type, "bytes");
    case HERO_RPC_TYPE_ENUM:
      {
        g_autofree char *list = g_strjoinv (", ", words);
        return g_strdup_printf ("one of %s", list);
      }
    case HERO_RPC_TYPE_BASE64:
      return sized ("base64 text", type, "bytes decoded");
    case HERO_RPC_TYPE_STRINGS:
      return sized ("array of strings", type, "elements");
    case HERO_RPC_TYPE_ARRAY:
      return sized ("array", type, "elements");
    case HERO_RPC_TYPE_OBJECT:
      return g_strdup ("object");
    default:
      return g_strdup ("any value");
    }
}

static void
compile_param (HeroRpcParamEntry *entry, const void *element, gsize size)
{
  g_autoptr (GError) error = NULL;

  memcpy (&entry->spec, element, MIN (size, sizeof entry->spec));
  entry->camel = camel_case (entry->spec.name);
  if (entry->spec.aliases != NULL)
    entry->aliases = g_strsplit (entry->spec.aliases, "|", -1);
  if (entry->spec.type.kind == HERO_RPC_TYPE_ENUM)
    entry->words = g_strsplit (entry->spec.type.words, "|", -1);
  entry->expected = describe_type (&entry->spec.type, entry->words);
  if (entry->spec.fallback != NULL)
    {
      entry->fallback = hero_json_parse (entry->spec.fallback, -1, &error);
      if (entry->fallback == NULL)
        g_critical ("parameter '%s': the default %s is not JSON: %s", entry->spec.name, entry->spec.fallback,
                    error->message);
    }
}

/* The name of an element of a table; a table ends with NULL there. Every element type begins with it. */
static const char *
element_name (const void *element)
{
  return *(const char *const *)element;
}

static guint
count_elements (const void *table, gsize size)
{
  guint n = 0;

  if (table != NULL)
    while (element_name ((const char *)table + n * size) != NULL)
      n++;
  return n;
}

/* ------------------------------------------------------------------------------------------------ methods */

static void
entry_free (HeroRpcEntry *entry)
{
  for (guint i = 0; i < entry->n_params; i++)
    {
      HeroRpcParamEntry *param = &entry->params[i];
      g_free (param->camel);
      g_strfreev (param->aliases);
      g_strfreev (param->words);
      g_free (param->expected);
      g_clear_pointer (&param->fallback, json_node_unref);
    }
  g_free (entry->params);
  g_free (entry);
}

static HeroRpcEntry *
entry_new (const void *method, gsize method_size, gsize param_size, const char *domain)
{
  HeroRpcEntry *entry = g_new0 (HeroRpcEntry, 1);

  memcpy (&entry->spec, method, MIN (method_size, sizeof entry->spec));
  entry->domain = entry->spec.domain != NULL ? entry->spec.domain : domain;
  entry->n_params = count_elements (entry->spec.params, param_size);
  entry->params = g_new0 (HeroRpcParamEntry, entry->n_params);
  for (guint i = 0; i < entry->n_params; i++)
    compile_param (&entry->params[i], (const char *)entry->spec.params + i * param_size, param_size);
  return entry;
}

static void
add_name (HeroRpcTable *table, const char *name, HeroRpcEntry *entry)
{
  if (!g_hash_table_insert (table->by_name, g_strdup (name), entry))
    g_critical ("method '%s' is declared twice", name);
}

static void
add_method (HeroRpcTable *table, HeroRpcEntry *entry)
{
  g_auto (GStrv) aliases = g_strsplit (entry->spec.aliases != NULL ? entry->spec.aliases : "", "|", -1);

  add_name (table, entry->spec.name, entry);
  for (guint i = 0; aliases[i] != NULL; i++)
    add_name (table, aliases[i], entry);
}

static void
copy_elements (GArray *to, const void *from, gsize from_size)
{
  guint size = g_array_get_element_size (to), n = count_elements (from, from_size);

  for (guint i = 0; i < n; i++)
    {
      g_array_set_size (to, to->len + 1);
      memcpy (to->data + (to->len - 1) * size, (const char *)from + i * from_size, MIN (from_size, size));
    }
}

static void
copy_errors (HeroRpcTable *table)
{
  const char *element = (const char *)table->spec.errors;

  g_array_append_vals (table->errors, shared_errors, G_N_ELEMENTS (shared_errors));
  for (; element != NULL && *(const int *)element != 0; element += table->spec.error_size)
    {
      HeroRpcErrorSpec error = { 0 };
      memcpy (&error, element, MIN (table->spec.error_size, sizeof error));
      g_array_append_val (table->errors, error);
    }
}

HeroRpcTable *
hero_rpc_table_new (const HeroRpcSpec *spec, const char *domain)
{
  HeroRpcTable *table = g_new0 (HeroRpcTable, 1);
  guint n;

  if (spec != NULL)
    memcpy (&table->spec, spec, MIN (spec->struct_size, sizeof table->spec));
  table->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)entry_free);
  table->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  table->schemas = g_array_new (FALSE, TRUE, sizeof (HeroRpcSchema));
  table->errors = g_array_new (FALSE, TRUE, sizeof (HeroRpcErrorSpec));

  n = count_elements (table->spec.methods, table->spec.method_size);
  for (guint i = 0; i < n; i++)
    {
      const char *method = (const char *)table->spec.methods + i * table->spec.method_size;
      HeroRpcEntry *entry = entry_new (method, table->spec.method_size, table->spec.param_size, domain);
      g_ptr_array_add (table->entries, entry);
      add_method (table, entry);
    }
  copy_elements (table->schemas, table->spec.schemas, table->spec.schema_size);
  copy_errors (table);
  return table;
}

void
hero_rpc_table_free (HeroRpcTable *table)
{
  g_hash_table_unref (table->by_name);
  g_ptr_array_unref (table->entries);
  g_array_unref (table->schemas);
  g_array_unref (table->errors);
  g_free (table);
}

void
hero_rpc_table_add_reserved (HeroRpcTable *table, const HeroRpcMethod *methods)
{
  for (; methods->name != NULL; methods++)
    {
      HeroRpcEntry *entry = entry_new (methods, sizeof *methods, sizeof (HeroRpcParam), NULL);
      g_ptr_array_add (table->entries, entry);
      add_method (table, entry);
    }
}

const HeroRpcEntry *
hero_rpc_table_lookup (const HeroRpcTable *table, const char *name)
{
  return g_hash_table_lookup (table->by_name, name);
}

const HeroRpcErrorSpec *
hero_rpc_table_error (const HeroRpcTable *table, int code)
{
  for (guint i = 0; i < table->errors->len; i++)
    {
      const HeroRpcErrorSpec *error = &g_array_index (table->errors, HeroRpcErrorSpec, i);
      if (error->code == code)
        return error;
    }
  return NULL;
}

/* ------------------------------------------------------------------------------------------------ did you mean */

const char *
hero_rpc_table_nearest (const HeroRpcTable *table, const char *name)
{
  const char *nearest = NULL;
  guint best = MAX (3, strlen (name) / 2) + 1;

  for (guint i = 0; i < table->entries->len; i++)
    {
      const HeroRpcEntry *entry = g_ptr_array_index (table->entries, i);
      guint distance = hero_edit_distance (name, entry->spec.name);
      if (distance < best)
        {
          best = distance;
          nearest = entry->spec.name;
        }
    }
  return nearest;
}
