/*
 * runner.c: one service's life on one thread: create, start, ready, serve, stop, destroy. Everything that comes from
 * outside (serve, stop, what the service itself says from another thread) becomes a source of its main context, so the
 * plugin's calls never overlap. The watchdog alone looks in from outside, so that it wakes nobody who has nothing to do.
 */
#include "runner.h"

typedef enum
{
  SAID_READY = 1 << 0,
  SAID_STOPPED = 1 << 1,
} Said;

struct _HeroRunner
{
  HeroPlan *plan;
  HeroLogger *logger;
  HeroContext *context;
  GMainContext *main_context;
  const HeroRunnerEvents *events;
  gpointer data;

  gint waiting;       /* atomic: the loop is in poll */
  guint turns;        /* atomic: how often it came out of poll */
  guint seen_turns;   /* by the watchdog */
  guint said;         /* atomic, Said */
  gint stop_wanted;   /* atomic */

  GMutex self_lock; /* kill_now comes from another thread while destroy may come here */
  gpointer self;

  /* The service's thread alone. */
  gboolean started, stopping, done;
  GError *error; /* the first one counts: what follows it is its consequence */
};

static const HeroServicePlugin *
plugin_of (HeroRunner *self)
{
  return &self->plan->plugin->descriptor;
}

static void
post (HeroRunner *self, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->main_context);
}

/* FALSE without an error, or TRUE with one: the plugin's fault, mended at the boundary. */
static gboolean
check_error (HeroRunner *self, const char *call, gboolean ok, GError **error)
{
  if (ok && *error != NULL)
    {
      hero_logger_printf (self->logger, HERO_LOG_WARN, "%s: %s succeeded and set an error, which is ignored: %s",
                          self->plan->config->name, call, (*error)->message);
      g_clear_error (error);
    }
  if (!ok && *error == NULL)
    g_set_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FAILED, "%s failed and did not say why", call);
  return ok;
}

static void
keep_error (HeroRunner *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
}

/* ------------------------------------------------------------------------------------------------ what it says */

static gboolean
say_once (HeroRunner *self, Said what, const char *name)
{
  if ((g_atomic_int_or (&self->said, what) & what) == 0)
    return TRUE;
  hero_logger_printf (self->logger, HERO_LOG_WARN, "%s: the plugin reported `%s` a second time, which is ignored",
                      self->plan->config->name, name);
  return FALSE;
}

static gboolean
on_heartbeat (gpointer data)
{
  HeroRunner *self = data;

  if (!self->stopping && !self->done)
    self->events->ready (self->data);
  return G_SOURCE_REMOVE;
}

static void
on_ready (gpointer data)
{
  HeroRunner *self = data;

  if (say_once (self, SAID_READY, "ready"))
    post (self, on_heartbeat);
}

typedef struct
{
  HeroRunner *self;
  GError *error;
} Stopped;

static gboolean
take_stopped (gpointer data)
{
  Stopped *stopped = data;

  if (stopped->error != NULL)
    keep_error (stopped->self, g_steal_pointer (&stopped->error));
  stopped->self->done = TRUE;
  return G_SOURCE_REMOVE;
}

/* Never at once: the service is still inside the call that said so, and destroy must not come before it returns. */
static void
on_stopped (const GError *error, gpointer data)
{
  HeroRunner *self = data;
  g_autoptr (GSource) source = NULL;
  Stopped *stopped;

  if (!say_once (self, SAID_STOPPED, "stopped"))
    return;
  stopped = g_new0 (Stopped, 1);
  stopped->self = self;
  stopped->error = error != NULL ? g_error_copy (error) : NULL;

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, take_stopped, stopped, g_free);
  g_source_attach (source, self->main_context);
}

static void
on_degraded (const char *reason, gpointer data)
{
  HeroRunner *self = data;

  self->events->degraded (reason, self->data);
}

static const HeroContextEvents context_events = { .ready = on_ready, .stopped = on_stopped, .degraded = on_degraded };

/* ------------------------------------------------------------------------------------------------ signs of life */

static GPrivate runner_of_thread; /* a poll function is given no data */

static gint
poll_watched (GPollFD *descriptors, guint n, gint timeout_ms)
{
  HeroRunner *self = g_private_get (&runner_of_thread);
  gint ready;

  g_atomic_int_set (&self->waiting, TRUE);
  ready = g_poll (descriptors, n, timeout_ms);
  g_atomic_int_inc (&self->turns);
  g_atomic_int_set (&self->waiting, FALSE);
  return ready;
}

gboolean
hero_runner_take_sign_of_life (HeroRunner *self)
{
  guint turns = g_atomic_int_get (&self->turns);
  gboolean moved = turns != self->seen_turns;

  self->seen_turns = turns;
  return moved || g_atomic_int_get (&self->waiting);
}

/* ------------------------------------------------------------------------------------------------ life */

HeroRunner *
hero_runner_new (HeroPlan *plan, HeroLogger *logger, const HeroRunnerEvents *events, gpointer data)
{
  HeroRunner *self = g_new0 (HeroRunner, 1);

  self->plan = plan;
  self->logger = logger;
  self->events = events;
  self->data = data;
  self->main_context = g_main_context_new ();
  self->context = hero_context_new (plan, logger, self->main_context, &context_events, self);
  g_mutex_init (&self->self_lock);

  g_main_context_set_poll_func (self->main_context, poll_watched);
  return self;
}

void
hero_runner_free (HeroRunner *self)
{
  if (self == NULL)
    return;
  hero_context_free (self->context);
  g_main_context_unref (self->main_context);
  g_mutex_clear (&self->self_lock);
  g_clear_error (&self->error);
  g_free (self);
}

HeroContext *
hero_runner_get_context (HeroRunner *self)
{
  return self->context;
}

static void
set_self (HeroRunner *self, gpointer instance)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->self_lock);

  self->self = instance;
}

static gboolean
create_and_start (HeroRunner *self)
{
  GError *error = NULL;
  gpointer instance = plugin_of (self)->create (hero_context_get_public (self->context), &error);

  if (!check_error (self, "create", instance != NULL, &error))
    {
      keep_error (self, error);
      return FALSE;
    }
  set_self (self, instance);
  if (g_atomic_int_get (&self->stop_wanted))
    return FALSE;

  self->started = TRUE;
  if (check_error (self, "start",
                   plugin_of (self)->start (instance, hero_context_get_cancellable (self->context), &error), &error))
    return TRUE;
  keep_error (self, error);
  return FALSE;
}

gboolean
hero_runner_run (HeroRunner *self, GError **error)
{
  gpointer instance;

  g_private_set (&runner_of_thread, self);
  g_main_context_push_thread_default (self->main_context);
  if (create_and_start (self))
    while (!self->done)
      g_main_context_iteration (self->main_context, TRUE);

  instance = self->self;
  set_self (self, NULL);
  if (instance != NULL)
    plugin_of (self)->destroy (instance);
  g_main_context_pop_thread_default (self->main_context);

  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------ orders */

static gboolean
do_stop (gpointer data)
{
  HeroRunner *self = data;

  if (self->stopping || self->done || !self->started)
    return G_SOURCE_REMOVE;
  self->stopping = TRUE;
  plugin_of (self)->stop (self->self);
  return G_SOURCE_REMOVE;
}

void
hero_runner_stop (HeroRunner *self)
{
  g_atomic_int_set (&self->stop_wanted, TRUE);
  g_cancellable_cancel (hero_context_get_cancellable (self->context));
  post (self, do_stop);
}

static gboolean
do_serve (gpointer data)
{
  HeroRunner *self = data;
  GError *error = NULL;

  if (self->stopping || self->done)
    return G_SOURCE_REMOVE;
  if (check_error (self, "serve", plugin_of (self)->serve (self->self, &error), &error))
    {
      self->events->serving (self->data);
      return G_SOURCE_REMOVE;
    }
  keep_error (self, error);
  return do_stop (self);
}

static void
hand_over (const char *role, const char *protocol, gboolean tcp, int fd, const char *address, gpointer data)
{
  hero_context_add_listener (data, role, tcp, fd, address);
}

void
hero_runner_serve (HeroRunner *self, HeroSockets *sockets)
{
  hero_sockets_foreach (sockets, hand_over, self->context);
  hero_context_set_warnings (self->context, hero_sockets_get_warnings (sockets));
  post (self, do_serve);
}

void
hero_runner_kill_now (HeroRunner *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->self_lock);

  if (self->self != NULL && plugin_of (self)->kill_now != NULL)
    plugin_of (self)->kill_now (self->self);
}
