/* node-key.c: the secret key of this node and its file. Blocking; in start, on the service thread. */
#include "node-key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hero-service/hero-service.h>

void
node_key_from_secret (NodeKey *self, const guint8 secret[KEY_BYTES])
{
  memcpy (self->secret, secret, KEY_BYTES);
  crypto_scalarmult_base (self->address.key, secret);
  address_from_key (self->address.key, self->address.ip);
}

static gboolean
fail (GError **error, const char *what, const char *path)
{
  int number = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s key file %s: %s", what, path,
               g_strerror (number));
  return FALSE;
}

static gboolean
sync_dir (const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

/* Write, sync, rename: there is never half a key, and a key that was used is never lost. */
static gboolean
write_file (const char *path, const guint8 secret[KEY_BYTES], GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  g_autofree char *dir = g_path_get_dirname (path);

  if (!hero_make_dir (dir, 0700, error))
    return FALSE;
  unlink (temporary);
  int fd = open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail (error, "cannot make", temporary);
  gboolean ok = fchmod (fd, 0600) == 0 && write (fd, secret, KEY_BYTES) == KEY_BYTES && fsync (fd) == 0;
  ok = close (fd) == 0 && ok;
  if (ok && link (temporary, path) == 0 && sync_dir (path)) /* link does not replace */
    {
      unlink (temporary);
      return TRUE;
    }
  fail (error, "cannot write", path);
  unlink (temporary);
  return FALSE;
}

static gboolean
create (NodeKey *self, const char *path, GError **error)
{
  guint8 secret[KEY_BYTES];

  randombytes_buf (secret, sizeof secret);
  node_key_from_secret (self, secret);
  return write_file (path, secret, error);
}

gboolean
node_key_load (NodeKey *self, const char *path, GError **error)
{
  guint8 bytes[KEY_BYTES + 1];

  if (sodium_init () < 0)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_FAILED, "libsodium cannot be initialised");
      return FALSE;
    }
  memset (self, 0, sizeof *self);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? create (self, path, error) : fail (error, "cannot open", path);
  gssize got = read (fd, bytes, sizeof bytes);
  if (got < 0)
    fail (error, "cannot read", path);
  close (fd);
  if (got < 0)
    return FALSE;
  if (got < KEY_BYTES)
    {
      g_set_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG,
                   "key file %s: expected %d bytes, found %d; restore it, or move it away for a new identity", path,
                   KEY_BYTES, (int)got);
      return FALSE;
    }
  node_key_from_secret (self, bytes);
  self->long_file = got > KEY_BYTES;
  return TRUE;
}
