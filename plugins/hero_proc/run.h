/*
 * run.h: the record of a run: jobs that belong together, in an order (contract 3.5). Service thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "run-plan.h"

G_BEGIN_DECLS

/* One job of a run. */
typedef struct
{
  char *key;
  guint32 job_id;
  GArray *edges;       /* ProcRunEdge */
  gboolean gone;       /* the record of the job was deleted, */
  ProcPhase end_phase; /* which had ended so */
} ProcRunMember;

/* Read only outside runs.c. */
typedef struct
{
  guint32 id;
  char *name;
  char *service; /* it is a start of this service; NULL = it is not */
  guint32 context;
  char **tags;
  GArray *depends_on_runs; /* guint32 */
  ProcOnFailure on_failure;
  guint max_parallel; /* 0 = no limit */
  ProcTrigger trigger;
  GPtrArray *members; /* ProcRunMember */

  ProcRunState state;
  gboolean cancelled; /* on request */
  gboolean archived;
  gint64 created_at, started_at, finished_at; /* Unix ms, 0 = did not happen */
  char *error;                                /* NULL = none */

  gboolean begun;  /* its record is durable and nothing holds it: it may go on. Not in the record */
  gboolean busy;   /* its next steps are being taken; not in the record */
  gboolean again;  /* and something has changed meanwhile */
} ProcRun;

ProcRun *proc_run_new (guint32 id);
void proc_run_free (gpointer run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcRun, proc_run_free)
ProcRunMember *proc_run_add (ProcRun *self, const char *key, guint32 job_id);
const ProcRunMember *proc_run_get_member (const ProcRun *self, guint index);

gboolean proc_run_is_active (const ProcRun *self);
/* The stored form. NULL + error: not a record of this version. Transfer full. */
JsonObject *proc_run_to_record (const ProcRun *self);
ProcRun *proc_run_from_record (JsonObject *object, GError **error);

G_END_DECLS
