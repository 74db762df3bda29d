/* error.c: the error codes of hero_code. Any thread. */
#include "error.h"

#include <string.h>

typedef struct
{
  JsonObject *data;
} CodeErrorPrivate;

static void
code_error_private_init (CodeErrorPrivate *priv)
{
  priv->data = json_object_new ();
}

static void
code_error_private_copy (const CodeErrorPrivate *source, CodeErrorPrivate *copy)
{
  copy->data = json_object_ref (source->data);
}

static void
code_error_private_clear (CodeErrorPrivate *priv)
{
  json_object_unref (priv->data);
}

G_DEFINE_EXTENDED_ERROR (CodeError, code_error)

const HeroRpcErrorSpec code_error_specs[] = {
  { CODE_NOT_FOUND, "file_not_found", FALSE, "Repository, file or revision not found" },
  { CODE_PATH_FORBIDDEN, "path_forbidden", FALSE, "The path leaves coderoot or enters .git" },
  { CODE_NOT_A_FILE, "not_a_file", FALSE, "Not a file, not a directory, binary, or not UTF-8" },
  { CODE_TOO_LARGE, "too_large", FALSE, "Larger than the limit" },
  { CODE_CODEROOT_MISSING, "coderoot_missing", TRUE, "coderoot does not exist" },
  { CODE_REPO_UNSAFE, "repo_unsafe", FALSE, "The repository may not or cannot be opened" },
  { CODE_BAD_PATTERN, "bad_pattern", FALSE, "The pattern cannot be searched for" },
  { CODE_CURSOR_EXPIRED, "cursor_expired", FALSE, "The cursor is no longer kept" },
  { CODE_LIMIT_EXCEEDED, "limit_exceeded", FALSE, "A limit is exceeded" },
  { CODE_IO_ERROR, "io_error", FALSE, "The file system answered with an error" },
  { 0 },
};

void
code_error_set (GError **error, int code, const char *name, const char *format, ...)
{
  va_list args;

  if (error == NULL)
    return;
  va_start (args, format);
  *error = g_error_new_valist (CODE_ERROR, code, format, args);
  va_end (args);
  code_error_add_text (error, "code_name", name);
}

void
code_error_set_errno (GError **error, int errnum, const char *path)
{
  code_error_set (error, CODE_IO_ERROR, "io_error", "%s: %s", *path != 0 ? path : "coderoot", g_strerror (errnum));
  code_error_add_text (error, "errno", strerrorname_np (errnum));
  code_error_add_text (error, "path", path);
}

static JsonObject *
data_of (const GError *error)
{
  return error != NULL && error->domain == CODE_ERROR ? code_error_get_private (error)->data : NULL;
}

void
code_error_add_text (GError **error, const char *member, const char *text)
{
  JsonObject *data = error != NULL ? data_of (*error) : NULL;

  if (data != NULL)
    json_object_set_string_member (data, member, text);
}

void
code_error_add_int (GError **error, const char *member, gint64 value)
{
  JsonObject *data = error != NULL ? data_of (*error) : NULL;

  if (data != NULL)
    json_object_set_int_member (data, member, value);
}

JsonObject *
code_error_get_data (const GError *error)
{
  JsonObject *data = data_of (error);

  return data != NULL ? json_object_ref (data) : NULL;
}

const char *
code_error_get_name (const GError *error)
{
  JsonObject *data = data_of (error);

  return data != NULL ? json_object_get_string_member_with_default (data, "code_name", "internal") : "internal";
}

guint
code_error_get_status (const GError *error)
{
  if (error->domain != CODE_ERROR)
    return 500;
  switch (error->code)
    {
    case CODE_NOT_FOUND:
      return 404;
    case CODE_PATH_FORBIDDEN:
    case CODE_REPO_UNSAFE:
      return 403;
    case CODE_NOT_A_FILE:
    case CODE_LIMIT_EXCEEDED:
      return 422;
    case CODE_TOO_LARGE:
      return 413;
    case CODE_CODEROOT_MISSING:
      return 503;
    case CODE_CURSOR_EXPIRED:
      return 410;
    case CODE_IO_ERROR:
      return 500;
    default:
      return 400;
    }
}
