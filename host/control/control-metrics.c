/*
 * control-metrics.c: GET /metrics, Prometheus text: the host's own figures, then what each service answers to rpc.metrics
 * on its own socket, which is the same for a service on a thread and in a process. Service thread.
 */
#include "control.h"

#include <string.h>
#include <unistd.h>

#include <gio/gunixsocketaddress.h>
#include <libsoup/soup.h>

#define ANSWER_TIMEOUT_S 2
#define QUESTION "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.metrics\"}"

typedef struct
{
  HeroHttpRequest *request;
  GString *text;
  guint pending;
} Scrape;

typedef struct
{
  Scrape *scrape;
  SoupSession *session;
} Question;

static void
add_head (GString *text, const char *name, const char *kind, const char *help)
{
  g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void
add_number (GString *text, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (text, " %s\n", g_ascii_dtostr (number, sizeof number, value));
}

/* ------------------------------------------------------------------------------------------------ the host */

static guint
count_open_files (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

static void
add_per_service (GString *text, GVariant *services, const char *name, const char *kind, const char *help, const char *key)
{
  add_head (text, name, kind, help);
  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (services, i);
      gint64 number = key != NULL ? hero_control_number (row, key) : hero_state_is_up (hero_control_state (row));

      if (number < 0)
        continue;
      g_string_append_printf (text, "%s{service=\"%s\"}", name, hero_control_text (row, "name"));
      add_number (text, (double) number);
    }
}

static void
add_states (GString *text, GVariant *services)
{
  add_head (text, "hero_bundle_service_state", "gauge", "1 for the state a service is in.");
  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (services, i);

      g_string_append_printf (text, "hero_bundle_service_state{service=\"%s\",state=\"%s\"} 1\n",
                              hero_control_text (row, "name"), hero_control_text (row, "state"));
    }
}

static void
add_host (HeroControl *self, GString *text, GVariant *services)
{
  add_head (text, "hero_bundle_uptime_seconds", "gauge", "Seconds since the host started.");
  g_string_append (text, "hero_bundle_uptime_seconds");
  add_number (text, (double) hero_service_get_uptime_us (self->ctx) / G_USEC_PER_SEC);
  add_head (text, "hero_bundle_resident_memory_bytes", "gauge", "Resident memory of the host's process.");
  g_string_append (text, "hero_bundle_resident_memory_bytes");
  add_number (text, (double) hero_control_get_rss (getpid ()));
  add_head (text, "hero_bundle_open_files", "gauge", "Open descriptors of the host's process.");
  g_string_append (text, "hero_bundle_open_files");
  add_number (text, count_open_files ());
  add_per_service (text, services, "hero_bundle_service_up", "gauge", "1 while the service is ready or degraded.", NULL);
  add_per_service (text, services, "hero_bundle_service_restarts_total", "counter", "Restarts of the service.", "restarts");
  add_per_service (text, services, "hero_bundle_service_ready_milliseconds", "gauge", "From its start until it was ready.",
                   "ready_ms");
  add_states (text, services);
}

/* ------------------------------------------------------------------------------------------------ the services */

static void
scrape_unref (Scrape *scrape)
{
  if (--scrape->pending > 0)
    return;
  hero_http_respond_text (scrape->request, 200, "text/plain; version=0.0.4; charset=utf-8", scrape->text->str);
  g_string_free (scrape->text, TRUE);
  g_free (scrape);
}

static void
add_metric (JsonArray *list, guint index, JsonNode *node, gpointer data)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *name = object != NULL ? json_object_get_string_member_with_default (object, "name", NULL) : NULL;

  if (name == NULL)
    return;
  add_head (data, name, json_object_get_string_member_with_default (object, "kind", "gauge"),
            json_object_get_string_member_with_default (object, "help", ""));
  g_string_append (data, name);
  add_number (data, json_object_get_double_member_with_default (object, "value", 0));
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Question *question = data;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (question->session, result, NULL);
  g_autoptr (JsonNode) node = NULL;

  /* A service that does not answer is told by its state; its figures are missing. */
  if (body != NULL)
    node = hero_json_parse (g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), NULL);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node) && json_object_has_member (json_node_get_object (node), "result")
      && JSON_NODE_HOLDS_ARRAY (json_object_get_member (json_node_get_object (node), "result")))
    json_array_foreach_element (json_object_get_array_member (json_node_get_object (node), "result"), add_metric,
                                question->scrape->text);
  g_object_unref (question->session);
  scrape_unref (question->scrape);
  g_free (question);
}

static void
ask (Scrape *scrape, const HeroServiceConfig *service)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (service->rpc_path);
  g_autoptr (SoupMessage) message = soup_message_new ("POST", "http://localhost/rpc");
  g_autoptr (GBytes) body = g_bytes_new_static (QUESTION, strlen (QUESTION));
  Question *question = g_new0 (Question, 1);

  question->scrape = scrape;
  question->session = soup_session_new_with_options ("remote-connectable", address, "timeout", ANSWER_TIMEOUT_S, NULL);
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  scrape->pending++;
  soup_session_send_and_read_async (question->session, message, G_PRIORITY_DEFAULT,
                                    hero_http_request_get_cancellable (scrape->request), on_answer, question);
}

static gboolean
is_up (GVariant *services, const char *name)
{
  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (services, i);

      if (g_str_equal (hero_control_text (row, "name"), name))
        return hero_state_is_up (hero_control_state (row));
    }
  return FALSE;
}

static void
on_metrics (gpointer data, HeroHttpRequest *request)
{
  HeroControl *self = data;
  HeroConfig *config = hero_supervisor_get_config (self->supervisor);
  g_autoptr (GVariant) services = hero_status_get_services (hero_supervisor_get_status (self->supervisor));
  Scrape *scrape = g_new0 (Scrape, 1);

  scrape->request = request;
  scrape->text = g_string_new (NULL);
  scrape->pending = 1;
  add_host (self, scrape->text, services);
  for (guint i = 0; i < config->services->len; i++)
    {
      const HeroServiceConfig *service = g_ptr_array_index (config->services, i);

      if (is_up (services, service->name))
        ask (scrape, service);
    }
  scrape_unref (scrape);
}

const HeroHttpRoute hero_control_routes[] = {
  { "GET", "/metrics", on_metrics },
  { NULL },
};
