/* page.c: see page.h. Service thread; each page is a turn of its own. */
#include "page.h"

#include <hero-service/page.h>

#include "hero_db-resource.h"
#include "key-walk.h"

#define KEYS_ON_PAGE 100
#define VALUE_SHOWN 65536 /* bytes */
#define SERIES_S 60

/* ------------------------------------------------------------------------------------------------ overview */

static void
show_series (HeroDb *self, HeroPage *page, const char *label, double (*get) (const Sample *sample), const char *unit)
{
  double values[SERIES_S];
  guint count = 0;
  g_autofree char *text = NULL;

  for (guint age = SERIES_S; age-- > 0;)
    {
      const Sample *sample = samples_get (self->samples, age);

      if (sample != NULL)
        values[count++] = get (sample);
    }
  text = g_strdup_printf ("%.0f %s", count > 0 ? values[count - 1] : 0, unit);
  hero_page_fact_series (page, label, text, values, count);
}

static double
get_operations (const Sample *sample)
{
  return (double)sample->operations;
}

static double
get_p99 (const Sample *sample)
{
  return (double)sample->p99_us;
}

static double
get_commits (const Sample *sample)
{
  return (double)sample->commits;
}

static void
show_overview (gpointer data, HeroPage *page)
{
  HeroDb *self = data;
  const ServerStats *stats = &self->server->stats;
  guint64 keys = 0;

  for (guint db = 0; db < self->limits.databases; db++)
    keys += storage_count (self->server->storage, db);

  hero_page_heading (page, "Database");
  if (self->server->broken != NULL)
    hero_page_note (page, "bad", "Read-only: %s. Writes are tried again each second.", self->server->broken);
  hero_page_facts_begin (page);
  show_series (self, page, "Commands", get_operations, "/s");
  show_series (self, page, "99th percentile", get_p99, "µs");
  show_series (self, page, "Commits", get_commits, "/s");
  hero_page_fact_int (page, "Keys", (gint64)keys);
  hero_page_fact_int (page, "Clients", self->server->clients.length);
  hero_page_fact_int (page, "Hits", (gint64)stats->hits);
  hero_page_fact_int (page, "Misses", (gint64)stats->misses);
  hero_page_fact_int (page, "Keys expired", (gint64)stats->expired);
  hero_page_fact_bytes (page, "On disk", storage_get_file_bytes (self->server->storage));
  hero_page_fact_bytes (page, "Waiting for the disk", storage_get_dirty_bytes (self->server->storage));
  hero_page_facts_end (page);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ databases */

static void
show_databases (gpointer data, HeroPage *page)
{
  HeroDb *self = data;

  hero_page_heading (page, "Databases");
  hero_page_table_begin (page, "databases", "Database#|Keys#|With an end#|", "No database.");
  for (guint db = 0; db < self->limits.databases; db++)
    {
      guint64 keys = storage_count (self->server->storage, db);
      g_autofree char *number = g_strdup_printf ("%u", db);
      g_autofree char *href = g_strdup_printf ("/keys?db=%u", db);
      g_autofree char *params = g_strdup_printf ("{\"db\":%u,\"confirm\":\"%u\"}", db, db);
      g_autofree char *question
          = g_strdup_printf ("All %" G_GUINT64_FORMAT " keys of database %u are deleted for good.", keys, db);

      if (db > 0 && keys == 0)
        continue;
      hero_page_row_begin (page, number);
      hero_page_cell_link (page, href, number);
      hero_page_cell_int (page, (gint64)keys);
      hero_page_cell_int (page, (gint64)storage_count_expiring (self->server->storage, db));
      hero_page_cell_action (page, "Empty", "database.flush", params, question);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ keys */

static guint64
query_number (HeroPage *page, const char *name, guint64 max)
{
  const char *text = hero_page_get_query (page, name);
  guint64 value = 0;

  if (text != NULL)
    g_ascii_string_to_unsigned (text, 10, 0, max, &value, NULL);
  return value;
}

typedef struct
{
  HeroDb *self;
  HeroPage *page;
  guint db;
} KeyTable;

/* The name as people read it, and its bytes for links and methods. */
static void
show_key_row (gpointer data, Slice name, const StorageEntry *entry)
{
  KeyTable *table = data;
  HeroPage *page = table->page;
  g_autofree char *base64 = g_base64_encode ((const guchar *)name.data, name.length);
  g_autofree char *escaped = g_uri_escape_string (base64, NULL, FALSE);
  g_autofree char *href = g_strdup_printf ("/keys/key?db=%u&name=%s", table->db, escaped);
  g_autofree char *readable = g_strndup (name.data, MIN (name.length, 512));
  g_autofree char *valid = g_utf8_make_valid (readable, -1);
  g_autofree char *params = g_strdup_printf ("{\"db\":%u,\"keys\":[{\"b64\":\"%s\"}]}", table->db, base64);

  hero_page_row_begin (page, base64);
  hero_page_cell_link (page, href, *valid != '\0' ? valid : "(empty name)");
  hero_page_cell (page, "%s", storage_type_name (entry->type));
  hero_page_cell_int (page, (gint64)entry->value.length);
  hero_page_cell_int (page, entry->expires_at);
  hero_page_cell_action (page, "Delete", "key.delete", params, "The key and its value are gone for good.");
  hero_page_row_end (page);
}

static void
show_filter (HeroPage *page, guint db, const char *match)
{
  hero_page_htmlf (
      page,
      "<form method=\"get\" action=\"%s/keys\"><label>Database <input type=\"number\" name=\"db\" min=\"0\" "
      "max=\"999\" value=\"%u\"></label> <label>Names like <input type=\"text\" name=\"match\" value=\"%s\" "
      "autocomplete=\"off\" spellcheck=\"false\"></label> <button>Show</button></form>",
      hero_page_get_base_path (page), db, match);
}

static void
show_key_list (HeroDb *self, HeroPage *page, guint db)
{
  const char *asked = hero_page_get_query (page, "match");
  const char *match = asked != NULL && *asked != '\0' ? asked : "*";
  KeyTable table = { self, page, db };
  KeyWalk walk = { .db = db, .pattern = slice_of_string (match), .count = KEYS_ON_PAGE };

  walk.position = query_number (page, "cursor", G_MAXUINT64);
  hero_page_heading (page, "Keys");
  show_filter (page, db, match);
  hero_page_table_begin (page, "keys", "Name$|Type|Size~|Ends@|",
                         "No key here. Set one on the Console tab, or with redis-cli: SET greeting hello");
  key_walk (self->server, &walk, show_key_row, &table);
  hero_page_table_end (page);
  if (walk.position != 0)
    {
      g_autofree char *escaped = g_uri_escape_string (match, NULL, FALSE);
      g_autofree char *href
          = g_strdup_printf ("/keys?db=%u&match=%s&cursor=%" G_GUINT64_FORMAT, db, escaped, walk.position);

      hero_page_link (page, href, "Next keys");
    }
}

/* Text as it is, else the bytes in hexadecimal. */
static void
show_value (HeroPage *page, Slice value)
{
  Slice shown = slice (value.data, MIN (value.length, VALUE_SHOWN));
  g_autofree char *text = NULL;

  if (shown.length == 0 || g_utf8_validate (shown.data, (gssize)shown.length, NULL))
    text = g_strndup (shown.data, shown.length);
  else
    {
      GString *hex = g_string_new (NULL);

      for (gsize i = 0; i < shown.length; i++)
        g_string_append_printf (hex, "%02x%s", (guchar)shown.data[i], i % 32 == 31 ? "\n" : " ");
      text = g_string_free (hex, FALSE);
    }
  hero_page_pre (page, text);
  if (shown.length < value.length)
    hero_page_text (page, "The first %d bytes of %" G_GSIZE_FORMAT "; key.get tells the rest.", VALUE_SHOWN,
                    value.length);
}

static void
show_key (HeroDb *self, HeroPage *page, guint db)
{
  const char *base64 = hero_page_get_query (page, "name");
  gsize length = 0;
  g_autofree guchar *name = base64 != NULL ? g_base64_decode (base64, &length) : NULL;
  g_autofree char *readable = g_utf8_make_valid ((const char *)name, (gssize)MIN (length, 512));
  StorageEntry entry;

  hero_page_set_title (page, "%s", *readable != '\0' ? readable : "(empty name)");
  hero_page_heading (page, "Key");
  if (!storage_get (self->server->storage, db, slice (name, length), &entry)
      || (entry.expires_at != 0 && entry.expires_at <= self->server->now))
    {
      hero_page_note (page, "warn", "There is no such key in database %u.", db);
      return;
    }
  hero_page_facts_begin (page);
  hero_page_fact (page, "Name", "%s", readable);
  hero_page_fact (page, "Type", "%s", storage_type_name (entry.type));
  hero_page_fact_bytes (page, "Size", entry.value.length);
  if (entry.expires_at != 0)
    hero_page_fact (page, "Ends in", "%.1f s", (double)(entry.expires_at - self->server->now) / 1000);
  hero_page_facts_end (page);
  hero_page_heading (page, "Value");
  show_value (page, entry.value);
}

static void
show_keys (gpointer data, HeroPage *page)
{
  HeroDb *self = data;
  guint db = (guint)query_number (page, "db", self->limits.databases - 1);
  g_autoptr (GError) error = NULL;

  server_begin_turn (self->server);
  if (!storage_begin (self->server->storage, &error))
    {
      hero_page_fail (page, g_steal_pointer (&error));
      return;
    }
  if (g_str_equal (hero_page_get_rest (page), "key"))
    show_key (self, page, db);
  else
    show_key_list (self, page, db);
  server_end_turn (self->server, TRUE);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ console, clients */

static void
show_console (gpointer data, HeroPage *page)
{
  hero_page_heading (page, "Console");
  hero_page_html (page,
                  "<pre id=\"console-output\" aria-live=\"polite\" hidden></pre><form id=\"console\"><label>Database "
                  "<input type=\"number\" name=\"db\" min=\"0\" max=\"999\" value=\"0\"></label> <label>Command <input "
                  "type=\"text\" name=\"line\" size=\"50\" autocomplete=\"off\" spellcheck=\"false\" "
                  "placeholder=\"SET greeting hello\" autofocus></label> <button>Run</button></form>");
  hero_page_done (page);
}

static void
show_clients (gpointer data, HeroPage *page)
{
  HeroDb *self = data;
  gint64 now = g_get_monotonic_time (), wall = g_get_real_time () / 1000;

  hero_page_heading (page, "Clients");
  hero_page_table_begin (page, "clients",
                         "Id#|Address$|Name|Library|Database#|Last command$|Since@|Last seen@|Memory~|",
                         "Nobody is connected. Try: redis-cli -p 6378 PING");
  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;
      g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, client->id);
      g_autofree char *params = g_strdup_printf ("{\"id\":%s}", id);

      hero_page_row_begin (page, id);
      hero_page_cell_int (page, (gint64)client->id);
      hero_page_cell (page, "%s", client->address);
      hero_page_cell (page, "%s", client->name != NULL ? client->name : "");
      hero_page_cell (page, "%s %s", client->lib_name != NULL ? client->lib_name : "",
                      client->lib_version != NULL ? client->lib_version : "");
      hero_page_cell_int (page, client->db);
      hero_page_cell (page, "%s", client->last_command != NULL ? client->last_command : "");
      hero_page_cell_int (page, wall - (now - client->created_us) / 1000);
      hero_page_cell_int (page, wall - (now - client->active_us) / 1000);
      hero_page_cell_int (page, (gint64)client_get_memory (client));
      hero_page_cell_action (page, "Close", "client.kill", params, "The client loses its connection.");
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
  hero_page_done (page);
}

static const HeroPageTab tabs[] = {
  { "databases", "Databases", show_databases, .refresh_s = 5 },
  { "keys", "Keys", show_keys },
  { "console", "Console", show_console, .scripts = "console.js" },
  { "clients", "Clients", show_clients, .refresh_s = 5 },
  { NULL },
};

void
page_register (HeroDb *self)
{
  static const HeroPageSpec spec = HERO_PAGE_SPEC (.tabs = tabs, .overview = show_overview,
                                                   .resource_prefix = "/hero_db/static", .events = "stats.sample");

  hero_service_set_page (self->ctx, &spec, hero_db_get_resource (), self);
}
