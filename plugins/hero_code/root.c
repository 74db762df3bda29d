/* root.c: opening files beneath one directory. Any thread. */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "path.h"

struct _CodeRoot
{
  char *directory;
};

CodeRoot *
code_root_new (const char *directory)
{
  CodeRoot *self = g_new0 (CodeRoot, 1);

  self->directory = g_strdup (directory);
  return self;
}

void
code_root_free (CodeRoot *self)
{
  g_free (self->directory);
  g_free (self);
}

const char *
code_root_get_directory (CodeRoot *self)
{
  return self->directory;
}

static int
open_root (CodeRoot *self, GError **error)
{
  int fd = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    code_error_set (error, CODE_CODEROOT_MISSING, "coderoot_missing", "coderoot %s cannot be opened: %s",
                    self->directory, g_strerror (errno));
  return fd;
}

char *
code_root_resolve (CodeRoot *self, GError **error)
{
  g_autofree char *real = realpath (self->directory, NULL); /* by malloc, which is GLib's */

  if (real == NULL)
    code_error_set (error, CODE_CODEROOT_MISSING, "coderoot_missing", "coderoot %s cannot be opened: %s",
                    self->directory, g_strerror (errno));
  return g_steal_pointer (&real);
}

/* Without openat2 (old kernel, seccomp): part by part, and no symlink at all. */
static int
open_parts (int root, const char *path, int flags)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  int at = dup (root);

  for (guint i = 0; at >= 0 && parts[i] != NULL; i++)
    {
      gboolean last = parts[i + 1] == NULL;
      int next = openat (at, parts[i], O_NOFOLLOW | (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC));
      int saved = errno;

      close (at);
      at = next;
      errno = saved;
    }
  return at;
}

static int
open_beneath (int root, const char *path)
{
  struct open_how how = {
    .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };
  int fd;

  if (*path == 0)
    return dup (root);
  do /* EAGAIN: a rename raced with a look at ".."; the kernel asks to try again */
    fd = syscall (SYS_openat2, root, path, &how, sizeof how);
  while (fd < 0 && (errno == EAGAIN || errno == EINTR));
  if (fd < 0 && (errno == ENOSYS || errno == EPERM))
    fd = open_parts (root, path, how.flags);
  return fd;
}

static void
set_open_error (GError **error, int errnum, const char *path)
{
  g_autofree char *shown = code_path_display (path);

  switch (errnum)
    {
    case ENOENT:
    case ENOTDIR:
      code_error_set (error, CODE_NOT_FOUND, "file_not_found", "%s: no such file or directory", shown);
      break;
    case EXDEV:
    case ELOOP:
      code_error_set (error, CODE_PATH_FORBIDDEN, "path_forbidden", "%s: a symbolic link leads out of coderoot", shown);
      code_error_add_text (error, "reason", "escape");
      break;
    case ENXIO: /* a socket */
      code_error_set (error, CODE_NOT_A_FILE, "not_a_file", "%s: neither a file nor a directory", shown);
      break;
    default:
      code_error_set_errno (error, errnum, shown);
    }
}

/* TRUE if the directory itself is a git directory: bare, or a .git under another name. */
static gboolean
is_git_directory (int fd)
{
  return faccessat (fd, "HEAD", F_OK, AT_SYMLINK_NOFOLLOW) == 0 && faccessat (fd, "objects", F_OK, 0) == 0
         && faccessat (fd, "refs", F_OK, 0) == 0;
}

/* Of each directory on the real way from the root to what was opened. */
static gboolean
passes_git_directory (int root, const char *real, const char *real_root)
{
  const char *below = real + strlen (real_root);
  g_auto (GStrv) parts = g_strsplit (*below == '/' ? below + 1 : below, "/", -1);
  int at = dup (root);
  gboolean passes = FALSE;

  for (guint i = 0; at >= 0 && !passes && parts[i] != NULL && *parts[i] != 0; i++)
    {
      int next = openat (at, parts[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

      close (at);
      at = next;
      passes = at >= 0 && is_git_directory (at);
    }
  if (at >= 0)
    close (at);
  return passes;
}

/* Where the descriptor really is, which a symlink may have changed, and whether that is inside a git directory. */
static gboolean
is_git_internal (int root, int fd)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *root_link = g_strdup_printf ("/proc/self/fd/%d", root);
  g_autofree char *real = g_file_read_link (link, NULL);
  g_autofree char *real_root = g_file_read_link (root_link, NULL);

  if (real == NULL || real_root == NULL || !g_str_has_prefix (real, real_root))
    return TRUE;
  return code_path_enters_git (real + strlen (real_root)) || passes_git_directory (root, real, real_root);
}

static gboolean
check_opened (int root, int fd, const char *path, CodeOpenKind kind, struct stat *st, GError **error)
{
  g_autofree char *shown = code_path_display (path);

  if (fstat (fd, st) != 0)
    {
      code_error_set_errno (error, errno, shown);
    }
  else if (is_git_internal (root, fd))
    {
      code_error_set (error, CODE_PATH_FORBIDDEN, "path_forbidden", "%s: inside a git directory", shown);
      code_error_add_text (error, "reason", "git_internal");
    }
  else if (kind == CODE_OPEN_DIRECTORY && !S_ISDIR (st->st_mode))
    {
      code_error_set (error, CODE_NOT_A_FILE, "not_a_directory", "%s: not a directory", shown);
    }
  else if ((kind == CODE_OPEN_FILE && !S_ISREG (st->st_mode)) || (!S_ISREG (st->st_mode) && !S_ISDIR (st->st_mode)))
    {
      code_error_set (error, CODE_NOT_A_FILE, "not_a_file", "%s: not a regular file", shown);
    }
  else
    {
      return TRUE;
    }
  return FALSE;
}

int
code_root_open (CodeRoot *self, const char *path, CodeOpenKind kind, struct stat *st, GError **error)
{
  int root, fd;

  if (code_path_enters_git (path))
    {
      code_error_set (error, CODE_PATH_FORBIDDEN, "path_forbidden", "%s: inside a git directory", path);
      code_error_add_text (error, "reason", "git_internal");
      return -1;
    }
  root = open_root (self, error);
  if (root < 0)
    return -1;
  fd = open_beneath (root, path);
  if (fd < 0)
    set_open_error (error, errno, path);
  else if (!check_opened (root, fd, path, kind, st, error))
    {
      close (fd);
      fd = -1;
    }
  close (root);
  return fd;
}
