/* test-bus-fixture.c: see test-bus-fixture.h. */
#include "test-bus-fixture.h"

/* ------------------------------------------------------------------------------------------------ two services */

static void
on_who (gpointer self, HeroRpcCall *call)
{
  HeroIdentity *identity = hero_rpc_call_get_identity (call);
  g_autofree char *text = g_strdup_printf ("%s %u %s %s", hero_service_get_name (hero_rpc_call_get_context (call)),
                                           identity->context, identity->user, hero_origin_name (identity->origin));

  hero_rpc_return_string (call, text);
}

static void
on_call_cancelled (GCancellable *cancellable, gpointer data)
{
  Sample *self = data;

  g_atomic_int_inc (&self->cancelled);
  hero_rpc_fail (self->parked, HERO_RPC_CANCELLED, "gone");
}

static gboolean
on_cancellable (GCancellable *cancellable, gpointer data)
{
  on_call_cancelled (cancellable, data);
  return G_SOURCE_REMOVE;
}

/* Waits until nobody waits for it. */
static void
on_park (gpointer self, HeroRpcCall *call)
{
  Sample *sample = self;
  g_autoptr (GSource) source = g_cancellable_source_new (hero_rpc_call_get_cancellable (call));

  sample->parked = call;
  g_source_set_callback (source, G_SOURCE_FUNC (on_cancellable), sample, NULL);
  g_source_attach (source, hero_service_get_main_context (sample->ctx));
}

static const HeroRpcMethod methods[] = {
  { "who", on_who, NULL, "{\"type\":\"string\"}", "Who calls whom." },
  { "park", on_park, NULL, "{\"type\":\"string\"}", "Waits.", .flags = HERO_RPC_WAITS },
  { NULL },
};
static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods);

extern const HeroServicePlugin alpha, beta;

static gpointer
sample_create (HeroServiceContext *ctx, GError **error)
{
  Sample *self = g_new0 (Sample, 1);

  self->ctx = ctx;
  hero_service_init (ctx, g_str_equal (ctx->host->name (ctx), "alpha") ? &alpha : &beta);
  return self;
}

static gboolean
sample_start (gpointer self, GCancellable *cancellable, GError **error)
{
  hero_service_set_rpc (((Sample *)self)->ctx, &spec, self);
  hero_service_ready (((Sample *)self)->ctx);
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
  hero_service_free_context (((Sample *)self)->ctx);
  g_free (self);
}

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc", 0, 0 }, { NULL } };

#define SAMPLE(name_)                                                                                                  \
  {                                                                                                                    \
    .name = name_, .title = name_, .version = "1.0.0", .description = "A sample.", .domains = "main",                  \
    .socket_size = sizeof (HeroSocketSpec), .sockets = sockets, .create = sample_create, .start = sample_start,        \
    .serve = sample_serve, .stop = sample_stop, .destroy = sample_destroy                                              \
  }
const HeroServicePlugin alpha = SAMPLE ("alpha");
const HeroServicePlugin beta = SAMPLE ("beta");

/* ------------------------------------------------------------------------------------------------ fixture */

static HeroTestHost *
start_host (const HeroServicePlugin *plugin, const char *isolation)
{
  g_autoptr (GError) error = NULL;
  HeroTestHost *host = hero_test_host_new (plugin, NULL);

  hero_test_host_set_setting (host, "services", "alpha beta ghost");
  if (isolation)
    hero_test_host_set_setting (host, "isolation", isolation);
  hero_test_host_start (host, &error);
  g_assert_no_error (error);
  return host;
}

void
set_up (Fixture *f, gconstpointer data)
{
  f->context = g_main_context_new ();
  g_main_context_push_thread_default (f->context);
  g_main_context_acquire (f->context);
  f->heard = g_string_new (NULL);
  f->kept = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_bus_message_unref);
  f->alpha_host = start_host (&alpha, data);
  f->beta_host = start_host (&beta, NULL);
  f->alpha = hero_service_get_bus (hero_test_host_get_context (f->alpha_host));
  f->beta = hero_service_get_bus (hero_test_host_get_context (f->beta_host));
}

void
tear_down (Fixture *f, gconstpointer data)
{
  g_ptr_array_unref (f->kept);
  g_clear_pointer (&f->alpha_host, hero_test_host_free);
  g_clear_pointer (&f->beta_host, hero_test_host_free);
  while (g_main_context_iteration (f->context, FALSE))
    ;
  g_main_context_release (f->context);
  g_main_context_pop_thread_default (f->context);
  g_main_context_unref (f->context);
  g_clear_pointer (&f->reply, g_bytes_unref);
  g_clear_pointer (&f->result, json_node_unref);
  g_clear_error (&f->error);
  g_string_free (f->heard, TRUE);
}

GBytes *
bytes (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

gboolean
publish (HeroBus *bus, const char *topic, const char *text, GError **error)
{
  g_autoptr (GBytes) name = bytes (topic);
  g_autoptr (GBytes) payload = bytes (text);

  return hero_bus_publish (bus, NULL, name, payload, NULL, error);
}

void
publish_ok (HeroBus *bus, const char *topic, const char *text)
{
  g_autoptr (GError) error = NULL;

  publish (bus, topic, text, &error);
  g_assert_no_error (error);
}

void
assert_publish_fails (HeroBus *bus, const char *topic, const char *text, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (publish (bus, topic, text, &error));
  g_assert_error (error, HERO_BUS_ERROR, code);
}

/* Everything that is ready on the test's context. */
void
turn (Fixture *f)
{
  while (g_main_context_iteration (f->context, FALSE))
    ;
}

void
hear (Fixture *f, HeroBusMessage *message, char tag)
{
  gsize length;
  const char *text = g_bytes_get_data (hero_bus_message_get_payload (message), &length);

  g_string_append_printf (f->heard, "%c%.*s ", tag, (int)length, text);
}

#define LISTENER(name, tag)                                                                                            \
  void name (HeroBus *bus, HeroBusMessage *message, gpointer data)                                              \
  {                                                                                                                    \
    hear (data, message, tag);                                                                                         \
  }
LISTENER (on_a, 'a')
LISTENER (on_b, 'b')
LISTENER (on_o, 'o')

static void
on_destroy (gpointer data)
{
  ((Fixture *)data)->destroyed++;
}

guint
subscribe (Fixture *f, HeroBus *bus, const char *topic, const char *group, HeroBusFlags flags, HeroBusFunc func)
{
  g_autoptr (GBytes) name = bytes (topic);

  return hero_bus_subscribe (bus, name, group, flags, func, f, on_destroy);
}

void
assert_heard (Fixture *f, const char *expected)
{
  turn (f);
  g_assert_cmpstr (f->heard->str, ==, expected);
  g_string_truncate (f->heard, 0);
}

void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  g_assert_true (g_main_context_is_owner (f->context));
  g_clear_error (&f->error);
  g_clear_pointer (&f->reply, g_bytes_unref);
  f->reply = hero_bus_request_finish (NULL, result, &f->error);
  g_assert_true ((f->reply == NULL) == (f->error != NULL));
  f->answers++;
}

void
request (Fixture *f, HeroBus *bus, const char *topic, const char *text, guint timeout_ms, GCancellable *cancellable)
{
  g_autoptr (GBytes) name = bytes (topic);
  g_autoptr (GBytes) payload = bytes (text);

  hero_bus_request_async (bus, NULL, name, payload, timeout_ms, cancellable, on_answered, f);
}

void
wait_answers (Fixture *f, guint count)
{
  while (f->answers < count)
    g_main_context_iteration (f->context, TRUE);
}

void
assert_reply (Fixture *f, const char *expected)
{
  wait_answers (f, 1);
  g_assert_no_error (f->error);
  g_autofree char *text = g_strndup (g_bytes_get_data (f->reply, NULL), g_bytes_get_size (f->reply));
  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpuint (f->answers, ==, 1);
  f->answers = 0;
}

void
assert_request_fails (Fixture *f, int code)
{
  wait_answers (f, 1);
  g_assert_error (f->error, HERO_BUS_ERROR, code);
  g_assert_cmpuint (f->answers, ==, 1);
  f->answers = 0;
}
