/* log-files.c: see log-files.h. The log writer's thread, and at start. */
#include "log-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log-line.h"

gint64
proc_log_read_tail (int fd, gint64 size, gint64 *whole, guint32 *context)
{
  char buffer[65536];
  gint64 start = MAX (size - (gint64)sizeof buffer, 0);
  gssize n = pread (fd, buffer, (gsize)(size - start), start);
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
  if (context != NULL)
    {
      const char *tab = memchr (line, '\t', (gsize)(end - line));

      *context = tab != NULL ? (guint32)g_ascii_strtoull (tab + 1, NULL, 10) : 0;
    }
  return MAX (proc_log_parse_time (line, (gsize)(end - line)), 0);
}

char *
proc_log_files_path (const ProcLogFiles *self, guint index)
{
  return index == 0 ? g_strdup (self->path) : g_strdup_printf ("%s.%u", self->path, index);
}

static int
open_file (const ProcLogFiles *self, guint index, int flags)
{
  g_autofree char *path = proc_log_files_path (self, index);

  return open (path, flags | O_CLOEXEC | O_NOFOLLOW);
}

void
proc_log_files_load (ProcLogFiles *self, const char *log_dir, const char *source, gint64 *last_ms,
                     guint32 *context)
{
  g_autofree char *relative = g_strdelimit (g_strdup (source), ".", '/');
  ProcLogFile *newest;
  gint64 whole;
  int fd;

  self->log_dir = log_dir;
  self->path = g_strconcat (log_dir, "/", relative, ".log", NULL);
  self->files = g_array_new (FALSE, FALSE, sizeof (ProcLogFile));
  *last_ms = 0;
  *context = 0;
  for (guint i = 0;; i++)
    {
      g_autofree char *path = proc_log_files_path (self, i);
      ProcLogFile file = { 0, 0 };
      struct stat info;

      if (lstat (path, &info) == 0 && S_ISREG (info.st_mode))
        file = (ProcLogFile){ info.st_size, info.st_size > 0 ? -1 : 0 };
      else if (i > 0)
        break; /* only the newest may be missing: put aside, and nothing came since */
      g_array_append_val (self->files, file);
    }
  newest = &g_array_index (self->files, ProcLogFile, 0);
  fd = open_file (self, 0, O_RDWR);
  if (fd >= 0)
    {
      *last_ms = proc_log_read_tail (fd, newest->size, &whole, context);
      if (whole < newest->size && ftruncate (fd, whole) == 0)
        newest->size = whole;
      close (fd);
    }
  if (*last_ms == 0 && self->files->len > 1)
    *last_ms = proc_log_files_get_last_ms (self, 1);
}

void
proc_log_files_clear (ProcLogFiles *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->files, g_array_unref);
}

gint64
proc_log_files_get_bytes (const ProcLogFiles *self)
{
  gint64 total = 0;

  for (guint i = 0; i < self->files->len; i++)
    total += g_array_index (self->files, ProcLogFile, i).size;
  return total;
}

gboolean
proc_log_files_rotate (ProcLogFiles *self)
{
  ProcLogFile empty = { 0, 0 };

  for (guint i = self->files->len; i > 0; i--)
    {
      g_autofree char *from = proc_log_files_path (self, i - 1), *to = proc_log_files_path (self, i);

      if (rename (from, to) != 0 && errno != ENOENT)
        return FALSE;
    }
  g_array_prepend_val (self->files, empty);
  return TRUE;
}

gint64
proc_log_files_drop_oldest (ProcLogFiles *self)
{
  guint last = self->files->len - 1;
  g_autofree char *path = proc_log_files_path (self, last);
  ProcLogFile *file = &g_array_index (self->files, ProcLogFile, last);
  gint64 size = file->size;

  unlink (path);
  if (last > 0)
    g_array_set_size (self->files, last);
  else
    *file = (ProcLogFile){ 0, 0 };
  return size;
}

gint64
proc_log_files_get_oldest_time (const ProcLogFiles *self)
{
  g_autofree char *path = proc_log_files_path (self, self->files->len - 1);
  struct stat info;

  return lstat (path, &info) == 0 ? info.st_mtime : 0;
}

gint64
proc_log_files_get_last_ms (const ProcLogFiles *self, guint index)
{
  int fd = open_file (self, index, O_RDONLY);
  gint64 whole, ms;

  if (fd < 0)
    return 0;
  ms = proc_log_read_tail (fd, g_array_index (self->files, ProcLogFile, index).size, &whole, NULL);
  close (fd);
  return ms;
}

static void
make_directories (const ProcLogFiles *self)
{
  for (const char *slash = strchr (self->path + strlen (self->log_dir) + 1, '/'); slash != NULL;
       slash = strchr (slash + 1, '/'))
    {
      g_autofree char *dir = g_strndup (self->path, (gsize)(slash - self->path));

      if (mkdir (dir, 0755) == 0)
        chmod (dir, 0755);
    }
}

static int
open_for_append (const ProcLogFiles *self)
{
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  int fd = open (self->path, flags, 0640);

  if (fd < 0 && errno == ENOENT)
    {
      make_directories (self);
      fd = open (self->path, flags, 0640);
    }
  return fd;
}

gboolean
proc_log_files_append (const ProcLogFiles *self, const char *text, gsize length, guint64 *inode, gint64 *offset)
{
  int fd = open_for_append (self);
  struct stat info;
  gboolean written = FALSE;

  if (fd < 0)
    return FALSE;
  if (fstat (fd, &info) == 0)
    {
      gssize n = write (fd, text, length);

      *inode = info.st_ino;
      *offset = info.st_size;
      written = n == (gssize)length;
      if (info.st_size == 0)
        fchmod (fd, 0640);
      if (!written && n > 0) /* the disk is full: no torn lines */
        written = ftruncate (fd, info.st_size) != 0;
    }
  close (fd);
  return written;
}
