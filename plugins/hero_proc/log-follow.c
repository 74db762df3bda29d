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
  guint readers;
  gint64 left_us;
  guint pending; /* lines on their way; it stays as long as there are any */
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

/* How many lines of a batch a filter waits for. */
typedef struct
{
  Filter *filter; /* borrowed; maybe gone when lines is 0 */
  guint lines;
} Share;

/* Lines on their way. */
typedef struct
{
  GPtrArray *hits; /* ProcLogHit */
  guint told;
  GArray *shares;  /* Share */
} Batch;

static void
filter_free (gpointer data)
{
  Filter *filter = data;

  proc_log_query_free (filter->query);
  g_free (filter);
}

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_ptr_array_unref (batch->hits);
  g_array_unref (batch->shares);
  g_free (batch);
}

static gboolean
is_same (const ProcLogQuery *a, const ProcLogQuery *b)
{
  return a->level == b->level && a->any_context == b->any_context && a->context == b->context
         && a->job_id == b->job_id && g_strcmp0 (a->src, b->src) == 0 && g_strcmp0 (a->text, b->text) == 0;
}

/* Lock held; NULL = none. */
static Filter *
find (ProcLogFollow *self, const ProcLogQuery *query)
{
  for (guint i = 0; i < self->filters->len; i++)
    if (is_same (((Filter *)self->filters->pdata[i])->query, query))
      return self->filters->pdata[i];
  return NULL;
}

/* ---------------------------------------------------------------------------------------------- service thread */

/* Its lines are no longer on their way. Lock held. */
static void
settle (const Batch *batch)
{
  for (guint i = 0; i < batch->shares->len; i++)
    {
      const Share *share = &g_array_index (batch->shares, Share, i);

      if (share->lines > 0)
        share->filter->pending -= share->lines;
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
      settle (batch);
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

      if (filter->readers == 0 && filter->pending == 0
          && (filter->left_us < before || self->filters->len > MAX_FILTERS))
        g_ptr_array_remove_index (self->filters, i - 1);
    }
}

static gpointer
open_filter (gpointer data, HeroHttpRequest *request, gboolean *complete, GError **error)
{
  ProcLogFollow *self = data;
  g_autoptr (ProcLogQuery) query = self->read (self->owner, request, error);
  Filter *filter;

  if (query == NULL)
    return NULL;
  g_mutex_lock (&self->lock);
  forget_old (self);
  filter = find (self, query);
  *complete = filter != NULL;
  if (filter == NULL)
    {
      filter = g_new0 (Filter, 1);
      filter->query = g_steal_pointer (&query);
      g_ptr_array_add (self->filters, filter);
    }
  filter->readers++;
  g_mutex_unlock (&self->lock);
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
  ProcLogEntry entry = { .context = (guint32)json_object_get_int_member_with_default (line, "context", 0),
                         .job_id = (guint32)json_object_get_int_member_with_default (line, "job_id", 0),
                         .level = (guint)json_object_get_int_member_with_default (line, "level", 255) };

  entry.content = (char *)json_object_get_string_member_with_default (line, "content", NULL); /* log.dropped: none */
  return proc_log_query_passes (((const Filter *)data)->query,
                                json_object_get_string_member_with_default (line, "src", ""), &entry);
}

/* ---------------------------------------------------------------------------------------------- writer's thread */

static Batch *
batch_new (ProcLogFollow *self)
{
  Batch *batch = g_new (Batch, 1);

  *batch = (Batch){ g_ptr_array_new_with_free_func (proc_log_hit_free), 0,
                    g_array_sized_new (FALSE, FALSE, sizeof (Share), self->filters->len) };
  for (guint i = 0; i < self->filters->len; i++)
    {
      Share share = { self->filters->pdata[i], 0 };

      g_array_append_val (batch->shares, share);
    }
  return batch;
}

/* Does anybody with room want the line? `lost`: somebody wants it who has none. Lock held. */
static gboolean
is_wanted (Batch *batch, const char *source, const ProcLogEntry *entry, gboolean *lost)
{
  gboolean wanted = FALSE;

  for (guint i = 0; i < batch->shares->len; i++)
    {
      Share *share = &g_array_index (batch->shares, Share, i);

      if (!proc_log_query_passes (share->filter->query, source, entry))
        continue;
      if (share->filter->pending >= MAX_PENDING)
        {
          *lost = TRUE;
          continue;
        }
      share->filter->pending++;
      share->lines++;
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

      if (entry != NULL && is_wanted (batch, source, entry, &lost))
        g_ptr_array_add (batch->hits,
                         proc_log_hit_new (source, inode, offset + (line - text), g_steal_pointer (&entry)));
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
