/* page-standard.c: the tabs every service has: Overview, Configuration, Logs. The API tab is page-api.c. Service thread. */
#include <string.h>

#include "health-internal.h"
#include "log-internal.h"
#include "page-internal.h"

/* ------------------------------------------------------------------------------------------------ overview */

static void
write_checks (HeroPage *page, JsonObject *health)
{
  JsonObject *checks = json_object_has_member (health, "checks") ? json_object_get_object_member (health, "checks") : NULL;
  JsonArray *warnings = json_object_has_member (health, "warnings") ? json_object_get_array_member (health, "warnings") : NULL;
  g_autoptr (GList) names = checks == NULL ? NULL : json_object_get_members (checks);

  for (guint i = 0; warnings != NULL && i < json_array_get_length (warnings); i++)
    hero_page_note (page, "warn", "%s", json_array_get_string_element (warnings, i));
  if (names == NULL)
    return;
  hero_page_facts_begin (page);
  for (GList *name = names; name != NULL; name = name->next)
    {
      const char *text = json_object_get_string_member (checks, name->data);

      if (g_str_equal (text, "ok"))
        hero_page_fact_state (page, name->data, "ok");
      else
        hero_page_fact (page, name->data, "%s", text);
    }
  hero_page_facts_end (page);
}

static void
write_sockets (HeroPage *page)
{
  HeroServiceContext *ctx = page->shell->ctx;
  const HeroServicePlugin *plugin = hero_sdk_get (ctx)->plugin;
  const char *address;

  hero_page_heading (page, "Sockets");
  hero_page_table_begin (page, "sockets", "Role|Protocol|Address$", "This service has no socket.");
  for (const char *at = (const char *) plugin->sockets; at != NULL; at += plugin->socket_size)
    {
      const HeroSocketSpec *socket = (const HeroSocketSpec *) at;

      if (socket->role == NULL)
        break;
      for (guint i = 0; (address = ctx->host->listener_address (ctx, socket->role, i)) != NULL; i++)
        {
          hero_page_row_begin (page, address);
          hero_page_cell (page, "%s", socket->role);
          hero_page_cell (page, "%s", socket->protocol);
          hero_page_cell (page, "%s", address);
          hero_page_row_end (page);
        }
    }
  hero_page_table_end (page);
}

/* "hero_db_keys_total" of service hero_db -> "keys". */
static char *
metric_label (const char *service, const char *name)
{
  g_autofree char *prefix = g_strdup_printf ("hero_%s_", service);
  const char *start = g_str_has_prefix (name, prefix)              ? name + strlen (prefix)
                      : g_str_has_prefix (name, service)           ? name + strlen (service) + 1
                      : g_str_has_prefix (name, "hero_")           ? name + strlen ("hero_")
                                                                   : name;
  char *label = g_strdup (start);

  if (g_str_has_suffix (label, "_total"))
    label[strlen (label) - strlen ("_total")] = '\0';
  if (g_str_has_suffix (label, "_bytes"))
    label[strlen (label) - strlen ("_bytes")] = '\0';
  return g_strdelimit (label, "_", ' ');
}

static void
write_metric (HeroPage *page, JsonObject *metric)
{
  const char *name = json_object_get_string_member (metric, "name");
  double value = json_object_get_double_member (metric, "value");
  gboolean counter = g_str_equal (json_object_get_string_member (metric, "kind"), "counter");
  gboolean bytes = strstr (name, "_bytes") != NULL;
  g_autofree char *label = metric_label (hero_service_get_name (page->shell->ctx), name);
  g_autoptr (GString) text = g_string_new (NULL);
  guint n;
  const double *values = hero_page_history_get (page->shell->history, name, &n);

  (bytes ? hero_format_bytes : hero_format_real) (text, value);
  if (counter && n > 0)
    {
      g_string_append (text, " · ");
      (bytes ? hero_format_bytes : hero_format_real) (text, values[n - 1]);
      g_string_append (text, "/s");
    }
  hero_page_fact_series (page, label, text->str, values, n);
}

static void
write_metrics (HeroPage *page)
{
  g_autoptr (JsonArray) metrics = hero_metrics_get (page->shell->ctx);

  if (json_array_get_length (metrics) == 0)
    return;
  hero_page_heading (page, "Counters");
  hero_page_facts_begin (page);
  for (guint i = 0; i < json_array_get_length (metrics); i++)
    {
      JsonObject *metric = json_array_get_object_element (metrics, i);

      /* The uptime stands above, as a duration. */
      if (!g_str_has_suffix (json_object_get_string_member (metric, "name"), "_uptime_seconds"))
        write_metric (page, metric);
    }
  hero_page_facts_end (page);
}

static void
write_health (HeroPage *page)
{
  HeroServiceContext *ctx = page->shell->ctx;
  guint status;
  g_autoptr (JsonObject) health = hero_health_get (ctx, &status);
  g_autoptr (GString) uptime = g_string_new (NULL);

  hero_format_duration (uptime, hero_service_get_uptime_us (ctx) / G_USEC_PER_SEC);
  hero_page_heading (page, "State");
  hero_page_facts_begin (page);
  hero_page_fact_state (page, "Health", json_object_get_string_member (health, "status"));
  hero_page_fact (page, "Uptime", "%s", uptime->str);
  hero_page_fact (page, "Version", "%s", hero_service_get_version (ctx));
  hero_page_facts_end (page);
  if (json_object_has_member (health, "reason"))
    hero_page_note (page, status == 200 ? "warn" : "bad", "%s", json_object_get_string_member (health, "reason"));
  write_checks (page, health);
}

void
hero_page_overview_tail (HeroPage *page)
{
  write_metrics (page);
  write_sockets (page);
}

void
hero_page_show_state (HeroPage *page)
{
  write_health (page);
  hero_page_overview_tail (page);
}

/* State first, then what the service shows, then the rest (hero_page_done adds it). */
void
hero_page_render_overview (gpointer data, HeroPage *page)
{
  HeroPageShell *shell = data;

  if (!(shell->spec.flags & HERO_PAGE_OWN_TABS))
    {
      write_health (page);
      page->standard_tail = TRUE;
    }
  if (shell->spec.overview != NULL)
    shell->spec.overview (shell->self, page);
  else
    hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ configuration */

#define MASK "••••••"

static const HeroConfigKey *
find_key (const HeroConfigKey *keys, guint size, const char *name)
{
  for (const char *at = (const char *) keys; at != NULL; at += size)
    {
      const HeroConfigKey *key = (const HeroConfigKey *) at;

      if (key->name == NULL)
        return NULL;
      if (g_str_equal (key->name, name))
        return key;
    }
  return NULL;
}

static void
append_value (GString *out, GVariant *value, const HeroConfigKey *key, gboolean quote)
{
  GVariantIter iter;
  GVariant *child;
  const char *name;
  guint n = 0;

  if (key != NULL && (key->flags & HERO_CONFIG_SECRET))
    g_string_append (out, MASK);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    g_string_append_printf (out, quote ? "\"%s\"" : "%s", g_variant_get_string (value, NULL));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    {
      g_string_append (out, "{ ");
      g_variant_iter_init (&iter, value);
      while (g_variant_iter_loop (&iter, "{&sv}", &name, &child))
        {
          g_string_append_printf (out, "%s%s = ", n++ > 0 ? ", " : "", name);
          append_value (out, child, key == NULL ? NULL : find_key (key->columns, sizeof (HeroConfigKey), name), TRUE);
        }
      g_string_append (out, " }");
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY))
    {
      g_string_append_c (out, '[');
      g_variant_iter_init (&iter, value);
      while ((child = g_variant_iter_next_value (&iter)) != NULL)
        {
          g_string_append (out, n++ > 0 ? ", " : "");
          append_value (out, child, key, TRUE);
          g_variant_unref (child);
        }
      g_string_append_c (out, ']');
    }
  else
    {
      g_autofree char *text = g_variant_print (value, FALSE);

      g_string_append (out, text);
    }
}

char *
hero_page_config_text (GVariant *value, const HeroConfigKey *key)
{
  GString *out = g_string_new (NULL);

  append_value (out, value, key, FALSE);
  return g_string_free (out, FALSE);
}

/* What the keys mean that every service has; its own keys bring their meaning in the descriptor. */
static const char *
common_meaning (const char *name)
{
  static const char *const meanings[][2] = {
    { "admin", "Serve the admin page." },
    { "data_dir", "Where the service keeps its data." },
    { "enabled", "Load the service." },
    { "isolation", "Run as a thread of the bundle or as a process of its own." },
    { "log_level", "Lines below this level are not written." },
    { "max_body_bytes", "Longest request body." },
    { "max_connections", "Connections at a time on each socket." },
    { "plugin", "The file the service comes from." },
    { "request_timeout_s", "Seconds a call may take; 0 = no limit." },
    { "required", "Its failure ends the bundle." },
    { "restart", "When the service is started again." },
    { "restart_delay_ms", "First wait before a restart; doubles each time." },
    { "restart_max", "Restarts in a row; 0 = no limit." },
    { "restart_max_delay_ms", "Longest wait before a restart." },
    { "restart_stable_s", "Seconds of work after which the wait begins anew." },
    { "socket_group", "Group of the socket files." },
    { "socket_mode", "Mode of the socket files: who may connect." },
    { "socket_path", "The rpc socket; the others follow its directory." },
    { "start_timeout_s", "Seconds the start may take." },
    { "stop_timeout_s", "Seconds the stop may take." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (g_str_equal (meanings[i][0], name))
      return meanings[i][1];
  return "";
}

static void
write_key (HeroPage *page, const HeroServicePlugin *plugin, const char *name, GVariant *value, GVariant *origins)
{
  const HeroConfigKey *key = find_key (plugin->config_keys, plugin->config_key_size, name);
  g_autofree char *text = hero_page_config_text (value, key);
  const char *source = "default";
  guint32 line = 0;

  if (origins != NULL)
    g_variant_lookup (origins, name, "(&su)", &source, &line);
  hero_page_row_begin (page, name);
  hero_page_cell (page, "%s", name);
  hero_page_cell (page, "%s", text);
  if (line > 0)
    hero_page_cell (page, "%s, line %u", source, line);
  else
    hero_page_cell (page, "%s", source);
  hero_page_cell (page, "%s", key != NULL && key->meaning != NULL ? key->meaning : common_meaning (name));
  hero_page_row_end (page);
}

void
hero_page_show_configuration (HeroPage *page)
{
  HeroServiceContext *ctx = page->shell->ctx;
  const HeroServicePlugin *plugin = hero_sdk_get (ctx)->plugin;
  GVariant *config = ctx->host->config (ctx), *origins = ctx->host->config_origin (ctx);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  hero_page_heading (page, "Configuration in effect");
  hero_page_text (page, "The table [%s] of hero_bundle.toml. Changes there take effect when the service starts anew.",
                  hero_service_get_name (ctx));
  hero_page_table_begin (page, "configuration", "Key$|Value$|Source|Meaning", "This service has no configuration.");
  g_variant_iter_init (&iter, config);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    write_key (page, plugin, name, value, origins);
  hero_page_table_end (page);
}

void
hero_page_render_configuration (gpointer shell, HeroPage *page)
{
  hero_page_show_configuration (page);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ logs */

static const char *const level_names[] = { "", "error", "warn", "info", "debug", "trace" };

static HeroLogLevel
wanted_level (HeroPage *page)
{
  const char *word = hero_page_get_query (page, "level");

  for (guint i = HERO_LOG_ERROR; word != NULL && i < G_N_ELEMENTS (level_names); i++)
    if (g_str_equal (word, level_names[i]))
      return i;
  return HERO_LOG_TRACE;
}

static void
write_level_choice (HeroPage *page, HeroLogLevel wanted)
{
  static const char *const titles[] = { "", "Errors", "Warnings", "Info", "Debug", "All" };

  g_string_append (page->out, "<nav class=\"choice\" aria-label=\"Lines of this level and above\">");
  for (guint i = HERO_LOG_ERROR; i <= HERO_LOG_TRACE; i++)
    {
      g_autofree char *href = i == HERO_LOG_TRACE ? g_strdup_printf ("/%s", page->tab->id)
                                                  : g_strdup_printf ("/%s?level=%s", page->tab->id, level_names[i]);

      g_string_append (page->out, "<a href=\"");
      hero_page_append_href (page, href);
      g_string_append_printf (page->out, "\"%s>%s</a>", i == wanted ? " aria-current=\"true\"" : "", titles[i]);
    }
  g_string_append (page->out, "</nav>\n");
}

static void
write_line (HeroPage *page, const HeroLogLine *line)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (line->time_us / G_USEC_PER_SEC);
  g_autofree char *date = g_date_time_format (time, "%Y-%m-%d");
  g_autofree char *clock = g_date_time_format (time, "%H:%M:%S");
  int ms = (int) (line->time_us / 1000 % 1000);

  g_string_append_printf (page->out, "<li class=\"%s\" data-seq=\"%" G_GUINT64_FORMAT "\"><time title=\"%s %s.%03d UTC\">%s.%03d</time>",
                          level_names[line->level], line->seq, date, clock, ms, clock, ms);
  g_string_append_printf (page->out, "<span class=\"level\">%s</span><span class=\"text\">", level_names[line->level]);
  hero_format_escape (page->out, line->text);
  g_string_append (page->out, "</span></li>\n");
}

void
hero_page_show_logs (HeroPage *page)
{
  g_autoptr (GPtrArray) lines = hero_log_get_lines (page->shell->ctx);
  HeroLogLevel wanted = wanted_level (page);

  hero_page_heading (page, "Last lines");
  hero_page_html (page, "<div class=\"grid-bar\">");
  write_level_choice (page, wanted);
  hero_page_html (page, "<input type=\"search\" class=\"needs-js\" data-filter=\".log li\" placeholder=\"Filter\" "
                        "aria-label=\"Filter the lines\" autocomplete=\"off\"><span class=\"grid-count\" role=\"status\"></span></div>\n"
                        "<div class=\"log\" data-live=\"log\" tabindex=\"0\" aria-label=\"Log lines, oldest first\"><ol>\n");
  for (guint i = 0; i < lines->len; i++)
    {
      const HeroLogLine *line = lines->pdata[i];

      if (line->level <= wanted)
        write_line (page, line);
    }
  hero_page_html (page, "</ol></div>\n");
}

void
hero_page_render_logs (gpointer shell, HeroPage *page)
{
  hero_page_show_logs (page);
  hero_page_done (page);
}
