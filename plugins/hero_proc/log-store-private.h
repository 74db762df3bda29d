/* log-store-private.h: the inside of the log store, shared by log-store.c, log-source.c and log-catalogue.c. */
#pragma once

#include "log-files.h"
#include "log-store.h"

G_BEGIN_DECLS

enum
{
  PROC_LOG_RATE_SLOTS = 12,
  PROC_LOG_RATE_SLOT_S = 5, /* a minute in all */
  PROC_LOG_CONTEXTS = 16,
};

/* Lock order: a source's, then the store's. */
struct _ProcLogSource
{
  ProcLogStore *store;
  char *name;
  guint handles; /* under the store's lock */

  GMutex lock;
  /* -- under it: what a turn of adding changes */
  gint64 last_ms;     /* of the newest line: time never goes back inside a source */
  gint64 now_ms;      /* of this turn */
  GString *waiting;   /* lines for the next round of the writer */
  guint waiting_lines;
  guint room_lines;   /* of this turn, in the queue */
  gsize room_bytes;
  double lines, bytes; /* what it may still write: refilled as time goes by */
  gint64 filled_us;
  guint turn_lines, turn_rate, turn_queue;
  gsize turn_bytes;
  guint64 dropped_lines, dropped_bytes;       /* ever */
  guint64 untold_lines, untold_bytes;         /* since the last summary */
  gint64 untold_us;                           /* when the first of them was dropped */
  guint32 untold_context, untold_job;
  guint slots[PROC_LOG_RATE_SLOTS]; /* lines by time */
  gint64 slot;                      /* number of the newest */
  GString *head;                    /* of the line before, for the next that differs in its text only */
  ProcLogEntry head_of;

  /* -- under the store's lock */
  ProcLogFiles files;
  gboolean catalogued, dirty;
  guint32 contexts[PROC_LOG_CONTEXTS];
  guint n_contexts;
};

typedef struct
{
  void (*run) (ProcLogStore *store, gpointer data);
  gpointer data;
  gboolean done;
} ProcLogRequest;

struct _ProcLogStore
{
  char *log_dir;
  ProcLogLimits limits;
  const ProcLogHooks *hooks;
  gpointer hooks_data;

  GMutex lock;
  GCond wake, round_over;
  GHashTable *sources;        /* name -> ProcLogSource */
  GPtrArray *dirty;           /* ProcLogSource with lines or drops to tell */
  GPtrArray *requests;        /* ProcLogRequest */
  ProcLogStats stats;
  gboolean sync_wanted, closing;
  guint64 rounds_begun, rounds_over;
  GThread *thread;
};

/* ---- log-source.c */
ProcLogSource *proc_log_source_new (ProcLogStore *store, const char *name);
void proc_log_source_free (gpointer source);
/* The writer takes what waits (swapped with *text, which is empty). Returns the lines. */
guint proc_log_source_take (ProcLogSource *source, GString **text);
/* Appends a line about what was dropped, if it is time or `hurry`. Returns TRUE when there still is something untold. */
gboolean proc_log_source_summarise (ProcLogSource *source, gboolean hurry);
double proc_log_source_get_rate (ProcLogSource *source);
/* Store's lock held. */
void proc_log_source_note_context (ProcLogSource *source, guint32 context);

G_END_DECLS
