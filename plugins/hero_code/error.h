/*
 * error.h: the error codes of hero_code (contract 12). The GError code is the JSON-RPC code; several names share one
 * code, so an error carries its name and the further members of error.data. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/error.h>

G_BEGIN_DECLS

#define CODE_ERROR (code_error_quark ())
GQuark code_error_quark (void);

typedef enum
{
  CODE_NOT_FOUND = -32000,
  CODE_PATH_FORBIDDEN = -32003,
  CODE_NOT_A_FILE = -32004, /* and not_a_directory, is_binary, not_utf8 */
  CODE_TOO_LARGE = -32005,
  CODE_CODEROOT_MISSING = -32006,
  CODE_REPO_UNSAFE = -32007, /* and repo_unsupported */
  CODE_BAD_PATTERN = -32012,
  CODE_CURSOR_EXPIRED = -32013,
  CODE_LIMIT_EXCEEDED = -32014,
  CODE_IO_ERROR = -32017,
  CODE_INVALID_PARAMS = HERO_RPC_INVALID_PARAMS,
} CodeError;

/* Sets an error of CODE_ERROR; name: data.code_name, "repo_not_found". error may be NULL. */
void code_error_set (GError **error, int code, const char *name, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* io_error with the name of errno and a path relative to coderoot. */
void code_error_set_errno (GError **error, int errnum, const char *path);
/* Further members of data; nothing happens when error is NULL or of another domain. */
void code_error_add_text (GError **error, const char *member, const char *text);
void code_error_add_int (GError **error, const char *member, gint64 value);
/* (transfer full) with code_name; NULL for other domains. */
JsonObject *code_error_get_data (const GError *error);
const char *code_error_get_name (const GError *error);
/* The HTTP status of contract 12. */
guint code_error_get_status (const GError *error);

/* For HeroRpcSpec.errors: ends with code 0. */
extern const HeroRpcErrorSpec code_error_specs[];

G_END_DECLS
