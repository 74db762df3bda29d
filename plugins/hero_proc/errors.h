/* errors.h: every failure hero_proc tells its clients about (contract 5), as GErrors. Any thread. */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  PROC_ERROR_INVALID_PARAM,       /* -32602 `parameter 'x': expected .., got ..` */
  PROC_ERROR_INVALID_CRON,        /* -32602, data.reason invalid_cron, data.field, data.position */
  PROC_ERROR_SERVICE_NAME,        /* -32602, data.reason invalid_service_name */
  PROC_ERROR_SERVICE_NOT_FOUND,   /* -32000 */
  PROC_ERROR_CONTEXT_NOT_FOUND,   /* -32000 */
  PROC_ERROR_SECRET_NOT_FOUND,    /* -32000 */
  PROC_ERROR_IS_UP,               /* -32002 service_is_up */
  PROC_ERROR_INVALID_SIGNAL,      /* -32004 */
  PROC_ERROR_CONFIG,              /* -32005 config_error */
  PROC_ERROR_NOT_SUPPORTED_FIELD, /* -32005 not_supported_field */
  PROC_ERROR_EXISTS,              /* -32007 */
  PROC_ERROR_MONITORED,           /* -32001 */
  PROC_ERROR_IS_DOWN,             /* -32003 */
  PROC_ERROR_PROCESS,             /* -32011 */
  PROC_ERROR_DAMAGED,             /* -32013: a record that cannot be read */
  PROC_ERROR_LIMIT,               /* -32014 */
  PROC_ERROR_LOCKED,              /* -32015 */
  PROC_ERROR_BLOCKED,             /* -32016, data.holders */
  PROC_ERROR_NOT_SUPPORTED,       /* -32017 */
  PROC_ERROR_CONFIRM,             /* -32018 */
  PROC_ERROR_DEPENDENCY_CYCLE,    /* -32010, names in data.cycle */
  PROC_ERROR_HAS_DEPENDENTS,      /* -32010, names in data.dependents */
  PROC_ERROR_FORBIDDEN,           /* -32094 */
  PROC_ERROR_SECRET_MISSING,      /* never told to a client: a start failed for want of a secret */
  PROC_ERROR_ACTION_NOT_FOUND,    /* -32000 */
  PROC_ERROR_JOB_NOT_FOUND,       /* -32000 */
  PROC_ERROR_RUN_NOT_FOUND,       /* -32000 */
  PROC_ERROR_JOB_ACTIVE,          /* -32002 */
  PROC_ERROR_RUN_ACTIVE,          /* -32002 */
  PROC_ERROR_JOB_NOT_RUNNING,     /* -32003 */
  PROC_ERROR_MISSING_DEPENDENCY,  /* -32010 */
  PROC_ERROR_QUEUE_FULL,          /* -32091 */
  PROC_ERROR_SCHEDULE_NOT_FOUND,  /* -32000 */
  PROC_ERROR_STATE,               /* -32009 invalid_state_transition */
  PROC_ERROR_NOT_A_TERMINAL,      /* -32012 */
} ProcErrorCode;

#define PROC_ERROR (proc_error_quark ())
GQuark proc_error_quark (void);

/* PROC_ERROR_INVALID_PARAM, remembering parameter and expectation for error.data. */
GError *proc_error_new_param (const char *param, const char *expected, const char *found);
/* PROC_ERROR_INVALID_CRON; also remembers the field of the expression ("minute") and the 1-based character. */
GError *proc_error_new_cron (const char *param, const char *field, guint position, const char *expected,
                             const char *found);
/* An error about several names: "<text>a, b". */
GError *proc_error_new_names (ProcErrorCode code, const char *text, const char *separator, const char *const *names);
const char *const *proc_error_get_names (const GError *error); /* NULL = it has none */
/* PROC_ERROR_BLOCKED; holders: who is in the way, as in `data.holders`; may be NULL. */
GError *proc_error_new_blocked (const char *message, JsonArray *holders);
JsonArray *proc_error_get_holders (const GError *error); /* NULL = it has none; transfer none */
/* The two of an error of a parameter, or NULL. */
const char *proc_error_get_param (const GError *error);
const char *proc_error_get_expected (const GError *error);
/* FALSE if it is not of a cron expression. field: borrowed from the error. */
gboolean proc_error_get_cron (const GError *error, const char **field, guint *position);

G_END_DECLS
