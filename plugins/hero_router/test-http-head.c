/* test-http-head.c: what a backend may answer, and what is refused; the framing, byte for byte. */
#include <gio/gio.h>
#include <string.h>

#include "http-chunks.h"
#include "http-head.h"

static HttpHead *
parse (const char *text, gboolean to_head, GError **error)
{
  gsize used;

  return http_head_parse (text, strlen (text), to_head, &used, error);
}

static void
test_good (void)
{
  g_autoptr (GError) error = NULL;
  gsize used;
  const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \r\nX-E:\r\n\r\nhello";
  g_autoptr (HttpHead) head = http_head_parse (text, strlen (text), FALSE, &used, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (used, ==, strlen (text) - 5);
  g_assert_cmpuint (head->status, ==, 200);
  g_assert_cmpint (head->body, ==, HTTP_BODY_LENGTH);
  g_assert_cmpint (head->length, ==, 5);
  g_assert_cmpstr (http_head_get (head, "x-a"), ==, "b c");
  g_assert_cmpstr (http_head_get (head, "x-e"), ==, "");
  g_assert_null (http_head_get (head, "none"));
}

static void
test_bodies (void)
{
  static const struct
  {
    const char *text;
    gboolean to_head;
    HttpBodyKind body;
  } cases[] = {
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", FALSE, HTTP_BODY_CHUNKED },
    { "HTTP/1.0 200 OK\r\n\r\n", FALSE, HTTP_BODY_CLOSE },
    { "HTTP/1.1 204 No Content\r\n\r\n", FALSE, HTTP_BODY_NONE },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", FALSE, HTTP_BODY_NONE },
    { "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", TRUE, HTTP_BODY_NONE },
    { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", FALSE, HTTP_BODY_LENGTH },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (HttpHead) head = parse (cases[i].text, cases[i].to_head, &error);

      g_assert_no_error (error);
      g_assert_cmpint (head->body, ==, cases[i].body);
    }
}

static void
test_partial (void)
{
  const char *text = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";

  for (gsize length = 0; length < strlen (text); length++)
    {
      g_autoptr (GError) error = NULL;
      gsize used;

      g_assert_null (http_head_parse (text, length, FALSE, &used, &error));
      g_assert_no_error (error);
    }
}

static void
test_refused (void)
{
  static const char *const cases[] = {
    "RESP not http\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 600 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\n\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("case %u", i);
      g_assert_null (parse (cases[i], FALSE, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
}

static void
test_long (void)
{
  g_autoptr (GString) text = g_string_new ("HTTP/1.1 200 OK\r\nA: ");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < HTTP_HEAD_MAX; i++)
    g_string_append_c (text, 'x');
  g_assert_null (parse (text->str, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

/* Feeds text in pieces of `step` bytes. */
static gboolean
unchunk (const char *text, gsize step, const char *expected, gsize *rest)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  HttpChunks chunks = { 0 };
  gboolean done = FALSE;
  gsize at = 0, length = strlen (text);

  while (at < length && !done)
    {
      gssize used = http_chunks_read (&chunks, (const guint8 *) text + at, MIN (step, length - at), out, &done, NULL);

      if (used < 0)
        return FALSE;
      at += (gsize) used;
    }
  *rest = length - at;
  g_assert_cmpmem (out->data, out->len, expected, strlen (expected));
  return done;
}

static void
test_chunks (void)
{
  const char *text = "5;name=\"v\"\r\nhello\r\n0a\r\n, world!\r\n\r\n0\r\nX-Trailer: 1\r\n\r\nNEXT";
  gsize rest = 0;

  for (gsize step = 1; step < strlen (text); step++)
    {
      g_assert_true (unchunk (text, step, "hello, world!\r\n", &rest));
      g_assert_cmpuint (rest, ==, 4);
    }
}

static void
test_bad_chunks (void)
{
  static const char *const cases[] = { "\r\n", "x\r\n", "5\nhello", "5\r\nhelloX", "5 \r\nhello", "-1\r\n",
                                       "1234567890abcdef\r\n", "5\r\nhello\rX", "0\r\nA\nB\r\n\r\n", "0\r\n\rX" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();
      HttpChunks chunks = { 0 };
      gboolean done;
      g_autoptr (GError) error = NULL;

      g_test_message ("case %u", i);
      g_assert_cmpint (http_chunks_read (&chunks, (const guint8 *) cases[i], strlen (cases[i]), out, &done, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-head/good", test_good);
  g_test_add_func ("/http-head/bodies", test_bodies);
  g_test_add_func ("/http-head/partial", test_partial);
  g_test_add_func ("/http-head/refused", test_refused);
  g_test_add_func ("/http-head/long", test_long);
  g_test_add_func ("/http-chunks/good", test_chunks);
  g_test_add_func ("/http-chunks/bad", test_bad_chunks);
  return g_test_run ();
}
