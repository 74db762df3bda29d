/*
 * test-bus.c: each row of the contract of the bus (mycelium 13 and 8.1). Two services run on threads of their own; the
 * test thread has a context of its own, on which its subscriptions and requests are called back.
 */
#include <hero-service/hero-service.h>

#include "bus-private.h"
#include "test-host.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>

/* ------------------------------------------------------------------------------------------------ two services */

typedef struct
{
  HeroServiceContext *ctx;
  HeroRpcCall *parked;
  int cancelled; /* atomic */
} Sample;

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

typedef struct
{
  HeroTestHost *alpha_host, *beta_host;
  HeroBus *alpha, *beta; /* their doors */
  GMainContext *context; /* the test's */
  GString *heard;        /* what on_message was told */
  guint destroyed;
  GPtrArray *kept; /* HeroBusMessage, by on_keep */
  GBytes *reply;   /* of on_answered */
  GError *error;
  JsonNode *result;
  guint answers;
} Fixture;

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

static void
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

static void
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

static GBytes *
bytes (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static gboolean
publish (HeroBus *bus, const char *topic, const char *text, GError **error)
{
  g_autoptr (GBytes) name = bytes (topic);
  g_autoptr (GBytes) payload = bytes (text);

  return hero_bus_publish (bus, NULL, name, payload, NULL, error);
}

static void
publish_ok (HeroBus *bus, const char *topic, const char *text)
{
  g_autoptr (GError) error = NULL;

  publish (bus, topic, text, &error);
  g_assert_no_error (error);
}

static void
assert_publish_fails (HeroBus *bus, const char *topic, const char *text, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (publish (bus, topic, text, &error));
  g_assert_error (error, HERO_BUS_ERROR, code);
}

/* Everything that is ready on the test's context. */
static void
turn (Fixture *f)
{
  while (g_main_context_iteration (f->context, FALSE))
    ;
}

static void
hear (Fixture *f, HeroBusMessage *message, char tag)
{
  gsize length;
  const char *text = g_bytes_get_data (hero_bus_message_get_payload (message), &length);

  g_string_append_printf (f->heard, "%c%.*s ", tag, (int)length, text);
}

#define LISTENER(name, tag)                                                                                            \
  static void name (HeroBus *bus, HeroBusMessage *message, gpointer data)                                              \
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

static guint
subscribe (Fixture *f, HeroBus *bus, const char *topic, const char *group, HeroBusFlags flags, HeroBusFunc func)
{
  g_autoptr (GBytes) name = bytes (topic);

  return hero_bus_subscribe (bus, name, group, flags, func, f, on_destroy);
}

static void
assert_heard (Fixture *f, const char *expected)
{
  turn (f);
  g_assert_cmpstr (f->heard->str, ==, expected);
  g_string_truncate (f->heard, 0);
}

static void
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

static void
request (Fixture *f, HeroBus *bus, const char *topic, const char *text, guint timeout_ms, GCancellable *cancellable)
{
  g_autoptr (GBytes) name = bytes (topic);
  g_autoptr (GBytes) payload = bytes (text);

  hero_bus_request_async (bus, NULL, name, payload, timeout_ms, cancellable, on_answered, f);
}

static void
wait_answers (Fixture *f, guint count)
{
  while (f->answers < count)
    g_main_context_iteration (f->context, TRUE);
}

static void
assert_reply (Fixture *f, const char *expected)
{
  wait_answers (f, 1);
  g_assert_no_error (f->error);
  g_autofree char *text = g_strndup (g_bytes_get_data (f->reply, NULL), g_bytes_get_size (f->reply));
  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpuint (f->answers, ==, 1);
  f->answers = 0;
}

static void
assert_request_fails (Fixture *f, int code)
{
  wait_answers (f, 1);
  g_assert_error (f->error, HERO_BUS_ERROR, code);
  g_assert_cmpuint (f->answers, ==, 1);
  f->answers = 0;
}

/*
 * ------------------------------------------------------------------------------------------------ publish, subscribe
 */

static void
test_delivery (Fixture *f, gconstpointer data)
{
  assert_publish_fails (f->alpha, "news", "x", HERO_BUS_ERROR_NO_RESPONDER);
  guint a = subscribe (f, f->alpha, "news", NULL, 0, on_a);
  subscribe (f, f->beta, "news", NULL, 0, on_b);
  subscribe (f, f->beta, "other", NULL, 0, on_o);
  publish_ok (f->beta, "news", "1");
  publish_ok (f->alpha, "news", "2");
  g_assert_cmpstr (f->heard->str, ==, ""); /* never inside publish */
  assert_heard (f, "a1 a2 b1 b2 ");
  assert_publish_fails (f->alpha, "new", "x", HERO_BUS_ERROR_NO_RESPONDER);

  publish_ok (f->beta, "news", "3");
  hero_bus_unsubscribe (f->alpha, a);
  g_assert_cmpuint (f->destroyed, ==, 0); /* a message still holds it */
  assert_heard (f, "b3 ");
  g_assert_cmpuint (f->destroyed, ==, 1);
}

static void
test_groups (Fixture *f, gconstpointer data)
{
  subscribe (f, f->alpha, "work", "pool", 0, on_a);
  guint b = subscribe (f, f->beta, "work", "pool", 0, on_b);
  for (guint i = 0; i < 4; i++)
    publish_ok (f->alpha, "work", "x");
  assert_heard (f, "ax ax bx bx ");
  subscribe (f, f->alpha, "work", NULL, 0, on_o);
  publish_ok (f->alpha, "work", "y");
  assert_heard (f, "oy ay ");
  hero_bus_unsubscribe (f->beta, b);
  publish_ok (f->alpha, "work", "z");
  assert_heard (f, "oz az ");
}

static void
test_observe (Fixture *f, gconstpointer data)
{
  subscribe (f, f->alpha, "news", NULL, HERO_BUS_OBSERVE, on_o);
  g_autoptr (GBytes) topic = bytes ("news");
  assert_publish_fails (f->alpha, "news", "1", HERO_BUS_ERROR_NO_RESPONDER);
  g_assert_false (hero_bus_has_receiver (f->alpha, topic));
  assert_heard (f, "o1 ");
  subscribe (f, f->alpha, "news", NULL, 0, on_a);
  g_assert_true (hero_bus_has_receiver (f->alpha, topic));
  publish_ok (f->alpha, "news", "2");
  assert_heard (f, "o2 a2 ");
}

static guint publishing_thread_count = 5000;

static gpointer
publish_many (gpointer data)
{
  for (guint i = 0; i < publishing_thread_count; i++)
    {
      char text[16];
      g_snprintf (text, sizeof text, "%u", i);
      while (!publish (data, "order", text, NULL))
        g_usleep (100);
    }
  return NULL;
}

static void
on_order (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  guint *next = data;
  gboolean from_alpha = g_str_equal (hero_bus_message_get_source_service (message), "alpha");
  g_autofree char *text = g_strndup (g_bytes_get_data (hero_bus_message_get_payload (message), NULL),
                                     g_bytes_get_size (hero_bus_message_get_payload (message)));

  g_assert_cmpuint ((guint)atoi (text), ==, next[from_alpha]);
  next[from_alpha]++;
}

static void
test_order (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) topic = bytes ("order");
  guint next[2] = { 0, 0 };

  hero_bus_subscribe (f->alpha, topic, NULL, 0, on_order, next, NULL);
  GThread *one = g_thread_new ("one", publish_many, f->alpha);
  GThread *two = g_thread_new ("two", publish_many, f->beta);
  while (next[0] < publishing_thread_count || next[1] < publishing_thread_count)
    g_main_context_iteration (f->context, TRUE);
  g_thread_join (one);
  g_thread_join (two);
}

static void
test_full (Fixture *f, gconstpointer data)
{
  subscribe (f, f->alpha, "news", NULL, 0, on_a);
  for (guint i = 0; i < HERO_BUS_MAILBOX_MESSAGES; i++)
    publish_ok (f->beta, "news", "x");
  assert_publish_fails (f->beta, "news", "x", HERO_BUS_ERROR_FULL);

  /* Somebody has room: the publisher is content, who missed it is told. */
  subscribe (f, f->alpha, "news", NULL, 0, on_b);
  publish_ok (f->beta, "news", "y");
  turn (f);
  g_assert_cmpuint (hero_test_host_count_log (f->alpha_host, "miss 1 messages"), ==, 0);
  publish_ok (f->beta, "news", "z");
  turn (f);
  g_assert_cmpuint (hero_test_host_count_log (f->alpha_host, "made a subscription miss 2 messages"), ==, 1);
  g_assert_nonnull (strstr (f->heard->str, "by "));
  g_assert_null (strstr (f->heard->str, "ay "));
  g_assert_nonnull (strstr (f->heard->str, "az "));
}

static void
test_full_bytes (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) topic = bytes ("big");
  g_autoptr (GBytes) payload = g_bytes_new_take (g_malloc0 (HERO_BUS_MAX_PAYLOAD), HERO_BUS_MAX_PAYLOAD);
  g_autoptr (GBytes) too_big = g_bytes_new_take (g_malloc0 (HERO_BUS_MAX_PAYLOAD + 1), HERO_BUS_MAX_PAYLOAD + 1);
  g_autofree char *long_topic = g_strnfill (256, 't');
  g_autoptr (GError) error = NULL;
  guint64 id = 0;

  subscribe (f, f->alpha, "big", NULL, 0, on_a);
  g_assert_true (hero_bus_publish (f->beta, NULL, topic, payload, &id, NULL));
  g_assert_cmpuint (id, !=, 0);
  g_assert_true (hero_bus_publish (f->beta, NULL, topic, payload, NULL, NULL));
  g_assert_false (hero_bus_publish (f->beta, NULL, topic, payload, NULL, &error));
  g_assert_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_FULL);
  g_clear_error (&error);
  g_assert_false (hero_bus_publish (f->beta, NULL, topic, too_big, NULL, &error));
  g_assert_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_TOO_LARGE);
  assert_publish_fails (f->beta, long_topic, "x", HERO_BUS_ERROR_TOO_LARGE);
  long_topic[255] = '\0';
  assert_publish_fails (f->beta, long_topic, "x", HERO_BUS_ERROR_NO_RESPONDER);
}

static void
test_full_group (Fixture *f, gconstpointer data)
{
  subscribe (f, f->alpha, "work", "pool", 0, on_a);
  subscribe (f, f->alpha, "work", "pool", 0, on_b);
  for (guint i = 0; i < 2 * HERO_BUS_MAILBOX_MESSAGES; i++)
    publish_ok (f->beta, "work", "x");
  assert_publish_fails (f->beta, "work", "x", HERO_BUS_ERROR_FULL);
}

static guint self_id;

static void
on_unsubscribe_self (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  hear (data, message, 's');
  hero_bus_unsubscribe (bus, self_id);
  g_assert_cmpuint (((Fixture *)data)->destroyed, ==, 0); /* its data is in use */
}

static void
test_unsubscribe_inside (Fixture *f, gconstpointer data)
{
  self_id = subscribe (f, f->alpha, "news", NULL, 0, on_unsubscribe_self);
  publish_ok (f->alpha, "news", "1");
  publish_ok (f->alpha, "news", "2");
  assert_heard (f, "s1 ");
  g_assert_cmpuint (f->destroyed, ==, 1);
}

static gpointer
unsubscribe_elsewhere (gpointer data)
{
  hero_bus_unsubscribe (((Fixture *)data)->alpha, self_id);
  return NULL;
}

static void
on_destroy_here (gpointer data)
{
  Fixture *f = data;

  g_assert_true (g_main_context_is_owner (f->context));
  f->destroyed++;
}

static void
test_unsubscribe_elsewhere (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) topic = bytes ("news");

  self_id = hero_bus_subscribe (f->alpha, topic, NULL, 0, on_a, f, on_destroy_here);
  g_thread_join (g_thread_new ("other", unsubscribe_elsewhere, f));
  assert_publish_fails (f->alpha, "news", "x", HERO_BUS_ERROR_NO_RESPONDER);
  g_assert_cmpuint (f->destroyed, ==, 0);
  turn (f);
  g_assert_cmpuint (f->destroyed, ==, 1);
}

/* ------------------------------------------------------------------------------------------------ requests */

static void
on_echo (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_bus_message_expects_reply (message));
  g_assert_cmpint (hero_bus_message_get_deadline_us (message), >, g_get_monotonic_time ());
  g_assert_null (hero_bus_message_get_source (message));
  g_assert_cmpint (hero_bus_message_get_identity (message)->origin, ==, HERO_ORIGIN_BUS);
  g_assert_true (hero_bus_reply (message, hero_bus_message_get_payload (message), &error));
  g_assert_no_error (error);
  g_assert_false (hero_bus_reply (message, hero_bus_message_get_payload (message), &error));
  g_assert_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_ALREADY_REPLIED);
}

static void
on_keep (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  Fixture *f = data;

  g_ptr_array_add (f->kept, hero_bus_message_ref (message));
}

static void
test_request (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) late = bytes ("late");

  request (f, f->alpha, "echo", "x", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_RESPONDER);

  guint id = subscribe (f, f->beta, "echo", NULL, 0, on_echo);
  request (f, f->alpha, "echo", "hello", 0, NULL);
  assert_reply (f, "hello");
  hero_bus_unsubscribe (f->beta, id);

  /* A message that asks for nothing cannot be replied to. */
  subscribe (f, f->beta, "echo", NULL, 0, on_keep);
  publish_ok (f->alpha, "echo", "x");
  turn (f);
  g_assert_false (hero_bus_reply (g_ptr_array_index (f->kept, f->kept->len - 1), late, &error));
  g_assert_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_REJECTED);
}

static void
test_no_reply (Fixture *f, gconstpointer data)
{
  guint id = subscribe (f, f->beta, "drop", NULL, 0, on_a);
  request (f, f->alpha, "drop", "x", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY);

  /* The subscription goes with the message in its mailbox. */
  request (f, f->alpha, "drop", "x", 0, NULL);
  hero_bus_unsubscribe (f->beta, id);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY);
}

static void
test_timeout (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) late = bytes ("late");
  g_autoptr (GError) error = NULL;
  HeroBusCounts before, after;

  subscribe (f, f->beta, "slow", NULL, 0, on_keep);
  request (f, f->alpha, "slow", "y", 60000, NULL); /* later deadline first: the sooner one must not wait behind it */
  request (f, f->alpha, "slow", "x", 50, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_TIMEOUT);
  hero_bus_get_counts (f->alpha, &before);
  g_assert_false (hero_bus_reply (g_ptr_array_index (f->kept, f->kept->len - 1), late, &error));
  g_assert_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_TIMEOUT);
  hero_bus_get_counts (f->alpha, &after);
  g_assert_cmpuint (after.late_replies, ==, before.late_replies + 1);
  g_ptr_array_set_size (f->kept, 0);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY); /* "y" */
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GCancellable) before = g_cancellable_new ();

  subscribe (f, f->beta, "slow", NULL, 0, on_keep);
  request (f, f->alpha, "slow", "x", 0, cancellable);
  turn (f);
  g_assert_cmpuint (f->answers, ==, 0);
  g_cancellable_cancel (cancellable);
  assert_request_fails (f, HERO_BUS_ERROR_CANCELLED);
  g_cancellable_cancel (before);
  request (f, f->alpha, "slow", "x", 0, before);
  assert_request_fails (f, HERO_BUS_ERROR_CANCELLED);
}

static void
test_limit (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 5; i++) /* five mailboxes have room for more than may be asked */
    {
      g_autofree char *topic = g_strdup_printf ("slow%u", i);
      subscribe (f, f->beta, topic, NULL, 0, on_keep);
    }
  for (guint i = 0; i < HERO_BUS_MAX_REQUESTS; i++)
    {
      g_autofree char *topic = g_strdup_printf ("slow%u", i % 5);
      request (f, f->alpha, topic, "x", 0, NULL);
    }
  request (f, f->alpha, "slow0", "x", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_LIMIT);
  request (f, f->beta, "slow0", "x", 0, NULL); /* the limit is each service's own */
  turn (f);
  g_assert_cmpuint (f->answers, ==, 0);
  g_ptr_array_set_size (f->kept, 0);
  wait_answers (f, HERO_BUS_MAX_REQUESTS + 1);
  g_assert_error (f->error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_REPLY);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  subscribe (f, f->beta, "slow", NULL, 0, on_keep);
  request (f, f->alpha, "slow", "x", 0, NULL);
  turn (f);
  g_assert_true (hero_test_host_stop (f->alpha_host, NULL));
  assert_request_fails (f, HERO_BUS_ERROR_CANCELLED);
}

static void
close_alpha (gpointer data)
{
  hero_bus_begin_stop (data);
}

static void
test_closed (Fixture *f, gconstpointer data)
{
  subscribe (f, f->beta, "news", NULL, 0, on_a);
  hero_test_host_run (f->alpha_host, close_alpha, hero_test_host_get_context (f->alpha_host));
  assert_publish_fails (f->alpha, "news", "x", HERO_BUS_ERROR_CLOSED);
  request (f, f->alpha, "news", "x", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_CLOSED);
  publish_ok (f->beta, "news", "x");
}

/*
 * ------------------------------------------------------------------------------------------------ other nodes, the
 * router
 */

static gboolean
deliver_nothing (gpointer self, HeroBusMessage *message, const HeroBusAddress *dst, gboolean wanted, GError **error)
{
  Fixture *f = self;

  g_string_append_printf (f->heard, "%s%s ", dst ? "foreign" : "inbox", wanted ? "?" : "");
  if (!wanted || dst)
    return TRUE;
  g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_REJECTED, "no");
  return FALSE;
}

static gboolean
is_own (gpointer self, const HeroBusAddress *address)
{
  return address->bytes[0] == 4;
}

static void
test_router (Fixture *f, gconstpointer data)
{
  static const HeroBusRouter router = { deliver_nothing, is_own };
  HeroBusAddress own = { FALSE, { 4 } }, foreign = { TRUE, { 9 } };
  g_autoptr (GBytes) topic = bytes ("news"), payload = bytes ("x");
  g_autoptr (GError) error = NULL;

  g_assert_false (hero_bus_publish (f->alpha, &foreign, topic, payload, NULL, &error));
  g_assert_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_ROUTE);
  g_clear_error (&error);

  g_assert_true (hero_bus_set_router (f->beta, &router, f, &error));
  g_assert_false (hero_bus_set_router (f->alpha, &router, f, &error));
  g_assert_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_LIMIT);
  hero_bus_unset_router (f->alpha); /* not its own */
  publish_ok (f->alpha, "news", "x");
  g_assert_true (hero_bus_publish (f->alpha, &own, topic, payload, NULL, NULL));
  g_assert_true (hero_bus_publish (f->alpha, &foreign, topic, payload, NULL, NULL));
  request (f, f->alpha, "news", "x", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_REJECTED);
  hero_bus_request_async (f->alpha, &foreign, topic, payload, 0, NULL, on_answered, f);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY); /* it took the message and dropped it */
  subscribe (f, f->alpha, "news", NULL, 0, on_a);
  publish_ok (f->alpha, "news", "y");
  assert_heard (f, "inbox inbox foreign inbox? foreign? ay ");
  hero_bus_unset_router (f->beta);
  assert_publish_fails (f->alpha, "old", "x", HERO_BUS_ERROR_NO_RESPONDER);
}

static void
on_delivered (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  g_clear_error (&f->error);
  g_clear_pointer (&f->reply, g_bytes_unref);
  f->reply = hero_bus_deliver_finish (NULL, result, &f->error);
  f->answers++;
}

static void
on_source (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  const HeroBusAddress *source = hero_bus_message_get_source (message);

  g_assert_null (hero_bus_message_get_source_service (message));
  g_assert_cmpint (source->bytes[3], ==, 77);
  g_assert_cmpstr (hero_bus_message_get_identity (message)->user, ==, "far");
  hear (data, message, 'd');
  if (hero_bus_message_expects_reply (message))
    hero_bus_reply (message, hero_bus_message_get_topic (message), NULL);
}

static void
test_deliver (Fixture *f, gconstpointer data)
{
  HeroBusAddress source = { FALSE, { 4, 0, 0, 77 } };
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_BUS_REMOTE);
  g_autoptr (GBytes) topic = bytes ("news"), payload = bytes ("x");

  hero_identity_set_header (identity, "X-Hero-User", "far", NULL);
  hero_bus_deliver_async (f->alpha, topic, payload, &source, identity, FALSE, 0, NULL, on_delivered, f);
  assert_request_fails (f, HERO_BUS_ERROR_NO_RESPONDER);
  subscribe (f, f->beta, "news", NULL, 0, on_source);
  hero_bus_deliver_async (f->alpha, topic, payload, &source, identity, TRUE, 0, NULL, on_delivered, f);
  assert_reply (f, "news");
  hero_bus_deliver_async (f->alpha, topic, payload, &source, identity, FALSE, 0, NULL, on_delivered, f);
  wait_answers (f, 1);
  g_assert_no_error (f->error);
  assert_heard (f, "dx dx ");
}

/* ------------------------------------------------------------------------------------------------ service topics */

static void
test_service_topic (Fixture *f, gconstpointer data)
{
  static const char *const reserved[] = { "alpha.rpc", "ghost.rpc", "hero_bundle.rpc" };
  static const char *const ordinary[] = { "supervisor.rpc", "alpha", ".rpc", "alpha.rpc2", "" };

  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++)
    {
      g_autoptr (GBytes) topic = bytes (reserved[i]);
      g_assert_true (hero_bus_is_service_topic (f->alpha, topic));
    }
  for (guint i = 0; i < G_N_ELEMENTS (ordinary); i++)
    {
      g_autoptr (GBytes) topic = bytes (ordinary[i]);
      g_assert_false (hero_bus_is_service_topic (f->alpha, topic));
    }

  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"who\"}", 0, NULL);
  assert_reply (f, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"beta 0  bus\"}");
  request (f, f->alpha, "alpha.rpc", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"who\"}]", 0, NULL);
  assert_reply (f, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"alpha 0  bus\"}]");
  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"method\":\"who\"}", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY); /* a notification gets none */
  publish_ok (f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"method\":\"who\"}");
}

static void
test_service_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Sample *sample = hero_test_host_get_service (f->beta_host);

  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"park\"}", 100, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_TIMEOUT);
  while (g_atomic_int_get (&sample->cancelled) < 1)
    g_usleep (1000);
  request (f, f->alpha, "beta.rpc", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"park\"}", 0, cancellable);
  g_cancellable_cancel (cancellable);
  assert_request_fails (f, HERO_BUS_ERROR_CANCELLED);
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  g_clear_error (&f->error);
  g_clear_pointer (&f->result, json_node_unref);
  f->result = hero_bus_call_finish (NULL, result, &f->error);
  f->answers++;
}

static void
call (Fixture *f, const char *service, const char *method, HeroIdentity *identity)
{
  f->answers = 0;
  hero_bus_call_async (f->alpha, service, method, NULL, identity, 0, NULL, on_called, f);
  wait_answers (f, 1);
}

static void
test_call (Fixture *f, gconstpointer data)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET);

  hero_identity_set_header (identity, "X-Hero-Context", "42", NULL);
  hero_identity_set_header (identity, "X-Hero-User", "ann", NULL);
  call (f, "beta", "who", identity);
  g_assert_no_error (f->error);
  g_assert_cmpstr (json_node_get_string (f->result), ==, "beta 42 ann bus");
  call (f, "beta", "nope", NULL);
  g_assert_error (f->error, HERO_RPC_REPLY_ERROR, HERO_RPC_METHOD_NOT_FOUND);
  call (f, "nobody", "who", NULL);
  g_assert_error (f->error, HERO_BUS_ERROR, HERO_BUS_ERROR_NO_RESPONDER);
}

/* Known to the configuration, but not in this process: first not there, then a process with a socket of its own. */
static void
test_gateway (Fixture *f, gconstpointer data)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET);
  g_autofree char *dir = g_build_filename (hero_test_host_get_dir (f->alpha_host), "ghost", NULL);
  g_autofree char *path = g_build_filename (dir, "rpc.sock", NULL);
  g_autofree char *target = hero_test_host_get_socket (f->beta_host, "rpc");

  call (f, "ghost", "who", NULL);
  g_assert_error (f->error, HERO_RPC_REPLY_ERROR, HERO_RPC_UNAVAILABLE);
  f->answers = 0;
  request (f, f->alpha, "ghost.rpc",
           "[{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\"},{\"jsonrpc\":\"2.0\",\"method\":\"b\"}]", 0, NULL);
  wait_answers (f, 1);
  g_assert_no_error (f->error);
  g_autofree char *text = g_strndup (g_bytes_get_data (f->reply, NULL), g_bytes_get_size (f->reply));
  g_autoptr (JsonNode) reply = hero_json_parse (text, -1, NULL);
  g_assert_cmpuint (json_array_get_length (json_node_get_array (reply)), ==, 1);
  JsonObject *first = json_array_get_object_element (json_node_get_array (reply), 0);
  g_assert_cmpstr (json_object_get_string_member (first, "id"), ==, "x");
  f->answers = 0;
  request (f, f->alpha, "ghost.rpc", "{\"jsonrpc\":\"2.0\",\"method\":\"b\"}", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_REPLY);

  /* beta's socket plays the ghost's */
  g_assert_cmpint (mkdir (dir, 0755), ==, 0);
  g_assert_cmpint (symlink (target, path), ==, 0);
  hero_identity_set_header (identity, "X-Hero-Context", "42", NULL);
  hero_identity_set_header (identity, "X-Hero-Claims", "a,b", NULL);
  for (guint i = 0; i < 3; i++)
    {
      call (f, "ghost", "who", identity);
      g_assert_no_error (f->error);
      g_assert_cmpstr (json_node_get_string (f->result), ==, "beta 42  socket");
    }
  f->answers = 0;
  request (f, f->alpha, "ghost.rpc", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"park\"}", 100, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_TIMEOUT);
  Sample *sample = hero_test_host_get_service (f->beta_host);
  while (g_atomic_int_get (&sample->cancelled) < 1) /* the far end hears that nobody waits */
    g_usleep (1000);
}

/* alpha is alone in its process. */
static void
test_isolated (Fixture *f, gconstpointer data)
{
  subscribe (f, f->beta, "news", NULL, 0, on_a);
  assert_publish_fails (f->alpha, "news", "x", HERO_BUS_ERROR_NO_ROUTE);
  request (f, f->alpha, "news", "x", 0, NULL);
  assert_request_fails (f, HERO_BUS_ERROR_NO_ROUTE);
  call (f, "beta", "who", NULL);
  g_assert_no_error (f->error);
}

/* Callbacks of a service come on its own thread, also when it was the test that published. */
static void
on_service_thread (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  g_assert_true (g_main_context_is_owner (data));
  hero_bus_reply (message, hero_bus_message_get_topic (message), NULL);
}

static void
subscribe_on_service (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GBytes) topic = bytes ("where");

  hero_bus_subscribe (f->beta, topic, NULL, 0, on_service_thread,
                      hero_service_get_main_context (hero_test_host_get_context (f->beta_host)), NULL);
}

static void
test_threads (Fixture *f, gconstpointer data)
{
  hero_test_host_run (f->beta_host, subscribe_on_service, f);
  for (guint i = 0; i < 100; i++)
    {
      request (f, f->alpha, "where", "x", 0, NULL);
      assert_reply (f, "where");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, func) g_test_add ("/bus/" name, Fixture, NULL, set_up, func, tear_down)
  TEST ("delivery", test_delivery);
  TEST ("groups", test_groups);
  TEST ("observe", test_observe);
  TEST ("order", test_order);
  TEST ("full", test_full);
  TEST ("full-bytes", test_full_bytes);
  TEST ("full-group", test_full_group);
  TEST ("unsubscribe-inside", test_unsubscribe_inside);
  TEST ("unsubscribe-elsewhere", test_unsubscribe_elsewhere);
  TEST ("request", test_request);
  TEST ("no-reply", test_no_reply);
  TEST ("timeout", test_timeout);
  TEST ("cancel", test_cancel);
  TEST ("limit", test_limit);
  TEST ("stop", test_stop);
  TEST ("closed", test_closed);
  TEST ("router", test_router);
  TEST ("deliver", test_deliver);
  TEST ("service-topic", test_service_topic);
  TEST ("service-cancel", test_service_cancel);
  TEST ("call", test_call);
  TEST ("gateway", test_gateway);
  TEST ("threads", test_threads);
  g_test_add ("/bus/isolated", Fixture, "process", set_up, test_isolated, tear_down);
  return g_test_run ();
}
