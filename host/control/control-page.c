/* control-page.c: the live page of all services, and every key in effect. Service thread. */
#include "control.h"

#include <unistd.h>

static const char *
text_of (JsonObject *row, const char *key)
{
  return json_object_get_null_member (row, key) ? "" : json_object_get_string_member (row, key);
}

static void
show_service (HeroPage *page, JsonObject *row)
{
  const char *name = text_of (row, "name"), *reason = text_of (row, "reason");
  gboolean runs = !json_object_get_null_member (row, "pid");

  hero_page_row_begin (page, name);
  hero_page_cell (page, "%s", name);
  hero_page_cell (page, "%s", text_of (row, "state"));
  hero_page_cell (page, "%s", text_of (row, "isolation"));
  if (runs)
    hero_page_cell (page, "%" G_GINT64_FORMAT, json_object_get_int_member (row, "pid")); /* a name, not an amount: no grouping */
  else
    hero_page_cell (page, "%s", "");
  if (json_object_get_null_member (row, "ready_ms"))
    hero_page_cell (page, "%s", "");
  else
    hero_page_cell_int (page, json_object_get_int_member (row, "ready_ms"));
  hero_page_cell_int (page, json_object_get_int_member (row, "restarts"));
  hero_page_cell (page, "%s", reason[0] != '\0' ? reason : text_of (row, "last_error"));
  if (json_object_get_boolean_member (row, "enabled"))
    hero_page_action (page, "Restart", "host.restart",
                      runs ? "Calls that run in this service now are cut off. Its sockets keep listening." : NULL, "name", name,
                      NULL);
  else
    hero_page_cell (page, "%s", "");
  hero_page_row_end (page);
}

static void
show_services (gpointer data, HeroPage *page)
{
  HeroControl *self = data;
  g_autoptr (GVariant) services = hero_status_get_services (hero_supervisor_get_status (self->supervisor));

  hero_page_heading (page, "Services");
  hero_page_facts_begin (page);
  hero_page_fact (page, "Process", "%d", (int) getpid ());
  hero_page_fact_bytes (page, "Memory", hero_control_get_rss (getpid ()));
  hero_page_facts_end (page);
  hero_page_table_begin (page, "services", "Service|State!|Runs as|PID#|Ready after (ms)#|Restarts#|Last error|",
                         "No service is configured. Enable one in hero_bundle.toml.");
  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (services, i);
      g_autoptr (JsonObject) object = hero_control_describe_service (row);

      show_service (page, object);
    }
  hero_page_table_end (page);
  hero_page_done (page);
}

static void
show_keys (gpointer data, HeroPage *page)
{
  HeroControl *self = data;
  HeroConfig *config = hero_supervisor_get_config (self->supervisor);
  g_autoptr (GVariant) lines = g_variant_ref_sink (hero_config_describe (config));
  const char *table, *key, *value, *source, *meaning;
  guint32 line;
  GVariantIter iter;

  hero_page_heading (page, "Every key in effect");
  hero_page_text (page, "%s%s", config->path, config->present ? "" : " does not exist: all values are defaults");
  hero_page_table_begin (page, "keys", "Table|Key|Value$|Source|Line#|Meaning", "There are no keys.");
  g_variant_iter_init (&iter, lines);
  while (g_variant_iter_next (&iter, "(&s&s&s&s&su)", &table, &key, &value, &source, &meaning, &line))
    {
      g_autofree char *id = g_strdup_printf ("%s.%s", table, key);

      hero_page_row_begin (page, id);
      hero_page_cell (page, "%s", table);
      hero_page_cell (page, "%s", key);
      hero_page_cell (page, "%s", value);
      hero_page_cell (page, "%s", source);
      if (line > 0)
        hero_page_cell_int (page, line);
      else
        hero_page_cell (page, "%s", "");
      hero_page_cell (page, "%s", meaning);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
  hero_page_done (page);
}

static const HeroPageTab tabs[] = {
  { "services", "Services", show_services, .events = "service.*" },
  { "keys", "All keys", show_keys },
  { NULL },
};

const HeroPageSpec hero_control_page
    = HERO_PAGE_SPEC (.tabs = tabs, .overview = show_services, .events = "service.*");
