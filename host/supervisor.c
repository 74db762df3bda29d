/*
 * supervisor.c: the order of starts, the end, the exit code. Units tell of changes; what follows from them is worked out
 * anew in one place, review, from an idle of the main loop. Main thread.
 */
#include "supervisor.h"

#include <signal.h>
#include <unistd.h>

#include <glib-unix.h>

#include "banner.h"
#include "notify.h"
#include "status.h"
#include "watchdog.h"

#define SOCKET_CHECK_S 5

struct _HeroSupervisor
{
  HeroConfig *config;
  HeroLogger *logger;
  const HeroSupervisorOptions *options;
  HeroUnitEnv env;
  HeroInherited *inherited;
  HeroNotify *notify;
  HeroStatus *status;
  GMainLoop *loop;
  GPtrArray *units; /* HeroUnit in start order, without the host's own service */
  HeroUnit *control;
  GPtrArray *all; /* HeroUnit, both; owns them */
  GArray *sources; /* guint: what runs as long as the loop does */

  guint next; /* the unit to start next */
  guint stagger_timer, review_source;
  gint64 begun_us, last_start_us, stop_us;
  gboolean started, stopping, wanted_stop;
  int signal;
  int exit_code;
};

static void schedule_review (HeroSupervisor *self);

/* ------------------------------------------------------------------------------------------------ leaving */

/* With something still running there is no orderly end: threads would meet what is freed. */
G_NORETURN static void
leave (HeroSupervisor *self, int code)
{
  for (guint i = 0; i < self->all->len; i++)
    hero_unit_kill_now (g_ptr_array_index (self->all, i));
  hero_logger_flush (self->logger);
  _exit (code);
}

static void
review_stop (HeroSupervisor *self)
{
  g_autoptr (GString) late = g_string_new (NULL);
  gint64 took_ms = (g_get_monotonic_time () - self->stop_us) / 1000;
  gboolean stuck = FALSE;

  for (guint i = 0; i < self->all->len; i++)
    {
      HeroUnit *unit = g_ptr_array_index (self->all, i);

      if (hero_unit_is_running (unit) && !hero_unit_is_stuck (unit))
        return;
      stuck |= hero_unit_is_running (unit);
      if (hero_unit_was_late (unit))
        g_string_append_printf (late, "%s%s", late->len > 0 ? ", " : "", hero_unit_get_name (unit));
    }

  if (late->len > 0)
    {
      hero_logger_printf (self->logger, HERO_LOG_ERROR, "stop budget exceeded after %" G_GINT64_FORMAT " ms, late: %s",
                          took_ms, late->str);
      self->exit_code = HERO_EXIT_LATE;
    }
  else if (!self->options->child)
    hero_logger_printf (self->logger, HERO_LOG_INFO, "stopped in %" G_GINT64_FORMAT " ms", took_ms);
  if (stuck)
    leave (self, HERO_EXIT_LATE);
  g_main_loop_quit (self->loop);
}

static void
begin_stop (HeroSupervisor *self)
{
  self->stopping = TRUE;
  self->stop_us = g_get_monotonic_time ();
  if (self->stagger_timer != 0)
    g_source_remove (self->stagger_timer);
  self->stagger_timer = 0;
  hero_notify_send (self->notify, "STOPPING=1\nSTATUS=stopping");
  for (guint i = 0; i < self->all->len; i++)
    hero_unit_stop (g_ptr_array_index (self->all, i), self->config->stop_timeout_s);
}

/* ------------------------------------------------------------------------------------------------ starting */

static void
send_status (HeroSupervisor *self)
{
  g_autofree char *text = hero_status_summary (self->units);
  g_autofree char *line = hero_notify_escape (text);

  hero_notify_send (self->notify, "STATUS=%s", line);
}

/* One that came up and has already ended cleanly did start. */
static gboolean
none_started (HeroSupervisor *self)
{
  for (guint i = 0; i < self->units->len; i++)
    {
      HeroState state = hero_unit_get_state (g_ptr_array_index (self->units, i));

      if (state != HERO_STATE_FAILED && state != HERO_STATE_BACKOFF)
        return FALSE;
    }
  return TRUE;
}

static void
end_start (HeroSupervisor *self)
{
  self->started = TRUE;
  schedule_review (self); /* what was short-lived may all be over */
  if (none_started (self))
    {
      if (!self->options->child)
        hero_logger_printf (self->logger, HERO_LOG_ERROR, "no service could be started");
      self->exit_code = HERO_EXIT_NOT_STARTED;
      self->wanted_stop = TRUE;
      return;
    }
  if (self->options->child)
    return;
  hero_notify_send (self->notify, "READY=1");
  send_status (self);
  if (self->config->banner)
    hero_banner_print (self->config, self->logger, self->options->program, self->units,
                       (g_get_monotonic_time () - self->begun_us) / 1000);
  if (self->options->ready != NULL)
    self->options->ready (self, self->options->data);
}

static gboolean
on_stagger_over (gpointer data)
{
  HeroSupervisor *self = data;

  self->stagger_timer = 0;
  schedule_review (self);
  return G_SOURCE_REMOVE;
}

static void
review_start (HeroSupervisor *self)
{
  HeroUnit *previous = self->next > 0 ? g_ptr_array_index (self->units, self->next - 1) : self->control;
  gint64 wait_us = self->last_start_us + self->config->stagger_ms * G_TIME_SPAN_MILLISECOND - g_get_monotonic_time ();

  if (self->stagger_timer != 0 || (previous != NULL && hero_unit_get_state (previous) == HERO_STATE_STARTING))
    return;
  if (self->next == self->units->len)
    {
      end_start (self);
      return;
    }
  if (self->next > 0 && wait_us > 0)
    {
      self->stagger_timer = g_timeout_add ((guint) ((wait_us + 999) / 1000), on_stagger_over, self);
      return;
    }
  self->last_start_us = g_get_monotonic_time ();
  hero_unit_start (g_ptr_array_index (self->units, self->next++));
  schedule_review (self);
}

/* ------------------------------------------------------------------------------------------------ what follows */

static gboolean
all_ended (HeroSupervisor *self)
{
  for (guint i = 0; i < self->units->len; i++)
    if (hero_unit_get_state (g_ptr_array_index (self->units, i)) != HERO_STATE_STOPPED)
      return FALSE;
  return TRUE;
}

static gboolean
review (gpointer data)
{
  HeroSupervisor *self = data;

  self->review_source = 0;
  if (!self->stopping && (self->wanted_stop || (self->started && all_ended (self))))
    begin_stop (self);
  if (self->stopping)
    review_stop (self);
  else if (!self->started)
    review_start (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_review (HeroSupervisor *self)
{
  if (self->review_source == 0)
    self->review_source = g_idle_add_full (G_PRIORITY_DEFAULT, review, self, NULL);
}

/* The child's states are the parent's business: it is told, in the order reason, code, state. */
static void
report_to_host (HeroSupervisor *self, HeroUnit *unit, HeroState to, const char *reason)
{
  g_autofree char *line = hero_notify_escape (reason != NULL ? reason : "");
  const GError *error = hero_unit_get_error (unit);
  int code = HERO_PLUGIN_ERROR_FAILED;

  if (error != NULL && hero_error_is_final (error))
    code = error->domain == HERO_PLUGIN_ERROR ? error->code : HERO_PLUGIN_ERROR_CONFIG;
  hero_notify_send (self->notify, "X_HERO_REASON=%s\nX_HERO_CODE=%d\nX_HERO_STATE=%s", line, code, hero_state_to_string (to));
}

static void
on_changed (HeroUnit *unit, HeroState from, HeroState to, const char *reason, gpointer data)
{
  HeroSupervisor *self = data;
  gboolean failed_start = !self->started && (to == HERO_STATE_FAILED || to == HERO_STATE_BACKOFF);

  schedule_review (self);
  hero_status_update (self->status, unit, from, to, reason);
  if (unit == self->control)
    return;
  if (self->options->child)
    report_to_host (self, unit, to, reason);
  else if (self->started && !self->stopping)
    send_status (self);

  if (self->stopping || self->wanted_stop || !hero_unit_get_plan (unit)->config->required)
    return;
  if (failed_start || to == HERO_STATE_FAILED)
    {
      self->exit_code = failed_start ? HERO_EXIT_NOT_STARTED : HERO_EXIT_LOST;
      self->wanted_stop = TRUE;
      if (!self->options->child)
        hero_logger_printf (self->logger, HERO_LOG_ERROR, "%s is required and %s; stopping", hero_unit_get_name (unit),
                            failed_start ? "could not be started" : "failed for good");
    }
}

static void
on_unit_ready (HeroUnit *unit, gpointer data)
{
  HeroSupervisor *self = data;

  if (self->options->child)
    hero_notify_send (self->notify, "READY=1");
}

static void
on_unit_late (HeroUnit *unit, gpointer data)
{
  schedule_review (data);
}

/* ------------------------------------------------------------------------------------------------ clocks and signals */

/* The service manager is fed as long as nothing it was promised hangs; a host as long as its service answers. */
static void
feed_watchdog (HeroSupervisor *self)
{
  gboolean fine = TRUE;

  for (guint i = 0; i < self->units->len; i++)
    {
      HeroUnit *unit = g_ptr_array_index (self->units, i);

      if (self->options->child)
        fine = hero_unit_take_sign_of_life (unit);
      else if (hero_unit_get_plan (unit)->config->required && hero_unit_get_state (unit) == HERO_STATE_STALLED)
        fine = FALSE;
    }
  if (fine)
    hero_notify_send (self->notify, "WATCHDOG=1");
}

static gboolean
on_tick (gpointer data)
{
  HeroSupervisor *self = data;

  for (guint i = 0; i < self->all->len; i++)
    {
      HeroUnit *unit = g_ptr_array_index (self->all, i);
      gboolean thread = hero_unit_get_plan (unit)->config->isolation == HERO_ISOLATION_THREAD;

      if (hero_unit_tick (unit) && thread && self->config->on_hang_exit && !self->options->child)
        {
          hero_logger_printf (self->logger, HERO_LOG_ERROR, "%s hangs and on_hang is \"exit\": leaving with code %d",
                              hero_unit_get_name (unit), HERO_EXIT_HUNG);
          leave (self, HERO_EXIT_HUNG);
        }
    }
  if (self->options->child)
    feed_watchdog (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_feed (gpointer data)
{
  feed_watchdog (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_check_sockets (gpointer data)
{
  HeroSupervisor *self = data;

  for (guint i = 0; i < self->all->len; i++)
    hero_unit_check_sockets (g_ptr_array_index (self->all, i));
  return G_SOURCE_CONTINUE;
}

static void
on_signal (HeroSupervisor *self, int number)
{
  if (self->signal != 0)
    {
      hero_logger_printf (self->logger, HERO_LOG_WARN, "second signal %d: leaving at once", number);
      leave (self, 128 + number);
    }
  self->signal = number;
  if (!self->options->child)
    hero_logger_printf (self->logger, HERO_LOG_INFO, "signal %d: stopping", number);
  hero_supervisor_stop (self);
}

static gboolean
on_sigint (gpointer data)
{
  on_signal (data, SIGINT);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_sigterm (gpointer data)
{
  on_signal (data, SIGTERM);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_sighup (gpointer data)
{
  HeroSupervisor *self = data;

  hero_logger_reopen (self->logger);
  return G_SOURCE_CONTINUE;
}

/* A byte: the sockets listen. The end: the host is gone, and a service without its host has no sockets. */
static gboolean
on_gate (int fd, GIOCondition condition, gpointer data)
{
  HeroSupervisor *self = data;
  char byte;

  if (read (fd, &byte, 1) == 1)
    {
      for (guint i = 0; i < self->units->len; i++)
        hero_unit_open_gate (g_ptr_array_index (self->units, i));
      return G_SOURCE_CONTINUE;
    }
  hero_supervisor_stop (self);
  return G_SOURCE_REMOVE;
}

void
hero_supervisor_stop (HeroSupervisor *self)
{
  self->wanted_stop = TRUE;
  schedule_review (self);
}

/* ------------------------------------------------------------------------------------------------ life */

static guint64
env_number (HeroSupervisor *self, const char *name)
{
  const char *text = g_environ_getenv (self->config->environment, name);
  guint64 value = 0;

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT32, &value, NULL) ? value : 0;
}

static void
add_source (HeroSupervisor *self, guint id)
{
  g_array_append_val (self->sources, id);
}

static void
add_sources (HeroSupervisor *self)
{
  guint watchdog_ms = (guint) (env_number (self, "WATCHDOG_USEC") / 2000);

  add_source (self, g_unix_signal_add (SIGINT, on_sigint, self));
  add_source (self, g_unix_signal_add (SIGTERM, on_sigterm, self));
  add_source (self, g_unix_signal_add (SIGHUP, on_sighup, self));
  add_source (self, g_timeout_add (self->env.look_ms, on_tick, self));
  add_source (self, g_timeout_add_seconds (SOCKET_CHECK_S, on_check_sockets, self));
  if (self->options->child)
    add_source (self, g_unix_fd_add ((int) env_number (self, "HERO_SERVE_FD"), G_IO_IN | G_IO_HUP, on_gate, self));
  else if (watchdog_ms > 0)
    add_source (self, g_timeout_add (watchdog_ms, on_feed, self));
}

HeroSupervisor *
hero_supervisor_new (HeroConfig *config, HeroLogger *logger, GPtrArray *plans, const HeroSupervisorOptions *options)
{
  HeroSupervisor *self = g_new0 (HeroSupervisor, 1);

  self->config = config;
  self->logger = logger;
  self->options = options;
  self->notify = hero_notify_new (g_environ_getenv (config->environment, "NOTIFY_SOCKET"));
  self->inherited = hero_inherited_new (config->environment, options->child);
  self->status = hero_status_new ();
  self->loop = g_main_loop_new (NULL, FALSE);
  self->sources = g_array_new (FALSE, FALSE, sizeof (guint));
  self->units = g_ptr_array_new ();
  self->all = g_ptr_array_new_with_free_func ((GDestroyNotify) hero_unit_free);

  self->env = (HeroUnitEnv){ .logger = logger,
                             .look_ms = hero_watchdog_get_interval_ms (config->watchdog_warn_ms),
                             .warn_ms = config->watchdog_warn_ms,
                             .fail_s = config->watchdog_fail_s,
                             .abort_hung = config->on_hang_exit,
                             .quiet = options->child,
                             .wait_for_gate = options->child,
                             .changed = on_changed,
                             .ready = on_unit_ready,
                             .late = on_unit_late,
                             .data = self };
  if (options->child && env_number (self, "WATCHDOG_USEC") > 0)
    self->env.look_ms = MAX (env_number (self, "WATCHDOG_USEC") / 2000, 20);

  for (guint i = 0; i < plans->len; i++)
    g_ptr_array_add (self->units, hero_unit_new (&self->env, g_ptr_array_index (plans, i), self->inherited, self));
  g_ptr_array_extend (self->all, self->units, NULL, NULL);
  if (options->control != NULL)
    {
      self->control = hero_unit_new (&self->env, options->control, self->inherited, self);
      g_ptr_array_add (self->all, self->control);
    }
  hero_status_set_services (self->status, config, self->units);
  return self;
}

void
hero_supervisor_free (HeroSupervisor *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->sources->len; i++)
    {
      GSource *source = g_main_context_find_source_by_id (NULL, g_array_index (self->sources, guint, i));

      if (source != NULL)
        g_source_destroy (source);
    }
  if (self->review_source != 0)
    g_source_remove (self->review_source);
  if (self->stagger_timer != 0)
    g_source_remove (self->stagger_timer);
  g_array_unref (self->sources);
  g_ptr_array_unref (self->units);
  g_ptr_array_unref (self->all);
  hero_inherited_free (self->inherited);
  hero_notify_free (self->notify);
  hero_status_free (self->status);
  g_main_loop_unref (self->loop);
  g_free (self);
}

int
hero_supervisor_run (HeroSupervisor *self)
{
  self->begun_us = g_get_monotonic_time ();
  add_sources (self);
  if (self->control != NULL)
    hero_unit_start (self->control);
  schedule_review (self);
  g_main_loop_run (self->loop);
  return self->exit_code;
}

HeroConfig *
hero_supervisor_get_config (HeroSupervisor *self)
{
  return self->config;
}

GPtrArray *
hero_supervisor_get_units (HeroSupervisor *self)
{
  return self->units;
}

HeroStatus *
hero_supervisor_get_status (HeroSupervisor *self)
{
  return self->status;
}

/* ------------------------------------------------------------------------------------------------ restart, from any thread */

static void
on_restarted (HeroUnit *unit, const GError *error, gpointer data)
{
  g_autoptr (GTask) task = data;

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

typedef struct
{
  HeroSupervisor *self;
  char *name;
} Order;

static void
order_free (gpointer data)
{
  Order *order = data;

  g_free (order->name);
  g_free (order);
}

static gboolean
do_restart (gpointer data)
{
  GTask *task = data;
  const Order *order = g_task_get_task_data (task);

  for (guint i = 0; i < order->self->units->len; i++)
    {
      HeroUnit *unit = g_ptr_array_index (order->self->units, i);

      if (g_str_equal (hero_unit_get_name (unit), order->name))
        {
          hero_unit_restart (unit, on_restarted, g_object_ref (task));
          return G_SOURCE_REMOVE;
        }
    }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no enabled service \"%s\"", order->name);
  return G_SOURCE_REMOVE;
}

void
hero_supervisor_restart_async (HeroSupervisor *self, const char *name, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Order *order = g_new0 (Order, 1);

  order->self = self;
  order->name = g_strdup (name);
  g_task_set_task_data (task, order, order_free);
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, do_restart, task, g_object_unref);
}

gboolean
hero_supervisor_restart_finish (HeroSupervisor *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
