/* test-rpc-sample.c: see test-rpc-sample.h. */
#include "test-rpc-sample.h"

#include "test-service.h"

typedef struct
{
  HeroServiceContext *ctx;
  GPtrArray *order;    /* names of methods as they ran */
  HeroRpcCall *parked; /* a call that is answered later */
  guint cancelled, written, lost;
} Sample;

static Sample the_sample; /* one service at a time */

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

static void
setup (HeroServiceContext *ctx)
{
  the_sample.ctx = ctx;
  hero_service_set_rpc (ctx, &spec, &the_sample);
}

HeroTestHost *
start (GVariant *config)
{
  the_sample = (Sample){ .order = g_ptr_array_new_with_free_func (g_free) };
  return hero_test_service_start (setup, config);
}

void
stop (HeroTestHost *host)
{
  hero_test_service_stop (host);
  g_clear_pointer (&the_sample.order, g_ptr_array_unref);
}

void
assert_reply (HeroTestHost *host, const char *request, const char *expected)
{
  g_autoptr (HeroTestAnswer) answer
      = hero_test_http (host, "rpc", "POST", "/rpc", "Content-Type: application/json\r\n", request);

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->body, ==, expected);
}

void
assert_error (HeroTestHost *host, const char *request, const char *id, int code, const char *message)
{
  g_autoptr (JsonNode) reply = hero_test_rpc (host, request);
  g_autofree char *found_id = hero_test_json_get (reply, "id"), *found = hero_test_json_get (reply, "error.code");
  g_autofree char *text = hero_test_json_get (reply, "error.message"), *expected = g_strdup_printf ("%d", code);

  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpstr (text, ==, message);
  g_assert_cmpstr (found_id, ==, id);
}
