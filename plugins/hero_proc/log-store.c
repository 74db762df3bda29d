/* log-store.c: see log-store.h. The writer's thread and what it is asked for. */
#include <string.h>
#include <sys/statvfs.h>

#include "log-store-private.h"

enum
{
  HOUSEKEEPING_S = 60,
  CALM_LINES = 10,        /* in one round; up to so many times per flush_ms */
  KEEP_BUFFER = 256 << 10, /* of a source, for its next round */
};

/* ---------------------------------------------------------------------------------------------- space; lock held */

static void
drop_oldest (ProcLogStore *self, ProcLogSource *source)
{
  self->stats.disk_bytes -= (guint64)proc_log_files_drop_oldest (&source->files);
}

/* The source whose oldest file is the oldest of all, NULL = none has anything. */
static ProcLogSource *
find_oldest (ProcLogStore *self, gint64 *seconds)
{
  ProcLogSource *oldest = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ProcLogSource *source = value;
      gint64 time;

      if (proc_log_files_get_bytes (&source->files) == 0)
        continue;
      time = proc_log_files_get_oldest_time (&source->files);
      if (oldest == NULL || time < *seconds)
        {
          oldest = source;
          *seconds = time;
        }
    }
  return oldest;
}

static gboolean
is_disk_full (ProcLogStore *self)
{
  struct statvfs info;

  return self->limits.min_free > 0 && statvfs (self->log_dir, &info) == 0
         && (guint64)info.f_bavail * info.f_frsize < self->limits.min_free;
}

/* Leaves the disk the space it must have; before each round. */
static void
guard_disk (ProcLogStore *self)
{
  ProcLogSource *oldest;
  gint64 seconds;
  gboolean before, guard;

  g_mutex_lock (&self->lock);
  before = self->stats.disk_guard;
  while (is_disk_full (self) && (oldest = find_oldest (self, &seconds)) != NULL)
    drop_oldest (self, oldest);
  guard = self->stats.disk_guard = is_disk_full (self);
  g_mutex_unlock (&self->lock);
  if (guard != before && self->hooks->guard != NULL)
    self->hooks->guard (self->hooks_data, guard);
}

static void
expire (ProcLogStore *self)
{
  gint64 before = g_get_real_time () / G_USEC_PER_SEC - self->limits.retention_days * G_GINT64_CONSTANT (86400);
  ProcLogSource *oldest;
  gint64 seconds;

  if (self->limits.retention_days == 0)
    return;
  g_mutex_lock (&self->lock);
  while ((oldest = find_oldest (self, &seconds)) != NULL && seconds < before)
    drop_oldest (self, oldest);
  g_mutex_unlock (&self->lock);
}

/* Sources without a line, which nobody writes to, are no longer ours. */
static void
forget_empty (ProcLogStore *self)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ProcLogSource *source = value;

      if (source->handles > 0 || source->dirty || proc_log_files_get_bytes (&source->files) > 0)
        continue;
      if (source->catalogued)
        g_ptr_array_add (gone, g_strdup (source->name));
      g_hash_table_iter_remove (&iter);
    }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < gone->len && self->hooks->catalogue != NULL; i++)
    self->hooks->catalogue (self->hooks_data, gone->pdata[i], FALSE);
}

/* ---------------------------------------------------------------------------------------------- one round */

/* The longest run of whole lines that still goes into the file, at least one line. Lock held. */
static gsize
find_piece (ProcLogStore *self, ProcLogSource *source, const char *text, gsize length)
{
  ProcLogFile *file = &g_array_index (source->files.files, ProcLogFile, 0);
  gint64 room = (gint64)self->limits.file_max - file->size;
  const char *end;

  if ((gint64)length <= room)
    return length;
  end = room > 0 ? memrchr (text, '\n', (gsize)room) : NULL;
  if (end == NULL && file->size > 0 && proc_log_files_rotate (&source->files))
    return find_piece (self, source, text, length);
  if (end == NULL)
    end = memchr (text, '\n', length);
  return (gsize)(end - text) + 1;
}

static guint
count_lines (const char *text, gsize length)
{
  const char *end = text + length;
  guint lines = 0;

  for (; (text = memchr (text, '\n', (gsize)(end - text))) != NULL && ++lines > 0 && ++text < end;)
    ;
  return lines;
}

/* Keeps the limits of space with `length` more bytes in the source. Lock held. */
static void
make_room (ProcLogStore *self, ProcLogSource *source, gsize length)
{
  ProcLogSource *oldest;
  gint64 seconds;

  while (source->files.files->len > 1
         && proc_log_files_get_bytes (&source->files) + (gint64)length > (gint64)self->limits.source_max)
    drop_oldest (self, source);
  while (self->stats.disk_bytes + length > self->limits.total_max && (oldest = find_oldest (self, &seconds)) != NULL)
    drop_oldest (self, oldest);
}

static void
write_piece (ProcLogStore *self, ProcLogSource *source, const char *text, gsize length, guint lines)
{
  gboolean guard, written;
  guint64 inode;
  gint64 offset;

  g_mutex_lock (&self->lock);
  guard = self->stats.disk_guard;
  if (!guard)
    make_room (self, source, length);
  g_mutex_unlock (&self->lock);

  written = !guard && proc_log_files_append (&source->files, text, length, &inode, &offset);

  g_mutex_lock (&self->lock);
  if (written)
    {
      ProcLogFile *file = &g_array_index (source->files.files, ProcLogFile, 0);

      file->size += (gint64)length;
      file->lines = file->lines >= 0 ? file->lines + lines : -1;
      self->stats.disk_bytes += length;
      self->stats.written_lines += lines;
      self->stats.written_bytes += length;
    }
  else
    self->stats.dropped_disk += lines;
  g_mutex_unlock (&self->lock);
  if (written && self->hooks->written != NULL)
    self->hooks->written (self->hooks_data, source->name, text, length, inode, offset);
  if (!written)
    {
      g_mutex_lock (&source->lock);
      source->dropped_lines += lines;
      source->dropped_bytes += length;
      g_mutex_unlock (&source->lock);
    }
}

static void
write_text (ProcLogStore *self, ProcLogSource *source, const char *text, gsize length)
{
  while (length > 0)
    {
      gsize piece;

      g_mutex_lock (&self->lock);
      piece = find_piece (self, source, text, length);
      g_mutex_unlock (&self->lock);
      write_piece (self, source, text, piece, count_lines (text, piece));
      text += piece;
      length -= piece;
    }
}

/* Everything of one source that waits. Returns TRUE if it is to be looked at again later: a summary is not due yet. */
static gboolean
flush_source (ProcLogStore *self, ProcLogSource *source, gboolean hurry, GString **spare, guint *lines)
{
  gboolean untold = proc_log_source_summarise (source, hurry), announce;
  guint taken = proc_log_source_take (source, spare);
  gsize bytes = (*spare)->len;

  g_mutex_lock (&self->lock);
  announce = taken > 0 && !source->catalogued;
  source->catalogued |= announce;
  g_mutex_unlock (&self->lock);
  if (announce && self->hooks->catalogue != NULL)
    self->hooks->catalogue (self->hooks_data, source->name, TRUE);
  write_text (self, source, (*spare)->str, bytes);
  g_mutex_lock (&self->lock);
  self->stats.queued -= taken;
  self->stats.queued_bytes -= bytes;
  g_mutex_unlock (&self->lock);
  *lines += taken;
  if ((*spare)->allocated_len > KEEP_BUFFER)
    {
      g_string_free (*spare, TRUE);
      *spare = g_string_new (NULL);
    }
  g_string_truncate (*spare, 0);
  return untold;
}

/* Writes what waits; `untold` gets the sources with a summary that is not due. Returns the lines. */
static guint
run_round (ProcLogStore *self, GPtrArray *dirty, GPtrArray *untold, GString **spare)
{
  guint lines = 0;

  guard_disk (self);
  for (guint i = 0; i < dirty->len; i++)
    {
      ProcLogSource *source = dirty->pdata[i];
      gboolean hurry;

      g_mutex_lock (&self->lock);
      source->dirty = FALSE;
      hurry = source->handles == 0 || self->closing;
      g_mutex_unlock (&self->lock);
      if (flush_source (self, source, hurry, spare, &lines))
        g_ptr_array_add (untold, source);
    }
  return lines;
}

/* ---------------------------------------------------------------------------------------------- the thread */

static gboolean
is_urgent (ProcLogStore *self)
{
  return self->closing || self->sync_wanted || self->requests->len > 0;
}

/* Waits for work and takes it. Lock held. FALSE: it is time to end. */
static gboolean
wait_for_work (ProcLogStore *self, gint64 last_round_us, guint last_lines, GPtrArray **dirty)
{
  gint64 pause_us = self->limits.flush_ms * G_GINT64_CONSTANT (1000);
  gint64 not_before = last_round_us + (last_lines <= CALM_LINES ? pause_us / CALM_LINES : pause_us);
  GPtrArray *empty = *dirty;

  while (self->dirty->len == 0 && !is_urgent (self))
    g_cond_wait (&self->wake, &self->lock);
  /* Few lines at once, so that a crash of ours loses least; many together, once per flush_ms. */
  while (self->stats.queued < self->limits.queue_lines / 2 && self->stats.queued_bytes < self->limits.queue_bytes / 2
         && !is_urgent (self) && g_cond_wait_until (&self->wake, &self->lock, not_before))
    ;
  if (self->dirty->len == 0 && self->closing)
    return FALSE;
  *dirty = self->dirty;
  self->dirty = empty;
  self->sync_wanted = FALSE;
  self->rounds_begun++;
  return TRUE;
}

static void
answer_requests (ProcLogStore *self)
{
  g_autoptr (GPtrArray) requests = NULL;

  g_mutex_lock (&self->lock);
  requests = self->requests;
  self->requests = g_ptr_array_new ();
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < requests->len; i++)
    ((ProcLogRequest *)requests->pdata[i])->run (self, ((ProcLogRequest *)requests->pdata[i])->data);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < requests->len; i++)
    ((ProcLogRequest *)requests->pdata[i])->done = TRUE;
  g_mutex_unlock (&self->lock);
}

/* What has a summary to come is dirty again, until it came. */
static void
end_round (ProcLogStore *self, GPtrArray *untold, gint64 begun_us)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < untold->len; i++)
    {
      ProcLogSource *source = untold->pdata[i];

      if (!source->dirty)
        g_ptr_array_add (self->dirty, source);
      source->dirty = TRUE;
    }
  self->stats.flush_ms = (g_get_monotonic_time () - begun_us) / 1000;
  self->rounds_over = self->rounds_begun;
  g_cond_broadcast (&self->round_over);
  g_mutex_unlock (&self->lock);
}

static gpointer
run (gpointer data)
{
  ProcLogStore *self = data;
  GPtrArray *dirty = g_ptr_array_new ();
  GString *spare = g_string_new (NULL);
  gint64 last_round = 0, last_housekeeping = 0;
  guint lines = 0;

  for (;;)
    {
      g_autoptr (GPtrArray) untold = g_ptr_array_new ();
      gboolean more;

      g_mutex_lock (&self->lock);
      more = wait_for_work (self, last_round, lines, &dirty);
      g_mutex_unlock (&self->lock);
      if (!more)
        break;
      last_round = g_get_monotonic_time ();
      lines = run_round (self, dirty, untold, &spare);
      if (untold->len > 0)
        lines = MAX (lines, CALM_LINES + 1);
      g_ptr_array_set_size (dirty, 0);
      if (last_round - last_housekeeping >= HOUSEKEEPING_S * G_USEC_PER_SEC)
        {
          expire (self);
          forget_empty (self);
          last_housekeeping = last_round;
        }
      answer_requests (self);
      end_round (self, untold, last_round);
    }
  g_ptr_array_unref (dirty);
  g_string_free (spare, TRUE);
  return NULL;
}

/* ---------------------------------------------------------------------------------------------- life */

ProcLogStore *
proc_log_store_new (const char *log_dir, const ProcLogLimits *limits, const char *const *sources,
                    const ProcLogHooks *hooks, gpointer data)
{
  ProcLogStore *self = g_new0 (ProcLogStore, 1);

  self->log_dir = g_strdup (log_dir);
  self->limits = *limits;
  self->limits.file_max = MIN (limits->file_max, MIN (limits->source_max, limits->total_max) / 4);
  self->hooks = hooks;
  self->hooks_data = data;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_cond_init (&self->round_over);
  self->dirty = g_ptr_array_new ();
  self->requests = g_ptr_array_new ();
  self->sources = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, proc_log_source_free);
  g_mkdir_with_parents (log_dir, 0755);
  for (guint i = 0; sources != NULL && sources[i] != NULL; i++)
    {
      ProcLogSource *source = proc_log_store_get_source (self, sources[i]);

      source->catalogued = TRUE;
      proc_log_source_unref (source);
    }
  self->thread = g_thread_new ("hero_proc-log", run, self);
  return self;
}

void
proc_log_store_free (ProcLogStore *self)
{
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);
  g_ptr_array_unref (self->dirty);
  g_ptr_array_unref (self->requests);
  g_hash_table_unref (self->sources);
  g_cond_clear (&self->round_over);
  g_cond_clear (&self->wake);
  g_mutex_clear (&self->lock);
  g_free (self->log_dir);
  g_free (self);
}

ProcLogSource *
proc_log_store_get_source (ProcLogStore *self, const char *name)
{
  ProcLogSource *source;

  g_mutex_lock (&self->lock);
  source = g_hash_table_lookup (self->sources, name);
  if (source == NULL)
    {
      source = proc_log_source_new (self, name);
      self->stats.disk_bytes += (guint64)proc_log_files_get_bytes (&source->files);
      g_hash_table_insert (self->sources, source->name, source);
    }
  source->handles++;
  g_mutex_unlock (&self->lock);
  return source;
}

void
proc_log_source_unref (ProcLogSource *source)
{
  ProcLogStore *store = source->store;

  /* What has a summary to come is dirty: the next round sees that nobody is left to wait for. */
  g_mutex_lock (&store->lock);
  source->handles--;
  g_mutex_unlock (&store->lock);
}

void
proc_log_store_get_stats (ProcLogStore *self, ProcLogStats *stats)
{
  g_mutex_lock (&self->lock);
  *stats = self->stats;
  g_mutex_unlock (&self->lock);
}

guint64
proc_log_stats_get_dropped (const ProcLogStats *stats)
{
  return stats->dropped_rate + stats->dropped_queue + stats->dropped_disk;
}

/* ---------------------------------------------------------------------------------------------- requests */

void
proc_log_store_sync (ProcLogStore *self)
{
  guint64 target;

  g_mutex_lock (&self->lock);
  self->sync_wanted = TRUE;
  g_cond_signal (&self->wake);
  target = self->rounds_begun + 1;
  while (self->rounds_over < target)
    g_cond_wait (&self->round_over, &self->lock);
  g_mutex_unlock (&self->lock);
}

static void
ask_writer (ProcLogStore *self, void (*func) (ProcLogStore *, gpointer), gpointer data)
{
  ProcLogRequest request = { func, data, FALSE };

  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->requests, &request);
  g_cond_signal (&self->wake);
  while (!request.done)
    g_cond_wait (&self->round_over, &self->lock);
  g_mutex_unlock (&self->lock);
}

static void
do_rotate (ProcLogStore *self, gpointer pattern)
{
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ProcLogSource *source = value;

      if (proc_log_source_matches (source->name, pattern)
          && g_array_index (source->files.files, ProcLogFile, 0).size > 0)
        proc_log_files_rotate (&source->files);
    }
  g_mutex_unlock (&self->lock);
}

void
proc_log_store_rotate (ProcLogStore *self, const char *pattern)
{
  ask_writer (self, do_rotate, (gpointer)pattern);
}

typedef struct
{
  const char *pattern;
  gint64 before_ms;
  guint64 bytes, segments;
} Deletion;

static void
delete_of (ProcLogStore *self, ProcLogSource *source, Deletion *deletion)
{
  while (proc_log_files_get_bytes (&source->files) > 0)
    {
      guint last = source->files.files->len - 1;
      gint64 size = g_array_index (source->files.files, ProcLogFile, last).size;

      if (deletion->before_ms > 0 && proc_log_files_get_last_ms (&source->files, last) >= deletion->before_ms)
        return;
      drop_oldest (self, source);
      deletion->bytes += (guint64)size;
      deletion->segments += size > 0;
    }
}

static void
do_delete (ProcLogStore *self, gpointer data)
{
  Deletion *deletion = data;
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (proc_log_source_matches (((ProcLogSource *)value)->name, deletion->pattern))
      delete_of (self, value, deletion);
  g_mutex_unlock (&self->lock);
  forget_empty (self);
}

void
proc_log_store_delete (ProcLogStore *self, const char *pattern, gint64 before_ms, guint64 *bytes, guint64 *segments)
{
  Deletion deletion = { pattern, before_ms, 0, 0 };

  ask_writer (self, do_delete, &deletion);
  *bytes = deletion.bytes;
  *segments = deletion.segments;
}
