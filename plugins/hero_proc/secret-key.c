/* secret-key.c: see secret-key.h. Any thread. */
#include "secret-key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

struct _ProcSecretKey
{
  guint8 *bytes;
  char *id;
};

static ProcSecretKey *
key_new (GError **error)
{
  ProcSecretKey *self;
  guint8 *bytes = sodium_init () >= 0 ? sodium_malloc (PROC_SEAL_KEY) : NULL;

  if (bytes == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no guarded memory for the key: %s", g_strerror (errno));
      return NULL;
    }
  self = g_atomic_rc_box_new0 (ProcSecretKey);
  self->bytes = bytes;
  return self;
}

/* The bytes are there: from now on they are only read. */
static ProcSecretKey *
key_seal (ProcSecretKey *self)
{
  self->id = proc_seal_key_id (self->bytes);
  sodium_mprotect_readonly (self->bytes);
  return self;
}

ProcSecretKey *
proc_secret_key_new_random (GError **error)
{
  ProcSecretKey *self = key_new (error);

  if (self == NULL)
    return NULL;
  randombytes_buf (self->bytes, PROC_SEAL_KEY);
  return key_seal (self);
}

static void
key_clear (gpointer data)
{
  ProcSecretKey *self = data;

  sodium_free (self->bytes); /* wipes it */
  g_free (self->id);
}

ProcSecretKey *
proc_secret_key_ref (ProcSecretKey *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_secret_key_unref (ProcSecretKey *self)
{
  g_atomic_rc_box_release_full (self, key_clear);
}

const guint8 *
proc_secret_key_bytes (const ProcSecretKey *self)
{
  return self->bytes;
}

const char *
proc_secret_key_id (const ProcSecretKey *self)
{
  return self->id;
}

/* ---------------------------------------------------------------------------------------------- the file */

static gboolean
fail_errno (const char *what, const char *path, GError **error)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "the key file %s %s: %s", path, what,
               g_strerror (code));
  return FALSE;
}

static gboolean
check_rules (int fd, const char *path, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return fail_errno ("cannot be looked at", path, error);
  if (!S_ISREG (info.st_mode))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "the key file %s is not a regular file", path);
  else if (info.st_uid != geteuid ())
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "the key file %s belongs to uid %u, not to uid %u",
                 path, (guint)info.st_uid, (guint)geteuid ());
  else if ((info.st_mode & 07777) != 0600)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 "the key file %s has mode %04o, not 0600: chmod 600 it, and change what others may have read", path,
                 info.st_mode & 07777);
  else if (info.st_size != PROC_SEAL_KEY)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the key file %s has %" G_GINT64_FORMAT " bytes, not %d",
                 path, (gint64)info.st_size, PROC_SEAL_KEY);
  else
    return TRUE;
  return FALSE;
}

ProcSecretKey *
proc_secret_key_load (const char *path, GError **error)
{
  g_autoptr (ProcSecretKey) self = NULL;
  /* Not through a link: somebody else could turn it. O_NONBLOCK: a FIFO in its place cannot hold us. */
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  gboolean complete = FALSE;

  if (fd < 0)
    {
      fail_errno (errno == ENOENT ? "is missing" : "cannot be opened", path, error);
      return NULL;
    }
  if (check_rules (fd, path, error) && (self = key_new (error)) != NULL)
    {
      complete = read (fd, self->bytes, PROC_SEAL_KEY) == PROC_SEAL_KEY;
      if (!complete)
        fail_errno ("cannot be read", path, error);
    }
  close (fd);
  return complete ? key_seal (g_steal_pointer (&self)) : NULL;
}

/* What was renamed in the directory of `path` stays so over a power cut. */
static gboolean
sync_directory (const char *path, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (!ok)
    fail_errno ("cannot be made durable", path, error);
  if (fd >= 0)
    close (fd);
  return ok;
}

gboolean
proc_secret_key_rename (const char *from, const char *to, GError **error)
{
  if (rename (from, to) != 0)
    return fail_errno ("cannot be put in place", to, error);
  return sync_directory (to, error);
}

gboolean
proc_secret_key_save (const ProcSecretKey *self, const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".tmp", NULL);
  gboolean ok;
  int fd;

  unlink (temporary); /* of a crash; it was never a key in use */
  fd = open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail_errno ("cannot be made", path, error);
  ok = fchmod (fd, 0600) == 0 && write (fd, self->bytes, PROC_SEAL_KEY) == PROC_SEAL_KEY && fsync (fd) == 0;
  if (!ok)
    fail_errno ("cannot be written", path, error);
  close (fd);
  if (ok && renameat2 (AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
    ok = fail_errno ("cannot be put in place", path, error);
  if (!ok)
    unlink (temporary);
  return ok && sync_directory (path, error);
}
