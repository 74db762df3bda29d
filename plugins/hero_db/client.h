/*
 * client.h: one client's state between commands, whoever carries its bytes: a socket, a JSON-RPC call or a test.
 * Service thread.
 */
#pragma once

#include "reply.h"
#include "resp-parser.h"

typedef struct _Client Client;

typedef enum
{
  CLIENT_REPLY_ON,
  CLIENT_REPLY_OFF,
  CLIENT_REPLY_SKIP,      /* this command */
  CLIENT_REPLY_SKIP_NEXT, /* the command after this one */
} ClientReplyMode;

struct _Client
{
  guint64 id;
  char *name; /* NULL = none; the same for the next two */
  char *lib_name, *lib_version;
  char *address, *local_address; /* "127.0.0.1:5", or "<path>:0" of a Unix socket */
  gboolean is_unix;
  int fd; /* -1 = no socket of its own */

  guint db;
  Reply reply;
  ClientReplyMode reply_mode;
  gboolean no_evict, no_touch;
  gboolean closing; /* no further command; close once the replies have left */
  gboolean aborted; /* close now, replies or not */

  gint64 created_us, active_us; /* monotonic */
  const char *last_command;     /* "client|list"; owned by the table; NULL = none yet */
  RespParser *parser;           /* NULL for clients without a socket */

  void (*wake) (Client *self); /* the carrier's, for listed clients: aborted was set from outside */
  gpointer carrier;
  GList link; /* of the server's list */
};

/* address, local_address: copied; NULL = "". */
Client *client_new (guint64 id, int fd, const char *address, const char *local_address);
void client_free (Client *self);

/* What RESET does. */
void client_reset (Client *self);
/* FALSE: the text has characters a name must not have. Empty = no name. */
gboolean client_is_valid_name (Slice text);
void client_set_text (char **place, Slice text);

/* Bytes this client holds: what it sends and what it has not yet taken. */
gsize client_get_memory (Client *self);

/* One line of CLIENT LIST, without its end. */
void client_describe (Client *self, GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)
