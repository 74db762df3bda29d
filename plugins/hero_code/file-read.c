/* file-read.c: the content of a file. On a worker. */
#include "file-read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file-text.h"
#include "path.h"
#include "place.h"

#define MAX_RANGE_FILE (G_GINT64_CONSTANT (16) * 1024 * 1024 * 1024)
#define MAX_RANGE (4 * 1024 * 1024) /* bytes of content of a range */
#define CHUNK 65536

typedef struct
{
  const CodeRead *read;
  CodePlace place;
  GCancellable *cancellable;
  GByteArray *content;
  gint64 size, mtime_at;
  guint mode;
  gboolean whole, truncated, writable;
} Reading;

static void
reading_clear (Reading *self)
{
  code_place_clear (&self->place);
  g_clear_pointer (&self->content, g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

/* An empty array has no data. */
static const char *
content_of (const Reading *self)
{
  return self->content->len > 0 ? (const char *)self->content->data : "";
}

static gboolean
set_too_large (Reading *self, gint64 limit, GError **error)
{
  code_error_set (error, CODE_TOO_LARGE, "too_large",
                  "%s has %" G_GINT64_FORMAT " bytes, the limit is %" G_GINT64_FORMAT "; ask for a range of it",
                  self->read->path, self->size, limit);
  code_error_add_int (error, "size", self->size);
  code_error_add_int (error, "limit", limit);
  return FALSE;
}

/* Appends up to n bytes from the place `at`; fewer at the end of the file. */
static gboolean
append_bytes (Reading *self, int fd, gint64 at, gint64 n, GError **error)
{
  while (n > 0)
    {
      guint8 buffer[CHUNK];
      gssize got = pread (fd, buffer, MIN (n, CHUNK), at);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          code_error_set_errno (error, errno, self->read->path);
          return FALSE;
        }
      if (got == 0)
        return TRUE;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      g_byte_array_append (self->content, buffer, got);
      at += got;
      n -= got;
    }
  return TRUE;
}

/* Bytes of line numbers start..end, without holding the rest of the file in memory. */
static gboolean
append_lines (Reading *self, int fd, gint64 start, gint64 end, GError **error)
{
  char buffer[CHUNK];
  gint64 line = 1, at = 0;
  gssize got;

  while (line <= end && !self->truncated && (got = pread (fd, buffer, sizeof buffer, at)) != 0)
    {
      const char *p = buffer;

      if (got < 0)
        {
          code_error_set_errno (error, errno, self->read->path);
          return FALSE;
        }
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      at += got;
      while (p < buffer + got && line <= end && !self->truncated)
        {
          const char *lf = memchr (p, '\n', buffer + got - p);
          gsize n = (lf != NULL ? lf + 1 : buffer + got) - p;

          if (line >= start)
            {
              gsize room = MAX_RANGE - self->content->len;

              self->truncated = n > room;
              g_byte_array_append (self->content, (const guint8 *)p, MIN (n, room));
            }
          line += lf != NULL;
          p += n;
        }
    }
  return TRUE;
}

static gboolean
read_range (Reading *self, int fd, GError **error)
{
  const CodeRead *read = self->read;
  gint64 wanted;

  if (self->size > MAX_RANGE_FILE)
    return set_too_large (self, MAX_RANGE_FILE, error);
  if (read->start_line > 0 || read->end_line > 0)
    return append_lines (self, fd, MAX (read->start_line, 1), read->end_line > 0 ? read->end_line : G_MAXINT64, error);
  wanted = read->length >= 0 ? read->length : G_MAXINT64;
  self->truncated = MIN (wanted, self->size - MIN (MAX (read->offset, 0), self->size)) > MAX_RANGE;
  return append_bytes (self, fd, MAX (read->offset, 0), MIN (wanted, MAX_RANGE), error);
}

static gboolean
read_disk (Reading *self, GError **error)
{
  const CodeRead *read = self->read;
  struct stat st;
  int fd = code_root_open (read->policy->root, self->place.full, CODE_OPEN_FILE, &st, error);
  gboolean done;

  if (fd < 0)
    return FALSE;
  self->size = st.st_size;
  self->mtime_at = (gint64)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
  self->mode = st.st_mode & 07777;
  self->writable = !read->read_only && faccessat (fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
  if (!self->whole)
    done = read_range (self, fd, error);
  else if (self->size > read->max_bytes)
    done = set_too_large (self, read->max_bytes, error);
  else
    done = append_bytes (self, fd, 0, read->max_bytes, error);
  close (fd);
  return done;
}

/* ---- from a commit */

static git_blob *
find_blob (git_repository *repository, const char *rev, const char *path, guint *mode, GError **error)
{
  g_autoptr (git_object) object = NULL;
  g_autoptr (git_object) tree = NULL;
  git_tree_entry *entry = NULL;
  git_blob *blob = NULL;
  int result = git_revparse_single (&object, repository, rev);

  if (result == 0)
    result = git_object_peel (&tree, object, GIT_OBJECT_TREE);
  if (result != 0)
    {
      code_error_set (error, CODE_NOT_FOUND, "rev_not_found", "%s: no such revision", rev);
      return NULL;
    }
  result = git_tree_entry_bypath (&entry, (git_tree *)tree, path);
  if (result != 0 || git_tree_entry_type (entry) != GIT_OBJECT_BLOB
      || git_blob_lookup (&blob, repository, git_tree_entry_id (entry)) != 0)
    code_error_set (error, CODE_NOT_FOUND, "file_not_found", "%s: no such file in %s", path, rev);
  else
    *mode = git_tree_entry_filemode (entry) & 07777;
  git_tree_entry_free (entry);
  return blob;
}

static gboolean
read_commit (Reading *self, GError **error)
{
  const CodeRead *read = self->read;
  g_autoptr (git_repository) repository = NULL;
  git_blob *blob;

  if (self->place.repo == NULL)
    {
      code_error_set (error, CODE_NOT_FOUND, "repo_not_found", "%s lies in no repository", read->path);
      return FALSE;
    }
  repository = code_repo_open (read->policy, self->place.repo, error);
  blob = repository != NULL ? find_blob (repository, read->rev, self->place.path, &self->mode, error) : NULL;
  if (blob == NULL)
    return FALSE;
  self->size = git_blob_rawsize (blob);
  if (self->size <= read->max_bytes)
    g_byte_array_append (self->content, git_blob_rawcontent (blob), self->size);
  git_blob_free (blob);
  return self->size <= read->max_bytes || set_too_large (self, read->max_bytes, error);
}

/* ---- the answer */

static gboolean
check_text (Reading *self, gboolean binary, GError **error)
{
  if (self->read->base64)
    return TRUE;
  if (binary)
    code_error_set (error, CODE_NOT_A_FILE, "is_binary", "%s is binary; ask for it as base64", self->read->path);
  else if (!g_utf8_validate (content_of (self), self->content->len, NULL))
    code_error_set (error, CODE_NOT_A_FILE, "not_utf8", "%s is not UTF-8; ask for it as base64", self->read->path);
  else
    return TRUE;
  code_error_add_int (error, "size", self->size);
  return FALSE;
}

static JsonObject *
print_range (const Reading *self)
{
  JsonObject *range = json_object_new ();
  const CodeRead *read = self->read;

  if (read->start_line > 0 || read->end_line > 0)
    {
      gint64 start = MAX (read->start_line, 1);
      gint64 n = code_text_count_lines (content_of (self), self->content->len);

      json_object_set_int_member (range, "start_line", start);
      json_object_set_int_member (range, "end_line", start + n - 1);
    }
  else
    {
      json_object_set_int_member (range, "offset", MAX (read->offset, 0));
      json_object_set_int_member (range, "length", self->content->len);
    }
  return range;
}

static void
print_content (const Reading *self, JsonObject *object, gboolean binary)
{
  const char *data = content_of (self);
  gsize length = self->content->len;
  g_autofree char *text = self->read->base64 ? g_base64_encode (self->content->data, length)
                                             : g_strndup (data != NULL ? data : "", length);

  json_object_set_string_member (object, "eol", binary ? "none" : code_text_eol (data, length));
  json_object_set_boolean_member (object, "bom", code_text_has_bom (data, length));
  json_object_set_string_member (object, "encoding", self->read->base64 ? "base64" : "utf-8");
  json_object_set_boolean_member (object, "binary", binary);
  json_object_set_null_member (object, "language");
  json_object_set_string_member (object, "content", text);
}

static JsonObject *
print (const Reading *self, gboolean binary)
{
  JsonObject *object = json_object_new ();
  const char *data = content_of (self);
  g_autofree char *mode = g_strdup_printf ("%04o", self->mode);

  code_place_print (self->place.repo, self->place.path, object);
  if (self->read->rev != NULL)
    json_object_set_string_member (object, "rev", self->read->rev);
  else
    json_object_set_null_member (object, "rev");
  if (self->whole)
    {
      g_autofree char *version
          = g_compute_checksum_for_data (G_CHECKSUM_SHA256, self->content->data, self->content->len);

      json_object_set_string_member (object, "version", version);
      json_object_set_int_member (object, "lines", code_text_count_lines (data, self->content->len));
      json_object_set_null_member (object, "range");
    }
  else
    {
      json_object_set_null_member (object, "version");
      json_object_set_null_member (object, "lines");
      json_object_set_object_member (object, "range", print_range (self));
    }
  json_object_set_int_member (object, "size", self->size);
  if (self->mtime_at != 0)
    json_object_set_int_member (object, "mtime_at", self->mtime_at);
  else
    json_object_set_null_member (object, "mtime_at");
  json_object_set_string_member (object, "mode", mode);
  print_content (self, object, binary);
  json_object_set_boolean_member (object, "truncated", self->truncated);
  json_object_set_boolean_member (object, "writable", self->writable);
  return object;
}

JsonObject *
code_file_read (const CodeRead *read, GCancellable *cancellable, GError **error)
{
  g_auto (Reading) self = { .read = read, .cancellable = cancellable, .content = g_byte_array_new () };
  gboolean binary;

  self.whole = read->start_line == 0 && read->end_line == 0 && read->offset < 0 && read->length < 0;
  if (!code_place_init (&self.place, read->policy->root, read->repo, read->path, error)
      || !(read->rev != NULL ? read_commit (&self, error) : read_disk (&self, error)))
    return NULL;
  binary = code_text_is_binary (content_of (&self), self.content->len);
  return check_text (&self, binary, error) ? print (&self, binary) : NULL;
}
