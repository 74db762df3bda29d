/*
 * log-query.h: searching the log files (contract 10.4): all lines of all matching sources in one order, by time, then
 * source, then arrival, filtered, with cursors that survive rotation. Reads files: any thread but the service's.
 */
#pragma once

#include "log-store.h"

G_BEGIN_DECLS

typedef struct
{
  char *src; /* NULL = all */
  guint level;
  gint64 from_ms, to_ms; /* 0 = open; to is exclusive */
  char *text;            /* case-blind substring, as g_utf8_casefold makes it; NULL = any */
  GRegex *regex;         /* or NULL */
  gboolean any_context;
  guint32 context;
  guint32 job_id; /* 0 = any */
  GHashTable *job_ids; /* set of ids, of a run; NULL = any */
  int stream;     /* ProcStream, -1 = any */
  char *tag;      /* "k" or "k:v"; NULL = any */
  char *cursor;   /* of an earlier answer; NULL = from the beginning */
  gboolean descending;
  guint limit;
} ProcLogQuery;

/* The part of a query that looks at one line. Content NULL: what speaks of lines without showing them has every text. */
gboolean proc_log_query_passes (const ProcLogQuery *query, const char *source, const ProcLogEntry *entry);

void proc_log_query_free (ProcLogQuery *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogQuery, proc_log_query_free)

typedef struct
{
  char *source;
  char *cursor;
  ProcLogEntry *entry;
} ProcLogHit;

/* A line and where it begins. Takes entry. */
ProcLogHit *proc_log_hit_new (const char *source, guint64 inode, gint64 offset, ProcLogEntry *entry);
void proc_log_hit_free (gpointer hit);

typedef struct
{
  GPtrArray *hits;                 /* ProcLogHit, in the order asked for */
  char *next_cursor, *prev_cursor; /* NULL = nothing was seen */
  gboolean has_more;
  gboolean partial; /* 64 MiB or 2 s are over: go on with next_cursor */
  gboolean gap;     /* the place of the cursor is gone */
} ProcLogResult;

void proc_log_result_free (ProcLogResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogResult, proc_log_result_free)

/* Fails only for a cursor that is not one: PROC_ERROR_INVALID_PARAM. */
ProcLogResult *proc_log_query_run (ProcLogStore *store, const ProcLogQuery *query, GError **error);

/* A time as input (contract 2): ms, seconds below 100,000,000,000, or RFC 3339 text. -1 = not one. */
gint64 proc_time_from_int (gint64 value);
gint64 proc_time_from_text (const char *text);

G_END_DECLS
