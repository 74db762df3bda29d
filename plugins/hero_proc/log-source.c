/* log-source.c: one source of log lines: what it may add, and what of it waits for the writer. Any thread. */
#include <string.h>

#include "log-store-private.h"

enum
{
  SUMMARY_S = 10, /* from the first line dropped to the line about it */
  QUIET_SHARE = 16,
};

ProcLogSource *
proc_log_source_new (ProcLogStore *store, const char *name)
{
  ProcLogSource *self = g_new0 (ProcLogSource, 1);
  guint32 context;

  self->store = store;
  self->name = g_strdup (name);
  g_mutex_init (&self->lock);
  self->waiting = g_string_new (NULL);
  self->head = g_string_new (NULL);
  self->lines = store->limits.burst_lines;
  self->bytes = (double)store->limits.burst_bytes;
  self->filled_us = g_get_monotonic_time ();
  proc_log_files_load (&self->files, store->log_dir, name, &self->last_ms, &context);
  if (self->last_ms > 0)
    proc_log_source_note_context (self, context);
  return self;
}

void
proc_log_source_free (gpointer data)
{
  ProcLogSource *self = data;

  proc_log_files_clear (&self->files);
  g_string_free (self->waiting, TRUE);
  g_string_free (self->head, TRUE);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

const char *
proc_log_source_get_name (ProcLogSource *self)
{
  return self->name;
}

void
proc_log_source_note_context (ProcLogSource *self, guint32 context)
{
  for (guint i = 0; i < self->n_contexts; i++)
    if (self->contexts[i] == context)
      return;
  if (self->n_contexts < PROC_LOG_CONTEXTS)
    self->contexts[self->n_contexts++] = context;
}

/* ---------------------------------------------------------------------------------------------- rates */

static void
refill (ProcLogSource *self)
{
  const ProcLogLimits *limits = &self->store->limits;
  gint64 now = g_get_monotonic_time ();
  double seconds = (double)(now - self->filled_us) / G_USEC_PER_SEC;

  self->lines = MIN (self->lines + seconds * limits->rate_lines, limits->burst_lines);
  self->bytes = MIN (self->bytes + seconds * (double)limits->rate_bytes, (double)limits->burst_bytes);
  self->filled_us = now;
}

/* Forgets the slots that time has passed over. */
static void
advance_slots (ProcLogSource *self)
{
  gint64 now = g_get_monotonic_time () / (PROC_LOG_RATE_SLOT_S * G_USEC_PER_SEC);

  if (now - self->slot >= PROC_LOG_RATE_SLOTS)
    memset (self->slots, 0, sizeof self->slots);
  else
    for (gint64 i = self->slot + 1; i <= now; i++)
      self->slots[i % PROC_LOG_RATE_SLOTS] = 0;
  self->slot = now;
}

double
proc_log_source_get_rate (ProcLogSource *self)
{
  guint64 total = 0;

  g_mutex_lock (&self->lock);
  advance_slots (self);
  for (guint i = 0; i < PROC_LOG_RATE_SLOTS; i++)
    total += self->slots[i];
  g_mutex_unlock (&self->lock);
  return (double)total / (PROC_LOG_RATE_SLOTS * PROC_LOG_RATE_SLOT_S);
}

/* ---------------------------------------------------------------------------------------------- a turn */

/* The last quarter of the queue is for sources with little in it: the loud ones do not crowd out the quiet. */
static void
find_room (ProcLogSource *self)
{
  ProcLogStore *store = self->store;
  guint64 lines = store->limits.queue_lines, bytes = store->limits.queue_bytes;

  if (self->waiting_lines > lines / QUIET_SHARE || self->waiting->len > bytes / QUIET_SHARE)
    {
      lines -= lines / 4;
      bytes -= bytes / 4;
    }
  self->room_lines = (guint)(lines > store->stats.queued ? lines - store->stats.queued : 0);
  self->room_bytes = bytes > store->stats.queued_bytes ? bytes - store->stats.queued_bytes : 0;
}

void
proc_log_source_begin (ProcLogSource *self)
{
  g_mutex_lock (&self->lock);
  self->now_ms = g_get_real_time () / 1000;
  self->turn_lines = self->turn_rate = self->turn_queue = 0;
  self->turn_bytes = 0;
  refill (self);
  g_mutex_lock (&self->store->lock);
  find_room (self);
  g_mutex_unlock (&self->store->lock);
}

static gboolean
drop (ProcLogSource *self, const ProcLogEntry *entry, gsize length, guint *counter)
{
  (*counter)++;
  self->dropped_lines++;
  self->dropped_bytes += length;
  if (self->untold_lines++ == 0)
    self->untold_us = g_get_monotonic_time ();
  self->untold_bytes += length;
  self->untold_context = entry->context;
  self->untold_job = entry->job_id;
  return FALSE;
}

/* Most lines of a turn differ in their text only: what stands before it is made once. */
static void
append (ProcLogSource *self, const ProcLogEntry *entry, gint64 ms, const char *content, gsize length)
{
  const ProcLogEntry *of = &self->head_of;

  if (entry->tags != NULL || self->head->len == 0 || of->ts_ms != ms || of->context != entry->context
      || of->job_id != entry->job_id || of->level != entry->level || of->stream != entry->stream
      || of->truncated != entry->truncated)
    {
      self->head_of = *entry;
      self->head_of.ts_ms = ms;
      g_string_truncate (self->head, 0);
      proc_log_format_head (self->head, &self->head_of);
    }
  g_string_append_len (self->waiting, self->head->str, (gssize)self->head->len);
  proc_log_format_content (self->waiting, content, length);
  if (entry->tags != NULL)
    g_string_truncate (self->head, 0);
  self->head_of.tags = NULL;
}

gboolean
proc_log_source_add (ProcLogSource *self, const ProcLogEntry *entry, const char *content, gsize length)
{
  gsize before = self->waiting->len, cost;

  if (self->lines < 1 || self->bytes < (double)length)
    return drop (self, entry, length, &self->turn_rate);
  if (self->turn_lines >= self->room_lines || self->turn_bytes + length > self->room_bytes)
    return drop (self, entry, length, &self->turn_queue);
  self->lines -= 1;
  self->bytes -= (double)length;
  self->last_ms = MAX (entry->ts_ms != 0 ? entry->ts_ms : self->now_ms, self->last_ms);
  append (self, entry, self->last_ms, content, length);
  cost = self->waiting->len - before;
  self->turn_lines++;
  self->turn_bytes += cost;
  return TRUE;
}

void
proc_log_source_end (ProcLogSource *self)
{
  ProcLogStore *store = self->store;

  self->waiting_lines += self->turn_lines;
  advance_slots (self);
  self->slots[self->slot % PROC_LOG_RATE_SLOTS] += self->turn_lines + self->turn_rate + self->turn_queue;
  g_mutex_lock (&store->lock);
  store->stats.queued += self->turn_lines;
  store->stats.queued_bytes += self->turn_bytes;
  store->stats.dropped_rate += self->turn_rate;
  store->stats.dropped_queue += self->turn_queue;
  if (self->turn_lines > 0)
    proc_log_source_note_context (self, self->head_of.context);
  if (!self->dirty && (self->turn_lines > 0 || self->untold_lines > 0))
    {
      self->dirty = TRUE;
      g_ptr_array_add (store->dirty, self);
      g_cond_signal (&store->wake);
    }
  else if (store->stats.queued >= store->limits.queue_lines / 2
           || store->stats.queued_bytes >= store->limits.queue_bytes / 2)
    g_cond_signal (&store->wake);
  g_mutex_unlock (&store->lock);
  g_mutex_unlock (&self->lock);
}

/* ---------------------------------------------------------------------------------------------- the writer's side */

guint
proc_log_source_take (ProcLogSource *self, GString **text)
{
  GString *empty = *text;
  guint lines;

  g_mutex_lock (&self->lock);
  *text = self->waiting;
  self->waiting = empty;
  lines = self->waiting_lines;
  self->waiting_lines = 0;
  g_mutex_unlock (&self->lock);
  return lines;
}

gboolean
proc_log_source_summarise (ProcLogSource *self, gboolean hurry)
{
  ProcLogStore *store = self->store;
  guint64 lines, bytes;
  gboolean due;

  g_mutex_lock (&self->lock);
  lines = self->untold_lines;
  bytes = self->untold_bytes;
  due = lines > 0 && (hurry || g_get_monotonic_time () - self->untold_us >= SUMMARY_S * G_USEC_PER_SEC);
  if (due)
    {
      g_autofree char *tags = g_strdup_printf ("dropped:%" G_GUINT64_FORMAT, lines);
      g_autofree char *content = g_strdup_printf (
          "%" G_GUINT64_FORMAT " lines (%" G_GUINT64_FORMAT " KiB) dropped: over %u lines or %" G_GSIZE_FORMAT
          " KiB a second, or the disk too slow",
          lines, (bytes + 1023) / 1024, store->limits.rate_lines, store->limits.rate_bytes / 1024);
      ProcLogEntry entry = { .context = self->untold_context,
                             .job_id = self->untold_job,
                             .level = PROC_LEVEL_WARNING,
                             .stream = PROC_STREAM_API,
                             .tags = tags };
      gsize before = self->waiting->len;

      self->last_ms = MAX (g_get_real_time () / 1000, self->last_ms);
      append (self, &entry, self->last_ms, content, strlen (content));
      self->waiting_lines++;
      self->untold_lines = self->untold_bytes = 0;
      g_mutex_lock (&store->lock);
      store->stats.queued++;
      store->stats.queued_bytes += self->waiting->len - before;
      g_mutex_unlock (&store->lock);
    }
  g_mutex_unlock (&self->lock);
  if (due && store->hooks->dropped != NULL)
    store->hooks->dropped (store->hooks_data, self->name, self->untold_context, self->untold_job, lines, bytes);
  return lines > 0 && !due;
}
