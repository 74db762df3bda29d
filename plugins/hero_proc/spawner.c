/* spawner.c: see spawner.h. The loop runs on the spawner's thread, the rest on the service's. */
#include "spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "exit-status.h"
#include "fifo.h"
#include "pid-file.h"
#include "procfs.h"
#include "pty.h"

struct _ProcSpawner
{
  GMainContext *context;
  char *helper;
  guint nofile_soft;
  gsize pipe_bytes;
  GAsyncQueue *requests;
  GThread *thread;
  gint closed;          /* atomic: results are dropped */
  gint64 busy_since_us; /* under lock; 0 = idle */
  GMutex lock;
};

typedef struct
{
  ProcSpawner *spawner; /* a reference: the box outlives proc_spawner_free while results are on their way */
  ProcAction *action;   /* NULL: the thread is to end */
  const ProcSurroundings *surroundings;
  ProcIdentity identity;
  char *service, *action_name, *token, *pid_file, *out_path, *err_path;
  ProcSpawnDone done;
  gpointer data;
  GDestroyNotify destroy;
  ProcSpawnResult result;
} Request;

static void
spawner_clear (gpointer data)
{
  ProcSpawner *self = data;

  g_main_context_unref (self->context);
  g_async_queue_unref (self->requests);
  g_free (self->helper);
  g_mutex_clear (&self->lock);
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
request_free (gpointer data)
{
  Request *request = data;

  /* Started, and nobody left to look after it. */
  if (request->result.pidfd >= 0)
    kill (-request->result.pid, SIGKILL);
  g_clear_pointer (&request->action, proc_action_unref);
  g_free (request->service);
  g_free (request->action_name);
  g_free (request->token);
  g_free (request->pid_file);
  g_strfreev (request->identity.secrets);
  g_free (request->out_path);
  g_free (request->err_path);
  if (request->destroy != NULL)
    request->destroy (request->data);
  close_fd (&request->result.pidfd);
  close_fd (&request->result.out_fd);
  close_fd (&request->result.err_fd);
  g_clear_error (&request->result.error);
  g_clear_error (&request->result.pid_file_error);
  g_atomic_rc_box_release_full (request->spawner, spawner_clear);
  g_free (request);
}

/* argv of the helper in front of the command's own. Borrowed strings, transfer container. */
static char **
with_helper (ProcSpawner *self, const ProcCommand *command, const char *soft)
{
  guint n = g_strv_length (command->argv);
  char **argv = g_new0 (char *, n + 4);

  argv[0] = self->helper;
  argv[1] = (char *)soft;
  argv[2] = command->program;
  memcpy (argv + 3, command->argv, n * sizeof *argv);
  return argv;
}

/* Standard input, output and error of the child. tty: a terminal, which becomes its own since it leads a session; NULL =
 * it has none. */
static void
add_streams (posix_spawn_file_actions_t *actions, const char *tty, const char *out_path, const char *err_path)
{
  posix_spawn_file_actions_addopen (actions, STDIN_FILENO, tty != NULL ? tty : "/dev/null",
                                    tty != NULL ? O_RDWR : O_RDONLY, 0);
  if (tty != NULL)
    {
      posix_spawn_file_actions_adddup2 (actions, STDIN_FILENO, STDOUT_FILENO);
      posix_spawn_file_actions_adddup2 (actions, STDIN_FILENO, STDERR_FILENO);
      return;
    }
  posix_spawn_file_actions_addopen (actions, STDOUT_FILENO, out_path != NULL ? out_path : "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addopen (actions, STDERR_FILENO, err_path != NULL ? err_path : "/dev/null", O_RDWR, 0);
}

/* posix_spawn with all of contract 8.1; 0 or an errno. */
static int
spawn_child (ProcSpawner *self, const ProcCommand *command, const char *tty, const char *out_path,
             const char *err_path, pid_t *pid)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  char soft[16];
  g_autofree char **argv = NULL;
  int result, tries = 0;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, (tty != NULL ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP)
                                             | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup (&attributes, 0);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &all);
  posix_spawn_file_actions_init (&actions);
  add_streams (&actions, tty, out_path, err_path);
  posix_spawn_file_actions_addchdir_np (&actions, command->cwd);
  posix_spawn_file_actions_addclosefrom_np (&actions, 3);
  g_snprintf (soft, sizeof soft, "%u", self->nofile_soft);
  if (self->nofile_soft != 0)
    argv = with_helper (self, command, soft);
  do
    {
      result = posix_spawn (pid, argv != NULL ? self->helper : command->program, &actions, &attributes,
                            argv != NULL ? argv : command->argv, command->envp);
      if (result == ETXTBSY) /* another thread's child may hold a script file just written until it executes */
        g_usleep (5000);
    }
  while (result == ETXTBSY && ++tries < 20);
  posix_spawn_file_actions_destroy (&actions);
  posix_spawnattr_destroy (&attributes);
  return result;
}

/* *tty: path of its terminal, transfer full; NULL = it gets pipes. */
static gboolean
open_streams (ProcSpawner *self, Request *request, char **tty, GError **error)
{
  ProcSpawnResult *result = &request->result;

  if (request->action->tty.enabled)
    {
      *tty = proc_pty_open (&request->action->tty.size, &result->out_fd, &result->err_fd, error);
      return *tty != NULL;
    }
  if (request->out_path == NULL)
    return TRUE;
  result->out_fd = proc_fifo_open (request->out_path, self->pipe_bytes, error);
  if (result->out_fd >= 0)
    result->err_fd = proc_fifo_open (request->err_path, self->pipe_bytes, error);
  return result->err_fd >= 0;
}

static void
serve_request (ProcSpawner *self, Request *request)
{
  ProcSpawnResult *result = &request->result;
  g_autoptr (ProcCommand) command = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *tty = NULL;
  ProcStat stat;
  int code;

  command = proc_command_new (request->action, request->surroundings, &request->identity, &result->error);
  if (command == NULL)
    return;
  if (!open_streams (self, request, &tty, &error))
    {
      result->error = g_error_new (PROC_ERROR, PROC_ERROR_PROCESS, "process error: %s", error->message);
      return;
    }
  code = spawn_child (self, command, tty, request->out_path, request->err_path, &result->pid);
  if (code != 0)
    {
      result->pid = 0;
      result->error = g_error_new (PROC_ERROR, PROC_ERROR_PROCESS, "process error: '%s' cannot be started: %s",
                                   command->program, g_strerror (code));
      return;
    }
  result->pidfd = proc_pidfd_open (result->pid);
  result->start_ticks = proc_stat_read (result->pid, &stat) ? stat.start_ticks : 0;
  if (request->pid_file != NULL)
    proc_pid_file_write (request->pid_file, result->pid, result->start_ticks, &result->pid_file_error);
}

/* Service thread: the result arrives. */
static gboolean
deliver (gpointer data)
{
  Request *request = data;

  if (!g_atomic_int_get (&request->spawner->closed))
    {
      request->done (&request->result, request->data);
      request->result.pidfd = request->result.out_fd = request->result.err_fd = -1;
    }
  return G_SOURCE_REMOVE;
}

static void
set_busy (ProcSpawner *self, gint64 since)
{
  g_mutex_lock (&self->lock);
  self->busy_since_us = since;
  g_mutex_unlock (&self->lock);
}

static gpointer
run (gpointer data)
{
  ProcSpawner *self = data;

  for (;;)
    {
      Request *request = g_async_queue_pop (self->requests);
      g_autoptr (GSource) source = NULL;

      if (request->action == NULL)
        {
          request_free (request);
          return NULL;
        }
      set_busy (self, g_get_monotonic_time ());
      serve_request (self, request);
      set_busy (self, 0);
      source = g_idle_source_new ();
      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, deliver, request, request_free);
      g_source_attach (source, self->context);
    }
}

static Request *
request_new (ProcSpawner *self)
{
  Request *request = g_new0 (Request, 1);

  request->spawner = g_atomic_rc_box_acquire (self);
  request->result.pidfd = request->result.out_fd = request->result.err_fd = -1;
  return request;
}

ProcSpawner *
proc_spawner_new (GMainContext *context, const char *helper, guint nofile_soft, gsize pipe_bytes)
{
  ProcSpawner *self = g_atomic_rc_box_new0 (ProcSpawner);

  self->context = g_main_context_ref (context);
  self->helper = g_strdup (helper);
  self->nofile_soft = nofile_soft;
  self->pipe_bytes = pipe_bytes;
  self->requests = g_async_queue_new_full (request_free);
  g_mutex_init (&self->lock);
  self->thread = g_thread_new ("hero_proc-spawn", run, self);
  return self;
}

void
proc_spawner_free (ProcSpawner *self)
{
  g_atomic_int_set (&self->closed, TRUE);
  g_async_queue_push (self->requests, request_new (self));
  g_thread_join (self->thread);
  g_atomic_rc_box_release_full (self, spawner_clear);
}

void
proc_spawner_spawn (ProcSpawner *self, ProcAction *action, const ProcSurroundings *surroundings,
                    const ProcIdentity *identity, const char *out_path, const char *err_path, ProcSpawnDone done,
                    gpointer data, GDestroyNotify destroy)
{
  Request *request = request_new (self);

  request->action = proc_action_ref (action);
  request->surroundings = surroundings;
  request->identity = *identity;
  request->identity.service = request->service = g_strdup (identity->service);
  request->identity.action = request->action_name = g_strdup (identity->action);
  request->identity.token = request->token = g_strdup (identity->token);
  request->identity.pid_file = request->pid_file = g_strdup (identity->pid_file);
  request->identity.secrets = g_strdupv (identity->secrets);
  request->out_path = g_strdup (out_path);
  request->err_path = g_strdup (err_path);
  request->done = done;
  request->data = data;
  request->destroy = destroy;
  g_async_queue_push (self->requests, request);
}

gint64
proc_spawner_get_busy_us (ProcSpawner *self)
{
  gint64 since;

  g_mutex_lock (&self->lock);
  since = self->busy_since_us;
  g_mutex_unlock (&self->lock);
  return since != 0 ? g_get_monotonic_time () - since : 0;
}
