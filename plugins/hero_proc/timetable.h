/*
 * timetable.h: the schedules of the actions over the real clock, the jobs and the journal (contract 7.8): follows the
 * definitions, records the job of each tick, and keeps what was served over restarts. Service thread.
 */
#pragma once

#include "actions.h"
#include "jobs.h"
#include "schedules.h"

G_BEGIN_DECLS

typedef struct _ProcTimetable ProcTimetable;

typedef struct
{
  GMainContext *context;
  ProcJournal *journal;
  ProcActions *actions;
  ProcJobs *jobs;
  GTimeZone *zone; /* of schedules that name none; a reference is taken */
  ProcEventFunc event;
  ProcLogFunc log;
  gpointer owner; /* of event and log */
} ProcTimetableSetup;

/* Everything in setup outlives the timetable. loaded: what the journal held. Nothing is fired yet. */
ProcTimetable *proc_timetable_new (const ProcTimetableSetup *setup, const ProcLoaded *loaded, GError **error);
void proc_timetable_free (ProcTimetable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcTimetable, proc_timetable_free)

/* Serves what was missed, then goes on with the clock. Without it schedules are known but start nothing. */
void proc_timetable_start (ProcTimetable *self);
/* Nothing is started from here on; ticks to come are missed, as while we are away. */
void proc_timetable_drain (ProcTimetable *self);

/* FALSE: the action has no schedule. next_at is PROC_CRON_NEVER while nothing is fired. */
gboolean proc_timetable_get (ProcTimetable *self, const char *action, ProcScheduleInfo *info);
GTimeZone *proc_timetable_get_zone (ProcTimetable *self); /* transfer none */
guint proc_timetable_count (ProcTimetable *self);

/*
 * Starts a job of the action now; its id, or 0: as many as the schedule allows are live (unless force), or the queue is
 * full. done comes when it is durable, or with what prevented it; not for 0.
 */
guint32 proc_timetable_trigger (ProcTimetable *self, const char *action, gboolean force, ProcCommitted done,
                                gpointer data);

G_END_DECLS
