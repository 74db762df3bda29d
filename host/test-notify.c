/* test-notify.c: what is sent is what arrives, and only from the process that is listened to. */
#include "notify.h"

#include <string.h>
#include <unistd.h>

static void
collect (const char *name, const char *value, gpointer data)
{
  g_string_append_printf (data, "%s=%s;", name, value);
}

static void
test_round_trip (void)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroNotifyReceiver) receiver = hero_notify_receiver_new (collect, got, &error);
  g_autoptr (HeroNotify) notify = NULL;
  g_autofree char *escaped = hero_notify_escape ("two\nlines\ttab");

  g_assert_no_error (error);
  g_assert_cmpint (hero_notify_receiver_get_address (receiver)[0], ==, '@');
  notify = hero_notify_new (hero_notify_receiver_get_address (receiver));

  hero_notify_send (notify, "READY=1");
  hero_notify_receiver_drain (receiver);
  g_assert_cmpstr (got->str, ==, "");

  hero_notify_receiver_set_pid (receiver, getpid () + 1);
  hero_notify_send (notify, "READY=1");
  hero_notify_receiver_drain (receiver);
  g_assert_cmpstr (got->str, ==, "");

  hero_notify_receiver_set_pid (receiver, getpid ());
  hero_notify_send (notify, "READY=1\nSTATUS=%s\nnonsense\nX=a=b", escaped);
  hero_notify_receiver_drain (receiver);
  g_assert_cmpstr (got->str, ==, "READY=1;STATUS=two lines tab;X=a=b;");

  hero_notify_send (notify, "WATCHDOG=1");
  while (strstr (got->str, "WATCHDOG=1;") == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_nobody (void)
{
  const char *const addresses[] = { NULL, "", "relative", "@", "/nowhere/notify" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (HeroNotify) notify = hero_notify_new (addresses[i]);

      hero_notify_send (notify, "READY=1");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/round-trip", test_round_trip);
  g_test_add_func ("/notify/nobody", test_nobody);
  return g_test_run ();
}
