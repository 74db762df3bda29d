/*
 * log-catalogue.c: which sources there are, ours and those of others in the same tree, and where their files lie. Any
 * thread but the service's.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log-store-private.h"
#include "names.h"

enum
{
  COUNT_BYTES = 64 << 20, /* read for one description */
};

gboolean
proc_log_source_matches (const char *source, const char *pattern)
{
  gsize length;

  if (pattern == NULL || *pattern == '\0')
    return TRUE;
  length = strlen (pattern);
  if (pattern[length - 1] == '*')
    return strncmp (source, pattern, length - 1) == 0;
  return strncmp (source, pattern, length) == 0 && (source[length] == '\0' || source[length] == '.');
}

/* ---------------------------------------------------------------------------------------------- names */

/* Names of all *.log files below a directory, three parts deep at most. */
static void
find_files (const char *dir, const char *prefix, guint depth, GHashTable *names)
{
  g_autoptr (GDir) handle = g_dir_open (dir, 0, NULL);
  const char *entry;

  while (handle != NULL && (entry = g_dir_read_name (handle)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, entry, NULL);
      gboolean is_file = g_str_has_suffix (entry, ".log");
      g_autofree char *part = is_file ? g_strndup (entry, strlen (entry) - 4) : g_strdup (entry);
      g_autofree char *name = *prefix != '\0' ? g_strconcat (prefix, ".", part, NULL) : g_strdup (part);
      struct stat info;

      if (strchr (part, '.') != NULL || !proc_name_is_source (name) || lstat (path, &info) != 0)
        continue;
      if (is_file && S_ISREG (info.st_mode))
        g_hash_table_add (names, g_steal_pointer (&name));
      else if (!is_file && S_ISDIR (info.st_mode) && depth < 3)
        find_files (path, name, depth + 1, names);
    }
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char **
proc_log_store_list (ProcLogStore *self, const char *pattern)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key, value;

  find_files (self->log_dir, "", 1, names);
  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_add (names, g_strdup (key));
  g_mutex_unlock (&self->lock);
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (proc_log_source_matches (key, pattern))
      g_ptr_array_add (list, g_strdup (key));
  g_ptr_array_sort (list, compare_text);
  g_ptr_array_add (list, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&list), FALSE);
}

/* ---------------------------------------------------------------------------------------------- files */

static void
segment_clear (gpointer data)
{
  g_free (((ProcLogSegment *)data)->path);
}

static char *
path_at (const char *path, guint index)
{
  return index == 0 ? g_strdup (path) : g_strdup_printf ("%s.%u", path, index);
}

/* Adds one file, if it is there. size -1: up to its last whole line. */
static gboolean
add_segment (GArray *segments, const char *path, guint index, gint64 size)
{
  ProcLogSegment segment = { path_at (path, index), index, size, 0 };
  int fd = open (segment.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    {
      if (fd >= 0)
        close (fd);
      g_free (segment.path);
      return FALSE;
    }
  segment.inode = info.st_ino;
  if (size < 0)
    proc_log_read_tail (fd, info.st_size, &segment.size, NULL);
  else
    segment.size = MIN (info.st_size, size);
  close (fd);
  g_array_prepend_val (segments, segment);
  return TRUE;
}

GArray *
proc_log_store_get_segments (ProcLogStore *self, const char *name)
{
  GArray *segments = g_array_new (FALSE, FALSE, sizeof (ProcLogSegment));
  g_autofree char *relative = g_strdelimit (g_strdup (name), ".", '/');
  g_autofree char *path = g_strconcat (self->log_dir, "/", relative, ".log", NULL);
  ProcLogSource *source;

  g_array_set_clear_func (segments, segment_clear);
  g_mutex_lock (&self->lock); /* no rotation meanwhile */
  source = g_hash_table_lookup (self->sources, name);
  for (guint i = 0; source != NULL && i < source->files.files->len; i++)
    add_segment (segments, path, i, g_array_index (source->files.files, ProcLogFile, i).size);
  g_mutex_unlock (&self->lock);
  if (source == NULL)
    for (guint i = 0; add_segment (segments, path, i, -1); i++)
      ;
  return segments;
}

/* ".3" of a path that ends so, cut off. */
static char *
base_of (const ProcLogSegment *segment)
{
  return segment->index == 0 ? g_strdup (segment->path)
                             : g_strndup (segment->path, (gsize)(strrchr (segment->path, '.') - segment->path));
}

int
proc_log_segment_open (const ProcLogSegment *segment)
{
  g_autofree char *base = base_of (segment);

  for (guint index = segment->index, missing = 0; missing < 2; index++)
    {
      g_autofree char *path = path_at (base, index);
      int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
      struct stat info;

      if (fd < 0)
        {
          missing++; /* one may be missing: the newest, just put aside */
          continue;
        }
      if (fstat (fd, &info) == 0 && info.st_ino == segment->inode)
        return fd;
      close (fd);
    }
  return -1;
}

/* ---------------------------------------------------------------------------------------------- what they hold */

static void
info_free (gpointer data)
{
  g_free (((ProcLogSourceInfo *)data)->src);
  g_free (data);
}

static gint64
count_lines (const ProcLogSegment *segment, gint64 *budget)
{
  g_autofree char *buffer = g_malloc (1 << 16);
  int fd = segment->size <= *budget ? proc_log_segment_open (segment) : -1;
  gint64 lines = 0, at = 0;

  if (fd < 0)
    return -1;
  while (at < segment->size)
    {
      gssize n = pread (fd, buffer, (gsize)MIN (segment->size - at, 1 << 16), at);

      if (n <= 0)
        break;
      for (const char *c = buffer; (c = memchr (c, '\n', (gsize)(buffer + n - c))) != NULL; c++)
        lines++;
      at += n;
    }
  close (fd);
  *budget -= segment->size;
  return lines;
}

static gint64
first_ms (const ProcLogSegment *segment)
{
  char buffer[256];
  int fd = proc_log_segment_open (segment);
  gssize n = fd >= 0 ? pread (fd, buffer, sizeof buffer, 0) : 0;

  if (fd >= 0)
    close (fd);
  return n > 0 ? MAX (proc_log_parse_time (buffer, (gsize)n), 0) : 0;
}

static gint64
last_ms (const ProcLogSegment *segment)
{
  int fd = proc_log_segment_open (segment);
  gint64 whole, ms = fd >= 0 ? proc_log_read_tail (fd, segment->size, &whole, NULL) : 0;

  if (fd >= 0)
    close (fd);
  return ms;
}

/* Counts what is not counted yet and remembers it. Returns the lines of all files, -1 = not all are counted. */
static gint64
get_lines (ProcLogStore *self, const char *name, GArray *segments, gint64 *budget)
{
  gint64 total = 0;

  for (guint i = 0; i < segments->len && total >= 0; i++)
    {
      const ProcLogSegment *segment = &g_array_index (segments, ProcLogSegment, i);
      ProcLogSource *source;
      ProcLogFile *file = NULL;
      gint64 lines = -1;

      g_mutex_lock (&self->lock);
      source = g_hash_table_lookup (self->sources, name);
      if (source != NULL && segment->index < source->files.files->len)
        lines = g_array_index (source->files.files, ProcLogFile, segment->index).lines;
      g_mutex_unlock (&self->lock);
      if (lines < 0)
        lines = count_lines (segment, budget);
      g_mutex_lock (&self->lock);
      source = g_hash_table_lookup (self->sources, name);
      if (source != NULL && segment->index < source->files.files->len)
        file = &g_array_index (source->files.files, ProcLogFile, segment->index);
      if (file != NULL && file->size == segment->size)
        file->lines = lines;
      g_mutex_unlock (&self->lock);
      total = lines >= 0 ? total + lines : -1;
    }
  return total;
}

/* Has this context written here? What was there before our start is known by its newest line. */
static gboolean
is_of_context (ProcLogStore *self, const char *name, gint64 context)
{
  ProcLogSource *source;
  gboolean found = context < 0;

  g_mutex_lock (&self->lock);
  source = g_hash_table_lookup (self->sources, name);
  for (guint i = 0; source != NULL && i < source->n_contexts; i++)
    found |= source->contexts[i] == (guint32)context;
  g_mutex_unlock (&self->lock);
  return found;
}

static ProcLogSourceInfo *
describe (ProcLogStore *self, const char *name, gint64 *budget)
{
  ProcLogSourceInfo *info = g_new0 (ProcLogSourceInfo, 1);
  g_autoptr (GArray) segments = proc_log_store_get_segments (self, name);
  ProcLogSource *source;
  gboolean ours;

  info->src = g_strdup (name);
  g_mutex_lock (&self->lock);
  source = g_hash_table_lookup (self->sources, name);
  ours = source != NULL;
  if (ours)
    source->handles++; /* stays while we look */
  g_mutex_unlock (&self->lock);
  info->foreign = !ours;
  info->segments = 0;
  for (guint i = 0; i < segments->len; i++)
    {
      info->bytes += (guint64)g_array_index (segments, ProcLogSegment, i).size;
      info->segments += g_array_index (segments, ProcLogSegment, i).size > 0;
    }
  if (segments->len > 0)
    {
      info->first_ms = first_ms (&g_array_index (segments, ProcLogSegment, 0));
      info->last_ms = last_ms (&g_array_index (segments, ProcLogSegment, segments->len - 1));
    }
  info->lines = get_lines (self, name, segments, budget);
  if (ours)
    {
      info->rate = proc_log_source_get_rate (source);
      g_mutex_lock (&source->lock);
      info->last_ms = MAX (info->last_ms, source->last_ms);
      info->dropped_lines = source->dropped_lines;
      info->dropped_bytes = source->dropped_bytes;
      g_mutex_unlock (&source->lock);
      proc_log_source_unref (source);
    }
  return info;
}

GPtrArray *
proc_log_store_describe (ProcLogStore *self, const char *pattern, gint64 context)
{
  g_auto (GStrv) names = proc_log_store_list (self, pattern);
  GPtrArray *infos = g_ptr_array_new_with_free_func (info_free);
  gint64 budget = COUNT_BYTES;

  for (guint i = 0; names[i] != NULL; i++)
    if (is_of_context (self, names[i], context))
      g_ptr_array_add (infos, describe (self, names[i], &budget));
  return infos;
}
