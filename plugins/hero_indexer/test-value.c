/* test-value.c: what goes in comes back, in the order of the values. */
#include "value.h"

#include "json-text.h"

static char *
round_trip (IndexerType type, const char *json)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GString *out = g_string_new (NULL);

  if (indexer_value_encode (type, node, bytes))
    indexer_value_print (type, bytes->data, bytes->len, out);
  else
    g_assert_cmpuint (bytes->len, ==, 0);
  return g_string_free (out, FALSE);
}

static void
test_round_trip (void)
{
  static const struct
  {
    IndexerType type;
    const char *in;
    const char *out; /* "" = refused */
  } cases[] = {
    { INDEXER_TEXT, "\"a \\\"b\\\" \\\\ \\n \\u0001 \xc3\xa9\"", "\"a \\\"b\\\" \\\\ \\n \\u0001 \xc3\xa9\"" },
    { INDEXER_TEXT, "5", "" },
    { INDEXER_STR, "\"\"", "\"\"" },
    { INDEXER_U64, "9223372036854775807", "9223372036854775807" },
    { INDEXER_U64, "5.0", "5" },
    { INDEXER_U64, "5.5", "" },
    { INDEXER_U64, "-1", "" },
    { INDEXER_U64, "\"5\"", "" },
    { INDEXER_I64, "-9223372036854775808", "-9223372036854775808" },
    { INDEXER_I64, "-7", "-7" },
    { INDEXER_I64, "true", "" },
    { INDEXER_F64, "0.1", "0.1" },
    { INDEXER_F64, "3", "3.0" },
    { INDEXER_F64, "-2.5e-300", "-2.5e-300" },
    { INDEXER_F64, "1e22", "1e+22" },
    { INDEXER_F64, "0.30000000000000004", "0.30000000000000004" },
    { INDEXER_BOOL, "true", "true" },
    { INDEXER_BOOL, "false", "false" },
    { INDEXER_BOOL, "1", "" },
    { INDEXER_DATE, "\"2024-01-15T10:30:00Z\"", "\"2024-01-15T10:30:00Z\"" },
    { INDEXER_DATE, "\"2024-01-15T10:30:00.250+02:00\"", "\"2024-01-15T08:30:00.25Z\"" },
    { INDEXER_DATE, "\"2024-03-01T00:10:00-00:30\"", "\"2024-03-01T00:40:00Z\"" },
    { INDEXER_DATE, "\"2024-02-29\"", "\"2024-02-29T00:00:00Z\"" },
    { INDEXER_DATE, "\"0001-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\"" },
    { INDEXER_DATE, "\"1969-12-31T23:59:59.999999Z\"", "\"1969-12-31T23:59:59.999999Z\"" },
    { INDEXER_DATE, "\"9999-12-31T23:59:59Z\"", "\"9999-12-31T23:59:59Z\"" },
    { INDEXER_DATE, "\"2023-02-29\"", "" },
    { INDEXER_DATE, "\"2024-01-15T10:30:00\"", "" },
    { INDEXER_DATE, "\"2024-01-15 10:30:00Z\"", "" },
    { INDEXER_DATE, "\"2024-1-15\"", "" },
    { INDEXER_DATE, "5", "" },
    { INDEXER_JSON, "{\"a\":[1,\"2024-01-15\"]}", "{\"a\":[1,\"2024-01-15\"]}" },
    { INDEXER_JSON, "[1]", "" },
    { INDEXER_BYTES, "\"AAEC/w==\"", "\"AAEC/w==\"" },
    { INDEXER_BYTES, "\"A\"", "" },
    { INDEXER_BYTES, "\"AA EC\"", "" },
    { INDEXER_IP, "\"192.168.0.1\"", "\"192.168.0.1\"" },
    { INDEXER_IP, "\"2001:DB8:0:0::1\"", "\"2001:db8::1\"" },
    { INDEXER_IP, "\"1.2.3\"", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = round_trip (cases[i].type, cases[i].in);

      g_test_message ("%s %s", indexer_type_name (cases[i].type), cases[i].in);
      g_assert_cmpstr (out, ==, cases[i].out);
    }
}

static void
check_order (IndexerType type, const char *const *texts)
{
  g_autoptr (GByteArray) before = g_byte_array_new ();

  g_assert_true (indexer_value_encode_text (type, texts[0], before));
  for (guint i = 1; texts[i] != NULL; i++)
    {
      g_autoptr (GByteArray) next = g_byte_array_new ();

      g_assert_true (indexer_value_encode_text (type, texts[i], next));
      g_assert_cmpint (memcmp (before->data, next->data, MIN (before->len, next->len)), <, 0);
      g_byte_array_unref (before);
      before = g_steal_pointer (&next);
    }
}

static void
test_order (void)
{
  check_order (INDEXER_U64, (const char *[]){ "0", "1", "256", "18446744073709551615", NULL });
  check_order (INDEXER_I64, (const char *[]){ "-9223372036854775808", "-1", "0", "1", "9223372036854775807", NULL });
  check_order (INDEXER_F64, (const char *[]){ "-1e300", "-1", "-1e-300", "0", "1e-300", "1", "1e300", NULL });
  check_order (INDEXER_DATE, (const char *[]){ "0001-01-01", "1969-12-31", "1970-01-01", "9999-12-31", NULL });
}

static void
test_text_refused (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  g_assert_false (indexer_value_encode_text (INDEXER_U64, "-1", out));
  g_assert_false (indexer_value_encode_text (INDEXER_U64, "18446744073709551616", out));
  g_assert_false (indexer_value_encode_text (INDEXER_F64, "1x", out));
  g_assert_false (indexer_value_encode_text (INDEXER_F64, "inf", out));
  g_assert_false (indexer_value_encode_text (INDEXER_BOOL, "yes", out));
  g_assert_cmpuint (out->len, ==, 0);
}

static void
test_float_text (void)
{
  static const struct
  {
    float value;
    const char *text;
  } cases[] = { { 1.0f, "1.0" },         { 0.470004f, "0.470004" }, { 0.1f, "0.1" }, { 16777216.0f, "16777216.0" },
                { 24.5744f, "24.5744" }, { 1e-10f, "1e-10" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      indexer_json_append_float (out, cases[i].value);
      g_assert_cmpstr (out->str, ==, cases[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/value/round-trip", test_round_trip);
  g_test_add_func ("/value/order", test_order);
  g_test_add_func ("/value/text-refused", test_text_refused);
  g_test_add_func ("/value/float-text", test_float_text);
  return g_test_run ();
}
