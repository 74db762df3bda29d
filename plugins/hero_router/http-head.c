/* http-head.c: a strict parser of response heads. Pure functions. */
#include "http-head.h"

#include <gio/gio.h>
#include <string.h>

void
http_head_free (HttpHead *head)
{
  g_free (head->text);
  g_clear_pointer (&head->fields, g_array_unref);
  g_free (head);
}

const char *
http_head_get (const HttpHead *head, const char *name)
{
  for (guint i = 0; i < head->fields->len; i++)
    {
      const HttpField *field = &g_array_index (head->fields, HttpField, i);

      if (g_ascii_strcasecmp (field->name, name) == 0)
        return field->value;
    }
  return NULL;
}

gboolean
http_list_has (const char *list, const char *token)
{
  g_auto (GStrv) parts = list == NULL ? NULL : g_strsplit (list, ",", -1);

  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    if (g_ascii_strcasecmp (g_strstrip (parts[i]), token) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
fail (GError **error, const char *reason)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, reason);
  return FALSE;
}

static gboolean
is_token (const char *text)
{
  if (*text == '\0')
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("!#$%&'*+-.^_`|~", *text) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
is_clean (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (((guchar) text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
      return FALSE;
  return TRUE;
}

/* "HTTP/1.1 200 OK" */
static gboolean
parse_status_line (HttpHead *head, const char *line, GError **error)
{
  if (!g_str_has_prefix (line, "HTTP/1.") || (line[7] != '0' && line[7] != '1') || line[8] != ' ')
    return fail (error, "the answer does not begin with HTTP/1.0 or HTTP/1.1");
  if (!g_ascii_isdigit (line[9]) || !g_ascii_isdigit (line[10]) || !g_ascii_isdigit (line[11])
      || (line[12] != ' ' && line[12] != '\0'))
    return fail (error, "the status is not three digits");
  head->minor = (guint) (line[7] - '0');
  head->status = (guint) ((line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0');
  return head->status >= 100 && head->status < 600 ? TRUE : fail (error, "the status is outside 100..599");
}

static gboolean
parse_field (HttpHead *head, char *line, GError **error)
{
  char *colon = strchr (line, ':');
  HttpField field;

  if (colon == NULL)
    return fail (error, "a header line has no colon");
  *colon = '\0';
  if (!is_token (line))
    return fail (error, "a header name has an illegal character");
  field.name = line;
  field.value = g_strstrip (colon + 1);
  if (head->fields->len == HTTP_HEAD_MAX_FIELDS)
    return fail (error, "the head has more than 128 fields");
  g_array_append_val (head->fields, field);
  return TRUE;
}

static gboolean
parse_length (HttpHead *head, const char *text, GError **error)
{
  guint64 length;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &length, NULL))
    return fail (error, "Content-Length is not a number");
  head->body = HTTP_BODY_LENGTH;
  head->length = (gint64) length;
  return TRUE;
}

/* Which body follows (RFC 9112, 6.3); what could be read in two ways is refused. */
static gboolean
find_body (HttpHead *head, gboolean to_head, GError **error)
{
  const char *length = NULL, *coding = NULL;

  for (guint i = 0; i < head->fields->len; i++)
    {
      const HttpField *field = &g_array_index (head->fields, HttpField, i);
      const char **seen = g_ascii_strcasecmp (field->name, "Content-Length") == 0      ? &length
                          : g_ascii_strcasecmp (field->name, "Transfer-Encoding") == 0 ? &coding
                                                                                      : NULL;

      if (seen == NULL)
        continue;
      if (*seen != NULL)
        return fail (error, "Content-Length or Transfer-Encoding stands twice");
      *seen = field->value;
    }
  if (length != NULL && coding != NULL)
    return fail (error, "Content-Length stands beside Transfer-Encoding");
  if (coding != NULL && (head->minor == 0 || g_ascii_strcasecmp (coding, "chunked") != 0))
    return fail (error, "Transfer-Encoding is not chunked");
  if (length != NULL && !parse_length (head, length, error))
    return FALSE;
  if (coding != NULL)
    head->body = HTTP_BODY_CHUNKED;
  else if (length == NULL)
    head->body = HTTP_BODY_CLOSE;
  if (to_head || head->status < 200 || head->status == 204 || head->status == 304)
    head->body = HTTP_BODY_NONE;
  return TRUE;
}

static gboolean
parse_lines (HttpHead *head, GError **error)
{
  char *line = head->text, *end;

  for (gboolean first = TRUE; (end = strstr (line, "\r\n")) != NULL && end != line; line = end + 2, first = FALSE)
    {
      *end = '\0';
      if (!is_clean (line, (gsize) (end - line)))
        return fail (error, "the head has a control byte or a bare line end");
      if (!first && (*line == ' ' || *line == '\t'))
        return fail (error, "the head has a folded line");
      if (!(first ? parse_status_line (head, line, error) : parse_field (head, line, error)))
        return FALSE;
    }
  return TRUE;
}

HttpHead *
http_head_parse (const char *data, gsize length, gboolean to_head, gsize *used, GError **error)
{
  const char *end = memmem (data, length, "\r\n\r\n", 4);
  g_autoptr (HttpHead) head = NULL;

  if (length >= 5 && memcmp (data, "HTTP/", 5) != 0)
    {
      fail (error, "the answer is not HTTP");
      return NULL;
    }
  if (end == NULL)
    {
      if (length > HTTP_HEAD_MAX || memmem (data, length, "\n\n", 2) != NULL)
        fail (error, length > HTTP_HEAD_MAX ? "the head is longer than 128 KiB" : "the head has a bare line end");
      return NULL;
    }
  *used = (gsize) (end - data) + 4;
  if (*used > HTTP_HEAD_MAX || memchr (data, '\0', *used) != NULL)
    {
      fail (error, *used > HTTP_HEAD_MAX ? "the head is longer than 128 KiB" : "the head has a NUL byte");
      return NULL;
    }
  head = g_new0 (HttpHead, 1);
  head->text = g_strndup (data, *used);
  head->fields = g_array_new (FALSE, FALSE, sizeof (HttpField));
  if (!parse_lines (head, error) || !find_body (head, to_head, error))
    return NULL;
  return g_steal_pointer (&head);
}
