/* fuzz-notify.c: datagrams on the notify socket of hero_proc. What is kept of them is short, one line, and UTF-8. */
#include <string.h>

#include "notify-message.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  ProcNotice notice;
  gboolean counts = proc_notice_parse (&notice, (const char *)data, size);

  g_assert_true (counts == (notice.ready || notice.stopping || notice.watchdog || notice.status != NULL));
  if (notice.status != NULL)
    {
      g_assert_true (g_utf8_validate (notice.status, -1, NULL));
      g_assert_true (strlen (notice.status) <= 3 * PROC_NOTICE_MAX_STATUS);
      g_assert_true (strchr (notice.status, '\n') == NULL);
    }
  proc_notice_clear (&notice);
  return 0;
}
