/* log-json.h: log lines as clients see them (contract 3.5, 6.3). Pure; any thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "log-query.h"

G_BEGIN_DECLS

/* {entries, next_cursor, prev_cursor, has_more, partial, gap}. Transfer full. */
JsonObject *proc_log_result_to_json (const ProcLogResult *result);

G_END_DECLS
