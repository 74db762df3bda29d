/* corpus.c: which files a search looks at. On a worker. */
#include "corpus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file-text.h"
#include "path.h"

const char *
code_corpus_text (const char *data, gsize length, gsize *text_length, char **converted)
{
  gsize skip = code_text_has_bom (data, length) ? 3 : 0;

  *converted = NULL;
  if (length >= 2 && (memcmp (data, "\xff\xfe", 2) == 0 || memcmp (data, "\xfe\xff", 2) == 0))
    {
      const char *charset = data[0] == '\xff' ? "UTF-16LE" : "UTF-16BE";

      *converted = g_convert (data + 2, length - 2, "UTF-8", charset, NULL, text_length, NULL);
      return *converted;
    }
  if (memchr (data, 0, length) != NULL)
    return NULL;
  *text_length = length - skip;
  return data + skip;
}

static gboolean
is_ignored (const CodeCorpus *corpus, const char *path, gboolean is_dir)
{
  g_autofree char *asked = is_dir ? g_strconcat (path, "/", NULL) : NULL;
  int ignored = 0;

  return !corpus->ignored
         && git_ignore_path_is_ignored (&ignored, corpus->repository, asked != NULL ? asked : path) == 0
         && ignored != 0;
}

/* The whole file; NULL: it changed under our hands or cannot be read. */
static char *
read_all (int fd, gsize size, gsize *length)
{
  g_autofree char *data = g_malloc (size + 1);
  gsize at = 0;

  while (at < size)
    {
      gssize n = read (fd, data + at, size - at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return NULL;
      if (n == 0)
        break;
      at += n;
    }
  *length = at;
  return g_steal_pointer (&data);
}

static gboolean
visit_file (const CodeCorpus *corpus, int dir, const char *name, const char *path)
{
  g_autofree char *data = NULL;
  gsize length = 0;
  struct stat st;
  int fd = openat (dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode))
    {
      if (st.st_size > corpus->max_bytes)
        {
          corpus->skipped->too_large++;
          close (fd);
          return TRUE;
        }
      data = read_all (fd, st.st_size, &length);
    }
  if (fd >= 0)
    close (fd);
  if (data != NULL)
    return corpus->func (path, data, length, corpus->user_data);
  corpus->skipped->unreadable++;
  return TRUE;
}

typedef struct
{
  char *name;
  gboolean is_dir;
} Item;

static void
item_clear (gpointer data)
{
  g_free (((Item *)data)->name);
}

/* As rg --sort path: part by part, as bytes. */
static int
compare_items (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Item *)a)->name, ((const Item *)b)->name);
}

/* Takes fd. NULL: it cannot be read. */
static GArray *
list_items (int fd)
{
  GArray *items = g_array_new (FALSE, FALSE, sizeof (Item));
  DIR *dir = fdopendir (fd);
  struct dirent *entry;

  g_array_set_clear_func (items, item_clear);
  if (dir == NULL)
    {
      close (fd);
      return items;
    }
  while ((entry = readdir (dir)) != NULL)
    {
      struct stat st;
      Item item = { NULL, entry->d_type == DT_DIR };
      gboolean regular = entry->d_type == DT_REG;

      if (entry->d_type == DT_UNKNOWN && fstatat (fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        {
          item.is_dir = S_ISDIR (st.st_mode);
          regular = S_ISREG (st.st_mode);
        }
      if ((!item.is_dir && !regular) || g_str_equal (entry->d_name, ".") || g_str_equal (entry->d_name, "..")
          || g_str_equal (entry->d_name, ".git"))
        continue;
      item.name = g_strdup (entry->d_name);
      g_array_append_val (items, item);
    }
  closedir (dir);
  g_array_sort (items, compare_items);
  return items;
}

/* Takes fd. path "" = the repository itself. */
static gboolean
walk_directory (const CodeCorpus *corpus, int fd, const char *path, GError **error)
{
  int list = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (GArray) items = list >= 0 ? list_items (list) : NULL;
  gboolean going = TRUE;

  for (guint i = 0; going && items != NULL && i < items->len; i++)
    {
      const Item *item = &g_array_index (items, Item, i);
      g_autofree char *below = code_path_join (path, item->name);
      int dir;

      if (g_cancellable_set_error_if_cancelled (corpus->cancellable, error))
        going = FALSE;
      else if (is_ignored (corpus, below, item->is_dir))
        continue;
      else if (!item->is_dir)
        going = visit_file (corpus, fd, item->name, below);
      else if ((dir = openat (fd, item->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) >= 0)
        going = walk_directory (corpus, dir, below, error);
      else
        corpus->skipped->unreadable++;
    }
  close (fd);
  return going;
}

gboolean
code_corpus_walk (const CodeCorpus *corpus, GError **error)
{
  struct stat st;
  int fd = code_root_open (corpus->root, corpus->repo, CODE_OPEN_DIRECTORY, &st, error);

  return fd >= 0 && walk_directory (corpus, fd, "", error);
}
