/*
 * fuzz-cron.c: cron expressions. The first byte says which zone and the next four when; the rest is the expression.
 * What is refused has a place inside the text; what is taken has words, and fires later and later.
 */
#include <string.h>

#include "cron-words.h"
#include "errors.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_refusal (const GError *error, const char *text)
{
  const char *field;
  guint position;

  g_assert_true (proc_error_get_cron (error, &field, &position));
  g_assert_true (position >= 1 && position <= strlen (text) + 1);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static GTimeZone *
zone_of (guint index)
{
  static const char *const names[]
      = { "UTC", "Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia" };
  static GTimeZone *zones[G_N_ELEMENTS (names)];

  index %= G_N_ELEMENTS (names);
  if (zones[index] == NULL)
    zones[index] = g_time_zone_new_identifier (names[index]);
  return zones[index];
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *words = NULL;
  ProcCron cron;
  guint32 minutes;
  gint64 at;

  if (size < 5)
    return 0;
  memcpy (&minutes, data + 1, sizeof minutes);
  at = (gint64)minutes % (240 * 366 * 24 * 60) * 60000;
  text = g_strndup ((const char *)data + 5, size - 5);
  if (!proc_cron_parse (&cron, text, "cron", &error))
    {
      check_refusal (error, text);
      return 0;
    }
  words = proc_cron_words (&cron);
  g_assert_true (*words != '\0');
  for (guint i = 0; i < 5 && at != PROC_CRON_NEVER; i++)
    {
      gint64 next = proc_cron_next (&cron, zone_of (data[0]), at);

      g_assert_cmpint (next, >, at);
      at = next;
    }
  return 0;
}
