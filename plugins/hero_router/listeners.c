/* listeners.c: which TCP addresses the configuration asks for (contract 1). In create: declares them, binds nothing. */
#include <string.h>

#include "auto-address.h"
#include "router.h"

/* "127.0.0.1", "::1" with a port: "127.0.0.1:9988", "[::1]:9988". transfer full. */
static char *
join_address (const char *ip, gint64 port)
{
  return g_strdup_printf (strchr (ip, ':') != NULL ? "[%s]:%d" : "%s:%d", ip, (int) port);
}

static gboolean
is_ip (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL;
}

/* "IP:PORT" with IPv6 in brackets. */
static gboolean
is_ip_and_port (const char *text)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *ip = NULL;
  gsize length;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, NULL, NULL))
    return FALSE;
  length = (gsize) (colon - text);
  if (text[0] == '[' && length > 2 && text[length - 1] == ']')
    ip = g_strndup (text + 1, length - 2);
  else if (memchr (text, ':', length) == NULL)
    ip = g_strndup (text, length);
  return ip != NULL && is_ip (ip);
}

/* The chain of `address = "auto"`; transfer full. */
static char *
automatic_address (HeroServiceContext *ctx)
{
  const char *step;
  char *address = auto_address_find (ctx, &step);

  hero_info (ctx, "address = \"auto\" is %s (%s)", address, step);
  return address;
}

static void
add (HeroServiceContext *ctx, const char *address)
{
  ctx->host->add_listener (ctx, "admin", "ui", address);
}

static gboolean
add_bind (HeroServiceContext *ctx, GError **error)
{
  const char *const *addresses = hero_service_get_strings (ctx, "bind");

  for (guint i = 0; addresses[i] != NULL; i++)
    {
      if (!is_ip_and_port (addresses[i]))
        {
          g_autofree char *text = g_strdup_printf ("expected IP:PORT (IPv6 in brackets), found \"%s\"", addresses[i]);

          ctx->host->report (ctx, "bind", HERO_REPORT_ERROR, text);
          g_set_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG, "bind: %s", text);
          return FALSE;
        }
      add (ctx, addresses[i]);
    }
  if (hero_service_has_key (ctx, "port") || hero_service_has_key (ctx, "address") || hero_service_has_key (ctx, "ui_port"))
    ctx->host->report (ctx, "bind", HERO_REPORT_WARNING, "port, address and ui_port have no effect beside bind");
  return TRUE;
}

gboolean
router_add_listeners (HeroServiceContext *ctx, GError **error)
{
  const char *address = hero_service_get_string (ctx, "address");
  gint64 port = hero_service_get_integer (ctx, "port"), ui_port = hero_service_get_integer (ctx, "ui_port");
  g_autofree char *main_ip = NULL;

  if (hero_service_has_key (ctx, "bind"))
    return add_bind (ctx, error);
  if (strcmp (address, "auto") == 0)
    main_ip = automatic_address (ctx);
  else if (is_ip (address))
    main_ip = g_strdup (address);
  else if (is_ip_and_port (address))
    main_ip = g_strdup ("127.0.0.1");
  else
    {
      g_autofree char *text = g_strdup_printf ("expected an IP, IP:PORT or \"auto\", found \"%s\"", address);

      ctx->host->report (ctx, "address", HERO_REPORT_ERROR, text);
      g_set_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG, "address: %s", text);
      return FALSE;
    }
  for (guint i = 0; i < 2; i++)
    {
      gint64 wanted = i == 0 ? port : ui_port;
      g_autofree char *text = join_address (main_ip, wanted);

      if (wanted != 0)
        add (ctx, text);
    }
  if (is_ip_and_port (address))
    add (ctx, address);
  return TRUE;
}

JsonArray *
router_listeners_to_json (HeroServiceContext *ctx)
{
  JsonArray *array = json_array_new ();
  const char *address;

  for (guint i = 1; (address = ctx->host->listener_address (ctx, "admin", i)) != NULL; i++)
    if (ctx->host->listener (ctx, "admin", i) >= 0)
      json_array_add_string_element (array, address);
  return array;
}
