/* errno-error.h: a failed system call as GError: "<what>: <why>" in the domain G_IO_ERROR. Any thread. */
#pragma once

#include <errno.h>
#include <gio/gio.h>

/* Always FALSE, so that a failing function can end with `return hero_errno_error (error, errno, ..)`. */
G_GNUC_PRINTF (3, 4)
static inline gboolean
hero_errno_error (GError **error, int number, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s: %s", what, g_strerror (number));
  return FALSE;
}
