/* client.c: see client.h. Service thread. */
#include "client.h"

Client *
client_new (guint64 id, int fd, const char *address, const char *local_address)
{
  Client *self = g_new0 (Client, 1);

  self->id = id;
  self->fd = fd;
  self->address = g_strdup (address != NULL ? address : "");
  self->local_address = g_strdup (local_address != NULL ? local_address : "");
  self->created_us = self->active_us = g_get_monotonic_time ();
  self->reply.output = output_new ();
  self->reply.protocol = 2;
  self->link.data = self;
  return self;
}

void
client_free (Client *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->lib_name);
  g_free (self->lib_version);
  g_free (self->address);
  g_free (self->local_address);
  g_clear_pointer (&self->parser, resp_parser_free);
  output_free (self->reply.output);
  g_free (self);
}

void
client_reset (Client *self)
{
  g_clear_pointer (&self->name, g_free);
  self->db = 0;
  self->reply.protocol = 2;
  self->reply.muted = FALSE;
  self->reply_mode = CLIENT_REPLY_ON;
  self->no_evict = self->no_touch = FALSE;
}

gboolean
client_is_valid_name (Slice text)
{
  for (gsize i = 0; i < text.length; i++)
    if (text.data[i] < '!' || text.data[i] > '~')
      return FALSE;
  return TRUE;
}

void
client_set_text (char **place, Slice text)
{
  g_free (*place);
  *place = text.length > 0 ? g_strndup (text.data, text.length) : NULL;
}

gsize
client_get_memory (Client *self)
{
  return sizeof *self + output_get_length (self->reply.output)
         + (self->parser != NULL ? resp_parser_get_held (self->parser) : 0);
}

static const char *
text_or_empty (const char *text)
{
  return text != NULL ? text : "";
}

void
client_describe (Client *self, GString *out)
{
  gint64 now = g_get_monotonic_time ();
  gsize pending = output_get_length (self->reply.output);
  gsize held = self->parser != NULL ? resp_parser_get_held (self->parser) : 0;
  g_autoptr (GString) flags = g_string_new (NULL);

  if (self->closing)
    g_string_append_c (flags, 'c');
  if (self->aborted)
    g_string_append_c (flags, 'A');
  if (self->is_unix)
    g_string_append_c (flags, 'U');
  if (self->no_evict)
    g_string_append_c (flags, 'e');
  if (self->no_touch)
    g_string_append_c (flags, 'T');
  if (flags->len == 0)
    g_string_append_c (flags, 'N');

  g_string_append_printf (out,
                          "id=%" G_GUINT64_FORMAT " addr=%s laddr=%s fd=%d name=%s age=%" G_GINT64_FORMAT
                          " idle=%" G_GINT64_FORMAT " flags=%s db=%u sub=0 psub=0 ssub=0 multi=-1 qbuf=%" G_GSIZE_FORMAT
                          " qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0"
                          " rbp=0 obl=%" G_GSIZE_FORMAT " oll=0 omem=%" G_GSIZE_FORMAT " tot-mem=%" G_GSIZE_FORMAT
                          " events=%s cmd=%s user=default redir=-1 resp=%u lib-name=%s lib-ver=%s",
                          self->id, self->address, self->local_address, self->fd, text_or_empty (self->name),
                          (now - self->created_us) / G_USEC_PER_SEC, (now - self->active_us) / G_USEC_PER_SEC,
                          flags->str, self->db, held, pending, pending, client_get_memory (self),
                          pending > 0 ? "rw" : "r", self->last_command != NULL ? self->last_command : "NULL",
                          self->reply.protocol, text_or_empty (self->lib_name), text_or_empty (self->lib_version));
}
