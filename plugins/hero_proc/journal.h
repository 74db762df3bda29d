/*
 * journal.h: everything that must survive, in LMDB (contract 12): services, actions, jobs, counters, log sources. Two
 * ways to write: commit, for calls that may be refused when the disk is full, and keep, for what has happened anyway
 * and is written as soon as it can be. Service thread, unless said otherwise.
 */
#pragma once

#include <gio/gio.h>

#include "job.h"
#include "run.h"
#include "spec.h"

G_BEGIN_DECLS

typedef struct _ProcJournal ProcJournal;
typedef struct _ProcBatch ProcBatch;

/* Opens or makes the file. In start: blocks. */
ProcJournal *proc_journal_open (const char *path, gsize max_bytes, GError **error);
/* Writes what is queued, then closes. An empty batch committed before tells when all answers have come. */
void proc_journal_close (ProcJournal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcJournal, proc_journal_close)

/* ---- changes, written together or not at all */
ProcBatch *proc_batch_new (void);
void proc_batch_free (ProcBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcBatch, proc_batch_free)
void proc_batch_put_service (ProcBatch *batch, const ProcService *service);
void proc_batch_delete_service (ProcBatch *batch, const char *name);
void proc_batch_put_action (ProcBatch *batch, const ProcAction *action);
void proc_batch_delete_action (ProcBatch *batch, const char *name);
void proc_batch_put_job (ProcBatch *batch, const ProcJob *job);
void proc_batch_delete_job (ProcBatch *batch, guint32 id);
void proc_batch_put_run (ProcBatch *batch, const ProcRun *run);
void proc_batch_delete_run (ProcBatch *batch, guint32 id);
/* The ids the next job and run get: rising, never given twice. */
void proc_batch_put_counters (ProcBatch *batch, guint32 next_job, guint32 next_run);

/*
 * A record whose form its owner knows: table "secrets", "contexts", "schedules" or
 * "meta". table is static; object is taken, NULL =
 * delete.
 */
void proc_batch_put_object (ProcBatch *batch, const char *table, gconstpointer key, gsize key_length,
                            JsonObject *object);

/* done: after the commit (error NULL), or with what prevented it; the error is the caller's to keep, not to free. */
typedef void (*ProcCommitted) (const GError *error, gpointer data);
/* Takes the batch. */
void proc_journal_commit (ProcJournal *self, ProcBatch *batch, ProcCommitted done, gpointer data);
/* The same; what cannot be written now waits, newest value per record, until it can be. done: after the first try, or
 * NULL. */
void proc_journal_keep (ProcJournal *self, ProcBatch *batch, ProcCommitted done, gpointer data);
/* A log source has become ours, or is no longer. Any thread. */
void proc_journal_keep_source (ProcJournal *self, const char *source, gboolean ours);

/* ---- what was there at start */
typedef struct
{
  GPtrArray *services;  /* ProcService */
  GPtrArray *actions;   /* ProcAction */
  GPtrArray *jobs;      /* ProcJob, by id */
  GPtrArray *runs;      /* ProcRun, by id; who takes them steals them */
  GPtrArray *sources;   /* char *, NULL-terminated */
  GPtrArray *secrets;   /* JsonObject */
  GPtrArray *contexts;  /* JsonObject */
  GPtrArray *schedules; /* JsonObject: what was served of each schedule */
  char *key_id;         /* of the key the secrets are sealed with, NULL = none was ever stored */
  guint stored_secrets; /* readable or not */
  GPtrArray *damaged;   /* char *: records that cannot be read, and why */
  guint32 next_job, next_run;
} ProcLoaded;

ProcLoaded *proc_journal_load (ProcJournal *self, GError **error);
void proc_loaded_free (ProcLoaded *loaded);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLoaded, proc_loaded_free)

/* before, after: bytes of the file. */
typedef void (*ProcCompacted) (const GError *error, guint64 before, guint64 after, gpointer data);
/* Makes the file as small as its records are; writes wait meanwhile. */
void proc_journal_compact (ProcJournal *self, ProcCompacted done, gpointer data);

const char *proc_journal_get_path (ProcJournal *self);
/* NULL: the last writes went through and a read works; else why not. Transfer full. */
char *proc_journal_check (ProcJournal *self);
guint64 proc_journal_get_bytes (ProcJournal *self);
guint proc_journal_count_late (ProcJournal *self); /* records that could not be written yet, and will be */

G_END_DECLS
