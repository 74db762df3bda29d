/* log-follow.c: see log-follow.h. The list of filters is under a lock, the rest on the thread its comment names. */
#include "log-follow.h"

#include <string.h>

#include "log-json.h"
#include "log-store.h"

enum
{
  LINGER_S = 60,      /* a filter stays after its reader left, so that it can resume */
  MAX_FILTERS = 128,
  MAX_PENDING = 2000, /* lines of one filter on their way to the service's thread */
  TURN_LINES = 100,   /* published at once: then the readers get their turn, whose queues hold 256 */
};

/* What one reader wants, or several the same. */
typedef struct
{
  ProcLogQuery *query;
  char *key; /* equal for equal filters */
  char *folded;
  guint readers;
  gint64 left_us;
  guint pending;
} Filter;

struct _ProcLogFollow
{
  HeroServiceContext *ctx;
  ProcLogReadFilter read;
  gpointer owner;
  GMutex lock;
  GPtrArray *filters; /* Filter */
  GQueue batches;     /* Batch, the oldest first */
};

/* Lines on their way. */
typedef struct
{
  GPtrArray *hits; /* ProcLogHit */
  guint told;
  GArray *counts;  /* guint per filter of `keys` */
  GPtrArray *keys; /* char * */
} Batch;

static void
filter_free (gpointer data)
{
  Filter *filter = data;

  proc_log_query_free (filter->query);
  g_free (filter->key);
  g_free (filter->folded);
  g_free (filter);
}

static void
hit_free (gpointer data)
{
  ProcLogHit *hit = data;

  g_free (hit->source);
  g_free (hit->cursor);
  proc_log_entry_free (hit->entry);
  g_free (hit);
}

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_ptr_array_unref (batch->hits);
  g_ptr_array_unref (batch->keys);
  g_array_unref (batch->counts);
  g_free (batch);
}

/* Lock held; NULL = none. */
static Filter *
find (ProcLogFollow *self, const char *key)
{
  for (guint i = 0; i < self->filters->len; i++)
    if (strcmp (((Filter *)self->filters->pdata[i])->key, key) == 0)
      return self->filters->pdata[i];
  return NULL;
}

/* ---------------------------------------------------------------------------------------------- service thread */

/* Its lines are no longer on their way. Lock held. */
static void
settle (ProcLogFollow *self, const Batch *batch)
{
  for (guint i = 0; i < batch->keys->len; i++)
    {
      Filter *filter = find (self, batch->keys->pdata[i]);

      if (filter != NULL)
        filter->pending -= MIN (filter->pending, g_array_index (batch->counts, guint, i));
    }
}

static gboolean
publish (gpointer data)
{
  ProcLogFollow *self = data;
  Batch *batch;
  guint end;
  gboolean more;

  g_mutex_lock (&self->lock);
  batch = g_queue_peek_head (&self->batches);
  g_mutex_unlock (&self->lock);
  end = MIN (batch->told + TURN_LINES, batch->hits->len);
  for (; batch->told < end; batch->told++)
    hero_service_publish (self->ctx, "logs", "log.line", proc_log_hit_to_json (batch->hits->pdata[batch->told]));
  g_mutex_lock (&self->lock);
  if (batch->told == batch->hits->len)
    {
      settle (self, batch);
      batch_free (g_queue_pop_head (&self->batches));
    }
  more = self->batches.length > 0;
  g_mutex_unlock (&self->lock);
  if (more)
    hero_service_post (self->ctx, publish, self, NULL);
  return G_SOURCE_REMOVE;
}

/* Lock held: forgets who will not come back. */
static void
forget_old (ProcLogFollow *self)
{
  gint64 before = g_get_monotonic_time () - LINGER_S * G_USEC_PER_SEC;

  for (guint i = self->filters->len; i > 0; i--)
    {
      Filter *filter = self->filters->pdata[i - 1];

      if (filter->readers == 0 && (filter->left_us < before || self->filters->len > MAX_FILTERS))
        g_ptr_array_remove_index (self->filters, i - 1);
    }
}

static char *
key_of (const ProcLogQuery *query)
{
  return g_strdup_printf ("%u/%d/%u/%u/%s/%s", query->level, query->any_context, query->context, query->job_id,
                          query->src != NULL ? query->src : "", query->text != NULL ? query->text : "");
}

static gpointer
open_filter (gpointer data, HeroHttpRequest *request, gboolean *complete, GError **error)
{
  ProcLogFollow *self = data;
  ProcLogQuery *query = self->read (self->owner, request, error);
  g_autofree char *key = query != NULL ? key_of (query) : NULL;
  Filter *filter;

  if (query == NULL)
    return NULL;
  g_mutex_lock (&self->lock);
  forget_old (self);
  filter = find (self, key);
  *complete = filter != NULL;
  if (filter == NULL)
    {
      filter = g_new0 (Filter, 1);
      filter->folded = query->text != NULL ? g_utf8_casefold (query->text, -1) : NULL;
      filter->key = g_steal_pointer (&key);
      filter->query = g_steal_pointer (&query);
      g_ptr_array_add (self->filters, filter);
    }
  filter->readers++;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&query, proc_log_query_free);
  return filter;
}

static void
close_filter (gpointer data, gpointer filter)
{
  ProcLogFollow *self = data;

  g_mutex_lock (&self->lock);
  if (--((Filter *)filter)->readers == 0)
    ((Filter *)filter)->left_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
}

/* Lines of other readers come by too. */
static gboolean
filter_passes (gpointer data, const char *event, JsonObject *line)
{
  const Filter *filter = data;
  const ProcLogQuery *query = filter->query;
  ProcLogEntry entry = { .context = (guint32)json_object_get_int_member_with_default (line, "context", 0),
                         .job_id = (guint32)json_object_get_int_member_with_default (line, "job_id", 0),
                         .level = (guint)json_object_get_int_member_with_default (line, "level", 255) };
  gboolean is_line = strcmp (event, "log.line") == 0;

  entry.content = (char *)json_object_get_string_member_with_default (line, "content", "");
  return proc_log_source_matches (json_object_get_string_member_with_default (line, "src", ""), query->src)
         && proc_log_query_passes (query, &entry, is_line ? filter->folded : NULL);
}

/* ---------------------------------------------------------------------------------------------- writer's thread */

static Batch *
batch_new (ProcLogFollow *self)
{
  Batch *batch = g_new (Batch, 1);
  guint none = 0;

  *batch = (Batch){ g_ptr_array_new_with_free_func (hit_free), 0, g_array_new (FALSE, TRUE, sizeof (guint)),
                    g_ptr_array_new_with_free_func (g_free) };
  for (guint i = 0; i < self->filters->len; i++)
    {
      g_ptr_array_add (batch->keys, g_strdup (((Filter *)self->filters->pdata[i])->key));
      g_array_append_val (batch->counts, none);
    }
  return batch;
}

/* Does anybody with room want the line? `lost`: somebody wants it who has none. Lock held. */
static gboolean
is_wanted (ProcLogFollow *self, Batch *batch, const char *source, const ProcLogEntry *entry, gboolean *lost)
{
  gboolean wanted = FALSE;

  for (guint i = 0; i < self->filters->len; i++)
    {
      Filter *filter = self->filters->pdata[i];

      if (!proc_log_source_matches (source, filter->query->src)
          || !proc_log_query_passes (filter->query, entry, filter->folded))
        continue;
      if (filter->pending >= MAX_PENDING)
        {
          *lost = TRUE;
          continue;
        }
      filter->pending++;
      g_array_index (batch->counts, guint, i)++;
      wanted = TRUE;
    }
  return wanted;
}

void
proc_log_follow_written (ProcLogFollow *self, const char *source, const char *text, gsize length, guint64 inode,
                         gint64 offset)
{
  const char *line = text, *end = text + length;
  guint64 lost_lines = 0;
  gboolean wake = FALSE;
  Batch *batch;

  g_mutex_lock (&self->lock);
  batch = self->filters->len > 0 ? batch_new (self) : NULL;
  while (batch != NULL && line < end)
    {
      const char *stop = memchr (line, '\n', (gsize)(end - line));
      g_autoptr (ProcLogEntry) entry = proc_log_parse (line, (gsize)(stop - line));
      gboolean lost = FALSE;

      if (entry != NULL && is_wanted (self, batch, source, entry, &lost))
        {
          ProcLogHit *hit = g_new0 (ProcLogHit, 1);

          hit->source = g_strdup (source);
          hit->cursor = proc_log_place_format (entry->ts_ms, inode, offset + (line - text), source);
          hit->entry = g_steal_pointer (&entry);
          g_ptr_array_add (batch->hits, hit);
        }
      else if (lost)
        lost_lines++;
      line = stop + 1;
    }
  if (batch != NULL && batch->hits->len > 0)
    {
      wake = self->batches.length == 0;
      g_queue_push_tail (&self->batches, batch);
    }
  else if (batch != NULL)
    batch_free (batch);
  g_mutex_unlock (&self->lock);
  if (wake)
    hero_service_post (self->ctx, publish, self, NULL);
  if (lost_lines > 0)
    proc_log_follow_dropped (self, source, 0, 0, lost_lines, 0);
}

typedef struct
{
  HeroServiceContext *ctx;
  JsonObject *data;
} Dropped;

static gboolean
publish_dropped (gpointer data)
{
  Dropped *dropped = data;

  hero_service_publish (dropped->ctx, "logs", "log.dropped", json_object_ref (dropped->data));
  return G_SOURCE_REMOVE;
}

static void
dropped_free (gpointer data)
{
  json_object_unref (((Dropped *)data)->data);
  g_free (data);
}

void
proc_log_follow_dropped (ProcLogFollow *self, const char *source, guint32 context, guint32 job_id, guint64 lines,
                         guint64 bytes)
{
  Dropped *dropped = g_new (Dropped, 1);

  *dropped = (Dropped){ self->ctx, json_object_new () };
  json_object_set_string_member (dropped->data, "src", source);
  json_object_set_int_member (dropped->data, "context", context);
  json_object_set_int_member (dropped->data, "job_id", job_id);
  json_object_set_int_member (dropped->data, "lines", (gint64)lines);
  json_object_set_int_member (dropped->data, "bytes", (gint64)bytes);
  hero_service_post (self->ctx, publish_dropped, dropped, dropped_free);
}

/* ---------------------------------------------------------------------------------------------- life */

ProcLogFollow *
proc_log_follow_new (HeroServiceContext *ctx, ProcLogReadFilter read, gpointer owner)
{
  static const HeroEventFilter filter = { open_filter, filter_passes, close_filter };
  ProcLogFollow *self = g_new0 (ProcLogFollow, 1);

  self->ctx = ctx;
  self->read = read;
  self->owner = owner;
  g_mutex_init (&self->lock);
  self->filters = g_ptr_array_new_with_free_func (filter_free);
  g_queue_init (&self->batches);
  hero_service_set_event_filter (ctx, "logs", &filter, self);
  return self;
}

void
proc_log_follow_free (ProcLogFollow *self)
{
  g_queue_clear_full (&self->batches, batch_free);
  g_ptr_array_unref (self->filters);
  g_mutex_clear (&self->lock);
  g_free (self);
}
