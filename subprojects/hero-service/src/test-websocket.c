/* test-websocket.c: WebSockets with a client that speaks the frames itself: handshake, messages, limits, slow clients, the end. */
#include <hero-service/websocket.h>

#include "http-internal.h"
#include "test-http-client.h"
#include "test-service.h"
#include "websocket-frame.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------ the service */

static gint closed; /* atomic */
static HeroWebSocket *flooded; /* service thread */

static void
on_echo_received (gpointer data, gboolean is_text, GBytes *message)
{
  HeroWebSocket *socket = *(HeroWebSocket **)data;
  g_autofree char *text = is_text ? g_strndup (g_bytes_get_data (message, NULL), g_bytes_get_size (message)) : NULL;

  if (!is_text)
    hero_websocket_send_binary (socket, message);
  else if (strcmp (text, "protocol") == 0)
    hero_websocket_send_text (socket, hero_websocket_get_protocol (socket) != NULL ? hero_websocket_get_protocol (socket) : "none");
  else if (strcmp (text, "close") == 0)
    {
      hero_websocket_send_text (socket, "bye");
      hero_websocket_close (socket, 4000, "as asked", TRUE);
      g_free (data);
    }
  else
    hero_websocket_send_text (socket, text);
}

static void
on_echo_closed (gpointer data)
{
  g_atomic_int_inc (&closed);
  g_free (data);
}

static void
on_echo (gpointer self, HeroHttpRequest *request)
{
  static const HeroWebSocketFuncs funcs = { .received = on_echo_received, .closed = on_echo_closed };
  static const char *const protocols[] = { "echo.v1", NULL };
  HeroWebSocket **slot = g_new0 (HeroWebSocket *, 1);

  *slot = hero_http_respond_websocket (request, protocols, 65536, &funcs, slot);
  if (*slot == NULL)
    g_free (slot);
}

static void
on_flood_received (gpointer data, gboolean is_text, GBytes *message)
{
}

static void
on_flood_closed (gpointer data)
{
  g_atomic_int_inc (&closed);
  flooded = NULL;
}

/* 64 times the same 64 KiB. */
static void
on_flood (gpointer self, HeroHttpRequest *request)
{
  static const HeroWebSocketFuncs funcs = { .received = on_flood_received, .closed = on_flood_closed };
  g_autoptr (GBytes) block = g_bytes_new_take (g_strnfill (65536, 'f'), 65536);

  flooded = hero_http_respond_websocket (request, NULL, 65536, &funcs, NULL);
  for (guint i = 0; i < 64; i++)
    hero_websocket_send_binary (flooded, block);
}

static void
get_flood_pending (gpointer data)
{
  *(gsize *)data = flooded != NULL ? hero_websocket_get_pending (flooded) : 0;
}

static void
close_flood (gpointer data)
{
  hero_websocket_close (flooded, HERO_WEBSOCKET_TRY_AGAIN, "too slow", FALSE);
  flooded = NULL;
}

static const HeroHttpRoute routes[] = { { "GET", "/echo", on_echo }, { "GET", "/flood", on_flood }, { NULL } };

static void
setup (HeroServiceContext *ctx)
{
  HERO_ADD_ROUTES (ctx, "rpc", routes, NULL);
}

/* ------------------------------------------------------------------------------------------------ the client */

#define HANDSHAKE                                                                                                      \
  "Host: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                  \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void
read_exactly (int fd, gpointer buffer, gsize length)
{
  for (gsize at = 0; at < length;)
    {
      gssize n = recv (fd, (char *)buffer + at, length - at, 0);
      g_assert_cmpint (n, >, 0);
      at += (gsize)n;
    }
}

/* more: lines of the head, or "". */
static int
dial (HeroTestHost *host, const char *path, const char *more)
{
  g_autofree char *address = hero_test_host_get_socket (host, "rpc");
  g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\n" HANDSHAKE "%s\r\n", path, more);
  g_autoptr (GString) head = g_string_new (NULL);
  int fd = hero_test_connect (address);
  char c;

  hero_test_send (fd, request);
  while (!g_str_has_suffix (head->str, "\r\n\r\n"))
    {
      read_exactly (fd, &c, 1);
      g_string_append_c (head, c);
    }
  g_assert_true (g_str_has_prefix (head->str, "HTTP/1.1 101 "));
  g_assert_nonnull (strstr (head->str, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  return fd;
}

/* A frame of a client; the mask is 0. first: the flags and the opcode. */
static void
send_frame (int fd, guint8 first, gconstpointer data, gsize length)
{
  guint8 head[14] = { first };
  gsize n = 2;

  if (length < 126)
    head[1] = (guint8)(0x80 | length);
  else if (length <= 0xffff)
    {
      head[1] = 0x80 | 126;
      head[2] = (guint8)(length >> 8);
      head[3] = (guint8)length;
      n = 4;
    }
  else
    {
      head[1] = 0x80 | 127;
      for (guint i = 0; i < 8; i++)
        head[2 + i] = (guint8)(length >> (56 - 8 * i));
      n = 10;
    }
  n += 4;
  g_assert_cmpint (send (fd, head, n, MSG_NOSIGNAL), ==, (gssize)n);
  for (gsize at = 0; at < length;)
    {
      gssize sent = send (fd, (const char *)data + at, length - at, MSG_NOSIGNAL);
      if (sent <= 0) /* the server has closed it */
        return;
      at += (gsize)sent;
    }
}

static char *
read_frame (int fd, guint8 *first, gsize *length)
{
  guint8 head[2], more[8];
  char *data;

  read_exactly (fd, head, 2);
  *first = head[0];
  *length = head[1];
  if (*length >= 126)
    {
      guint n = *length == 126 ? 2 : 8;
      read_exactly (fd, more, n);
      *length = 0;
      for (guint i = 0; i < n; i++)
        *length = *length << 8 | more[i];
    }
  data = g_malloc (*length + 1);
  read_exactly (fd, data, *length);
  data[*length] = '\0';
  return data;
}

static void
assert_frame (int fd, guint8 first, const char *expected)
{
  guint8 found;
  gsize length;
  g_autofree char *data = read_frame (fd, &found, &length);

  g_assert_cmpuint (found, ==, first);
  g_assert_cmpmem (data, length, expected, strlen (expected));
}

/* reason: NULL = any. */
static void
assert_close (int fd, guint code, const char *reason)
{
  guint8 found;
  gsize length;
  g_autofree char *data = read_frame (fd, &found, &length);

  g_assert_cmpuint (found, ==, 0x88);
  g_assert_cmpuint (length, >=, 2);
  g_assert_cmpuint ((guint8)data[0] << 8 | (guint8)data[1], ==, code);
  if (reason != NULL)
    g_assert_cmpstr (data + 2, ==, reason);
}

static void
wait_closed (gint count)
{
  for (guint i = 0; g_atomic_int_get (&closed) != count; i++)
    {
      g_assert_cmpuint (i, <, 2000);
      g_usleep (10000);
    }
}

/* ------------------------------------------------------------------------------------------------ frames */

static void
note_frame (guint kind, GBytes *taken, gpointer data)
{
  g_autoptr (GBytes) bytes = taken;

  g_string_append_printf (data, "%u:%.*s ", kind, (int)g_bytes_get_size (bytes), (const char *)g_bytes_get_data (bytes, NULL));
}

/* Masks are 0 but for the first. */
static void
test_frames (void)
{
#define FRAME(text) { text, sizeof text - 1 }
  static const struct
  {
    struct
    {
      const char *bytes;
      gsize length;
    } input;
    const char *frames;
    guint code;
  } rows[] = {
    { FRAME ("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "1:Hello ", 0 }, /* of RFC 6455 */
    { FRAME ("\x82\x80\0\0\0\0"), "2: ", 0 },
    { FRAME ("\x81\x80\0\0\0\0"), "1: ", 0 },
    { FRAME ("\x01\x81\0\0\0\0a\x89\x81\0\0\0\0p\x80\x81\0\0\0\0b"), "9:p 1:ab ", 0 },
    { FRAME ("\x8a\x80\0\0\0\0\x88\x80\0\0\0\0\x81\x81\0\0\0\0a"), "10: 8: ", 0 }, /* nothing behind a close */
    { FRAME ("\x81\x01" "a"), "", 1002 },                                 /* not masked */
    { FRAME ("\xc1\x81\0\0\0\0a"), "", 1002 },                           /* an extension nobody asked for */
    { FRAME ("\x83\x81\0\0\0\0a"), "", 1002 },                           /* no such opcode */
    { FRAME ("\x8b\x80\0\0\0\0"), "", 1002 },
    { FRAME ("\x80\x81\0\0\0\0a"), "", 1002 },                           /* goes on with nothing */
    { FRAME ("\x01\x80\0\0\0\0\x81\x80\0\0\0\0"), "", 1002 },            /* a message inside of one */
    { FRAME ("\x09\x80\0\0\0\0"), "", 1002 },                            /* a ping in parts */
    { FRAME ("\x89\xfe\0\x7e\0\0\0\0"), "", 1002 },                       /* a long ping */
    { FRAME ("\x88\x81\0\0\0\0a"), "", 1002 },                           /* half a code */
    { FRAME ("\x88\x82\0\0\0\0\x03\xed"), "", 1002 },                    /* 1005 */
    { FRAME ("\x88\x83\0\0\0\0\x03\xe8\xff"), "", 1007 },
    { FRAME ("\x81\x81\0\0\0\0\xc3"), "", 1007 },
    { FRAME ("\x01\x81\0\0\0\0\xc3\x80\x81\0\0\0\0\xa9"), "1:\xc3\xa9 ", 0 }, /* a character in two parts */
    { FRAME ("\x82\x8b\0\0\0\0"), "", 1009 },
    { FRAME ("\x02\x86\0\0\0\0abcdef\x80\x85\0\0\0\0"), "", 1009 },
    { FRAME ("\x82\xff\xff\0\0\0\0\0\0\0\0\0\0\0"), "", 1002 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint by_byte = 0; by_byte < 2; by_byte++)
      {
        g_autoptr (HeroFrameReader) reader = hero_frame_reader_new (10);
        g_autoptr (GString) frames = g_string_new (NULL);
        const guint8 *bytes = (const guint8 *)rows[i].input.bytes;
        gsize step = by_byte ? 1 : rows[i].input.length;
        guint code = 0;

        for (gsize at = 0; at < rows[i].input.length; at += step)
          code = hero_frame_reader_feed (reader, bytes + at, step, note_frame, frames);
        g_assert_cmpuint (code, ==, rows[i].code);
        g_assert_cmpstr (frames->str, ==, rows[i].frames);
      }
}

/* ------------------------------------------------------------------------------------------------ the tests */

static HeroTestHost *
begin (GVariant *config)
{
  g_atomic_int_set (&closed, 0);
  return hero_test_service_start (setup, config);
}

static void
test_handshake (void)
{
  HeroTestHost *host = begin (NULL);
  g_autoptr (HeroTestAnswer) plain = get (host, "/echo");
  g_autoptr (HeroTestAnswer) broken
      = raw (host, "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n");
  g_autoptr (HeroTestAnswer) post = raw (host, "POST /echo HTTP/1.1\r\n" HANDSHAKE "Content-Length: 0\r\n\r\n");
  int fd;

  g_assert_cmpuint (plain->status, ==, 426);
  g_assert_nonnull (strstr (plain->head, "\r\nUpgrade: websocket\r\n"));
  g_assert_nonnull (strstr (plain->body, "\"status\":426"));
  g_assert_cmpuint (broken->status, ==, 400);
  g_assert_cmpuint (post->status, ==, 405);

  fd = dial (host, "/echo", "Sec-WebSocket-Protocol: other, echo.v1\r\n");
  send_frame (fd, 0x81, "protocol", 8);
  assert_frame (fd, 0x81, "echo.v1");
  close (fd);
  wait_closed (1);
  fd = dial (host, "/echo", "");
  send_frame (fd, 0x81, "protocol", 8);
  assert_frame (fd, 0x81, "none");
  close (fd);
  wait_closed (2);
  hero_test_service_stop (host);
}

static void
test_messages (void)
{
  HeroTestHost *host = begin (NULL);
  g_autofree char *big = g_strnfill (65536, 'b');
  int fd = dial (host, "/echo", "");

  send_frame (fd, 0x81, "text", 4);
  assert_frame (fd, 0x81, "text");
  send_frame (fd, 0x82, "\001binary", 7);
  assert_frame (fd, 0x82, "\001binary");
  send_frame (fd, 0x82, "", 0);
  assert_frame (fd, 0x82, "");
  send_frame (fd, 0x01, "in ", 3);
  send_frame (fd, 0x89, "now", 3); /* a ping in between */
  send_frame (fd, 0x80, "parts", 5);
  assert_frame (fd, 0x8a, "now");
  assert_frame (fd, 0x81, "in parts");
  send_frame (fd, 0x82, big, 65536); /* the limit */
  assert_frame (fd, 0x82, big);
  send_frame (fd, 0x88, "\003\350", 2); /* the client closes */
  assert_close (fd, 1000, NULL);
  wait_closed (1);
  close (fd);

  fd = dial (host, "/echo", "");
  send_frame (fd, 0x81, "close", 5);
  assert_frame (fd, 0x81, "bye");
  assert_close (fd, 4000, "as asked");
  close (fd);
  hero_test_service_stop (host);
  g_assert_cmpint (g_atomic_int_get (&closed), ==, 1); /* not of a socket that the service has closed */
}

static void
test_too_big (void)
{
  HeroTestHost *host = begin (NULL);
  g_autofree char *big = g_strnfill (65537, 'b');
  int fd = dial (host, "/echo", "");

  send_frame (fd, 0x82, big, 65537);
  assert_close (fd, HERO_WEBSOCKET_TOO_BIG, NULL);
  close (fd);
  wait_closed (1);

  fd = dial (host, "/echo", ""); /* as many parts, each of which would do */
  send_frame (fd, 0x02, big, 40000);
  send_frame (fd, 0x00, big, 40000);
  assert_close (fd, HERO_WEBSOCKET_TOO_BIG, NULL);
  close (fd);
  wait_closed (2);

  fd = dial (host, "/echo", "");
  send_frame (fd, 0x81, "\377", 1); /* no text */
  assert_close (fd, 1007, NULL);
  close (fd);
  wait_closed (3);
  hero_test_service_stop (host);
}

static void
test_slow_client (void)
{
  HeroTestHost *host = begin (NULL);
  int fd = dial (host, "/flood", "");
  gsize pending, total = 0, length;
  guint8 first = 0;

  for (guint i = 0; i < 64; i++) /* one that reads gets all of it */
    {
      g_autofree char *data = read_frame (fd, &first, &length);
      g_assert_cmpuint (first, ==, 0x82);
      g_assert_cmpuint (length, ==, 65536);
    }
  hero_test_host_run (host, get_flood_pending, &pending);
  g_assert_cmpuint (pending, ==, 0);
  close (fd);
  wait_closed (1);

  fd = dial (host, "/flood", ""); /* one that does not is known to be behind */
  do
    {
      g_usleep (10000);
      hero_test_host_run (host, get_flood_pending, &pending);
    }
  while (pending == 64 * 65536);
  g_assert_cmpuint (pending, >, 32 * 65536);
  hero_test_host_run (host, close_flood, NULL);
  for (;;) /* what was on its way, then why there is no more */
    {
      guint8 head;
      if (recv (fd, &head, 1, MSG_PEEK) == 1 && head == 0x88)
        break;
      g_free (read_frame (fd, &first, &length));
      total += length;
    }
  assert_close (fd, HERO_WEBSOCKET_TRY_AGAIN, "too slow");
  g_assert_cmpuint (total, <, 32 * 65536);
  close (fd);
  hero_test_service_stop (host);
}

static void
test_connections (void)
{
  HeroTestHost *host = begin (g_variant_new_parsed ("{'max_connections': <int64 2>}"));
  int first = dial (host, "/echo", ""), second = dial (host, "/echo", "");
  g_autoptr (HeroTestAnswer) refused = get (host, "/health");

  g_assert_cmpuint (refused->status, ==, 503);
  close (first);
  wait_closed (1);
  send_frame (second, 0x81, "still", 5);
  assert_frame (second, 0x81, "still");
  close (second);
  hero_test_service_stop (host);
}

static void
test_stop (void)
{
  HeroTestHost *host = begin (NULL);
  int fd = dial (host, "/echo", ""), silent = dial (host, "/flood", "");

  hero_test_service_stop (host); /* it does not wait long for one that reads nothing */
  assert_close (fd, HERO_WEBSOCKET_GOING_AWAY, NULL);
  g_assert_cmpint (g_atomic_int_get (&closed), ==, 2);
  close (fd);
  close (silent);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/frames", test_frames);
  g_test_add_func ("/websocket/handshake", test_handshake);
  g_test_add_func ("/websocket/messages", test_messages);
  g_test_add_func ("/websocket/too-big", test_too_big);
  g_test_add_func ("/websocket/slow-client", test_slow_client);
  g_test_add_func ("/websocket/connections", test_connections);
  g_test_add_func ("/websocket/stop", test_stop);
  return g_test_run ();
}
