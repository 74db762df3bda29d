/* test-bus-request.c: requests and replies on the bus, their limits and ends, and the router beyond the process. */
#include "test-bus-fixture.h"

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("request", test_request);
  TEST ("no-reply", test_no_reply);
  TEST ("timeout", test_timeout);
  TEST ("cancel", test_cancel);
  TEST ("limit", test_limit);
  TEST ("stop", test_stop);
  TEST ("closed", test_closed);
  TEST ("router", test_router);
  TEST ("deliver", test_deliver);
  return g_test_run ();
}
