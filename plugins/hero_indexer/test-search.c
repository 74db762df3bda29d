/* test-search.c: the vectors of contract 6, and that neither segments nor ranking change an answer. */
#include "search.h"

#include "document.h"
#include "score.h"

static IndexerSchema *
make_schema (const char *json)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  IndexerSchema *schema = indexer_schema_parse (json_node_get_object (node), NULL, NULL);

  g_assert_nonnull (schema);
  return schema;
}

/* Documents as JSON, `per_segment` of them in each commit. */
static IndexerSnapshot *
make_snapshot (IndexerSchema *schema, const char *const *docs, guint per_segment)
{
  g_autoptr (IndexerSnapshot) snapshot = indexer_snapshot_new (schema);

  for (guint i = 0; docs[i] != NULL;)
    {
      IndexerSegmentBuilder *builder = indexer_segment_builder_new (schema);
      g_autoptr (IndexerSegment) segment = NULL;
      IndexerSnapshot *next;

      for (guint k = 0; k < per_segment && docs[i] != NULL; k++, i++)
        {
          g_autoptr (JsonNode) node = json_from_string (docs[i], NULL);
          g_autoptr (GArray) skipped = g_array_new (FALSE, FALSE, sizeof (IndexerSkipped));
          g_autoptr (GBytes) record = indexer_document_encode (schema, node, i, skipped, NULL);

          indexer_segment_builder_add (builder, g_bytes_get_data (record, NULL), g_bytes_get_size (record));
        }
      segment = indexer_segment_builder_finish (builder);
      next = indexer_snapshot_extend (snapshot, &segment, 1);
      indexer_snapshot_unref (snapshot);
      snapshot = next;
    }
  return g_steal_pointer (&snapshot);
}

static IndexerQuery *
make_query (IndexerSchema *schema, const char *json)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  g_autoptr (GError) error = NULL;
  IndexerQuery *query = indexer_query_parse (schema, json_node_get_object (node), &error);

  g_assert_no_error (error);
  return query;
}

static GArray *
search (IndexerSnapshot *snapshot, const char *json)
{
  g_autoptr (IndexerQuery) query = make_query (indexer_snapshot_get_schema (snapshot), json);
  GArray *hits = indexer_search_run (snapshot, query, NULL, NULL);

  indexer_search_rank (hits, hits->len);
  return hits;
}

/* expected: "doc:score doc:score", documents from 1 as the contract counts. */
static void
check (IndexerSnapshot *snapshot, const char *json, const char *expected)
{
  g_autoptr (GArray) hits = search (snapshot, json);
  g_auto (GStrv) wanted = g_strsplit (expected, " ", -1);

  g_test_message ("%s", json);
  g_assert_cmpuint (hits->len, ==, *expected != 0 ? g_strv_length (wanted) : 0);
  for (guint i = 0; i < hits->len; i++)
    {
      IndexerHit hit = g_array_index (hits, IndexerHit, i);
      char *score;

      g_assert_cmpuint (hit.doc + 1, ==, g_ascii_strtoull (wanted[i], &score, 10));
      g_assert_cmpfloat_with_epsilon (hit.score, (float)g_ascii_strtod (score + 1, NULL), 1e-5f);
    }
}

#define VECTOR_SCHEMA "{\"fields\":[{\"name\":\"t\",\"type\":\"text\"},{\"name\":\"k\",\"type\":\"u64\"}]}"
static const char *const vector_docs[]
    = { "{\"t\":\"a b\",\"k\":1}", "{\"t\":\"a a c\",\"k\":2}", "{\"t\":\"d\",\"k\":3}", NULL };

static void
test_vectors (void)
{
  g_autoptr (IndexerSchema) schema = make_schema (VECTOR_SCHEMA);

  for (guint per_segment = 1; per_segment <= 3; per_segment++)
    {
      g_autoptr (IndexerSnapshot) snapshot = make_snapshot (schema, vector_docs, per_segment);

      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"a\"}", "2:0.566580 1:0.470004");
      check (snapshot, "{\"type\":\"term\",\"field\":\"t\",\"value\":\"a\"}", "1:0.470004 2:0.390192");
      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"a c\"}", "2:1.380853 1:0.470004");
      check (snapshot, "{\"type\":\"term\",\"field\":\"k\",\"value\":3}", "3:0.980829");
      check (snapshot, "{\"type\":\"match\",\"field\":\"k\",\"value\":\"3\"}", "3:0.980829");
      check (snapshot, "{\"type\":\"match\",\"field\":\"k\",\"value\":\"three\"}", "");
      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"A, C!\"}", "2:1.380853 1:0.470004");
      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"a a\"}", "2:1.133160 1:0.940008");
      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"a\",\"boost\":-2}", "1:-0.940008 2:-1.133160");
      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"a\",\"boost\":0}", "1:0 2:0");
      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\" \"}", "1:1 2:1 3:1");
      check (snapshot, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"!?\"}", "");
      check (snapshot, "{\"type\":\"all\"}", "1:1 2:1 3:1");
    }
}

static void
test_match_kept_case (void)
{
  static const char *const docs[]
      = { "{\"s\":\"Two Words\",\"w\":\"Foo-Bar baz\"}", "{\"s\":\"two\",\"w\":\"foo-bar\"}", NULL };
  g_autoptr (IndexerSchema) schema = make_schema ("{\"fields\":[{\"name\":\"s\",\"type\":\"str\"},"
                                                  "{\"name\":\"w\",\"type\":\"text\",\"tokenizer\":\"whitespace\"}]}");
  g_autoptr (IndexerSnapshot) snapshot = make_snapshot (schema, docs, 2);
  g_autoptr (GArray) both = search (snapshot, "{\"type\":\"match\",\"field\":\"s\",\"value\":\"Two Words\"}");
  g_autoptr (GArray) words = search (snapshot, "{\"type\":\"match\",\"field\":\"w\",\"value\":\"Foo-Bar\"}");
  g_autoptr (GArray) exact = search (snapshot, "{\"type\":\"term\",\"field\":\"w\",\"value\":\"Foo-Bar\"}");

  g_assert_cmpuint (both->len, ==, 2);
  g_assert_cmpuint (words->len, ==, 2);
  g_assert_cmpuint (exact->len, ==, 1);
}

static void
test_lengths (void)
{
  static const guint32 exact[] = { 0, 1, 40, 42, 44, 56, 60, 64, 88, 96, 104, 152, 2013265944 };

  for (guint i = 0; i < G_N_ELEMENTS (exact); i++)
    g_assert_cmpuint (indexer_length_decode (indexer_length_encode (exact[i])), ==, exact[i]);
  g_assert_cmpuint (indexer_length_decode (indexer_length_encode (41)), ==, 40);
  g_assert_cmpuint (indexer_length_decode (indexer_length_encode (59)), ==, 56);
  g_assert_cmpuint (indexer_length_decode (indexer_length_encode (103)), ==, 96);
  g_assert_cmpuint (indexer_length_encode (G_MAXUINT32), ==, 255);
  for (guint32 n = 1; n < 100000; n++) /* down, and to the nearest below */
    {
      guint8 code = indexer_length_encode (n);

      g_assert_cmpuint (indexer_length_decode (code), <=, n);
      g_assert_cmpuint (indexer_length_decode (code + 1), >, n);
    }
}

/* Equal documents come in insertion order, whatever the window and however they were committed. */
static void
test_ties (void)
{
  const guint n = 2000;
  g_autofree const char **docs = g_new0 (const char *, n + 1);
  g_autoptr (IndexerSchema) schema = make_schema (VECTOR_SCHEMA);
  g_autoptr (IndexerSnapshot) snapshot = NULL;
  g_autoptr (IndexerQuery) query = make_query (schema, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"same\"}");

  for (guint i = 0; i < n; i++)
    docs[i] = "{\"t\":\"same text\"}";
  snapshot = make_snapshot (schema, docs, 7);
  g_assert_cmpuint (indexer_snapshot_get_n_docs (snapshot), ==, n);
  g_assert_cmpuint (indexer_snapshot_get_n_segments (snapshot), <, 12);
  for (guint window = 1; window < n; window = window * 3 + 1)
    {
      g_autoptr (GArray) hits = indexer_search_run (snapshot, query, NULL, NULL);

      g_assert_cmpuint (hits->len, ==, n);
      indexer_search_rank (hits, window);
      for (guint i = 0; i < window; i++)
        g_assert_cmpuint (g_array_index (hits, IndexerHit, i).doc, ==, i);
    }
}

static void
test_cancelled (void)
{
  g_autoptr (IndexerSchema) schema = make_schema (VECTOR_SCHEMA);
  g_autoptr (IndexerSnapshot) snapshot = make_snapshot (schema, vector_docs, 3);
  g_autoptr (IndexerQuery) query = make_query (schema, "{\"type\":\"match\",\"field\":\"t\",\"value\":\"a\"}");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (indexer_search_run (snapshot, query, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_query_refused (void)
{
  static const struct
  {
    const char *json;
    int code;
    const char *part;
  } cases[] = {
    { "{}", INDEXER_INVALID_PARAMS, "type: expected string, got nothing" },
    { "{\"type\":\"fuzzy\"}", INDEXER_INVALID_PARAMS, "got 'fuzzy'" },
    { "{\"type\":\"match\",\"value\":\"x\"}", INDEXER_INVALID_PARAMS, "field: expected string" },
    { "{\"type\":\"match\",\"field\":\"t\",\"value\":5}", INDEXER_INVALID_PARAMS,
      "value: expected string, got integer" },
    { "{\"type\":\"match\",\"field\":\"t\",\"value\":\"x\",\"boost\":\"2\"}", INDEXER_INVALID_PARAMS,
      "boost: expected number" },
    { "{\"type\":\"match\",\"field\":\"z\",\"value\":\"x\"}", INDEXER_FIELD_NOT_FOUND, "Field not found: z" },
    { "{\"type\":\"match\",\"field\":\"h\",\"value\":\"x\"}", INDEXER_INVALID_QUERY,
      "Invalid query: field 'h' is not indexed" },
    { "{\"type\":\"term\",\"field\":\"t\",\"value\":5}", INDEXER_INVALID_QUERY,
      "Invalid query: Expected string value" },
    { "{\"type\":\"term\",\"field\":\"k\",\"value\":\"5\"}", INDEXER_INVALID_QUERY,
      "Invalid query: Expected unsigned integer value" },
    { "{\"type\":\"term\",\"field\":\"k\"}", INDEXER_INVALID_PARAMS, "value: expected a value, got nothing" },
  };
  g_autoptr (IndexerSchema) schema
      = make_schema ("{\"fields\":[{\"name\":\"t\",\"type\":\"text\"},{\"name\":\"k\",\"type\":"
                     "\"u64\"},{\"name\":\"h\",\"type\":\"text\",\"indexed\":false}]}");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (cases[i].json, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].json);
      g_assert_null (indexer_query_parse (schema, json_node_get_object (node), &error));
      g_assert_error (error, INDEXER_ERROR, cases[i].code);
      g_assert_nonnull (strstr (error->message, cases[i].part));
    }
}

static void
test_query_warnings (void)
{
  g_autoptr (IndexerSchema) schema = make_schema (VECTOR_SCHEMA);
  g_autoptr (IndexerQuery) query = make_query (schema, "{\"type\":\"all\",\"slop\":1}");

  g_assert_cmpuint (query->warnings->len, ==, 1);
  g_assert_cmpstr (query->warnings->pdata[0], ==, "query: key 'slop' is ignored");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/search/vectors", test_vectors);
  g_test_add_func ("/search/match-kept-case", test_match_kept_case);
  g_test_add_func ("/search/lengths", test_lengths);
  g_test_add_func ("/search/ties", test_ties);
  g_test_add_func ("/search/cancelled", test_cancelled);
  g_test_add_func ("/search/query-refused", test_query_refused);
  g_test_add_func ("/search/query-warnings", test_query_warnings);
  return g_test_run ();
}
