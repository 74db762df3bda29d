/* zinit.h: a service in the form that clients of zinit 0.3 know (contract 6.4). Service thread. */
#pragma once

#include "services.h"

G_BEGIN_DECLS

/* The record of list_full and status_full. Transfer full. */
JsonObject *proc_zinit_to_json (ProcServices *services, const ProcEntry *entry);

G_END_DECLS
