/* test-terminal.c: a real pseudo terminal between a program (this test, at its slave) and viewers, read by capture. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "capture.h"
#include "pty.h"
#include "test-dir.h"
#include "test-wait.h"

enum
{
  QUEUE = 16 * 1024, /* the least there may be configured: less than a pipe is read by at a time */
};

typedef struct
{
  TestDir *dir;
  GMainContext *context;
  HeroReactor *reactor;
  ProcLogStore *store;
  ProcCapture *capture;
  ProcTerminal *terminal;
  int program; /* the slave, as the program has it */
} Fixture;

typedef struct
{
  ProcViewer *viewer;
  GString *seen;
  gsize backlog; /* taken as output and not got rid of */
  gboolean stuck;
  guint cols;
  int exit_code; /* -2 = it goes on */
} Watcher;

static void
set_up (Fixture *f, gconstpointer data)
{
  static const ProcLogLimits limits
      = { 16 << 20, 256 << 20, 2048u << 20, 0, 14, 10, 10000, 10 << 20, 100000, 100000, 1 << 30, 1 << 30 };
  static const char *const known[] = { NULL };
  static const ProcLogHooks hooks = { 0 };
  ProcTerminalSetup setup;
  ProcTtySize size = { 80, 24 };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  struct termios raw;
  int master, slave;

  f->dir = test_dir_new ();
  f->context = g_main_context_new ();
  f->reactor = hero_reactor_new (f->context, &error);
  g_assert_no_error (error);
  f->store = proc_log_store_new (f->dir, &limits, known, &hooks, NULL);
  f->capture = proc_capture_new (f->store, 1024, &error);
  g_assert_no_error (error);
  path = proc_pty_open (&size, &master, &slave, &error);
  g_assert_no_error (error);
  f->program = open (path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  g_assert_cmpint (f->program, >=, 0);
  g_assert_cmpint (tcgetattr (f->program, &raw), ==, 0);
  cfmakeraw (&raw);
  g_assert_cmpint (tcsetattr (f->program, TCSANOW, &raw), ==, 0);
  setup = (ProcTerminalSetup){ f->context, f->reactor, 4096, QUEUE };
  f->terminal = proc_terminal_new (&setup, master, slave);
  proc_capture_add_terminal (f->capture, 1, "shell", 0, 0, NULL, f->terminal);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  close (f->program);
  proc_terminal_let_go (f->terminal);
  proc_terminal_unref (f->terminal);
  proc_capture_free (f->capture);
  proc_log_store_free (f->store);
  hero_reactor_free (f->reactor);
  g_main_context_unref (f->context);
  test_dir_free (f->dir);
}

static void
on_output (gpointer data, GBytes *chunk)
{
  Watcher *watcher = data;

  g_string_append_len (watcher->seen, g_bytes_get_data (chunk, NULL), (gssize)g_bytes_get_size (chunk));
  watcher->backlog += watcher->stuck ? g_bytes_get_size (chunk) : 0;
}

static void
on_resized (gpointer data, const ProcTtySize *size)
{
  ((Watcher *)data)->cols = size->cols;
}

static void
on_over (gpointer data, int exit_code, int signo)
{
  ((Watcher *)data)->exit_code = exit_code;
}

static gsize
get_backlog (gpointer data)
{
  return ((Watcher *)data)->backlog;
}

static const ProcViewerFuncs funcs = { on_output, on_resized, on_over, get_backlog };

static void
look_on (Fixture *f, Watcher *watcher, gboolean may_type)
{
  g_autoptr (GBytes) past = NULL;

  *watcher = (Watcher){ .seen = g_string_new (NULL), .exit_code = -2 };
  watcher->viewer = proc_terminal_attach (f->terminal, &funcs, watcher, may_type, G_MAXSIZE, &past);
  g_string_append_len (watcher->seen, g_bytes_get_data (past, NULL), (gssize)g_bytes_get_size (past));
}

static void
leave (Fixture *f, Watcher *watcher)
{
  proc_terminal_detach (f->terminal, watcher->viewer);
  g_string_free (watcher->seen, TRUE);
}

static void
say (Fixture *f, const char *text)
{
  g_assert_cmpint (write (f->program, text, strlen (text)), ==, (gssize)strlen (text));
}

/* What the program reads; it waits for so many bytes. */
static void
assert_typed (Fixture *f, const char *expected)
{
  char buffer[256] = { 0 };
  gsize length = 0;

  while (length < strlen (expected))
    {
      gssize n = read (f->program, buffer + length, sizeof buffer - 1 - length);

      g_assert_cmpint (n, >, 0);
      length += (gsize)n;
    }
  g_assert_cmpstr (buffer, ==, expected);
}

static gboolean
type (Fixture *f, Watcher *watcher, const char *text)
{
  return proc_terminal_type (f->terminal, watcher != NULL ? watcher->viewer : NULL, text, strlen (text));
}

/* A later viewer sees what was, without gap or double; questions come to those only who are there when they are put. */
static void
test_viewers (Fixture *f, gconstpointer data)
{
  Watcher first, second;

  look_on (f, &first, TRUE);
  say (f, "one\033[6n two");
  WAIT (f, strcmp (first.seen->str, "one\033[6n two") == 0);
  look_on (f, &second, TRUE);
  g_assert_cmpstr (second.seen->str, ==, "one two");
  say (f, " three");
  WAIT (f, strcmp (second.seen->str, "one two three") == 0);
  g_assert_cmpstr (first.seen->str, ==, "one\033[6n two three");
  g_assert_cmpuint (proc_terminal_count_viewers (f->terminal), ==, 2);
  leave (f, &first);
  say (f, "!");
  WAIT (f, strcmp (second.seen->str, "one two three!") == 0);
  leave (f, &second);
}

/* One question gets one answer: of who typed last, and before that of who came first. */
static void
test_answers (Fixture *f, gconstpointer data)
{
  Watcher guest, first, second;

  look_on (f, &guest, FALSE);
  look_on (f, &first, TRUE);
  look_on (f, &second, TRUE);
  g_assert_true (type (f, &guest, "\033[1;9R") && type (f, &second, "\033[1;2R") && type (f, &first, "\033[1;1R"));
  assert_typed (f, "\033[1;1R");
  g_assert_true (type (f, &second, "x\033]11;rgb:0/0/0\033\\") && type (f, &second, "\033[?1;2c"));
  assert_typed (f, "x\033[?1;2c"); /* before its key it was not the one */
  g_assert_true (type (f, &first, "\033[?1;2c") && type (f, &guest, "y") && type (f, NULL, "z") && type (f, &first, "q"));
  assert_typed (f, "zq");
  leave (f, &first);
  g_assert_true (type (f, &second, "\033[0n"));
  assert_typed (f, "\033[0n");
  leave (f, &second);
  leave (f, &guest);
}

static void
test_size (Fixture *f, gconstpointer data)
{
  Watcher watcher;
  ProcTtySize size = { 120, 40 };
  struct winsize window;

  look_on (f, &watcher, TRUE);
  proc_terminal_resize (f->terminal, &size);
  g_assert_cmpuint (watcher.cols, ==, 120);
  g_assert_cmpint (ioctl (f->program, TIOCGWINSZ, &window), ==, 0);
  g_assert_cmpuint (window.ws_col, ==, 120);
  g_assert_cmpuint (window.ws_row, ==, 40);
  watcher.cols = 0;
  proc_terminal_resize (f->terminal, &size); /* nothing new */
  g_assert_cmpuint (watcher.cols, ==, 0);
  leave (f, &watcher);
}

/* More is typed than the program reads: what is taken is kept, what is too much is refused, nothing blocks. */
static void
test_reads_nothing (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strnfill (60000, 'k');
  gsize taken = 0, got = 0;
  char buffer[4096];

  while (type (f, NULL, text))
    taken += 60000;
  g_assert_cmpuint (taken, >=, 1000000);
  g_assert_cmpuint (taken, <=, 1200000);
  g_assert_cmpint (fcntl (f->program, F_SETFL, O_NONBLOCK), ==, 0);
  while (got < taken)
    {
      gssize n = read (f->program, buffer, sizeof buffer);

      if (n > 0)
        got += (gsize)n;
      else
        g_main_context_iteration (f->context, TRUE); /* the watch writes on */
    }
  g_assert_true (type (f, NULL, "k"));
}

/* The program writes, whoever looks on. Worker thread. */
static gpointer
write_much (gpointer data)
{
  Fixture *f = data;
  g_autofree char *block = g_strnfill (1000, 'w');

  for (guint i = 0; i < 2000; i++)
    for (gssize at = 0, n; at < 1000; at += n)
      {
        n = write (f->program, block + at, (gsize)(1000 - at));
        g_assert_cmpint (n, >, 0);
      }
  return NULL;
}

/* A viewer that takes nothing holds up a quick one not at all, and alone for a moment only. */
static void
test_stuck (Fixture *f, gconstpointer data)
{
  Watcher quick, stuck;
  GThread *program;

  look_on (f, &stuck, TRUE);
  stuck.stuck = TRUE;
  look_on (f, &quick, TRUE);
  program = g_thread_new ("program", write_much, f);
  WAIT (f, quick.seen->len == 2000000);
  g_thread_join (program);
  g_assert_cmpuint (stuck.backlog, ==, 2000000); /* a real one would have been closed on the way */
  leave (f, &quick);

  program = g_thread_new ("program", write_much, f);
  WAIT (f, stuck.backlog == 4000000);
  g_thread_join (program);
  leave (f, &stuck);
}

/* Output waits for the only viewer while that goes on taking some. */
static void
test_pace (Fixture *f, gconstpointer data)
{
  Watcher slow;
  GThread *program;
  gsize most = 0;

  look_on (f, &slow, TRUE);
  slow.stuck = TRUE;
  program = g_thread_new ("program", write_much, f);
  while (slow.seen->len < 2000000)
    {
      g_main_context_iteration (f->context, FALSE);
      most = MAX (most, slow.backlog);
      slow.backlog -= MIN (slow.backlog, 4096);
      proc_terminal_drained (f->terminal);
    }
  g_thread_join (program);
  g_assert_cmpuint (most, <, QUEUE);
  leave (f, &slow);
}

/* Everything it said comes before its end. */
static void
test_end (Fixture *f, gconstpointer data)
{
  Watcher watcher;

  look_on (f, &watcher, TRUE);
  say (f, "last words");
  proc_terminal_set_exit (f->terminal, 7, 0);
  proc_capture_end (f->capture, 1);
  WAIT (f, watcher.exit_code != -2);
  g_assert_cmpint (watcher.exit_code, ==, 7);
  g_assert_cmpstr (watcher.seen->str, ==, "last words");
  g_assert_true (type (f, &watcher, "x")); /* to nobody */
  leave (f, &watcher);
}

/* Its log lines are without what only a terminal understands. */
static void
test_lines (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "shell.log", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  say (f, "\033[1;32mgreen\033[0m \033]0;title\007and\a plain\r\n\033[2Jnext \xc3\xa9\r\n");
  proc_capture_end (f->capture, 1);
  proc_capture_sync (f->capture);
  proc_log_store_sync (f->store);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "st:tty\tgreen and plain\n"));
  g_assert_nonnull (strstr (text, "st:tty\tnext \xc3\xa9\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/terminal/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("viewers", test_viewers);
  ADD ("answers", test_answers);
  ADD ("size", test_size);
  ADD ("reads-nothing", test_reads_nothing);
  ADD ("stuck", test_stuck);
  ADD ("pace", test_pace);
  ADD ("end", test_end);
  ADD ("lines", test_lines);
  return g_test_run ();
}
