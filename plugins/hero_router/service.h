/*
 * service.h: what the router knows of one service: its sockets, the last probe, the document; and how that looks as JSON
 * (contract 3). The rules of 4.3 that make a status of it are a pure function here. Service thread.
 */
#pragma once

#include "kept-connection.h"

G_BEGIN_DECLS

typedef enum
{
  STATUS_UNKNOWN,
  STATUS_HEALTHY,
  STATUS_UNHEALTHY,
  STATUS_INACTIVE,
  STATUS_NON_RPC,
  N_STATUS,
} RouterStatus;

const char *router_status_name (RouterStatus status);

/* What a probe learnt of one socket. */
typedef enum
{
  SOCKET_UNKNOWN,
  SOCKET_OK,
  SOCKET_DEAD,    /* refused or gone */
  SOCKET_FAILING, /* accepts, and then fails */
  SOCKET_FOREIGN, /* of another user: not used */
} SocketState;

typedef struct
{
  char *name;           /* "rpc" */
  char *file;           /* "rpc.sock" */
  char *path;
  const char *protocol; /* "openrpc", "ui", "rest", "openapi", "resp", "" */
  gboolean http;
  guint64 inode;
  gint64 changed_ns;    /* of the inode: its number is given again at once to the next file */
  SocketState state;
  gboolean was_ok;      /* since it was bound */
  guint http_status;
  guint latency_ms;
  char *error;          /* or NULL */
  KeptConnection *kept; /* of HTTP sockets that the scanner found, else NULL */
} RouterSocket;

RouterSocket *router_socket_new (const char *dir, const char *file, guint64 inode);
void router_socket_free (RouterSocket *socket);

typedef enum
{
  DOCUMENT_NONE,
  DOCUMENT_VALID,
  DOCUMENT_INVALID,
} DocumentState;

typedef struct
{
  gint64 at_ms;
  gboolean ok;
  guint ms;
  char *reason;
} ProbeRecord;

typedef struct
{
  char *id, *name; /* UUID, directory */
  char *dir;
  GPtrArray *sockets; /* RouterSocket, by name */

  RouterStatus status;
  char *reason; /* never NULL */
  char *title, *version, *description;
  JsonNode *manifest, *health; /* or NULL */
  guint health_status;         /* HTTP */
  char **domains;              /* never NULL */
  GBytes *document;            /* merged, or NULL */
  char *fingerprint;           /* "" */
  DocumentState document_state;
  char *document_error;
  GPtrArray *methods;          /* JsonObject: name, domain, summary */
  GPtrArray *warnings;         /* of char * */
  gint64 last_probe_ms;
  guint latency_ms;
  GQueue probes; /* ProbeRecord, the last 20 */
  gint64 gone_since_us; /* monotonic; 0 = has sockets */
} RouterService;

RouterService *router_service_new (const char *dir, const char *name);
void router_service_free (RouterService *service);
RouterSocket *router_service_find_socket (RouterService *service, const char *file);
/* Takes a listing over (transfer full), keeping what is known of sockets that are still the same. TRUE if something changed. */
gboolean router_service_set_sockets (RouterService *service, GPtrArray *sockets);
/* NULL-terminated files of the sockets that may be used; transfer container. */
const char **router_service_socket_files (RouterService *service);
/* A text of a /health body, "" when there is none; borrowed. */
const char *router_health_text (JsonNode *health, const char *member);
/* The rules of contract 4.3. *reason: transfer full, "" when there is nothing to say. */
RouterStatus router_service_judge (RouterService *service, char **reason);
/* Takes a merged document as text: checks it, counts, fingerprints. Returns TRUE if it changed. */
gboolean router_service_set_document (RouterService *service, GBytes *text);
/* Why a text is no OpenRPC document, or NULL; transfer full. node: the parsed one, or NULL. */
char *router_check_document (GBytes *text, JsonNode **node);
void router_service_add_probe (RouterService *service, gboolean ok, guint ms, const char *reason);

/* Contract 3. transfer full. */
JsonObject *router_service_to_item (RouterService *service);
JsonObject *router_service_to_detail (RouterService *service);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RouterService, router_service_free)

G_END_DECLS
