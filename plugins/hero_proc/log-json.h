/* log-json.h: log lines as clients see them (contract 3.5, 6.3). Pure; any thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "log-query.h"

G_BEGIN_DECLS

typedef enum
{
  PROC_LOG_FORMAT_ENTRY,
  PROC_LOG_FORMAT_TEXT,
  PROC_LOG_FORMAT_ZINIT,
} ProcLogFormat;

/* A part of the tree of sources, with the sums of all below it. */
typedef struct
{
  char *src;
  const char *part; /* its last part; in src */
  guint depth;
  guint64 bytes, dropped_lines;
} ProcLogTreeNode;

/* infos: of proc_log_store_describe; sorted anew. Parents before children. Transfer full. */
GPtrArray *proc_log_tree_new (GPtrArray *infos);

/* A LogEntry. Transfer full. */
JsonObject *proc_log_hit_to_json (const ProcLogHit *hit);
/* The hits only; reverse: the last one first. Transfer full. */
JsonArray *proc_log_result_to_lines (const ProcLogResult *result, ProcLogFormat format, gboolean reverse);
JsonObject *proc_log_source_to_json (const ProcLogSourceInfo *info);
JsonArray *proc_log_tree_to_json (GPtrArray *infos);
JsonObject *proc_log_stats_to_json (const ProcLogStats *stats);

/* {entries, next_cursor, prev_cursor, has_more, partial, gap}. Transfer full. */
JsonObject *proc_log_result_to_json (const ProcLogResult *result);

G_END_DECLS
