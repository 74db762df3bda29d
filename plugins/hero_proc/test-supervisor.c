/* test-supervisor.c: jobs with real children through all their phases: exit, kill, restart, stop, leftovers, adoption.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hero-service/log.h>

#include "fifo.h"
#include "procfs.h"
#include "supervisor.h"
#include "test-wait.h"

typedef struct
{
  char *dir;
  GMainContext *context;
  ProcSurroundings *surroundings;
  ProcSpawner *spawner;
  HeroReactor *reactor;
  ProcKillList *kill_list;
  ProcSupervisor *supervisor;
  ProcJob *job;
  GString *phases; /* every phase the job went through */
  GString *log;
  guint saves;
  gboolean may_restart;
  int out_fd, err_fd;
} Fixture;

typedef struct
{
  ProcSaved saved;
  gpointer data;
} Saved;

static gboolean
tell_saved (gpointer data)
{
  Saved *saved = data;

  saved->saved (saved->data);
  return G_SOURCE_REMOVE;
}

static void
on_save (gpointer owner, ProcJob *job, ProcSaved saved, gpointer data)
{
  Fixture *f = owner;
  Saved *later;
  g_autoptr (GSource) source = NULL;

  f->saves++;
  if (saved == NULL)
    return;
  later = g_new (Saved, 1);
  *later = (Saved){ saved, data };
  source = g_idle_source_new ();
  g_source_set_callback (source, tell_saved, later, g_free);
  g_source_attach (source, f->context);
}

static void
on_changed (gpointer owner, ProcJob *job, ProcPhase from)
{
  Fixture *f = owner;

  if (from == job->phase)
    g_string_append (f->phases, " ready");
  else
    g_string_append_printf (f->phases, " %s", proc_phase_words[job->phase]);
}

static void
on_output_begins (gpointer owner, ProcJob *job, int out_fd, int err_fd)
{
  Fixture *f = owner;

  if (f->out_fd >= 0)
    close (f->out_fd);
  if (f->err_fd >= 0)
    close (f->err_fd);
  f->out_fd = out_fd;
  f->err_fd = err_fd;
}

static void
on_output_ends (gpointer owner, ProcJob *job)
{
}

static gboolean
on_may_restart (gpointer owner, ProcJob *job)
{
  return ((Fixture *)owner)->may_restart;
}

static void
on_log (gpointer owner, guint level, const char *text)
{
  g_string_append_printf (((Fixture *)owner)->log, "%s\n", text);
}

static void
on_health (gpointer owner, ProcJob *job, const char *check, ProcHealth from, ProcHealth to, const char *message)
{
  g_string_append_printf (((Fixture *)owner)->phases, " %s", proc_health_words[to]);
}

static const ProcSupervisorHooks hooks
    = { on_save, on_changed, on_output_begins, on_output_ends, on_may_restart, on_health, on_log };

static void
make_supervisor (Fixture *f)
{
  ProcSupervisorSetup setup = { f->context, f->reactor, f->spawner, f->surroundings, f->kill_list, 65536, 0, &hooks, f };

  f->supervisor = proc_supervisor_new (&setup);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const char *const environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", NULL };
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("proc-XXXXXX", NULL);
  f->context = g_main_context_new ();
  g_main_context_push_thread_default (f->context);
  f->surroundings = proc_surroundings_new (environment, NULL, NULL, FALSE, f->dir);
  f->spawner = proc_spawner_new (f->context, NULL, 0, 65536);
  f->reactor = hero_reactor_new (f->context, &error);
  g_assert_no_error (error);
  f->kill_list = proc_kill_list_new ();
  f->phases = g_string_new (NULL);
  f->log = g_string_new (NULL);
  f->may_restart = TRUE;
  f->out_fd = f->err_fd = -1;
  make_supervisor (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  proc_kill_list_kill (f->kill_list);
  proc_spawner_free (f->spawner);
  proc_supervisor_free (f->supervisor);
  while (g_main_context_iteration (f->context, FALSE))
    ;
  hero_reactor_free (f->reactor);
  proc_kill_list_free (f->kill_list);
  proc_surroundings_free (f->surroundings);
  g_clear_pointer (&f->job, proc_job_unref);
  if (f->out_fd >= 0)
    close (f->out_fd);
  if (f->err_fd >= 0)
    close (f->err_fd);
  g_main_context_pop_thread_default (f->context);
  g_main_context_unref (f->context);
  g_string_free (f->phases, TRUE);
  g_string_free (f->log, TRUE);
  g_assert_cmpint (system (command), ==, 0);
  g_free (f->dir);
}

static void
start (Fixture *f, const char *json)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcAction) action = NULL;

  g_assert_nonnull (node);
  action = proc_action_from_json (json_node_get_object (node), "spec", NULL, &error);
  g_assert_no_error (error);
  f->job = proc_job_new (1, &(ProcJobSeed){ .spec = action, .service = "web", .run_id = 1 }, proc_now_ms ());
  proc_supervisor_start (f->supervisor, f->job);
}

static gboolean
over (Fixture *f)
{
  return !proc_job_is_active (f->job);
}

/* What the child wrote, once it has written a line. */
static char *
read_line (Fixture *f)
{
  GString *text = g_string_new (NULL);
  char c;

  while (text->len == 0 || text->str[text->len - 1] != '\n')
    {
      gssize n = read (f->out_fd, &c, 1);

      if (n == 1)
        g_string_append_c (text, c);
      else
        g_usleep (5000);
      g_main_context_iteration (f->context, FALSE);
    }
  return g_string_free (text, FALSE);
}

static gboolean
alive (pid_t pid)
{
  ProcStat stat;

  return proc_stat_read (pid, &stat) && stat.state != 'Z';
}

static void
test_succeeds (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"exec\":\"true\"}");
  WAIT (f, over (f));
  g_assert_cmpstr (f->phases->str, ==, " starting running succeeded");
  g_assert_cmpint (f->job->exit_code, ==, 0);
  g_assert_cmpint (f->job->exit_source, ==, PROC_EXIT_WAIT);
  g_assert_cmpuint (f->job->attempts->len, ==, 1);
  g_assert_cmpint (f->job->pid, ==, 0);
  g_assert_cmpuint (proc_supervisor_count (f->supervisor), ==, 0);
  g_assert_cmpuint (f->saves, ==, 3); /* intent, pid, end */
}

static void
test_fails (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"script\":\"exit 7\"}");
  WAIT (f, over (f));
  g_assert_cmpstr (f->phases->str, ==, " starting running failed");
  g_assert_cmpint (f->job->exit_code, ==, 7);
  g_assert_cmpint (f->job->failure, ==, PROC_FAILURE_EXIT_CODE);
  g_assert_cmpstr (f->job->error, ==, "exited with code 7");
}

static void
test_killed_from_outside (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"exec\":\"sleep 1000\",\"is_process\":true,\"restart\":\"never\"}");
  WAIT (f, f->job->ready);
  kill (f->job->pid, SIGKILL);
  WAIT (f, over (f));
  g_assert_cmpstr (f->phases->str, ==, " starting running ready failed");
  g_assert_cmpint (f->job->exit_code, ==, 137);
  g_assert_cmpint (f->job->failure, ==, PROC_FAILURE_SIGNAL);
  g_assert_cmpstr (f->job->error, ==, "killed by SIGKILL");
}

static void
test_cannot_start (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"exec\":\"no-such-program\"}");
  WAIT (f, over (f));
  g_assert_cmpstr (f->phases->str, ==, " starting failed");
  g_assert_cmpint (f->job->failure, ==, PROC_FAILURE_SPAWN_ERROR);
  g_assert_cmpstr (f->job->error, ==, "process error: program 'no-such-program' is not found in PATH");
  g_assert_cmpint (f->job->exit_code, ==, -1);
}

static void
test_retries (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"script\":\"exit "
            "3\",\"retry_policy\":{\"max_attempts\":3,\"delay_ms\":10}}");
  WAIT (f, over (f));
  g_assert_cmpstr (f->phases->str, ==, " starting running retrying starting running retrying starting running failed");
  g_assert_cmpuint (f->job->attempts->len, ==, 3);
  g_assert_cmpuint (f->job->restart_count, ==, 2);
  g_assert_cmpuint (f->job->attempt, ==, 3);
}

/* A process that ends well is started again, but not when its service is not wanted. */
static void
test_restarts_while_wanted (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"exec\":\"true\",\"is_process\":true,\"retry_policy\":{\"delay_ms\":10}}");
  WAIT (f, f->job->restart_count == 2);
  f->may_restart = FALSE;
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_SUCCEEDED);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  pid_t pid;

  start (f, "{\"name\":\"a\",\"exec\":\"sleep 1000\",\"is_process\":true}");
  WAIT (f, f->job->ready);
  pid = f->job->pid;
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  WAIT (f, over (f));
  g_assert_cmpstr (f->phases->str, ==, " starting running ready stopping cancelled");
  g_assert_cmpint (f->job->signo, ==, SIGTERM);
  g_assert_cmpint (kill (pid, 0), ==, -1);
}

/* The stop signal comes once, and the group has it too. */
static void
test_stop_signal_once (Fixture *f, gconstpointer data)
{
  g_autofree char *ready = NULL, *told = NULL;

  start (f, "{\"name\":\"a\",\"interpreter\":\"python\",\"is_process\":true,\"stop_signal\":\"SIGUSR1\",\"script\":"
            "\"import signal,sys,time\\nn=0\\ndef on(*a):\\n  global n\\n  n+=1\\n"
            "signal.signal(signal.SIGUSR1,on)\\nprint('up',flush=True)\\n"
            "while not n: time.sleep(0.05)\\ntime.sleep(0.5)\\nprint(n,flush=True)\\n\"}");
  WAIT (f, f->job->ready);
  ready = read_line (f);
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  told = read_line (f);
  g_assert_cmpstr (told, ==, "1\n");
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_CANCELLED);
}

static void
test_stop_ignored (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"is_process\":true,\"stop_timeout_ms\":300,"
            "\"script\":\"trap '' TERM; while :; do sleep 0.1; done\"}");
  WAIT (f, f->job->ready);
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_CANCELLED);
  g_assert_cmpint (f->job->exit_code, ==, 137);
  g_assert_cmpint (f->job->signo, ==, SIGKILL);
}

static void
test_stop_force (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"is_process\":true,"
            "\"script\":\"trap '' TERM; while :; do sleep 0.1; done\"}");
  WAIT (f, f->job->ready);
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, TRUE);
  WAIT (f, over (f));
  g_assert_cmpint (f->job->signo, ==, SIGKILL);
}

/* Asked to stop before it is there, it is started and stopped, or never started; either way it ends. */
static void
test_stop_at_once (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"exec\":\"sleep 1000\",\"is_process\":true}");
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_CANCELLED);
}

static void
test_stop_in_backoff (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"exec\":\"false\",\"is_process\":true,\"retry_policy\":{\"delay_ms\":100000}}");
  WAIT (f, f->job->phase == PROC_PHASE_RETRYING);
  g_assert_cmpint (f->job->next_attempt_at, >, proc_now_ms ());
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_CANCELLED);
}

static void
test_time_limit (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"exec\":\"sleep 1000\",\"timeout_ms\":400}");
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_FAILED);
  g_assert_cmpint (f->job->failure, ==, PROC_FAILURE_TIMEOUT);
}

/* A grandchild in a session of its own, and one in the group, go with the job. */
static void
test_leftovers (Fixture *f, gconstpointer data)
{
  g_autofree char *line = NULL;
  int first = 0, second = 0;

  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\","
            "\"script\":\"sleep 1000 & a=$!; setsid sleep 1000 & echo $a $!; sleep 0.5\"}");
  WAIT (f, f->job->phase == PROC_PHASE_RUNNING);
  line = read_line (f);
  g_assert_cmpint (sscanf (line, "%d %d", &first, &second), ==, 2);
  g_assert_true (alive (first) && alive (second));
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_SUCCEEDED);
  g_assert_false (alive (first) || alive (second));
}

/* The same when it is stopped, and they do not want to go. */
static void
test_stop_takes_descendants (Fixture *f, gconstpointer data)
{
  g_autofree char *line = NULL;
  int stubborn = 0;

  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"is_process\":true,\"stop_timeout_ms\":300,\"script\":"
            "\"setsid sh -c \\\"trap '' TERM; while :; do sleep 0.1; done\\\" & echo $!; exec sleep 1000\"}");
  WAIT (f, f->job->ready);
  line = read_line (f);
  stubborn = atoi (line);
  g_assert_true (alive (stubborn));
  proc_supervisor_stop (f->supervisor, f->job, PROC_FAILURE_CANCELLED, FALSE);
  WAIT (f, over (f));
  g_assert_false (alive (stubborn));
}

/* Our record and its process meet again, as after kill -9 of the host: same pid, no signal, and its end is seen. */
static void
test_adopt (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) record = NULL;
  g_autofree char *boot_id = proc_boot_id ();
  pid_t pid;

  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"is_process\":true,\"restart\":\"never\","
            "\"script\":\"trap 'exit 7' USR1; while :; do sleep 0.05; done\"}");
  WAIT (f, f->job->ready);
  pid = f->job->pid;
  record = proc_job_to_record (f->job);
  proc_supervisor_free (f->supervisor);
  proc_job_unref (f->job);
  make_supervisor (f);
  g_string_truncate (f->phases, 0);
  f->job = proc_job_from_record (record, NULL);
  g_assert_nonnull (f->job);
  proc_supervisor_adopt (f->supervisor, f->job, boot_id, 0, 0);
  g_assert_true (f->job->adopted);
  g_assert_cmpint (f->job->pid, ==, pid);
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_RUNNING);
  g_assert_true (alive (pid));
  kill (pid, SIGUSR1);
  WAIT (f, over (f));
  g_assert_cmpint (f->job->exit_code, ==, 7);
}

/* A crash in the middle of a stop: the record still says whose wish it was, whether the process is there or not. */
static void
test_adopt_stopping (Fixture *f, gconstpointer data)
{
  gboolean gone = GPOINTER_TO_INT (data);
  g_autoptr (JsonObject) record = NULL;
  g_autofree char *boot_id = proc_boot_id ();
  pid_t pid;

  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"restart\":\"never\",\"timeout_ms\":300,\"stop_timeout_ms\":2000,"
            "\"script\":\"trap '' TERM; while :; do sleep 0.05; done\"}");
  WAIT (f, f->job->phase == PROC_PHASE_STOPPING);
  pid = f->job->pid;
  record = proc_job_to_record (f->job);
  proc_supervisor_free (f->supervisor);
  proc_job_unref (f->job);
  make_supervisor (f);
  f->job = proc_job_from_record (record, NULL);
  g_assert_nonnull (f->job);
  if (gone)
    {
      kill (-pid, SIGKILL);
      f->job->proc_start++;
    }
  proc_supervisor_adopt (f->supervisor, f->job, boot_id, 0, 0);
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_FAILED);
  g_assert_cmpint (f->job->failure, ==, PROC_FAILURE_TIMEOUT);
  g_assert_cmpstr (f->job->error, ==, "ran longer than 300 ms");
}

/* A number that was given to another process is not taken for ours, and never signalled. */
static void
test_adopt_stranger (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) record = NULL;
  g_autofree char *boot_id = proc_boot_id ();
  ProcStat self;

  start (f, "{\"name\":\"a\",\"exec\":\"true\"}");
  WAIT (f, over (f));
  record = proc_job_to_record (f->job);
  json_object_set_string_member (record, "phase", "running");
  proc_stat_read (getpid (), &self);
  json_object_set_int_member (record, "pid", getpid ());
  json_object_set_int_member (record, "proc_start", (gint64)self.start_ticks + 1);
  proc_job_unref (f->job);
  f->job = proc_job_from_record (record, NULL);
  proc_supervisor_adopt (f->supervisor, f->job, boot_id, 0, 0);
  WAIT (f, over (f));
  g_assert_cmpint (f->job->phase, ==, PROC_PHASE_FAILED);
  g_assert_cmpint (f->job->failure, ==, PROC_FAILURE_EXIT_UNKNOWN);
  g_assert_cmpint (f->job->exit_code, ==, -1);
}

/* kill_now: from any thread, all groups. */
static void
test_kill_list (Fixture *f, gconstpointer data)
{
  start (f, "{\"name\":\"a\",\"interpreter\":\"sh\",\"is_process\":true,\"restart\":\"never\","
            "\"script\":\"trap '' TERM; sleep 1000 & sleep 1000\"}");
  WAIT (f, f->job->ready);
  proc_kill_list_kill (f->kill_list);
  WAIT (f, over (f));
  g_assert_cmpint (f->job->signo, ==, SIGKILL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/supervisor/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("succeeds", test_succeeds);
  ADD ("fails", test_fails);
  ADD ("killed-from-outside", test_killed_from_outside);
  ADD ("cannot-start", test_cannot_start);
  ADD ("retries", test_retries);
  ADD ("restarts-while-wanted", test_restarts_while_wanted);
  ADD ("stop", test_stop);
  ADD ("stop-signal-once", test_stop_signal_once);
  ADD ("stop-ignored", test_stop_ignored);
  ADD ("stop-force", test_stop_force);
  ADD ("stop-at-once", test_stop_at_once);
  ADD ("stop-in-backoff", test_stop_in_backoff);
  ADD ("time-limit", test_time_limit);
  ADD ("leftovers", test_leftovers);
  ADD ("stop-takes-descendants", test_stop_takes_descendants);
  ADD ("adopt", test_adopt);
  g_test_add ("/supervisor/adopt-stopping", Fixture, GINT_TO_POINTER (FALSE), set_up, test_adopt_stopping, tear_down);
  g_test_add ("/supervisor/adopt-stopping-gone", Fixture, GINT_TO_POINTER (TRUE), set_up, test_adopt_stopping,
              tear_down);
  ADD ("adopt-stranger", test_adopt_stranger);
  ADD ("kill-list", test_kill_list);
#undef ADD
  return g_test_run ();
}
