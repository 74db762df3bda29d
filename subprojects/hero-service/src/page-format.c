/* page-format.c: values as people read them, as HTML. Pure functions; any thread. */
#include "page-format.h"

#include <math.h>
#include <string.h>

#include <hero-service/page.h>

static void
append_escaped (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    switch (*p)
      {
      case '&':
        g_string_append (out, "&amp;");
        break;
      case '<':
        g_string_append (out, "&lt;");
        break;
      case '>':
        g_string_append (out, "&gt;");
        break;
      case '"':
        g_string_append (out, "&quot;");
        break;
      case '\'':
        g_string_append (out, "&#39;");
        break;
      default:
        g_string_append_c (out, *p);
      }
}

void
hero_format_escape (GString *out, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL)
    return;
  if (!g_utf8_validate (text, -1, NULL))
    text = valid = g_utf8_make_valid (text, -1);
  append_escaped (out, text);
}

char *
hero_html_escape (const char *text)
{
  GString *out = g_string_new (NULL);

  hero_format_escape (out, text);
  return g_string_free (out, FALSE);
}

/* Formats the one conversion `spec`, which is not %s. size: the count of 'l', or 'z'. */
static void
append_conversion (GString *out, const char *spec, char kind, char size, va_list *args)
{
  if (strchr ("fFeEgG", kind) != NULL)
    g_string_append_printf (out, spec, va_arg (*args, double));
  else if (size == 'L' || size == 'j')
    g_string_append_printf (out, spec, va_arg (*args, long long));
  else if (size == 'l')
    g_string_append_printf (out, spec, va_arg (*args, long));
  else if (size == 'z')
    g_string_append_printf (out, spec, va_arg (*args, size_t));
  else
    g_string_append_printf (out, spec, va_arg (*args, int));
}

void
hero_format_html (GString *out, const char *format, va_list args)
{
  va_list rest;

  va_copy (rest, args);
  while (*format != '\0')
    {
      gsize plain = strcspn (format, "%");
      gsize length;
      char size = 0;

      g_string_append_len (out, format, plain);
      format += plain;
      if (*format == '\0')
        break;
      length = 1 + strspn (format + 1, "-+ #0123456789.");
      for (; strchr ("lzj", format[length]) != NULL && format[length] != '\0'; length++)
        size = size == 'l' ? 'L' : format[length];
      if (format[length] == '%')
        g_string_append_c (out, '%');
      else if (format[length] == 's')
        hero_format_escape (out, va_arg (rest, const char *));
      else if (format[length] != '\0' && strchr ("diuxXcfFeEgG", format[length]) != NULL)
        {
          g_autofree char *spec = g_strndup (format, length + 1);

          append_conversion (out, spec, format[length], size, &rest);
        }
      else
        {
          g_critical ("conversion \"%s\" is not supported here", format);
          break;
        }
      format += length + 1;
    }
  va_end (rest);
}

static void
append_grouped (GString *out, const char *digits)
{
  gsize length = strcspn (digits, ".");

  for (gsize i = 0; i < length; i++)
    {
      if (i > 0 && (length - i) % 3 == 0)
        g_string_append_c (out, ',');
      g_string_append_c (out, digits[i]);
    }
  g_string_append (out, digits + length);
}

void
hero_format_integer (GString *out, gint64 value)
{
  char digits[32];

  g_snprintf (digits, sizeof digits, "%" G_GUINT64_FORMAT, value < 0 ? -(guint64) value : (guint64) value);
  if (value < 0)
    g_string_append (out, "−");
  append_grouped (out, digits);
}

void
hero_format_real (GString *out, double value)
{
  char digits[64];
  double size = fabs (value);

  if (!isfinite (value))
    {
      g_string_append (out, "–");
      return;
    }
  if (value < 0)
    g_string_append (out, "−");
  g_snprintf (digits, sizeof digits, "%.*f", size >= 100 || size == floor (size) ? 0 : size >= 10 ? 1 : 2, size);
  append_grouped (out, digits);
}

void
hero_format_bytes (GString *out, double bytes)
{
  static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
  guint unit = 0;

  for (; bytes >= 1023.95 && unit + 1 < G_N_ELEMENTS (units); unit++)
    bytes /= 1024;
  g_string_append_printf (out, unit == 0 || bytes >= 99.95 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

static void
append_relative (GString *out, gint64 age_ms)
{
  gint64 seconds = ABS (age_ms) / 1000;
  char text[32];

  if (seconds < 2)
    {
      g_string_append (out, "now");
      return;
    }
  if (seconds < 60)
    g_snprintf (text, sizeof text, "%d s", (int) seconds);
  else if (seconds < 3600)
    g_snprintf (text, sizeof text, "%d min", (int) (seconds / 60));
  else if (seconds < 86400)
    g_snprintf (text, sizeof text, "%d h", (int) (seconds / 3600));
  else
    g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT " d", seconds / 86400);
  g_string_append_printf (out, age_ms > 0 ? "%s ago" : "in %s", text);
}

void
hero_format_time (GString *out, gint64 unix_ms, gint64 now_ms)
{
  g_autoptr (GDateTime) time = unix_ms == 0 ? NULL : g_date_time_new_from_unix_utc (unix_ms / 1000);
  g_autofree char *exact = time == NULL ? NULL : g_date_time_format (time, "%Y-%m-%d %H:%M:%S");

  if (exact == NULL)
    {
      g_string_append (out, "<span class=\"muted\">never</span>");
      return;
    }
  g_string_append_printf (out, "<time data-ms=\"%" G_GINT64_FORMAT "\" title=\"%s.%03d UTC\">", unix_ms, exact,
                          (int) (unix_ms % 1000));
  append_relative (out, now_ms - unix_ms);
  g_string_append (out, "</time>");
}

void
hero_format_duration (GString *out, gint64 seconds)
{
  if (seconds < 60)
    g_string_append_printf (out, "%d s", (int) seconds);
  else if (seconds < 3600)
    g_string_append_printf (out, "%d min %d s", (int) (seconds / 60), (int) (seconds % 60));
  else if (seconds < 86400)
    g_string_append_printf (out, "%d h %d min", (int) (seconds / 3600), (int) (seconds / 60 % 60));
  else
    g_string_append_printf (out, "%" G_GINT64_FORMAT " d %d h", seconds / 86400, (int) (seconds / 3600 % 24));
}

void
hero_format_state (GString *out, const char *word)
{
  static const char *const good[] = { "active", "done",  "enabled",   "finished", "healthy", "ok",
                                      "online", "ready", "running",   "success",  "up",      "listening", "succeeded", NULL };
  static const char *const warn[] = { "backoff", "blocked",  "degraded",   "paused",   "pending", "queued", "retrying",
                                      "stalled", "starting", "restarting", "stopping", "waiting", "warn",   NULL };
  static const char *const bad[] = { "crashed", "dead", "error",     "failed", "failing", "lost",
                                     "down",    "unhealthy", "killed", "invalid", NULL };
  const char *tone = g_strv_contains (good, word)   ? " good"
                     : g_strv_contains (warn, word) ? " warn"
                     : g_strv_contains (bad, word)  ? " bad"
                                                    : "";

  g_string_append_printf (out, "<span class=\"state%s\">", tone);
  hero_format_escape (out, word);
  g_string_append (out, "</span>");
}

void
hero_format_spark (GString *out, const char *label, const double *values, guint n_values)
{
  enum
  {
    WIDTH = 120,
    HEIGHT = 24
  };
  g_autoptr (GString) line = g_string_new (NULL);
  double low = 0, high = 0;

  if (n_values < 2)
    return;
  for (guint i = 0; i < n_values; i++)
    {
      low = i == 0 ? values[i] : MIN (low, values[i]);
      high = i == 0 ? values[i] : MAX (high, values[i]);
    }
  /* A quantity that never changes is a line in the middle, not noise blown up to full height. */
  if (high - low < 1e-9)
    high = low + 1, low -= 1;
  for (guint i = 0; i < n_values; i++)
    {
      char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_formatd (x, sizeof x, "%.1f", (double) WIDTH * i / (n_values - 1));
      g_ascii_formatd (y, sizeof y, "%.1f", HEIGHT - HEIGHT * (values[i] - low) / (high - low));
      g_string_append_printf (line, "%c%s %s", i == 0 ? 'M' : 'L', x, y);
    }
  g_string_append_printf (out, "<svg class=\"spark\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
                          WIDTH, HEIGHT);
  hero_format_escape (out, label);
  g_string_append_printf (out, ", recent values\"><path class=\"area\" d=\"%sL%d %dL0 %dZ\"/><path d=\"%s\"/></svg>", line->str,
                          WIDTH, HEIGHT, HEIGHT, line->str);
}
