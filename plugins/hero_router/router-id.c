/* router-id.c: UUID v5 and canonical JSON. Pure functions; any thread. */
#include "router-id.h"

#include <stdlib.h>
#include <string.h>

char *
router_service_id (const char *directory)
{
  static const guint8 namespace_url[16]
      = { 0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };
  g_autofree char *name = g_strconcat ("hero://service/", directory, NULL);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize length = sizeof digest;

  g_checksum_update (checksum, namespace_url, sizeof namespace_url);
  g_checksum_update (checksum, (const guchar *) name, (gssize) strlen (name));
  g_checksum_get_digest (checksum, digest, &length);
  digest[6] = (digest[6] & 0x0f) | 0x50;
  digest[8] = (digest[8] & 0x3f) | 0x80;
  return g_strdup_printf ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", digest[0], digest[1],
                          digest[2], digest[3], digest[4], digest[5], digest[6], digest[7], digest[8], digest[9], digest[10],
                          digest[11], digest[12], digest[13], digest[14], digest[15]);
}

/* ------------------------------------------------------------------------------------------------ canonical JSON */

/*
 * The text was checked, so the walk below meets no surprises and nests at most HERO_JSON_MAX_DEPTH deep. It works on the
 * text because a parsed tree no longer knows how a number was written.
 */
static const char *append_value (GString *out, const char *p);

static const char *
skip_blanks (const char *p)
{
  return p + strspn (p, " \t\r\n");
}

static gunichar
hex4 (const char *p)
{
  char digits[5];

  memcpy (digits, p, 4);
  digits[4] = '\0';
  return (gunichar) strtoul (digits, NULL, 16);
}

/* One escape sequence after the backslash. */
static const char *
append_unescaped (GString *out, const char *p)
{
  static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
  const char *name = strchr (names, *p);
  gunichar c;

  if (name != NULL)
    g_string_append_c (out, values[name - names]);
  else if (*p != 'u')
    g_string_append_c (out, *p);
  else
    {
      c = hex4 (p + 1);
      p += 4;
      if (c >= 0xd800 && c < 0xdc00)
        {
          c = 0x10000 + ((c - 0xd800) << 10) + (hex4 (p + 3) - 0xdc00);
          p += 6;
        }
      g_string_append_unichar (out, c);
    }
  return p + 1;
}

/* p at the opening quote; returns behind the closing one. */
static const char *
read_string (GString *out, const char *p)
{
  for (p++; *p != '"';)
    if (*p == '\\')
      p = append_unescaped (out, p + 1);
    else
      g_string_append_c (out, *p++);
  return p + 1;
}

static void
append_quoted (GString *out, const GString *text)
{
  static const char values[] = "\b\f\n\r\t\"\\", names[] = "bfnrt\"\\";

  g_string_append_c (out, '"');
  for (gsize i = 0; i < text->len; i++)
    {
      char c = text->str[i];
      const char *at = c == '\0' ? NULL : strchr (values, c);

      if (at != NULL)
        g_string_append_printf (out, "\\%c", names[at - values]);
      else if ((guchar) c < 0x20)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_c (out, c);
    }
  g_string_append_c (out, '"');
}

static int
compare_keys (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

static const char *
append_object (GString *out, const char *p)
{
  g_autoptr (GTree) members = g_tree_new_full (compare_keys, NULL, g_free, g_free);
  gboolean first = TRUE;

  for (p = skip_blanks (p + 1); *p != '}';)
    {
      g_autoptr (GString) name = g_string_new (NULL), key = g_string_new (NULL);
      GString *value = g_string_new (NULL);

      p = skip_blanks (read_string (name, p));
      append_quoted (key, name);
      p = skip_blanks (append_value (value, p + 1));
      /* Of doubled keys the last counts. The key sorts by its bytes before quoting. */
      g_string_prepend (value, ":");
      g_string_prepend (value, key->str);
      g_tree_replace (members, g_strdup (name->str), g_string_free (value, FALSE));
      if (*p == ',')
        p = skip_blanks (p + 1);
    }
  g_string_append_c (out, '{');
  for (GTreeNode *node = g_tree_node_first (members); node != NULL; node = g_tree_node_next (node))
    {
      g_string_append (out, first ? "" : ",");
      g_string_append (out, g_tree_node_value (node));
      first = FALSE;
    }
  g_string_append_c (out, '}');
  return p + 1;
}

static const char *
append_array (GString *out, const char *p)
{
  g_string_append_c (out, '[');
  for (p = skip_blanks (p + 1); *p != ']';)
    {
      p = skip_blanks (append_value (out, p));
      if (*p == ',')
        {
          g_string_append_c (out, ',');
          p++;
        }
    }
  g_string_append_c (out, ']');
  return p + 1;
}

static const char *
append_value (GString *out, const char *p)
{
  gsize length;

  p = skip_blanks (p);
  switch (*p)
    {
    case '{':
      return append_object (out, p);
    case '[':
      return append_array (out, p);
    case '"':
      {
        g_autoptr (GString) text = g_string_new (NULL);

        p = read_string (text, p);
        append_quoted (out, text);
        return p;
      }
    default:
      length = strcspn (p, ",]} \t\r\n");
      g_string_append_len (out, p, (gssize) length);
      return p + length;
    }
}

char *
router_canonical_json (const char *json)
{
  GString *out = g_string_new (NULL);

  append_value (out, json);
  return g_string_free (out, FALSE);
}

char *
router_fingerprint (const char *json)
{
  g_autofree char *canonical = router_canonical_json (json);

  return g_compute_checksum_for_string (G_CHECKSUM_MD5, canonical, -1);
}
