/*
 * host-check.c: the Host and Origin rule of TCP listeners (conventions 3). It keeps pages of other sites, and names
 * that were made to point at us (DNS rebinding), away from services that trust their user. Pure; any thread.
 */
#include <string.h>

#include <hero-service/peer.h>

/* "name", "name:port", "[v6]:port" -> name without brackets and the port, `fallback` where none is given. */
static char *
split_authority (const char *text, guint fallback, guint *port)
{
  const char *end = text[0] == '[' ? strchr (text, ']') : NULL;
  const char *colon = strrchr (end ? end : text, ':');
  guint64 number = fallback;

  if (text[0] == '[' && (!end || (end[1] != '\0' && end[1] != ':')))
    return NULL;
  if (colon && !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &number, NULL))
    return NULL;
  *port = (guint)number;
  if (end)
    return g_strndup (text + 1, (gsize)(end - text) - 1);
  return colon ? g_strndup (text, (gsize)(colon - text)) : g_strdup (text);
}

/* An entry with a port means that port, one without any port: the name alone defeats rebinding. */
static gboolean
entry_matches (const char *entry, const char *name, guint port)
{
  guint entry_port;
  g_autofree char *entry_name = split_authority (entry, 0, &entry_port);

  return entry_name && g_ascii_strcasecmp (entry_name, name) == 0 && (entry_port == 0 || entry_port == port);
}

static gboolean
authority_is_ours (const char *authority, guint default_port, const char *bound, guint our_port,
                   const char *const *extra)
{
  guint port;
  g_autofree char *name = split_authority (authority, default_port, &port);

  if (!name)
    return FALSE;
  if (port == our_port)
    {
      const char *ours[] = { bound ? bound : "localhost", "localhost", "127.0.0.1", "::1" };
      for (guint i = 0; i < G_N_ELEMENTS (ours); i++)
        if (g_ascii_strcasecmp (name, ours[i]) == 0)
          return TRUE;
    }
  for (guint i = 0; extra && extra[i]; i++)
    if (entry_matches (extra[i], name, port))
      return TRUE;
  return FALSE;
}

gboolean
hero_host_is_allowed (const char *host, const char *origin, const char *bound_address, guint port,
                      const char *const *extra)
{
  if (!host || !authority_is_ours (host, 80, bound_address, port, extra))
    return FALSE;
  if (!origin)
    return TRUE;
  if (g_str_has_prefix (origin, "http://"))
    return authority_is_ours (origin + strlen ("http://"), 80, bound_address, port, extra);
  if (g_str_has_prefix (origin, "https://"))
    return authority_is_ours (origin + strlen ("https://"), 443, bound_address, port, extra);
  return FALSE;
}
