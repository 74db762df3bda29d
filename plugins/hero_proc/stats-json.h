/* stats-json.h: JSON of what jobs and their processes use (contract 11). Service thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "stats.h"

G_BEGIN_DECLS

/* One process; its command line without the secrets of its job. Transfer full. */
JsonObject *proc_child_to_json (const ProcUsage *usage, const ProcUsageDetail *detail, const ProcJob *job);
/*
 * jobs: ProcJob of one service, or one job; views of them, in that order. Without the members that name it (`name`,
 * `state`). children: also the processes beside the main ones, and the history. Transfer full.
 */
JsonObject *proc_stats_to_json (ProcStats *stats, GPtrArray *jobs, const GArray *views);
/* All descendants of the main processes. Transfer full. */
JsonArray *proc_children_to_json (GPtrArray *jobs, const GArray *views);
/* Samples of all these jobs, added up where they were taken together: ProcSample, oldest first. Transfer full. */
GArray *proc_stats_merge_history (ProcStats *stats, GPtrArray *jobs);
/* Member `stats` of a job (contract 3.4); null while nothing was measured. */
void proc_usage_set_json (JsonObject *object, const ProcJob *job);
/* Members `cpu_percent` and `memory_bytes` of a service: what its live jobs (ProcJob) use; null while that is not known. */
void proc_usage_set_sums (JsonObject *object, GPtrArray *jobs);

G_END_DECLS
