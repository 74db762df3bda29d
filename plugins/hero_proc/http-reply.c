/* http-reply.c: see http-reply.h. Pure; any thread. */
#include "http-reply.h"

#include <string.h>

void
proc_http_reply_init (ProcHttpReply *self)
{
  *self = (ProcHttpReply){ .raw = g_string_new (NULL), .length = -1 };
}

void
proc_http_reply_clear (ProcHttpReply *self)
{
  g_string_free (self->raw, TRUE);
}

/* "HTTP/1.1 200 OK". FALSE: it is not that. */
static gboolean
read_status_line (ProcHttpReply *self)
{
  const char *text = self->raw->str;

  if (strncmp (text, "HTTP/1.", 7) != 0 || !g_ascii_isdigit (text[7]) || text[8] != ' ')
    return FALSE;
  for (guint i = 9; i < 12; i++)
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
  if (text[12] != ' ' && text[12] != '\r' && text[12] != '\n')
    return FALSE;
  self->status = (text[9] - '0') * 100 + (text[10] - '0') * 10 + text[11] - '0';
  return self->status >= 100;
}

/* One field line, up to its end. FALSE: it makes no sense. */
static gboolean
read_field (ProcHttpReply *self, const char *line, gsize length)
{
  const char *colon = memchr (line, ':', length);
  g_autofree char *name = NULL, *value = NULL;
  guint64 number;

  if (colon == NULL || colon == line)
    return FALSE;
  name = g_strndup (line, (gsize)(colon - line));
  value = g_strstrip (g_strndup (colon + 1, length - (gsize)(colon + 1 - line)));
  if (g_ascii_strcasecmp (name, "Content-Length") == 0)
    {
      if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &number, NULL))
        return FALSE;
      self->length = (gint64)number;
    }
  else if (g_ascii_strcasecmp (name, "Transfer-Encoding") == 0)
    self->chunked = g_ascii_strcasecmp (value, "chunked") == 0;
  return TRUE;
}

static ProcHttpStep
read_head (ProcHttpReply *self)
{
  const char *text = self->raw->str, *at, *end;

  if (strlen (text) != self->raw->len && strstr (text, "\n\r\n") == NULL && strstr (text, "\n\n") == NULL)
    return PROC_HTTP_BAD; /* a NUL in the head */
  if ((end = strstr (text, "\n\r\n")) != NULL)
    self->body_at = (gsize)(end - text) + 3;
  else if ((end = strstr (text, "\n\n")) != NULL)
    self->body_at = (gsize)(end - text) + 2;
  else
    return self->raw->len >= 7 && strncmp (text, "HTTP/1.", 7) != 0 ? PROC_HTTP_BAD : PROC_HTTP_MORE;
  if (!read_status_line (self))
    return PROC_HTTP_BAD;
  for (at = strchr (text, '\n') + 1; at <= end; at = strchr (at, '\n') + 1)
    if (!read_field (self, at, strcspn (at, "\r\n")))
      return PROC_HTTP_BAD;
  if (self->status == 204 || self->status == 304 || self->status < 200)
    self->length = 0;
  self->head = TRUE;
  return PROC_HTTP_DONE;
}

/* Takes the chunks of the body apart. TRUE: the last one is there. body may be NULL. */
static gboolean
read_chunks (const ProcHttpReply *self, GString *body)
{
  gsize at = self->body_at;

  for (;;)
    {
      const char *line = self->raw->str + at, *end = memchr (line, '\n', self->raw->len - at);
      guint64 size;
      gsize left;

      if (end == NULL || !g_ascii_isxdigit (*line))
        return FALSE;
      size = g_ascii_strtoull (line, NULL, 16);
      at = (gsize)(end + 1 - self->raw->str);
      left = self->raw->len - at;
      if (body != NULL)
        g_string_append_len (body, self->raw->str + at, (gssize)MIN (size, left));
      if (size == 0)
        return TRUE;
      if (size > PROC_HTTP_MAX_BYTES || size + 2 > left)
        return FALSE;
      at += size + 2; /* and its CR LF */
    }
}

ProcHttpStep
proc_http_reply_feed (ProcHttpReply *self, const char *data, gsize size)
{
  gsize room = PROC_HTTP_MAX_BYTES - self->raw->len;
  gboolean over;

  g_string_append_len (self->raw, data, (gssize)MIN (size, room));
  over = size == 0 || size >= room;
  if (!self->head)
    {
      ProcHttpStep step = read_head (self);

      if (step != PROC_HTTP_DONE)
        return over ? PROC_HTTP_BAD : step;
    }
  if (over || (self->chunked ? read_chunks (self, NULL)
                             : self->length >= 0 && self->raw->len - self->body_at >= (guint64)self->length))
    return PROC_HTTP_DONE;
  return PROC_HTTP_MORE;
}

GString *
proc_http_reply_get_body (const ProcHttpReply *self)
{
  gsize size = self->raw->len - self->body_at;
  GString *body = g_string_new (NULL);

  if (self->chunked)
    read_chunks (self, body);
  else
    g_string_append_len (body, self->raw->str + self->body_at,
                         (gssize)(self->length >= 0 ? MIN (size, (guint64)self->length) : size));
  return body;
}
