/* fuzz-websocket.c: what a client of a WebSocket sends. How it is cut makes no difference; no message is over the limit. */
#include "websocket-frame.h"

enum
{
  MESSAGE_MAX = 300,
};

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
add_frame (guint kind, GBytes *taken, gpointer data)
{
  g_autoptr (GBytes) bytes = taken;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  g_assert_cmpuint (length, <=, kind >= HERO_FRAME_CLOSE ? HERO_FRAME_MAX_CONTROL : MESSAGE_MAX);
  g_assert_true (kind != HERO_FRAME_TEXT || g_utf8_validate_len (text, length, NULL));
  g_string_append_printf (data, "%u:%" G_GSIZE_FORMAT ":", kind, length);
  g_string_append_len (data, text, (gssize)length);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (HeroFrameReader) whole = hero_frame_reader_new (MESSAGE_MAX), parts = hero_frame_reader_new (MESSAGE_MAX);
  g_autoptr (GString) frames = g_string_new (NULL), frames_parts = g_string_new (NULL);
  guint16 code = hero_frame_reader_feed (whole, data, size, add_frame, frames), code_parts = 0;
  gsize step = size > 0 ? 1 + data[size - 1] % 16 : 1;

  for (gsize at = 0; at < size; at += step)
    code_parts = hero_frame_reader_feed (parts, data + at, MIN (step, size - at), add_frame, frames_parts);
  g_assert_cmpuint (code, ==, code_parts);
  g_assert_true (g_string_equal (frames, frames_parts));
  return 0;
}
