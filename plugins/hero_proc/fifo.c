/* fifo.c: see fifo.h. Any thread. */
#include "fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/stat.h>
#include <unistd.h>

char *
proc_fifo_path (const char *run_dir, guint32 job_id, guint attempt, gboolean is_stderr)
{
  return g_strdup_printf ("%s/%u.%u.%s", run_dir, job_id, attempt, is_stderr ? "err" : "out");
}

int
proc_fifo_open (const char *path, gsize pipe_bytes, GError **error)
{
  struct stat info;
  int fd = -1;

  if (mkfifo (path, 0600) == 0 || errno == EEXIST)
    fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0 && (fstat (fd, &info) != 0 || !S_ISFIFO (info.st_mode)))
    {
      close (fd);
      fd = -1;
      errno = EEXIST;
    }
  if (fd < 0)
    {
      int saved = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "the output pipe %s cannot be opened: %s", path,
                   g_strerror (saved));
      return -1;
    }
  fcntl (fd, F_SETPIPE_SZ, (int)MIN (pipe_bytes, G_MAXINT));
  return fd;
}
