/* page-frame.c: the document around the content of a page: head, title bar, tabs, breadcrumbs. Service thread. */
#include <string.h>

#include "page-internal.h"

void
hero_page_append_href (HeroPage *page, const char *href)
{
  const char *fragment = strchr (href, '#');
  gsize length = fragment == NULL ? strlen (href) : (gsize) (fragment - href);
  g_autofree char *path = g_strndup (href, length);

  hero_format_escape (page->out, page->base);
  /* A link never leaves the service, whatever text it was made from. */
  if (path[0] != '/' || path[1] == '/')
    g_string_append_c (page->out, '/');
  hero_format_escape (page->out, path[0] == '/' && path[1] == '/' ? path + 1 : path);
  if (page->embedded)
    g_string_append (page->out, strchr (path, '?') == NULL ? "?embedded=1" : "&amp;embedded=1");
  hero_format_escape (page->out, fragment);
}

/* The pieces below write into page->out like the content does: hero_page_document swaps the string meanwhile. */

static void
asset_url (HeroPage *page, const char *name)
{
  const char *etag = NULL, *type = NULL;
  g_autoptr (GBytes) bytes = hero_page_assets_lookup (page->shell->assets, name, &type, &etag);

  hero_format_escape (page->out, page->base);
  g_string_append (page->out, "/static/");
  hero_format_escape (page->out, name);
  /* The hash makes the URL new when the file is, so that the browser need not ask again. */
  if (bytes != NULL)
    g_string_append_printf (page->out, "?v=%s", etag);
}

static void
script (HeroPage *page, const char *name, gboolean defer)
{
  g_string_append_printf (page->out, "<script%s src=\"", defer ? " defer" : "");
  asset_url (page, name);
  g_string_append (page->out, "\"></script>\n");
}

static void
stylesheet (HeroPage *page, const char *name)
{
  g_string_append (page->out, "<link rel=\"stylesheet\" href=\"");
  asset_url (page, name);
  g_string_append (page->out, "\">\n");
}

static void
foreach_name (HeroPage *page, const char *names, void (*func) (HeroPage *page, const char *name))
{
  g_auto (GStrv) list = names == NULL ? NULL : g_strsplit (names, "|", -1);

  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    func (page, list[i]);
}

static void
deferred_script (HeroPage *page, const char *name)
{
  script (page, name, TRUE);
}

static void
meta (HeroPage *page, const char *name, const char *content)
{
  g_string_append_printf (page->out, "<meta name=\"%s\" content=\"", name);
  hero_format_escape (page->out, content);
  g_string_append (page->out, "\">\n");
}

static void
write_head (HeroPage *page)
{
  static const char *const scripts[] = { "shared/shell.js", "shared/table.js", "shared/live.js" };
  HeroServiceContext *ctx = page->shell->ctx;

  g_string_append (page->out, "<!DOCTYPE html>\n<html lang=\"en\" data-bs-theme=\"dark\">\n<head>\n<meta charset=\"utf-8\">\n");
  meta (page, "viewport", "width=device-width, initial-scale=1");
  meta (page, "base-path", page->base);
  meta (page, "hero-service", hero_service_get_name (ctx));
  g_string_append (page->out, "<title>");
  hero_format_escape (page->out, page->title != NULL ? page->title : page->tab->title);
  g_string_append (page->out, " · ");
  hero_format_escape (page->out, hero_service_get_title (ctx));
  g_string_append (page->out, "</title>\n<link rel=\"icon\" href=\"");
  asset_url (page, "shared/icon.svg");
  g_string_append (page->out, "\">\n");
  script (page, "shared/theme.js", FALSE);
  stylesheet (page, "shared/shell.css");
  foreach_name (page, page->tab->styles, stylesheet);
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    script (page, scripts[i], TRUE);
  foreach_name (page, page->tab->scripts, deferred_script);
  g_string_append (page->out, "</head>\n");
}

static void
write_title_bar (HeroPage *page, const char *state, const char *reason)
{
  HeroServiceContext *ctx = page->shell->ctx;

  g_string_append (page->out, "<header class=\"top\"><h1>");
  hero_format_escape (page->out, hero_service_get_title (ctx));
  g_string_append (page->out, "<small>");
  hero_format_escape (page->out, hero_service_get_version (ctx));
  g_string_append (page->out, "</small></h1>");
  hero_format_state (page->out, state);
  if (reason != NULL)
    {
      g_string_append (page->out, "<span class=\"reason muted\">");
      hero_format_escape (page->out, reason);
      g_string_append (page->out, "</span>");
    }
  g_string_append (page->out,
                   "<span class=\"space\"></span>"
                   "<button type=\"button\" class=\"live plain needs-js\" hidden aria-pressed=\"true\" aria-live=\"polite\" "
                   "title=\"Live updates: pause or go on\"></button>"
                   "<button type=\"button\" class=\"theme icon plain needs-js\" aria-label=\"Switch between dark and light\" "
                   "title=\"Dark or light (t)\"><svg viewBox=\"0 0 20 20\" aria-hidden=\"true\" fill=\"currentColor\">"
                   "<path d=\"M10 2a8 8 0 1 0 0 16zm1 0v16a8 8 0 0 0 0-16z\" fill-opacity=\".35\"/>"
                   "<path d=\"M10 2a8 8 0 0 0 0 16z\"/></svg></button></header>\n");
}

static void
write_tabs (HeroPage *page)
{
  GArray *tabs = page->shell->tabs;

  g_string_append (page->out, "<nav class=\"tabs\" aria-label=\"Tabs\"><ul>\n");
  for (guint i = 0; i < tabs->len; i++)
    {
      const HeroPageTab *tab = &g_array_index (tabs, HeroPageTab, i);
      g_autofree char *href = g_strconcat ("/", tab->id, NULL);

      if (tab->flags & HERO_PAGE_HIDDEN)
        continue;
      g_string_append_printf (page->out, "<li%s><a href=\"", i == page->shell->n_own + 1 && i > 1 ? " class=\"gap\"" : "");
      hero_page_append_href (page, href);
      g_string_append_printf (page->out, "\"%s>", tab == page->tab ? " aria-current=\"page\"" : "");
      hero_format_escape (page->out, tab->title);
      g_string_append (page->out, "</a></li>\n");
    }
  g_string_append (page->out, "</ul></nav>\n");
}

static void
crumb (HeroPage *page, const char *href, const char *text)
{
  g_string_append (page->out, "<li>");
  if (href != NULL)
    hero_page_link (page, href, text);
  else
    {
      g_string_append (page->out, "<span aria-current=\"page\">");
      hero_format_escape (page->out, text);
      g_string_append (page->out, "</span>");
    }
  g_string_append (page->out, "</li>");
}

static void
write_breadcrumbs (HeroPage *page)
{
  g_autofree char *href = g_strconcat ("/", page->tab->id, NULL);
  gboolean overview = *page->tab->id == '\0';

  g_string_append (page->out, "<nav class=\"crumbs\" aria-label=\"Breadcrumbs\"><ol>");
  crumb (page, "/", hero_service_get_title (page->shell->ctx));
  if (!overview && !(page->tab->flags & HERO_PAGE_HIDDEN))
    crumb (page, page->title != NULL ? href : NULL, page->tab->title);
  if (page->title != NULL)
    crumb (page, NULL, page->title);
  g_string_append (page->out, "</ol></nav>\n");
}

static void
write_main_tag (HeroPage *page)
{
  HeroSdk *sdk = hero_sdk_get (page->shell->ctx);
  const HeroPageTab *tab = page->tab;

  g_string_append (page->out, "<main id=\"content\" tabindex=\"-1\" data-tab=\"");
  hero_format_escape (page->out, tab->id);
  g_string_append (page->out, "\" data-domain=\"");
  hero_format_escape (page->out, tab->domain != NULL ? tab->domain : sdk->domains[0]);
  if (tab->events != NULL)
    {
      g_auto (GStrv) types = g_strsplit (tab->events, "|", -1);
      g_autofree char *list = g_strjoinv (",", types);

      g_string_append (page->out, "\" data-events=\"");
      hero_format_escape (page->out, list);
    }
  else if (tab->refresh_s > 0)
    g_string_append_printf (page->out, "\" data-refresh=\"%u", tab->refresh_s);
  g_string_append (page->out, "\">\n");
}

char *
hero_page_document (HeroPage *page, const char *state, const char *reason)
{
  GString *content, *document;

  hero_page_close (page);
  content = g_steal_pointer (&page->out);
  page->out = document = g_string_sized_new (content->len + 4096);

  write_head (page);
  g_string_append (document, "<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n");
  write_title_bar (page, state, reason);
  write_tabs (page);
  write_main_tag (page);
  if (!page->embedded && (*page->tab->id != '\0' || page->title != NULL))
    write_breadcrumbs (page);
  g_string_append_len (document, content->str, content->len);
  g_string_append (document, "</main>\n<div class=\"toasts\" aria-live=\"polite\"></div>\n</body>\n</html>\n");

  page->out = content;
  return g_string_free (document, FALSE);
}
