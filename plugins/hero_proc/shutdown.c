/*
 * shutdown.c: the end of hero_proc (contract 13): the host's word, or a client's, which other services outlive. Service
 * thread.
 */
#include "shutdown.h"

#include "pty-socket.h"

enum
{
  PREPARED_S = 60, /* how long system.prepare_restart holds */
};

static void
on_shut_down (gpointer data)
{
  HeroProc *self = data;

  proc_job_waits_release (self->waits);
  proc_runs_release (self->runs);
  hero_service_stop (self->ctx);
}

static gboolean
leaves_children (HeroProc *self)
{
  return !hero_service_get_boolean (self->ctx, "stop_children_on_exit")
         || g_get_monotonic_time () < self->prepared_until_us;
}

/* limit_ms: of the whole. Five seconds before its end, or half way when there are not ten, SIGKILL to what is left. */
static void
begin (HeroProc *self, guint limit_ms, gboolean force)
{
  guint kill_after_ms = force ? 0 : MAX (limit_ms - MIN (limit_ms, 5000), limit_ms / 2);

  self->shutting_down = TRUE;
  if (self->timetable != NULL)
    proc_timetable_drain (self->timetable);
  hero_proc_close_ptys (self);
  if (self->services == NULL)
    hero_service_stop (self->ctx);
  else
    proc_services_shut_down (self->services, leaves_children (self) && !force, kill_after_ms,
                             kill_after_ms + MIN (2000, (limit_ms - kill_after_ms) / 2), on_shut_down, self);
}

static guint
get_limit_ms (HeroProc *self)
{
  gint64 budget_s = hero_service_get_integer (self->ctx, "stop_timeout_s");

  return (guint)CLAMP (budget_s > 0 ? budget_s : PROC_SHUTDOWN_MS / 1000, 1, PROC_SHUTDOWN_MS / 1000) * 1000;
}

void
hero_proc_stop (gpointer data)
{
  HeroProc *self = data;

  if (!self->shutting_down) /* else it is on its way, and within its limit */
    begin (self, get_limit_ms (self), FALSE);
}

guint
hero_proc_shut_down (HeroProc *self, guint limit_ms, gboolean force)
{
  limit_ms = MIN (limit_ms, get_limit_ms (self));
  hero_service_drain (self->ctx);
  if (!self->shutting_down)
    begin (self, limit_ms, force);
  else if (force)
    proc_services_kill_rest (self->services);
  return limit_ms;
}

void
hero_proc_prepare_restart (HeroProc *self)
{
  self->prepared_until_us = g_get_monotonic_time () + PREPARED_S * G_USEC_PER_SEC;
}
