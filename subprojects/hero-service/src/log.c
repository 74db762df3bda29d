/* log.c: a service's log lines go to the host's writer; the last thousand are kept for the Logs tab. Any thread. */
#include "log-internal.h"

#include <string.h>

struct _HeroLogRing
{
  GMutex mutex;
  GQueue lines; /* HeroLogLine */
  guint64 n;    /* lines so far */
};

static void
line_free (HeroLogLine *line)
{
  g_free (line->text);
  g_free (line);
}

static HeroLogLine *
line_new (gint64 time_us, HeroLogLevel level, const char *text)
{
  HeroLogLine *line = g_new (HeroLogLine, 1);

  *line = (HeroLogLine){ .time_us = time_us, .level = level, .text = g_strdup (text) };
  return line;
}

HeroLogRing *
hero_log_ring_new (void)
{
  HeroLogRing *ring = g_new0 (HeroLogRing, 1);

  g_mutex_init (&ring->mutex);
  g_queue_init (&ring->lines);
  return ring;
}

void
hero_log_ring_free (HeroLogRing *ring)
{
  g_queue_clear_full (&ring->lines, (GDestroyNotify)line_free);
  g_mutex_clear (&ring->mutex);
  g_free (ring);
}

static void
ring_add (HeroLogRing *ring, HeroLogLine *line)
{
  HeroLogLine *oldest = NULL;

  g_mutex_lock (&ring->mutex);
  line->seq = ++ring->n;
  g_queue_push_tail (&ring->lines, line);
  if (g_queue_get_length (&ring->lines) > HERO_LOG_RING_LINES)
    oldest = g_queue_pop_head (&ring->lines);
  g_mutex_unlock (&ring->mutex);
  if (oldest != NULL)
    line_free (oldest);
}

GPtrArray *
hero_log_get_lines (HeroServiceContext *ctx)
{
  HeroLogRing *ring = hero_sdk_get (ctx)->log;
  GPtrArray *copy = g_ptr_array_new_with_free_func ((GDestroyNotify)line_free);

  g_mutex_lock (&ring->mutex);
  for (GList *l = ring->lines.head; l != NULL; l = l->next)
    {
      HeroLogLine *line = l->data;
      HeroLogLine *own = line_new (line->time_us, line->level, line->text);

      own->seq = line->seq;
      g_ptr_array_add (copy, own);
    }
  g_mutex_unlock (&ring->mutex);
  return copy;
}

static char *
with_fields (const char *message, GVariant *fields)
{
  GString *text = g_string_new (message);
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, fields);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    {
      g_autofree char *printed = g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
                                     ? g_variant_dup_string (value, NULL)
                                     : g_variant_print (value, FALSE);
      g_string_append_printf (text, strpbrk (printed, " \"") != NULL ? " %s=\"%s\"" : " %s=%s", key, printed);
    }
  return g_string_free (text, FALSE);
}

static void
write_line (HeroServiceContext *ctx, HeroLogLevel level, GVariant *fields, const char *message)
{
  HeroSdk *sdk = hero_sdk_get (ctx);

  if (sdk != NULL)
    {
      g_autofree char *text = fields != NULL ? with_fields (message, fields) : NULL;
      ring_add (sdk->log, line_new (g_get_real_time (), level, text != NULL ? text : message));
    }
  ctx->host->log (ctx, level, message, fields);
}

void
hero_log (HeroServiceContext *ctx, HeroLogLevel level, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (!ctx->host->log_enabled (ctx, level))
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  write_line (ctx, level, NULL, message);
}

void
hero_log_fields (HeroServiceContext *ctx, HeroLogLevel level, GVariant *fields, const char *format, ...)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (fields);
  g_autofree char *message = NULL;
  va_list args;

  if (!ctx->host->log_enabled (ctx, level))
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  write_line (ctx, level, sunk, message);
}
