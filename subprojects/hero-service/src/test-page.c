/*
 * test-page.c: what pages are made of. A hostile text stays text, every URL carries the base path, nothing is inline that
 * the policy forbids, secrets are masked. The routes and headers of the shell are tested over a socket (tests/browser).
 */
#include <string.h>

#include "http-internal.h"
#include "page-internal.h"

/* ------------------------------------------------------------------------------------------------ a service without a host */

static const char *
host_name (HeroServiceContext *ctx)
{
  return "notes";
}

static const HeroHost host = { .struct_size = sizeof (HeroHost), .name = host_name };
static const HeroServicePlugin plugin = { .name = "notes", .title = "Notes & more", .version = "1.2.3" };
static char *domains[] = { (char *) "main", NULL };

typedef struct
{
  HeroServiceContext ctx;
  HeroSdk sdk;
  HeroPageShell *shell;
} Fixture;

static void
render_nothing (gpointer self, HeroPage *page)
{
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  static const HeroPageTab tabs[]
      = { { "list", "List", render_nothing, .events = "note.*|tag.added", .scripts = "own.js" },
          { "shell", "Shell", render_nothing, .flags = HERO_PAGE_TERMINAL, .refresh_s = 3 },
          { NULL } };
  static const HeroPageSpec spec = HERO_PAGE_SPEC (.tabs = tabs);

  fixture->ctx.host = &host;
  fixture->ctx.sdk = &fixture->sdk;
  fixture->sdk.ctx = &fixture->ctx;
  fixture->sdk.plugin = &plugin;
  fixture->sdk.domains = domains;
  hero_service_set_page (&fixture->ctx, &spec, NULL, NULL);
  fixture->shell = fixture->sdk.page;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  hero_page_free_context (&fixture->ctx);
}

static HeroPage *
page_new (Fixture *fixture, guint tab, const char *base, gboolean embedded)
{
  return hero_page_new (fixture->shell, NULL, &g_array_index (fixture->shell->tabs, HeroPageTab, tab), base, "", embedded);
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

/* ------------------------------------------------------------------------------------------------ escaping */

#define HOSTILE "<script>alert('x')</script>\" onload=\"y"

static void
write_all (HeroPage *page, const char *text)
{
  hero_page_set_title (page, "%s", text);
  hero_page_heading (page, text);
  hero_page_text (page, "%s", text);
  hero_page_note (page, "warn", "%s", text);
  hero_page_link (page, text, text);
  hero_page_pre (page, text);
  hero_page_htmlf (page, "<b>%s</b>", text);
  hero_page_facts_begin (page);
  hero_page_fact (page, text, "%s", text);
  hero_page_fact_state (page, text, text);
  hero_page_fact_series (page, text, text, (const double[]) { 1, 2 }, 2);
  hero_page_facts_end (page);
  hero_page_table_begin (page, text, "A|B!|C$|", text);
  hero_page_row_begin (page, text);
  hero_page_cell (page, "%s", text);
  hero_page_cell (page, "%s", text);
  hero_page_cell_link (page, text, text);
  hero_page_action (page, text, text, text, "id", text, NULL);
  hero_page_row_end (page);
  hero_page_table_end (page);
}

static void
test_escaping (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);
  g_autofree char *document = NULL;

  write_all (page, HOSTILE);
  document = hero_page_document (page, HOSTILE, HOSTILE);
  assert_lacks (document, "<script>alert");
  assert_lacks (document, "\" onload=\"");
  assert_has (document, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
  assert_has (document, "Notes &amp; more");
}

static void
test_invalid_utf8 (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);
  g_autofree char *document = NULL;

  write_all (page, "caf\xe9 \xe2\x82");
  document = hero_page_document (page, "ok", NULL);
  g_assert_true (g_utf8_validate (document, -1, NULL));
}

/* ------------------------------------------------------------------------------------------------ the document */

static void
test_policy (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);
  g_autofree char *document = NULL;

  write_all (page, "x");
  document = hero_page_document (page, "ok", NULL);
  g_assert_false (g_regex_match_simple ("<[^>]* style=", document, 0, 0));
  g_assert_false (g_regex_match_simple ("<[^>]* on[a-z]+=", document, 0, 0));
  g_assert_false (g_regex_match_simple ("<script(?![^>]* src=)", document, 0, 0));
  assert_lacks (document, "<style");
  g_assert_false (g_regex_match_simple ("(src|href)=\"(https?:)?//", document, 0, 0));
  g_assert_null (strstr (HERO_PAGE_CSP, "unsafe"));
  g_assert_null (strstr (HERO_PAGE_CSP, "frame-ancestors"));
}

static void
test_prefix (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "/edge/notes/admin", FALSE);
  g_autofree char *document = NULL;

  write_all (page, "/x");
  document = hero_page_document (page, "ok", NULL);
  assert_has (document, "<meta name=\"base-path\" content=\"/edge/notes/admin\">");
  assert_has (document, "src=\"/edge/notes/admin/static/shared/shell.js?v=");
  assert_has (document, "src=\"/edge/notes/admin/static/own.js\"");
  assert_has (document, "href=\"/edge/notes/admin/shell\"");
  g_assert_false (g_regex_match_simple ("(src|href)=\"(?!/edge/notes/admin/|#content)", document, 0, 0));
}

static void
test_embedded (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", TRUE);
  g_autofree char *document = NULL;

  hero_page_link (page, "/list?level=warn#top", "x");
  document = hero_page_document (page, "ok", NULL);
  assert_has (document, "href=\"/list?level=warn&amp;embedded=1#top\"");
  assert_has (document, "href=\"/shell?embedded=1\"");
  assert_lacks (document, "class=\"crumbs\"");
}

static void
test_frame (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);
  g_autofree char *document = NULL;

  hero_page_set_title (page, "Note %d", 7);
  document = hero_page_document (page, "degraded", "the mirror is away");
  assert_has (document, "<html lang=\"en\" data-bs-theme=\"dark\">");
  assert_has (document, "<title>Note 7 · Notes &amp; more</title>");
  assert_has (document, "<span class=\"state warn\">degraded</span><span class=\"reason muted\">the mirror is away</span>");
  assert_has (document, "data-events=\"note.*,tag.added\"");
  assert_has (document, "<a href=\"/list\" aria-current=\"page\">List</a>");
  assert_has (document, "class=\"crumbs\"");
}

/* ------------------------------------------------------------------------------------------------ tables and forms */

static void
test_table (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);

  page->now_ms = 1764072060000;
  hero_page_table_begin (page, "t", "Name|Keys#|Size~|Changed@|", "Nothing yet.");
  hero_page_row_begin (page, "a");
  hero_page_cell (page, "first");
  hero_page_cell_int (page, 12345);
  hero_page_cell_int (page, 2048);
  hero_page_cell_int (page, 1764072000000);
  hero_page_cell_action (page, "Open", "t.open", NULL, NULL);
  hero_page_action (page, "Delete", "t.delete", "All keys are lost.", "id", "a", NULL);
  hero_page_row_end (page);
  hero_page_table_end (page);

  assert_has (page->out->str, "<td data-label=\"Name\">first</td>");
  assert_has (page->out->str, "<td class=\"num\" data-label=\"Keys\" data-v=\"12345\">12,345</td>");
  assert_has (page->out->str, "data-v=\"2048\" title=\"2,048 bytes\">2.0 KiB</td>");
  assert_has (page->out->str, ">1 min ago</time>");
  assert_has (page->out->str, "data-params=\"{&quot;id&quot;:&quot;a&quot;}\" data-confirm=\"All keys are lost.\"");
  assert_has (page->out->str, "<p class=\"empty\" hidden>Nothing yet.</p>");
  /* Both actions share one cell. */
  g_assert_null (strstr (strstr (page->out->str, "<td class=\"act\">") + 1, "<td class=\"act\">"));
}

static void
test_facts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);

  hero_page_facts_begin (page);
  hero_page_fact (page, "Short", "%d", 7);
  hero_page_fact (page, "Key", "%s", "ec3b08db135c1fb843fd0f72dabb");
  hero_page_fact_bytes (page, "Size", 2048);
  hero_page_facts_end (page);
  assert_has (page->out->str, "<div class=\"fact\"><dt>Short</dt><dd>7</dd></div>");
  assert_has (page->out->str, "<div class=\"fact long\"><dt>Key</dt>");
  assert_has (page->out->str, "<span title=\"2,048 bytes\">2.0 KiB</span>");
}

static void
test_empty_table (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);

  hero_page_table_begin (page, "t", "Name", "Add one with note.add.");
  hero_page_table_end (page);
  assert_has (page->out->str, "<p class=\"empty\">Add one with note.add.</p>");
}

static void
test_form (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HeroPage) page = page_new (fixture, 1, "", FALSE);
  g_autoptr (JsonNode) method = json_from_string (
      "{\"name\":\"note.add\",\"params\":["
      "{\"name\":\"title\",\"required\":true,\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}},"
      "{\"name\":\"limit\",\"schema\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9,\"default\":5}},"
      "{\"name\":\"order\",\"schema\":{\"type\":\"string\",\"enum\":[\"up\",\"down\"],\"default\":\"up\"}},"
      "{\"name\":\"tags\",\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},"
      "{\"name\":\"more\",\"schema\":{\"$ref\":\"#/components/schemas/More\"}}]}",
      NULL);

  hero_page_write_form (page, json_node_get_object (method), "Add", FALSE);
  assert_has (page->out->str, "data-type=\"string\" name=\"title\" required type=\"text\"");
  assert_has (page->out->str, "name=\"limit\" type=\"number\" step=\"1\" min=\"1\" max=\"9\" placeholder=\"default 5\"");
  assert_has (page->out->str, "<option value=\"\">up (default)</option><option>up</option><option>down</option>");
  assert_has (page->out->str, "data-type=\"strings\" name=\"tags\" placeholder=\"one a line\"");
  assert_has (page->out->str, "data-type=\"json\" name=\"more\" placeholder=\"JSON\"");
  assert_has (page->out->str, "integer 1..9");
}

/* ------------------------------------------------------------------------------------------------ configuration, assets, history */

static void
test_secrets (void)
{
  static const HeroConfigKey columns[]
      = { { "url", HERO_CONFIG_STRING }, { "password", HERO_CONFIG_STRING, HERO_CONFIG_SECRET }, { NULL } };
  static const HeroConfigKey token = { "token", HERO_CONFIG_STRING, HERO_CONFIG_SECRET };
  static const HeroConfigKey mirrors = { "mirrors", HERO_CONFIG_TABLES, .columns = columns };
  g_autoptr (GVariant) text = g_variant_ref_sink (g_variant_new_string ("hunter2"));
  g_autoptr (GVariant) list = g_variant_ref_sink (g_variant_new_parsed ("['hunter2', 'x']"));
  g_autoptr (GVariant) tables
      = g_variant_ref_sink (g_variant_new_parsed ("[{'url': <'http://a'>, 'password': <'hunter2'>}]"));
  g_autofree char *masked = hero_page_config_text (text, &token);
  g_autofree char *masked_list = hero_page_config_text (list, &token);
  g_autofree char *table = hero_page_config_text (tables, &mirrors);
  g_autofree char *open = hero_page_config_text (list, NULL);

  g_assert_cmpstr (masked, ==, "••••••");
  assert_lacks (masked_list, "hunter2");
  assert_lacks (table, "hunter2");
  assert_has (table, "http://a");
  g_assert_cmpstr (open, ==, "[\"hunter2\", \"x\"]");
}

static void
test_assets (Fixture *fixture, gconstpointer data)
{
  const char *type, *etag, *again;
  g_autoptr (GBytes) css = hero_page_assets_lookup (fixture->shell->assets, "shared/shell.css", &type, &etag);

  g_assert_nonnull (css);
  g_assert_cmpstr (type, ==, "text/css; charset=utf-8");
  g_assert_cmpuint (strlen (etag), ==, 16);
  g_bytes_unref (hero_page_assets_lookup (fixture->shell->assets, "shared/shell.css", &type, &again));
  g_assert_cmpstr (etag, ==, again);
  g_assert_null (hero_page_assets_lookup (fixture->shell->assets, "shared/../shared/shell.css", &type, &etag));
  g_assert_null (hero_page_assets_lookup (fixture->shell->assets, "shared/none.css", &type, &etag));
  g_assert_null (hero_page_assets_lookup (fixture->shell->assets, "own.js", &type, &etag));
}

static void
add_sample (HeroPageHistory *history, double requests, double keys, gint64 at_s)
{
  g_autofree char *text = g_strdup_printf ("[{\"name\":\"r_total\",\"kind\":\"counter\",\"value\":%g},"
                                           "{\"name\":\"keys\",\"kind\":\"gauge\",\"value\":%g}]",
                                           requests, keys);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  hero_page_history_add (history, json_node_get_array (node), at_s * G_USEC_PER_SEC);
}

static void
test_history (void)
{
  HeroPageHistory *history = hero_page_history_new (NULL);
  const double *values;
  guint n;

  add_sample (history, 100, 7, 10);
  add_sample (history, 150, 8, 20);
  values = hero_page_history_get (history, "r_total", &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpfloat (values[0], ==, 5);
  values = hero_page_history_get (history, "keys", &n);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpfloat (values[1], ==, 8);
  for (guint i = 0; i < 2 * HERO_PAGE_HISTORY_LENGTH; i++)
    add_sample (history, 200, i, 30 + i);
  values = hero_page_history_get (history, "keys", &n);
  g_assert_cmpuint (n, ==, HERO_PAGE_HISTORY_LENGTH);
  g_assert_cmpfloat (values[n - 1], ==, 2 * HERO_PAGE_HISTORY_LENGTH - 1);
  hero_page_history_get (history, "none", &n);
  g_assert_cmpuint (n, ==, 0);
  hero_page_history_free (history);
}

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/page/escaping", test_escaping);
  add ("/page/invalid-utf8", test_invalid_utf8);
  add ("/page/policy", test_policy);
  add ("/page/prefix", test_prefix);
  add ("/page/embedded", test_embedded);
  add ("/page/frame", test_frame);
  add ("/page/table", test_table);
  add ("/page/facts", test_facts);
  add ("/page/empty-table", test_empty_table);
  add ("/page/form", test_form);
  add ("/page/assets", test_assets);
  g_test_add_func ("/page/secrets", test_secrets);
  g_test_add_func ("/page/history", test_history);
  return g_test_run ();
}
