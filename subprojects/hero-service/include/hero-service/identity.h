/* identity.h: who calls (conventions 6). Parsed once per HTTP request or bus call, then immutable and shared. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  HERO_ORIGIN_SOCKET,     /* one of our Unix sockets */
  HERO_ORIGIN_TCP,        /* a TCP listener */
  HERO_ORIGIN_BUS,        /* the bus, from this node */
  HERO_ORIGIN_BUS_REMOTE, /* the bus, from another node */
} HeroOrigin;

typedef struct
{
  HeroOrigin origin;
  guint32 context;   /* X-Hero-Context, 0 = admin/system */
  char *user;        /* X-Hero-User, "" when absent */
  char **claims;     /* X-Hero-Claims, without doubles; never NULL */
  char *impersonator, *proxy_email, *proxy_method, *proxy_pubkey; /* kept as text, NULL when absent */
  pid_t peer_pid;          /* of a Unix socket's peer, 0 = unknown */
  uid_t peer_uid;          /* (uid_t) -1 = unknown */
  guint64 peer_start_time; /* field 22 of /proc/PID/stat, 0 = unknown: tells a reused pid from the caller */
} HeroIdentity;

/* The local system identity: context 0, no user, no claims. */
HeroIdentity *hero_identity_new (HeroOrigin origin);
HeroIdentity *hero_identity_ref (HeroIdentity *self);
void hero_identity_unref (HeroIdentity *self);
gboolean hero_identity_has_claim (const HeroIdentity *self, const char *claim);
/* "socket", "tcp", "bus" or "bus-remote". */
const char *hero_origin_name (HeroOrigin origin);

/*
 * hero_identity_set_header: take over one header of a request.
 * Returns FALSE with HERO_ERROR_INVALID if a Hero header is malformed or repeated with another value (HTTP 400);
 * headers that are not ours are ignored. Call it for each header, in order, on a fresh identity.
 */
gboolean hero_identity_set_header (HeroIdentity *self, const char *name, const char *value, GError **error);

/* Appends "Name: value" pairs that carry this identity to another service: func (name, value, data) for each. */
void hero_identity_foreach_header (const HeroIdentity *self,
                                   void (*func) (const char *name, const char *value, gpointer data), gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroIdentity, hero_identity_unref)

G_END_DECLS
