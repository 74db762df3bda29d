/* test-bus.c: messages on the bus (mycelium 13): groups, order, limits, the end of subscriptions. */
#include "test-bus-fixture.h"

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST ("delivery", test_delivery);
  TEST ("groups", test_groups);
  TEST ("observe", test_observe);
  TEST ("order", test_order);
  TEST ("full", test_full);
  TEST ("full-bytes", test_full_bytes);
  TEST ("full-group", test_full_group);
  TEST ("unsubscribe-inside", test_unsubscribe_inside);
  TEST ("unsubscribe-elsewhere", test_unsubscribe_elsewhere);
  return g_test_run ();
}
