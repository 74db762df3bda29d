/*
 * why.h: why a service is not (quite) up, and who depends on whom, for programs and for people (contract 6.1:
 * service.why, service.tree). Service thread.
 */
#pragma once

#include "services.h"

G_BEGIN_DECLS

/* Adds waiting_on, conflicts_with and held_by. */
void proc_why_add_holds (JsonObject *object, ProcServices *services, const ProcEntry *entry);
/* Adds those and blocked, missing, failed, reasons. */
void proc_why_add (JsonObject *object, ProcServices *services, const ProcEntry *entry);
/* The answer of service.why. Transfer full. */
JsonObject *proc_why_to_json (ProcServices *services, const ProcEntry *entry);
/* Sentences, one a reason. Of char *; transfer full. */
GPtrArray *proc_why_get_reasons (ProcServices *services, const ProcEntry *entry);

/* May the asker know of the service? */
typedef gboolean (*ProcVisible) (const ProcEntry *entry, gpointer data);

/* The answer of service.tree; name NULL = all services. Transfer full. */
JsonObject *proc_tree_to_json (ProcServices *services, const char *name, ProcVisible visible, gpointer data);

G_END_DECLS
