/* status.h: services as clients see them (contract 6.1): ServiceStatus and ServiceInfo. Service thread. */
#pragma once

#include "services.h"

G_BEGIN_DECLS

/* ServiceStatus. Transfer full. */
JsonObject *proc_status_to_json (ProcServices *services, const ProcEntry *entry);
/* ServiceInfo: the same without `actions`, plus description, tags, context, origin, requires. Transfer full. */
JsonObject *proc_info_to_json (ProcServices *services, const ProcEntry *entry);

G_END_DECLS
