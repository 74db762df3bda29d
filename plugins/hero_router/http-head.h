/*
 * http-head.h: the head of an HTTP/1.1 response, read by the strict grammar of contract 5.8: CRLF only, no folded lines, no
 * control bytes, field names of token characters. One thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HTTP_HEAD_MAX (128 * 1024)
#define HTTP_HEAD_MAX_FIELDS 128

typedef struct
{
  const char *name, *value; /* into the head's own text */
} HttpField;

typedef enum
{
  HTTP_BODY_NONE,    /* HEAD, 1xx, 204, 304 */
  HTTP_BODY_LENGTH,
  HTTP_BODY_CHUNKED,
  HTTP_BODY_CLOSE,   /* until the end of the connection */
} HttpBodyKind;

typedef struct
{
  guint minor; /* HTTP/1.x */
  guint status;
  char *text;
  GArray *fields; /* HttpField, in order */
  HttpBodyKind body;
  gint64 length; /* of HTTP_BODY_LENGTH */
} HttpHead;

/*
 * Reads a head at the start of data. Returns it (transfer full) and its length in *used; NULL without error when more bytes
 * are needed, NULL with error (G_IO_ERROR_INVALID_DATA, the reason) when it is none. to_head: it answers a HEAD request.
 */
HttpHead *http_head_parse (const char *data, gsize length, gboolean to_head, gsize *used, GError **error);
void http_head_free (HttpHead *head);
/* The first field of that name, or NULL. */
const char *http_head_get (const HttpHead *head, const char *name);
/* TRUE if a comma list holds the token, in any case: "keep-alive, Upgrade". */
gboolean http_list_has (const char *list, const char *token);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpHead, http_head_free)

G_END_DECLS
