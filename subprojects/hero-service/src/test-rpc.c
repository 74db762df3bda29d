/* test-rpc.c: JSON-RPC over a real Unix socket: shapes of requests and answers, batches, parameters, ends of calls. */
#include <hero-service/hero-service.h>

#include "test-host.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------ a small service */

enum
{
  NOTES_FULL = -32001,
};

typedef struct
{
  HeroServiceContext *ctx;
  GPtrArray *order;    /* names of methods as they ran */
  HeroRpcCall *parked; /* a call that is answered later */
  guint cancelled, written, lost;
} Sample;

static void
on_add (gpointer self, HeroRpcCall *call)
{
  hero_rpc_return_integer (call, hero_rpc_get_integer (call, "a") + hero_rpc_get_integer (call, "b"));
}

static void
on_echo (gpointer self, HeroRpcCall *call)
{
  JsonNode *params = hero_rpc_call_get_params (call);

  hero_rpc_return (call, params != NULL ? json_node_copy (params) : NULL);
}

static void
on_types (gpointer self, HeroRpcCall *call)
{
  JsonObject *result = json_object_new ();
  GBytes *bytes = hero_rpc_get_bytes (call, "data");
  const char *const *words = hero_rpc_get_strings (call, "words");

  json_object_set_string_member (result, "title", hero_rpc_get_string (call, "title"));
  json_object_set_boolean_member (result, "flag", hero_rpc_get_boolean (call, "flag"));
  json_object_set_double_member (result, "ratio", hero_rpc_get_number (call, "ratio"));
  json_object_set_string_member (result, "order", hero_rpc_get_string (call, "sort_order"));
  json_object_set_int_member (result, "limit", hero_rpc_get_integer (call, "limit"));
  json_object_set_int_member (result, "bytes", bytes != NULL ? (gint64)g_bytes_get_size (bytes) : -1);
  json_object_set_int_member (result, "words", words != NULL ? (gint64)g_strv_length ((char **)words) : -1);
  json_object_set_boolean_member (result, "has_limit", hero_rpc_has (call, "limit"));
  hero_rpc_return_object (call, result);
}

static void
on_full (gpointer self, HeroRpcCall *call)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "hint", "delete a note");
  hero_rpc_fail_data (call, NOTES_FULL, data, "the store holds %d notes", 3);
}

static void
on_broken (gpointer self, HeroRpcCall *call)
{
  hero_rpc_fail_error (call, g_error_new (HERO_ERROR, HERO_ERROR_FAILED, "secret path /inside/x"));
}

static gpointer
answer_elsewhere (gpointer data)
{
  g_usleep (20000);
  hero_rpc_return_string (data, "from a thread");
  return NULL;
}

static void
on_thread (gpointer self, HeroRpcCall *call)
{
  g_thread_unref (g_thread_new ("answer", answer_elsewhere, call));
}

static gboolean
answer_later (gpointer data)
{
  HeroRpcCall *call = data;

  hero_rpc_return_string (call, hero_rpc_call_get_method (call));
  return G_SOURCE_REMOVE;
}

static void
on_step (gpointer self, HeroRpcCall *call)
{
  Sample *sample = self;

  g_ptr_array_add (sample->order, g_strdup (hero_rpc_get_string (call, "name")));
  hero_service_timeout_add (sample->ctx, (guint)hero_rpc_get_integer (call, "ms"), answer_later, call);
}

static void
on_order (gpointer self, HeroRpcCall *call)
{
  Sample *sample = self;

  g_ptr_array_add (sample->order, NULL);
  g_autofree char *text = g_strjoinv (" ", (char **)sample->order->pdata);
  g_ptr_array_set_size (sample->order, 0);
  hero_rpc_return_string (call, text);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Sample *sample = data;

  sample->cancelled++;
  hero_rpc_fail (g_steal_pointer (&sample->parked), HERO_RPC_CANCELLED, "the client left");
  return G_SOURCE_REMOVE;
}

static void
on_written (gpointer data, gboolean written)
{
  Sample *sample = data;

  if (written)
    sample->written++;
  else
    sample->lost++;
}

static void
on_park (gpointer self, HeroRpcCall *call)
{
  Sample *sample = self;
  g_autoptr (GSource) source = g_cancellable_source_new (hero_rpc_call_get_cancellable (call));

  sample->parked = call;
  hero_rpc_call_on_written (call, on_written, sample);
  g_source_set_callback (source, (GSourceFunc)(void (*) (void))on_cancelled, sample, NULL);
  g_source_attach (source, hero_service_get_main_context (sample->ctx));
}

static void
on_confirm (gpointer self, HeroRpcCall *call)
{
  hero_rpc_call_on_written (call, on_written, self);
  hero_rpc_return (call, NULL);
}

static void
on_counts (gpointer self, HeroRpcCall *call)
{
  Sample *sample = self;
  JsonObject *result = json_object_new ();

  json_object_set_int_member (result, "cancelled", sample->cancelled);
  json_object_set_int_member (result, "written", sample->written);
  json_object_set_int_member (result, "lost", sample->lost);
  hero_rpc_return_object (call, result);
}

static void
on_slot (gpointer self, HeroRpcCall *call)
{
  gint64 n = GPOINTER_TO_INT (hero_rpc_call_get_connection_data (call, "n")) + 1;

  hero_rpc_call_set_connection_data (call, "n", GINT_TO_POINTER (n), NULL);
  hero_rpc_return_integer (call, n);
}

static void
on_whoami (gpointer self, HeroRpcCall *call)
{
  HeroIdentity *identity = hero_rpc_call_get_identity (call);
  JsonObject *result = json_object_new ();
  g_autofree char *claims = g_strjoinv (",", identity->claims);

  json_object_set_string_member (result, "origin", hero_origin_name (identity->origin));
  json_object_set_int_member (result, "context", identity->context);
  json_object_set_string_member (result, "user", identity->user);
  json_object_set_string_member (result, "claims", claims);
  json_object_set_boolean_member (result, "own_pid", identity->peer_pid == getpid ());
  json_object_set_boolean_member (result, "own_uid", identity->peer_uid == getuid ());
  hero_rpc_return_object (call, result);
}

static void
on_large (gpointer self, HeroRpcCall *call)
{
  gsize size = (gsize)hero_rpc_get_integer (call, "size");
  g_autofree char *text = g_malloc (size + 1);

  memset (text, 'x', size);
  text[size] = '\0';
  hero_rpc_return_string (call, text);
}

/* Bugs of a handler. */
static void
on_twice (gpointer self, HeroRpcCall *call)
{
  hero_rpc_return (call, NULL);
  hero_rpc_return (call, NULL);
}

static void
on_forget (gpointer self, HeroRpcCall *call)
{
}

static const HeroRpcParam add_params[] = {
  { "a", HERO_INTEGER (-1000, 1000), HERO_REQUIRED, "One." },
  { "b", HERO_INTEGER (-1000, 1000), HERO_REQUIRED, "The other." },
  { NULL },
};
static const HeroRpcParam types_params[] = {
  { "title", HERO_STRING (1, 10), HERO_REQUIRED, "A title." },
  { "flag", HERO_BOOLEAN, 0, "A flag." },
  { "ratio", HERO_NUMBER, 0, "A ratio." },
  { "sort_order", HERO_ENUM ("asc|desc"), 0, "Order.", .fallback = "\"asc\"", .aliases = "direction" },
  { "limit", HERO_INTEGER (1, 1000), 0, "At most.", .fallback = "100" },
  { "data", HERO_BASE64 (0, 4), 0, "Bytes." },
  { "words", HERO_STRINGS (0, 2), 0, "Words." },
  { "filter", HERO_OBJECT, 0, "A filter." },
  { NULL },
};
static const HeroRpcParam step_params[] = {
  { "name", HERO_STRING (1, 10), HERO_REQUIRED, "Which." },
  { "ms", HERO_INTEGER (0, 10000), HERO_REQUIRED, "How long." },
  { NULL },
};
static const HeroRpcParam size_params[] = {
  { "size", HERO_INTEGER (0, 1000000000), HERO_REQUIRED, "Bytes." },
  { NULL },
};
static const HeroRpcMethod methods[] = {
  { "math.add", on_add, add_params, "{\"type\":\"integer\"}", "Add.", .aliases = "add|plus" },
  { "test.echo", on_echo, NULL, NULL, "Echo.", .flags = HERO_RPC_RAW_PARAMS },
  { "test.types", on_types, types_params, "Types", "Read all types." },
  { "test.full", on_full, NULL, NULL, "Fail.", .errors = (const int[]){ NOTES_FULL, 0 } },
  { "test.broken", on_broken, NULL, NULL, "Fail without a code." },
  { "test.thread", on_thread, NULL, NULL, "Answer from a thread." },
  { "test.step", on_step, step_params, NULL, "Answer later." },
  { "test.wait", on_step, step_params, NULL, "Answer later.", .flags = HERO_RPC_WAITS },
  { "test.order", on_order, NULL, NULL, "In which order steps ran." },
  { "test.park", on_park, NULL, NULL, "Wait for the client to leave.", .flags = HERO_RPC_WAITS },
  { "test.confirm", on_confirm, NULL, NULL, "Ask whether the reply left." },
  { "test.counts", on_counts, NULL, NULL, "Counts." },
  { "test.slot", on_slot, NULL, NULL, "Count calls of a connection." },
  { "test.whoami", on_whoami, NULL, NULL, "Who calls." },
  { "test.large", on_large, size_params, NULL, "A large answer." },
  { "test.twice", on_twice, NULL, NULL, "Answer twice." },
  { "test.forget", on_forget, NULL, NULL, "Never answer." },
  { "test.admin", on_counts, NULL, NULL, "Context 0 only.", .flags = HERO_RPC_ADMIN_ONLY, .domain = "second" },
  { NULL },
};
static const HeroRpcSchema schemas[] = {
  { "Types", "{\"type\":\"object\",\"properties\":{\"inner\":{\"$ref\":\"#/components/schemas/Inner\"}}}" },
  { "Inner", "{\"type\":\"string\"}" },
  { "Unused", "{\"type\":\"string\"}" },
  { NULL },
};
static const HeroRpcErrorSpec errors[] = { { NOTES_FULL, "notes_full", FALSE, "The store is full" }, { 0 } };
static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods, .schemas = schemas, .errors = errors);

static gpointer sample_create (HeroServiceContext *ctx, GError **error);

static gboolean
sample_start (gpointer self, GCancellable *cancellable, GError **error)
{
  Sample *sample = self;

  hero_service_set_rpc (sample->ctx, &spec, sample);
  hero_service_ready (sample->ctx);
  return TRUE;
}

static gboolean
sample_serve (gpointer self, GError **error)
{
  return hero_service_serve (((Sample *)self)->ctx, error);
}

static void
sample_stop (gpointer self)
{
  hero_service_stop (((Sample *)self)->ctx);
}

static void
sample_destroy (gpointer self)
{
  Sample *sample = self;

  hero_service_free_context (sample->ctx);
  g_ptr_array_unref (sample->order);
  g_free (sample);
}

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } };
static const HeroServicePlugin plugin = {
  .magic = HERO_PLUGIN_MAGIC,
  .struct_size = sizeof plugin,
  .abi_major = HERO_ABI_MAJOR,
  .abi_minor = HERO_ABI_MINOR,
  .name = "sample",
  .title = "Sample",
  .version = "1.2.3",
  .description = "Used by a test.",
  .domains = "main|second",
  .sockets = sockets,
  .socket_size = sizeof (HeroSocketSpec),
  .config_key_size = sizeof (HeroConfigKey),
  .create = sample_create,
  .start = sample_start,
  .serve = sample_serve,
  .stop = sample_stop,
  .destroy = sample_destroy,
};

static gpointer
sample_create (HeroServiceContext *ctx, GError **error)
{
  Sample *sample = g_new0 (Sample, 1);

  hero_service_init (ctx, &plugin);
  sample->ctx = ctx;
  sample->order = g_ptr_array_new_with_free_func (g_free);
  return sample;
}

static HeroTestHost *
start (GVariant *config)
{
  HeroTestHost *host = hero_test_host_new (&plugin, config);
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_test_host_start (host, &error));
  g_assert_no_error (error);
  return host;
}

static void
stop (HeroTestHost *host)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_test_host_stop (host, &error));
  g_assert_no_error (error);
  hero_test_host_free (host);
}

/* The body `request` is answered with exactly `expected`. */
static void
assert_reply (HeroTestHost *host, const char *request, const char *expected)
{
  g_autoptr (HeroTestAnswer) answer
      = hero_test_http (host, "rpc", "POST", "/rpc", "Content-Type: application/json\r\n", request);

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->body, ==, expected);
}

static void
assert_error (HeroTestHost *host, const char *request, const char *id, int code, const char *message)
{
  g_autoptr (JsonNode) reply = hero_test_rpc (host, request);
  g_autofree char *found_id = hero_test_json_get (reply, "id"), *found = hero_test_json_get (reply, "error.code");
  g_autofree char *text = hero_test_json_get (reply, "error.message"), *expected = g_strdup_printf ("%d", code);

  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpstr (text, ==, message);
  g_assert_cmpstr (found_id, ==, id);
}

/* ------------------------------------------------------------------------------------------------ tests */

#define REQUEST(id, method, params)                                                                                    \
  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":" params "}"
#define NOTIFICATION(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":" params "}"
#define REPLY(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}"

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
test_identity (void)
{
  HeroTestHost *host = start (NULL);
  g_autoptr (JsonNode) plain = hero_test_call (host, "test.whoami", NULL);
  g_autofree char *text = json_to_string (plain, FALSE);
  g_autoptr (HeroTestAnswer) named
      = hero_test_http (host, "admin", "POST", "/api/second/rpc",
                        "Content-Type: application/json\r\nX-Hero-Context: 7\r\nX-Hero-User: J\xc3\xb6rg\r\n"
                        "x-hero-claims: a, b,,a\r\nx-hero-context: 7\r\n",
                        REQUEST ("1", "test.whoami", "[]"));
  g_autoptr (HeroTestAnswer) forbidden
      = hero_test_http (host, "rpc", "POST", "/rpc", "Content-Type: application/json\r\nX-Hero-Context: 7\r\n",
                        REQUEST ("1", "test.admin", "[]"));
  g_autoptr (HeroTestAnswer) broken = hero_test_http (host, "rpc", "GET", "/health", "X-Hero-Context: seven\r\n", NULL);
  g_autoptr (HeroTestAnswer) twice
      = hero_test_http (host, "rpc", "GET", "/health", "X-Hero-User: a\r\nX-Hero-User: b\r\n", NULL);

  g_assert_cmpstr (
      text, ==,
      "{\"origin\":\"socket\",\"context\":0,\"user\":\"\",\"claims\":\"\",\"own_pid\":true,\"own_uid\":true}");
  g_assert_nonnull (strstr (named->body, "\"context\":7,\"user\":\"J\xc3\xb6rg\",\"claims\":\"a,b\",\"own_pid\":true"));
  g_assert_nonnull (strstr (forbidden->body, "-32094"));
  g_assert_cmpuint (broken->status, ==, 400);
  g_assert_cmpuint (twice->status, ==, 400);
  stop (host);
}

/* Calls over one connection share a data slot; another connection has its own. */
static void
test_connection_data (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  static const char request[]
      = "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.slot\"}";
  int fd = hero_test_connect (path);

  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *expected = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%u}", i);
      hero_test_send (fd, request);
      g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
      g_assert_cmpstr (answer->body, ==, expected);
    }
  close (fd);
  assert_reply (host, REQUEST ("1", "test.slot", "[]"), REPLY ("1", "1"));
  stop (host);
}

/* A proxy's connections are shared by many clients: what one of them keeps must not meet the next. */
static void
test_no_connection_data (void)
{
  static const char *const heads[] = { "Via: 1.1 x\r\n", "X-Forwarded-For: 1.2.3.4\r\n" };
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *request = g_strdup_printf (
          "POST /rpc HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.slot\"}",
          heads[i]);
      int fd = hero_test_connect (path);

      for (guint k = 0; k < 2; k++)
        {
          hero_test_send (fd, request);
          g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
          g_assert_cmpstr (answer->body, ==, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}");
        }
      close (fd);
    }
  stop (host);
}

static char *
count (HeroTestHost *host, const char *name)
{
  g_autoptr (JsonNode) counts = hero_test_call (host, "test.counts", NULL);

  return hero_test_json_get (counts, name);
}

static void
wait_for_count (HeroTestHost *host, const char *name, const char *value)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *found = count (host, name);
      if (strcmp (found, value) == 0)
        return;
      g_usleep (10000);
    }
  g_error ("%s does not become %s", name, value);
}

static void
test_client_leaves (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);

  hero_test_send (fd, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n"
                      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.park\"}");
  g_usleep (100000);
  close (fd);
  wait_for_count (host, "cancelled", "1");
  wait_for_count (host, "lost", "1");
  assert_reply (host, REQUEST ("1", "test.confirm", "[]"), REPLY ("1", "null"));
  wait_for_count (host, "written", "1");
  stop (host);
}

/* A client that only shuts its sending side still gets its answer. */
static void
test_half_close (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);

  hero_test_send (fd, "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 47\r\n\r\n"
                      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"test.thread\"}");
  shutdown (fd, SHUT_WR);
  g_autoptr (HeroTestAnswer) answer = hero_test_receive (fd);
  g_assert_cmpstr (answer->body, ==, REPLY ("1", "\"from a thread\""));
  close (fd);
  stop (host);
}

static void
test_deadline (void)
{
  HeroTestHost *host = start (g_variant_new_parsed ("{'request_timeout_s': <int64 1>}"));
  g_autoptr (JsonNode) reply = hero_test_rpc (
      host, "[" REQUEST ("1", "test.step", "[\"a\",2500]") "," REQUEST ("2", "test.wait", "[\"b\",1500]") "]");
  g_autofree char *code = hero_test_json_get (reply, "0.error.code"),
                  *retryable = hero_test_json_get (reply, "0.error.data.retryable"),
                  *second = hero_test_json_get (reply, "1.result");

  g_assert_cmpstr (code, ==, "-32092");
  g_assert_cmpstr (retryable, ==, "false");
  g_assert_cmpstr (second, ==, "test.wait");
  stop (host); /* waits for the late answer */
}

static gpointer
call_step (gpointer data)
{
  return hero_test_rpc (data, REQUEST ("1", "test.step", "[\"a\",1000]"));
}

static void
test_stop_waits (void)
{
  HeroTestHost *host = start (NULL);
  GThread *caller = g_thread_new ("caller", call_step, host);
  g_autofree char *result = NULL, *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);

  g_usleep (300000);
  stop (host);
  g_autoptr (JsonNode) reply = g_thread_join (caller);
  result = hero_test_json_get (reply, "result");
  g_assert_cmpstr (result, ==, "test.step");
  close (fd);
}

static void
assert_caught (const char *method, const char *message)
{
  g_autofree char *pattern = g_strdup_printf ("*%s*", message);

  if (g_test_subprocess ())
    {
      HeroTestHost *host
          = start (g_variant_new_parsed ("{'stop_timeout_s': <int64 1>, 'request_timeout_s': <int64 1>}"));
      g_autofree char *body = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}", method);
      g_autoptr (JsonNode) reply = hero_test_rpc (host, body);
      stop (host);
      return;
    }
  g_test_trap_subprocess (NULL, 30 * G_USEC_PER_SEC, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr (pattern);
}

static void
test_answered_twice (void)
{
  assert_caught ("test.twice", "method 'test.twice' answered a call twice");
}

static void
test_never_answered (void)
{
  assert_caught ("test.forget", "method 'test.forget' never answered a call");
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
  g_test_add_func ("/rpc/identity", test_identity);
  g_test_add_func ("/rpc/connection-data", test_connection_data);
  g_test_add_func ("/rpc/no-connection-data", test_no_connection_data);
  g_test_add_func ("/rpc/client-leaves", test_client_leaves);
  g_test_add_func ("/rpc/half-close", test_half_close);
  g_test_add_func ("/rpc/deadline", test_deadline);
  g_test_add_func ("/rpc/stop-waits", test_stop_waits);
  g_test_add_func ("/rpc/answered-twice", test_answered_twice);
  g_test_add_func ("/rpc/never-answered", test_never_answered);
  g_test_add_func ("/rpc/large", test_large);
  g_test_add_func ("/rpc/document", test_document);
  g_test_add_func ("/rpc/metrics", test_metrics);
  return g_test_run ();
}
