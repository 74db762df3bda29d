/* test-rpc.c: JSON-RPC over a real Unix socket: shapes of requests and answers, batches, parameters, the document. */
#include "test-rpc-sample.h"

static void
test_shapes (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *deep = g_strnfill (65, '[');
  g_autoptr (JsonNode) none = hero_test_rpc (host, NOTIFICATION ("math.add", "[1,2]"));

  g_assert_null (none);
  assert_reply (host, REQUEST ("1", "math.add", "[1,2]"), REPLY ("1", "3"));
  assert_reply (host, REQUEST ("\"x\\n\"", "plus", "{\"b\":2.0,\"a\":1}"), REPLY ("\"x\\n\"", "3"));
  assert_reply (host, REQUEST ("9223372036854775807", "add", "[1,2]"), REPLY ("9223372036854775807", "3"));
  assert_reply (host, REQUEST ("null", "add", "[1,2]"), REPLY ("null", "3"));
  assert_reply (host, REQUEST ("1.5", "add", "[1,2]"), REPLY ("1.5", "3"));
  assert_reply (host, REQUEST ("1", "test.echo", "null"), REPLY ("1", "null"));
  assert_reply (host, REQUEST ("1", "test.echo", "{\"a\":[1,2.5,\"\\u00e9\",null,true],\"a\":{}}"),
                REPLY ("1", "{\"a\":{}}"));

  assert_error (host, "", "null", -32700, "Parse error");
  assert_error (host, "{} {}", "null", -32700, "Parse error");
  assert_error (host, "{'a':1}", "null", -32700, "Parse error");
  assert_error (host, "\"\\ud800\"", "null", -32700, "Parse error");
  assert_error (host, deep, "null", -32700, "Parse error");
  assert_error (host, "1", "null", -32600, "Invalid Request");
  assert_error (host, "{}", "null", -32600, "Invalid Request");
  assert_error (host, "{\"jsonrpc\":\"2.0\",\"id\":7}", "7", -32600, "Invalid Request");
  assert_error (host, "{\"jsonrpc\":2.0,\"id\":7,\"method\":\"add\"}", "7", -32600, "Invalid Request");
  assert_error (host, REQUEST ("true", "add", "[1,2]"), "null", -32600, "Invalid Request");
  assert_error (host, REQUEST ("9223372036854775808", "add", "[1,2]"), "null", -32600, "Invalid Request");
  assert_error (host, REQUEST ("1", "add", "3"), "1", -32600, "Invalid Request: params must be an array or an object");
  assert_error (host, REQUEST ("1", "math.ad", "[]"), "1", -32601, "Method not found");
  assert_error (host, REQUEST ("1", "add", "[1,1e999]"), "1", -32602,
                "Invalid params: line 1, column 52: a number too large for a double");
  assert_error (host, REQUEST ("1", "test.echo", "[\"a\\u0000\"]"), "1", -32602,
                "Invalid params: line 1, column 58: a string with U+0000");
  stop (host);
}

static void
test_batches (void)
{
  HeroTestHost *host = start (NULL);
  GString *many = g_string_new ("[1");

  assert_error (host, "[]", "null", -32600, "Invalid Request: empty batch");
  for (guint i = 0; i < 1000; i++)
    g_string_append (many, ",1");
  g_string_append_c (many, ']');
  assert_error (host, many->str, "null", -32600, "Invalid Request: batch larger than 1000");
  g_string_free (many, TRUE);

  assert_reply (
      host, "[" REQUEST ("1", "add", "[1,1]") "," NOTIFICATION ("add", "[1,2]") "," REQUEST ("2", "add", "[2,2]") "]",
      "[" REPLY ("1", "2") "," REPLY ("2", "4") "]");
  g_assert_null (hero_test_rpc (host, "[" NOTIFICATION ("add", "[1,2]") "," NOTIFICATION ("nothing", "[]") "]"));
  g_autoptr (JsonNode) mixed = hero_test_rpc (host, "[1," REQUEST ("2", "add", "[2,2]") "]");
  g_autofree char *code = hero_test_json_get (mixed, "0.error.code"), *sum = hero_test_json_get (mixed, "1.result");
  g_assert_cmpstr (code, ==, "-32600");
  g_assert_cmpstr (sum, ==, "4");
  stop (host);
}

/* Elements run one after the other, but those that wait by contract do not hold up the rest; answers stand in order. */
static void
test_batch_order (void)
{
  HeroTestHost *host = start (NULL);
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (JsonNode) reply = hero_test_rpc (
      host, "[" REQUEST ("1", "test.step", "[\"a\",30]") "," REQUEST ("2", "test.order", "[]") ","
            REQUEST ("3", "test.wait", "[\"w\",1500]") "," REQUEST ("4", "test.wait", "[\"v\",1500]") ","
            REQUEST ("5", "test.order", "[]") "," REQUEST ("6", "test.thread", "[]") "]");
  g_autofree char *first = hero_test_json_get (reply, "1.result"), *second = hero_test_json_get (reply, "4.result"),
                  *third = hero_test_json_get (reply, "2.result"), *thread = hero_test_json_get (reply, "5.result"),
                  *id = hero_test_json_get (reply, "3.id");

  g_assert_cmpstr (first, ==, "a");
  g_assert_cmpstr (second, ==, "w v");
  g_assert_cmpstr (third, ==, "test.wait");
  g_assert_cmpstr (thread, ==, "from a thread");
  g_assert_cmpstr (id, ==, "4");
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2900 * 1000); /* not one after the other */
  stop (host);
}

static void
assert_params (HeroTestHost *host, const char *params, const char *message)
{
  g_autofree char *text = NULL;

  g_assert_cmpint (hero_test_call_error (host, "test.types", params, &text), ==, -32602);
  g_assert_cmpstr (text, ==, message);
}

static void
test_params (void)
{
  HeroTestHost *host = start (NULL);
  g_autoptr (JsonNode) defaults = hero_test_call (host, "test.types", "[\"t\",null]");
  g_autoptr (JsonNode) all
      = hero_test_call (host, "test.types",
                        "{\"title\":\"t\",\"flag\":true,\"ratio\":2,\"sortOrder\":\"desc\",\"limit\":5.0,"
                        "\"data\":\"AAECAw==\",\"words\":[\"a\",\"b\"],\"unknown\":1}");
  g_autoptr (JsonNode) alias = hero_test_call (host, "test.types", "{\"title\":\"t\",\"direction\":\"desc\"}");
  g_autofree char *text = json_to_string (defaults, FALSE), *all_text = json_to_string (all, FALSE),
                  *order = hero_test_json_get (alias, "order");

  g_assert_cmpstr (
      text, ==,
      "{\"title\":\"t\",\"flag\":false,\"ratio\":0.0,\"order\":\"asc\",\"limit\":100,\"bytes\":-1,\"words\":-1,"
      "\"has_limit\":false}");
  g_assert_cmpstr (
      all_text, ==,
      "{\"title\":\"t\",\"flag\":true,\"ratio\":2.0,\"order\":\"desc\",\"limit\":5,\"bytes\":4,\"words\":2,"
      "\"has_limit\":true}");
  g_assert_cmpstr (order, ==, "desc");

  assert_params (host, "[]", "parameter 'title': expected string of 1..10 bytes, got nothing");
  assert_params (host, "[null]", "parameter 'title': expected string of 1..10 bytes, got null");
  assert_params (host, "[3]", "parameter 'title': expected string of 1..10 bytes, got number");
  assert_params (host, "[\"\"]", "parameter 'title': expected string of 1..10 bytes, got 0 bytes");
  assert_params (host, "[\"t\",1]", "parameter 'flag': expected boolean, got number");
  assert_params (host, "{\"title\":\"t\",\"limit\":\"5\"}", "parameter 'limit': expected integer 1..1000, got string");
  assert_params (host, "{\"title\":\"t\",\"limit\":5000}", "parameter 'limit': expected integer 1..1000, got 5000");
  assert_params (host, "{\"title\":\"t\",\"limit\":1.5}", "parameter 'limit': expected integer 1..1000, got 1.5");
  assert_params (host, "{\"title\":\"t\",\"sort_order\":\"up\"}",
                 "parameter 'sort_order': expected one of asc, desc, got 'up'");
  assert_params (
      host, "{\"title\":\"t\",\"data\":\"AAE\"}",
      "parameter 'data': expected base64 text of 0..4 bytes decoded, got a string that is not padded base64");
  assert_params (host, "{\"title\":\"t\",\"data\":\"AAAAAAAA\"}",
                 "parameter 'data': expected base64 text of 0..4 bytes decoded, got 6 bytes");
  assert_params (host, "{\"title\":\"t\",\"words\":[\"a\",1]}",
                 "parameter 'words': expected array of strings of 0..2 elements, got number as element 1");
  assert_params (host, "{\"title\":\"t\",\"filter\":[]}", "parameter 'filter': expected object, got array");
  assert_params (host, "{\"title\":\"t\",\"sort_order\":\"asc\",\"sortOrder\":\"asc\"}",
                 "parameter 'sort_order': expected one name, got both 'sort_order' and 'sortOrder'");
  assert_params (host, "[\"t\",null,null,null,null,null,null,null,1]", "expected at most 8 parameters, got 9");
  stop (host);
}

static void
test_errors (void)
{
  HeroTestHost *host = start (NULL);
  g_autoptr (JsonNode) full = hero_test_rpc (host, REQUEST ("1", "test.full", "[]"));
  g_autoptr (JsonNode) broken = hero_test_rpc (host, REQUEST ("1", "test.broken", "[]"));
  g_autoptr (JsonNode) unknown = hero_test_rpc (host, REQUEST ("1", "math.sub", "[]"));
  g_autofree char *full_text = json_to_string (full, FALSE), *hint = hero_test_json_get (unknown, "error.data.hint"),
                  *message = hero_test_json_get (broken, "error.message"),
                  *incident = hero_test_json_get (broken, "error.data.incident"),
                  *broken_text = json_to_string (broken, FALSE);

  g_assert_cmpstr (full_text, ==,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32001,\"message\":\"the store holds 3 notes\","
                   "\"data\":{\"code_name\":\"notes_full\",\"retryable\":false,\"hint\":\"delete a note\"}}}");
  g_assert_cmpstr (message, ==, "Internal error");
  g_assert_null (strstr (broken_text, "secret"));
  g_assert_cmpuint (hero_test_host_count_log (host, incident), ==, 1);
  g_assert_cmpuint (hero_test_host_count_log (host, "secret path"), ==, 1);
  g_assert_cmpstr (hint, ==, "math.add");
  stop (host);
}

static void
test_large (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *text = NULL;

  g_assert_cmpint (hero_test_call_error (host, "test.large", "[67108864]", &text), ==, -32096);
  g_autoptr (JsonNode) result = hero_test_call (host, "test.large", "[5000000]");
  g_assert_cmpuint (strlen (json_node_get_string (result)), ==, 5000000);

  g_autoptr (JsonNode) batch = hero_test_rpc (
      host, "[" REQUEST ("1", "test.large", "[40000000]") "," REQUEST ("2", "test.large", "[40000000]") "]");
  g_autofree char *id = hero_test_json_get (batch, "1.id"), *code = hero_test_json_get (batch, "1.error.code");
  g_assert_cmpstr (id, ==, "2");
  g_assert_cmpstr (code, ==, "-32096");
  stop (host);
}

static void
test_document (void)
{
  HeroTestHost *host = start (NULL);
  g_autoptr (JsonNode) document = hero_test_call (host, "rpc.discover", NULL);
  g_autoptr (HeroTestAnswer) whole = hero_test_http (host, "rpc", "GET", "/openrpc.json", NULL, NULL);
  g_autoptr (HeroTestAnswer) second = hero_test_http (host, "rpc", "GET", "/api/second/openrpc.json", NULL, NULL);
  g_autoptr (HeroTestAnswer) none = hero_test_http (host, "rpc", "GET", "/api/third/openrpc.json", NULL, NULL);
  g_autofree char *text = json_to_string (document, FALSE), *inner = NULL, *unused = NULL, *one = NULL, *two = NULL;

  g_assert_cmpstr (text, ==, whole->body);
  inner = hero_test_json_get (document, "components.schemas.Inner.type");
  unused = hero_test_json_get (document, "components.schemas.Unused");
  g_assert_cmpstr (inner, ==, "string");
  g_assert_null (unused);
  g_assert_null (strstr (text, "rpc.discover"));
  g_assert_null (strstr (text, "\"plus\""));

  g_autoptr (JsonNode) part = json_from_string (second->body, NULL);
  one = hero_test_json_get (part, "methods.0.name");
  two = hero_test_json_get (part, "methods.1.name");
  g_assert_cmpstr (one, ==, "test.admin");
  g_assert_null (two);
  g_assert_cmpuint (none->status, ==, 404);
  g_assert_nonnull (strstr (none->body, "main, second"));
  stop (host);
}

static void
test_metrics (void)
{
  HeroTestHost *host = start (NULL);
  g_autoptr (JsonNode) list = hero_test_call (host, "rpc.metrics", NULL);
  g_autofree char *name = hero_test_json_get (list, "1.name"), *kind = hero_test_json_get (list, "1.kind"),
                  *value = hero_test_json_get (list, "1.value");

  g_assert_cmpstr (name, ==, "hero_sample_rpc_calls_total");
  g_assert_cmpstr (kind, ==, "counter");
  g_assert_cmpstr (value, ==, "1.0");
  stop (host);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rpc/shapes", test_shapes);
  g_test_add_func ("/rpc/batches", test_batches);
  g_test_add_func ("/rpc/batch-order", test_batch_order);
  g_test_add_func ("/rpc/params", test_params);
  g_test_add_func ("/rpc/errors", test_errors);
  g_test_add_func ("/rpc/large", test_large);
  g_test_add_func ("/rpc/document", test_document);
  g_test_add_func ("/rpc/metrics", test_metrics);
  return g_test_run ();
}
