/* test-output.c: order, tickets, partial writes, failed commits. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
add (Output *output, const char *text, guint64 ticket)
{
  output_append (output, text, strlen (text));
  output_seal (output, ticket);
}

static void
check_flush (Output *output, guint64 durable, const char *expected)
{
  char buffer[256] = "";
  gssize length;
  int pipes[2];

  g_assert_no_errno (pipe2 (pipes, O_NONBLOCK));
  g_assert_cmpint (output_flush (output, pipes[1], durable), ==, strlen (expected));
  length = read (pipes[0], buffer, sizeof buffer - 1);
  g_assert_cmpint (MAX (length, 0), ==, strlen (expected));
  g_assert_cmpstr (buffer, ==, expected);
  close (pipes[0]);
  close (pipes[1]);
}

static void
test_tickets (void)
{
  g_autoptr (Output) output = output_new ();

  add (output, "a", 0);
  add (output, "b", 1);
  add (output, "c", 0);
  add (output, "d", 2);
  add (output, "e", 2);
  g_assert_cmpuint (output_get_length (output), ==, 5);
  check_flush (output, 0, "a");
  check_flush (output, 0, "");
  check_flush (output, 1, "bc");
  check_flush (output, 2, "de");
  g_assert_cmpuint (output_get_length (output), ==, 0);
}

/* What is not sealed is not sent. */
static void
test_unsealed (void)
{
  g_autoptr (Output) output = output_new ();

  add (output, "a", 0);
  output_append (output, "b", 1);
  check_flush (output, 9, "a");
  output_seal (output, 0);
  check_flush (output, 9, "b");
}

static void
test_failed_commit (void)
{
  g_autoptr (Output) output = output_new ();

  add (output, "a", 1);
  add (output, "b", 2);
  add (output, "c", 2);
  add (output, "d", 0);
  output_replace_waiting (output, 1, "-E\r\n");
  check_flush (output, 1, "a-E\r\n-E\r\nd");
  g_assert_cmpuint (output_get_length (output), ==, 0);
}

/* A reader that takes little: everything arrives once, in order. */
static void
test_slow_reader (void)
{
  const gsize total = 3000000;
  g_autoptr (Output) output = output_new ();
  g_autofree char *piece = g_malloc (50000);
  gsize sent = 0, received = 0;
  int pair[2], small = 4096;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
  g_assert_no_errno (setsockopt (pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  for (guint n = 1; sent < total; n = n * 7 % 50000)
    {
      for (guint i = 0; i < n; i++)
        piece[i] = (char)((sent + i) * 31 >> 3);
      output_append (output, piece, n);
      output_seal (output, 0);
      sent += n;
    }

  while (received < sent)
    {
      gssize n = output_flush (output, pair[0], 0);

      if (n < 0)
        g_assert_cmpint (errno, ==, EAGAIN);
      n = read (pair[1], piece, 3000);
      g_assert_cmpint (n, >, 0);
      for (gssize i = 0; i < n; i++)
        g_assert_cmpint (piece[i], ==, (char)((received + (gsize)i) * 31 >> 3));
      received += (gsize)n;
    }
  g_assert_cmpuint (output_get_length (output), ==, 0);
  close (pair[0]);
  close (pair[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/output/tickets", test_tickets);
  g_test_add_func ("/output/unsealed", test_unsealed);
  g_test_add_func ("/output/failed-commit", test_failed_commit);
  g_test_add_func ("/output/slow-reader", test_slow_reader);
  return g_test_run ();
}
