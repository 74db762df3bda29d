/*
 * fuzz-rpc.c: JSON-RPC bodies through the dispatcher, with methods of every parameter type. Each body must be answered once,
 * with JSON, and an answer of one request must not be a batch.
 */
#include <hero-service/hero-service.h>

#include "rpc-internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* ------------------------------------------------------------------------------------------------ a host that is just there */

static const char *
host_name (HeroServiceContext *ctx)
{
  return "fuzz";
}

static GVariant *
host_config (HeroServiceContext *ctx)
{
  static GVariant *config;

  if (config == NULL)
    config = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  return config;
}

static GMainContext *
host_main_context (HeroServiceContext *ctx)
{
  return g_main_context_default ();
}

static gboolean
host_log_enabled (HeroServiceContext *ctx, guint32 level)
{
  return level <= HERO_LOG_WARN;
}

static void
host_log (HeroServiceContext *ctx, guint32 level, const char *message, GVariant *fields)
{
}

static char **
host_warnings (HeroServiceContext *ctx)
{
  return NULL;
}

static char *
host_degraded (HeroServiceContext *ctx)
{
  return NULL;
}

static const HeroHost host = {
  .struct_size = sizeof host,
  .name = host_name,
  .config = host_config,
  .main_context = host_main_context,
  .log_enabled = host_log_enabled,
  .log = host_log,
  .warnings = host_warnings,
  .degraded = host_degraded,
};

/* ------------------------------------------------------------------------------------------------ a service */

static void
on_read (gpointer self, HeroRpcCall *call)
{
  JsonObject *result = json_object_new ();
  const char *const *words = hero_rpc_get_strings (call, "words");
  GBytes *bytes = hero_rpc_get_bytes (call, "data");

  json_object_set_string_member (result, "title", hero_rpc_get_string (call, "title"));
  json_object_set_int_member (result, "limit", hero_rpc_get_integer (call, "limit"));
  json_object_set_double_member (result, "ratio", hero_rpc_get_number (call, "ratio"));
  json_object_set_boolean_member (result, "flag", hero_rpc_get_boolean (call, "flag"));
  json_object_set_int_member (result, "words", words != NULL ? g_strv_length ((char **) words) : 0);
  json_object_set_int_member (result, "bytes", bytes != NULL ? (gint64) g_bytes_get_size (bytes) : -1);
  hero_rpc_return_object (call, result);
}

static void
on_echo (gpointer self, HeroRpcCall *call)
{
  JsonNode *params = hero_rpc_call_get_params (call);

  hero_rpc_return (call, params != NULL ? json_node_copy (params) : NULL);
}

static const HeroRpcParam read_params[] = {
  { "title", HERO_STRING (1, 10), HERO_REQUIRED, "A title." },
  { "limit", HERO_INTEGER (1, 1000), 0, "At most.", .fallback = "100", .aliases = "n|max_items" },
  { "ratio", HERO_NUMBER, 0, "A ratio." },
  { "flag", HERO_BOOLEAN, 0, "A flag." },
  { "sort_order", HERO_ENUM ("asc|desc"), 0, "Order." },
  { "data", HERO_BASE64 (0, 4), 0, "Bytes." },
  { "words", HERO_STRINGS (0, 2), 0, "Words." },
  { "rows", HERO_ARRAY (0, 3), 0, "Rows." },
  { "filter", HERO_OBJECT, 0, "A filter." },
  { "extra", HERO_ANY, 0, "Anything." },
  { NULL },
};
static const HeroRpcMethod methods[] = {
  { "read", on_read, read_params, NULL, "Read all." },
  { "echo", on_echo, NULL, NULL, "Echo.", .flags = HERO_RPC_RAW_PARAMS },
  { NULL },
};
static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods);
static const HeroServicePlugin plugin = { .name = "fuzz", .title = "Fuzz", .version = "1", .description = "", .domains = "main" };

static HeroServiceContext context = { &host, NULL };
static guint n_replies;

static void
on_reply (GBytes *reply, HeroRpcWritten *written, gpointer data)
{
  n_replies++;
  hero_rpc_written (written, TRUE);
  if (reply == NULL)
    return;
  g_assert_true (hero_json_check (g_bytes_get_data (reply, NULL), (gssize) g_bytes_get_size (reply), NULL));
  g_bytes_unref (reply);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET);
  g_autoptr (GBytes) body = g_bytes_new (data, size);

  if (context.sdk == NULL)
    {
      g_main_context_acquire (g_main_context_default ());
      hero_service_init (&context, &plugin);
      hero_service_set_rpc (&context, &spec, NULL);
    }
  n_replies = 0;
  g_assert_null (hero_rpc_dispatch_bytes (&context, body, identity, NULL, on_reply, NULL));
  g_assert_cmpuint (n_replies, ==, 1);
  return 0;
}
