/* test-page-format.c: values as people read them; nothing that comes from outside becomes markup. */
#include <stdarg.h>

#include <hero-service/page.h>

#include "page-format.h"

static char *G_GNUC_PRINTF (1, 2)
format_html (const char *format, ...)
{
  GString *out = g_string_new (NULL);
  va_list args;

  va_start (args, format);
  hero_format_html (out, format, args);
  va_end (args);
  return g_string_free (out, FALSE);
}

#define assert_text(expression, expected)                                                                              \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *text_ = (expression);                                                                             \
    g_assert_cmpstr (text_, ==, (expected));                                                                           \
  }                                                                                                                    \
  G_STMT_END

#define assert_format(call, expected)                                                                                  \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (GString) out = g_string_new (NULL);                                                                     \
    call;                                                                                                              \
    g_assert_cmpstr (out->str, ==, (expected));                                                                        \
  }                                                                                                                    \
  G_STMT_END

static void
test_escape (void)
{
  assert_text (hero_html_escape ("<a href=\"x\" id='y'>&</a>"), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
  assert_text (hero_html_escape ("Grüße"), "Grüße");
  assert_text (hero_html_escape (NULL), "");
  /* Bytes that are no UTF-8, also a sequence cut off at the end. */
  assert_text (hero_html_escape ("a\xff<b\xe2\x82"), "a\xef\xbf\xbd&lt;b\xef\xbf\xbd\xef\xbf\xbd");
}

static void
test_html (void)
{
  assert_text (format_html ("<b>%s</b> %d%% %5.2f", "<i>", 7, 1.5), "<b>&lt;i&gt;</b> 7%  1.50");
  assert_text (format_html ("%" G_GINT64_FORMAT "|%zu|%u|%x|%lld", (gint64) -5, (gsize) 9, 3u, 255u, 1ll << 40),
               "-5|9|3|ff|1099511627776");
  assert_text (format_html ("%s", "%s%n"), "%s%n");
}

static void
test_numbers (void)
{
  assert_format (hero_format_integer (out, 0), "0");
  assert_format (hero_format_integer (out, 999), "999");
  assert_format (hero_format_integer (out, 1234567), "1,234,567");
  assert_format (hero_format_integer (out, G_MININT64), "−9,223,372,036,854,775,808");
  assert_format (hero_format_real (out, 0.25), "0.25");
  assert_format (hero_format_real (out, 12.345), "12.3");
  assert_format (hero_format_real (out, 123456.7), "123,457");
  assert_format (hero_format_real (out, 3), "3");
  assert_format (hero_format_bytes (out, 0), "0 B");
  assert_format (hero_format_bytes (out, 1023), "1023 B");
  assert_format (hero_format_bytes (out, 1536), "1.5 KiB");
  assert_format (hero_format_bytes (out, 1048575), "1.0 MiB");
}

static void
test_times (void)
{
  const gint64 noon = 1764072000123; /* 2025-11-25 12:00:00.123 */

  assert_format (hero_format_time (out, noon, noon + 200 * 1000),
                 "<time data-ms=\"1764072000123\" title=\"2025-11-25 12:00:00.123 UTC\">3 min ago</time>");
  assert_format (hero_format_time (out, noon, noon - 7200 * 1000),
                 "<time data-ms=\"1764072000123\" title=\"2025-11-25 12:00:00.123 UTC\">in 2 h</time>");
  assert_format (hero_format_time (out, 0, noon), "<span class=\"muted\">never</span>");
  assert_format (hero_format_time (out, G_MAXINT64, noon), "<span class=\"muted\">never</span>");
  assert_format (hero_format_duration (out, 59), "59 s");
  assert_format (hero_format_duration (out, 3 * 86400 + 4 * 3600 + 5), "3 d 4 h");
}

static void
test_states (void)
{
  assert_format (hero_format_state (out, "running"), "<span class=\"state good\">running</span>");
  assert_format (hero_format_state (out, "failed"), "<span class=\"state bad\">failed</span>");
  assert_format (hero_format_state (out, "<x>"), "<span class=\"state\">&lt;x&gt;</span>");
}

static void
test_spark (void)
{
  const double values[] = { 1, 3, 2 };
  g_autoptr (GString) out = g_string_new (NULL);

  hero_format_spark (out, "a&b", values, 1);
  g_assert_cmpstr (out->str, ==, "");
  hero_format_spark (out, "a&b", values, 3);
  g_assert_nonnull (strstr (out->str, "d=\"M0.0 24.0L60.0 0.0L120.0 12.0\""));
  g_assert_nonnull (strstr (out->str, "a&amp;b"));
  g_assert_null (strstr (out->str, "style="));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/page-format/escape", test_escape);
  g_test_add_func ("/page-format/html", test_html);
  g_test_add_func ("/page-format/numbers", test_numbers);
  g_test_add_func ("/page-format/times", test_times);
  g_test_add_func ("/page-format/states", test_states);
  g_test_add_func ("/page-format/spark", test_spark);
  return g_test_run ();
}
