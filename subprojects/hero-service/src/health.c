/* health.c: the body of /health (conventions 10) and the counters of a service. Service thread. */
#include "health-internal.h"

#include "events-internal.h"
#include "http-internal.h"
#include "rpc-internal.h"

#include <string.h>

typedef struct
{
  char *name;
  HeroHealthCheck check;
  gpointer self;
} Check;

typedef struct
{
  char *key, *text;
} Warning;

typedef struct
{
  HeroMetricKind kind;
  char *name, *help;
  HeroMetricFunc func;
  gpointer self;
} Metric;

struct _HeroHealth
{
  GArray *checks;   /* Check */
  GArray *warnings; /* Warning, oldest first */
  GArray *metrics;  /* Metric */
  char *degraded;   /* reason, or NULL */
  HeroHealthMembers members;
  gpointer members_self;
};

static void
check_clear (gpointer data)
{
  g_free (((Check *)data)->name);
}

static void
warning_clear (gpointer data)
{
  g_free (((Warning *)data)->key);
  g_free (((Warning *)data)->text);
}

static void
metric_clear (gpointer data)
{
  g_free (((Metric *)data)->name);
  g_free (((Metric *)data)->help);
}

static HeroHealth *
get_health (HeroServiceContext *ctx)
{
  HeroSdk *sdk = hero_sdk_get (ctx);

  if (sdk->health == NULL)
    {
      sdk->health = g_new0 (HeroHealth, 1);
      sdk->health->checks = g_array_new (FALSE, FALSE, sizeof (Check));
      g_array_set_clear_func (sdk->health->checks, check_clear);
      sdk->health->warnings = g_array_new (FALSE, FALSE, sizeof (Warning));
      g_array_set_clear_func (sdk->health->warnings, warning_clear);
      sdk->health->metrics = g_array_new (FALSE, FALSE, sizeof (Metric));
      g_array_set_clear_func (sdk->health->metrics, metric_clear);
    }
  return sdk->health;
}

void
hero_health_free (HeroHealth *health)
{
  g_array_unref (health->checks);
  g_array_unref (health->warnings);
  g_array_unref (health->metrics);
  g_free (health->degraded);
  g_free (health);
}

/* ------------------------------------------------------------------------------------------------ what is told */

void
hero_service_add_check (HeroServiceContext *ctx, const char *name, HeroHealthCheck check, gpointer self)
{
  Check entry = { g_strdup (name), check, self };

  g_array_append_val (get_health (ctx)->checks, entry);
}

void
hero_service_set_warning (HeroServiceContext *ctx, const char *key, const char *text)
{
  GArray *warnings = get_health (ctx)->warnings;

  for (guint i = 0; i < warnings->len; i++)
    if (strcmp (g_array_index (warnings, Warning, i).key, key) == 0)
      {
        g_array_remove_index (warnings, i);
        break;
      }
  if (text != NULL)
    {
      Warning warning = { g_strdup (key), g_strdup (text) };
      g_array_append_val (warnings, warning);
    }
}

void
hero_service_set_degraded (HeroServiceContext *ctx, const char *reason)
{
  HeroHealth *health = get_health (ctx);

  if (g_strcmp0 (health->degraded, reason) == 0)
    return;
  g_free (health->degraded);
  health->degraded = g_strdup (reason);
  ctx->host->set_degraded (ctx, reason);
}

void
hero_service_set_health_members (HeroServiceContext *ctx, HeroHealthMembers func, gpointer self)
{
  HeroHealth *health = get_health (ctx);

  health->members = func;
  health->members_self = self;
}

void
hero_service_add_metric (HeroServiceContext *ctx, HeroMetricKind kind, const char *name, const char *help,
                         HeroMetricFunc func, gpointer self)
{
  Metric metric = { kind, g_strdup (name), g_strdup (help), func, self };

  g_array_append_val (get_health (ctx)->metrics, metric);
}

/* ------------------------------------------------------------------------------------------------ the body */

typedef struct
{
  gboolean failing;
  char *reason;
} Verdict;

static JsonObject *
run_checks (HeroHealth *health, Verdict *verdict)
{
  JsonObject *results = json_object_new ();

  for (guint i = 0; i < health->checks->len; i++)
    {
      const Check *check = &g_array_index (health->checks, Check, i);
      gboolean failing = FALSE;
      g_autofree char *problem = check->check (check->self, &failing);
      json_object_set_string_member (results, check->name, problem != NULL ? problem : "ok");
      if (problem == NULL || (verdict->reason != NULL && !(failing && !verdict->failing)))
        continue;
      g_free (verdict->reason);
      verdict->reason = g_strdup_printf ("%s: %s", check->name, problem);
      verdict->failing = failing;
    }
  return results;
}

static JsonArray *
list_warnings (HeroServiceContext *ctx, HeroHealth *health)
{
  JsonArray *texts = json_array_new ();
  g_auto (GStrv) hosts = ctx->host->warnings (ctx);

  for (guint i = 0; hosts != NULL && hosts[i] != NULL; i++)
    json_array_add_string_element (texts, hosts[i]);
  for (guint i = 0; i < health->warnings->len; i++)
    json_array_add_string_element (texts, g_array_index (health->warnings, Warning, i).text);
  return texts;
}

JsonObject *
hero_health_get (HeroServiceContext *ctx, guint *status)
{
  HeroHealth *health = get_health (ctx);
  Verdict verdict = { FALSE, health->degraded != NULL ? g_strdup (health->degraded) : ctx->host->degraded (ctx) };
  JsonObject *body = json_object_new (), *checks = run_checks (health, &verdict);
  JsonArray *warnings = list_warnings (ctx, health);
  const char *word = verdict.failing ? "failing" : verdict.reason != NULL ? "degraded" : "ok";

  json_object_set_string_member (body, "status", word);
  json_object_set_string_member (body, "service", hero_service_get_name (ctx));
  json_object_set_string_member (body, "version", hero_service_get_version (ctx));
  if (verdict.reason != NULL)
    json_object_set_string_member (body, "reason", verdict.reason);
  json_object_set_int_member (body, "uptime_secs", hero_service_get_uptime_us (ctx) / G_USEC_PER_SEC);
  json_object_set_string_member (body, "state",
                                 hero_service_is_draining (ctx) ? "stopping"
                                 : verdict.reason != NULL       ? "degraded"
                                                                : "ready");
  json_object_set_object_member (body, "checks", checks);
  json_object_set_array_member (body, "warnings", warnings);
  if (health->members != NULL)
    health->members (health->members_self, body);
  *status = verdict.reason == NULL ? 200 : 503;
  g_free (verdict.reason);
  return body;
}

/* ------------------------------------------------------------------------------------------------ counters */

static void
add_value (JsonArray *list, HeroMetricKind kind, const char *name, const char *help, double value)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "kind", kind == HERO_METRIC_COUNTER ? "counter" : "gauge");
  json_object_set_string_member (object, "help", help);
  json_object_set_double_member (object, "value", value);
  json_array_add_object_element (list, object);
}

/* "hero_db" -> "hero_db", "mycelium" -> "hero_mycelium". */
static char *
metric_prefix (HeroServiceContext *ctx)
{
  const char *name = hero_service_get_name (ctx);

  return g_str_has_prefix (name, "hero_") ? g_strdup (name) : g_strconcat ("hero_", name, NULL);
}

static void
add_own (HeroServiceContext *ctx, JsonArray *list, HeroMetricKind kind, const char *suffix, const char *help,
         double value)
{
  g_autofree char *prefix = metric_prefix (ctx), *name = g_strconcat (prefix, "_", suffix, NULL);

  add_value (list, kind, name, help, value);
}

JsonArray *
hero_metrics_get (HeroServiceContext *ctx)
{
  GArray *metrics = get_health (ctx)->metrics;
  JsonArray *list = json_array_new ();
  guint64 calls, errors;

  hero_rpc_get_counts (ctx, &calls, &errors);
  add_own (ctx, list, HERO_METRIC_GAUGE, "uptime_seconds", "Seconds since the service was made.",
           (double)hero_service_get_uptime_us (ctx) / G_USEC_PER_SEC);
  add_own (ctx, list, HERO_METRIC_COUNTER, "rpc_calls_total", "JSON-RPC calls that reached a method.", (double)calls);
  add_own (ctx, list, HERO_METRIC_COUNTER, "rpc_errors_total", "JSON-RPC answers that are errors.", (double)errors);
  add_own (ctx, list, HERO_METRIC_GAUGE, "rpc_calls_running", "JSON-RPC calls without an answer yet.",
           hero_rpc_get_pending (ctx));
  add_own (ctx, list, HERO_METRIC_COUNTER, "http_requests_total", "HTTP requests, all sockets.",
           (double)hero_http_get_requests (ctx));
  add_own (ctx, list, HERO_METRIC_GAUGE, "http_connections", "Open HTTP connections, all sockets.",
           hero_http_get_connections (ctx));
  add_own (ctx, list, HERO_METRIC_GAUGE, "event_streams", "Open streams of server-sent events.",
           hero_events_get_readers (ctx));
  for (guint i = 0; i < metrics->len; i++)
    {
      const Metric *metric = &g_array_index (metrics, Metric, i);
      add_value (list, metric->kind, metric->name, metric->help, metric->func (metric->self));
    }
  return list;
}
