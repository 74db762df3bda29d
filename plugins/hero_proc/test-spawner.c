/* test-spawner.c: real children: what they are given, how their end is seen, what cannot be started and why. */
#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "errors.h"
#include "exit-status.h"
#include "fifo.h"
#include "procfs.h"
#include "spawner.h"

/* Of this run alone: children that an earlier run left behind are not ours. */
static char token[64];

typedef struct
{
  char *dir;
  GMainContext *context;
  ProcSurroundings *surroundings;
  ProcSpawner *spawner;
  gboolean done;
  ProcSpawnResult result;
  char *failure;
} Fixture;

static void
set_up (Fixture *f, gconstpointer soft)
{
  static const char *const environment[]
      = { "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "LISTEN_FDS=3", "X=1", NULL };
  static const char *const deny[] = { "LISTEN_FDS", NULL };
  static const char *const own[] = { "HERO_SOCKET_DIR=/s", NULL };

  f->dir = g_dir_make_tmp ("proc-XXXXXX", NULL);
  f->context = g_main_context_new ();
  f->surroundings = proc_surroundings_new (environment, own, deny, FALSE, f->dir);
  f->spawner = proc_spawner_new (f->context, g_getenv ("HERO_EXEC"), GPOINTER_TO_UINT (soft), 65536);
  f->result.pidfd = f->result.out_fd = f->result.err_fd = -1;
}

static void
tear_down (Fixture *f, gconstpointer soft)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  proc_spawner_free (f->spawner);
  proc_surroundings_free (f->surroundings);
  g_main_context_unref (f->context);
  if (f->result.pidfd >= 0)
    {
      kill (-f->result.pid, SIGKILL);
      close (f->result.pidfd);
      close (f->result.out_fd);
      close (f->result.err_fd);
    }
  g_assert_cmpint (system (command), ==, 0);
  g_free (f->dir);
  g_free (f->failure);
}

static void
on_done (ProcSpawnResult *result, gpointer data)
{
  Fixture *f = data;

  f->result = *result;
  f->failure = result->error != NULL ? g_strdup (result->error->message) : NULL;
  f->done = TRUE;
}

static void
spawn (Fixture *f, const char *json)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcAction) action = proc_action_from_json (json_node_get_object (node), "spec", NULL, &error);
  g_autofree char *out = proc_fifo_path (f->dir, 1, 1, FALSE), *err = proc_fifo_path (f->dir, 1, 1, TRUE);
  ProcIdentity identity = { 1, 2, 0, "web", "main", 1, token };

  g_assert_no_error (error);
  proc_spawner_spawn (f->spawner, action, f->surroundings, &identity, out, err, on_done, f, NULL);
  while (!f->done)
    g_main_context_iteration (f->context, TRUE);
}

/* Waits until the process has ended. */
static ProcExit
wait_end (Fixture *f, ProcExitSource *source)
{
  ProcExit end;
  ProcExitResult result;

  while ((result = proc_exit_read (f->result.pidfd, &end, source)) == PROC_EXIT_ALIVE)
    g_usleep (2000);
  g_assert_cmpint (result, ==, PROC_EXIT_SEEN);
  return end;
}

/* What is in the pipe now. */
static char *
read_output (int fd)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  gssize n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  return g_string_free (text, FALSE);
}

static void
test_output_and_exit (Fixture *f, gconstpointer soft)
{
  ProcExitSource source;
  ProcExit end;
  g_autofree char *out = NULL, *err = NULL;

  spawn (f,
         "{\"name\":\"a\",\"interpreter\":\"sh\",\"script\":\"echo out $1; echo err >&2; exit 7\",\"args\":[\"x\"]}");
  g_assert_cmpstr (f->failure, ==, NULL);
  end = wait_end (f, &source);
  out = read_output (f->result.out_fd);
  err = read_output (f->result.err_fd);
  g_assert_cmpstr (out, ==, "out x\n");
  g_assert_cmpstr (err, ==, "err\n");
  g_assert_true (end.known);
  g_assert_cmpint (end.exit_code, ==, 7);
  g_assert_cmpint (end.signo, ==, 0);
  g_assert_cmpint (source, ==, PROC_EXIT_WAIT);
  proc_exit_reap (f->result.pidfd);
  g_assert_cmpint (kill (f->result.pid, 0), ==, -1);
}

static void
test_killed (Fixture *f, gconstpointer soft)
{
  ProcExitSource source;
  ProcExit end;

  spawn (f, "{\"name\":\"a\",\"exec\":\"sleep 1000\"}");
  g_assert_cmpint (getpgid (f->result.pid), ==, f->result.pid);
  g_assert_true (proc_pidfd_signal (f->result.pidfd, SIGKILL));
  end = wait_end (f, &source);
  g_assert_cmpint (end.exit_code, ==, 137);
  g_assert_cmpint (end.signo, ==, SIGKILL);
  proc_exit_reap (f->result.pidfd);
}

static void
test_surroundings (Fixture *f, gconstpointer soft)
{
  ProcExitSource source;
  g_autofree char *out = NULL;

  spawn (f,
         "{\"name\":\"a\",\"interpreter\":\"python\",\"cwd\":\"/\",\"env\":{\"Y\":2},\"script\":"
         "\"import os,signal\\n"
         "print(sorted(os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))\\n"
         "print(signal.pthread_sigmask(signal.SIG_BLOCK, []))\\n"
         "print(os.getcwd(), os.environ.get('PWD'), os.environ.get('LISTEN_FDS'), os.environ['X'], os.environ['Y'])\\n"
         "e=os.environ\\n"
         "print(e['HERO_PROC_JOB_ID'], e['HERO_PROC_SERVICE'], e['HERO_PROC_ACTION'], e['HERO_SOCKET_DIR'])\\n\"}");
  g_assert_cmpstr (f->failure, ==, NULL);
  wait_end (f, &source);
  out = read_output (f->result.out_fd);
  /* Descriptors 0, 1, 2 and the one listdir opens. */
  g_assert_cmpstr (out, ==, "['0', '1', '2'] 4\nset()\n/ / None 1 2\n1 web main /s\n");
  proc_exit_reap (f->result.pidfd);
}

/* We ignore SIGPIPE, as the host does; the child must not. */
static void
test_signals (Fixture *f, gconstpointer soft)
{
  ProcExitSource source;
  g_autofree char *out = NULL;

  signal (SIGPIPE, SIG_IGN);
  spawn (f, "{\"name\":\"a\",\"exec\":\"grep SigIgn: /proc/self/status\"}");
  wait_end (f, &source);
  out = read_output (f->result.out_fd);
  /* The two signals glibc keeps for itself, 32 and 33, are not ours to reset. */
  g_assert_true (g_str_has_prefix (out, "SigIgn:\t"));
  g_assert_cmpuint (g_ascii_strtoull (out + strlen ("SigIgn:\t"), NULL, 16) & 0x7fffffff, ==, 0);
  proc_exit_reap (f->result.pidfd);
}

static void
test_nofile (Fixture *f, gconstpointer soft)
{
  ProcExitSource source;
  g_autofree char *out = NULL;

  spawn (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"script\":\"ulimit -S -n\"}");
  g_assert_cmpstr (f->failure, ==, NULL);
  wait_end (f, &source);
  out = read_output (f->result.out_fd);
  g_assert_cmpstr (out, ==, "77\n");
  proc_exit_reap (f->result.pidfd);
}

static void
test_missing (Fixture *f, gconstpointer soft)
{
  static const char *const rows[][2] = {
    { "{\"name\":\"a\",\"exec\":\"no-such-program -x\"}",
      "process error: program 'no-such-program' is not found in PATH" },
    { "{\"name\":\"a\",\"exec\":\"/etc/passwd\"}", "process error: program '/etc/passwd' is not an executable file" },
    { "{\"name\":\"a\",\"exec\":\"/nowhere/x\"}", "process error: program '/nowhere/x' is not there" },
    { "{\"name\":\"a\",\"exec\":\"true\",\"cwd\":\"/nowhere\"}",
      "process error: the working directory '/nowhere' is not there" },
    { "{\"name\":\"a\",\"script\":\"x\",\"interpreter\":\"cobol\"}",
      "process error: unknown interpreter 'cobol'; name its program in the key 'interpreters'" },
    { "{\"name\":\"a\",\"exec\":\"echo 'x\"}", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      f->done = FALSE;
      g_clear_pointer (&f->failure, g_free);
      spawn (f, rows[i][0]);
      g_assert_cmpint (f->result.pid, ==, 0);
      g_assert_nonnull (f->failure);
      if (rows[i][1] != NULL)
        g_assert_cmpstr (f->failure, ==, rows[i][1]);
    }
}

/* What can be offered to people: by the same rules, the configured program of an interpreter first. */
static void
test_has_program (Fixture *f, gconstpointer soft)
{
  g_assert_true (proc_surroundings_has_program (f->surroundings, "sh"));
  g_assert_false (proc_surroundings_has_program (f->surroundings, "no-such-shell"));
  f->surroundings->interpreters = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (f->surroundings->interpreters, "no-such-shell", "/bin/sh");
  g_hash_table_insert (f->surroundings->interpreters, "sh", "/etc/passwd");
  g_assert_true (proc_surroundings_has_program (f->surroundings, "no-such-shell"));
  g_assert_false (proc_surroundings_has_program (f->surroundings, "sh"));
}

/* A child that forks away into its own session is still known by its token; others are not taken for it. */
static void
test_members (Fixture *f, gconstpointer soft)
{
  ProcExitSource source;
  g_autoptr (GArray) members = NULL, none = NULL;

  spawn (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"script\":\"setsid sleep 60 & sleep 61 & sleep 0.2\"}");
  wait_end (f, &source);
  members = proc_find_members (f->result.pid, f->result.start_ticks, token);
  g_assert_cmpuint (members->len, ==, 2);
  for (guint i = 0; i < members->len; i++)
    g_assert_true (proc_signal_exactly (&g_array_index (members, ProcStat, i), SIGKILL));
  for (guint tries = 0; tries < 500; tries++)
    {
      g_clear_pointer (&none, g_array_unref);
      none = proc_find_members (f->result.pid, f->result.start_ticks, token);
      if (none->len == 0)
        break;
      g_usleep (10000);
    }
  g_assert_cmpuint (none->len, ==, 0);
  proc_exit_reap (f->result.pidfd);
}

static void
test_find_by_token (Fixture *f, gconstpointer soft)
{
  g_autoptr (GHashTable) tokens = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) found = NULL;
  ProcStat *stat;

  spawn (f, "{\"name\":\"a\",\"exec\":\"sleep 1000\"}");
  g_hash_table_add (tokens, (char *)token);
  /* With the helper the environment is there from the first instruction on: exec keeps it. */
  found = proc_find_by_tokens (tokens);
  stat = g_hash_table_lookup (found, token);
  g_assert_nonnull (stat);
  g_assert_cmpint (stat->pid, ==, f->result.pid);
  g_assert_cmpuint (stat->start_ticks, ==, f->result.start_ticks);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_snprintf (token, sizeof token, "token-%d-%08x", (int)getpid (), g_random_int ());
#define ADD(path, soft, func) g_test_add (path, Fixture, GUINT_TO_POINTER (soft), set_up, func, tear_down)
  ADD ("/spawner/output-and-exit", 0, test_output_and_exit);
  ADD ("/spawner/output-and-exit-limited", 77, test_output_and_exit);
  ADD ("/spawner/killed", 0, test_killed);
  ADD ("/spawner/surroundings", 0, test_surroundings);
  ADD ("/spawner/signals", 0, test_signals);
  ADD ("/spawner/nofile", 77, test_nofile);
  ADD ("/spawner/missing", 0, test_missing);
  ADD ("/spawner/has-program", 0, test_has_program);
  ADD ("/spawner/members", 0, test_members);
  ADD ("/spawner/find-by-token", 77, test_find_by_token);
#undef ADD
  return g_test_run ();
}
