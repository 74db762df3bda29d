/* services-private.h: the inside of services.c, shared with services-boot.c. Service thread. */
#pragma once

#include "services.h"

G_BEGIN_DECLS

struct _ProcServices
{
  ProcServicesSetup setup;
  ProcSupervisor *supervisor;
  GHashTable *entries; /* name -> ProcEntry */
  GHashTable *actions; /* name -> ProcAction */
  guint32 next_job, next_run;
  guint64 restarts;
  gboolean draining;
  void (*shut_down) (gpointer data); /* somebody waits for the end */
  gpointer shut_down_data;
  GSource *kill_timer;
};

ProcEntry *proc_entry_new (ProcServices *self, ProcService *spec);
/* The jobs of the next generation, pending; the ones before are forgotten. Fails if an action is not defined any more. */
gboolean proc_entry_start (ProcServices *self, ProcEntry *entry, ProcTrigger trigger, GError **error);
/* Something about its jobs changed: tell, answer who waits, go on with what was put off. */
void proc_entry_settle (ProcServices *self, ProcEntry *entry);
void proc_services_tell (ProcServices *self, const char *event, JsonObject *data);
/* The end of a shutdown, when no job is left. */
void proc_services_check_shut_down (ProcServices *self);

G_END_DECLS
