/*
 * directory.c: directories with exact modes and the lock file in them (conventions 1, 2.3 step 2). Blocking, short; any
 * thread. The umask is never changed: it is the process's, and children inherit it.
 */
#include "errno-error.h"
#include "process-name.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hero-service/error.h>
#include <hero-service/listener.h>

#define LOCK_WAIT_MS 1000
#define LOCK_STEP_MS 10

struct _HeroDirLock
{
  int fd;
};

/* A directory just made has mode & ~umask, perhaps not even readable: only a path descriptor opens it for certain. */
static gboolean
set_exact_mode (const char *path, guint mode, GError **error)
{
  int fd = open (path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return hero_errno_error (error, errno, "cannot open directory %s", path);

  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  int result = chmod (link, mode);
  int number = errno;
  close (fd);
  return result == 0 || hero_errno_error (error, number, "cannot set mode %04o of %s", mode, path);
}

gboolean
hero_make_dir (const char *path, guint mode, GError **error)
{
  int number = mkdir (path, mode) == 0 ? 0 : errno;

  /* Other threads make directories below the same parent: that one of them was first to make it is as good. */
  if (number == ENOENT)
    {
      g_autofree char *parent = g_path_get_dirname (path);
      if (!g_str_equal (parent, path) && !hero_make_dir (parent, mode, error))
        return FALSE;
      number = mkdir (path, mode) == 0 ? 0 : errno;
    }
  if (number == 0)
    return set_exact_mode (path, mode, error);
  if (number == EEXIST && g_file_test (path, G_FILE_TEST_IS_DIR))
    return TRUE;
  return hero_errno_error (error, number == EEXIST ? ENOTDIR : number, "cannot make directory %s", path);
}

static pid_t
read_pid (int fd)
{
  char text[24] = "";

  if (pread (fd, text, sizeof text - 1, 0) <= 0)
    return 0;
  return (pid_t)g_ascii_strtoll (text, NULL, 10);
}

/*
 * A holder that was killed in the middle of a spawn is gone, but its child shares the descriptor until it execs, an instant
 * later. Only then is a held lock waited for, at most LOCK_WAIT_MS; a living holder is an answer at once.
 */
static gboolean
take_lock (int fd)
{
  for (guint waited_ms = 0;; waited_ms += LOCK_STEP_MS)
    {
      pid_t holder;

      if (flock (fd, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
      if (errno != EWOULDBLOCK || waited_ms >= LOCK_WAIT_MS)
        return FALSE;
      holder = read_pid (fd);
      if (holder <= 0 || kill (holder, 0) == 0 || errno != ESRCH)
        {
          errno = EWOULDBLOCK;
          return FALSE;
        }
      g_usleep (LOCK_STEP_MS * 1000);
    }
}

HeroDirLock *
hero_dir_lock (const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (HeroDirLock) lock = g_new0 (HeroDirLock, 1);

  lock->fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock->fd < 0)
    {
      hero_errno_error (error, errno, "cannot open lock file %s", path);
      return NULL;
    }
  if (!take_lock (lock->fd))
    {
      int number = errno;
      pid_t pid = read_pid (lock->fd);
      g_autofree char *holder = hero_process_describe (pid);
      if (number == EWOULDBLOCK)
        g_set_error (error, HERO_ERROR, HERO_ERROR_BUSY, "%s is used by %s", dir, holder);
      else
        hero_errno_error (error, number, "cannot lock %s", path);
      return NULL;
    }

  g_autofree char *pid = g_strdup_printf ("%d\n", (int)getpid ());
  gssize length = (gssize)strlen (pid);
  struct stat st;
  gboolean mode_right = fstat (lock->fd, &st) == 0 && ((st.st_mode & 07777) == 0600 || fchmod (lock->fd, 0600) == 0);
  if (!mode_right || ftruncate (lock->fd, 0) < 0 || pwrite (lock->fd, pid, (gsize)length, 0) != length)
    {
      hero_errno_error (error, errno, "cannot write lock file %s", path);
      return NULL;
    }
  return g_steal_pointer (&lock);
}

void
hero_dir_unlock (HeroDirLock *lock)
{
  if (!lock)
    return;
  if (lock->fd >= 0)
    close (lock->fd);
  g_free (lock);
}

static gboolean
check_socket_dir (const char *dir, GError **error)
{
  struct stat st;

  if (lstat (dir, &st) < 0)
    return hero_errno_error (error, errno, "cannot look at socket directory %s", dir);
  if (S_ISLNK (st.st_mode))
    g_set_error (error, HERO_ERROR, HERO_ERROR_FORBIDDEN,
                 "socket directory %s is a symbolic link: expected a directory of our own; remove the link, or set "
                 "socket_dir to another place",
                 dir);
  else if (!S_ISDIR (st.st_mode))
    g_set_error (error, HERO_ERROR, HERO_ERROR_FORBIDDEN, "socket directory %s is not a directory; move the file away",
                 dir);
  else if (st.st_uid != geteuid () && st.st_uid != 0)
    g_set_error (error, HERO_ERROR, HERO_ERROR_FORBIDDEN,
                 "socket directory %s belongs to uid %u: expected uid %u or root; set socket_dir to another place", dir,
                 (guint)st.st_uid, (guint)geteuid ());
  else if ((st.st_mode & 0022) && !(st.st_mode & S_ISVTX))
    g_set_error (error, HERO_ERROR, HERO_ERROR_FORBIDDEN,
                 "socket directory %s is writable by others (mode %04o), who could replace our sockets; chmod go-w %s",
                 dir, (guint)st.st_mode & 07777, dir);
  else
    return TRUE;
  return FALSE;
}

HeroDirLock *
hero_socket_dir_prepare (const char *dir, const char *service, GError **error)
{
  g_autofree char *lock_name = g_strdup_printf (".%s.lock", service);

  /* A dangling link is there for lstat only, and must get the text about links. */
  if (!g_file_test (dir, G_FILE_TEST_IS_SYMLINK) && !hero_make_dir (dir, 0755, error))
    return NULL;
  if (!check_socket_dir (dir, error))
    return NULL;
  return hero_dir_lock (dir, lock_name, error);
}
