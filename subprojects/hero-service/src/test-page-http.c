/* test-page-http.c: the admin pages as a client meets them over admin.sock: routes, headers, prefix, assets, content. */
#include <hero-service/hero-service.h>
#include <string.h>

#include "test-host.h"

/* ------------------------------------------------------------------------------------------------ a small service */

static void
say (gpointer self, HeroRpcCall *call)
{
  hero_rpc_return_string (call, hero_rpc_get_string (call, "text"));
}

static void
render_things (gpointer self, HeroPage *page)
{
  if (g_str_equal (hero_page_get_rest (page), "none"))
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "There is no thing <none>."));
      return;
    }
  hero_page_heading (page, "Things");
  hero_page_text (page, "rest=%s", hero_page_get_rest (page));
  hero_page_form (page, "thing.say", "Say");
  hero_page_done (page);
}

static void
render_overview (gpointer self, HeroPage *page)
{
  hero_page_heading (page, "Own overview");
  hero_page_done (page);
}

static const HeroPageTab tabs[]
    = { { "things", "Things", render_things, .events = "thing.*" },
        { "term", "Terminal", render_overview, .flags = HERO_PAGE_TERMINAL },
        { NULL } };
static const HeroPageSpec page_spec = HERO_PAGE_SPEC (.tabs = tabs, .overview = render_overview);
static const HeroRpcParam say_params[] = { { "text", HERO_STRING (1, 100), HERO_REQUIRED, "What to say." }, { NULL } };
static const HeroRpcMethod methods[]
    = { { "thing.say", say, say_params, "{\"type\":\"string\"}", "Say it." }, { NULL } };
static const HeroRpcSpec rpc_spec = HERO_RPC_SPEC (.methods = methods);

static const HeroServicePlugin plugin;

static gpointer
create (HeroServiceContext *ctx, GError **error)
{
  hero_service_init (ctx, &plugin);
  return ctx;
}

static gboolean
start (gpointer ctx, GCancellable *cancellable, GError **error)
{
  hero_service_set_rpc (ctx, &rpc_spec, ctx);
  hero_service_set_page (ctx, &page_spec, NULL, ctx);
  hero_info (ctx, "a line with <b>");
  hero_service_ready (ctx);
  return TRUE;
}

static gboolean
serve (gpointer ctx, GError **error)
{
  return hero_service_serve (ctx, error);
}

static void
stop (gpointer ctx)
{
  hero_service_stop (ctx);
}

static void
destroy (gpointer ctx)
{
  hero_service_free_context (ctx);
}

static const HeroServicePlugin plugin = {
  .magic = HERO_PLUGIN_MAGIC, .struct_size = sizeof plugin, .abi_major = HERO_ABI_MAJOR, .abi_minor = HERO_ABI_MINOR,
  .name = "things", .title = "Things", .version = "1.0.0", .description = "Says things.", .domains = "main", .license = "MIT",
  .sockets = (const HeroSocketSpec[]) { { "rpc", "openrpc" }, { "admin", "ui" }, { NULL } },
  .config_keys = (const HeroConfigKey[]) { { "token", HERO_CONFIG_STRING, HERO_CONFIG_SECRET, .meaning = "Opens the door." },
                                           { NULL } },
  .socket_size = sizeof (HeroSocketSpec), .config_key_size = sizeof (HeroConfigKey),
  .create = create, .start = start, .serve = serve, .stop = stop, .destroy = destroy,
};

/* ------------------------------------------------------------------------------------------------ fixture */

static void
set_up (HeroTestHost **host, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  *host = hero_test_host_new (&plugin, g_variant_new_parsed ("{'token': <'hunter2'>}"));
  hero_test_host_start (*host, &error);
  g_assert_no_error (error);
}

static void
tear_down (HeroTestHost **host, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  hero_test_host_stop (*host, &error);
  g_assert_no_error (error);
  hero_test_host_free (*host);
}

static HeroTestAnswer *
get (HeroTestHost *host, const char *path, const char *headers)
{
  return hero_test_http (host, "admin", "GET", path, headers, NULL);
}

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("\"%s\" is not in:\n%s", part, text);
}

static void
assert_lacks (const char *text, const char *part)
{
  if (strstr (text, part) != NULL)
    g_error ("\"%s\" is in:\n%s", part, text);
}

/* ------------------------------------------------------------------------------------------------ tests */

static void
test_headers (HeroTestHost **host, gconstpointer data)
{
  g_autoptr (HeroTestAnswer) page = get (*host, "/", NULL);
  g_autoptr (HeroTestAnswer) terminal = get (*host, "/term", NULL);

  g_assert_cmpuint (page->status, ==, 200);
  assert_has (page->head, "Content-Type: text/html; charset=utf-8\r\n");
  assert_has (page->head, "Cache-Control: no-store\r\n");
  assert_has (page->head, "Content-Security-Policy: default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'\r\n");
  assert_lacks (page->head, "X-Frame-Options");
  assert_has (terminal->head, "style-src 'self' 'unsafe-inline'");
}

static void
test_tabs (HeroTestHost **host, gconstpointer data)
{
  static const char *const paths[] = { "/", "/things", "/configuration", "/logs", "/api" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (HeroTestAnswer) answer = get (*host, paths[i], NULL);

      g_test_message ("%s", paths[i]);
      g_assert_cmpuint (answer->status, ==, 200);
      for (guint j = 0; j < G_N_ELEMENTS (paths); j++)
        {
          g_autofree char *href = g_strdup_printf ("<a href=\"%s\"", paths[j]);

          assert_has (answer->body, href);
        }
    }
}

static void
test_content (HeroTestHost **host, gconstpointer data)
{
  g_autoptr (HeroTestAnswer) overview = get (*host, "/", NULL);
  g_autoptr (HeroTestAnswer) configuration = get (*host, "/configuration", NULL);
  g_autoptr (HeroTestAnswer) logs = get (*host, "/logs", NULL);
  g_autoptr (HeroTestAnswer) errors = get (*host, "/logs?level=error", NULL);
  g_autoptr (HeroTestAnswer) api = get (*host, "/api", NULL);
  g_autofree char *socket = hero_test_host_get_socket (*host, "admin");

  assert_has (overview->body, "Own overview");
  assert_has (overview->body, socket);
  assert_has (configuration->body, "Opens the door.");
  assert_lacks (configuration->body, "hunter2");
  assert_has (logs->body, "a line with &lt;b&gt;");
  assert_lacks (errors->body, "a line with");
  assert_has (api->body, "id=\"thing.say\"");
  assert_has (api->body, "name=\"text\" required");
}

static void
test_details (HeroTestHost **host, gconstpointer data)
{
  g_autoptr (HeroTestAnswer) detail = get (*host, "/things/a%20b/c", NULL);
  g_autoptr (HeroTestAnswer) missing = get (*host, "/things/none", NULL);
  g_autoptr (HeroTestAnswer) unknown = get (*host, "/other", NULL);
  g_autoptr (HeroTestAnswer) below_standard = get (*host, "/api/none", NULL);

  assert_has (detail->body, "rest=a b/c");
  g_assert_cmpuint (missing->status, ==, 404);
  assert_has (missing->body, "There is no thing &lt;none&gt;.");
  g_assert_cmpuint (unknown->status, ==, 404);
  g_assert_cmpuint (below_standard->status, ==, 404);
}

static void
test_prefix (HeroTestHost **host, gconstpointer data)
{
  g_autoptr (HeroTestAnswer) good = get (*host, "/", "X-Forwarded-Prefix: /edge/things/admin/\r\n");
  g_autoptr (HeroTestAnswer) bad = get (*host, "/", "X-Forwarded-Prefix: /x\"><script>\r\n");

  assert_has (good->body, "<meta name=\"base-path\" content=\"/edge/things/admin\">");
  assert_has (good->body, "src=\"/edge/things/admin/static/shared/shell.js?v=");
  assert_has (bad->body, "<meta name=\"base-path\" content=\"\">");
}

static void
test_assets (HeroTestHost **host, gconstpointer data)
{
  g_autoptr (HeroTestAnswer) css = get (*host, "/static/shared/shell.css", NULL);
  g_autoptr (HeroTestAnswer) missing = get (*host, "/static/shared/none.css", NULL);
  g_autoptr (HeroTestAnswer) above = get (*host, "/static/..%2fshared/shell.css", NULL);
  const char *etag;

  g_assert_cmpuint (css->status, ==, 200);
  assert_has (css->head, "Content-Type: text/css");
  assert_has (css->head, "Cache-Control: no-cache\r\n");
  g_assert_cmpuint (missing->status, ==, 404);
  g_assert_cmpuint (above->status, ==, 404);

  etag = strstr (css->head, "ETag: ") + strlen ("ETag: ");
  g_autofree char *value = g_strndup (etag, strcspn (etag, "\r"));
  g_autofree char *header = g_strdup_printf ("If-None-Match: %s\r\n", value);
  g_autoptr (HeroTestAnswer) same = get (*host, "/static/shared/shell.css", header);
  g_autofree char *versioned = g_strdup_printf ("/static/shared/shell.css?v=%.16s", value + 1);
  g_autoptr (HeroTestAnswer) forever = get (*host, versioned, NULL);

  g_assert_cmpuint (same->status, ==, 304);
  assert_has (forever->head, "immutable");
}

#define add(path, func) g_test_add (path, HeroTestHost *, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/page-http/headers", test_headers);
  add ("/page-http/tabs", test_tabs);
  add ("/page-http/content", test_content);
  add ("/page-http/details", test_details);
  add ("/page-http/prefix", test_prefix);
  add ("/page-http/assets", test_assets);
  return g_test_run ();
}
