/*
 * bus-gateway.c: services that are not in this process: their rpc.sock is asked by HTTP, with the caller's identity
 * headers. A thread of its own, made on first use and ended with the last door, because any thread may send and none
 * may wait.
 */
#include "bus-private.h"

#include <gio/gunixsocketaddress.h>
#include <libsoup/soup.h>

#include <hero-service/error.h>
#include <hero-service/json.h>

#define MAX_CONNECTIONS 64 /* per service; the rest queue in the session */

typedef struct
{
  GThread *thread;
  GMainContext *context;
  gboolean quit;        /* the thread's own, like the rest */
  GHashTable *sessions; /* path -> SoupSession */
  GHashTable *calls;    /* set of Call */
} Gateway;

/* One request on its way. Gateway thread once it is started. */
typedef struct
{
  Gateway *gateway;
  char *path;
  HeroBusMessage *message;
  GCancellable *cancellable;
  SoupMessage *http;
  GSource *timer; /* of a message that has no deadline of its own */
} Call;

static GMutex gateway_lock;
static Gateway *gateway;
static int n_calls; /* atomic */

/* ------------------------------------------------------------------------------------------------ refusals */

static JsonNode *
refusal (JsonNode *request, int code, const char *code_name, gboolean retryable, const char *text)
{
  JsonObject *object = request && JSON_NODE_HOLDS_OBJECT (request) ? json_node_get_object (request) : NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  if (object && !json_object_has_member (object, "id"))
    return NULL;
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "jsonrpc");
  json_builder_add_string_value (builder, "2.0");
  json_builder_set_member_name (builder, "id");
  JsonNode *id = object ? json_object_get_member (object, "id") : NULL;
  json_builder_add_value (builder,
                          id && JSON_NODE_HOLDS_VALUE (id) ? json_node_copy (id) : json_node_new (JSON_NODE_NULL));
  json_builder_set_member_name (builder, "error");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "code");
  json_builder_add_int_value (builder, code);
  json_builder_set_member_name (builder, "message");
  json_builder_add_string_value (builder, text);
  json_builder_set_member_name (builder, "data");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "code_name");
  json_builder_add_string_value (builder, code_name);
  json_builder_set_member_name (builder, "retryable");
  json_builder_add_boolean_value (builder, retryable);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

GBytes *
hero_rpc_refuse (GBytes *body, int code, const char *code_name, gboolean retryable, const char *text)
{
  gsize length;
  const char *data = g_bytes_get_data (body, &length);
  g_autoptr (JsonNode) root = data ? hero_json_parse (data, (gssize)length, NULL) : NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (root && JSON_NODE_HOLDS_ARRAY (root))
    {
      g_autoptr (JsonArray) answers = json_array_new ();
      JsonArray *requests = json_node_get_array (root);
      for (guint i = 0; i < json_array_get_length (requests); i++)
        {
          JsonNode *one = refusal (json_array_get_element (requests, i), code, code_name, retryable, text);
          if (one)
            json_array_add_element (answers, one);
        }
      if (json_array_get_length (answers) > 0)
        answer = json_node_init_array (json_node_alloc (), answers);
    }
  else
    answer = refusal (root, code, code_name, retryable, text);
  if (!answer)
    return NULL;
  char *printed = hero_json_print (answer, &length);
  return g_bytes_new_take (printed, length);
}

static void
answer_unavailable (Call *call, const char *why)
{
  g_autofree char *dir = g_path_get_dirname (call->path);
  g_autofree char *service = g_path_get_basename (dir);
  g_autofree char *text = g_strdup_printf ("%s is not available: %s", service, why);
  g_autoptr (GBytes) reply = hero_rpc_refuse (call->message->payload, HERO_RPC_UNAVAILABLE, "unavailable", TRUE, text);

  g_mutex_lock (&hero_bus_registry.lock);
  hero_bus_registry.counts.service_errors++;
  g_mutex_unlock (&hero_bus_registry.lock);
  if (reply && hero_bus_message_expects_reply (call->message))
    hero_bus_reply (call->message, reply, NULL);
}

/* ------------------------------------------------------------------------------------------------ calls */

static void
call_free (Call *self)
{
  if (self->timer)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_clear_object (&self->http);
  g_clear_object (&self->cancellable);
  hero_bus_message_unref (self->message);
  g_free (self->path);
  g_free (self);
  g_atomic_int_add (&n_calls, -1);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);
  guint status = soup_message_get_status (self->http);

  g_hash_table_remove (self->gateway->calls, self);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    ; /* nobody waits */
  else if (error)
    answer_unavailable (self, error->message);
  else if (status == SOUP_STATUS_OK && hero_bus_message_expects_reply (self->message))
    hero_bus_reply (self->message, body, NULL);
  else if (status != SOUP_STATUS_OK && status != SOUP_STATUS_NO_CONTENT)
    {
      g_autofree char *why = g_strdup_printf ("its socket answers HTTP %u", status);
      answer_unavailable (self, why);
    }
  call_free (self);
}

static SoupSession *
get_session (Gateway *self, const char *path)
{
  SoupSession *session = g_hash_table_lookup (self->sessions, path);

  if (!session)
    {
      g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
      session = soup_session_new_with_options ("remote-connectable", address, "max-conns", MAX_CONNECTIONS,
                                               "max-conns-per-host", MAX_CONNECTIONS, "timeout", 0, NULL);
      g_hash_table_insert (self->sessions, g_strdup (path), session);
    }
  return session;
}

static void
add_header (const char *name, const char *value, gpointer data)
{
  soup_message_headers_append (data, name, value);
}

static gboolean
on_time_out (gpointer data)
{
  g_cancellable_cancel (((Call *)data)->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
start_call (gpointer data)
{
  Call *self = data;

  self->http = soup_message_new ("POST", "http://localhost/rpc");
  soup_message_set_request_body_from_bytes (self->http, "application/json", self->message->payload);
  hero_identity_foreach_header (self->message->identity, add_header, soup_message_get_request_headers (self->http));
  if (!self->message->request)
    {
      self->timer = g_timeout_source_new (HERO_BUS_DEFAULT_TIMEOUT_MS);
      g_source_set_callback (self->timer, on_time_out, self, NULL);
      g_source_attach (self->timer, self->gateway->context);
    }
  g_hash_table_add (self->gateway->calls, self);
  soup_session_send_and_read_async (get_session (self->gateway, self->path), self->http, G_PRIORITY_DEFAULT,
                                    self->cancellable, on_answer, self);
  return G_SOURCE_REMOVE;
}

/* ------------------------------------------------------------------------------------------------ the thread */

static gpointer
gateway_thread (gpointer data)
{
  Gateway *self = data;

  g_main_context_push_thread_default (self->context);
  while (!self->quit || g_hash_table_size (self->calls) > 0)
    g_main_context_iteration (self->context, TRUE);
  g_hash_table_unref (self->sessions);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_hash_table_unref (self->calls);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
post (Gateway *self, GSourceFunc func, gpointer data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, self->context);
}

static Gateway *
gateway_new (void)
{
  Gateway *self = g_new0 (Gateway, 1);

  self->context = g_main_context_new ();
  self->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->calls = g_hash_table_new (NULL, NULL);
  self->thread = g_thread_new ("hero-bus", gateway_thread, self);
  return self;
}

static gboolean
quit (gpointer data)
{
  Gateway *self = data;
  GHashTableIter iter;
  gpointer call;

  self->quit = TRUE;
  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    g_cancellable_cancel (((Call *)call)->cancellable);
  return G_SOURCE_REMOVE;
}

void
hero_gateway_shut_down (void)
{
  g_mutex_lock (&gateway_lock);
  Gateway *self = g_steal_pointer (&gateway);
  g_mutex_unlock (&gateway_lock);

  if (!self)
    return;
  post (self, quit, self);
  g_thread_join (self->thread);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
cancel_call (gpointer data)
{
  g_cancellable_cancel (data);
}

gboolean
hero_gateway_send (const char *path, HeroBusMessage *message, GError **error)
{
  if (g_atomic_int_add (&n_calls, 1) >= HERO_BUS_MAX_REQUESTS)
    {
      g_atomic_int_add (&n_calls, -1);
      g_set_error (error, HERO_BUS_ERROR, HERO_BUS_ERROR_FULL,
                   "%u calls to other processes are on their way, the most that may", HERO_BUS_MAX_REQUESTS);
      return FALSE;
    }

  Call *call = g_new0 (Call, 1);
  call->path = g_strdup (path);
  call->message = hero_bus_message_ref (message);
  call->cancellable = g_cancellable_new ();
  if (message->request)
    hero_request_on_abandon (message->request, cancel_call, g_object_ref (call->cancellable), g_object_unref);

  g_mutex_lock (&hero_bus_registry.lock);
  hero_bus_registry.counts.service_calls++;
  g_mutex_unlock (&hero_bus_registry.lock);
  g_mutex_lock (&gateway_lock);
  if (!gateway)
    gateway = gateway_new ();
  call->gateway = gateway;
  post (gateway, start_call, call);
  g_mutex_unlock (&gateway_lock);
  return TRUE;
}
