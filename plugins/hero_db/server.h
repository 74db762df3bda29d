/*
 * server.h: the engine: databases, clients and the running of commands, without sockets. A turn is server_begin_turn,
 * any number of commands, server_end_turn. Service thread.
 */
#pragma once

#include "command.h"
#include "histogram.h"

#define SERVER_REDIS_VERSION "7.2.4" /* whose behaviour is the contract */

typedef struct
{
  guint databases;
  gsize max_bulk; /* bytes of one value or argument */
  guint max_clients;
  guint client_timeout_s; /* idle clients are closed after it, 0 = never */
  guint keepalive_s;      /* TCP probes, 0 = none */
  gsize clients_memory;   /* bytes of all clients together, 0 = no limit */
} ServerLimits;

typedef struct
{
  guint64 commands, errors;
  guint64 connections, refused; /* accepted; over max_clients or not ours */
  guint64 bytes_in, bytes_out;
  guint64 hits, misses, expired;
  guint64 commits, commit_errors;
} ServerStats;

struct _Server
{
  ServerLimits limits;
  Storage *storage;
  CommandTable *commands;
  GQueue clients; /* Client, oldest first; those with a socket */
  guint64 last_client_id;
  ServerStats stats;
  Histogram commit_time; /* microseconds, since the start */
  Histogram latency;     /* microseconds of commands, since somebody emptied it */
  char *broken;          /* why writes are refused, on one line; NULL = they are not */
  gint64 now;            /* Unix milliseconds of this turn */
  gint64 clock_us;       /* monotonic, when the last command ended */
  gint64 started_us;
  guint tcp_port;                                                         /* 0 = none */
  void (*changed) (gpointer data, Storage *storage, const GError *error); /* after each commit */
  gpointer data;
};

/* dir: the data directory. changed: see above; replies that waited may leave, or were replaced by an error. */
Server *server_new (const char *dir, const ServerLimits *limits, void (*changed) (gpointer, Storage *, const GError *),
                    gpointer data, GError **error);
void server_free (Server *self); /* only when storage_is_idle; its clients were removed before */

guint64 server_next_client_id (Server *self);
void server_add_client (Server *self, Client *client);
void server_remove_client (Server *self, Client *client);

/* Closes it as soon as nothing of it is in use, whatever it still had to get. */
void server_kill_client (Server *self, Client *client);

void server_begin_turn (Server *self);
/* Runs one command; its reply is in the client's output, sealed with the ticket it waits for. */
void server_execute (Server *self, Client *client, const Slice *argv, gsize argc);
void server_end_turn (Server *self, gboolean commit); /* see storage_end_turn */

/* Removes keys whose time has come, some at a time; the milliseconds until the next call is worth it, -1 = nothing
 * ends. */
gint64 server_expire (Server *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)
