/* proxy-route.c: the routing table of contract 5.1 as pure functions. */
#include "proxy-route.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------ names */

gboolean
proxy_is_name (const char *text, gsize length)
{
  if (length == 0 || length > 64 || !g_ascii_isalnum (*text))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("._-", text[i]) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
proxy_is_reserved (const char *name)
{
  static const char *const reserved[]
      = { "agent",   "api",          "admin",  "docs",        "favicon.ico", "fragments", "health",   "index.html", "mcp",
          "metrics", "openrpc.json", "router", "router-logs", "rpc",         "service",   "static",   "terminal",   NULL };

  return *name == '.' || g_strv_contains (reserved, name);
}

/* ------------------------------------------------------------------------------------------------ splitting */

static int
decoded (const char *p)
{
  return p[0] == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]) ? g_ascii_xdigit_value (p[1]) * 16 + g_ascii_xdigit_value (p[2])
                                                                          : -1;
}

/* TRUE for "." and "..", however they are written. */
static gboolean
is_dots (const char *segment, gsize length)
{
  guint dots = 0;

  for (gsize i = 0; i < length; dots++)
    {
      if (segment[i] == '.')
        i++;
      else if (decoded (segment + i) == '.')
        i += 3;
      else
        return FALSE;
    }
  return dots == 1 || dots == 2;
}

static guint
check_bytes (const char *path, const char **why)
{
  for (const char *p = path; *p != '\0'; p++)
    {
      int c = decoded (p);

      if ((guchar) *p < 0x20 || *p == 0x7f || *p == '\\' || *p == '#' || c == 0 || c == '\\')
        {
          *why = "the path has a control byte, a backslash or a fragment";
          return 400;
        }
    }
  for (const char *segment = path; segment != NULL; segment = strchr (segment, '/'))
    {
      segment += *segment == '/' ? 1 : 0;
      if (is_dots (segment, strcspn (segment, "/")))
        {
          *why = "the path has a segment \".\" or \"..\"";
          return 404;
        }
    }
  return 0;
}

guint
proxy_path_split (const char *raw_path, ProxyPath *path, const char **why)
{
  const char *service = raw_path + 1, *segment;
  gsize service_length, segment_length;
  guint status;

  memset (path, 0, sizeof *path);
  if (*raw_path != '/')
    {
      *why = "the path does not begin with a slash";
      return 400;
    }
  status = check_bytes (raw_path, why);
  if (status != 0)
    return status;
  service_length = strcspn (service, "/");
  segment = service + service_length + (service[service_length] == '/' ? 1 : 0);
  segment_length = strcspn (segment, "/");
  if (service_length == 0 && *segment == '\0')
    return 0;
  if (!proxy_is_name (service, service_length) || (segment_length > 0 && !proxy_is_name (segment, segment_length))
      || (segment_length == 0 && *segment == '/'))
    {
      *why = "the first two parts of the path must be the names of a service and of a socket";
      return 404;
    }
  path->service = g_strndup (service, service_length);
  path->segment = segment_length == 0 ? NULL : g_strndup (segment, segment_length);
  path->rest = g_strdup (segment + segment_length);
  return 0;
}

void
proxy_path_clear (ProxyPath *path)
{
  g_clear_pointer (&path->service, g_free);
  g_clear_pointer (&path->segment, g_free);
  g_clear_pointer (&path->rest, g_free);
}

/* ------------------------------------------------------------------------------------------------ finding the socket */

static const char *
find (const char *const *sockets, const char *name)
{
  for (guint i = 0; sockets[i] != NULL; i++)
    if (g_str_equal (sockets[i], name))
      return sockets[i];
  return NULL;
}

static void
forward (const ProxyPath *path, ProxyRoute *route, const char *socket, const char *wanted, char *backend_path)
{
  route->kind = socket == NULL ? PROXY_NOT_FOUND : PROXY_FORWARD;
  route->socket = socket;
  route->path = backend_path;
  route->wanted = socket == NULL ? g_strdup (wanted) : NULL;
  route->prefix = g_strconcat ("/", path->service, "/", path->segment, NULL);
}

/* "/rest" with at least its slash. */
static char *
rest_path (const ProxyPath *path)
{
  return g_strdup (*path->rest == '\0' ? "/" : path->rest);
}

static void
route_api (const ProxyPath *path, const char *const *sockets, const char *const *domains, ProxyRoute *route)
{
  const char *first = *path->rest == '/' ? path->rest + 1 : path->rest;
  g_autofree char *domain = g_strndup (first, strcspn (first, "/"));
  gboolean is_domain = first[strlen (domain)] == '/' && g_strv_contains (domains, domain);

  if (is_domain || g_str_equal (path->rest, "/domains.json"))
    {
      forward (path, route, find (sockets, "rpc.sock"), "rpc.sock", g_strconcat ("/api", path->rest, NULL));
      g_free (route->prefix);
      route->prefix = g_strconcat ("/", path->service, NULL);
      route->rpc = is_domain && g_str_equal (first + strlen (domain), "/rpc");
    }
  else
    forward (path, route, find (sockets, "openapi.sock"), "openapi.sock", rest_path (path));
}

static void
route_rpc (const ProxyPath *path, const char *const *sockets, ProxyRoute *route)
{
  gboolean bare = *path->rest == '\0' || g_str_equal (path->rest, "/");

  forward (path, route, find (sockets, "rpc.sock"), "rpc.sock", g_strdup (bare ? "/rpc" : path->rest));
  route->rpc = bare || g_str_equal (path->rest, "/rpc");
}

static void
route_named (const ProxyPath *path, const char *const *sockets, ProxyRoute *route)
{
  static const struct
  {
    const char *segment, *sockets[3];
  } pages[] = { { "admin", { "admin.sock", "ui.sock" } },
                { "ui", { "ui.sock", "admin.sock", "web.sock" } },
                { "web", { "web.sock", "ui.sock", "admin.sock" } } };
  g_autofree char *web = g_strconcat ("web_", path->segment, ".sock", NULL);
  g_autofree char *plain = g_strconcat (path->segment, ".sock", NULL);
  const char *socket = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (g_str_equal (pages[i].segment, path->segment))
      {
        for (guint j = 0; j < 3 && pages[i].sockets[j] != NULL && socket == NULL; j++)
          socket = find (sockets, pages[i].sockets[j]);
        forward (path, route, socket, plain, rest_path (path));
        route->page = TRUE;
        return;
      }
  socket = find (sockets, web);
  route->page = socket != NULL || g_str_equal (plain, "editor.sock");
  forward (path, route, socket != NULL ? socket : find (sockets, plain), plain, rest_path (path));
}

void
proxy_route_find (const ProxyPath *path, const char *const *sockets, const char *const *domains, ProxyRoute *route)
{
  memset (route, 0, sizeof *route);
  if (path->segment == NULL)
    {
      route->kind = PROXY_INDEX;
      return;
    }
  if (g_str_equal (path->segment, "openrpc.json") && *path->rest == '\0')
    {
      route->kind = PROXY_DOCUMENT;
      return;
    }
  if (g_str_equal (path->segment, "api"))
    route_api (path, sockets, domains, route);
  else if (g_str_equal (path->segment, "rpc"))
    route_rpc (path, sockets, route);
  else
    route_named (path, sockets, route);

  if (route->kind == PROXY_FORWARD && g_str_equal (route->socket, "resp.sock"))
    {
      route->kind = PROXY_NOT_HTTP;
      route->wanted = g_strdup (route->socket);
    }
  else if (route->kind == PROXY_FORWARD && route->page && *path->rest == '\0')
    route->kind = PROXY_REDIRECT_SLASH;
}

void
proxy_route_clear (ProxyRoute *route)
{
  g_clear_pointer (&route->wanted, g_free);
  g_clear_pointer (&route->path, g_free);
  g_clear_pointer (&route->prefix, g_free);
}

char *
proxy_index_segment (const char *const *sockets)
{
  static const char *const first[][2] = { { "admin.sock", "admin/" }, { "web.sock", "web/" }, { "ui.sock", "ui/" } };

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    if (find (sockets, first[i][0]) != NULL)
      return g_strdup (first[i][1]);
  for (guint i = 0; sockets[i] != NULL; i++)
    if (g_str_has_prefix (sockets[i], "web_") && g_str_has_suffix (sockets[i], ".sock"))
      return g_strdup_printf ("%.*s/", (int) (strlen (sockets[i]) - strlen ("web_") - strlen (".sock")), sockets[i] + strlen ("web_"));
  return NULL;
}
