/* services-private.h: the inside of the services, shared by entry.c, gate.c, cascade.c and services*.c. Service thread.
 */
#pragma once

#include "cascade.h"
#include "externals.h"
#include "gate.h"
#include "services.h"

G_BEGIN_DECLS

struct _ProcServices
{
  ProcServicesSetup setup;
  GHashTable *entries; /* name -> ProcEntry */
  ProcGraph *graph;    /* of what is defined, and of what is about to be */
  ProcExternals *externals;
  GPtrArray *cascades; /* ProcCascade under way */
  guint n_held;        /* entries with held_by */
  gboolean draining;
  gboolean leaving; /* draining, and only terminals are ended */
  void (*shut_down) (gpointer data); /* somebody waits for the end */
  gpointer shut_down_data;
  GSource *kill_timer, *give_up_timer;
};

/* Who waits for a service, and for what. */
typedef enum
{
  PROC_WAIT_RECORDED, /* the start is in the journal, and it is known what holds it */
  PROC_WAIT_READY,
} ProcWaitKind;

typedef struct
{
  ProcServices *services;
  ProcEntry *entry;
  ProcWaitKind kind;
  ProcDone done;
  gpointer data;
  GSource *limit;
} ProcWaiter;

/* ---- entry.c */
ProcEntry *proc_entry_new (ProcServices *self, ProcService *spec);
void proc_entry_free (gpointer entry);
/* Every job is ready, or has done what it is for. */
gboolean proc_entry_is_ready (const ProcEntry *entry);
/* May one act on the other: a context above 0 has no hand in another one. */
gboolean proc_entry_may_touch (const ProcEntry *entry, const ProcEntry *other);
void proc_entry_set_wanted (ProcEntry *entry, ProcWanted wanted);
/* It is down because `by` was stopped, and comes back with it; NULL = not any more. */
void proc_entry_hold (ProcServices *self, ProcEntry *entry, const char *by);
/* What a start for nothing is answered with: why the first job failed. Transfer full, NULL = none did. */
GError *proc_entry_failure (const ProcEntry *entry);
void proc_services_tell (ProcServices *self, const char *event, JsonObject *data);
void proc_services_tell_name (ProcServices *self, const char *event, const char *name);
void proc_entry_tell_state (ProcServices *self, ProcEntry *entry, ProcState state);
/* done comes when proc_entry_release is called for the kind, or after timeout_ms; 0 = without limit. */
void proc_entry_wait (ProcServices *self, ProcEntry *entry, ProcWaitKind kind, guint timeout_ms, ProcDone done,
                      gpointer data);
/* Answers everybody of one kind. */
void proc_entry_release (ProcEntry *entry, ProcWaitKind kind, const GError *error);

/* ---- services-start.c */
/* The jobs of the next generation, pending until nothing holds them; the ones before are forgotten. Fails if an action
 * is not defined any more. */
gboolean proc_entry_start (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error);
/* It is to be up: starts it, now or when it is down. TRUE: it was neither up nor on its way. Fails as above. */
gboolean proc_entry_begin (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error);
/* The run of its newest start goes its way: nothing holds it any more. */
void proc_entry_begin_run (ProcServices *self, ProcEntry *entry);
/* It waits for others: is that still so? */
void proc_entry_look_again (ProcServices *self, ProcEntry *entry);
/* The same for all who wait for the service of this name. */
void proc_services_look_again (ProcServices *self, const char *name);

/* ---- services-stop.c */
void proc_entry_stop_jobs (ProcServices *self, ProcEntry *entry, ProcFailure why, gboolean force);
/* Deletes it, if that is what is left to do. */
void proc_entry_try_delete (ProcServices *self, ProcEntry *entry);
/* The service and, with cascade, all that require it and are up. Of ProcEntry, the service first; transfer container.
 */
GPtrArray *proc_services_collect_dependents (ProcServices *self, ProcEntry *entry, gboolean cascade);

/* ---- services-run.c */
/* Something about its jobs changed: tell, answer who waits, go on with what was put off. */
void proc_entry_settle (ProcServices *self, ProcEntry *entry);

/* ---- services-boot.c */
/* Gives every service the jobs of its newest run. */
void proc_services_assign_jobs (ProcServices *self, const ProcLoaded *loaded);
/* The end of a shutdown, when no job is left. */
void proc_services_check_shut_down (ProcServices *self);

G_END_DECLS
