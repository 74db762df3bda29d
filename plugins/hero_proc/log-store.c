/* log-store.c: see log-store.h. Queue and catalogue are under one lock, held only for memory work and renames. */
#include "log-store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum
{
  HOUSEKEEPING_S = 60,
  CALM_LINES = 10, /* in one flush; up to so many times per flush_ms */
};

/* A source and its files; index 0 is the one being written. */
typedef struct
{
  char *name;
  char *path;      /* of the file being written */
  GArray *sizes;   /* gint64 per file, the newest first */
  gint64 last_ms;  /* of the newest line: time never goes back inside a source */
  GString *buffer; /* lines of the flush under way; writer only */
  guint buffered;
} Source;

typedef struct
{
  char *source;
  ProcLogEntry *entry;
  gsize cost;
} Queued;

struct _ProcLogStore
{
  char *log_dir;
  ProcLogLimits limits;
  ProcLogCatalogue catalogue;
  gpointer catalogue_data;

  GMutex lock;
  GCond wake, flushed;
  GQueue queue;
  GHashTable *sources; /* name -> Source */
  ProcLogStats stats;
  guint64 added, written; /* running numbers, for sync */
  gboolean closing;
  GThread *thread;
};

static void
source_free (gpointer data)
{
  Source *source = data;

  g_free (source->name);
  g_free (source->path);
  g_array_unref (source->sizes);
  g_string_free (source->buffer, TRUE);
  g_free (source);
}

static void
queued_free (gpointer data)
{
  Queued *queued = data;

  g_free (queued->source);
  proc_log_entry_free (queued->entry);
  g_free (queued);
}

/* ---------------------------------------------------------------------------------------------- files */

static char *
segment_path (const Source *source, guint index)
{
  return index == 0 ? g_strdup (source->path) : g_strdup_printf ("%s.%u", source->path, index);
}

static gint64
source_bytes (const Source *source)
{
  gint64 total = 0;

  for (guint i = 0; i < source->sizes->len; i++)
    total += g_array_index (source->sizes, gint64, i);
  return total;
}

/* The time of the last line, and where whole lines end. */
static gint64
read_tail (int fd, gint64 size, gint64 *whole)
{
  char buffer[65536];
  gint64 start = MAX (size - (gint64)sizeof buffer, 0);
  gssize n = pread (fd, buffer, sizeof buffer, start);
  const char *end, *line;

  *whole = start;
  if (n <= 0)
    return 0;
  end = memrchr (buffer, '\n', (gsize)n);
  if (end == NULL)
    return 0;
  *whole = start + (end - buffer) + 1;
  line = end > buffer ? memrchr (buffer, '\n', (gsize)(end - buffer)) : NULL;
  line = line != NULL ? line + 1 : buffer;
  return MAX (proc_log_parse_time (line, (gsize)(end - line)), 0);
}

/* The files a known source has on disk; a last line without its end is cut off. */
static Source *
source_load (ProcLogStore *self, const char *name)
{
  Source *source = g_new0 (Source, 1);
  g_autofree char *relative = g_strdelimit (g_strdup (name), ".", '/');
  struct stat info;
  int fd;

  source->name = g_strdup (name);
  source->path = g_strconcat (self->log_dir, "/", relative, ".log", NULL);
  source->sizes = g_array_new (FALSE, FALSE, sizeof (gint64));
  source->buffer = g_string_new (NULL);
  for (guint i = 0;; i++)
    {
      g_autofree char *path = segment_path (source, i);
      gint64 size;

      if (lstat (path, &info) != 0 || !S_ISREG (info.st_mode))
        {
          if (i > 0)
            break;
          info.st_size = 0; /* rotated away, nothing new yet */
        }
      size = info.st_size;
      g_array_append_val (source->sizes, size);
    }
  fd = open (source->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0)
    {
      gint64 *size = &g_array_index (source->sizes, gint64, 0), whole;

      source->last_ms = read_tail (fd, *size, &whole);
      if (whole < *size && ftruncate (fd, whole) == 0)
        *size = whole;
      close (fd);
    }
  self->stats.disk_bytes += (guint64)source_bytes (source);
  g_hash_table_insert (self->sources, source->name, source);
  return source;
}

static void
make_directories (ProcLogStore *self, const char *path)
{
  for (const char *slash = strchr (path + strlen (self->log_dir) + 1, '/'); slash != NULL;
       slash = strchr (slash + 1, '/'))
    {
      g_autofree char *dir = g_strndup (path, (gsize)(slash - path));

      if (mkdir (dir, 0755) == 0)
        chmod (dir, 0755);
    }
}

/* Lock held. Removes the oldest file of a source. */
static void
drop_oldest (ProcLogStore *self, Source *source)
{
  guint last = source->sizes->len - 1;
  g_autofree char *path = segment_path (source, last);

  unlink (path);
  self->stats.disk_bytes -= (guint64)g_array_index (source->sizes, gint64, last);
  if (last > 0)
    g_array_set_size (source->sizes, last);
  else
    g_array_index (source->sizes, gint64, 0) = 0;
}

/* Lock held: a.log -> a.log.1 -> a.log.2 .. */
static void
rotate (ProcLogStore *self, Source *source)
{
  gint64 empty = 0;

  for (guint i = source->sizes->len; i > 0; i--)
    {
      g_autofree char *from = segment_path (source, i - 1), *to = segment_path (source, i);

      if (rename (from, to) != 0)
        return; /* the file just grows on; the next flush tries again */
    }
  g_array_prepend_val (source->sizes, empty);
}

/* Lock held: the source whose oldest file is the oldest of all, NULL = none has anything. */
static Source *
find_oldest (ProcLogStore *self, gint64 *mtime)
{
  Source *oldest = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Source *source = value;
      g_autofree char *path = segment_path (source, source->sizes->len - 1);
      struct stat info;

      if (source_bytes (source) == 0)
        continue;
      if (lstat (path, &info) != 0)
        info.st_mtime = 0; /* gone by another hand: only our books are to be put right */
      if (oldest == NULL || info.st_mtime < *mtime)
        {
          oldest = source;
          *mtime = info.st_mtime;
        }
    }
  return oldest;
}

static guint64
free_bytes (ProcLogStore *self)
{
  struct statvfs info;

  return statvfs (self->log_dir, &info) == 0 ? (guint64)info.f_bavail * info.f_frsize : G_MAXUINT64;
}

/* Leaves the disk the space it must have; before each flush. */
static void
make_room (ProcLogStore *self)
{
  Source *oldest;
  gint64 mtime;

  g_mutex_lock (&self->lock);
  while (self->limits.min_free > 0 && free_bytes (self) < self->limits.min_free
         && (oldest = find_oldest (self, &mtime)) != NULL)
    drop_oldest (self, oldest);
  self->stats.disk_guard = self->limits.min_free > 0 && free_bytes (self) < self->limits.min_free;
  g_mutex_unlock (&self->lock);
}

static void
expire (ProcLogStore *self)
{
  gint64 before = g_get_real_time () / G_USEC_PER_SEC - self->limits.retention_days * G_GINT64_CONSTANT (86400);
  Source *oldest;
  gint64 mtime;

  if (self->limits.retention_days == 0)
    return;
  g_mutex_lock (&self->lock);
  while ((oldest = find_oldest (self, &mtime)) != NULL && mtime < before)
    drop_oldest (self, oldest);
  g_mutex_unlock (&self->lock);
}

/* ---------------------------------------------------------------------------------------------- the writer's thread */

/* One write of all lines of a source. FALSE: nothing of it is in the file. */
static gboolean
append (ProcLogStore *self, Source *source)
{
  int fd = open (source->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  struct stat info;
  gssize n;

  if (fd < 0 && errno == ENOENT)
    {
      make_directories (self, source->path);
      fd = open (source->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    }
  if (fd < 0 || fstat (fd, &info) != 0)
    {
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  n = write (fd, source->buffer->str, source->buffer->len);
  if (n >= 0 && (gsize)n < source->buffer->len && ftruncate (fd, info.st_size) == 0)
    n = -1; /* the disk is full: no torn lines */
  close (fd);
  return n == (gssize)source->buffer->len;
}

static void
flush_source (ProcLogStore *self, Source *source)
{
  gint64 added = (gint64)source->buffer->len, mtime;
  gboolean guard, written;
  Source *oldest;

  g_mutex_lock (&self->lock);
  if (g_array_index (source->sizes, gint64, 0) + added > (gint64)self->limits.file_max
      && g_array_index (source->sizes, gint64, 0) > 0)
    rotate (self, source);
  while (source->sizes->len > 1 && source_bytes (source) + added > (gint64)self->limits.source_max)
    drop_oldest (self, source);
  while (self->stats.disk_bytes + (guint64)added > self->limits.total_max
         && (oldest = find_oldest (self, &mtime)) != NULL)
    drop_oldest (self, oldest);
  guard = self->stats.disk_guard;
  g_mutex_unlock (&self->lock);

  written = !guard && append (self, source);

  g_mutex_lock (&self->lock);
  if (written)
    {
      g_array_index (source->sizes, gint64, 0) += added;
      self->stats.disk_bytes += (guint64)added;
      self->stats.written_lines += source->buffered;
      self->stats.written_bytes += (guint64)added;
    }
  else
    self->stats.dropped_disk += source->buffered;
  g_mutex_unlock (&self->lock);
  g_string_truncate (source->buffer, 0);
  source->buffered = 0;
}

/* Formats everything taken from the queue into the buffers of its sources. */
static GPtrArray *
distribute (ProcLogStore *self, GQueue *batch)
{
  GPtrArray *touched = g_ptr_array_new ();

  for (GList *l = batch->head; l != NULL; l = l->next)
    {
      Queued *queued = l->data;
      Source *source;
      gboolean added;

      g_mutex_lock (&self->lock);
      source = g_hash_table_lookup (self->sources, queued->source);
      added = source == NULL;
      if (added)
        source = source_load (self, queued->source);
      g_mutex_unlock (&self->lock);
      if (added)
        self->catalogue (self->catalogue_data, source->name);
      queued->entry->ts_ms = source->last_ms = MAX (queued->entry->ts_ms, source->last_ms);
      if (source->buffered++ == 0)
        g_ptr_array_add (touched, source);
      proc_log_format (source->buffer, queued->entry);
      if (source->buffer->len >= self->limits.file_max)
        flush_source (self, source);
      if (source->buffered == 0)
        g_ptr_array_remove (touched, source);
    }
  return touched;
}

/* Takes what is queued; lock held. FALSE: it is time to end. */
static gboolean
wait_for_work (ProcLogStore *self, gint64 last_flush_us, guint last_length, GQueue *batch)
{
  gint64 pause_us = self->limits.flush_ms * G_GINT64_CONSTANT (1000);
  gint64 not_before = last_flush_us + (last_length <= CALM_LINES ? pause_us / CALM_LINES : pause_us);

  while (self->queue.length == 0 && !self->closing)
    g_cond_wait (&self->wake, &self->lock);
  /* Few lines at once, so that a crash of ours loses least; many together, once per flush_ms. */
  while (self->queue.length < self->limits.queue_lines / 2 && self->stats.queued_bytes < self->limits.queue_bytes / 2
         && !self->closing && g_cond_wait_until (&self->wake, &self->lock, not_before))
    ;
  if (self->queue.length == 0)
    return FALSE;
  *batch = self->queue;
  g_queue_init (&self->queue);
  self->stats.queued = 0;
  self->stats.queued_bytes = 0;
  return TRUE;
}

static gpointer
run (gpointer data)
{
  ProcLogStore *self = data;
  gint64 last_flush = 0, last_housekeeping = 0;
  guint length = 0;

  for (;;)
    {
      GQueue batch = G_QUEUE_INIT;
      g_autoptr (GPtrArray) touched = NULL;
      gboolean more;

      g_mutex_lock (&self->lock);
      more = wait_for_work (self, last_flush, length, &batch);
      g_mutex_unlock (&self->lock);
      if (!more)
        return NULL;
      length = batch.length;
      last_flush = g_get_monotonic_time ();
      make_room (self);
      if (last_flush - last_housekeeping >= HOUSEKEEPING_S * G_USEC_PER_SEC)
        {
          expire (self);
          last_housekeeping = last_flush;
        }
      touched = distribute (self, &batch);
      for (guint i = 0; i < touched->len; i++)
        flush_source (self, touched->pdata[i]);
      g_queue_clear_full (&batch, queued_free);
      g_mutex_lock (&self->lock);
      self->written += length;
      g_cond_broadcast (&self->flushed);
      g_mutex_unlock (&self->lock);
    }
}

/* ---------------------------------------------------------------------------------------------- outside */

ProcLogStore *
proc_log_store_new (const char *log_dir, const ProcLogLimits *limits, const char *const *sources,
                    ProcLogCatalogue catalogue, gpointer data)
{
  ProcLogStore *self = g_new0 (ProcLogStore, 1);

  self->log_dir = g_strdup (log_dir);
  self->limits = *limits;
  self->limits.file_max = MIN (limits->file_max, MIN (limits->source_max, limits->total_max) / 4);
  self->catalogue = catalogue;
  self->catalogue_data = data;
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_cond_init (&self->flushed);
  g_queue_init (&self->queue);
  self->sources = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, source_free);
  g_mkdir_with_parents (log_dir, 0755);
  for (guint i = 0; sources != NULL && sources[i] != NULL; i++)
    source_load (self, sources[i]);
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
  g_queue_clear_full (&self->queue, queued_free);
  g_hash_table_unref (self->sources);
  g_cond_clear (&self->flushed);
  g_cond_clear (&self->wake);
  g_mutex_clear (&self->lock);
  g_free (self->log_dir);
  g_free (self);
}

gboolean
proc_log_store_add (ProcLogStore *self, const char *source, ProcLogEntry *entry)
{
  gsize cost = strlen (entry->content) + 128;
  gboolean room;

  g_mutex_lock (&self->lock);
  room = self->queue.length < self->limits.queue_lines && self->stats.queued_bytes + cost <= self->limits.queue_bytes;
  if (room)
    {
      Queued *queued = g_new (Queued, 1);

      *queued = (Queued){ g_strdup (source), entry, cost };
      g_queue_push_tail (&self->queue, queued);
      self->stats.queued++;
      self->stats.queued_bytes += cost;
      self->added++;
      g_cond_signal (&self->wake);
    }
  else
    self->stats.dropped_queue++;
  g_mutex_unlock (&self->lock);
  if (!room)
    proc_log_entry_free (entry);
  return room;
}

void
proc_log_store_get_stats (ProcLogStore *self, ProcLogStats *stats)
{
  g_mutex_lock (&self->lock);
  *stats = self->stats;
  g_mutex_unlock (&self->lock);
}

void
proc_log_store_sync (ProcLogStore *self)
{
  guint64 target;

  g_mutex_lock (&self->lock);
  target = self->added;
  while (self->written < target)
    g_cond_wait (&self->flushed, &self->lock);
  g_mutex_unlock (&self->lock);
}

static gboolean
matches (const char *source, const char *pattern)
{
  gsize length;

  if (pattern == NULL || *pattern == '\0')
    return TRUE;
  length = strlen (pattern);
  if (pattern[length - 1] == '*')
    return strncmp (source, pattern, length - 1) == 0;
  return strncmp (source, pattern, length) == 0 && (source[length] == '\0' || source[length] == '.');
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
proc_log_store_list (ProcLogStore *self, const char *pattern)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (matches (name, pattern))
      g_ptr_array_add (names, g_strdup (name));
  g_mutex_unlock (&self->lock);
  g_ptr_array_sort (names, compare_text);
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

static void
segment_close (gpointer data)
{
  close (((ProcLogSegment *)data)->fd);
}

GArray *
proc_log_store_open (ProcLogStore *self, const char *name)
{
  GArray *segments = g_array_new (FALSE, FALSE, sizeof (ProcLogSegment));
  Source *source;

  g_array_set_clear_func (segments, segment_close);
  g_mutex_lock (&self->lock);
  source = g_hash_table_lookup (self->sources, name);
  for (guint i = source != NULL ? source->sizes->len : 0; i > 0; i--)
    {
      g_autofree char *path = segment_path (source, i - 1);
      ProcLogSegment segment = { open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), 0, 0 };
      struct stat info;

      if (segment.fd < 0)
        continue;
      if (fstat (segment.fd, &info) == 0)
        {
          segment.size = MIN (info.st_size, g_array_index (source->sizes, gint64, i - 1));
          segment.inode = info.st_ino;
        }
      g_array_append_val (segments, segment);
    }
  g_mutex_unlock (&self->lock);
  return segments;
}
