/* page-history.c: the last values of every counter, for the lines on the Overview tab. Service thread. */
#include <string.h>

#include "health-internal.h"
#include "page-internal.h"

typedef struct
{
  gboolean counter;
  double last;     /* the counter's value at the last sample */
  guint n;
  double values[HERO_PAGE_HISTORY_LENGTH]; /* oldest first; small enough to move */
} Series;

struct _HeroPageHistory
{
  HeroServiceContext *ctx;
  guint source;
  gint64 last_us;
  GHashTable *series; /* metric name -> Series */
};

static gboolean
sample (gpointer data)
{
  HeroPageHistory *history = data;
  g_autoptr (JsonArray) metrics = hero_metrics_get (history->ctx);

  hero_page_history_add (history, metrics, g_get_monotonic_time ());
  return G_SOURCE_CONTINUE;
}

HeroPageHistory *
hero_page_history_new (HeroServiceContext *ctx)
{
  HeroPageHistory *history = g_new0 (HeroPageHistory, 1);

  history->ctx = ctx;
  history->series = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (ctx != NULL)
    {
      sample (history);
      history->source = hero_service_timeout_add_seconds (ctx, HERO_PAGE_HISTORY_S, sample, history);
    }
  return history;
}

void
hero_page_history_free (HeroPageHistory *history)
{
  if (history == NULL)
    return;
  if (history->source != 0)
    hero_service_source_remove (history->ctx, history->source);
  g_hash_table_unref (history->series);
  g_free (history);
}

static void
push (Series *series, double value)
{
  if (series->n == HERO_PAGE_HISTORY_LENGTH)
    memmove (series->values, series->values + 1, --series->n * sizeof (double));
  series->values[series->n++] = value;
}

void
hero_page_history_add (HeroPageHistory *history, JsonArray *metrics, gint64 now_us)
{
  double seconds = (double) (now_us - history->last_us) / G_USEC_PER_SEC;

  for (guint i = 0; i < json_array_get_length (metrics); i++)
    {
      JsonObject *metric = json_array_get_object_element (metrics, i);
      const char *name = json_object_get_string_member (metric, "name");
      double value = json_object_get_double_member (metric, "value");
      Series *series = g_hash_table_lookup (history->series, name);

      if (series == NULL)
        {
          series = g_new0 (Series, 1);
          series->counter = g_str_equal (json_object_get_string_member (metric, "kind"), "counter");
          g_hash_table_insert (history->series, g_strdup (name), series);
          if (!series->counter)
            push (series, value);
        }
      else if (!series->counter)
        push (series, value);
      else if (seconds > 0)
        push (series, MAX (0, value - series->last) / seconds);
      series->last = value;
    }
  history->last_us = now_us;
}

const double *
hero_page_history_get (HeroPageHistory *history, const char *metric, guint *n_values)
{
  Series *series = history == NULL ? NULL : g_hash_table_lookup (history->series, metric);

  *n_values = series == NULL ? 0 : series->n;
  return series == NULL ? NULL : series->values;
}
