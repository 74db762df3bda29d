/* test-document.c: documents to records and back. */
#include "document.h"

static IndexerSchema *
make_schema (void)
{
  g_autoptr (JsonNode) node = json_from_string ("{\"fields\":[{\"name\":\"t\",\"type\":\"text\"},"
                                                "{\"name\":\"n\",\"type\":\"i64\"},"
                                                "{\"name\":\"hidden\",\"type\":\"str\",\"stored\":false}]}",
                                                NULL);

  return indexer_schema_parse (json_node_get_object (node), NULL, NULL);
}

static void
check (const char *in, const char *expected, guint n_skipped)
{
  g_autoptr (IndexerSchema) schema = make_schema ();
  g_autoptr (JsonNode) node = json_from_string (in, NULL);
  g_autoptr (GArray) skipped = g_array_new (FALSE, FALSE, sizeof (IndexerSkipped));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) record = indexer_document_encode (schema, node, 7, skipped, &error);
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_no_error (error);
  indexer_document_print (schema, g_bytes_get_data (record, NULL), g_bytes_get_size (record), out);
  g_assert_cmpstr (out->str, ==, expected);
  g_assert_cmpuint (skipped->len, ==, n_skipped);
  for (guint i = 0; i < n_skipped; i++)
    g_assert_cmpuint (g_array_index (skipped, IndexerSkipped, i).index, ==, 7);
}

static void
test_print (void)
{
  check ("{}", "{}", 0);
  check ("{\"t\":\"a\",\"n\":5}", "{\"t\":\"a\",\"n\":5}", 0);
  check ("{\"n\":[3],\"t\":[\"a\",\"b\",\"c\"]}", "{\"n\":3,\"t\":[\"a\",\"b\",\"c\"]}", 0);
  check ("{\"t\":[\"a\",\"b\"],\"n\":[1,2]}", "{\"t\":[\"a\",\"b\"],\"n\":[1,2]}", 0);
  check ("{\"hidden\":\"x\",\"t\":\"a\"}", "{\"t\":\"a\"}", 0);
  check ("{\"t\":null,\"n\":[null,4]}", "{\"n\":4}", 0);
}

static void
test_skipped (void)
{
  check ("{\"t\":5,\"n\":1}", "{\"n\":1}", 1);
  check ("{\"n\":[1,\"2\",true,3]}", "{\"n\":[1,3]}", 2);
  check ("{\"t\":{\"a\":1}}", "{}", 1);
}

static void
check_refused (const char *in, int code, const char *message)
{
  g_autoptr (IndexerSchema) schema = make_schema ();
  g_autoptr (JsonNode) node = json_from_string (in, NULL);
  g_autoptr (GArray) skipped = g_array_new (FALSE, FALSE, sizeof (IndexerSkipped));
  g_autoptr (GError) error = NULL;

  g_assert_null (indexer_document_encode (schema, node, 0, skipped, &error));
  g_assert_error (error, INDEXER_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_refused (void)
{
  check_refused ("[]", INDEXER_INVALID_DOCUMENT, "Invalid document: Document must be a JSON object");
  check_refused ("5", INDEXER_INVALID_DOCUMENT, "Invalid document: Document must be a JSON object");
  check_refused ("{\"x\":1}", INDEXER_FIELD_NOT_FOUND, "Field not found: x");
}

static void
test_damaged (void)
{
  static const guint8 cut[] = { 0, 0, 200, 0, 0, 0, 'a' };
  g_autoptr (IndexerSchema) schema = make_schema ();
  g_autoptr (GString) out = g_string_new (NULL);

  indexer_document_print (schema, cut, sizeof cut, out);
  g_assert_cmpstr (out->str, ==, "{}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/document/print", test_print);
  g_test_add_func ("/document/skipped", test_skipped);
  g_test_add_func ("/document/refused", test_refused);
  g_test_add_func ("/document/damaged", test_damaged);
  return g_test_run ();
}
