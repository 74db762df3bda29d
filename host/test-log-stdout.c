/* test-log-stdout.c: a full pipe never stops the writer, lines stay whole, what is lost is told. */
#include "log-stdout.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4
#define LINES 500

typedef struct
{
  int fds[2];
  HeroLogStdout *out;
} Pipe;

static void
open_pipe (Pipe *p, guint limit)
{
  g_assert_cmpint (pipe2 (p->fds, O_CLOEXEC), ==, 0);
  p->out = hero_log_stdout_new (p->fds[1], limit);
}

/* All that comes until the writing end is closed. */
static gpointer
read_all (gpointer data)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  gssize n;

  while ((n = read (GPOINTER_TO_INT (data), buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  return text;
}

static char *
finish (Pipe *p, GThread *reader)
{
  GString *text;

  hero_log_stdout_free (p->out);
  close (p->fds[1]);
  text = g_thread_join (reader);
  close (p->fds[0]);
  return g_string_free (text, FALSE);
}

static gpointer
write_many (gpointer data)
{
  g_autofree char *fill = g_strnfill (3000, 'a' + g_random_int_range (0, 26));
  g_autofree char *line = g_strdup_printf ("<%s%s>\n", fill, fill);

  for (guint i = 0; i < LINES; i++)
    hero_log_stdout_write (data, line, i % 2 == 0 ? 100 : strlen (line));
  return NULL;
}

/* Short lines end early by design above: every piece must still be of one letter. */
static void
test_whole (void)
{
  GThread *threads[THREADS], *reader;
  g_autofree char *text = NULL;
  Pipe p;

  open_pipe (&p, G_MAXUINT);
  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (p.fds[0]));
  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("writer", write_many, p.out);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  hero_log_stdout_flush (p.out, 60000);
  text = finish (&p, reader);
  g_assert_cmpuint (strlen (text), ==, THREADS * LINES / 2 * (100 + 6003));
  for (const char *c = text; *c != '\0';)
    {
      const char letter = c[1];

      g_assert_cmpint (*c, ==, '<');
      c += 1 + strspn (c + 1, (char[]){ letter, '\0' });
      c += *c == '>' ? 2 : 0;
    }
}

static void
test_full (void)
{
  g_autofree char *line = g_strnfill (1000, 'x'), *text = NULL;
  GThread *reader;
  Pipe p;

  line[999] = '\n';
  open_pipe (&p, 100);
  for (guint i = 0; i < 1000; i++)
    hero_log_stdout_write (p.out, line, 1000); /* returns although nobody reads: else the test's time runs out */
  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (p.fds[0]));
  hero_log_stdout_flush (p.out, 60000);
  hero_log_stdout_write (p.out, "later\n", 6);
  text = finish (&p, reader);
  g_assert_nonnull (strstr (text, " log lines lost: standard output was not read)\n"));
  g_assert_true (g_str_has_suffix (text, "later\n"));
}

/* Nobody ever reads: freeing gives up after a second. */
static void
test_never_read (void)
{
  g_autofree char *line = g_strnfill (1000, 'x');
  Pipe p;

  open_pipe (&p, 100);
  for (guint i = 0; i < 1000; i++)
    hero_log_stdout_write (p.out, line, 1000);
  hero_log_stdout_free (p.out);
  close (p.fds[0]);
  close (p.fds[1]);
}

static void
test_closed (void)
{
  Pipe p;

  open_pipe (&p, 10);
  close (p.fds[0]);
  hero_log_stdout_write (p.out, "x\n", 2);
  hero_log_stdout_free (p.out);
  close (p.fds[1]);
}

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log-stdout/whole", test_whole);
  g_test_add_func ("/log-stdout/full", test_full);
  g_test_add_func ("/log-stdout/never-read", test_never_read);
  g_test_add_func ("/log-stdout/closed", test_closed);
  return g_test_run ();
}
