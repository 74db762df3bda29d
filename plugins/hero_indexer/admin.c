/* admin.c: the tabs of the admin page: databases, one of them, query. Service thread. */
#include "admin.h"

#include "search-job.h"

#define PAGE_HITS 20

/* ---- databases */

static char *
database_path (const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);

  return g_strconcat ("/databases/", escaped, NULL);
}

static void
show_list (Indexer *self, HeroPage *page)
{
  g_autoptr (GArray) list = indexer_catalog_list (self->catalog);

  hero_page_heading (page, "Databases");
  hero_page_table_begin (page, "databases", "Name|Documents#|Size~|Pending#|Segments#|Memory~|Open|Created@|",
                         "No database yet: create the first one below.");
  for (guint i = 0; i < list->len; i++)
    {
      const IndexerDatabaseInfo *info = &g_array_index (list, IndexerDatabaseInfo, i);
      g_autofree char *path = database_path (info->name);

      hero_page_row_begin (page, info->name);
      hero_page_cell_link (page, path, info->name);
      hero_page_cell_int (page, info->counts.doc_count);
      hero_page_cell_int (page, info->counts.size_bytes);
      hero_page_cell_int (page, info->pending);
      hero_page_cell_int (page, info->n_segments);
      hero_page_cell_int (page, info->memory);
      hero_page_cell (page, "%s", info->is_open ? "yes" : "no");
      hero_page_cell_int (page, info->created_at);
      hero_page_action (page, "Close", "db.close", NULL, "name", info->name, NULL);
      hero_page_action (page, "Delete", "db.delete", "The database and all its documents are gone for good.", "name",
                        info->name, NULL);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
  hero_page_heading (page, "Create a database");
  hero_page_form (page, "db.create", "Create");
  hero_page_done (page);
}

static void
show_schema (HeroPage *page, IndexerSchema *schema)
{
  hero_page_heading (page, "Schema");
  hero_page_table_begin (page, "fields", "Field|Type|Tokenizer|Stored|Indexed", "It has no fields.");
  for (guint i = 0; i < indexer_schema_get_n_fields (schema); i++)
    {
      const IndexerField *field = indexer_schema_get_field (schema, i);

      hero_page_row_begin (page, field->name);
      hero_page_cell (page, "%s", field->name);
      hero_page_cell (page, "%s", indexer_type_name (field->type));
      hero_page_cell (page, "%s", field->tokenizer != NULL ? field->tokenizer : "");
      hero_page_cell (page, "%s", field->stored ? "yes" : "no");
      hero_page_cell (page, "%s", field->indexed ? "yes" : "no");
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

typedef struct
{
  Indexer *self;
  HeroPage *page;
} View;

static void
show_one (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data)
{
  g_autofree View *view = data;
  HeroPage *page = view->page;
  IndexerDatabaseInfo info;

  if (error != NULL)
    {
      hero_page_fail (page, g_error_new_literal (HERO_ERROR, HERO_ERROR_NOT_FOUND, error->message));
      return;
    }
  indexer_catalog_get_info (view->self->catalog, indexer_database_get_name (database), &info);
  hero_page_set_title (page, "%s", info.name);
  hero_page_heading (page, info.name);
  hero_page_facts_begin (page);
  hero_page_fact_int (page, "Documents", info.counts.doc_count);
  hero_page_fact_bytes (page, "Size", info.counts.size_bytes);
  hero_page_fact_int (page, "Wait for a commit", info.pending);
  hero_page_fact_int (page, "Segments", info.n_segments);
  hero_page_fact_bytes (page, "Index in memory", info.memory);
  hero_page_fact_int (page, "Next opstamp", info.counts.next_opstamp);
  hero_page_facts_end (page);
  hero_page_action (page, "Commit", "index.commit", NULL, "db", info.name, NULL);
  show_schema (page, indexer_database_get_schema (database));
  hero_page_done (page);
}

static void
render_databases (gpointer data, HeroPage *page)
{
  Indexer *self = data;
  const char *name = hero_page_get_rest (page);
  View *view;

  if (*name == 0)
    {
      show_list (self, page);
      return;
    }
  view = g_new (View, 1);
  *view = (View){ self, page };
  indexer_catalog_use (self->catalog, name, show_one, view);
}

/* ---- query */

typedef struct
{
  Indexer *self;
  HeroPage *page;
  char *hits, *error;
  guint64 total;
  gint64 took_ms;
} Query;

static void
query_free (gpointer data)
{
  Query *query = data;

  g_free (query->hits);
  g_free (query->error);
  g_free (query);
}

static void
show_form (Indexer *self, HeroPage *page)
{
  const char *db = hero_page_get_query (page, "db");
  const char *field = hero_page_get_query (page, "field");
  const char *text = hero_page_get_query (page, "q");
  g_autoptr (GArray) list = indexer_catalog_list (self->catalog);

  hero_page_heading (page, "Query");
  hero_page_htmlf (page,
                   "<form method=\"get\" action=\"%s/query\"><div class=\"field\"><label for=\"db\">Database</label>"
                   "<select id=\"db\" name=\"db\">",
                   hero_page_get_base_path (page));
  for (guint i = 0; i < list->len; i++)
    {
      const char *name = g_array_index (list, IndexerDatabaseInfo, i).name;

      hero_page_htmlf (page, "<option%s>%s</option>", g_strcmp0 (name, db) == 0 ? " selected" : "", name);
    }
  hero_page_htmlf (page,
                   "</select></div><div class=\"field\"><label for=\"field\">Field</label>"
                   "<input id=\"field\" name=\"field\" value=\"%s\" placeholder=\"the first text field\"></div>"
                   "<div class=\"field\"><label for=\"q\">Words, or a query in JSON</label>"
                   "<input id=\"q\" name=\"q\" type=\"search\" value=\"%s\"></div>"
                   "<div class=\"row\"><button type=\"submit\" class=\"primary\">Search</button></div></form>",
                   field != NULL ? field : "", text != NULL ? text : "");
}

static void
show_hits (HeroPage *page, const char *hits)
{
  g_autoptr (JsonNode) node = hero_json_parse (hits, -1, NULL);
  JsonArray *array = node != NULL ? json_node_get_array (node) : NULL;

  if (array == NULL) /* a value that our JSON reader does not take */
    {
      hero_page_pre (page, hits);
      return;
    }
  hero_page_table_begin (page, "hits", "Place#|Score#|Document$",
                         "Nothing was found: try other words or another field.");
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *hit = json_array_get_object_element (array, i);
      g_autofree char *document = hero_json_print (json_object_get_member (hit, "doc"), NULL);
      g_autofree char *key = g_strdup_printf ("%u", i + 1);

      hero_page_row_begin (page, key);
      hero_page_cell_int (page, i + 1);
      hero_page_cell (page, "%.4f", json_object_get_double_member (hit, "score"));
      hero_page_cell (page, "%s", document);
      hero_page_row_end (page);
    }
  hero_page_table_end (page);
}

static gboolean
finish_query (gpointer data)
{
  Query *query = data;
  HeroPage *page = query->page;

  show_form (query->self, page);
  if (query->error != NULL)
    hero_page_note (page, "warn", "%s", query->error);
  else if (query->hits != NULL)
    {
      hero_page_text (page, "%" G_GUINT64_FORMAT " found in %" G_GINT64_FORMAT " ms%s.", query->total, query->took_ms,
                      query->total > PAGE_HITS ? "; the best 20 are shown" : "");
      show_hits (page, query->hits);
    }
  hero_page_done (page);
  return G_SOURCE_REMOVE;
}

static void
end_query (Query *query, const GError *error)
{
  query->error = error != NULL ? g_strdup (error->message) : NULL;
  finish_query (query);
  query_free (query);
}

/* On a search thread. */
static void
query_found (const IndexerResult *result, const GError *error, gpointer data)
{
  Query *query = data;

  if (error != NULL)
    {
      query->error = g_strdup (error->message);
    }
  else
    {
      query->hits = g_strndup (result->hits->str, result->hits->len);
      query->total = result->total_hits;
      query->took_ms = result->took_ms;
    }
  hero_service_post (query->self->ctx, finish_query, query, query_free);
}

static const char *
first_text_field (IndexerSchema *schema)
{
  for (guint i = 0; i < indexer_schema_get_n_fields (schema); i++)
    if (indexer_schema_get_field (schema, i)->type == INDEXER_TEXT)
      return indexer_schema_get_field (schema, i)->name;
  return "";
}

/* A query in JSON as it is; anything else is a match. */
static IndexerQuery *
read_query (HeroPage *page, IndexerSchema *schema, GError **error)
{
  const char *field = hero_page_get_query (page, "field");
  const char *text = hero_page_get_query (page, "q");
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (JsonObject) match = NULL;

  if (*text == '{')
    {
      node = hero_json_parse (text, -1, error);
      return node != NULL ? indexer_query_parse (schema, json_node_get_object (node), error) : NULL;
    }
  match = json_object_new ();
  json_object_set_string_member (match, "type", "match");
  json_object_set_string_member (match, "field", field != NULL && *field != 0 ? field : first_text_field (schema));
  json_object_set_string_member (match, "value", text);
  return indexer_query_parse (schema, match, error);
}

static void
query_database (IndexerDatabase *database, gboolean flag, const GError *error, gpointer data)
{
  Query *query = data;
  HeroHttpRequest *request = hero_page_get_request (query->page);
  g_autoptr (GError) fault = NULL;
  IndexerQuery *parsed;

  if (error != NULL)
    {
      end_query (query, error);
      return;
    }
  parsed = read_query (query->page, indexer_database_get_schema (database), &fault);
  if (parsed == NULL
      || !indexer_search_start (query->self, database, parsed, 0, PAGE_HITS,
                                hero_http_request_get_cancellable (request), query_found, query, &fault))
    end_query (query, fault);
}

static void
render_query (gpointer data, HeroPage *page)
{
  Indexer *self = data;
  const char *db = hero_page_get_query (page, "db");
  Query *query = g_new0 (Query, 1);

  query->self = self;
  query->page = page;
  if (db != NULL && hero_page_get_query (page, "q") != NULL)
    indexer_catalog_use (self->catalog, db, query_database, query);
  else
    end_query (query, NULL);
}

void
indexer_admin_register (Indexer *self)
{
  static const HeroPageTab tabs[] = {
    { "databases", "Databases", render_databases, "db.*" },
    { "query", "Query", render_query },
    { NULL },
  };
  static const HeroPageSpec spec = HERO_PAGE_SPEC (.tabs = tabs, .events = "db.*");

  hero_service_set_page (self->ctx, &spec, NULL, self);
}
