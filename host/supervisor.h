/*
 * supervisor.h: all services of one process: their order at the start, their end at the stop, and the exit code
 * (conventions 10, 11). Main thread but for what says otherwise.
 */
#pragma once

#include "status.h"

G_BEGIN_DECLS

typedef struct _HeroSupervisor HeroSupervisor;

typedef enum
{
  HERO_EXIT_OK = 0,
  HERO_EXIT_NOT_STARTED = 1, /* a required service, or all of them */
  HERO_EXIT_USAGE = 2,
  HERO_EXIT_LATE = 3, /* stop budget exceeded */
  HERO_EXIT_LOST = 4, /* a required service failed for good at run time */
  HERO_EXIT_HUNG = 5, /* on_hang = "exit" */
} HeroExit;

typedef struct
{
  const char *program;   /* for banner and log */
  gboolean child;        /* a host runs us for one of its services: it logs and shows, we report to it */
  HeroPlan *control;     /* the host's own service, NULL = none */
  void (*ready) (HeroSupervisor *supervisor, gpointer data); /* after the start sequence; may be NULL */
  gpointer data;
} HeroSupervisorOptions;

/* config, logger, plans (in start order) and options are borrowed until free. */
HeroSupervisor *hero_supervisor_new (HeroConfig *config, HeroLogger *logger, GPtrArray *plans,
                                     const HeroSupervisorOptions *options);
void hero_supervisor_free (HeroSupervisor *supervisor);
/*
 * Starts, supervises and stops everything; returns the exit code. Handles SIGINT, SIGTERM and SIGHUP. Does not return when
 * the process has to leave with something still running: second signal, budget exceeded, hang.
 */
int hero_supervisor_run (HeroSupervisor *supervisor);
/* As the first signal does. */
void hero_supervisor_stop (HeroSupervisor *supervisor);

HeroConfig *hero_supervisor_get_config (HeroSupervisor *supervisor); /* read-only while it runs: any thread */
GPtrArray *hero_supervisor_get_units (HeroSupervisor *supervisor);   /* HeroUnit, in start order, without control */

/* ---- any thread: what the host's own service shows and does */
HeroStatus *hero_supervisor_get_status (HeroSupervisor *supervisor);
/* G_IO_ERROR_NOT_FOUND: no such service; TIMED_OUT: hangs in stop; CANCELLED: the host stops. */
void hero_supervisor_restart_async (HeroSupervisor *supervisor, const char *name, GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean hero_supervisor_restart_finish (HeroSupervisor *supervisor, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroSupervisor, hero_supervisor_free)

G_END_DECLS
