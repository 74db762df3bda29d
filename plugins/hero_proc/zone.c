/* zone.c: see zone.h. Any thread. */
#include "zone.h"

#include <string.h>

#include "errors.h"
#include "reader.h"

/* All zones in one text: "Z NAME .." and "L TARGET NAME". */
#define ZONES_FILE "/usr/share/zoneinfo/tzdata.zi"
#define MAX_NAME 64

/*
 * Names of zones begin with a capital; what does not is another file of the same directory, or the zones with leap
 * seconds
 * ("right/.."). No dots, so no way out of the directory.
 */
static gboolean
is_zone_name (const char *name)
{
  gsize length = strlen (name);

  return g_ascii_isupper (*name) && length <= MAX_NAME
         && strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == length;
}

/* The zone with nearly this name, in whatever case, or of this city; NULL if there is none. Transfer full. */
static char *
nearest_zone (const char *name)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) folded_names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = NULL, *folded = g_ascii_strdown (name, -1), *city = g_strconcat ("/", folded, NULL);
  g_auto (GStrv) lines = NULL;
  const char *nearest;
  guint index = 0;

  if (!g_file_get_contents (ZONES_FILE, &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", 4);
      guint n = g_strv_length (words), at = n > 0 && strcmp (words[0], "Z") == 0 ? 1 : 2;

      if (n <= at || (at == 2 && strcmp (words[0], "L") != 0))
        continue;
      g_ptr_array_add (names, g_strdup (words[at]));
      g_ptr_array_add (folded_names, g_ascii_strdown (words[at], -1));
      if (g_str_has_suffix (folded_names->pdata[folded_names->len - 1], city))
        return g_strdup (words[at]);
    }
  /* What is short or has no area is near to anything. */
  nearest = strlen (name) > 5 && strchr (name, '/') != NULL ? proc_nearest_name (folded, folded_names) : NULL;
  return nearest != NULL && g_ptr_array_find (folded_names, nearest, &index) ? g_strdup (names->pdata[index]) : NULL;
}

GTimeZone *
proc_zone_new (const char *name, const char *param, GError **error)
{
  g_autofree char *nearest = NULL, *expected = NULL;
  GTimeZone *zone = NULL;

  if (g_ascii_strcasecmp (name, "local") == 0)
    return g_time_zone_new_local ();
  if (g_ascii_strcasecmp (name, "UTC") == 0)
    return g_time_zone_new_utc ();
  if (is_zone_name (name))
    zone = g_time_zone_new_identifier (name);
  if (zone != NULL)
    return zone;
  nearest = nearest_zone (name);
  expected = nearest != NULL ? g_strdup_printf ("a time zone; the nearest is '%s'", nearest)
                             : g_strdup ("a time zone: local, UTC or an IANA name such as Europe/Brussels");
  g_propagate_error (error, proc_error_new_param (param, expected, name));
  return NULL;
}
