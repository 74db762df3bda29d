/* auto-address.c: setting, configuration of the mesh, bridge of the user, loopback. In create; reads one small file. */
#include "auto-address.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

static gboolean
is_ip (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL;
}

/* "key = "value" # comment" to value; NULL = another key, or no text. transfer full */
static char *
value_of (const char *line, const char *key)
{
  const char *end;

  if (!g_str_has_prefix (line, key))
    return NULL;
  line += strlen (key);
  line += strspn (line, " \t");
  if (*line++ != '=')
    return NULL;
  line += strspn (line, " \t");
  if ((*line != '"' && *line != '\'') || (end = strchr (line + 1, *line)) == NULL)
    return NULL;
  return g_strndup (line + 1, (gsize) (end - line - 1));
}

/* The one key that is wanted stands on a line of its own in a table of its own: no need for a whole TOML reader in a plugin. */
char *
auto_address_read_cfg (const char *toml)
{
  g_auto (GStrv) lines = g_strsplit (toml, "\n", -1);
  gboolean inside = FALSE;

  for (char **line = lines; *line != NULL; line++)
    {
      char *value;

      g_strstrip (*line);
      if (**line == '[')
        inside = g_str_has_prefix (*line, "[mycelium]");
      else if (inside && (value = value_of (*line, "ipv6_address")) != NULL)
        return value;
    }
  return NULL;
}

static char *
cfg_address (HeroServiceContext *ctx)
{
  const char *home = hero_service_get_setting (ctx, "home");
  g_autofree char *path = g_build_filename (home, "hero", "cfg", "hero_cfg.toml", NULL);
  g_autofree char *text = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR) || !g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  return auto_address_read_cfg (text);
}

/* How much an address of the user's own bridge is wanted: of the mesh (400::/7), global IPv6, IPv4; 0 = not at all. */
static guint
rank (const struct sockaddr *address)
{
  const guint8 *bytes;

  if (address->sa_family == AF_INET)
    return 1;
  if (address->sa_family != AF_INET6)
    return 0;
  bytes = ((const struct sockaddr_in6 *) address)->sin6_addr.s6_addr;
  if ((bytes[0] & 0xfe) == 0x04)
    return 3;
  return bytes[0] == 0xfe ? 0 : 2;
}

/* The best address of the interface "br-<user>"; NULL = there is none. transfer full */
static char *
bridge_address (HeroServiceContext *ctx)
{
  g_autofree char *name = g_strconcat ("br-", hero_service_get_setting (ctx, "user"), NULL);
  struct ifaddrs *list = NULL, *best = NULL;
  char *text = NULL;

  if (getifaddrs (&list) != 0)
    return NULL;
  for (struct ifaddrs *at = list; at != NULL; at = at->ifa_next)
    if (at->ifa_addr != NULL && strcmp (at->ifa_name, name) == 0 && rank (at->ifa_addr) > (best == NULL ? 0 : rank (best->ifa_addr)))
      best = at;
  if (best != NULL)
    {
      gboolean v6 = best->ifa_addr->sa_family == AF_INET6;
      const guint8 *bytes = v6 ? ((const struct sockaddr_in6 *) best->ifa_addr)->sin6_addr.s6_addr
                               : (const guint8 *) &((const struct sockaddr_in *) best->ifa_addr)->sin_addr;
      g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (bytes, v6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4);

      text = g_inet_address_to_string (address);
    }
  freeifaddrs (list);
  return text;
}

char *
auto_address_find (HeroServiceContext *ctx, const char **step)
{
  static const char *const steps[] = { "HERO_MYCELIUM_IP", "hero_cfg.toml [mycelium] ipv6_address", "the bridge of the user" };
  char *found[] = { g_strdup (hero_service_get_setting (ctx, "mycelium_ip")), cfg_address (ctx), bridge_address (ctx) };
  char *address = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *value = found[i];
      g_autofree char *text = NULL;

      if (address != NULL || value == NULL)
        continue;
      *step = steps[i];
      if (is_ip (value))
        {
          address = g_steal_pointer (&value);
          continue;
        }
      text = g_strdup_printf ("%s is no IP address: \"%s\"; the next step of \"auto\" is taken", steps[i], value);
      ctx->host->report (ctx, "address", HERO_REPORT_WARNING, text);
    }
  if (address == NULL)
    *step = "nothing else was found";
  return address != NULL ? address : g_strdup ("127.0.0.1");
}
