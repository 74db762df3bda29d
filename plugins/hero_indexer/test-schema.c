/* test-schema.c: what a schema may say and what is refused. */
#include "schema.h"

static IndexerSchema *
parse (const char *json, GPtrArray *warnings, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);

  g_assert_nonnull (node);
  return indexer_schema_parse (json_node_get_object (node), warnings, error);
}

static void
test_full (void)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (IndexerSchema) schema = NULL;
  g_autoptr (JsonObject) json = NULL;
  JsonObject *field;

  schema = parse ("{\"fields\":[{\"name\":\"t\",\"type\":\"text\",\"tokenizer\":\"en_stem\",\"boost\":2},"
                  "{\"name\":\"n\",\"type\":\"u64\",\"stored\":false,\"fast\":true,\"tokenizer\":\"nope\"}],\"x\":1}",
                  warnings, NULL);
  g_assert_nonnull (schema);
  g_assert_cmpuint (indexer_schema_get_n_fields (schema), ==, 2);
  g_assert_cmpint (indexer_schema_find (schema, "n"), ==, 1);
  g_assert_cmpint (indexer_schema_find (schema, "z"), ==, -1);
  g_assert_true (indexer_schema_get_field (schema, 0)->stored);
  g_assert_false (indexer_schema_get_field (schema, 1)->stored);
  g_assert_true (indexer_schema_get_field (schema, 1)->fast);
  g_assert_cmpuint (warnings->len, ==, 2);
  g_assert_cmpstr (warnings->pdata[0], ==, "field 't': option 'boost' is ignored");

  json = indexer_schema_to_json (schema);
  field = json_array_get_object_element (json_object_get_array_member (json, "fields"), 0);
  g_assert_cmpstr (json_object_get_string_member (field, "type"), ==, "text");
  g_assert_cmpstr (json_object_get_string_member (field, "tokenizer"), ==, "en_stem");
}

static void
test_hint (void)
{
  g_autoptr (IndexerSchema) schema = parse ("{\"fields\":[{\"name\":\"body\",\"type\":\"text\"},"
                                            "{\"name\":\"title\",\"type\":\"text\"}]}",
                                            NULL, NULL);
  g_autoptr (GError) near = NULL;
  g_autoptr (GError) far = NULL;
  g_autoptr (JsonObject) data = NULL;

  g_assert_cmpint (indexer_schema_require (schema, "titel", &near), ==, -1);
  g_assert_error (near, INDEXER_ERROR, INDEXER_FIELD_NOT_FOUND);
  data = indexer_error_get_data (near);
  g_assert_cmpstr (json_object_get_string_member (data, "hint"), ==, "did you mean \"title\"?");

  g_assert_cmpint (indexer_schema_require (schema, "published", &far), ==, -1);
  g_assert_null (indexer_error_get_data (far));
}

static void
test_no_fields (void)
{
  g_autoptr (IndexerSchema) schema = parse ("{\"fields\":[]}", NULL, NULL);

  g_assert_cmpuint (indexer_schema_get_n_fields (schema), ==, 0);
}

static void
test_reads_itself (void)
{
  g_autoptr (IndexerSchema) schema = parse ("{\"fields\":[{\"name\":\"a.b\",\"type\":\"json\"}]}", NULL, NULL);
  g_autoptr (JsonObject) json = indexer_schema_to_json (schema);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (IndexerSchema) again = indexer_schema_parse (json, warnings, NULL);

  g_assert_cmpint (indexer_schema_find (again, "a.b"), ==, 0);
  g_assert_cmpuint (warnings->len, ==, 0);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *json;
    int code;
    const char *part; /* of the message */
  } cases[] = {
    { "{}", INDEXER_INVALID_PARAMS, "fields: expected array, got nothing" },
    { "{\"fields\":{}}", INDEXER_INVALID_PARAMS, "expected array, got object" },
    { "{\"fields\":[1]}", INDEXER_INVALID_PARAMS, "fields[0]: expected object, got integer" },
    { "{\"fields\":[{\"type\":\"text\"}]}", INDEXER_INVALID_PARAMS, "fields[0].name: expected string, got nothing" },
    { "{\"fields\":[{\"name\":\"a\",\"type\":5}]}", INDEXER_INVALID_PARAMS, "fields[0].type: expected string" },
    { "{\"fields\":[{\"name\":\"a\",\"type\":\"str\",\"stored\":1}]}", INDEXER_INVALID_PARAMS,
      "stored: expected boolean" },
    { "{\"fields\":[{\"name\":\"a\",\"type\":\"Text\"}]}", INDEXER_INVALID_SCHEMA, "unknown type 'Text'" },
    { "{\"fields\":[{\"name\":\"\",\"type\":\"text\"}]}", INDEXER_INVALID_SCHEMA, "1..255 bytes" },
    { "{\"fields\":[{\"name\":\"-x\",\"type\":\"text\"}]}", INDEXER_INVALID_SCHEMA, "must not start with '-'" },
    { "{\"fields\":[{\"name\":\"_doc\",\"type\":\"text\"}]}", INDEXER_INVALID_SCHEMA, "reserved" },
    { "{\"fields\":[{\"name\":\"a\",\"type\":\"text\",\"tokenizer\":\"x\"}]}", INDEXER_INVALID_SCHEMA,
      "unknown tokenizer 'x'" },
    { "{\"fields\":[{\"name\":\"a\",\"type\":\"str\"},{\"name\":\"a\",\"type\":\"str\"}]}", INDEXER_INVALID_SCHEMA,
      "twice" },
    { "{\"fields\":[],\"key\":\"id\"}", INDEXER_INVALID_SCHEMA, "'key' is not supported" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].json);
      g_assert_null (parse (cases[i].json, NULL, &error));
      g_assert_error (error, INDEXER_ERROR, cases[i].code);
      g_assert_nonnull (strstr (error->message, cases[i].part));
    }
}

static void
test_too_many (void)
{
  g_autoptr (GString) json = g_string_new ("{\"fields\":[");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 1001; i++)
    g_string_append_printf (json, "%s{\"name\":\"f%u\",\"type\":\"str\"}", i > 0 ? "," : "", i);
  g_string_append (json, "]}");
  g_assert_null (parse (json->str, NULL, &error));
  g_assert_error (error, INDEXER_ERROR, INDEXER_INVALID_SCHEMA);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schema/full", test_full);
  g_test_add_func ("/schema/hint", test_hint);
  g_test_add_func ("/schema/no-fields", test_no_fields);
  g_test_add_func ("/schema/reads-itself", test_reads_itself);
  g_test_add_func ("/schema/refused", test_refused);
  g_test_add_func ("/schema/too-many", test_too_many);
  return g_test_run ();
}
