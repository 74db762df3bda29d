/* log-file.c: log files by source, with rotation. The files belong to the writer thread alone. */
#include "log-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <hero-service/listener.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_US (30 * G_USEC_PER_SEC) /* before a file that could not be opened is tried again */
#define DIRECTORY_MODE 0755
#define FILE_MODE 0640

/* One open log file; only the writer thread sees it. */
typedef struct
{
  char *path;
  int fd; /* -1 = not open */
  guint64 size;
  gint64 retry_at; /* monotonic, microseconds */
  GString *pending;
} LogFile;

typedef struct
{
  char *source; /* NULL = reopen all */
  char *line;
} Item;

struct _HeroLogFile
{
  char *directory;
  guint64 max_bytes;
  guint keep, limit;
  HeroLogFileWarning warning;
  gpointer data;
  GThread *thread;

  GMutex lock; /* over the queue */
  GCond changed;
  GQueue queue; /* Item */
  guint64 lost;
  gboolean busy, ending;

  /* The writer thread's. */
  GHashTable *files; /* source -> LogFile */
  gboolean warned;
};

static void
item_free (Item *item)
{
  g_free (item->source);
  g_free (item->line);
  g_free (item);
}

/* ---- writer thread */

static void
warn_once (HeroLogFile *self, const char *path, const char *reason)
{
  g_autofree char *text = NULL;

  if (self->warned)
    return;
  self->warned = TRUE;
  text = g_strdup_printf ("log file %s cannot be written: %s; lines go to standard output only", path, reason);
  self->warning (text, self->data);
}

static gboolean
open_file (HeroLogFile *self, LogFile *file)
{
  g_autofree char *parent = g_path_get_dirname (file->path);
  g_autoptr (GError) error = NULL;
  struct stat st;

  if (file->fd >= 0)
    return TRUE;
  if (g_get_monotonic_time () < file->retry_at)
    return FALSE;
  if (hero_make_dir (parent, DIRECTORY_MODE, &error))
    {
      file->fd = open (file->path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
      if (file->fd >= 0)
        (void)!fchmod (file->fd, FILE_MODE);
      else if (errno == EEXIST)
        file->fd = open (file->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    }
  if (file->fd < 0)
    {
      warn_once (self, file->path, error != NULL ? error->message : g_strerror (errno));
      file->retry_at = g_get_monotonic_time () + RETRY_US;
      return FALSE;
    }
  file->size = fstat (file->fd, &st) == 0 ? st.st_size : 0;
  return TRUE;
}

static void
write_pending (HeroLogFile *self, LogFile *file)
{
  const char *p = file->pending->str;
  gsize left = file->pending->len;

  while (left > 0)
    {
      gssize n = write (file->fd, p, left);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          warn_once (self, file->path, g_strerror (errno));
          break;
        }
      p += n;
      left -= n;
      file->size += n;
    }
  if (left == 0 && file->pending->len > 0)
    self->warned = FALSE;
  g_string_truncate (file->pending, 0);
}

static void
close_file (HeroLogFile *self, LogFile *file)
{
  if (file->fd >= 0)
    {
      write_pending (self, file);
      close (file->fd);
    }
  file->fd = -1;
  file->retry_at = 0;
}

/* b.log -> b.log.1 -> b.log.2 ..; the last one goes. */
static void
rotate (HeroLogFile *self, LogFile *file)
{
  close_file (self, file);
  for (guint i = self->keep; i > 0; i--)
    {
      g_autofree char *from = i > 1 ? g_strdup_printf ("%s.%u", file->path, i - 1) : g_strdup (file->path);
      g_autofree char *to = g_strdup_printf ("%s.%u", file->path, i);

      (void)!g_rename (from, to);
    }
  if (self->keep == 0)
    (void)!g_unlink (file->path);
}

static LogFile *
find_file (HeroLogFile *self, const char *source)
{
  LogFile *file = g_hash_table_lookup (self->files, source);
  g_auto (GStrv) parts = NULL;
  g_autofree char *name = NULL;

  if (file != NULL)
    return file;
  parts = g_strsplit (source, ".", 3);
  name = g_strjoinv (G_DIR_SEPARATOR_S, parts);
  file = g_new0 (LogFile, 1);
  file->path = g_strdup_printf ("%s/%s.log", self->directory, name);
  file->fd = -1;
  file->pending = g_string_new (NULL);
  g_hash_table_insert (self->files, g_strdup (source), file);
  return file;
}

static void
log_file_free (LogFile *file)
{
  g_free (file->path);
  g_string_free (file->pending, TRUE);
  g_free (file);
}

static void
append (HeroLogFile *self, const Item *item)
{
  LogFile *file = find_file (self, item->source);
  gsize length = strlen (item->line);

  if (!open_file (self, file))
    return;
  if (file->size + file->pending->len + length > self->max_bytes && file->size + file->pending->len > 0)
    {
      rotate (self, file);
      if (!open_file (self, file))
        return;
    }
  g_string_append_len (file->pending, item->line, length);
}

static void
for_each_file (HeroLogFile *self, void (*func) (HeroLogFile *, LogFile *))
{
  GHashTableIter iter;
  gpointer file;

  g_hash_table_iter_init (&iter, self->files);
  while (g_hash_table_iter_next (&iter, NULL, &file))
    func (self, file);
}

static void
write_if_open (HeroLogFile *self, LogFile *file)
{
  if (file->fd >= 0)
    write_pending (self, file);
}

static void
process (HeroLogFile *self, GQueue *batch, guint64 lost)
{
  Item *item;

  while ((item = g_queue_pop_head (batch)) != NULL)
    {
      if (item->source != NULL)
        append (self, item);
      else
        {
          for_each_file (self, close_file);
          self->warned = FALSE;
        }
      item_free (item);
    }
  for_each_file (self, write_if_open);
  if (lost > 0)
    {
      g_autofree char *text
          = g_strdup_printf ("%" G_GUINT64_FORMAT " lines lost for the log files: the disk is too slow", lost);

      self->warning (text, self->data);
    }
}

static gpointer
write_files (gpointer data)
{
  HeroLogFile *self = data;
  gboolean ending = FALSE;

  while (!ending)
    {
      GQueue batch = G_QUEUE_INIT;
      guint64 lost;

      g_mutex_lock (&self->lock);
      self->busy = FALSE;
      g_cond_broadcast (&self->changed);
      while (g_queue_is_empty (&self->queue) && self->lost == 0 && !self->ending)
        g_cond_wait (&self->changed, &self->lock);
      batch = self->queue;
      lost = self->lost;
      ending = self->ending;
      g_queue_init (&self->queue);
      self->lost = 0;
      self->busy = TRUE;
      g_mutex_unlock (&self->lock);
      process (self, &batch, lost);
    }
  for_each_file (self, close_file);
  return NULL;
}

/* ---- any thread */

static void
push (HeroLogFile *self, const char *source, char *line)
{
  Item *item = g_new (Item, 1);

  *item = (Item){ g_strdup (source), line };
  g_mutex_lock (&self->lock);
  if (source != NULL && g_queue_get_length (&self->queue) >= self->limit)
    {
      self->lost++;
      g_clear_pointer (&item, item_free);
    }
  else
    g_queue_push_tail (&self->queue, item);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
hero_log_file_write (HeroLogFile *self, const char *source, char *line)
{
  push (self, source, line);
}

void
hero_log_file_reopen (HeroLogFile *self)
{
  push (self, NULL, NULL);
}

void
hero_log_file_flush (HeroLogFile *self, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;

  g_mutex_lock (&self->lock);
  while (self->busy || !g_queue_is_empty (&self->queue) || self->lost > 0)
    if (!g_cond_wait_until (&self->changed, &self->lock, deadline))
      break;
  g_mutex_unlock (&self->lock);
}

HeroLogFile *
hero_log_file_new (const char *directory, guint64 max_bytes, guint keep, guint queue_limit, HeroLogFileWarning warning,
                   gpointer data)
{
  HeroLogFile *self = g_new0 (HeroLogFile, 1);

  self->directory = g_strdup (directory);
  self->max_bytes = max_bytes;
  self->keep = keep;
  self->limit = queue_limit;
  self->warning = warning;
  self->data = data;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->queue);
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)log_file_free);
  self->busy = TRUE; /* until the thread says otherwise */
  self->thread = g_thread_new ("log-files", write_files, self);
  return self;
}

void
hero_log_file_free (HeroLogFile *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  self->ending = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);
  g_hash_table_unref (self->files);
  g_queue_clear_full (&self->queue, (GDestroyNotify)item_free);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self->directory);
  g_free (self);
}
