/* services-private.h: the inside of the services, shared by entry.c and services*.c. Service thread. */
#pragma once

#include "services.h"

G_BEGIN_DECLS

struct _ProcServices
{
  ProcServicesSetup setup;
  GHashTable *entries; /* name -> ProcEntry */
  gboolean draining;
  void (*shut_down) (gpointer data); /* somebody waits for the end */
  gpointer shut_down_data;
  GSource *kill_timer;
};

/* Who waits for a service, and for what. */
typedef enum
{
  PROC_WAIT_RECORDED, /* the start is in the journal */
  PROC_WAIT_READY,
  PROC_WAIT_DOWN,
  PROC_WAIT_GONE, /* deleted */
} ProcWaitKind;

typedef struct
{
  ProcServices *services;
  ProcEntry *entry;
  ProcWaitKind kind;
  gboolean with_actions; /* GONE */
  ProcDone done;
  gpointer data;
  GSource *limit;
} ProcWaiter;

/* ---- entry.c */
ProcEntry *proc_entry_new (ProcServices *self, ProcService *spec);
void proc_entry_free (gpointer entry);
/* Every job is ready, or has done what it is for. */
gboolean proc_entry_is_ready (const ProcEntry *entry);
/* What a start for nothing is answered with: why the first job failed. Transfer full, NULL = none did. */
GError *proc_entry_failure (const ProcEntry *entry);
void proc_services_tell (ProcServices *self, const char *event, JsonObject *data);
void proc_services_tell_name (ProcServices *self, const char *event, const char *name);
void proc_entry_tell_state (ProcServices *self, ProcEntry *entry, ProcState state);
/* done comes when proc_entry_release is called for the kind, or after timeout_ms; 0 = without limit. */
ProcWaiter *proc_entry_wait (ProcServices *self, ProcEntry *entry, ProcWaitKind kind, guint timeout_ms, ProcDone done,
                             gpointer data);
/* Answers everybody of one kind. */
void proc_entry_release (ProcEntry *entry, ProcWaitKind kind, const GError *error);

/* ---- services-run.c */
/* The jobs of the next generation, pending; the ones before are forgotten. Fails if an action is not defined any more.
 */
gboolean proc_entry_start (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error);
/* Something about its jobs changed: tell, answer who waits, go on with what was put off. */
void proc_entry_settle (ProcServices *self, ProcEntry *entry);

/* ---- services-boot.c */
/* Gives every service the jobs of its newest run. */
void proc_services_assign_jobs (ProcServices *self, const ProcLoaded *loaded);
/* The end of a shutdown, when no job is left. */
void proc_services_check_shut_down (ProcServices *self);

G_END_DECLS
