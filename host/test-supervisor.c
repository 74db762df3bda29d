/*
 * test-supervisor.c: the fixture plugin, which misbehaves as told, under the real loader, the real binder and the real
 * supervisor, once on a thread and once in a child. What ends the whole process is tested from outside (tests/integration).
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <gio/gunixsocketaddress.h>

#include "supervisor.h"
#include "test-tables.h"

#define PATIENCE_S 60

typedef struct _Run Run;
typedef gboolean (*Check) (Run *run); /* TRUE: the scenario is over */

struct _Run
{
  TestTables tables;
  HeroLogger *logger;
  GPtrArray *plans;
  HeroSupervisor *supervisor;
  HeroSupervisorOptions options;
  Check check;
  gint64 begun_us;
  GString *trace; /* states of service "a", in their order */
  guint64 number; /* for the check's own use */
  gboolean asked, answered, timed_out;
};

static HeroUnit *
unit (Run *run, guint index)
{
  return g_ptr_array_index (hero_supervisor_get_units (run->supervisor), index);
}

static HeroState
state (Run *run)
{
  return hero_unit_get_state (unit (run, 0));
}

static void
on_state (const char *name, HeroState from, HeroState to, const char *reason, gpointer data)
{
  Run *run = data;

  if (g_str_equal (name, "a"))
    g_string_append_printf (run->trace, "%s ", hero_state_to_string (to));
}

static gboolean
on_poll (gpointer data)
{
  Run *run = data;

  if (run->check (run))
    {
      hero_supervisor_stop (run->supervisor);
      return G_SOURCE_REMOVE;
    }
  if (g_get_monotonic_time () - run->begun_us > PATIENCE_S * G_USEC_PER_SEC)
    {
      g_test_message ("trace: %s", run->trace->str);
      run->timed_out = TRUE;
      hero_supervisor_stop (run->supervisor);
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

/* Services a (and b) from `tables`, where ISO stands for their isolation; `host`: further keys of the host. */
static Run *
run_new_with (const char *host, const char *tables, gboolean process)
{
  Run *run = g_new0 (Run, 1);
  g_auto (GStrv) parts = g_strsplit (tables, "ISO", -1);
  g_autofree char *body = g_strjoinv (process ? "isolation = \"process\"\n" : "isolation = \"thread\"\n", parts);
  g_autofree char *file = g_strdup_printf (
      "[host]\nbanner = false\ncontrol = false\nstagger_ms = 0\nrestart_delay_ms = 20\nrestart_max = 2\n"
      "start_timeout_s = 20\nlog_level = \"%s\"\n%s%s",
      g_test_verbose () ? "info" : "off", host, body);
  g_autofree char *text = NULL;

  test_tables_load (&run->tables, file);
  run->plans = hero_plans_new (run->tables.config, FALSE);
  text = hero_config_format_diagnostics (run->tables.config);
  g_assert_cmpstr (text, ==, "");
  run->logger = hero_logger_new (run->tables.config, "test");
  run->trace = g_string_new (NULL);
  run->options.program = "test";
  run->supervisor = hero_supervisor_new (run->tables.config, run->logger, run->plans, &run->options);
  hero_status_set_listener (hero_supervisor_get_status (run->supervisor), on_state, run);
  return run;
}

static Run *
run_new (const char *tables, gboolean process)
{
  return run_new_with ("", tables, process);
}

static int
run_until (Run *run, Check check)
{
  guint poll = g_timeout_add (10, on_poll, run);
  int code;

  run->check = check;
  run->begun_us = g_get_monotonic_time ();
  code = hero_supervisor_run (run->supervisor);
  if (g_main_context_find_source_by_id (NULL, poll) != NULL)
    g_source_remove (poll);
  g_assert_false (run->timed_out);
  return code;
}

static char *
socket_path (Run *run, const char *name)
{
  return g_strdup_printf ("%s/s/a/%s", run->tables.dir, name);
}

static void
run_free (Run *run)
{
  g_autofree char *rpc = socket_path (run, "rpc.sock");

  g_assert_false (g_file_test (rpc, G_FILE_TEST_EXISTS));
  hero_supervisor_free (run->supervisor);
  g_ptr_array_unref (run->plans);
  hero_logger_free (run->logger);
  test_tables_clear (&run->tables);
  g_string_free (run->trace, TRUE);
  g_free (run);
}

/* What a client sees of service a. */
static gboolean
answers (Run *run)
{
  g_autofree char *path = socket_path (run, "rpc.sock");
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);
  static const char request[] = "GET /health HTTP/1.0\r\n\r\n";
  char answer[13] = "";

  if (connection == NULL)
    return FALSE;
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                                            strlen (request), NULL, NULL, NULL));
  g_input_stream_read_all (g_io_stream_get_input_stream (G_IO_STREAM (connection)), answer, 12, NULL, NULL, NULL);
  return g_str_equal (answer, "HTTP/1.1 200");
}

/* ------------------------------------------------------------------------------------------------ scenarios, by table */

typedef struct
{
  const char *behaviour;
  const char *more; /* further keys */
  HeroState until;  /* of service a */
  const char *trace_thread, *trace_process; /* the states on the way, NULL = as in the thread */
  const char *error; /* part of last_error */
  guint restarts;
  const char *host; /* further keys of the host */
} Scenario;

static const Scenario scenarios[] = {
  { "works", "", HERO_STATE_READY, "starting ready " },
  { "late_ready", "delay_ms = 300\n", HERO_STATE_READY, "starting ready " },
  { "fails_create", "", HERO_STATE_FAILED, "starting failed ", NULL, "the probe fails in create" },
  { "fails_start", "", HERO_STATE_FAILED, "starting backoff starting backoff starting failed ", NULL,
    "the probe fails in start", 2 },
  { "fails_start", "restart = \"never\"\n", HERO_STATE_FAILED, "starting failed ", NULL, "the probe fails in start" },
  { "fails_start_busy", "", HERO_STATE_FAILED, "starting failed ", NULL, "the probe fails in start" },
  { "fails_start_silently", "restart_max = 1\n", HERO_STATE_FAILED, "starting backoff starting failed ", NULL,
    "did not say why", 1 },
  { "never_ready", "start_timeout_s = 1\n", HERO_STATE_FAILED, "starting failed ", "starting backoff starting backoff starting failed ",
    "start took longer than 1 s" },
  { "late_ready", "delay_ms = 1400\nstart_timeout_s = 1\n", HERO_STATE_READY, "starting failed ready ", "", "start took longer than 1 s" },
  { "fails_serve", "restart_max = 1\n", HERO_STATE_FAILED, "starting backoff starting failed ", NULL,
    "the probe fails in serve", 1 },
  { "fails_later", "delay_ms = 50\nrestart_max = 1\n", HERO_STATE_FAILED,
    "starting ready backoff starting ready failed ", NULL, "the probe failed at run time", 1 },
  { "fails_later_twice", "restart = \"never\"\n", HERO_STATE_FAILED, "starting ready failed ", NULL,
    "the probe failed at run time" },
  { "ends_later", "delay_ms = 50\n", HERO_STATE_STOPPED, "starting ready stopped " },
  { "ends_later", "delay_ms = 50\nrestart = \"always\"\nrestart_max = 1\n", HERO_STATE_STOPPED,
    "starting ready backoff starting ready stopped ", NULL, NULL, 1 },
  { "degrades_later", "", HERO_STATE_DEGRADED, "starting ready degraded " },
  { "blocks_loop", "", HERO_STATE_STALLED, "starting ready stalled ", .host = "watchdog_warn_ms = 400\n" },
  /* Only in a child: on a thread these end the test as well. */
  { "crashes_later", "delay_ms = 200\nrestart_max = 1\n", HERO_STATE_FAILED, "", "starting ready backoff starting ready failed ",
    "was killed by signal 5", 1 },
  { "crashes_in_start", "restart_max = 1\n", HERO_STATE_FAILED, "", "starting backoff starting failed ",
    "was killed by signal 5", 1 },
  { "hangs_in_start", "restart_max = 1\nstart_timeout_s = 1\n", HERO_STATE_FAILED, "", "starting backoff starting failed ",
    "start took longer than 1 s", 1 },
};

static const Scenario *scenario;

static gboolean
reached (Run *run)
{
  return state (run) == scenario->until
         && (hero_state_is_up (scenario->until) || scenario->until == HERO_STATE_STALLED || !hero_unit_is_running (unit (run, 0))
             || g_str_equal (scenario->behaviour, "never_ready"));
}

static void
run_scenario (const Scenario *current, gboolean process)
{
  const char *trace = process && current->trace_process != NULL ? current->trace_process : current->trace_thread;
  g_autofree char *tables = g_strdup_printf ("[a]\nplugin = \"probe.so\"\nbehaviour = \"%s\"\nISO%s[b]\nplugin = \"probe.so\"\n",
                                             current->behaviour, current->more);
  Run *run;
  const GError *error;

  if (*trace == '\0')
    return;
  g_test_message ("%s (%s), %s", current->behaviour, current->more, process ? "process" : "thread");
  run = run_new_with (current->host != NULL ? current->host : "", tables, process);
  scenario = current;
  g_assert_cmpint (run_until (run, reached), ==, 0);
  error = hero_unit_get_error (unit (run, 0));
  g_assert_true (g_str_has_prefix (run->trace->str, trace));
  if (current->error != NULL)
    g_assert_nonnull (strstr (error->message, current->error));
  if (current->restarts > 0)
    g_assert_cmpuint (hero_unit_get_restarts (unit (run, 0)), ==, current->restarts);
  run_free (run);
}

static void
test_scenarios (gconstpointer process)
{
  for (guint i = 0; i < G_N_ELEMENTS (scenarios); i++)
    run_scenario (&scenarios[i], GPOINTER_TO_INT (process));
}

/* ------------------------------------------------------------------------------------------------ scenarios of their own */

static gboolean
both_answer (Run *run)
{
  return state (run) == HERO_STATE_READY && hero_unit_get_state (unit (run, 1)) == HERO_STATE_READY && answers (run);
}

static void
test_two_instances (gconstpointer process)
{
  Run *run = run_new ("[a]\nplugin = \"probe.so\"\nISO[b]\nplugin = \"probe.so\"\nISO", GPOINTER_TO_INT (process));

  g_assert_cmpint (run_until (run, both_answer), ==, 0);
  run_free (run);
}

static void
on_restarted (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  g_autoptr (GError) error = NULL;

  hero_supervisor_restart_finish (run->supervisor, result, &error);
  g_assert_no_error (error);
  run->answered = TRUE;
}

static guint64
inode_of (Run *run)
{
  g_autofree char *path = socket_path (run, "rpc.sock");
  GStatBuf st;

  return g_stat (path, &st) == 0 ? st.st_ino : 0;
}

/* The listener lives on through a restart: same file, and no client is refused at any moment. */
static gboolean
restarts (Run *run)
{
  if (!run->asked && state (run) == HERO_STATE_READY)
    {
      run->asked = TRUE;
      run->number = inode_of (run);
      hero_supervisor_restart_async (run->supervisor, "a", on_restarted, run);
    }
  if (run->asked)
    g_assert_cmpuint (inode_of (run), ==, run->number);
  return run->answered && answers (run);
}

static void
test_restart (gconstpointer process)
{
  Run *run = run_new ("[a]\nplugin = \"probe.so\"\nISO", GPOINTER_TO_INT (process));

  g_assert_cmpint (run_until (run, restarts), ==, 0);
  g_assert_cmpuint (hero_unit_get_restarts (unit (run, 0)), ==, 1);
  g_assert_true (g_str_has_prefix (run->trace->str, "starting ready stopping stopped starting ready "));
  run_free (run);
}

/* Somebody removes the socket: it is noticed, told, and a restart makes it anew. */
static gboolean
loses_socket (Run *run)
{
  g_autofree char *path = socket_path (run, "rpc.sock");

  if (run->number == 0 && state (run) == HERO_STATE_READY)
    {
      run->number = inode_of (run);
      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  if (!run->asked && state (run) == HERO_STATE_DEGRADED)
    {
      run->asked = TRUE;
      g_assert_nonnull (strstr (hero_unit_get_reason (unit (run, 0)), "host.restart"));
      hero_supervisor_restart_async (run->supervisor, "a", on_restarted, run);
    }
  return run->answered && answers (run);
}

static void
test_lost_socket (gconstpointer process)
{
  Run *run = run_new ("[a]\nplugin = \"probe.so\"\nISO", GPOINTER_TO_INT (process));

  g_assert_cmpint (run_until (run, loses_socket), ==, 0);
  g_assert_cmpint (state (run), ==, HERO_STATE_STOPPED);
  run_free (run);
}

static gboolean
is_failed (Run *run)
{
  return state (run) == HERO_STATE_FAILED && hero_unit_get_state (unit (run, 1)) == HERO_STATE_READY;
}

static void
test_foreign_file (gconstpointer process)
{
  Run *run = run_new ("[a]\nplugin = \"probe.so\"\nISO[b]\nplugin = \"probe.so\"\n", GPOINTER_TO_INT (process));
  g_autofree char *folder = g_strdup_printf ("%s/s/a", run->tables.dir);
  g_autofree char *path = socket_path (run, "rpc.sock");
  g_autofree char *text = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, "mine", -1, NULL));
  g_assert_cmpint (run_until (run, is_failed), ==, 0);
  g_assert_cmpstr (run->trace->str, ==, "starting failed ");
  g_assert_nonnull (strstr (hero_unit_get_error (unit (run, 0))->message, "not a socket"));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");
  g_unlink (path);
  run_free (run);
}

/* A TCP address that is taken is a warning of the service, not its end. */
static void
test_tcp_taken (gconstpointer process)
{
  g_autoptr (GSocketListener) taken = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (taken, NULL, NULL);
  g_autofree char *tables
      = g_strdup_printf ("[a]\nplugin = \"probe.so\"\ntcp = \"127.0.0.1:%u\"\nISO[b]\nplugin = \"probe.so\"\n", port);
  Run *run = run_new (tables, GPOINTER_TO_INT (process));

  g_assert_cmpint (run_until (run, both_answer), ==, 0);
  g_assert_nonnull (strstr (hero_sockets_get_warnings (hero_unit_get_sockets (unit (run, 0)))[0], "does not listen"));
  run_free (run);
}

/* ------------------------------------------------------------------------------------------------ exit codes */

static gboolean
never (Run *run)
{
  return FALSE;
}

static void
test_exit_codes (gconstpointer process)
{
  static const struct
  {
    const char *a, *b;
    int code;
  } rows[] = {
    { "behaviour = \"fails_start\"\nrequired = true\n", "", HERO_EXIT_NOT_STARTED },
    { "behaviour = \"fails_start_busy\"\n", "behaviour = \"fails_start_busy\"\n", HERO_EXIT_NOT_STARTED },
    { "behaviour = \"fails_later\"\nrequired = true\nrestart = \"never\"\ndelay_ms = 2500\n", "", HERO_EXIT_LOST },
    { "behaviour = \"ends_later\"\nrequired = true\n", "behaviour = \"ends_later\"\ndelay_ms = 100\n", HERO_EXIT_OK },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *tables = g_strdup_printf ("[a]\nplugin = \"probe.so\"\n%sISO[b]\nplugin = \"probe.so\"\n%sISO",
                                                 rows[i].a, rows[i].b);
      Run *run = run_new (tables, GPOINTER_TO_INT (process));

      g_test_message ("row %u", i);
      g_assert_cmpint (run_until (run, never), ==, rows[i].code);
      run_free (run);
    }
}

static void
add (const char *name, GTestDataFunc func)
{
  g_autofree char *thread = g_strdup_printf ("/supervisor/thread/%s", name);
  g_autofree char *process = g_strdup_printf ("/supervisor/process/%s", name);

  g_test_add_data_func (thread, GINT_TO_POINTER (FALSE), func);
  g_test_add_data_func (process, GINT_TO_POINTER (TRUE), func);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("scenarios", test_scenarios);
  add ("two-instances", test_two_instances);
  add ("restart", test_restart);
  add ("lost-socket", test_lost_socket);
  add ("foreign-file", test_foreign_file);
  add ("tcp-taken", test_tcp_taken);
  add ("exit-codes", test_exit_codes);
  return g_test_run ();
}
