/* http-route.c: patterns such as "/api/{domain}/rpc" and "/files/{rest...}". Service thread. */
#include "http-route.h"

#include <string.h>

typedef struct
{
  HeroHttpRoute route; /* strings owned */
  gpointer self;
  char **parts;   /* of the path, between slashes */
  char **methods; /* NULL = any */
} Pattern;

struct _HeroRouteTable
{
  GPtrArray *standard, *own; /* Pattern */
};

static void
pattern_free (Pattern *pattern)
{
  g_free ((char *)pattern->route.path);
  g_free ((char *)pattern->route.methods);
  g_strfreev (pattern->parts);
  g_strfreev (pattern->methods);
  g_free (pattern);
}

HeroRouteTable *
hero_route_table_new (void)
{
  HeroRouteTable *table = g_new0 (HeroRouteTable, 1);

  table->standard = g_ptr_array_new_with_free_func ((GDestroyNotify)pattern_free);
  table->own = g_ptr_array_new_with_free_func ((GDestroyNotify)pattern_free);
  return table;
}

void
hero_route_table_free (HeroRouteTable *table)
{
  g_ptr_array_unref (table->standard);
  g_ptr_array_unref (table->own);
  g_free (table);
}

/* The parts between slashes: one empty part for "/" itself. */
static char **
split_path (const char *path)
{
  char **parts = g_strsplit (path + 1, "/", -1);

  if (parts[0] != NULL)
    return parts;
  g_strfreev (parts);
  parts = g_new0 (char *, 2);
  parts[0] = g_strdup ("");
  return parts;
}

void
hero_route_table_add (HeroRouteTable *table, const HeroHttpRoute *routes, gsize route_size, gpointer self,
                      gboolean standard)
{
  for (const char *element = (const char *)routes;; element += route_size)
    {
      Pattern *pattern = g_new0 (Pattern, 1);
      memcpy (&pattern->route, element, MIN (route_size, sizeof pattern->route));
      if (pattern->route.path == NULL)
        {
          g_free (pattern);
          return;
        }
      pattern->route.path = g_strdup (pattern->route.path);
      pattern->route.methods = g_strdup (pattern->route.methods);
      pattern->self = self;
      pattern->parts = split_path (pattern->route.path);
      if (strcmp (pattern->route.methods, "*") != 0)
        pattern->methods = g_strsplit (pattern->route.methods, "|", -1);
      g_ptr_array_add (standard ? table->standard : table->own, pattern);
    }
}

static gboolean
allows (const Pattern *pattern, const char *method)
{
  const char *const *methods = (const char *const *)pattern->methods;

  return methods == NULL || g_strv_contains (methods, method)
         || (strcmp (method, "HEAD") == 0 && g_strv_contains (methods, "GET"));
}

static gboolean
is_variable (const char *part)
{
  return part[0] == '{';
}

static gboolean
is_rest (const char *part)
{
  return part[0] == '{' && g_str_has_suffix (part, "...}");
}

/* Notes {name} = value. match NULL: only asks. */
static gboolean
capture (HeroRouteMatch *match, const char *part, const char *value, gsize length)
{
  char *decoded;

  if (match == NULL)
    return TRUE;
  decoded = g_uri_unescape_segment (value, value + length, NULL);
  if (decoded == NULL || match->n_segments == HERO_ROUTE_MAX_SEGMENTS)
    {
      g_free (decoded);
      return FALSE;
    }
  match->names[match->n_segments] = part;
  match->values[match->n_segments++] = decoded;
  return TRUE;
}

static gboolean
fits (const Pattern *pattern, const char *path, HeroRouteMatch *match)
{
  const char *at = path + 1;

  for (guint i = 0; pattern->parts[i] != NULL; i++)
    {
      const char *part = pattern->parts[i], *slash = strchrnul (at, '/');
      gsize length = slash - at;

      if (is_rest (part))
        return capture (match, part, at, strlen (at));
      if (is_variable (part))
        {
          if (length == 0 || !capture (match, part, at, length))
            return FALSE;
        }
      else if (strncmp (part, at, length) != 0 || part[length] != '\0')
        return FALSE;
      if (pattern->parts[i + 1] == NULL)
        return *slash == '\0';
      if (*slash == '\0')
        return FALSE;
      at = slash + 1;
    }
  return FALSE;
}

static gboolean
match_in (GPtrArray *patterns, const char *method, const char *path, HeroRouteMatch *match)
{
  for (guint i = 0; i < patterns->len; i++)
    {
      const Pattern *pattern = g_ptr_array_index (patterns, i);
      if (!fits (pattern, path, NULL))
        continue;
      match->path_known = TRUE;
      if (!allows (pattern, method) || !fits (pattern, path, match))
        {
          hero_route_match_clear (match);
          match->path_known = TRUE;
          continue;
        }
      match->route = &pattern->route;
      match->self = pattern->self;
      return TRUE;
    }
  return FALSE;
}

void
hero_route_table_match (HeroRouteTable *table, const char *method, const char *raw_path, HeroRouteMatch *match)
{
  *match = (HeroRouteMatch){ 0 };
  if (raw_path[0] != '/')
    return;
  if (!match_in (table->standard, method, raw_path, match) && !match->path_known)
    match_in (table->own, method, raw_path, match);
}

void
hero_route_match_clear (HeroRouteMatch *match)
{
  for (guint i = 0; i < match->n_segments; i++)
    g_free (match->values[i]);
  *match = (HeroRouteMatch){ 0 };
}

static void
collect_methods (GPtrArray *patterns, const char *path, GPtrArray *methods)
{
  for (guint i = 0; i < patterns->len; i++)
    {
      const Pattern *pattern = g_ptr_array_index (patterns, i);
      if (!fits (pattern, path, NULL))
        continue;
      for (guint j = 0; pattern->methods != NULL && pattern->methods[j] != NULL; j++)
        {
          if (!g_ptr_array_find_with_equal_func (methods, pattern->methods[j], g_str_equal, NULL))
            g_ptr_array_add (methods, pattern->methods[j]);
          if (strcmp (pattern->methods[j], "GET") == 0
              && !g_ptr_array_find_with_equal_func (methods, "HEAD", g_str_equal, NULL))
            g_ptr_array_add (methods, "HEAD");
        }
    }
}

char *
hero_route_table_allow (HeroRouteTable *table, const char *raw_path)
{
  g_autoptr (GPtrArray) methods = g_ptr_array_new ();

  collect_methods (table->standard, raw_path, methods);
  collect_methods (table->own, raw_path, methods);
  g_ptr_array_add (methods, "OPTIONS");
  g_ptr_array_add (methods, NULL);
  return g_strjoinv (", ", (char **)methods->pdata);
}
