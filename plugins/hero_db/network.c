/*
 * network.c: connections and their turns. A connection that anything happened to is "touched"; at the end of the turn
 * the touched ones are flushed, and only there are they closed, so that nobody holds a freed one. Service thread.
 */
#include "network.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hero-service/log.h>
#include <hero-service/reactor.h>

#include "accept.h"

#define READ_SIZE 65536 /* bytes of input that one connection is served in a turn */
#define STOP_GRACE_MS 3000
#define HOLD_FROM_US 4000 /* shorter commits are not worth the wait */
#define HOLD_MAX_MS 25
#define CROSS_PROTOCOL_LOG_US (60 * G_USEC_PER_SEC)

typedef struct
{
  Network *network;
  Client *client;
  HeroReactorWatch *watch;
  guint32 events;   /* that the watch waits for */
  gboolean touched; /* in network->touched */
  gboolean waiting; /* in network->waiting */
  guint64 round;    /* network->round = it is awaited */
  gboolean ended;   /* the peer sends no more */
  gsize memory;     /* counted in network->memory */
} Connection;

struct _Network
{
  HeroServiceContext *ctx;
  Server *server;
  NetworkLimits limits;
  HeroReactor *reactor;
  Acceptor *acceptor;
  GPtrArray *touched; /* Connection */
  GPtrArray *waiting; /* Connection: has replies that wait for a commit */
  gsize memory;       /* of all connections together */
  guint64 round;      /* of commits; see stop_awaiting */
  guint awaited;      /* connections of this round */
  guint hold_source;  /* not 0: no commit begins while some are awaited */
  gboolean paused;    /* nobody is read: too much is dirty */
  gint64 cross_protocol_logged_us;
  guint timeout_source;

  guint stop_source;
  void (*stopped) (gpointer data); /* not NULL: stopping */
  gpointer stopped_data;
  char buffer[READ_SIZE]; /* every read goes here first, so an idle connection owns none */
};

static void
touch (Connection *self)
{
  if (self->touched)
    return;
  self->touched = TRUE;
  g_ptr_array_add (self->network->touched, self);
}

static void
wake (Client *client)
{
  touch (client->carrier);
}

/*
 * Clients that wait for their answer before they go on come back together after a commit. If the next commit began with
 * the first of them, the others would wait for one more: each would meet two commits instead of one. So it begins when
 * all have spoken again, or after a quarter of the time that the last commit took.
 */
static void
stop_awaiting (Connection *self)
{
  if (self->round != self->network->round)
    return;
  self->round = 0;
  self->network->awaited--;
}

/* ------------------------------------------------------------------------------------------------ closing */

static void
connection_free (Connection *self)
{
  Network *network = self->network;
  int fd = self->client->fd;

  if (self->waiting)
    g_ptr_array_remove_fast (network->waiting, self);
  stop_awaiting (self);
  network->memory -= self->memory;
  g_clear_pointer (&self->watch, hero_reactor_remove);
  server_remove_client (network->server, self->client);
  client_free (self->client);
  close (fd);
  g_free (self);
}

static void
abort_client (Network *self, Client *client, const char *why)
{
  hero_warn (self->ctx, "closing client id=%" G_GUINT64_FORMAT " name=%s addr=%s: %s", client->id,
             client->name != NULL ? client->name : "", client->address, why);
  client->aborted = TRUE;
}

static void
check_limits (Connection *self)
{
  Network *network = self->network;
  Client *client = self->client;
  gsize memory = client_get_memory (client);

  network->memory += memory - self->memory;
  self->memory = memory;
  if (output_get_length (client->reply.output) > network->limits.output_max)
    abort_client (network, client, "it does not read its replies");
  else if (resp_parser_get_held (client->parser) > network->limits.input_max)
    abort_client (network, client, "its command is too long");
}

/* All clients together hold too much: the biggest goes. */
static void
check_all_memory (Network *self)
{
  gsize limit = self->server->limits.clients_memory;
  Connection *biggest = NULL;

  if (limit == 0 || self->memory <= limit)
    return;
  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;
      Connection *connection = client->carrier;

      if (!client->no_evict && !client->aborted && (biggest == NULL || connection->memory > biggest->memory))
        biggest = connection;
    }
  if (biggest == NULL)
    return;
  abort_client (self, biggest->client, "all clients together hold too much memory");
  touch (biggest);
}

/* ------------------------------------------------------------------------------------------------ writing */

static void
wait_for_events (Connection *self, gboolean more_to_write)
{
  gboolean reads = !self->network->paused && !self->ended && !self->client->closing;
  guint32 events = (reads ? EPOLLIN : 0) | (more_to_write ? EPOLLOUT : 0);

  if (events == self->events)
    return;
  self->events = events;
  hero_reactor_modify (self->watch, events);
}

/* FALSE: the connection is gone. */
static gboolean
flush (Connection *self)
{
  Network *network = self->network;
  Output *output = self->client->reply.output;
  guint64 durable = storage_get_durable (network->server->storage);
  gsize ready = output_get_ready (output, durable);
  gssize written = ready > 0 && !self->client->aborted ? output_flush (output, self->client->fd, durable) : 0;

  if (written < 0 && errno != EAGAIN)
    self->client->aborted = TRUE;
  if (written > 0)
    {
      network->server->stats.bytes_out += (guint64)written;
      ready -= (gsize)written;
    }

  check_limits (self);
  if (self->client->aborted || (self->client->closing && output_get_length (output) == 0))
    {
      connection_free (self);
      return FALSE;
    }

  if (!self->waiting && output_get_length (output) > ready)
    {
      self->waiting = TRUE;
      g_ptr_array_add (network->waiting, self);
    }
  wait_for_events (self, ready > 0);
  return TRUE;
}

static void
finish_stop (Network *self)
{
  void (*stopped) (gpointer) = g_steal_pointer (&self->stopped);

  if (self->stop_source != 0)
    hero_service_source_remove (self->ctx, self->stop_source);
  self->stop_source = 0;
  stopped (self->stopped_data);
}

void
network_flush (Network *self)
{
  /* More may be touched meanwhile: a client closed for its memory. */
  for (guint i = 0; i < self->touched->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->touched, i);

      connection->touched = FALSE;
      if (flush (connection))
        check_all_memory (self);
    }
  g_ptr_array_set_size (self->touched, 0);
  if (self->stopped != NULL && g_queue_is_empty (&self->server->clients))
    finish_stop (self);
}

static gboolean
end_hold (gpointer data)
{
  Network *self = data;

  self->hold_source = 0;
  self->awaited = 0;
  self->round++;
  server_end_turn (self->server, TRUE);
  return G_SOURCE_REMOVE;
}

static void
end_turn (gpointer data)
{
  Network *self = data;

  if (self->hold_source != 0 && (self->awaited == 0 || self->stopped != NULL))
    {
      hero_service_source_remove (self->ctx, self->hold_source);
      self->hold_source = 0;
    }
  /* The commit begins first: its thread works while the replies leave. */
  server_end_turn (self->server, self->hold_source == 0);
  network_flush (self);
}

/* Flushes those that the commit answers, and awaits them. */
static void
answer_waiting (Network *self)
{
  gint64 commit_us = storage_get_commit_us (self->server->storage);

  self->round++;
  self->awaited = 0;
  for (guint i = 0; i < self->waiting->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->waiting, i);

      connection->waiting = FALSE;
      connection->round = self->round;
      self->awaited++;
      touch (connection);
    }
  g_ptr_array_set_size (self->waiting, 0);
  if (self->awaited > 1 && commit_us >= HOLD_FROM_US && self->hold_source == 0)
    self->hold_source
        = hero_service_timeout_add (self->ctx, (guint)MIN (commit_us / 4000, HOLD_MAX_MS), end_hold, self);
}

static void
resume_reading (Network *self)
{
  self->paused = FALSE;
  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    touch (((Client *)link->data)->carrier);
}

void
network_committed (Network *self, gboolean failed)
{
  g_autofree char *line
      = failed ? g_strdup_printf ("-MISCONF Errors writing to the AOF file: %s\r\n", self->server->broken) : NULL;

  for (guint i = 0; failed && i < self->waiting->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->waiting, i);

      output_replace_waiting (connection->client->reply.output, storage_get_durable (self->server->storage), line);
    }
  answer_waiting (self);
  if (self->paused && storage_get_dirty_bytes (self->server->storage) < self->limits.dirty_max)
    resume_reading (self);
  end_turn (self);
}

/* ------------------------------------------------------------------------------------------------ reading */

static void
log_cross_protocol (Network *self, Client *client)
{
  gint64 now = g_get_monotonic_time ();

  if (self->cross_protocol_logged_us != 0 && now - self->cross_protocol_logged_us < CROSS_PROTOCOL_LOG_US)
    return;
  self->cross_protocol_logged_us = now;
  hero_warn (self->ctx,
             "possible cross-protocol request from %s: HTTP words where RESP is spoken; the connection was closed",
             client->address);
}

static void
execute_all (Connection *self)
{
  Client *client = self->client;
  Server *server = self->network->server;
  RespStatus status = RESP_MORE;
  const Slice *argv;
  gsize argc;

  while (!client->closing && !client->aborted
         && (status = resp_parser_next (client->parser, &argv, &argc)) == RESP_COMMAND)
    {
      server_execute (server, client, argv, argc);
      if (client->aborted)
        log_cross_protocol (self->network, client);
    }

  if (status == RESP_ERROR)
    {
      reply_error (&client->reply, "ERR %s", resp_parser_get_error (client->parser));
      output_seal (client->reply.output, 0);
      client->closing = TRUE;
    }
}

static void
read_some (Connection *self, gboolean hung_up)
{
  Network *network = self->network;
  Client *client = self->client;
  char *where = network->buffer;
  gsize room = resp_parser_get_room (client->parser, &where);
  gssize length;

  do
    length = read (client->fd, where, room > 0 ? MIN (room, READ_SIZE) : READ_SIZE);
  while (length < 0 && errno == EINTR);

  if (length < 0)
    {
      client->aborted |= errno != EAGAIN;
      return;
    }
  if (length == 0)
    {
      /* It may still read what it asked for, unless it is gone altogether. */
      self->ended = TRUE;
      client->closing = TRUE;
      client->aborted |= hung_up;
      return;
    }

  stop_awaiting (self);
  network->server->stats.bytes_in += (guint64)length;
  server_begin_turn (network->server);
  if (room > 0)
    resp_parser_filled (client->parser, (gsize)length);
  else
    resp_parser_feed (client->parser, network->buffer, (gsize)length);
  execute_all (self);
}

static void
on_connection (int fd, guint32 events, gpointer data)
{
  Connection *self = data;
  Network *network = self->network;

  if (storage_get_dirty_bytes (network->server->storage) >= network->limits.dirty_max)
    network->paused = TRUE;

  touch (self);
  if ((events & EPOLLIN) && !network->paused && !self->client->closing)
    read_some (self, (events & EPOLLHUP) != 0);
  else if (events & (EPOLLHUP | EPOLLERR))
    self->client->aborted = TRUE;
}

/* ------------------------------------------------------------------------------------------------ connections */

/* From the acceptor: a connection that may speak. */
static void
on_accepted (int fd, const char *address, const char *local_address, gboolean is_unix, gpointer data)
{
  Network *self = data;
  Server *server = self->server;
  Connection *connection = g_new0 (Connection, 1);

  connection->network = self;
  connection->client = client_new (server_next_client_id (server), fd, address, local_address);
  connection->client->is_unix = is_unix;
  connection->client->parser = resp_parser_new (server->limits.max_bulk);
  connection->client->carrier = connection;
  connection->client->wake = wake;
  connection->events = self->paused ? 0 : EPOLLIN;
  connection->watch = hero_reactor_add (self->reactor, fd, connection->events, on_connection, connection, NULL);
  server_add_client (server, connection->client);
  server->stats.connections++;
  if (connection->watch == NULL)
    {
      connection->client->aborted = TRUE;
      touch (connection);
    }
}

static gboolean
close_idle (gpointer data)
{
  Network *self = data;
  gint64 oldest = g_get_monotonic_time () - self->server->limits.client_timeout_s * G_USEC_PER_SEC;

  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;

      if (client->active_us >= oldest)
        continue;
      client->aborted = TRUE;
      touch (client->carrier);
    }
  network_flush (self);
  return G_SOURCE_CONTINUE;
}

Network *
network_new (HeroServiceContext *ctx, Server *server, const NetworkLimits *limits, GError **error)
{
  g_autoptr (HeroReactor) reactor = hero_reactor_new (hero_service_get_main_context (ctx), error);
  Network *self;

  if (reactor == NULL)
    return NULL;
  self = g_new0 (Network, 1);
  self->ctx = ctx;
  self->server = server;
  self->limits = *limits;
  self->touched = g_ptr_array_new ();
  self->waiting = g_ptr_array_new ();
  self->round = 1;
  self->reactor = g_steal_pointer (&reactor);
  hero_reactor_on_turn (self->reactor, end_turn, self);
  if (server->limits.client_timeout_s > 0)
    self->timeout_source = hero_service_timeout_add_seconds (ctx, 1, close_idle, self);
  return self;
}

void
network_free (Network *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->acceptor, acceptor_free);
  while (!g_queue_is_empty (&self->server->clients))
    connection_free (((Client *)g_queue_peek_head (&self->server->clients))->carrier);
  if (self->timeout_source != 0)
    hero_service_source_remove (self->ctx, self->timeout_source);
  if (self->stop_source != 0)
    hero_service_source_remove (self->ctx, self->stop_source);
  if (self->hold_source != 0)
    hero_service_source_remove (self->ctx, self->hold_source);
  hero_reactor_free (self->reactor);
  g_ptr_array_unref (self->touched);
  g_ptr_array_unref (self->waiting);
  g_free (self);
}

gboolean
network_serve (Network *self, GError **error)
{
  self->acceptor = acceptor_new (self->ctx, self->reactor, self->server, on_accepted, self, error);
  return self->acceptor != NULL;
}

static gboolean
abort_rest (gpointer data)
{
  Network *self = data;

  self->stop_source = 0;
  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;

      client->aborted = TRUE;
      touch (client->carrier);
    }
  network_flush (self);
  return G_SOURCE_REMOVE;
}

void
network_stop (Network *self, void (*done) (gpointer data), gpointer data)
{
  g_clear_pointer (&self->acceptor, acceptor_free);
  self->stopped = done;
  self->stopped_data = data;
  self->stop_source = hero_service_timeout_add (self->ctx, STOP_GRACE_MS, abort_rest, self);
  for (GList *link = self->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;

      client->closing = TRUE;
      touch (client->carrier);
    }
  end_turn (self);
}
