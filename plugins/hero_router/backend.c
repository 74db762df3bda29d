/* backend.c: one HTTP/1.1 exchange over a Unix socket, driven by the reactor. Service thread. */
#include "backend.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "http-chunks.h"

#define RETRY_MS 20                    /* a full backlog: how soon to try again */
#define READ_AT_ONCE 4                 /* reads of one wake-up: then others have their turn */
#define LOOK_US (60 * G_USEC_PER_SEC) /* the timer looks at the deadline at least so often */

struct _Backend
{
  HeroServiceContext *ctx;
  HeroReactor *reactor;
  const BackendEvents *events;
  gpointer data;
  BackendTimeouts timeouts;
  char *path;
  gboolean to_head;

  int fd;
  HeroReactorWatch *watch;
  guint32 watched;
  guint timer, retry;
  gint64 deadline_us; /* monotonic; the timer looks at it, so that moving it costs nothing */
  int connect_error;  /* of the first attempt, to be told */
  gboolean connected, paused, finished, excess; /* excess: bytes came behind the answer */

  GQueue out;         /* GBytes */
  gsize out_offset;   /* into the first */
  gsize pending;

  GByteArray *in;     /* of the head */
  HttpHead *head;
  gint64 left;        /* of a body with a length */
  HttpChunks chunks;

  gboolean in_call, freed;
};

const char *
backend_fault_name (BackendFault fault)
{
  static const char *const names[] = { "not_running",  "socket_vanished", "connect_timeout", "empty_reply",
                                       "connection_reset", "bad_response",    "response_timeout" };

  return names[fault];
}

guint
backend_fault_status (BackendFault fault)
{
  static const guint status[] = { 503, 503, 504, 502, 502, 502, 504 };

  return status[fault];
}

/* ------------------------------------------------------------------------------------------------ life */

/* Gives the descriptor out of its hands; -1 = there is none. */
static int
unwatch_socket (Backend *backend)
{
  int fd = backend->fd;

  if (backend->watch != NULL)
    hero_reactor_remove (g_steal_pointer (&backend->watch));
  backend->fd = -1;
  backend->watched = 0;
  return fd;
}

static void
close_socket (Backend *backend)
{
  int fd = unwatch_socket (backend);

  if (fd >= 0)
    close (fd);
}

static void
stop_timers (Backend *backend)
{
  if (backend->timer != 0)
    hero_service_source_remove (backend->ctx, backend->timer);
  if (backend->retry != 0)
    hero_service_source_remove (backend->ctx, backend->retry);
  backend->timer = backend->retry = 0;
}

void
backend_free (Backend *backend)
{
  stop_timers (backend);
  close_socket (backend);
  backend->finished = TRUE;
  /* From inside a callback the memory stays until the callback's caller is out of it. */
  backend->freed = TRUE;
  if (backend->in_call)
    return;
  g_queue_clear_full (&backend->out, (GDestroyNotify) g_bytes_unref);
  g_byte_array_unref (backend->in);
  g_clear_pointer (&backend->head, http_head_free);
  g_free (backend->path);
  g_free (backend);
}

/* Callbacks run between enter and leave; leave returns FALSE when the exchange was freed meanwhile. */
static void
enter (Backend *backend)
{
  backend->in_call = TRUE;
}

static gboolean
leave (Backend *backend)
{
  backend->in_call = FALSE;
  if (backend->freed)
    {
      backend_free (backend);
      return FALSE;
    }
  return TRUE;
}

static void
fail (Backend *backend, BackendFault fault, const char *text)
{
  if (backend->finished)
    return;
  backend->finished = TRUE;
  stop_timers (backend);
  close_socket (backend);
  backend->events->failed (backend->data, fault, text);
}

/* The answer is complete. The connection stays open until backend_free: who owns the exchange may want it. */
static void
finish (Backend *backend)
{
  backend->finished = TRUE;
  stop_timers (backend);
  if (backend->watch != NULL)
    hero_reactor_remove (g_steal_pointer (&backend->watch));
  backend->events->end (backend->data);
}

int
backend_release (Backend *backend)
{
  const HttpHead *head = backend->head;
  const char *connection = http_head_get (head, "Connection");

  if (head->minor == 0 || head->body == HTTP_BODY_CLOSE || backend->pending > 0 || backend->excess
      || (connection != NULL && http_list_has (connection, "close")))
    return -1;
  return unwatch_socket (backend);
}

/* ------------------------------------------------------------------------------------------------ time */

static void
set_deadline (Backend *backend, guint ms)
{
  backend->deadline_us = ms == 0 ? G_MAXINT64 : g_get_monotonic_time () + (gint64) ms * 1000;
}

static gboolean on_timer (gpointer data);

static void
start_timer (Backend *backend)
{
  gint64 wait_us = CLAMP (backend->deadline_us - g_get_monotonic_time (), 0, LOOK_US);

  backend->timer = hero_service_timeout_add (backend->ctx, (guint) (wait_us / 1000 + 1), on_timer, backend);
}

static gboolean
on_timer (gpointer data)
{
  Backend *backend = data;

  backend->timer = 0;
  if (g_get_monotonic_time () < backend->deadline_us || backend->paused)
    {
      if (backend->paused)
        set_deadline (backend, backend->timeouts.idle_ms);
      start_timer (backend);
      return G_SOURCE_REMOVE;
    }
  enter (backend);
  if (!backend->connected)
    fail (backend, BACKEND_CONNECT_TIMEOUT, "the service does not accept the connection");
  else
    fail (backend, BACKEND_TIMEOUT, backend->head == NULL ? "no answer in time" : "the answer stopped");
  leave (backend);
  return G_SOURCE_REMOVE;
}

void
backend_set_endless (Backend *backend)
{
  backend->timeouts.idle_ms = 0;
  backend->deadline_us = G_MAXINT64;
}

/* ------------------------------------------------------------------------------------------------ the answer */

static void
give_body (Backend *backend, const void *data, gsize length)
{
  g_autoptr (GBytes) chunk = NULL;

  if (length == 0)
    return;
  chunk = g_bytes_new (data, length);
  backend->events->body (backend->data, chunk);
}

static void
read_chunked (Backend *backend, const guint8 *data, gsize length)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gboolean done;
  gssize used = http_chunks_read (&backend->chunks, data, length, out, &done, &error);

  if (used < 0)
    {
      fail (backend, BACKEND_BAD_RESPONSE, error->message);
      return;
    }
  backend->excess = done && (gsize) used < length;
  give_body (backend, out->data, out->len);
  if (done && !backend->finished)
    finish (backend);
}

static void
read_body (Backend *backend, const guint8 *data, gsize length)
{
  switch (backend->head->body)
    {
    case HTTP_BODY_CHUNKED:
      read_chunked (backend, data, length);
      break;
    case HTTP_BODY_LENGTH:
      backend->excess = length > (gsize) backend->left;
      length = MIN (length, (gsize) backend->left);
      backend->left -= (gint64) length;
      give_body (backend, data, length);
      if (backend->left == 0 && !backend->finished)
        finish (backend);
      break;
    case HTTP_BODY_CLOSE:
      give_body (backend, data, length);
      break;
    default:
      break;
    }
}

/* A head stands in backend->in. */
static void
take_head (Backend *backend, HttpHead *head, gsize used)
{
  g_autoptr (GByteArray) rest = NULL;

  if (head->status < 200)
    {
      http_head_free (head);
      g_byte_array_remove_range (backend->in, 0, (guint) used);
      return;
    }
  backend->head = head;
  backend->left = head->length;
  rest = g_steal_pointer (&backend->in);
  backend->in = g_byte_array_new ();
  backend->events->head (backend->data, head);
  if (backend->finished)
    return;
  if (head->body == HTTP_BODY_NONE || (head->body == HTTP_BODY_LENGTH && head->length == 0))
    {
      backend->excess = rest->len > used;
      finish (backend);
    }
  else if (rest->len > used)
    read_body (backend, rest->data + used, rest->len - used);
}

static void
read_head (Backend *backend, const guint8 *data, gsize length)
{
  g_byte_array_append (backend->in, data, (guint) length);
  while (backend->head == NULL && !backend->finished && backend->in->len > 0)
    {
      g_autoptr (GError) error = NULL;
      gsize used = 0;
      HttpHead *head = http_head_parse ((const char *) backend->in->data, backend->in->len, backend->to_head, &used, &error);

      if (error != NULL)
        fail (backend, BACKEND_BAD_RESPONSE, error->message);
      if (head == NULL)
        return;
      take_head (backend, head, used);
    }
}

static void
read_end (Backend *backend)
{
  if (backend->head != NULL && backend->head->body == HTTP_BODY_CLOSE)
    finish (backend);
  else if (backend->head != NULL)
    fail (backend, BACKEND_BAD_RESPONSE, "the answer was cut short");
  else if (backend->in->len > 0)
    fail (backend, BACKEND_BAD_RESPONSE, "the connection closed inside the head of the answer");
  else
    fail (backend, BACKEND_EMPTY_REPLY, "the connection closed without an answer");
}

static void
read_some (Backend *backend)
{
  guint8 buffer[BACKEND_WINDOW];

  for (guint i = 0; i < READ_AT_ONCE && !backend->finished && !backend->paused; i++)
    {
      gssize n = recv (backend->fd, buffer, sizeof buffer, 0);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0)
        {
          fail (backend, BACKEND_RESET, g_strerror (errno));
          return;
        }
      if (n == 0)
        {
          read_end (backend);
          return;
        }
      set_deadline (backend, backend->timeouts.idle_ms);
      if (backend->head == NULL)
        read_head (backend, buffer, (gsize) n);
      else
        read_body (backend, buffer, (gsize) n);
      if ((gsize) n < sizeof buffer)
        return;
    }
}

/* ------------------------------------------------------------------------------------------------ the request */

static void
drop_written (Backend *backend, gsize n)
{
  backend->pending -= n;
  n += backend->out_offset;
  while (!g_queue_is_empty (&backend->out) && n >= g_bytes_get_size (g_queue_peek_head (&backend->out)))
    {
      GBytes *bytes = g_queue_pop_head (&backend->out);

      n -= g_bytes_get_size (bytes);
      g_bytes_unref (bytes);
    }
  backend->out_offset = n;
}

static void
write_some (Backend *backend)
{
  gboolean wrote = FALSE;

  while (backend->pending > 0)
    {
      struct iovec parts[16];
      struct msghdr message = { .msg_iov = parts };
      gsize offset = backend->out_offset;
      gssize n;

      for (GList *l = backend->out.head; l != NULL && message.msg_iovlen < G_N_ELEMENTS (parts); l = l->next)
        {
          gsize size;
          const char *data = g_bytes_get_data (l->data, &size);

          parts[message.msg_iovlen++] = (struct iovec) { (char *) data + offset, size - offset };
          offset = 0;
        }
      n = sendmsg (backend->fd, &message, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0)
        {
          /* It may have answered already and want no more of the request: the answer counts, the rest is dropped. */
          g_queue_clear_full (&backend->out, (GDestroyNotify) g_bytes_unref);
          backend->pending = backend->out_offset = 0;
          break;
        }
      drop_written (backend, (gsize) n);
      wrote = TRUE;
    }
  if (wrote && backend->pending == 0 && backend->events->drained != NULL)
    backend->events->drained (backend->data);
}

static void
update_watch (Backend *backend)
{
  guint32 events = (backend->paused ? 0 : EPOLLIN) | (backend->pending > 0 ? EPOLLOUT : 0);

  if (backend->watch == NULL || events == backend->watched)
    return;
  backend->watched = events;
  hero_reactor_modify (backend->watch, events);
}

static void
on_ready (int fd, guint32 events, gpointer data)
{
  Backend *backend = data;

  enter (backend);
  if (events & EPOLLOUT)
    write_some (backend);
  if (!backend->finished && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
    {
      if (events & (EPOLLHUP | EPOLLERR))
        backend->paused = FALSE; /* level-triggered: a closed peer would be told again and again */
      read_some (backend);
    }
  if (leave (backend))
    update_watch (backend);
}

void
backend_write (Backend *backend, GBytes *bytes)
{
  if (backend->finished)
    {
      g_bytes_unref (bytes);
      return;
    }
  backend->pending += g_bytes_get_size (bytes);
  g_queue_push_tail (&backend->out, bytes);
  update_watch (backend);
}

gsize
backend_get_pending (Backend *backend)
{
  return backend->pending;
}

guint
backend_get_status (Backend *backend)
{
  return backend->head == NULL ? 0 : backend->head->status;
}

void
backend_pause (Backend *backend, gboolean paused)
{
  backend->paused = paused;
  if (!paused)
    set_deadline (backend, backend->timeouts.idle_ms);
  update_watch (backend);
}

/* ------------------------------------------------------------------------------------------------ connecting */

static gboolean try_connect (gpointer data);

/* The descriptor is connected: both ways are open. Returns 0 or an errno. */
static int
begin (Backend *backend)
{
  backend->watched = EPOLLIN | EPOLLOUT;
  backend->watch = hero_reactor_add (backend->reactor, backend->fd, backend->watched, on_ready, backend, NULL);
  if (backend->watch == NULL)
    return ENOMEM;
  backend->connected = TRUE;
  set_deadline (backend, backend->timeouts.first_byte_ms);
  return 0;
}

/* Returns 0 or the errno that ends the attempt; a full backlog is tried again. */
static int
connect_once (Backend *backend)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_strlcpy (address.sun_path, backend->path, sizeof address.sun_path);
  close_socket (backend);
  backend->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (backend->fd < 0)
    return errno;
  if (connect (backend->fd, (struct sockaddr *) &address, sizeof address) != 0)
    {
      if (errno != EAGAIN)
        return errno;
      backend->retry = hero_service_timeout_add (backend->ctx, RETRY_MS, try_connect, backend);
      return 0;
    }
  return begin (backend);
}

static void
connect_failed (Backend *backend, int number)
{
  BackendFault fault = number == ENOENT ? BACKEND_VANISHED : number == ECONNREFUSED ? BACKEND_NOT_RUNNING : BACKEND_RESET;

  enter (backend);
  fail (backend, fault, g_strerror (number));
  leave (backend);
}

static gboolean
try_connect (gpointer data)
{
  Backend *backend = data;
  int number = backend->connect_error;

  backend->retry = 0;
  if (number == 0)
    number = connect_once (backend);
  if (number != 0)
    connect_failed (backend, number);
  return G_SOURCE_REMOVE;
}

static Backend *
backend_new (HeroServiceContext *ctx, HeroReactor *reactor, gboolean to_head, const BackendTimeouts *timeouts,
             const BackendEvents *events, gpointer data)
{
  Backend *backend = g_new0 (Backend, 1);

  backend->ctx = ctx;
  backend->reactor = reactor;
  backend->to_head = to_head;
  backend->timeouts = *timeouts;
  backend->events = events;
  backend->data = data;
  backend->fd = -1;
  backend->in = g_byte_array_new ();
  g_queue_init (&backend->out);
  set_deadline (backend, timeouts->connect_ms);
  return backend;
}

/* A failure is told later: the caller has not stored the exchange yet. */
static Backend *
started (Backend *backend, int error)
{
  start_timer (backend);
  backend->connect_error = error;
  if (error != 0)
    backend->retry = hero_service_timeout_add (backend->ctx, 0, try_connect, backend);
  return backend;
}

Backend *
backend_open (HeroServiceContext *ctx, HeroReactor *reactor, const char *path, gboolean to_head, const BackendTimeouts *timeouts,
              const BackendEvents *events, gpointer data)
{
  Backend *backend = backend_new (ctx, reactor, to_head, timeouts, events, data);

  backend->path = g_strdup (path);
  return started (backend, connect_once (backend));
}

Backend *
backend_open_on (HeroServiceContext *ctx, HeroReactor *reactor, int fd, gboolean to_head, const BackendTimeouts *timeouts,
                 const BackendEvents *events, gpointer data)
{
  Backend *backend = backend_new (ctx, reactor, to_head, timeouts, events, data);

  backend->fd = fd;
  return started (backend, begin (backend));
}
