/* job-json.h: jobs as clients see them (contract 3.4). Service thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "contexts.h"
#include "jobs.h"

G_BEGIN_DECLS

/* Without output. full: spec and script too. Transfer full. */
JsonObject *proc_job_to_json (ProcJobs *jobs, ProcContexts *contexts, const ProcJob *job, gboolean full);

G_END_DECLS
