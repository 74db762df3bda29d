/* router-page.c: home with a tile for each service, the list of services, the page of one, failures. Service thread. */
#include <string.h>

#include "proxy-route.h"
#include "router.h"

static const char *
tone_of (RouterStatus status)
{
  switch (status)
    {
    case STATUS_HEALTHY:
    case STATUS_NON_RPC:
      return "good";
    case STATUS_UNHEALTHY:
      return "bad";
    default:
      return "";
    }
}

static const char *
title_of (RouterService *service)
{
  return *service->title == '\0' ? service->name : service->title;
}

/* ------------------------------------------------------------------------------------------------ home */

static void
write_tile (HeroPage *page, RouterService *service)
{
  const char *base = hero_page_get_base_path (page);
  g_autofree const char **files = router_service_socket_files (service);
  g_autofree char *segment = proxy_index_segment (files);

  hero_page_htmlf (page, "<li class=\"tile\"><h3>");
  if (segment != NULL && !proxy_is_reserved (service->name))
    hero_page_htmlf (page, "<a href=\"%s/%s/%s\">%s</a>", base, service->name, segment, title_of (service));
  else
    hero_page_htmlf (page, "%s", title_of (service));
  hero_page_htmlf (page, "</h3><span class=\"state %s\">%s</span><p>%s</p>", tone_of (service->status),
                   router_status_name (service->status), *service->reason == '\0' ? service->description : service->reason);
  hero_page_htmlf (page, "<div class=\"foot\"><span class=\"muted\">%s</span><span class=\"muted\">%u methods</span>", service->version,
                   service->methods->len);
  hero_page_htmlf (page, "<a href=\"%s/service/%s\">Details</a></div></li>\n", base, service->name);
}

static void
render_home (gpointer data, HeroPage *page)
{
  Router *self = data;
  g_autoptr (GPtrArray) services = scanner_list (self->scanner);

  if (services->len == 0)
    hero_page_note (page, "plain", "No service is here yet. The router looks below %s and finds them as they start.",
                    hero_service_get_socket_root (self->ctx));
  hero_page_html (page, "<ul class=\"tiles\" data-live=\"tiles\" aria-label=\"Services\">\n");
  for (guint i = 0; i < services->len; i++)
    write_tile (page, services->pdata[i]);
  hero_page_html (page, "</ul>\n");
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ the list */

static void
write_row (HeroPage *page, RouterService *service)
{
  g_autofree char *href = g_strconcat ("/service/", service->name, NULL);
  g_autofree char *domains = g_strjoinv (", ", service->domains);
  g_autofree char *probe = g_strdup_printf ("/api/services/%s/probe", service->name);

  hero_page_row_begin (page, service->id);
  hero_page_cell_link (page, href, service->name);
  hero_page_cell (page, "%s", router_status_name (service->status));
  hero_page_cell_int (page, service->methods->len);
  hero_page_cell (page, "%s", service->version);
  hero_page_cell (page, "%s", domains);
  hero_page_cell_int (page, service->latency_ms);
  hero_page_cell_int (page, service->last_probe_ms);
  hero_page_cell_action (page, "Probe", probe, NULL, NULL);
  hero_page_row_end (page);
}

static void
render_router (gpointer data, HeroPage *page)
{
  Router *self = data;
  g_autoptr (GPtrArray) services = scanner_list (self->scanner);

  hero_page_heading (page, "Services");
  hero_page_html (page, "<div class=\"actions\">");
  hero_page_cell_action (page, "Scan now", "/api/scan", NULL, NULL);
  hero_page_html (page, "</div>");
  hero_page_table_begin (page, "services", "Name|State!|Methods#|Version|Domains|ms#|Probed@|",
                         "No service is here yet: start one, it appears within a second.");
  for (guint i = 0; i < services->len; i++)
    write_row (page, services->pdata[i]);
  hero_page_table_end (page);
  hero_page_show_state (page);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ one service */

static void
write_sockets (HeroPage *page, RouterService *service)
{
  static const char *const states[] = { "unknown", "ok", "dead", "failing", "foreign" };

  hero_page_heading (page, "Sockets");
  hero_page_table_begin (page, "sockets", "Socket|State!|Protocol|HTTP#|ms#|What", "It has no socket: it does not run.");
  for (guint i = 0; i < service->sockets->len; i++)
    {
      RouterSocket *socket = service->sockets->pdata[i];

      hero_page_row_begin (page, socket->file);
      hero_page_cell (page, "%s", socket->file);
      hero_page_cell (page, "%s", states[socket->state]);
      hero_page_cell (page, "%s", socket->protocol);
      hero_page_cell_int (page, socket->http_status);
      hero_page_cell_int (page, socket->latency_ms);
      hero_page_cell (page, "%s", socket->error == NULL ? socket->path : socket->error);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static void
write_methods (HeroPage *page, RouterService *service)
{
  hero_page_heading (page, "Methods");
  hero_page_table_begin (page, "methods", "Name$|Domain|What it does", "It has no OpenRPC document.");
  for (guint i = 0; i < service->methods->len; i++)
    {
      JsonObject *method = service->methods->pdata[i];
      const char *name = json_object_get_string_member (method, "name");

      hero_page_row_begin (page, name);
      hero_page_cell (page, "%s", name);
      hero_page_cell (page, "%s", json_object_get_string_member (method, "domain"));
      hero_page_cell (page, "%s", json_object_get_string_member (method, "summary"));
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static void
write_probes (HeroPage *page, RouterService *service)
{
  hero_page_heading (page, "Last probes");
  hero_page_table_begin (page, "probes", "When@|Result!|ms#|Reason", "It was not probed yet.");
  for (GList *l = service->probes.tail; l != NULL; l = l->prev)
    {
      ProbeRecord *record = l->data;
      g_autofree char *key = g_strdup_printf ("%" G_GINT64_FORMAT, record->at_ms);

      hero_page_row_begin (page, key);
      hero_page_cell_int (page, record->at_ms);
      hero_page_cell (page, record->ok ? "ok" : "failed");
      hero_page_cell_int (page, record->ms);
      hero_page_cell (page, "%s", record->reason);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static void
write_links (HeroPage *page, RouterService *service)
{
  g_autofree const char **files = router_service_socket_files (service);
  g_autofree char *segment = proxy_index_segment (files);
  g_autofree char *ui = segment == NULL ? NULL : g_strconcat ("/", service->name, "/", segment, NULL);
  g_autofree char *document = g_strconcat ("/", service->name, "/openrpc.json", NULL);
  g_autofree char *probe = g_strdup_printf ("/api/services/%s/probe", service->name);

  hero_page_html (page, "<div class=\"actions\">");
  if (ui != NULL)
    hero_page_link (page, ui, "Open its page");
  if (service->document != NULL)
    hero_page_link (page, document, "openrpc.json");
  hero_page_cell_action (page, "Probe now", probe, NULL, NULL);
  hero_page_html (page, "</div>\n");
}

static void
render_service (gpointer data, HeroPage *page)
{
  Router *self = data;
  const char *name = hero_page_get_rest (page);
  RouterService *service = scanner_find (self->scanner, name);

  if (service == NULL)
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "There is no service \"%s\".", name));
      return;
    }
  hero_page_set_title (page, "%s", title_of (service));
  hero_page_heading (page, title_of (service));
  if (*service->description != '\0')
    hero_page_text (page, "%s", service->description);
  hero_page_facts_begin (page);
  hero_page_fact_state (page, "State", router_status_name (service->status));
  hero_page_fact (page, "Version", "%s", *service->version == '\0' ? "–" : service->version);
  hero_page_fact_int (page, "Methods", service->methods->len);
  hero_page_fact (page, "Answer", "%u ms", service->latency_ms);
  hero_page_facts_end (page);
  if (*service->reason != '\0')
    hero_page_note (page, service->status == STATUS_HEALTHY ? "warn" : "bad", "%s", service->reason);
  for (guint i = 0; i < service->warnings->len; i++)
    hero_page_note (page, "warn", "%s", (const char *) service->warnings->pdata[i]);
  write_links (page, service);
  write_sockets (page, service);
  write_methods (page, service);
  write_probes (page, service);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ failures, administration */

static void
render_failures (gpointer data, HeroPage *page)
{
  Router *self = data;
  g_autoptr (GPtrArray) entries = route_log_list (self->log, NULL, 500, 0);

  hero_page_heading (page, "Requests that failed");
  hero_page_table_begin (page, "failures", "When@|Service|Socket|Request|Status#|What", "No request has failed since the start.");
  for (guint i = 0; i < entries->len; i++)
    {
      RouteLogEntry *entry = entries->pdata[i];
      g_autofree char *key = g_strdup_printf ("%s-%" G_GINT64_FORMAT, entry->request_id, entry->ts_ms);

      hero_page_row_begin (page, key);
      hero_page_cell_int (page, entry->ts_ms);
      hero_page_cell (page, "%s", entry->service);
      hero_page_cell (page, "%s", entry->socket);
      hero_page_cell (page, "%s %s", entry->method, entry->path);
      hero_page_cell_int (page, entry->status);
      hero_page_cell (page, "%s", entry->message);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
  hero_page_show_logs (page);
  hero_page_done (page);
}

static void
render_admin (gpointer data, HeroPage *page)
{
  hero_page_show_configuration (page);
  hero_page_done (page);
}

static void
render_docs (gpointer data, HeroPage *page)
{
  hero_page_show_api (page);
  hero_page_done (page);
}

static const HeroPageTab tabs[]
    = { { "router", "Services", render_router, .events = "service.*|spec.changed|scan.finished" },
        { "service", "Service", render_service, .events = "service.*|spec.changed|scan.finished", .flags = HERO_PAGE_HIDDEN },
        { "router-logs", "Failures and log", render_failures, .refresh_s = 2 },
        { "admin", "Configuration", render_admin },
        { "docs", "API", render_docs, .scripts = "shared/api.js" },
        { NULL } };
static const HeroPageSpec page_spec = HERO_PAGE_SPEC (.tabs = tabs, .overview = render_home, .overview_title = "Home",
                                                      .events = "service.*|scan.finished", .flags = HERO_PAGE_OWN_TABS);

void
router_register_page (Router *self)
{
  hero_service_set_page (self->ctx, &page_spec, NULL, self);
}
