/*
 * http-websocket.c: see websocket.h. libsoup shakes hands, then the connection is ours. What is sent lies in a queue of
 * references, and goes to the kernel from there without a copy. Service thread.
 */
#include <hero-service/websocket.h>

#include "http-core.h"
#include "websocket-frame.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum
{
  FRAMES_AT_ONCE = 32, /* in one write */
  READS_AT_ONCE = 4,
  READ_SIZE = 16384,
  PING_MS = 30 * 1000,  /* for proxies on the way */
  FLUSH_MS = 30 * 1000, /* a closing socket waits so long for its client to take what was sent */
  REPLY_MS = 2000,      /* and then so long for the client's own close */
  STOP_MS = 1000,       /* both, once the service stops */
};

/* What goes out. */
typedef struct
{
  guint8 head[HERO_FRAME_MAX_HEAD];
  guint n_head;
  guint kind;
  GBytes *bytes;
} Frame;

struct _HeroWebSocket
{
  HeroHttpRole *role;
  HeroHttpRequest *request; /* until the handshake is over */
  GObject *address;         /* from then on: keeps the connection known, and counted */
  GIOStream *stream;
  int fd;
  char *protocol;
  const HeroWebSocketFuncs *funcs; /* NULL: the owner has done with it */
  gpointer data;

  HeroFrameReader *reader;
  GSource *input;

  GQueue out;     /* Frame */
  gsize sent;      /* bytes of the first that are out */
  gsize pending;   /* bytes of messages that wait, heads left out */
  GSource *output; /* the kernel takes no more for now */

  GSource *timer;   /* the next ping; when closing the limit */
  gboolean closing; /* the last frame is, or was, our close */
  gboolean close_sent, close_received;
  GList link; /* in role->sockets */
};

/* ------------------------------------------------------------------------------------------------ the end */

static void
frame_free (Frame *frame)
{
  g_bytes_unref (frame->bytes);
  g_free (frame);
}

static void
end_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
set_timer (HeroWebSocket *self, guint ms, GSourceFunc func)
{
  end_source (&self->timer);
  self->timer = g_timeout_source_new (ms);
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, hero_sdk_get (self->role->http->ctx)->context);
}

/* The owner hears of the end, once. */
static void
tell_closed (HeroWebSocket *self)
{
  const HeroWebSocketFuncs *funcs = g_steal_pointer (&self->funcs);

  if (funcs != NULL)
    funcs->closed (self->data);
}

static void
socket_free (HeroWebSocket *self)
{
  g_queue_unlink (&self->role->sockets, &self->link);
  end_source (&self->input);
  end_source (&self->output);
  end_source (&self->timer);
  g_queue_clear_full (&self->out, (GDestroyNotify)frame_free);
  if (self->stream != NULL)
    g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_clear_object (&self->address);
  hero_frame_reader_free (self->reader);
  tell_closed (self);
  g_free (self->protocol);
  g_free (self);
}

static gboolean
on_limit (gpointer data)
{
  socket_free (data);
  return G_SOURCE_REMOVE;
}

/* ------------------------------------------------------------------------------------------------ sending */

/* n bytes are out: the frames they make up go. */
static void
note_sent (HeroWebSocket *self, gsize n)
{
  Frame *frame;

  self->sent += n;
  while ((frame = g_queue_peek_head (&self->out)) != NULL
         && self->sent >= frame->n_head + g_bytes_get_size (frame->bytes))
    {
      gsize size = g_bytes_get_size (frame->bytes);

      self->sent -= frame->n_head + size;
      if (frame->kind < HERO_FRAME_CLOSE)
        self->pending -= size;
      self->close_sent |= frame->kind == HERO_FRAME_CLOSE;
      frame_free (g_queue_pop_head (&self->out));
    }
}

/* What of the queue one write may take; the number of pieces. */
static guint
collect (HeroWebSocket *self, struct iovec pieces[2 * FRAMES_AT_ONCE])
{
  gsize skip = self->sent;
  guint n = 0;

  for (GList *l = self->out.head; l != NULL && n + 2 <= 2 * FRAMES_AT_ONCE; l = l->next)
    {
      Frame *frame = l->data;
      struct iovec parts[] = { { frame->head, frame->n_head },
                               { (gpointer)g_bytes_get_data (frame->bytes, NULL), g_bytes_get_size (frame->bytes) } };

      for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
        {
          gsize left_out = MIN (skip, parts[i].iov_len);

          skip -= left_out;
          if (parts[i].iov_len > left_out)
            pieces[n++] = (struct iovec){ (char *)parts[i].iov_base + left_out, parts[i].iov_len - left_out };
        }
    }
  return n;
}

/* Writes what the kernel takes. FALSE: the client is gone. */
static gboolean
write_out (HeroWebSocket *self)
{
  struct iovec pieces[2 * FRAMES_AT_ONCE];

  while (self->out.head != NULL)
    {
      struct msghdr message = { .msg_iov = pieces, .msg_iovlen = collect (self, pieces) };
      gssize n = sendmsg (self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno == EAGAIN;
      note_sent (self, (gsize)n);
    }
  return TRUE;
}

/* Both have said goodbye, or we have and the client is to. FALSE: it is freed. */
static gboolean
settle (HeroWebSocket *self)
{
  if (!self->close_sent)
    return TRUE;
  if (self->close_received)
    {
      socket_free (self);
      return FALSE;
    }
  set_timer (self, hero_service_is_stopping (self->role->http->ctx) ? STOP_MS : REPLY_MS, on_limit);
  return TRUE;
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  HeroWebSocket *self = data;
  gsize before = self->pending;

  if (!write_out (self))
    {
      socket_free (self);
      return G_SOURCE_REMOVE;
    }
  if (self->out.head == NULL)
    end_source (&self->output);
  if (!settle (self))
    return G_SOURCE_REMOVE;
  if (self->pending < before && self->funcs != NULL && self->funcs->drained != NULL)
    self->funcs->drained (self->data); /* the last use: it may close it */
  return G_SOURCE_CONTINUE; /* or it was ended above */
}

/* Goes on with the queue as soon as the kernel takes something; errors are met there too, on a clean stack. */
static void
start_output (HeroWebSocket *self)
{
  if (self->stream == NULL || self->output != NULL)
    return;
  if (write_out (self) && self->out.head == NULL && !self->close_sent)
    return;
  self->output = g_unix_fd_source_new (self->fd, G_IO_OUT);
  g_source_set_callback (self->output, (GSourceFunc)(void (*) (void))on_writable, self, NULL);
  g_source_attach (self->output, hero_sdk_get (self->role->http->ctx)->context);
}

/* bytes: taken. A control frame does not wait for messages, but for the one that is half out. */
static void
queue_frame (HeroWebSocket *self, guint kind, GBytes *bytes, gboolean first)
{
  Frame *frame = g_new0 (Frame, 1);

  frame->kind = kind;
  frame->bytes = bytes;
  frame->n_head = hero_frame_write_head (kind, g_bytes_get_size (bytes), frame->head);
  if (first)
    g_queue_push_nth (&self->out, frame, self->sent > 0 ? 1 : 0);
  else
    g_queue_push_tail (&self->out, frame);
  if (kind < HERO_FRAME_CLOSE)
    self->pending += g_bytes_get_size (bytes);
}

void
hero_websocket_send_text (HeroWebSocket *self, const char *text)
{
  queue_frame (self, HERO_FRAME_TEXT, g_bytes_new (text, strlen (text)), FALSE);
  start_output (self);
}

void
hero_websocket_send_binary (HeroWebSocket *self, GBytes *bytes)
{
  queue_frame (self, HERO_FRAME_BINARY, g_bytes_ref (bytes), FALSE);
  start_output (self);
}

gsize
hero_websocket_get_pending (HeroWebSocket *self)
{
  return self->pending;
}

const char *
hero_websocket_get_protocol (HeroWebSocket *self)
{
  return self->protocol;
}

static gboolean
on_ping_time (gpointer data)
{
  HeroWebSocket *self = data;

  if (self->out.head == NULL) /* else it is slow, not idle */
    queue_frame (self, HERO_FRAME_PING, g_bytes_new_static ("", 0), FALSE);
  start_output (self);
  return G_SOURCE_CONTINUE;
}

/* ------------------------------------------------------------------------------------------------ closing */

/* Everything that waits goes, but for a frame that is half out. */
static void
drop_waiting (HeroWebSocket *self)
{
  Frame *half = self->sent > 0 ? g_queue_pop_head (&self->out) : NULL;

  g_queue_clear_full (&self->out, (GDestroyNotify)frame_free);
  self->pending = 0;
  if (half == NULL)
    return;
  g_queue_push_head (&self->out, half);
  if (half->kind < HERO_FRAME_CLOSE)
    self->pending = g_bytes_get_size (half->bytes);
}

static void
begin_close (HeroWebSocket *self, guint16 code, const char *reason, gboolean flush)
{
  gsize length = reason != NULL ? MIN (strlen (reason), HERO_FRAME_MAX_CONTROL - 2) : 0;
  const guint8 number[] = { (guint8)(code >> 8), (guint8)code };
  GByteArray *bytes;

  if (self->closing)
    return;
  self->closing = TRUE;
  if (!flush)
    drop_waiting (self);
  bytes = g_byte_array_new ();
  g_byte_array_append (bytes, number, sizeof number);
  if (length > 0)
    g_byte_array_append (bytes, (const guint8 *)reason, (guint)length);
  queue_frame (self, HERO_FRAME_CLOSE, g_byte_array_free_to_bytes (bytes), FALSE);
  set_timer (self, hero_service_is_stopping (self->role->http->ctx) ? STOP_MS : FLUSH_MS, on_limit);
  start_output (self);
}

void
hero_websocket_close (HeroWebSocket *self, guint16 code, const char *reason, gboolean flush)
{
  self->funcs = NULL;
  begin_close (self, code, reason, flush);
}

/* ------------------------------------------------------------------------------------------------ receiving */

/* Of pings that wait only the newest is answered. */
static void
answer_ping (HeroWebSocket *self, GBytes *bytes)
{
  for (GList *l = self->sent > 0 ? self->out.head->next : self->out.head; l != NULL; l = l->next)
    if (((Frame *)l->data)->kind == HERO_FRAME_PONG)
      {
        frame_free (l->data);
        g_queue_delete_link (&self->out, l);
        break;
      }
  queue_frame (self, HERO_FRAME_PONG, bytes, TRUE);
  start_output (self);
}

static void
on_frame (guint kind, GBytes *taken, gpointer data)
{
  HeroWebSocket *self = data;
  g_autoptr (GBytes) bytes = taken;

  if (kind == HERO_FRAME_CLOSE)
    self->close_received = TRUE;
  else if (kind == HERO_FRAME_PING && !self->closing)
    answer_ping (self, g_steal_pointer (&bytes));
  else if (kind != HERO_FRAME_PONG && self->funcs != NULL)
    self->funcs->received (self->data, kind == HERO_FRAME_TEXT, bytes);
}

/* The client has closed, in its words. FALSE: it is freed. */
static gboolean
take_leave (HeroWebSocket *self)
{
  if (!self->closing)
    {
      begin_close (self, HERO_WEBSOCKET_NORMAL, NULL, FALSE);
      tell_closed (self);
    }
  return settle (self);
}

static gboolean
on_readable (GObject *stream, gpointer data)
{
  HeroWebSocket *self = data;
  guint8 buffer[READ_SIZE];

  for (guint i = 0; i < READS_AT_ONCE; i++)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, sizeof buffer, NULL,
                                                           &error);
      guint16 code;

      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      if (n <= 0)
        {
          socket_free (self);
          return G_SOURCE_REMOVE;
        }
      code = hero_frame_reader_feed (self->reader, buffer, (gsize)n, on_frame, self);
      if (code != 0 && !self->closing) /* what follows is read, lest closing cuts off our word, and not looked at */
        {
          begin_close (self, code, NULL, FALSE);
          tell_closed (self);
        }
      if (self->close_received && !take_leave (self))
        return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

/* ------------------------------------------------------------------------------------------------ the beginning */

gboolean
hero_http_request_is_websocket (HeroHttpRequest *request)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->msg);

  return strcmp (hero_http_request_get_method (request), "GET") == 0
         && soup_message_headers_header_contains (headers, "Connection", "Upgrade")
         && soup_message_headers_header_equals (headers, "Upgrade", "websocket");
}

void
hero_http_respond_upgrade (HeroHttpRequest *request)
{
  hero_http_request_set_response_header (request, "Upgrade", "websocket");
  hero_http_request_set_response_header (request, "Sec-WebSocket-Version", "13");
  hero_http_respond_error (request, 426, "connect with a WebSocket client", "this is a WebSocket");
}

/* The head of the answer is out: from here on libsoup has nothing to do with the connection. */
static void
on_upgraded (SoupServerMessage *msg, gpointer data)
{
  HeroWebSocket *self = data;
  HeroHttpRequest *request = g_steal_pointer (&self->request);
  HeroHttpConnection *connection = request->connection;

  self->address = g_object_ref (G_OBJECT (soup_server_message_get_remote_address (msg)));
  g_signal_handlers_disconnect_by_data (msg, self);
  self->stream = soup_server_message_steal_connection (msg);
  hero_http_request_on_finished (request, NULL, NULL);
  hero_http_request_finish (request, TRUE);
  connection->busy = TRUE; /* never idle */
  self->fd = g_socket_get_fd (g_socket_connection_get_socket (connection->stream));
  self->input = g_pollable_input_stream_create_source (
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream)), NULL);
  g_source_set_callback (self->input, (GSourceFunc)(void (*) (void))on_readable, self, NULL);
  g_source_attach (self->input, hero_sdk_get (self->role->http->ctx)->context);
  if (!self->closing)
    set_timer (self, PING_MS, on_ping_time);
  start_output (self);
}

/* The client left before. */
static void
on_not_upgraded (gpointer data, gboolean written)
{
  HeroWebSocket *self = data;

  g_signal_handlers_disconnect_by_data (self->request->msg, self);
  self->request = NULL;
  socket_free (self);
}

HeroWebSocket *
hero_http_respond_websocket (HeroHttpRequest *request, const char *const *protocols, gsize max_message,
                             const HeroWebSocketFuncs *funcs, gpointer data)
{
  SoupMessageHeaders *answer = soup_server_message_get_response_headers (request->msg);
  g_autoptr (GError) error = NULL;
  HeroWebSocket *self;

  g_return_val_if_fail (!request->answered, NULL);
  if (!hero_http_request_is_websocket (request))
    {
      hero_http_respond_upgrade (request);
      return NULL;
    }
  if (!soup_websocket_server_check_handshake (request->msg, NULL, (char **)protocols, NULL, &error))
    {
      hero_http_request_set_response_header (request, "Sec-WebSocket-Version", "13");
      hero_http_respond_error (request, 400, NULL, "the WebSocket handshake is broken: %s", error->message);
      return NULL;
    }
  soup_websocket_server_process_handshake (request->msg, NULL, (char **)protocols, NULL, NULL);
  self = g_new0 (HeroWebSocket, 1);
  self->role = request->role;
  self->request = request;
  self->protocol = g_strdup (soup_message_headers_get_one (answer, "Sec-WebSocket-Protocol"));
  self->reader = hero_frame_reader_new (max_message);
  self->funcs = funcs;
  self->data = data;
  self->link.data = self;
  g_queue_push_tail_link (&self->role->sockets, &self->link);
  request->answered = request->handled = TRUE;
  g_signal_connect (request->msg, "wrote-informational", G_CALLBACK (on_upgraded), self);
  hero_http_request_on_finished (request, on_not_upgraded, self);
  hero_http_request_unpause (request);
  return self;
}

/* ------------------------------------------------------------------------------------------------ of the role */

void
hero_websocket_stop_all (HeroHttpRole *role)
{
  GList *next;

  for (GList *l = role->sockets.head; l != NULL; l = next)
    {
      HeroWebSocket *self = l->data;

      next = l->next;
      if (self->closing) /* with less time from here on */
        set_timer (self, STOP_MS, on_limit);
      begin_close (self, HERO_WEBSOCKET_GOING_AWAY, "the service stops", TRUE);
      tell_closed (self);
    }
}

void
hero_websocket_drop_all (HeroHttpRole *role)
{
  while (role->sockets.head != NULL)
    socket_free (role->sockets.head->data);
}
