/* service.c: one service as the router knows it. Service thread. */
#include "service.h"

#include <string.h>

#include "router-id.h"

#define MAX_METHODS 5000
#define KEPT_PROBES 20

const char *
router_status_name (RouterStatus status)
{
  static const char *const names[] = { "unknown", "healthy", "unhealthy", "inactive", "non_rpc" };

  return names[status];
}

/* ------------------------------------------------------------------------------------------------ sockets */

static const char *
protocol_of (const char *name)
{
  static const char *const known[][2] = { { "rpc", "openrpc" }, { "admin", "ui" },     { "ui", "ui" },        { "web", "ui" },
                                          { "editor", "ui" },   { "rest", "rest" },    { "service", "rest" }, { "openapi", "openapi" },
                                          { "resp", "resp" } };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i][0], name))
      return known[i][1];
  if (g_str_has_prefix (name, "web_"))
    return "ui";
  return g_str_has_suffix (name, "_rpc") ? "openrpc" : "";
}

RouterSocket *
router_socket_new (const char *dir, const char *file, guint64 inode)
{
  RouterSocket *socket = g_new0 (RouterSocket, 1);

  socket->file = g_strdup (file);
  socket->name = g_strndup (file, strlen (file) - strlen (".sock"));
  socket->path = g_build_filename (dir, file, NULL);
  socket->protocol = protocol_of (socket->name);
  socket->http = *socket->protocol != '\0' && !g_str_equal (socket->protocol, "resp");
  socket->inode = inode;
  return socket;
}

void
router_socket_free (RouterSocket *socket)
{
  g_free (socket->name);
  g_free (socket->file);
  g_free (socket->path);
  g_free (socket->error);
  g_clear_pointer (&socket->kept, kept_connection_free);
  g_free (socket);
}

RouterSocket *
router_service_find_socket (RouterService *service, const char *file)
{
  for (guint i = 0; i < service->sockets->len; i++)
    {
      RouterSocket *socket = service->sockets->pdata[i];

      if (g_str_equal (socket->file, file))
        return socket;
    }
  return NULL;
}

/* The number of an inode is given again at once to the next file, so its time counts too. */
static gboolean
is_same_file (RouterSocket *a, RouterSocket *b)
{
  return g_str_equal (a->file, b->file) && a->inode == b->inode && a->changed_ns == b->changed_ns;
}

gboolean
router_service_set_sockets (RouterService *service, GPtrArray *sockets)
{
  g_autoptr (GPtrArray) before = g_steal_pointer (&service->sockets);
  gboolean changed = before->len != sockets->len;

  service->sockets = sockets;
  for (guint i = 0; i < sockets->len; i++)
    {
      guint same = 0;

      while (same < before->len && !is_same_file (before->pdata[same], sockets->pdata[i]))
        same++;
      if (same == before->len)
        {
          changed = TRUE;
          continue;
        }
      router_socket_free (sockets->pdata[i]);
      sockets->pdata[i] = g_ptr_array_steal_index (before, same);
    }
  return changed;
}

const char **
router_service_socket_files (RouterService *service)
{
  const char **files = g_new0 (const char *, service->sockets->len + 1);
  guint n = 0;

  for (guint i = 0; i < service->sockets->len; i++)
    {
      RouterSocket *socket = service->sockets->pdata[i];

      if (socket->state != SOCKET_FOREIGN)
        files[n++] = socket->file;
    }
  return files;
}

/* ------------------------------------------------------------------------------------------------ life */

static void
probe_record_free (ProbeRecord *record)
{
  g_free (record->reason);
  g_free (record);
}

RouterService *
router_service_new (const char *dir, const char *name)
{
  RouterService *service = g_new0 (RouterService, 1);

  service->name = g_strdup (name);
  service->id = router_service_id (name);
  service->dir = g_strdup (dir);
  service->sockets = g_ptr_array_new_with_free_func ((GDestroyNotify) router_socket_free);
  service->reason = g_strdup ("");
  service->title = g_strdup ("");
  service->version = g_strdup ("");
  service->description = g_strdup ("");
  service->fingerprint = g_strdup ("");
  service->domains = g_new0 (char *, 1);
  service->methods = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  service->warnings = g_ptr_array_new_with_free_func (g_free);
  return service;
}

void
router_service_free (RouterService *service)
{
  g_free (service->id);
  g_free (service->name);
  g_free (service->dir);
  g_ptr_array_unref (service->sockets);
  g_free (service->reason);
  g_free (service->title);
  g_free (service->version);
  g_free (service->description);
  g_clear_pointer (&service->manifest, json_node_unref);
  g_clear_pointer (&service->health, json_node_unref);
  g_strfreev (service->domains);
  g_clear_pointer (&service->document, g_bytes_unref);
  g_free (service->fingerprint);
  g_free (service->document_error);
  g_ptr_array_unref (service->methods);
  g_ptr_array_unref (service->warnings);
  g_queue_clear_full (&service->probes, (GDestroyNotify) probe_record_free);
  g_free (service);
}

void
router_service_add_probe (RouterService *service, gboolean ok, guint ms, const char *reason)
{
  ProbeRecord *record = g_new0 (ProbeRecord, 1);

  record->at_ms = service->last_probe_ms = g_get_real_time () / 1000;
  record->ok = ok;
  record->ms = service->latency_ms = ms;
  record->reason = g_strdup (reason);
  g_queue_push_tail (&service->probes, record);
  if (service->probes.length > KEPT_PROBES)
    probe_record_free (g_queue_pop_head (&service->probes));
}

/* ------------------------------------------------------------------------------------------------ status */

/* What another service wrote may be of any type; "" when it is no text. */
static const char *
text_of (JsonObject *object, const char *member)
{
  const char *text = json_object_get_string_member_with_default (object, member, "");

  return text != NULL ? text : "";
}

const char *
router_health_text (JsonNode *health, const char *member)
{
  return health != NULL && JSON_NODE_HOLDS_OBJECT (health) ? text_of (json_node_get_object (health), member) : "";
}

static RouterSocket *
primary_socket (RouterService *service)
{
  static const char *const order[] = { "rpc.sock", "admin.sock", "ui.sock", "web.sock" };
  RouterSocket *socket = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (order) && socket == NULL; i++)
    socket = router_service_find_socket (service, order[i]);
  if (socket == NULL && service->sockets->len > 0)
    socket = service->sockets->pdata[0];
  return socket;
}

/* A socket other than the primary one that makes the service unhealthy: "admin.sock: no answer"; NULL = none. */
static char *
find_failing (RouterService *service, RouterSocket *primary)
{
  for (guint i = 0; i < service->sockets->len; i++)
    {
      RouterSocket *socket = service->sockets->pdata[i];

      if (socket != primary && (socket->state == SOCKET_FAILING || (socket->state == SOCKET_DEAD && socket->was_ok)))
        return g_strdup_printf ("%s: %s", socket->file, socket->error == NULL ? "does not answer" : socket->error);
    }
  return NULL;
}

RouterStatus
router_service_judge (RouterService *service, char **reason)
{
  RouterSocket *primary = primary_socket (service);
  const char *word = router_health_text (service->health, "status");

  *reason = NULL;
  if (primary == NULL || primary->state == SOCKET_DEAD)
    *reason = primary == NULL ? g_strdup ("has no socket") : g_strdup_printf ("%s: %s", primary->file, primary->error);
  if (*reason != NULL)
    return STATUS_INACTIVE;
  if (primary->state == SOCKET_FAILING)
    *reason = g_strdup_printf ("%s: %s", primary->file, primary->error);
  else if (service->document_state == DOCUMENT_INVALID)
    *reason = g_strdup_printf ("the OpenRPC document is not valid: %s", service->document_error);
  else if (service->health_status == 503 && !g_str_equal (word, "degraded"))
    *reason = g_strdup_printf ("/health says 503 %s", *word != '\0' ? word : router_health_text (service->health, "error"));
  else if (service->health_status == 200 && *word != '\0' && !g_str_equal (word, "ok") && !g_str_equal (word, "degraded"))
    *reason = g_strdup_printf ("/health says \"%s\"", word);
  else
    *reason = find_failing (service, primary);
  if (*reason != NULL)
    return STATUS_UNHEALTHY;
  if (g_str_equal (word, "degraded"))
    *reason = g_strdup (*router_health_text (service->health, "reason") != '\0' ? router_health_text (service->health, "reason") : "degraded");
  else
    *reason = g_strdup ("");
  return service->document_state == DOCUMENT_VALID ? STATUS_HEALTHY : STATUS_NON_RPC;
}

/* ------------------------------------------------------------------------------------------------ document */

char *
router_check_document (GBytes *text, JsonNode **node)
{
  gsize length;
  const char *data = g_bytes_get_data (text, &length);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = hero_json_parse (data, (gssize) length, &error);
  JsonNode *methods;

  *node = NULL;
  if (root == NULL)
    return g_strdup (error->message);
  if (!JSON_NODE_HOLDS_OBJECT (root)
      || json_object_get_string_member_with_default (json_node_get_object (root), "openrpc", NULL) == NULL)
    return g_strdup ("there is no text \"openrpc\"");
  methods = json_object_get_member (json_node_get_object (root), "methods");
  if (methods == NULL || !JSON_NODE_HOLDS_ARRAY (methods))
    return g_strdup ("there is no array \"methods\"");
  if (json_array_get_length (json_node_get_array (methods)) > MAX_METHODS)
    return g_strdup_printf ("there are more than %d methods", MAX_METHODS);
  for (guint i = 0; i < json_array_get_length (json_node_get_array (methods)); i++)
    {
      JsonNode *method = json_array_get_element (json_node_get_array (methods), i);

      if (!JSON_NODE_HOLDS_OBJECT (method)
          || json_object_get_string_member_with_default (json_node_get_object (method), "name", NULL) == NULL)
        return g_strdup_printf ("method %u has no text \"name\"", i);
    }
  *node = g_steal_pointer (&root);
  return NULL;
}

static const char *
first_tag (JsonObject *method)
{
  JsonNode *tags = json_object_get_member (method, "tags");
  JsonNode *tag = tags != NULL && JSON_NODE_HOLDS_ARRAY (tags) && json_array_get_length (json_node_get_array (tags)) > 0
                      ? json_array_get_element (json_node_get_array (tags), 0)
                      : NULL;

  return tag != NULL && JSON_NODE_HOLDS_OBJECT (tag) ? text_of (json_node_get_object (tag), "name") : "";
}

static void
list_methods (RouterService *service, JsonNode *document)
{
  JsonArray *methods = json_object_get_array_member (json_node_get_object (document), "methods");

  g_ptr_array_set_size (service->methods, 0);
  for (guint i = 0; i < json_array_get_length (methods); i++)
    {
      JsonObject *method = json_array_get_object_element (methods, i);
      JsonObject *shown = json_object_new ();

      json_object_set_string_member (shown, "name", json_object_get_string_member (method, "name"));
      json_object_set_string_member (shown, "domain", first_tag (method));
      json_object_set_string_member (shown, "summary", text_of (method, "summary"));
      g_ptr_array_add (service->methods, shown);
    }
}

gboolean
router_service_set_document (RouterService *service, GBytes *text)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *json = NULL;
  char *fingerprint;

  g_clear_pointer (&service->document_error, g_free);
  if (service->document != NULL && g_bytes_equal (text, service->document))
    {
      service->document_state = DOCUMENT_VALID;
      return FALSE;
    }
  service->document_error = router_check_document (text, &node);
  service->document_state = node == NULL ? DOCUMENT_INVALID : DOCUMENT_VALID;
  if (node == NULL)
    return FALSE; /* the last good one stays */
  json = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  fingerprint = router_fingerprint (json);
  if (g_str_equal (fingerprint, service->fingerprint))
    {
      g_free (fingerprint);
      return FALSE;
    }
  g_free (service->fingerprint);
  service->fingerprint = fingerprint;
  g_clear_pointer (&service->document, g_bytes_unref);
  service->document = g_bytes_ref (text);
  list_methods (service, node);
  return TRUE;
}
