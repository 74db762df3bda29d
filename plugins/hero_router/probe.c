/* probe.c: the steps of a probe, one request after the other. Service thread. */
#include "probe.h"

#include <string.h>

#include "probe-target.h"

#define WHOLE_MS 10000
#define MAX_DOMAINS 64
#define SMALL_BYTES (1024 * 1024)

typedef enum
{
  STEP_HEALTH,
  STEP_MANIFEST,
  STEP_DOMAINS,
  STEP_DOCUMENT,
  STEP_DOMAIN_DOCUMENT, /* once for each domain */
  STEP_DISCOVER,
  STEP_SOCKET_HEALTH,   /* these three once for each other HTTP socket */
  STEP_SOCKET_MANIFEST,
  STEP_SOCKET_ROOT,
  STEP_PAGE_DOCUMENT,   /* once for each page socket */
  STEP_CONNECT,
  STEP_END,
} Step;

struct _Probe
{
  HeroServiceContext *ctx;
  HeroReactor *reactor;
  RouterService *service;
  ProbeLimits limits;
  ProbeDone done;
  gpointer data;

  GPtrArray *targets; /* ProbeTarget */
  ProbeTarget *rpc;        /* or NULL */
  Step step;
  guint at;           /* which target or domain of the step */
  Fetch *fetch;
  guint idle;
  gint64 begun_us;
  gboolean is_short; /* may be, then is */

  guint health_status;
  JsonNode *health, *manifest;
  GStrv domains;
  GBytes *document;
  JsonArray *joined; /* methods of the domain documents, or NULL */
  JsonNode *joined_frame;
};

static void
probe_free (Probe *probe)
{
  if (probe->fetch != NULL)
    fetch_cancel (probe->fetch);
  if (probe->idle != 0)
    hero_service_source_remove (probe->ctx, probe->idle);
  g_ptr_array_unref (probe->targets);
  g_clear_pointer (&probe->health, json_node_unref);
  g_clear_pointer (&probe->manifest, json_node_unref);
  g_clear_pointer (&probe->joined_frame, json_node_unref);
  g_clear_pointer (&probe->joined, json_array_unref);
  g_clear_pointer (&probe->document, g_bytes_unref);
  g_strfreev (probe->domains);
  g_free (probe);
}

void
probe_cancel (Probe *probe)
{
  probe_free (probe);
}

/* ------------------------------------------------------------------------------------------------ what an answer means */

/* The JSON of a 200 answer (transfer full), or NULL. */
static JsonNode *
json_of (const FetchResult *result)
{
  return hero_json_parse (g_bytes_get_data (result->body, NULL), (gssize) g_bytes_get_size (result->body), NULL);
}

/* ["a"], {"domains":["a"]}, {"domains":[{"name":"a"}]} */
static GStrv
read_domains (JsonNode *node)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  JsonNode *list = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_member (json_node_get_object (node), "domains") : node;
  JsonArray *array = list != NULL && JSON_NODE_HOLDS_ARRAY (list) ? json_node_get_array (list) : NULL;

  for (guint i = 0; array != NULL && i < MIN (json_array_get_length (array), MAX_DOMAINS); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      const char *name = JSON_NODE_HOLDS_OBJECT (element) ? json_object_get_string_member_with_default (json_node_get_object (element), "name", NULL)
                         : json_node_get_value_type (element) == G_TYPE_STRING ? json_node_get_string (element)
                                                                              : NULL;

      /* The name becomes a part of paths. */
      if (name != NULL && *name != '\0' && strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen (name))
        g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

static void
join_document (Probe *probe, const FetchResult *result)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *fault = router_check_document (result->body, &node);
  JsonArray *methods;

  if (node == NULL)
    return;
  methods = json_object_get_array_member (json_node_get_object (node), "methods");
  if (probe->joined == NULL)
    {
      probe->joined = json_array_ref (methods);
      probe->joined_frame = g_steal_pointer (&node);
      return;
    }
  for (guint i = 0; i < json_array_get_length (methods); i++)
    json_array_add_element (probe->joined, json_node_copy (json_array_get_element (methods, i)));
}

/* rpc.discover answers {"result": document}. */
static GBytes *
result_of (const FetchResult *result)
{
  g_autoptr (JsonNode) node = json_of (result);
  JsonNode *document = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_member (json_node_get_object (node), "result") : NULL;
  gsize length;
  char *text = document == NULL || !JSON_NODE_HOLDS_OBJECT (document) ? NULL : hero_json_print (document, &length);

  return text == NULL ? NULL : g_bytes_new_take (text, length);
}

/* ------------------------------------------------------------------------------------------------ the end */

static void
replace (char **target, JsonNode *manifest, const char *member)
{
  JsonObject *object = manifest != NULL && JSON_NODE_HOLDS_OBJECT (manifest) ? json_node_get_object (manifest) : NULL;
  const char *value = object == NULL ? NULL : json_object_get_string_member_with_default (object, member, NULL);

  if (value == NULL)
    return;
  g_free (*target);
  *target = g_strdup (value);
}

static gboolean
apply_document (Probe *probe)
{
  if (probe->document == NULL && probe->joined_frame != NULL)
    {
      gsize length;
      char *text = hero_json_print (probe->joined_frame, &length);

      probe->document = g_bytes_new_take (text, length);
    }
  if (probe->document != NULL)
    return router_service_set_document (probe->service, probe->document);
  /* Not reached is not "has none": the last one is kept until the service answers without. */
  if (probe->rpc == NULL || probe->rpc->state == SOCKET_OK)
    probe->service->document_state = DOCUMENT_NONE;
  return FALSE;
}

static void
finish (Probe *probe)
{
  RouterService *service = probe->service;
  ProbeDone done = probe->done;
  gpointer data = probe->data;
  gboolean changed, same = probe->is_short;

  for (guint i = 0; i < probe->targets->len; i++)
    probe_target_apply (probe->targets->pdata[i], service);
  service->health_status = probe->health_status;
  g_clear_pointer (&service->health, json_node_unref);
  service->health = g_steal_pointer (&probe->health);
  if (probe->manifest != NULL)
    {
      replace (&service->title, probe->manifest, "title");
      replace (&service->version, probe->manifest, "version");
      replace (&service->description, probe->manifest, "description");
      g_clear_pointer (&service->manifest, json_node_unref);
      service->manifest = g_steal_pointer (&probe->manifest);
    }
  if (probe->domains != NULL)
    {
      g_strfreev (service->domains);
      service->domains = g_steal_pointer (&probe->domains);
    }
  changed = !same && apply_document (probe);
  service->latency_ms = probe->rpc != NULL ? probe->rpc->latency_ms : 0;
  probe_free (probe);
  done (data, changed, same);
}

/* ------------------------------------------------------------------------------------------------ the steps */

static void next (Probe *probe);

/* The same process in the same version: what it said of itself still holds. */
static gboolean
is_same (Probe *probe, const FetchResult *result)
{
  return result->reused
         && g_str_equal (router_health_text (probe->health, "version"), router_health_text (probe->service->health, "version"));
}

static void
on_answer (gpointer data, const FetchResult *result)
{
  Probe *probe = data;
  ProbeTarget *target = probe->step >= STEP_SOCKET_HEALTH ? probe->targets->pdata[probe->at] : probe->rpc;
  gboolean good = result->answered && result->status == 200;

  probe->fetch = NULL;
  target->fd = result->fd;
  switch (probe->step)
    {
    case STEP_HEALTH:
      probe_target_judge (target, result, probe->limits.timeout_ms);
      probe->health_status = target->http_status;
      if (result->answered && (good || result->status == 503))
        probe->health = json_of (result);
      probe->is_short = probe->is_short && target->state == SOCKET_OK && is_same (probe, result);
      probe->step = target->state == SOCKET_OK && !probe->is_short ? STEP_MANIFEST : STEP_SOCKET_HEALTH;
      break;
    case STEP_MANIFEST:
      probe->manifest = good ? json_of (result) : NULL;
      probe->step = STEP_DOMAINS;
      break;
    case STEP_DOMAINS:
      {
        g_autoptr (JsonNode) node = good ? json_of (result) : NULL;

        probe->domains = read_domains (node);
        probe->step = STEP_DOCUMENT;
        break;
      }
    case STEP_DOCUMENT:
      probe->document = good ? g_bytes_ref (result->body) : NULL;
      probe->at = 0;
      probe->step = good ? STEP_SOCKET_HEALTH : STEP_DOMAIN_DOCUMENT;
      break;
    case STEP_DOMAIN_DOCUMENT:
      if (good)
        join_document (probe, result);
      probe->at++;
      break;
    case STEP_DISCOVER:
      probe->document = good ? result_of (result) : NULL;
      probe->at = 0;
      probe->step = STEP_SOCKET_HEALTH;
      break;
    case STEP_SOCKET_HEALTH:
    case STEP_SOCKET_MANIFEST:
    case STEP_SOCKET_ROOT:
      probe_target_judge (target, result, probe->limits.timeout_ms);
      if (target->http_status == 404 && probe->step != STEP_SOCKET_ROOT)
        probe->step++;
      else
        {
          probe->at++;
          probe->step = STEP_SOCKET_HEALTH;
        }
      break;
    default: /* STEP_PAGE_DOCUMENT */
      probe->document = good ? g_bytes_ref (result->body) : NULL;
      probe->at++;
      break;
    }
  next (probe);
}

static void
fetch (Probe *probe, ProbeTarget *target, const char *path, const char *post, guint timeout_ms)
{
  gint64 left_ms = WHOLE_MS - (g_get_monotonic_time () - probe->begun_us) / 1000;
  FetchRequest request = { target->path, path, post, (guint) CLAMP (left_ms, 1, timeout_ms),
                           timeout_ms == probe->limits.timeout_ms ? SMALL_BYTES : probe->limits.spec_max_bytes,
                           g_steal_fd (&target->fd) };

  probe->fetch = fetch_start (probe->ctx, probe->reactor, &request, on_answer, probe);
}

/* The next target that `wanted` takes, from probe->at on; NULL at the end of the list. */
static ProbeTarget *
find_target (Probe *probe, gboolean (*wanted) (Probe *probe, ProbeTarget *target))
{
  for (; probe->at < probe->targets->len; probe->at++)
    if (wanted (probe, probe->targets->pdata[probe->at]))
      return probe->targets->pdata[probe->at];
  return NULL;
}

static gboolean
is_other_http (Probe *probe, ProbeTarget *target)
{
  return target->http && !target->foreign && target != probe->rpc;
}

static gboolean
may_have_document (Probe *probe, ProbeTarget *target)
{
  return !probe->is_short && probe->document == NULL && probe->joined == NULL && target->state == SOCKET_OK
         && (g_str_equal (target->file, "admin.sock") || g_str_equal (target->file, "ui.sock"));
}

static void
step_domain_document (Probe *probe)
{
  g_autofree char *path = NULL;

  if (probe->domains == NULL || probe->domains[probe->at] == NULL)
    {
      probe->at = 0;
      probe->step = probe->joined == NULL ? STEP_DISCOVER : STEP_SOCKET_HEALTH;
      next (probe);
      return;
    }
  path = g_strdup_printf ("/api/%s/openrpc.json", probe->domains[probe->at]);
  fetch (probe, probe->rpc, path, NULL, probe->limits.spec_timeout_ms);
}

static void
step_socket (Probe *probe)
{
  static const char *const paths[] = { "/health", "/.well-known/heroservice.json", "/" };
  ProbeTarget *target = find_target (probe, is_other_http);

  if (target != NULL)
    {
      fetch (probe, target, paths[probe->step - STEP_SOCKET_HEALTH], NULL, probe->limits.timeout_ms);
      return;
    }
  probe->at = 0;
  probe->step = STEP_PAGE_DOCUMENT;
  next (probe);
}

static void
step_page_document (Probe *probe)
{
  ProbeTarget *target = find_target (probe, may_have_document);

  if (target != NULL)
    fetch (probe, target, "/openrpc.json", NULL, probe->limits.spec_timeout_ms);
  else
    {
      probe->step = STEP_CONNECT;
      next (probe);
    }
}

static void
next (Probe *probe)
{
  switch (probe->step)
    {
    case STEP_HEALTH:
      fetch (probe, probe->rpc, "/health", NULL, probe->limits.timeout_ms);
      break;
    case STEP_MANIFEST:
      fetch (probe, probe->rpc, "/.well-known/heroservice.json", NULL, probe->limits.timeout_ms);
      break;
    case STEP_DOMAINS:
      fetch (probe, probe->rpc, "/api/domains.json", NULL, probe->limits.timeout_ms);
      break;
    case STEP_DOCUMENT:
      fetch (probe, probe->rpc, "/openrpc.json", NULL, probe->limits.spec_timeout_ms);
      break;
    case STEP_DOMAIN_DOCUMENT:
      step_domain_document (probe);
      break;
    case STEP_DISCOVER:
      fetch (probe, probe->rpc, "/rpc", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}", probe->limits.spec_timeout_ms);
      break;
    case STEP_PAGE_DOCUMENT:
      step_page_document (probe);
      break;
    case STEP_CONNECT:
      for (guint i = 0; i < probe->targets->len; i++)
        if (!((ProbeTarget *) probe->targets->pdata[i])->http && !((ProbeTarget *) probe->targets->pdata[i])->foreign)
          probe_target_connect (probe->targets->pdata[i]);
      finish (probe);
      break;
    default:
      step_socket (probe);
    }
}

static gboolean
begin (gpointer data)
{
  Probe *probe = data;

  probe->idle = 0;
  next (probe);
  return G_SOURCE_REMOVE;
}

Probe *
probe_start (HeroServiceContext *ctx, HeroReactor *reactor, RouterService *service, const ProbeLimits *limits,
             gboolean may_be_short, ProbeDone done, gpointer data)
{
  Probe *probe = g_new0 (Probe, 1);

  probe->ctx = ctx;
  probe->reactor = reactor;
  probe->service = service;
  probe->limits = *limits;
  probe->done = done;
  probe->data = data;
  probe->begun_us = g_get_monotonic_time ();
  probe->targets = g_ptr_array_new_with_free_func ((GDestroyNotify) probe_target_free);
  for (guint i = 0; i < service->sockets->len; i++)
    {
      RouterSocket *socket = service->sockets->pdata[i];
      ProbeTarget *target = probe_target_new (socket);

      g_ptr_array_add (probe->targets, target);
      if (g_str_equal (socket->file, "rpc.sock") && !target->foreign)
        probe->rpc = target;
    }
  probe->is_short = may_be_short && probe->rpc != NULL;
  probe->step = probe->rpc != NULL ? STEP_HEALTH : STEP_SOCKET_HEALTH;
  /* done is never called from inside this function. */
  probe->idle = hero_service_timeout_add (ctx, 0, begin, probe);
  return probe;
}
