/*
 * driver-process.c: runs a service in a child, hero_plugin_run, which reads the same configuration. Listening sockets go
 * down as LISTEN_FDS, readiness, state and heartbeats come back by NOTIFY_SOCKET, its log as JSON lines by stdout. A pipe
 * says when to serve (one byte) and that we are gone (its end). Main thread.
 */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gio/gunixinputstream.h>
#include <glib-unix.h>

#include "notify.h"
#include "process.h"
#include "state.h"

#define FIRST_FD 3
#define MAX_LINE (256 * 1024)
/* What a child gets at a forced exit to kill its own children before it is killed itself. */
#define FORCED_EXIT_MS 300

typedef struct
{
  HeroDriver parent;
  HeroDriverArgs args;
  GSubprocess *child;
  pid_t pid;
  HeroNotifyReceiver *receiver;
  int serve_fd;
  int stdout_fd;
  guint stdout_source;
  GString *line;
  gboolean alive, serving, stopping;
  char *reason; /* X_HERO_REASON, which precedes the state it belongs to */
  int code;
  GError *error; /* the child's own account of its failure */
} ProcessDriver;

/* ------------------------------------------------------------------------------------------------ its log */

static void
forward_lines (ProcessDriver *self, gboolean rest)
{
  char *start = self->line->str, *end;

  while ((end = strchr (start, '\n')) != NULL)
    {
      *end = '\0';
      hero_logger_forward_json (self->args.logger, self->args.plan->config->name, start);
      start = end + 1;
    }
  g_string_erase (self->line, 0, start - self->line->str);
  if (self->line->len > (rest ? 0 : MAX_LINE))
    {
      hero_logger_forward_json (self->args.logger, self->args.plan->config->name, self->line->str);
      g_string_truncate (self->line, 0);
    }
}

/* FALSE at the end of the stream or when nothing more is there. */
static gboolean
read_stdout (ProcessDriver *self)
{
  char buffer[16384];
  gssize size = read (self->stdout_fd, buffer, sizeof buffer);

  if (size <= 0)
    return FALSE;
  for (gssize i = 0; i < size; i++)
    if (buffer[i] == '\0')
      buffer[i] = ' ';
  g_string_append_len (self->line, buffer, size);
  forward_lines (self, FALSE);
  return TRUE;
}

static gboolean
on_stdout (int fd, GIOCondition condition, gpointer data)
{
  ProcessDriver *self = data;

  if (read_stdout (self) || errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  self->stdout_source = 0;
  return G_SOURCE_REMOVE;
}

/* ------------------------------------------------------------------------------------------------ what it says */

static void
on_state (ProcessDriver *self, const char *word)
{
  HeroState state;

  if (!hero_state_from_string (word, &state))
    return;
  if (hero_state_is_up (state))
    {
      if (state == HERO_STATE_DEGRADED || self->serving)
        self->args.events->degraded (state == HERO_STATE_DEGRADED ? self->reason : NULL, self->args.data);
      if (!self->serving)
        self->args.events->serving (self->args.data);
      self->serving = TRUE;
    }
  else if (state == HERO_STATE_FAILED)
    {
      g_clear_error (&self->error);
      self->error = g_error_new_literal (HERO_PLUGIN_ERROR, self->code, self->reason != NULL ? self->reason : "it failed");
    }
}

static void
on_notify (const char *name, const char *value, gpointer data)
{
  ProcessDriver *self = data;

  if (g_str_equal (name, "WATCHDOG"))
    self->alive = TRUE;
  else if (g_str_equal (name, "READY"))
    self->args.events->ready (self->args.data);
  else if (g_str_equal (name, "X_HERO_CODE"))
    self->code = (int) g_ascii_strtoll (value, NULL, 10);
  else if (g_str_equal (name, "X_HERO_REASON"))
    {
      g_free (self->reason);
      self->reason = g_strdup (value);
    }
  else if (g_str_equal (name, "X_HERO_STATE"))
    on_state (self, value);
}

static GError *
account_of (ProcessDriver *self)
{
  if (g_subprocess_get_if_signaled (self->child))
    {
      int number = g_subprocess_get_term_sig (self->child);

      if (self->stopping && number == SIGTERM) /* it came before the child could have an opinion about it */
        return NULL;
      return g_error_new (HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FAILED, "its process %d was killed by signal %d (%s)",
                          (int) self->pid, number, g_strsignal (number));
    }
  if (self->error != NULL)
    return g_steal_pointer (&self->error);
  if (g_subprocess_get_exit_status (self->child) == 0)
    return NULL;
  return g_error_new (HERO_PLUGIN_ERROR,
                      g_subprocess_get_exit_status (self->child) == 2 ? HERO_PLUGIN_ERROR_CONFIG : HERO_PLUGIN_ERROR_FAILED,
                      "its process %d exited with code %d", (int) self->pid, g_subprocess_get_exit_status (self->child));
}

static void
on_exited (GObject *source, GAsyncResult *result, gpointer data)
{
  ProcessDriver *self = data;
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_finish (self->child, result, NULL);
  hero_notify_receiver_drain (self->receiver);
  while (read_stdout (self))
    ;
  forward_lines (self, TRUE);
  error = account_of (self);
  self->pid = 0;
  self->args.events->ended (error, self->args.data);
}

/* ------------------------------------------------------------------------------------------------ start */

typedef struct
{
  GSubprocessLauncher *launcher;
  GString *names;
  const char *service;
  int count;
  GError *error;
} Inheritance;

static void
inherit (const char *role, const char *protocol, gboolean tcp, int fd, const char *address, gpointer data)
{
  Inheritance *self = data;
  int copy;

  if (fd < 0 || self->error != NULL)
    return;
  copy = fcntl (fd, F_DUPFD_CLOEXEC, FIRST_FD);
  if (copy < 0)
    {
      g_set_error (&self->error, G_IO_ERROR, g_io_error_from_errno (errno), "cannot pass on %s: %s", address, g_strerror (errno));
      return;
    }
  g_subprocess_launcher_take_fd (self->launcher, copy, FIRST_FD + self->count);
  g_string_append_printf (self->names, "%s%s.%s", self->count > 0 ? ":" : "", self->service, role);
  self->count++;
}

static char *
find_program (void)
{
  g_autofree char *exe = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = exe != NULL ? g_path_get_dirname (exe) : NULL;
  g_autofree char *beside = folder != NULL ? g_build_filename (folder, "hero_plugin_run", NULL) : NULL;

  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);
  return g_build_filename (HERO_BINDIR, "hero_plugin_run", NULL);
}

/* Between fork and exec: only system calls. A terminal's Ctrl-C is for the host alone, which then stops its children. */
static void
set_up_child (gpointer data)
{
  const struct rlimit *limit = data;

  setpgid (0, 0);
  if (limit->rlim_cur > 0)
    setrlimit (RLIMIT_NOFILE, limit);
}

static void
set_environment (ProcessDriver *self, Inheritance *sockets, int serve_target)
{
  GSubprocessLauncher *launcher = sockets->launcher;
  g_autofree char *count = g_strdup_printf ("%d", sockets->count);
  g_autofree char *serve = g_strdup_printf ("%d", serve_target);
  g_autofree char *watchdog = g_strdup_printf ("%u", self->args.look_ms * 1000);

  g_subprocess_launcher_set_environ (launcher, self->args.plan->host->environment);
  g_subprocess_launcher_unsetenv (launcher, "LISTEN_PID");
  g_subprocess_launcher_unsetenv (launcher, "WATCHDOG_PID");
  g_subprocess_launcher_setenv (launcher, "LISTEN_FDS", count, TRUE);
  g_subprocess_launcher_setenv (launcher, "LISTEN_FDNAMES", sockets->names->str, TRUE);
  g_subprocess_launcher_setenv (launcher, "HERO_SERVE_FD", serve, TRUE);
  g_subprocess_launcher_setenv (launcher, "WATCHDOG_USEC", watchdog, TRUE);
  g_subprocess_launcher_setenv (launcher, "NOTIFY_SOCKET", hero_notify_receiver_get_address (self->receiver), TRUE);
}

static gboolean
spawn (ProcessDriver *self, GError **error)
{
  HeroPlan *plan = self->args.plan;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *program = find_program ();
  Inheritance sockets = { .launcher = launcher, .names = names, .service = plan->config->name };
  struct rlimit limit = { 0 };
  const char *argv[] = { program, plan->config->name, NULL, NULL, NULL };
  int serve[2];

  hero_sockets_foreach (self->args.sockets, inherit, &sockets);
  if (sockets.error != NULL)
    {
      g_propagate_error (error, sockets.error);
      return FALSE;
    }
  if (!g_unix_open_pipe (serve, FD_CLOEXEC, error))
    return FALSE;
  self->serve_fd = serve[1];
  g_subprocess_launcher_take_fd (launcher, serve[0], FIRST_FD + sockets.count);
  set_environment (self, &sockets, FIRST_FD + sockets.count);

  if (plan->host->present)
    {
      argv[2] = "--config";
      argv[3] = plan->host->path;
    }
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = hero_process_get_original_nofile (plan->host);
  g_subprocess_launcher_set_child_setup (launcher, set_up_child, &limit, NULL);
  self->child = g_subprocess_launcher_spawnv (launcher, argv, error);
  return self->child != NULL;
}

/* ------------------------------------------------------------------------------------------------ orders */

static void
process_serve (HeroDriver *driver)
{
  ProcessDriver *self = (ProcessDriver *) driver;

  (void) !write (self->serve_fd, "s", 1);
}

static void
process_stop (HeroDriver *driver)
{
  ProcessDriver *self = (ProcessDriver *) driver;

  self->stopping = TRUE;
  g_subprocess_send_signal (self->child, SIGTERM);
}

static gboolean
process_kill (HeroDriver *driver)
{
  g_subprocess_force_exit (((ProcessDriver *) driver)->child);
  return TRUE;
}

/* For a child that is stopping this is its second signal: it kills what it started, then leaves. No loop runs here now. */
static void
process_kill_now (HeroDriver *driver)
{
  ProcessDriver *self = (ProcessDriver *) driver;
  struct pollfd gone = { .fd = self->pid > 0 ? (int) syscall (SYS_pidfd_open, self->pid, 0) : -1, .events = POLLIN };

  if (self->pid == 0)
    return;
  kill (self->pid, SIGTERM);
  if (gone.fd < 0 || poll (&gone, 1, FORCED_EXIT_MS) <= 0)
    kill (self->pid, SIGKILL);
  if (gone.fd >= 0)
    close (gone.fd);
}

static void
process_abort (HeroDriver *driver)
{
  g_subprocess_send_signal (((ProcessDriver *) driver)->child, SIGABRT);
}

/* The child watches its service itself and sends WATCHDOG=1 for every sign of life. */
static gboolean
process_take_sign_of_life (HeroDriver *driver)
{
  ProcessDriver *self = (ProcessDriver *) driver;
  gboolean alive = self->alive;

  self->alive = FALSE;
  return alive;
}

/* The child looks after its socket files itself. */
static void
process_set_degraded (HeroDriver *driver, const char *reason)
{
}

static pid_t
process_get_pid (HeroDriver *driver)
{
  return ((ProcessDriver *) driver)->pid;
}

static void
process_free (HeroDriver *driver)
{
  ProcessDriver *self = (ProcessDriver *) driver;

  if (self->stdout_source != 0)
    g_source_remove (self->stdout_source);
  if (self->serve_fd >= 0)
    close (self->serve_fd);
  g_clear_pointer (&self->receiver, hero_notify_receiver_free);
  g_clear_object (&self->child);
  g_clear_error (&self->error);
  g_string_free (self->line, TRUE);
  g_free (self->reason);
  g_free (self);
}

static const HeroDriverClass process_class = {
  .serve = process_serve,
  .stop = process_stop,
  .kill = process_kill,
  .kill_now = process_kill_now,
  .abort = process_abort,
  .take_sign_of_life = process_take_sign_of_life,
  .set_degraded = process_set_degraded,
  .get_pid = process_get_pid,
  .free = process_free,
};

HeroDriver *
hero_process_driver_new (const HeroDriverArgs *args, GError **error)
{
  ProcessDriver *self = g_new0 (ProcessDriver, 1);
  const char *identifier;

  self->parent.class = &process_class;
  self->args = *args;
  self->serve_fd = -1;
  self->line = g_string_new (NULL);
  self->receiver = hero_notify_receiver_new (on_notify, self, error);
  if (self->receiver == NULL || !spawn (self, error))
    {
      process_free (&self->parent);
      return NULL;
    }

  /* A child that has ended already has no identifier any more: what it said cannot be told from a stranger's words. */
  identifier = g_subprocess_get_identifier (self->child);
  self->pid = identifier != NULL ? (pid_t) g_ascii_strtoll (identifier, NULL, 10) : 0;
  hero_notify_receiver_set_pid (self->receiver, self->pid);
  self->stdout_fd = g_unix_input_stream_get_fd (G_UNIX_INPUT_STREAM (g_subprocess_get_stdout_pipe (self->child)));
  g_unix_set_fd_nonblocking (self->stdout_fd, TRUE, NULL);
  self->stdout_source = g_unix_fd_add (self->stdout_fd, G_IO_IN | G_IO_HUP, on_stdout, self);
  g_subprocess_wait_async (self->child, NULL, on_exited, self);
  return &self->parent;
}
