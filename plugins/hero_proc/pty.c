/* pty.c: see pty.h. Any thread. */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static char *
fail (int *master, GError **error)
{
  int saved = errno;

  if (*master >= 0)
    close (*master);
  *master = -1;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "no terminal can be made: %s", g_strerror (saved));
  return NULL;
}

char *
proc_pty_open (const ProcTtySize *size, int *master, int *slave, GError **error)
{
  struct winsize window = { .ws_col = (gushort)size->cols, .ws_row = (gushort)size->rows };
  struct termios settings;
  char path[64];

  *slave = -1;
  *master = posix_openpt (O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (*master < 0 || grantpt (*master) != 0 || unlockpt (*master) != 0
      || ptsname_r (*master, path, sizeof path) != 0)
    return fail (master, error);
  *slave = open (path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*slave < 0)
    return fail (master, error);
  ioctl (*master, TIOCSWINSZ, &window);
  if (tcgetattr (*slave, &settings) == 0)
    {
      settings.c_iflag |= IUTF8; /* erasing takes a character, not a byte */
      tcsetattr (*slave, TCSANOW, &settings);
    }
  return g_strdup (path);
}
