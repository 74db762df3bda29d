/*
 * unit.h: one supervised service: its state, its sockets, its running instance, its restarts. It follows the tables of
 * state.h and drives a driver; order among units, budgets and exit codes are the supervisor's. Main thread.
 */
#pragma once

#include "driver.h"
#include "state.h"

G_BEGIN_DECLS

typedef struct _HeroUnit HeroUnit;

/* After each change of state. reason may be NULL. */
typedef void (*HeroUnitChanged) (HeroUnit *unit, HeroState from, HeroState to, const char *reason, gpointer data);
typedef void (*HeroUnitFunc) (HeroUnit *unit, gpointer data);
/* A restart that was asked for is over; error NULL: look at the state. */
typedef void (*HeroUnitRestarted) (HeroUnit *unit, const GError *error, gpointer data);

/* What all units of one host share. Borrowed. */
typedef struct
{
  HeroLogger *logger;
  guint look_ms, warn_ms, fail_s; /* the watchdog's */
  gboolean abort_hung;            /* [host] on_hang = "exit": a hung child is aborted */
  gboolean quiet;                 /* the far end logs the states (a child of process isolation) */
  gboolean wait_for_gate;         /* publish only after hero_unit_open_gate */
  HeroUnitChanged changed;
  HeroUnitFunc ready; /* an instance says it is ready; its sockets are published when the gate is open */
  HeroUnitFunc late;  /* it was to stop and its time is over */
  gpointer data;
} HeroUnitEnv;

/* plan and env are borrowed; owner: see HeroDriverArgs. */
HeroUnit *hero_unit_new (const HeroUnitEnv *env, HeroPlan *plan, HeroInherited *inherited, gpointer owner);
/* Only when no instance runs: see is_running. */
void hero_unit_free (HeroUnit *unit);

void hero_unit_start (HeroUnit *unit);
/* For good. It has its own stop_timeout_s, at most limit_s; then it is killed, or stuck where that is impossible. */
void hero_unit_stop (HeroUnit *unit, guint limit_s);
gboolean hero_unit_was_late (HeroUnit *unit);
gboolean hero_unit_is_stuck (HeroUnit *unit);
/* done comes once, when it is ready, failed or known not to stop. */
void hero_unit_restart (HeroUnit *unit, HeroUnitRestarted done, gpointer data);
void hero_unit_open_gate (HeroUnit *unit);
/* The process leaves at once: SIGKILL its children, unlink its sockets. */
void hero_unit_kill_now (HeroUnit *unit);

/* Every env->look_ms: the watchdog. TRUE: it hangs longer than fail_s (told once). */
gboolean hero_unit_tick (HeroUnit *unit);
/* TRUE once after each sign of life, for the service manager's watchdog. */
gboolean hero_unit_take_sign_of_life (HeroUnit *unit);
/* Every few seconds: are the socket files still ours? */
void hero_unit_check_sockets (HeroUnit *unit);

/* ---- looking */
HeroPlan *hero_unit_get_plan (HeroUnit *unit);
const char *hero_unit_get_name (HeroUnit *unit);
HeroState hero_unit_get_state (HeroUnit *unit);
gboolean hero_unit_is_running (HeroUnit *unit);     /* an instance exists, in whatever state */
const GError *hero_unit_get_error (HeroUnit *unit); /* the last one, NULL = none */
const char *hero_unit_get_reason (HeroUnit *unit);  /* why it is degraded, NULL = it is not */
pid_t hero_unit_get_pid (HeroUnit *unit);           /* 0 = not running */
guint hero_unit_get_restarts (HeroUnit *unit);
gint64 hero_unit_get_ready_ms (HeroUnit *unit); /* of the last start, -1 = never ready */
HeroSockets *hero_unit_get_sockets (HeroUnit *unit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroUnit, hero_unit_free)

G_END_DECLS
