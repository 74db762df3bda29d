/* test-proxy-route.c: the routing table of the contract, row by row. */
#include <string.h>

#include "proxy-route.h"

static const char *const all[] = { "admin.sock", "editor.sock", "resp.sock", "rpc.sock", "web_chat.sock", NULL };
static const char *const domains[] = { "main", NULL };

/* "admin.sock /x" for FORWARD, else the kind's name. */
static char *
find_in (const char *const *sockets, const char *raw_path)
{
  static const char *const kinds[] = { "", "slash", "index", "document", "none", "not-http" };
  g_auto (ProxyPath) path = { 0 };
  g_auto (ProxyRoute) route = { 0 };
  const char *why;

  g_assert_cmpuint (proxy_path_split (raw_path, &path, &why), ==, 0);
  proxy_route_find (&path, sockets, domains, &route);
  if (route.kind == PROXY_FORWARD)
    return g_strdup_printf ("%s %s %s%s", route.socket, route.path, route.prefix, route.rpc ? " rpc" : "");
  return g_strdup_printf ("%s%s%s", kinds[route.kind], route.wanted != NULL ? " " : "", route.wanted != NULL ? route.wanted : "");
}

static void
test_table (void)
{
  static const char *const cases[][2] = {
    { "/s", "index" },
    { "/s/", "index" },
    { "/s/openrpc.json", "document" },
    { "/s/rpc", "rpc.sock /rpc /s/rpc rpc" },
    { "/s/rpc/", "rpc.sock /rpc /s/rpc rpc" },
    { "/s/rpc/rpc", "rpc.sock /rpc /s/rpc rpc" },
    { "/s/rpc/health", "rpc.sock /health /s/rpc" },
    { "/s/rpc/api/main/events", "rpc.sock /api/main/events /s/rpc" },
    { "/s/api/domains.json", "rpc.sock /api/domains.json /s" },
    { "/s/api/main/rpc", "rpc.sock /api/main/rpc /s rpc" },
    { "/s/api/main/openrpc.json", "rpc.sock /api/main/openrpc.json /s" },
    { "/s/api/none/rpc", "none openapi.sock" },
    { "/s/admin", "slash" },
    { "/s/admin/", "admin.sock / /s/admin" },
    { "/s/admin/a%20b//c", "admin.sock /a%20b//c /s/admin" },
    { "/s/ui/x", "admin.sock /x /s/ui" },
    { "/s/web/x", "admin.sock /x /s/web" },
    { "/s/chat/x", "web_chat.sock /x /s/chat" },
    { "/s/chat", "slash" },
    { "/s/editor/x", "editor.sock /x /s/editor" },
    { "/s/resp/x", "not-http resp.sock" },
    { "/s/nothing/x", "none nothing.sock" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = find_in (all, cases[i][0]);

      g_test_message ("%s", cases[i][0]);
      g_assert_cmpstr (found, ==, cases[i][1]);
    }
}

static void
test_fallbacks (void)
{
  static const char *const only_ui[] = { "ui.sock", NULL }, *const open[] = { "openapi.sock", NULL }, *const none[] = { NULL };
  static const struct
  {
    const char *const *sockets;
    const char *path, *expected;
  } cases[] = {
    { only_ui, "/s/admin/x", "ui.sock /x /s/admin" }, { only_ui, "/s/rpc", "none rpc.sock" },
    { open, "/s/api/v1/x", "openapi.sock /v1/x /s/api" }, { open, "/s/api/", "openapi.sock / /s/api" },
    { none, "/s/admin/", "none admin.sock" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = find_in (cases[i].sockets, cases[i].path);

      g_assert_cmpstr (found, ==, cases[i].expected);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *path;
    guint status;
  } cases[] = {
    { "/s/admin/../x", 404 },   { "/s/admin/%2e%2E/x", 404 }, { "/s/admin/.%2e", 404 }, { "/../s/admin/", 404 },
    { "/s/admin/./x", 404 },    { "/s/./x", 404 },            { "/s/admin/a%00", 400 }, { "/s/admin/a\\b", 400 },
    { "/s/admin/a%5cb", 400 },  { "/s/admin/a#b", 400 },      { "/s/admin/a\tb", 400 }, { "x", 400 },
    { "/s%2fadmin/x", 404 },    { "/s/ad%6din/x", 404 },      { "//admin/x", 404 },     { "/s//x", 404 },
    { "/s/admin/...", 0 },      { "/s/admin/%2e%2e%2e", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (ProxyPath) path = { 0 };
      const char *why = NULL;

      g_test_message ("%s", cases[i].path);
      g_assert_cmpuint (proxy_path_split (cases[i].path, &path, &why), ==, cases[i].status);
      g_assert_true ((why != NULL) == (cases[i].status != 0));
    }
}

static void
test_index (void)
{
  static const char *const web[] = { "rpc.sock", "web_chat.sock", NULL }, *const rpc[] = { "rpc.sock", NULL };
  g_autofree char *first = proxy_index_segment (all);
  g_autofree char *chat = proxy_index_segment (web);

  g_assert_cmpstr (first, ==, "admin/");
  g_assert_cmpstr (chat, ==, "chat/");
  g_assert_null (proxy_index_segment (rpc));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proxy-route/table", test_table);
  g_test_add_func ("/proxy-route/fallbacks", test_fallbacks);
  g_test_add_func ("/proxy-route/refused", test_refused);
  g_test_add_func ("/proxy-route/index", test_index);
  return g_test_run ();
}
