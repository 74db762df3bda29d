/* driver-thread.c: runs a service on a thread of this process. Made and used on the main thread. */
#include "driver.h"

#include <unistd.h>

typedef struct
{
  HeroDriver parent;
  HeroDriverArgs args;
  HeroRunner *runner;
  GThread *thread;
  GError *error; /* of run; the thread's until it ended */
} ThreadDriver;

/* What the service's thread says is handled on the main thread, in the order in which it was said. */
typedef struct
{
  ThreadDriver *self;
  void (*func) (ThreadDriver *self, const char *text);
  char *text;
} Message;

static gboolean
deliver (gpointer data)
{
  Message *message = data;
  g_autofree char *text = message->text;

  message->func (message->self, text);
  return G_SOURCE_REMOVE;
}

static void
post (ThreadDriver *self, void (*func) (ThreadDriver *self, const char *text), const char *text)
{
  Message *message = g_new0 (Message, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  message->self = self;
  message->func = func;
  message->text = g_strdup (text);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, message, g_free);
  g_source_attach (source, NULL);
}

static void
tell_ready (ThreadDriver *self, const char *text)
{
  self->args.events->ready (self->args.data);
}

static void
tell_serving (ThreadDriver *self, const char *text)
{
  self->args.events->serving (self->args.data);
}

static void
tell_degraded (ThreadDriver *self, const char *text)
{
  self->args.events->degraded (text, self->args.data);
}

static void
tell_ended (ThreadDriver *self, const char *text)
{
  g_thread_join (g_steal_pointer (&self->thread));
  self->args.events->ended (self->error, self->args.data);
}

static void
on_ready (gpointer data)
{
  post (data, tell_ready, NULL);
}

static void
on_serving (gpointer data)
{
  post (data, tell_serving, NULL);
}

static void
on_degraded (const char *reason, gpointer data)
{
  post (data, tell_degraded, reason);
}

static const HeroRunnerEvents runner_events = { .ready = on_ready, .serving = on_serving, .degraded = on_degraded };

static gpointer
run (gpointer data)
{
  ThreadDriver *self = data;

  hero_logger_set_thread_service (self->args.plan->config->name);
  hero_runner_run (self->runner, &self->error);
  post (self, tell_ended, NULL);
  return NULL;
}

/* ------------------------------------------------------------------------------------------------ orders */

static void
thread_serve (HeroDriver *driver)
{
  ThreadDriver *self = (ThreadDriver *) driver;

  hero_runner_serve (self->runner, self->args.sockets);
}

static void
thread_stop (HeroDriver *driver)
{
  hero_runner_stop (((ThreadDriver *) driver)->runner);
}

/* A thread cannot be ended from outside without breaking the process. */
static gboolean
thread_kill (HeroDriver *driver)
{
  return FALSE;
}

static void
thread_kill_now (HeroDriver *driver)
{
  hero_runner_kill_now (((ThreadDriver *) driver)->runner);
}

static void
thread_abort (HeroDriver *driver)
{
}

static gboolean
thread_take_sign_of_life (HeroDriver *driver)
{
  return hero_runner_take_sign_of_life (((ThreadDriver *) driver)->runner);
}

static void
thread_set_degraded (HeroDriver *driver, const char *reason)
{
  hero_context_set_degraded (hero_runner_get_context (((ThreadDriver *) driver)->runner), reason);
}

static pid_t
thread_get_pid (HeroDriver *driver)
{
  return getpid ();
}

static void
thread_free (HeroDriver *driver)
{
  ThreadDriver *self = (ThreadDriver *) driver;

  hero_runner_free (self->runner);
  g_clear_error (&self->error);
  g_free (self);
}

static const HeroDriverClass thread_class = {
  .serve = thread_serve,
  .stop = thread_stop,
  .kill = thread_kill,
  .kill_now = thread_kill_now,
  .abort = thread_abort,
  .take_sign_of_life = thread_take_sign_of_life,
  .set_degraded = thread_set_degraded,
  .get_pid = thread_get_pid,
  .free = thread_free,
};

HeroDriver *
hero_thread_driver_new (const HeroDriverArgs *args, GError **error)
{
  ThreadDriver *self = g_new0 (ThreadDriver, 1);

  self->parent.class = &thread_class;
  self->args = *args;
  self->runner = hero_runner_new (args->plan, args->logger, &runner_events, self);
  hero_context_set_owner (hero_runner_get_context (self->runner), args->owner);
  self->thread = g_thread_try_new (args->plan->config->name, run, self, error);
  if (self->thread != NULL)
    return &self->parent;
  thread_free (&self->parent);
  return NULL;
}
