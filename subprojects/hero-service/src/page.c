/* page.c: which tabs a service has, their routes, and the answer to a request for one of them. Service thread. */
#include <string.h>

#include "health-internal.h"
#include "http-internal.h"
#include "page-internal.h"
#include "rpc-internal.h"

/* ------------------------------------------------------------------------------------------------ the shell of a service */

static HeroPageShell *
shell_new (HeroServiceContext *ctx)
{
  HeroPageShell *shell = g_new0 (HeroPageShell, 1);
  HeroPageTab overview = { "", "Overview", hero_page_render_overview };

  shell->ctx = ctx;
  shell->tabs = g_array_new (FALSE, TRUE, sizeof (HeroPageTab));
  g_array_append_val (shell->tabs, overview);
  return shell;
}

/* Copies what the plugin knows of a tab into the newest form of it. */
static void
add_tabs (HeroPageShell *shell)
{
  for (const char *at = (const char *) shell->spec.tabs; at != NULL; at += shell->spec.tab_size)
    {
      HeroPageTab tab = { 0 };

      memcpy (&tab, at, MIN (shell->spec.tab_size, sizeof tab));
      if (tab.id == NULL)
        return;
      g_array_append_val (shell->tabs, tab);
      shell->n_own++;
    }
}

static void
add_standard_tabs (HeroPageShell *shell)
{
  static const HeroPageTab standard[] = {
    { "configuration", "Configuration", hero_page_render_configuration },
    { "logs", "Logs", hero_page_render_logs, .refresh_s = 2 },
    { "api", "API", hero_page_render_api, .scripts = "shared/api.js" },
  };

  g_array_append_vals (shell->tabs, standard, G_N_ELEMENTS (standard));
}

void
hero_service_set_page (HeroServiceContext *ctx, const HeroPageSpec *spec, GResource *resource, gpointer self)
{
  HeroSdk *sdk = hero_sdk_get (ctx);
  HeroPageShell *shell = shell_new (ctx);

  g_return_if_fail (sdk->page == NULL);
  g_warn_if_fail (resource != NULL || spec->resource_prefix == NULL);
  sdk->page = shell;
  shell->self = self;
  memcpy (&shell->spec, spec, MIN (spec->struct_size, sizeof shell->spec));
  shell->assets = hero_page_assets_new (resource, shell->spec.resource_prefix);
  if (shell->spec.overview_title != NULL)
    g_array_index (shell->tabs, HeroPageTab, 0).title = shell->spec.overview_title;
  add_tabs (shell);
}

void
hero_page_free_context (HeroServiceContext *ctx)
{
  HeroPageShell *shell = hero_sdk_get (ctx)->page;

  if (shell == NULL)
    return;
  hero_sdk_get (ctx)->page = NULL;
  hero_page_history_free (shell->history);
  hero_page_assets_free (shell->assets);
  g_clear_pointer (&shell->methods, g_hash_table_unref);
  g_clear_pointer (&shell->document, json_node_unref);
  g_array_unref (shell->tabs);
  g_free (shell);
}

JsonObject *
hero_page_find_method (HeroPageShell *shell, const char *name)
{
  if (shell->document == NULL)
    {
      g_autoptr (GBytes) text = hero_openrpc_get (shell->ctx, NULL);
      JsonArray *methods;

      if (text == NULL)
        return NULL;
      shell->document = json_from_string (g_bytes_get_data (text, NULL), NULL);
      shell->methods = g_hash_table_new (g_str_hash, g_str_equal);
      methods = json_object_get_array_member (json_node_get_object (shell->document), "methods");
      for (guint i = 0; i < json_array_get_length (methods); i++)
        {
          JsonObject *method = json_array_get_object_element (methods, i);

          g_hash_table_insert (shell->methods, (gpointer) json_object_get_string_member (method, "name"), method);
        }
    }
  return g_hash_table_lookup (shell->methods, name);
}

/* ------------------------------------------------------------------------------------------------ a request */

static const HeroPageTab *
find_tab (HeroPageShell *shell, const char *path, const char **rest)
{
  const char *id = path + (*path == '/' ? 1 : 0);
  gsize length = strcspn (id, "/");

  *rest = id[length] == '/' ? id + length + 1 : "";
  for (guint i = 0; i < shell->tabs->len; i++)
    {
      const HeroPageTab *tab = &g_array_index (shell->tabs, HeroPageTab, i);

      if (strlen (tab->id) == length && strncmp (tab->id, id, length) == 0)
        return tab;
    }
  return NULL;
}

static void
serve_page (gpointer data, HeroHttpRequest *request)
{
  HeroPageShell *shell = data;
  const char *rest;
  const HeroPageTab *tab = find_tab (shell, hero_http_request_get_path (request), &rest);
  HeroPage *page = hero_page_new (shell, request, tab, hero_http_request_get_base_path (request), rest,
                                  g_strcmp0 (hero_http_request_get_query (request, "embedded"), "1") == 0);
  gboolean standard = *tab->id == '\0' || (guint) (tab - &g_array_index (shell->tabs, HeroPageTab, 0)) > shell->n_own;

  tab->render (standard ? shell : shell->self, page);
}

static void
serve_static (gpointer data, HeroHttpRequest *request)
{
  HeroPageShell *shell = data;

  hero_page_assets_serve (shell->assets, request, hero_http_request_get_segment (request, "path"));
}

const char *
hero_page_get_query (HeroPage *page, const char *name)
{
  return page->request == NULL ? NULL : hero_http_request_get_query (page->request, name);
}

static void
respond (HeroPage *page, guint status)
{
  HeroHttpRequest *request = page->request;
  guint health_status;
  g_autoptr (JsonObject) health = hero_health_get (page->shell->ctx, &health_status);
  const char *reason = json_object_get_string_member_with_default (health, "reason", NULL);
  char *document = hero_page_document (page, json_object_get_string_member (health, "status"), reason);

  hero_http_request_set_response_header (request, "Cache-Control", "no-store");
  hero_http_request_set_response_header (request, "Content-Security-Policy",
                                         page->tab->flags & HERO_PAGE_TERMINAL ? HERO_PAGE_CSP_TERMINAL : HERO_PAGE_CSP);
  hero_http_request_set_response_header (request, "X-Content-Type-Options", "nosniff");
  hero_http_respond (request, status, "text/html; charset=utf-8", g_bytes_new_take (document, strlen (document)));
  hero_page_free (page);
}

void
hero_page_done (HeroPage *page)
{
  if (page->standard_tail)
    hero_page_overview_tail (page);
  respond (page, 200);
}

void
hero_page_fail (HeroPage *page, GError *error)
{
  gboolean missing = g_error_matches (error, HERO_ERROR, HERO_ERROR_NOT_FOUND);

  g_string_truncate (page->out, 0);
  page->in_card = FALSE;
  g_clear_pointer (&page->table, hero_page_table_free);
  hero_page_heading (page, missing ? "Not found" : "This page could not be made");
  hero_page_note (page, missing ? "warn" : "bad", "%s", error->message);
  g_error_free (error);
  respond (page, missing ? 404 : 500);
}

/* ------------------------------------------------------------------------------------------------ routes */

/* has_details: pages below it are its too. Of the standard tabs none has any, and below /api are the domains. */
static void
install_tab (HeroPageShell *shell, const HeroPageTab *tab, gboolean has_details)
{
  g_autofree char *path = g_strconcat ("/", tab->id, NULL);
  g_autofree char *below = g_strconcat (path, "/{rest...}", NULL);
  const HeroHttpRoute routes[] = { { "GET", path, serve_page }, { "GET", has_details ? below : NULL, serve_page }, { NULL } };

  hero_http_add_standard_routes (shell->ctx, "admin", routes, shell);
}

static void
install_assets (HeroPageShell *shell, const char *role)
{
  static const HeroHttpRoute assets[] = { { "GET", "/static/{path...}", serve_static }, { NULL } };

  hero_http_add_standard_routes (shell->ctx, role, assets, shell);
}

void
hero_page_install (HeroServiceContext *ctx)
{
  HeroSdk *sdk = hero_sdk_get (ctx);
  HeroPageShell *shell;

  if (sdk->page == NULL)
    {
      sdk->page = shell_new (ctx);
      ((HeroPageShell *) sdk->page)->assets = hero_page_assets_new (NULL, NULL);
    }
  shell = sdk->page;
  if (!(shell->spec.flags & HERO_PAGE_OWN_TABS))
    add_standard_tabs (shell);
  g_array_index (shell->tabs, HeroPageTab, 0).events = shell->spec.events;
  g_array_index (shell->tabs, HeroPageTab, 0).refresh_s = 5;

  for (guint i = 0; i < shell->tabs->len; i++)
    install_tab (shell, &g_array_index (shell->tabs, HeroPageTab, i), i > 0 && i <= shell->n_own);
  for (const char *at = (const char *) sdk->plugin->sockets; at != NULL; at += sdk->plugin->socket_size)
    {
      const HeroSocketSpec *socket = (const HeroSocketSpec *) at;

      if (socket->role == NULL)
        break;
      if (g_str_equal (socket->protocol, "ui"))
        install_assets (shell, socket->role);
    }
  shell->history = hero_page_history_new (ctx);
}
