/*
 * proxy-route.h: which socket of which service a path means (contract 5.1). Pure functions over the raw path, as it came on
 * the wire: the strip of the prefix is byte-exact, nothing is decoded on the way to the backend. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "/hero_db/admin/a%20b": service "hero_db", segment "admin", rest "/a%20b". */
typedef struct
{
  char *service; /* NULL = "/" */
  char *segment; /* NULL = nothing after the service */
  char *rest;    /* begins with "/", or "" when the segment ends the path */
} ProxyPath;

/* Returns 0, or the HTTP status of the refusal with *why (constant). path: raw, without query. */
guint proxy_path_split (const char *raw_path, ProxyPath *path, const char **why);
void proxy_path_clear (ProxyPath *path);

typedef enum
{
  PROXY_FORWARD,
  PROXY_REDIRECT_SLASH, /* a page without its slash: to the form with one */
  PROXY_INDEX,          /* "/{s}/" */
  PROXY_DOCUMENT,       /* "/{s}/openrpc.json" */
  PROXY_NOT_FOUND,      /* `wanted` names the socket */
  PROXY_NOT_HTTP,       /* the socket speaks something else */
} ProxyKind;

typedef struct
{
  ProxyKind kind;
  const char *socket; /* "admin.sock": borrowed from `sockets`; FORWARD */
  char *wanted;       /* the socket that is not there; NOT_FOUND, NOT_HTTP */
  char *path;         /* what the backend sees; FORWARD */
  char *prefix;       /* "/hero_db/admin": for X-Forwarded-Prefix; FORWARD */
  gboolean rpc;       /* a JSON-RPC endpoint: errors are JSON-RPC errors */
  gboolean page;      /* a browser's prefix: admin, ui, web, .. */
} ProxyRoute;

/* sockets, domains: of the service, NULL-terminated. */
void proxy_route_find (const ProxyPath *path, const char *const *sockets, const char *const *domains, ProxyRoute *route);
void proxy_route_clear (ProxyRoute *route);
/* Where a browser that asks for "/{s}/" goes: "admin/", "web/", "ui/", "x/" of web_x.sock; NULL = no page; transfer full. */
char *proxy_index_segment (const char *const *sockets);

/* A service directory or socket name: [A-Za-z0-9][A-Za-z0-9._-]{0,63}. */
gboolean proxy_is_name (const char *text, gsize length);
/* The first segments that are never a service: "api", "static", ... */
gboolean proxy_is_reserved (const char *name);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ProxyPath, proxy_path_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ProxyRoute, proxy_route_clear)

G_END_DECLS
