/* spec-health.c: see spec-health.h. Any thread. */
#include "spec-health.h"

#include <string.h>

#include "json-write.h"
#include "names.h"

/* ---------------------------------------------------------------------------------------------- life */

static void
probe_clear (ProcProbe *self)
{
  g_free (self->target);
  g_free (self->http_path);
  g_free (self->expect_status);
  g_free (self->expect_body);
}

static void
check_clear (gpointer data)
{
  ProcCheck *self = data;

  g_free (self->name);
  probe_clear (&self->probe);
}

static void
check_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, check_clear);
}

static void
kill_other_clear (gpointer data)
{
  ProcKillOther *self = data;

  g_strfreev (self->filters);
  g_free (self->ports);
  g_strfreev (self->sockets);
}

static void
kill_other_unref (ProcKillOther *self)
{
  g_atomic_rc_box_release_full (self, kill_other_clear);
}

static void
health_spec_clear (gpointer data)
{
  ProcHealthSpec *self = data;

  g_ptr_array_unref (self->checks);
  probe_clear (&self->readiness.probe);
  g_free (self->readiness.pattern);
  g_clear_pointer (&self->kill_other, kill_other_unref);
}

ProcHealthSpec *
proc_health_spec_ref (ProcHealthSpec *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_health_spec_unref (ProcHealthSpec *self)
{
  g_atomic_rc_box_release_full (self, health_spec_clear);
}

static void
endpoints_clear (gpointer data)
{
  ProcEndpoints *self = data;

  g_strfreev (self->sockets);
  g_free (self->ask);
  g_free (self->tcp_ports);
  g_clear_pointer (&self->check, check_unref);
}

ProcEndpoints *
proc_endpoints_ref (ProcEndpoints *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_endpoints_unref (ProcEndpoints *self)
{
  g_atomic_rc_box_release_full (self, endpoints_clear);
}

/* ---------------------------------------------------------------------------------------------- small parts */

static char *
text_or_empty (char *text)
{
  return text != NULL ? text : g_strdup ("");
}

/* One integer, or an array of them. *count = 0 when absent. Transfer full. */
static int *
read_ints (ProcReader *reader, const char *name, int min, int max, gsize *count)
{
  JsonNode *node = proc_reader_node (reader, name);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : node != NULL;
  g_autofree char *expected = g_strdup_printf ("an integer %d..%d, or at most %d of them", min, max, PROC_MAX_ENDPOINTS);
  g_autofree int *values = g_new0 (int, MAX (n, 1));

  *count = 0;
  if (n > PROC_MAX_ENDPOINTS)
    proc_reader_fail (reader, name, expected, "more");
  for (guint i = 0; reader->error == NULL && i < n; i++)
    {
      JsonNode *element = array != NULL ? json_array_get_element (array, i) : node;

      if (strcmp (proc_json_type (element), "integer") != 0 || json_node_get_int (element) < min
          || json_node_get_int (element) > max)
        proc_reader_fail (reader, name, expected, proc_json_type (element));
      else
        values[(*count)++] = (int)json_node_get_int (element);
    }
  return g_steal_pointer (&values);
}

static JsonArray *
ints_to_json (const int *values, gsize n)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; i < n; i++)
    json_array_add_int_element (array, values[i]);
  return array;
}

/* Absolute, "~/..", or relative without "..". */
static gboolean
is_socket_path (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  return *path != '\0' && strlen (path) < PROC_MAX_PATH
         && (*path == '/' || !g_strv_contains ((const char *const *)parts, ".."));
}

gboolean
proc_socket_speaks_http (const char *path)
{
  static const char *const names[] = { "rpc.sock", "admin.sock", "ui.sock", "web.sock", "openapi.sock", "rest.sock", NULL };
  g_autofree char *name = g_path_get_basename (path);

  return g_strv_contains (names, name) || (g_str_has_prefix (name, "web_") && g_str_has_suffix (name, ".sock"));
}

/* ---------------------------------------------------------------------------------------------- probes */

static gboolean
is_tcp_target (const char *target)
{
  g_autoptr (GSocketConnectable) address = g_network_address_parse (target, 0, NULL);

  return address != NULL && g_network_address_get_port (G_NETWORK_ADDRESS (address)) != 0;
}

static gboolean
is_url (const char *target)
{
  g_autoptr (GUri) uri = g_uri_parse (target, G_URI_FLAGS_ENCODED, NULL);

  return uri != NULL && g_strcmp0 (g_uri_get_scheme (uri), "http") == 0 && g_uri_get_host (uri) != NULL
         && *g_uri_get_host (uri) != '\0' && g_uri_get_port (uri) != 0;
}

static gboolean
is_command (const char *target)
{
  g_auto (GStrv) argv = NULL;

  return g_shell_parse_argv (target, NULL, &argv, NULL);
}

static void
check_target (ProcReader *reader, const ProcProbe *probe)
{
  const char *expected = NULL;

  switch (probe->type)
    {
    case PROC_PROBE_TCP:
      expected = is_tcp_target (probe->target) ? NULL : "host:port";
      break;
    case PROC_PROBE_HTTP:
      expected = is_url (probe->target) || (strstr (probe->target, "://") == NULL && is_socket_path (probe->target))
                     ? NULL
                     : "a URL http://host[:port]/path or the path of a socket";
      break;
    case PROC_PROBE_EXEC:
      expected = is_command (probe->target) ? NULL : "a command line";
      break;
    case PROC_PROBE_SOCKET:
    default:
      expected = is_socket_path (probe->target) ? NULL : "the path of a socket";
      break;
    }
  if (expected != NULL)
    proc_reader_fail (reader, "target", expected, *probe->target ? probe->target : "nothing");
}

/* `host` and `port` in place of a target. Transfer full, NULL = neither. */
static char *
read_host_port (ProcReader *reader, ProcProbeType type, const char *http_path)
{
  g_autofree char *host = proc_reader_text (reader, "host", 255);
  int port = (int)proc_reader_int (reader, "port", 1, 65535, 0);

  if (port == 0)
    return NULL;
  if (type == PROC_PROBE_HTTP)
    return g_strdup_printf ("http://%s:%d%s", host != NULL ? host : "127.0.0.1", port, http_path);
  return g_strdup_printf ("%s:%d", host != NULL ? host : "127.0.0.1", port);
}

static void
read_probe (ProcReader *reader, ProcProbeType type, ProcProbe *probe)
{
  g_autofree char *host_port = NULL;

  probe->type = type;
  probe->http_path = proc_reader_text (reader, "http_path", 2048);
  if (probe->http_path == NULL)
    probe->http_path = g_strdup ("/health");
  else if (*probe->http_path != '/' || strpbrk (probe->http_path, " \r\n\t") != NULL)
    proc_reader_fail (reader, "http_path", "a path that begins with /", probe->http_path);
  probe->target
      = text_or_empty (proc_reader_text (reader, "target|endpoint|url|path|socket|command|exec", PROC_MAX_PATH));
  host_port = read_host_port (reader, type, probe->http_path);
  if (*probe->target == '\0' && host_port != NULL)
    {
      g_free (probe->target);
      probe->target = g_steal_pointer (&host_port);
    }
  probe->expect_status = read_ints (reader, "expect_status", 100, 599, &probe->n_expect_status);
  probe->expect_body = text_or_empty (proc_reader_text (reader, "expect_body", 4096));
  probe->http = proc_reader_bool (reader, "http", type == PROC_PROBE_SOCKET && proc_socket_speaks_http (probe->target));
}

static void
probe_to_json (const ProcProbe *self, JsonObject *object)
{
  json_object_set_string_member (object, "target", self->target);
  json_object_set_string_member (object, "http_path", self->http_path);
  json_object_set_boolean_member (object, "http", self->http);
  json_object_set_array_member (object, "expect_status", ints_to_json (self->expect_status, self->n_expect_status));
  json_object_set_string_member (object, "expect_body", self->expect_body);
}

/* ---------------------------------------------------------------------------------------------- health checks */

/* number: from 1, for the name. NULL: the reader has the error. */
static ProcCheck *
read_check (ProcReader *parent, const char *member, guint number, JsonNode *node, GPtrArray *warnings)
{
  g_autofree char *where = g_strconcat (parent->where, ".", member, NULL);
  ProcCheck *self;
  ProcReader reader;
  ProcProbeType type;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      proc_reader_fail (parent, member, "object", proc_json_type (node));
      return NULL;
    }
  self = g_atomic_rc_box_new0 (ProcCheck);
  proc_reader_init (&reader, json_node_get_object (node), where);
  if (!json_object_has_member (json_node_get_object (node), "type"))
    proc_reader_fail (&reader, "type", "one of tcp|http|exec|socket", "nothing");
  type = proc_reader_word (&reader, "type", proc_probe_type_words, PROC_PROBE_TCP);
  read_probe (&reader, type, &self->probe);
  check_target (&reader, &self->probe);
  self->interval_ms = (guint)proc_reader_int (&reader, "interval_ms", 500, G_MAXINT, 30000);
  self->timeout_ms = (guint)proc_reader_int (&reader, "timeout_ms", 50, self->interval_ms, MIN (5000, self->interval_ms));
  self->failure_threshold = (guint)proc_reader_int (&reader, "failure_threshold|retries", 1, 1000, 3);
  self->success_threshold = (guint)proc_reader_int (&reader, "success_threshold", 1, 1000, 1);
  self->start_period_ms = (guint)proc_reader_int (&reader, "start_period_ms", 0, G_MAXINT, 10000);
  self->restart = proc_reader_bool (&reader, "restart", TRUE);
  self->name = proc_reader_text (&reader, "name", PROC_MAX_PATH);
  if (self->name == NULL)
    self->name = g_strdup_printf ("%s-%u", proc_probe_type_names[type], number);
  if (proc_reader_end (&reader, warnings, parent->error == NULL ? &parent->error : NULL))
    return self;
  check_unref (self);
  return NULL;
}

static GPtrArray *
read_checks (ProcReader *reader, GPtrArray *warnings)
{
  JsonNode *node = proc_reader_node (reader, "health_checks|health");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : node != NULL;
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *checks = g_ptr_array_new_with_free_func (check_unref);

  if (n > PROC_MAX_CHECKS && reader->error == NULL)
    reader->error = g_error_new (PROC_ERROR, PROC_ERROR_LIMIT,
                                 "limit exceeded: an action has at most %d health checks, got %u", PROC_MAX_CHECKS, n);
  for (guint i = 0; reader->error == NULL && i < n; i++)
    {
      g_autofree char *member = array != NULL ? g_strdup_printf ("health_checks[%u]", i) : g_strdup ("health_checks");
      ProcCheck *check
          = read_check (reader, member, i + 1, array != NULL ? json_array_get_element (array, i) : node, warnings);

      if (check == NULL)
        break;
      g_ptr_array_add (checks, check);
      if (!g_hash_table_add (names, check->name))
        proc_reader_fail (reader, member, "each name once", check->name);
    }
  return checks;
}

static JsonObject *
check_to_json (const ProcCheck *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", self->name);
  json_object_set_string_member (object, "type", proc_probe_type_names[self->probe.type]);
  probe_to_json (&self->probe, object);
  json_object_set_int_member (object, "interval_ms", self->interval_ms);
  json_object_set_int_member (object, "timeout_ms", self->timeout_ms);
  json_object_set_int_member (object, "failure_threshold", self->failure_threshold);
  json_object_set_int_member (object, "success_threshold", self->success_threshold);
  json_object_set_int_member (object, "start_period_ms", self->start_period_ms);
  json_object_set_boolean_member (object, "restart", self->restart);
  return object;
}

/* ---------------------------------------------------------------------------------------------- readiness */

static const int probe_of_ready[] = { [PROC_READY_TCP] = PROC_PROBE_TCP,
                                      [PROC_READY_HTTP] = PROC_PROBE_HTTP,
                                      [PROC_READY_SOCKET] = PROC_PROBE_SOCKET,
                                      [PROC_READY_EXEC] = PROC_PROBE_EXEC };

static gboolean
is_probed (ProcReadyType type)
{
  return type >= PROC_READY_TCP && type <= PROC_READY_EXEC;
}

static void
check_pattern (ProcReader *reader, const ProcReadiness *self)
{
  g_autoptr (GRegex) regex = NULL;

  if (self->type == PROC_READY_LOG)
    regex = g_regex_new (self->pattern, 0, 0, NULL);
  if (self->type == PROC_READY_LOG && (regex == NULL || *self->pattern == '\0'))
    proc_reader_fail (reader, "pattern", "a regular expression", *self->pattern ? self->pattern : "nothing");
}

static void
read_readiness (ProcReader *parent, ProcReadiness *self, GPtrArray *warnings)
{
  JsonNode *node = proc_reader_node (parent, "readiness");
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *where = g_strconcat (parent->where, ".readiness", NULL);
  ProcReader reader;

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    object = json_object_ref (json_node_get_object (node));
  else
    object = json_object_new ();
  if (node != NULL && strcmp (proc_json_type (node), "string") == 0) /* "notify" is {"type":"notify"} */
    json_object_set_string_member (object, "type", json_node_get_string (node));
  else if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node))
    proc_reader_fail (parent, "readiness", "object", proc_json_type (node));
  proc_reader_init (&reader, object, where);
  self->type = proc_reader_word (&reader, "type", proc_ready_type_words, PROC_READY_NONE);
  read_probe (&reader, is_probed (self->type) ? probe_of_ready[self->type] : PROC_PROBE_TCP, &self->probe);
  if (is_probed (self->type))
    check_target (&reader, &self->probe);
  self->pattern = text_or_empty (proc_reader_text (&reader, "pattern", 1024));
  check_pattern (&reader, self);
  self->timeout_ms = (int)proc_reader_int (&reader, "timeout_ms", 0, G_MAXINT, PROC_FOR_SERVICE);
  proc_reader_end (&reader, warnings, parent->error == NULL ? &parent->error : NULL);
}

static JsonObject *
readiness_to_json (const ProcReadiness *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "type", proc_ready_type_names[self->type]);
  if (is_probed (self->type))
    probe_to_json (&self->probe, object);
  json_object_set_string_member (object, "pattern", self->pattern);
  if (self->timeout_ms != PROC_FOR_SERVICE)
    json_object_set_int_member (object, "timeout_ms", self->timeout_ms);
  else
    json_object_set_null_member (object, "timeout_ms");
  return object;
}

/* ---------------------------------------------------------------------------------------------- kill_other */

/* An object, or the filters alone, or `true`: whoever is in the way of the service's ports and sockets. */
static JsonObject *
kill_other_object (ProcReader *parent, JsonNode *node)
{
  JsonObject *object;

  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_object_ref (json_node_get_object (node));
  object = json_object_new ();
  if (strcmp (proc_json_type (node), "boolean") == 0)
    return object;
  if (!JSON_NODE_HOLDS_ARRAY (node) && strcmp (proc_json_type (node), "string") != 0)
    proc_reader_fail (parent, "kill_other", "object", proc_json_type (node));
  json_object_set_member (object, "process_filters", json_node_copy (node));
  return object;
}

static ProcKillOther *
read_kill_other (ProcReader *parent, GPtrArray *warnings)
{
  JsonNode *node = proc_reader_node (parent, "kill_other|kill_others|process_filters|process_filter");
  g_autoptr (JsonObject) object = node != NULL ? kill_other_object (parent, node) : NULL;
  g_autofree char *where = g_strconcat (parent->where, ".kill_other", NULL);
  ProcKillOther *self;
  ProcReader reader;

  if (object == NULL || (strcmp (proc_json_type (node), "boolean") == 0 && !json_node_get_boolean (node)))
    return NULL;
  self = g_atomic_rc_box_new0 (ProcKillOther);
  proc_reader_init (&reader, object, where);
  self->filters = proc_reader_texts (&reader, "process_filters|process_filter", PROC_MAX_ENDPOINTS, 1024);
  for (guint i = 0; self->filters[i] != NULL; i++)
    if (g_utf8_strlen (self->filters[i], -1) < 3)
      proc_reader_fail (&reader, "process_filters", "texts of 3 or more characters", self->filters[i]);
  self->ports = read_ints (&reader, "ports", 1, 65535, &self->n_ports);
  self->sockets = proc_reader_texts (&reader, "sockets", PROC_MAX_ENDPOINTS, PROC_MAX_PATH);
  for (guint i = 0; self->sockets[i] != NULL; i++)
    if (!is_socket_path (self->sockets[i]))
      proc_reader_fail (&reader, "sockets", "paths of sockets", self->sockets[i]);
  self->enabled = proc_reader_bool (&reader, "enabled", TRUE);
  proc_reader_end (&reader, warnings, parent->error == NULL ? &parent->error : NULL);
  return self;
}

static JsonObject *
kill_other_to_json (const ProcKillOther *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_array_member (object, "process_filters", proc_json_from_texts (self->filters));
  json_object_set_array_member (object, "ports", ints_to_json (self->ports, self->n_ports));
  json_object_set_array_member (object, "sockets", proc_json_from_texts (self->sockets));
  json_object_set_boolean_member (object, "enabled", self->enabled);
  return object;
}

/* ---------------------------------------------------------------------------------------------- of an action */

ProcHealthSpec *
proc_health_spec_read (ProcReader *reader, GPtrArray *warnings)
{
  ProcHealthSpec *self = g_atomic_rc_box_new0 (ProcHealthSpec);

  self->checks = read_checks (reader, warnings);
  read_readiness (reader, &self->readiness, warnings);
  self->kill_other = read_kill_other (reader, warnings);
  self->singleton = proc_reader_bool (reader, "singleton", FALSE);
  return self;
}

void
proc_health_spec_to_json (const ProcHealthSpec *self, JsonObject *object)
{
  JsonArray *checks = json_array_new ();

  for (guint i = 0; i < self->checks->len; i++)
    json_array_add_object_element (checks, check_to_json (self->checks->pdata[i]));
  json_object_set_array_member (object, "health_checks", checks);
  json_object_set_object_member (object, "readiness", readiness_to_json (&self->readiness));
  if (self->kill_other != NULL)
    json_object_set_object_member (object, "kill_other", kill_other_to_json (self->kill_other));
  else
    json_object_set_null_member (object, "kill_other");
  json_object_set_boolean_member (object, "singleton", self->singleton);
}

/* The path of a service's socket, as a probe takes it. Transfer full. */
static char *
endpoint_path (const char *service, const char *socket)
{
  return *socket == '/' || *socket == '~' ? g_strdup (socket) : g_build_filename (service, socket, NULL);
}

static gpointer
copy_check (gconstpointer check, gpointer data)
{
  return g_atomic_rc_box_acquire ((gpointer)check);
}

static ProcCheck *
socket_check (const char *service, const char *socket)
{
  ProcCheck *self = g_atomic_rc_box_new0 (ProcCheck);

  self->probe.type = PROC_PROBE_SOCKET;
  self->probe.target = endpoint_path (service, socket);
  self->name = g_strdup (self->probe.target);
  self->probe.http_path = g_strdup ("/health");
  self->probe.http = proc_socket_speaks_http (socket);
  self->probe.expect_body = g_strdup ("");
  self->interval_ms = 30000;
  self->timeout_ms = 5000;
  self->failure_threshold = 3;
  self->success_threshold = 1;
  self->start_period_ms = 10000;
  self->restart = TRUE;
  return self;
}

/* Takes the check, unless there are as many as there may be, or one of its name: the record must be readable again. */
static void
add_check (GPtrArray *checks, ProcCheck *check)
{
  gboolean fits = checks->len < PROC_MAX_CHECKS;

  for (guint i = 0; i < checks->len; i++)
    fits &= strcmp (((ProcCheck *)checks->pdata[i])->name, check->name) != 0;
  if (fits)
    g_ptr_array_add (checks, check);
  else
    check_unref (check);
}

static void
add_endpoint_checks (GPtrArray *checks, const char *service, const ProcEndpoints *endpoints)
{
  if (endpoints->check != NULL)
    add_check (checks, g_atomic_rc_box_acquire (endpoints->check));
  for (guint i = 0; endpoints->probe && endpoints->check == NULL && endpoints->sockets[i] != NULL; i++)
    if (endpoints->ask[i])
      add_check (checks, socket_check (service, endpoints->sockets[i]));
}

static void
add_ports (ProcKillOther *self, const int *ports, gsize n)
{
  for (gsize i = 0; i < n && self->n_ports < PROC_MAX_ENDPOINTS; i++)
    self->ports[self->n_ports++] = ports[i];
}

static char **
merge_sockets (char **own, const char *service, char **sockets)
{
  GPtrArray *merged = g_ptr_array_new ();

  for (guint i = 0; own != NULL && own[i] != NULL; i++)
    g_ptr_array_add (merged, g_strdup (own[i]));
  for (guint i = 0; sockets[i] != NULL && merged->len < PROC_MAX_ENDPOINTS; i++)
    g_ptr_array_add (merged, endpoint_path (service, sockets[i]));
  g_ptr_array_add (merged, NULL);
  return (char **)g_ptr_array_free (merged, FALSE);
}

/* What is to be cleared away before a start: the action's own list, the service's ports if it has one, and sockets. */
static ProcKillOther *
kill_other_for_service (const ProcHealthSpec *spec, const char *service, const ProcEndpoints *endpoints)
{
  const ProcKillOther *own = spec->kill_other;
  ProcKillOther *self;

  if (own == NULL && !spec->singleton)
    return NULL;
  self = g_atomic_rc_box_new0 (ProcKillOther);
  self->ports = g_new0 (int, PROC_MAX_ENDPOINTS);
  self->enabled = TRUE;
  self->filters = own != NULL ? g_strdupv (own->filters) : g_new0 (char *, 1);
  self->sockets = merge_sockets (own != NULL ? own->sockets : NULL, service, endpoints->sockets);
  if (own != NULL)
    {
      self->enabled = own->enabled;
      add_ports (self, own->ports, own->n_ports);
      add_ports (self, endpoints->tcp_ports, endpoints->n_tcp_ports);
    }
  return self;
}

ProcHealthSpec *
proc_health_spec_for_service (ProcHealthSpec *self, const char *service, const ProcEndpoints *endpoints,
                              guint start_timeout_ms, gboolean main)
{
  ProcHealthSpec *copy = g_atomic_rc_box_dup (sizeof *self, self);
  ProcProbe *probe = &copy->readiness.probe;

  copy->checks = g_ptr_array_copy (self->checks, copy_check, NULL);
  g_ptr_array_set_free_func (copy->checks, check_unref);
  if (main)
    add_endpoint_checks (copy->checks, service, endpoints);
  probe->target = g_strdup (probe->target);
  probe->http_path = g_strdup (probe->http_path);
  probe->expect_status = g_memdup2 (probe->expect_status, probe->n_expect_status * sizeof *probe->expect_status);
  probe->expect_body = g_strdup (probe->expect_body);
  copy->readiness.pattern = g_strdup (self->readiness.pattern);
  if (self->readiness.timeout_ms == PROC_FOR_SERVICE)
    copy->readiness.timeout_ms = (int)start_timeout_ms;
  copy->kill_other = kill_other_for_service (self, service, endpoints);
  return copy;
}

/* ---------------------------------------------------------------------------------------------- of a service */

static void
read_socket (ProcReader *parent, JsonNode *node, guint index, ProcEndpoints *self, GPtrArray *warnings)
{
  g_autofree char *where = g_strdup_printf ("%s.sockets[%u]", parent->where, index);
  ProcReader reader;

  self->ask[index] = TRUE;
  if (strcmp (proc_json_type (node), "string") == 0)
    self->sockets[index] = json_node_dup_string (node);
  else if (JSON_NODE_HOLDS_OBJECT (node))
    {
      proc_reader_init (&reader, json_node_get_object (node), where);
      self->sockets[index] = text_or_empty (proc_reader_text (&reader, "path|socket", PROC_MAX_PATH));
      self->ask[index] = proc_reader_bool (&reader, "health", TRUE);
      if (!proc_reader_end (&reader, warnings, parent->error == NULL ? &parent->error : NULL))
        return;
    }
  if (self->sockets[index] == NULL || !is_socket_path (self->sockets[index]))
    proc_reader_fail (parent, "sockets", "paths, or {path, health}",
                      self->sockets[index] != NULL ? self->sockets[index] : proc_json_type (node));
}

ProcEndpoints *
proc_endpoints_read (ProcReader *reader, GPtrArray *warnings)
{
  ProcEndpoints *self = g_atomic_rc_box_new0 (ProcEndpoints);
  JsonNode *sockets = proc_reader_node (reader, "sockets"), *probe = proc_reader_node (reader, "probe");
  JsonArray *array = sockets != NULL && JSON_NODE_HOLDS_ARRAY (sockets) ? json_node_get_array (sockets) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : sockets != NULL;

  if (n > PROC_MAX_ENDPOINTS)
    proc_reader_fail (reader, "sockets", "at most 64 sockets", "more");
  self->sockets = g_new0 (char *, n + 1);
  self->ask = g_new0 (gboolean, n + 1);
  for (guint i = 0; reader->error == NULL && i < n; i++)
    read_socket (reader, array != NULL ? json_array_get_element (array, i) : sockets, i, self, warnings);
  self->tcp_ports = read_ints (reader, "tcp_ports", 1, 65535, &self->n_tcp_ports);
  self->probe = n > 0;
  if (probe != NULL && strcmp (proc_json_type (probe), "boolean") == 0)
    self->probe = json_node_get_boolean (probe);
  else if (probe != NULL)
    self->check = read_check (reader, "probe", 1, probe, warnings);
  return self;
}

void
proc_endpoints_to_json (const ProcEndpoints *self, JsonObject *object)
{
  JsonArray *sockets = json_array_new ();

  for (guint i = 0; self->sockets[i] != NULL; i++)
    {
      JsonObject *socket = json_object_new ();

      json_object_set_string_member (socket, "path", self->sockets[i]);
      json_object_set_boolean_member (socket, "health", self->ask[i]);
      json_array_add_object_element (sockets, socket);
    }
  json_object_set_array_member (object, "sockets", sockets);
  json_object_set_array_member (object, "tcp_ports", ints_to_json (self->tcp_ports, self->n_tcp_ports));
  if (self->check != NULL)
    json_object_set_object_member (object, "probe", check_to_json (self->check));
  else
    json_object_set_boolean_member (object, "probe", self->probe);
}
