/*
 * unit.c: one supervised service. Every change of its state goes through set_state; every end of an instance through
 * on_ended, which decides by what was wanted. Main thread.
 */
#include "unit.h"

#include "watchdog.h"

typedef enum
{
  WANT_RUN,
  WANT_RESTART,
  WANT_STOP,
} Want;

typedef struct
{
  HeroUnitRestarted done;
  gpointer data;
} Waiter;

struct _HeroUnit
{
  const HeroUnitEnv *env;
  HeroPlan *plan;
  gpointer owner;
  HeroSockets *sockets;
  HeroDriver *driver; /* NULL = no instance */
  HeroState state;
  Want want;
  GArray *waiters; /* Waiter: who asked for a restart */

  GError *error;     /* why it last failed */
  GError *verdict;   /* ours about the running instance, set before we end it; beats what it says itself */
  char *own_reason;  /* why the service says it is degraded */
  char *lost_reason; /* a socket was removed behind its back */

  guint attempts, restarts;
  gint64 started_us, ready_us, ready_ms;
  gboolean said_ready, gate_open, late, stuck;
  guint timer; /* start limit, back-off or stop limit: one at a time */

  guint missed;
  gboolean looked, alive, hang_told;
};

static void launch (HeroUnit *self);

/* ------------------------------------------------------------------------------------------------ small things */

static void
set_timer (HeroUnit *self, guint ms, GSourceFunc func)
{
  if (self->timer != 0)
    g_source_remove (self->timer);
  self->timer = func != NULL ? g_timeout_add (ms, func, self) : 0;
}

static void
log_state (HeroUnit *self, HeroState from, HeroState to, const char *reason)
{
  static const HeroLogLevel levels[HERO_N_STATES] = {
    [HERO_STATE_DEGRADED] = HERO_LOG_WARN, [HERO_STATE_STALLED] = HERO_LOG_ERROR, [HERO_STATE_BACKOFF] = HERO_LOG_WARN,
    [HERO_STATE_FAILED] = HERO_LOG_ERROR,
  };
  g_autoptr (GVariantDict) fields = g_variant_dict_new (NULL);

  /* The host's own service is degraded by what others do, and they say so themselves. */
  if (self->env->quiet
      || (self->plan->config == self->plan->host->control_service && from != HERO_STATE_STARTING && hero_state_is_up (to)))
    return;
  if (to == HERO_STATE_READY && from == HERO_STATE_STARTING)
    g_variant_dict_insert (fields, "ms", "x", self->ready_ms);
  if (reason != NULL)
    g_variant_dict_insert (fields, "reason", "s", reason);
  hero_logger_write (self->env->logger, self->plan->config->name, levels[to] != 0 ? levels[to] : HERO_LOG_INFO,
                     hero_state_to_string (to), g_variant_dict_end (fields));
}

static void
answer_waiters (HeroUnit *self, const GError *error)
{
  g_autoptr (GArray) waiters = g_steal_pointer (&self->waiters);

  self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (waiters, Waiter, i);

      waiter->done (self, error, waiter->data);
    }
}

static void
set_state (HeroUnit *self, HeroStateEvent event, const char *reason)
{
  HeroState from = self->state, to = hero_state_next (from, event);

  if (to == from)
    return;
  self->state = to;
  log_state (self, from, to, reason);
  self->env->changed (self, from, to, reason, self->env->data);
  if (hero_state_is_up (to) || to == HERO_STATE_FAILED || to == HERO_STATE_BACKOFF)
    answer_waiters (self, NULL);
}

/* The last failure stays known, also when the service works again or ended cleanly. */
static void
set_error (HeroUnit *self, const GError *error)
{
  if (error == NULL)
    return;
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
}

/* ------------------------------------------------------------------------------------------------ health */

const char *
hero_unit_get_reason (HeroUnit *self)
{
  return self->lost_reason != NULL ? self->lost_reason : self->own_reason;
}

/* The state of an instance that serves. */
static void
show_health (HeroUnit *self)
{
  const char *reason = hero_unit_get_reason (self);

  set_state (self, reason != NULL ? HERO_EVENT_WORKS_IN_PART : HERO_EVENT_WORKS, reason);
}

static gboolean
is_serving (HeroUnit *self)
{
  return hero_state_is_up (self->state) || self->state == HERO_STATE_STALLED;
}

static void
on_degraded (const char *reason, gpointer data)
{
  HeroUnit *self = data;

  g_free (self->own_reason);
  self->own_reason = g_strdup (reason);
  if (hero_state_is_up (self->state))
    show_health (self);
}

void
hero_unit_check_sockets (HeroUnit *self)
{
  g_autofree char *lost = is_serving (self) ? hero_sockets_find_lost (self->sockets) : NULL;

  if (!is_serving (self) || g_strcmp0 (lost, self->lost_reason) == 0)
    return;
  if (lost != NULL && !self->env->quiet)
    hero_logger_write (self->env->logger, self->plan->config->name, HERO_LOG_ERROR, lost, NULL);
  g_free (self->lost_reason);
  self->lost_reason = g_steal_pointer (&lost);
  self->driver->class->set_degraded (self->driver, self->lost_reason);
  if (hero_state_is_up (self->state))
    show_health (self);
}

gboolean
hero_unit_tick (HeroUnit *self)
{
  g_autofree char *reason = NULL;
  HeroVitality vitality;

  if (self->driver == NULL || !is_serving (self))
    return FALSE;
  if (self->driver->class->take_sign_of_life (self->driver) || !self->looked)
    self->missed = 0;
  else
    self->missed++;
  self->alive = self->looked && self->missed == 0;
  self->looked = TRUE;

  vitality = hero_watchdog_judge (self->missed, self->env->look_ms, self->env->warn_ms, self->env->fail_s);
  if (vitality == HERO_ALIVE)
    {
      self->hang_told = FALSE;
      if (self->state == HERO_STATE_STALLED)
        show_health (self);
      return FALSE;
    }
  reason = g_strdup_printf ("its main context has not answered for %u ms", self->missed * self->env->look_ms);
  set_state (self, HERO_EVENT_HANGS, reason);
  if (vitality != HERO_HUNG || self->hang_told)
    return FALSE;
  self->hang_told = TRUE;
  hero_logger_write (self->env->logger, self->plan->config->name, HERO_LOG_ERROR, reason, NULL);
  if (self->env->abort_hung)
    self->driver->class->abort (self->driver);
  return TRUE;
}

gboolean
hero_unit_take_sign_of_life (HeroUnit *self)
{
  gboolean alive = self->alive;

  self->alive = FALSE;
  return alive;
}

/* ------------------------------------------------------------------------------------------------ the end of an instance */

static gboolean
on_backoff_over (gpointer data)
{
  HeroUnit *self = data;

  self->timer = 0;
  self->attempts++;
  self->restarts++;
  launch (self);
  return G_SOURCE_REMOVE;
}

/* It is gone, or never came to be; error NULL = cleanly. Nothing of it is left but the sockets. */
static void
settle (HeroUnit *self, const GError *error)
{
  HeroServiceConfig *config = self->plan->config;
  const HeroRestartPolicy policy
      = { config->restart, config->restart_delay_ms, config->restart_max_delay_ms, config->restart_max };
  gint64 up_us = self->ready_us > 0 ? g_get_monotonic_time () - self->ready_us : 0;
  g_autofree char *reason = NULL;
  guint delay_ms;

  set_error (self, error);
  hero_sockets_close (self->sockets);
  if (up_us >= (gint64) config->restart_stable_s * G_USEC_PER_SEC)
    self->attempts = 0;

  if (self->want == WANT_RUN && hero_restart_decide (&policy, self->attempts, error, &delay_ms))
    {
      reason = g_strdup_printf ("%s; next start in %u ms", error != NULL ? error->message : "it ended", delay_ms);
      set_timer (self, delay_ms, on_backoff_over);
      set_state (self, HERO_EVENT_FAILED_RETRY, reason);
    }
  else if (error != NULL)
    set_state (self, HERO_EVENT_FAILED, error->message);
  else
    set_state (self, HERO_EVENT_ENDED, NULL);
}

static void
on_ended (const GError *said, gpointer data)
{
  HeroUnit *self = data;
  g_autoptr (GError) error = self->verdict != NULL ? g_steal_pointer (&self->verdict) : said != NULL ? g_error_copy (said) : NULL;

  set_timer (self, 0, NULL);
  self->driver->class->free (g_steal_pointer (&self->driver));
  g_clear_pointer (&self->own_reason, g_free);
  g_clear_pointer (&self->lost_reason, g_free);
  if (self->want != WANT_RESTART)
    {
      settle (self, error);
      return;
    }

  /* The sockets stay: clients wait in their backlog. Those that were removed behind our back are made anew. */
  self->want = WANT_RUN;
  set_error (self, error);
  set_state (self, HERO_EVENT_ENDED, NULL);
  hero_sockets_drop_lost (self->sockets);
  self->restarts++;
  launch (self);
}

/* Ends the running instance because of `verdict` (taken). */
static void
condemn (HeroUnit *self, GError *verdict)
{
  g_clear_error (&self->verdict);
  self->verdict = verdict;
  self->driver->class->stop (self->driver);
}

/* ------------------------------------------------------------------------------------------------ the start of an instance */

/* What the binder refuses concerns the operator; another attempt would meet the same. */
static GError *
refusal (const GError *reason)
{
  return g_error_new_literal (HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_BUSY, reason->message);
}

static void
publish (HeroUnit *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->said_ready || (self->env->wait_for_gate && !self->gate_open))
    return;
  if (!hero_sockets_publish (self->sockets, &error))
    {
      condemn (self, refusal (error));
      return;
    }
  for (const char *const *text = hero_sockets_get_warnings (self->sockets); *text != NULL; text++)
    hero_logger_write (self->env->logger, self->plan->config->name, HERO_LOG_WARN, *text, NULL);
  self->driver->class->serve (self->driver);
}

static void
on_ready (gpointer data)
{
  HeroUnit *self = data;

  if (self->want != WANT_RUN || self->verdict != NULL)
    return;
  self->said_ready = TRUE;
  self->env->ready (self, self->env->data);
  publish (self);
}

void
hero_unit_open_gate (HeroUnit *self)
{
  self->gate_open = TRUE;
  publish (self);
}

static void
on_serving (gpointer data)
{
  HeroUnit *self = data;

  if (self->want != WANT_RUN)
    return;
  set_timer (self, 0, NULL);
  self->ready_us = g_get_monotonic_time ();
  self->ready_ms = (self->ready_us - self->started_us) / 1000;
  self->missed = 0;
  self->looked = FALSE;
  show_health (self);
}

static const HeroDriverEvents driver_events
    = { .ready = on_ready, .serving = on_serving, .degraded = on_degraded, .ended = on_ended };

static gboolean
on_start_late (gpointer data)
{
  HeroUnit *self = data;
  g_autoptr (GError) error = g_error_new (HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_FAILED, "start took longer than %u s",
                                          self->plan->config->start_timeout_s);

  self->timer = 0;
  if (self->driver->class->kill (self->driver))
    {
      self->verdict = g_steal_pointer (&error);
      return G_SOURCE_REMOVE;
    }
  set_error (self, error);
  set_state (self, HERO_EVENT_LATE, error->message);
  return G_SOURCE_REMOVE;
}

static HeroDriver *
new_driver (HeroUnit *self, GError **error)
{
  const HeroDriverArgs args = { .plan = self->plan, .logger = self->env->logger, .sockets = self->sockets,
                                .owner = self->owner, .look_ms = self->env->look_ms, .events = &driver_events, .data = self };

  return self->plan->config->isolation == HERO_ISOLATION_PROCESS ? hero_process_driver_new (&args, error)
                                                                 : hero_thread_driver_new (&args, error);
}

static void
launch (HeroUnit *self)
{
  g_autoptr (GError) error = NULL, reason = NULL;

  self->want = WANT_RUN;
  self->said_ready = FALSE;
  self->started_us = g_get_monotonic_time ();
  self->ready_us = 0;
  set_state (self, HERO_EVENT_START, NULL);

  if (self->plan->error != NULL)
    error = g_error_copy (self->plan->error);
  else if (hero_sockets_prepare (self->sockets, &reason))
    self->driver = new_driver (self, &error);
  else
    error = refusal (reason);

  if (self->driver == NULL)
    settle (self, error);
  else if (self->plan->config->start_timeout_s > 0)
    set_timer (self, self->plan->config->start_timeout_s * 1000, on_start_late);
}

/* ------------------------------------------------------------------------------------------------ orders */

HeroUnit *
hero_unit_new (const HeroUnitEnv *env, HeroPlan *plan, HeroInherited *inherited, gpointer owner)
{
  HeroUnit *self = g_new0 (HeroUnit, 1);

  self->env = env;
  self->plan = plan;
  self->owner = owner;
  self->sockets = hero_sockets_new (plan, inherited);
  self->state = HERO_STATE_STOPPED;
  self->ready_ms = -1;
  self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  return self;
}

void
hero_unit_free (HeroUnit *self)
{
  if (self == NULL)
    return;
  g_return_if_fail (self->driver == NULL);
  set_timer (self, 0, NULL);
  hero_sockets_free (self->sockets);
  g_array_unref (self->waiters);
  g_clear_error (&self->error);
  g_clear_error (&self->verdict);
  g_free (self->own_reason);
  g_free (self->lost_reason);
  g_free (self);
}

void
hero_unit_start (HeroUnit *self)
{
  if (self->driver == NULL)
    launch (self);
}

static gboolean
on_stop_late (gpointer data)
{
  HeroUnit *self = data;

  self->timer = 0;
  self->late = TRUE;
  self->stuck = !self->driver->class->kill (self->driver);
  self->env->late (self, self->env->data);
  return G_SOURCE_REMOVE;
}

void
hero_unit_stop (HeroUnit *self, guint limit_s)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the bundle stops");
  gboolean told = self->want != WANT_RUN && self->driver != NULL;

  self->want = WANT_STOP;
  set_timer (self, 0, NULL);
  answer_waiters (self, error);
  if (self->driver != NULL || self->state == HERO_STATE_BACKOFF)
    set_state (self, HERO_EVENT_STOP, NULL);
  if (self->driver == NULL)
    return;
  set_timer (self, MIN (limit_s, self->plan->config->stop_timeout_s) * 1000, on_stop_late);
  if (!told)
    self->driver->class->stop (self->driver);
}

gboolean
hero_unit_was_late (HeroUnit *self)
{
  return self->late;
}

gboolean
hero_unit_is_stuck (HeroUnit *self)
{
  return self->stuck;
}

static gboolean
on_restart_late (gpointer data)
{
  HeroUnit *self = data;
  g_autoptr (GError) error = NULL;

  self->timer = 0;
  if (self->driver->class->kill (self->driver))
    return G_SOURCE_REMOVE;
  error = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s has not stopped within %u s and cannot be ended from outside",
                       self->plan->config->name, self->plan->config->stop_timeout_s);
  hero_logger_write (self->env->logger, self->plan->config->name, HERO_LOG_ERROR, error->message, NULL);
  answer_waiters (self, error);
  return G_SOURCE_REMOVE;
}

void
hero_unit_restart (HeroUnit *self, HeroUnitRestarted done, gpointer data)
{
  Waiter waiter = { done, data };
  g_autoptr (GError) error = NULL;

  if (self->want == WANT_STOP)
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the bundle stops");
  else if (self->want == WANT_RESTART && self->timer == 0)
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s hangs in stop", self->plan->config->name);
  if (error != NULL)
    {
      done (self, error, data);
      return;
    }
  g_array_append_val (self->waiters, waiter);
  if (self->want == WANT_RESTART) /* one is on its way and answers for both */
    return;

  self->attempts = 0;
  if (self->driver == NULL)
    {
      set_timer (self, 0, NULL);
      self->restarts++;
      launch (self);
      return;
    }
  self->want = WANT_RESTART;
  set_state (self, HERO_EVENT_STOP, "host.restart");
  set_timer (self, self->plan->config->stop_timeout_s * 1000, on_restart_late);
  self->driver->class->stop (self->driver);
}

void
hero_unit_kill_now (HeroUnit *self)
{
  if (self->driver != NULL)
    self->driver->class->kill_now (self->driver);
  hero_sockets_close (self->sockets);
}

/* ------------------------------------------------------------------------------------------------ looking */

HeroPlan *
hero_unit_get_plan (HeroUnit *self)
{
  return self->plan;
}

const char *
hero_unit_get_name (HeroUnit *self)
{
  return self->plan->config->name;
}

HeroState
hero_unit_get_state (HeroUnit *self)
{
  return self->state;
}

gboolean
hero_unit_is_running (HeroUnit *self)
{
  return self->driver != NULL;
}

const GError *
hero_unit_get_error (HeroUnit *self)
{
  return self->error;
}

pid_t
hero_unit_get_pid (HeroUnit *self)
{
  return self->driver != NULL ? self->driver->class->get_pid (self->driver) : 0;
}

guint
hero_unit_get_restarts (HeroUnit *self)
{
  return self->restarts;
}

gint64
hero_unit_get_ready_ms (HeroUnit *self)
{
  return self->ready_ms;
}

HeroSockets *
hero_unit_get_sockets (HeroUnit *self)
{
  return self->sockets;
}
