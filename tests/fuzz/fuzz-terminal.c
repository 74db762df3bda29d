/* fuzz-terminal.c: what programs write to a terminal, as it is kept for whoever looks on later: it does not depend on how
 * it was cut, is at most so long, holds no question, and what is taken apart is all there. */
#include <string.h>

#include "scrollback.h"
#include "vt.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
add_piece (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data)
{
  g_byte_array_append (data, (const guint8 *)bytes, (guint)length);
}

static void
refuse_questions (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data)
{
  g_assert_true (state != PROC_VT_WHOLE || !proc_vt_is_query (kind, bytes, length));
}

/* max: of a sequence. */
static void
check_pieces (const char *bytes, gsize size, gsize max)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  ProcVt vt;

  proc_vt_init (&vt, max);
  proc_vt_feed (&vt, bytes, size / 2, add_piece, all);
  proc_vt_feed (&vt, bytes + size / 2, size - size / 2, add_piece, all);
  proc_vt_finish (&vt, add_piece, all);
  proc_vt_clear (&vt);
  g_assert_cmpuint (all->len, ==, size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *bytes = (const char *)data;
  gsize max = size > 0 ? 1 + data[0] * 8 : 1, cut = size > 1 ? data[1] + 1 : 1;
  g_autoptr (ProcScrollback) whole = proc_scrollback_new (max), parts = proc_scrollback_new (max);
  g_autoptr (GBytes) kept = NULL, kept_parts = NULL;
  ProcVt vt;

  check_pieces (bytes, size, 0);
  check_pieces (bytes, size, cut);
  proc_scrollback_feed (whole, bytes, size);
  for (gsize at = 0; at < size; at += cut)
    proc_scrollback_feed (parts, bytes + at, MIN (cut, size - at));
  kept = proc_scrollback_get (whole, G_MAXSIZE);
  kept_parts = proc_scrollback_get (parts, G_MAXSIZE);
  g_assert_true (g_bytes_equal (kept, kept_parts));
  g_assert_cmpuint (g_bytes_get_size (kept), <=, max + 1025);

  proc_vt_init (&vt, 0);
  proc_vt_feed (&vt, g_bytes_get_data (kept, NULL), g_bytes_get_size (kept), refuse_questions, NULL);
  proc_vt_clear (&vt);
  return 0;
}
