/*
 * http-role.c: the roles of a service ("rpc", "admin", ..): their routes, their sockets, their life from serve to the end.
 * Service thread.
 */
#include "http-core.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* As long as servers usually keep a connection for a client that asks nothing. */
#define IDLE_LIMIT_MS (300 * 1000)

HeroHttp *
hero_http_get (HeroServiceContext *ctx)
{
  HeroSdk *sdk = hero_sdk_get (ctx);

  if (sdk->http == NULL)
    {
      sdk->http = g_new0 (HeroHttp, 1);
      sdk->http->ctx = ctx;
      sdk->http->roles = g_ptr_array_new ();
    }
  return sdk->http;
}

HeroHttpRole *
hero_http_get_role (HeroServiceContext *ctx, const char *name)
{
  HeroHttp *http = hero_http_get (ctx);
  HeroHttpRole *role;

  for (guint i = 0; i < http->roles->len; i++)
    if (strcmp ((role = g_ptr_array_index (http->roles, i))->name, name) == 0)
      return role;
  role = g_new0 (HeroHttpRole, 1);
  role->http = http;
  role->name = g_strdup (name);
  role->routes = hero_route_table_new ();
  role->ports = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_http_port_unref);
  role->silent_end = -1;
  g_ptr_array_add (http->roles, role);
  return role;
}

void
hero_service_add_routes (HeroServiceContext *ctx, const char *role, const HeroHttpRoute *routes, gsize route_size,
                         gpointer self)
{
  hero_route_table_add (hero_http_get_role (ctx, role)->routes, routes, route_size, self, FALSE);
}

void
hero_http_add_standard_routes (HeroServiceContext *ctx, const char *role, const HeroHttpRoute *routes, gpointer self)
{
  hero_route_table_add (hero_http_get_role (ctx, role)->routes, routes, sizeof *routes, self, TRUE);
}

gboolean
hero_service_serve_tcp (HeroServiceContext *ctx, const char *role, int listen_fd, const char *address, GError **error)
{
  return hero_http_port_add (hero_http_get_role (ctx, role), listen_fd, address, TRUE, error);
}

static gboolean
serve_role (HeroServiceContext *ctx, const char *name, GError **error)
{
  HeroHttpRole *role = hero_http_get_role (ctx, name);
  const char *address;

  for (guint i = 0; (address = ctx->host->listener_address (ctx, name, i)) != NULL; i++)
    {
      int fd = ctx->host->listener (ctx, name, i);
      if (fd < 0) /* off, or a TCP port that could not be bound: the host has told */
        continue;
      fd = fcntl (fd, F_DUPFD_CLOEXEC, 3); /* the host keeps its own, over our end */
      if (fd < 0 || !hero_http_port_add (role, fd, address, i > 0, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
on_sweep (gpointer data)
{
  HeroHttp *http = data;
  gint64 since = g_get_monotonic_time () - (gint64)http->idle_limit_ms * 1000;

  for (guint i = 0; i < http->roles->len; i++)
    {
      HeroHttpRole *role = g_ptr_array_index (http->roles, i);
      for (guint j = 0; j < role->ports->len; j++)
        hero_http_port_close_idle (g_ptr_array_index (role->ports, j), since);
    }
  return G_SOURCE_CONTINUE;
}

static void
stop_sweeping (HeroHttp *http)
{
  if (http->sweep != NULL)
    g_source_destroy (http->sweep);
  g_clear_pointer (&http->sweep, g_source_unref);
}

void
hero_http_set_idle_limit (HeroServiceContext *ctx, guint limit_ms)
{
  HeroHttp *http = hero_http_get (ctx);

  stop_sweeping (http);
  http->idle_limit_ms = limit_ms;
  http->sweep = g_timeout_source_new (limit_ms / 4);
  g_source_set_callback (http->sweep, on_sweep, http, NULL);
  g_source_attach (http->sweep, hero_sdk_get (ctx)->context);
}

gboolean
hero_http_serve (HeroServiceContext *ctx, GError **error)
{
  const HeroServicePlugin *plugin = hero_sdk_get (ctx)->plugin;
  const char *element = (const char *)plugin->sockets;

  for (; element != NULL && ((const HeroSocketSpec *)element)->role != NULL; element += plugin->socket_size)
    {
      const HeroSocketSpec *socket = (const HeroSocketSpec *)element;
      if (strcmp (socket->protocol, "resp") != 0 && !serve_role (ctx, socket->role, error))
        return FALSE;
    }
  hero_http_set_idle_limit (ctx, IDLE_LIMIT_MS);
  return TRUE;
}

guint
hero_http_get_pending (HeroServiceContext *ctx)
{
  HeroHttp *http = hero_sdk_get (ctx)->http;
  guint pending = 0;

  for (guint i = 0; http != NULL && i < http->roles->len; i++)
    {
      HeroHttpRole *role = g_ptr_array_index (http->roles, i);

      pending += role->requests.length + role->sockets.length;
    }
  return pending;
}

guint64
hero_http_get_requests (HeroServiceContext *ctx)
{
  HeroHttp *http = hero_sdk_get (ctx)->http;

  return http != NULL ? http->n_requests : 0;
}

guint
hero_http_get_connections (HeroServiceContext *ctx)
{
  HeroHttp *http = hero_sdk_get (ctx)->http;

  return http != NULL ? http->n_connections : 0;
}

/* ------------------------------------------------------------------------------------------------ the end */

void
hero_http_begin_stop (HeroServiceContext *ctx)
{
  HeroHttp *http = hero_http_get (ctx);

  for (guint i = 0; i < http->roles->len; i++)
    {
      HeroHttpRole *role = g_ptr_array_index (http->roles, i);
      for (GList *l = role->requests.head; l != NULL; l = l->next)
        if (((HeroHttpRequest *)l->data)->cancellable != NULL)
          g_cancellable_cancel (((HeroHttpRequest *)l->data)->cancellable);
      hero_websocket_stop_all (role);
    }
}

static HeroHttpRequest *
first_unfinished (HeroHttpRole *role)
{
  for (GList *l = role->requests.head; l != NULL; l = l->next)
    if (!((HeroHttpRequest *)l->data)->gone)
      return l->data;
  return NULL;
}

static void
close_all (HeroHttp *http)
{
  stop_sweeping (http);
  for (guint i = 0; i < http->roles->len; i++)
    {
      HeroHttpRole *role = g_ptr_array_index (http->roles, i);
      HeroHttpRequest *request;
      for (guint j = 0; j < role->ports->len; j++)
        hero_http_port_close (g_ptr_array_index (role->ports, j));
      while ((request = first_unfinished (role)) != NULL)
        hero_http_request_cut (request, NULL, 0);
      hero_websocket_drop_all (role);
      if (role->server != NULL)
        soup_server_disconnect (role->server);
    }
}

void
hero_http_end_stop (HeroServiceContext *ctx)
{
  close_all (hero_http_get (ctx));
}

static void
role_free (HeroHttpRole *role)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&role->requests)) != NULL) /* a handler still owes an answer */
    ((HeroHttpRequest *)link->data)->role = NULL;
  for (guint i = 0; i < role->ports->len; i++)
    ((HeroHttpPort *)g_ptr_array_index (role->ports, i))->role = NULL;
  g_ptr_array_unref (role->ports);
  g_clear_object (&role->server);
  if (role->silent_end >= 0)
    close (role->silent_end);
  hero_route_table_free (role->routes);
  g_free (role->name);
  g_free (role);
}

void
hero_http_free (HeroHttp *http)
{
  close_all (http);
  for (guint i = 0; i < http->roles->len; i++)
    role_free (g_ptr_array_index (http->roles, i));
  g_ptr_array_unref (http->roles);
  g_free (http);
}
