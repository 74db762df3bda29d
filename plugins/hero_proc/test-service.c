/* test-service.c: the whole service over its sockets: definitions, starts and stops, answers and errors, logs, pages,
 * events. */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "hero-proc.h"
#include "test-host.h"

typedef struct
{
  char *logs;
  HeroTestHost *host;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GVariant *config;

  f->logs = g_dir_make_tmp ("proc-XXXXXX", NULL);
  config = g_variant_new_parsed (
      "{'db_max_mb': <int64 64>, 'autostart': <true>, 'stop_children_on_exit': <true>, 'env_mode': <'inherit'>,"
      " 'scheduler': <true>, 'timezone': <'local'>, 'stats_interval_ms': <int64 5000>,"
      " 'env_deny': <['LD_PRELOAD']>, 'log_dir': <%s>, 'log_rate_lines': <int64 1000>, 'log_rate_kb': <int64 1024>,"
      " 'log_line_max': <int64 16384>, 'log_flush_ms': <int64 20>, 'log_queue_lines': <int64 10000>,"
      " 'log_queue_mb': <int64 10>, 'log_pipe_kb': <int64 64>, 'log_file_max_mb': <int64 16>,"
      " 'log_source_max_mb': <int64 256>, 'log_total_max_mb': <int64 2048>, 'log_min_free_mb': <int64 0>,"
      " 'log_retention_days': <int64 14>}",
      f->logs);
  f->host = hero_test_host_new (hero_service_describe_v1 (), config);
  hero_test_host_start (f->host, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->logs);

  hero_test_host_free (f->host);
  g_assert_cmpint (system (command), ==, 0);
  g_free (f->logs);
}

static char *
call (Fixture *f, const char *method, const char *params, const char *path)
{
  g_autoptr (JsonNode) result = hero_test_call (f->host, method, params);

  return path != NULL ? hero_test_json_get (result, path) : json_to_string (result, FALSE);
}

#define ASSERT_CALL(method, params, path, expected)                                                                    \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *got_ = call (f, method, params, path);                                                            \
    g_assert_cmpstr (got_, ==, expected);                                                                              \
  }                                                                                                                    \
  G_STMT_END

#define ASSERT_ERROR(method, params, code, text)                                                                       \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *message_ = NULL;                                                                                  \
    g_assert_cmpint (hero_test_call_error (f->host, method, params, &message_), ==, code);                             \
    g_assert_cmpstr (message_, ==, text);                                                                              \
  }                                                                                                                    \
  G_STMT_END

/* Asks until the answer is as expected. */
static void
wait_call (Fixture *f, const char *method, const char *params, const char *path, const char *expected)
{
  for (guint tries = 0; tries < 1500; tries++)
    {
      g_autofree char *got = call (f, method, params, path);

      if (g_strcmp0 (got, expected) == 0)
        return;
      g_usleep (20000);
    }
  g_error ("%s %s: %s does not become %s", method, params, path, expected);
}

#define SLEEPER "{\"name\":\"web\",\"actions\":[{\"name\":\"main\",\"exec\":\"sleep 1000\",\"is_process\":true}]}"

static void
test_empty (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("service.list", NULL, NULL, "[]");
  ASSERT_ERROR ("service.get", "[\"x\"]", -32000, "service not found: x");
  ASSERT_ERROR ("service_list", NULL, -32601, "Method not found");
}

static void
test_life (Fixture *f, gconstpointer data)
{
  g_autofree char *pid = NULL, *again = NULL;

  ASSERT_CALL ("service.set", SLEEPER, "created", "true");
  ASSERT_CALL ("service.set", SLEEPER, "changed", "false");
  ASSERT_CALL ("service.status", "[\"web\"]", "state", "inactive");
  ASSERT_CALL ("service.start", "{\"name\":\"web\",\"wait\":true}", "ready", "true");
  ASSERT_CALL ("service.start", "{\"name\":\"web\"}", "job_ids", "[1]");
  ASSERT_CALL ("service.list", "{\"names_only\":true,\"state\":\"Running\"}", NULL, "[\"web\"]");
  ASSERT_CALL ("service.list", "{\"names_only\":true,\"state\":\"stopped\"}", NULL, "[]");
  pid = call (f, "service.status", "[\"web\"]", "pid");
  ASSERT_CALL ("service.restart", "{\"name\":\"web\",\"wait\":true}", "job_ids", "[2]");
  again = call (f, "service.status", "[\"web\"]", "pid");
  g_assert_cmpstr (pid, !=, again);
  ASSERT_CALL ("service.stop", "[\"web\"]", "stopped", "[\"web\"]");
  ASSERT_CALL ("service.stop", "[\"web\"]", "stopped", "[]");
  ASSERT_CALL ("service.info", "[\"web\"]", "state", "exited");
  ASSERT_CALL ("service.get", "[\"web\"]", "status", "stop");
  ASSERT_CALL ("service.start", "{\"name\":\"web\"}", "started", "[\"web\"]");
  ASSERT_CALL ("service.delete", "{\"name\":\"web\",\"actions\":true}", "stopped", "[\"web\"]");
  ASSERT_CALL ("service.list", NULL, NULL, "[]");
}

static void
test_shapes (Fixture *f, gconstpointer data)
{
#define ACTIONS "\"actions\":[{\"name\":\"t\",\"exec\":\"true\"}]"
  ASSERT_CALL ("service.set", "{\"spec\":{\"name\":\"a\"," ACTIONS "}}", "name", "a");
  ASSERT_CALL ("service.put", "{\"service\":{\"name\":\"b\"," ACTIONS "}}", "name", "b");
  ASSERT_CALL ("service.upsert", "[{\"name\":\"c\"," ACTIONS "}]", "name", "c");
  ASSERT_CALL ("service.set", "[\"d\",{" ACTIONS "},true]", "name", "d");
  wait_call (f, "service.status", "[\"d\"]", "state", "success");
  ASSERT_CALL ("service.set", "{\"name\":\"e\",\"config\":{" ACTIONS ",\"persit\":true}}", "warnings",
               "[\"unknown member 'spec.persit' is not stored; did you mean 'persist'?\"]");
  ASSERT_CALL ("service.list", "{\"names_only\":true,\"limit\":2,\"offset\":1}", NULL, "[\"b\",\"c\"]");
#undef ACTIONS
}

/* A definition of zinit is started at once, and tried again as often as it says. */
static void
test_zinit (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonNode) lines = NULL;

  ASSERT_CALL ("service.set",
               "{\"name\":\"z\",\"exec\":\"echo $A; exit "
               "3\",\"env\":{\"A\":\"told\"},\"max_restarts\":2,\"restart_delay_ms\":10}",
               "name", "z");
  wait_call (f, "service.status", "[\"z\"]", "actions",
             "[{\"name\":\"z\",\"job_id\":1,\"phase\":\"failed\",\"pid\":0,\"ready\":false,\"health\":\"none\","
             "\"restart_count\":2,\"exit_code\":3,\"failure\":\"exit_code\",\"tty\":false}]");
  ASSERT_CALL ("service.status", "[\"z\"]", "error", "exited with code 3");
  for (guint tries = 0; tries < 500; tries++)
    {
      g_clear_pointer (&lines, json_node_unref);
      lines = hero_test_call (f->host, "logs.query", "{\"service\":\"z\",\"text\":\"TOLD\"}");
      if (json_array_get_length (json_object_get_array_member (json_node_get_object (lines), "entries")) == 3)
        return;
      g_usleep (20000);
    }
  g_assert_not_reached ();
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("service.set", SLEEPER, "name", "web");
  ASSERT_ERROR ("service.set", "{\"name\":\"web\",\"actions\":[\"nobody\"]}", -32005,
                "config error: unknown action 'nobody'; give it as an object in 'actions'");
  ASSERT_ERROR ("service.set", "{\"name\":\"web\",\"actions\":[\"main\"],\"requires\":[\"web\"]}", -32010,
                "dependency error: a cycle: web -> web");
  ASSERT_ERROR ("service.set", "{\"name\":\"a.b\",\"actions\":[\"main\"]}", -32602,
                "parameter 'spec.name': expected 1 to 64 letters, digits, '_' and '-', got 'a.b'");
  ASSERT_ERROR ("service.set", "{\"name\":\"web\",\"actions\":[\"main\"],\"status\":\"maybe\"}", -32602,
                "parameter 'spec.status': expected one of start|stop|ignore|spec, got 'maybe'");
  ASSERT_ERROR (
      "service.list", "{\"state\":\"odd\"}", -32602,
      "parameter 'state': expected one of inactive|starting|running|unhealthy|degraded|stopping|blocked|failed|success|"
      "exited, got odd");
  ASSERT_ERROR ("logs.query", "{\"cursor\":\"x\"}", -32602,
                "parameter 'cursor': expected a cursor of an earlier answer, got x");
  ASSERT_CALL ("service.get", "[\"web\"]", "actions", "[\"main\"]");
}

static void
test_start_fails (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("service.set", "{\"name\":\"n\",\"actions\":[{\"name\":\"n\",\"exec\":\"no-such-thing\"}]}", "name",
               "n");
  ASSERT_ERROR ("service.start", "{\"name\":\"n\",\"wait\":true}", -32011,
                "process error: program 'no-such-thing' is not found in PATH");
  ASSERT_CALL ("service.status", "[\"n\"]", "state", "failed");
}

/* The wish is not the fact: what was killed from outside is failed, at once. */
static void
test_fact (Fixture *f, gconstpointer data)
{
  g_autofree char *pid = NULL;

  ASSERT_CALL ("service.set",
               "{\"name\":\"w\",\"actions\":[{\"name\":\"m\",\"exec\":\"sleep "
               "1000\",\"is_process\":true,\"restart\":\"never\"}]}",
               "name", "w");
  ASSERT_CALL ("service.start", "{\"name\":\"w\",\"wait\":true}", "state", "running");
  pid = call (f, "service.status", "[\"w\"]", "pid");
  kill (atoi (pid), SIGKILL);
  wait_call (f, "service.status", "[\"w\"]", "state", "failed");
  ASSERT_CALL ("service.status", "[\"w\"]", "pid", "0");
  ASSERT_CALL ("service.status", "[\"w\"]", "signal", "SIGKILL");
}

/* One of two dead: degraded, and a changed definition wants a restart. */
static void
test_degraded (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("service.set",
               "{\"name\":\"two\",\"start\":true,\"actions\":["
               "{\"name\":\"a\",\"exec\":\"sleep 1000\",\"is_process\":true},"
               "{\"name\":\"b\",\"exec\":\"sleep 0.5\",\"is_process\":true,\"restart\":\"never\"}]}",
               "name", "two");
  wait_call (f, "service.status", "[\"two\"]", "state", "degraded");
  ASSERT_CALL ("service.set",
               "{\"name\":\"two\",\"actions\":[\"b\",{\"name\":\"a\",\"exec\":\"sleep 1001\",\"is_process\":true}]}",
               "needs_restart", "true");
  ASSERT_CALL ("service.get", "[\"two\"]", "needs_restart", "true");
}

/* Stop, start and restart in the middle of each other end where the last one says. */
static void
test_overtaking (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("service.set",
               "{\"name\":\"slow\",\"actions\":[{\"name\":\"s\",\"interpreter\":\"sh\",\"is_process\":true,"
               "\"script\":\"trap 'sleep 0.5; exit' TERM; while :; do sleep 0.1; done\"}]}",
               "name", "slow");
  ASSERT_CALL ("service.start", "{\"name\":\"slow\",\"wait\":true}", "ready", "true");
  ASSERT_CALL ("service.stop", "{\"name\":\"slow\",\"wait\":false}", "state", "stopping");
  ASSERT_CALL ("service.start", "{\"name\":\"slow\",\"wait\":true}", "job_ids", "[2]");
  ASSERT_CALL ("service.stop", "{\"name\":\"slow\",\"wait\":false}", "state", "stopping");
  ASSERT_CALL ("service.stop", "{\"name\":\"slow\",\"force\":true}", "state", "exited");
}

#define CHAIN(name, more)                                                                                              \
  "{\"name\":\"" name "\"," more "\"actions\":[{\"name\":\"" name "\",\"exec\":\"sleep 1000\",\"is_process\":true}]}"

/* c requires b requires a: up in one order, down in the other, and back by themselves. */
static void
test_dependencies (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("service.set", CHAIN ("c", "\"requires\":[\"b\"],"), "warnings",
               "[\"requires: service 'b' is not known; it blocks the start until it is there\"]");
  ASSERT_CALL ("service.start", "[\"c\"]", "state", "blocked");
  ASSERT_CALL ("service.why", "[\"c\"]", "missing", "[\"b\"]");
  ASSERT_CALL ("service.set", CHAIN ("b", "\"requires\":[\"a\"],"), "name", "b");
  ASSERT_CALL ("service.set", CHAIN ("a", ""), "name", "a");
  ASSERT_ERROR ("service.set", CHAIN ("a", "\"after\":[\"c\"],"), -32010,
                "dependency error: a cycle: a -> c -> b -> a");
  ASSERT_CALL ("service.start", "{\"name\":\"c\",\"wait\":true}", "started", "[\"a\",\"b\"]");
  ASSERT_CALL ("service.status", "[\"c\"]", "state", "running");
  ASSERT_CALL ("service.stop", "[\"a\"]", "stopped", "[\"c\",\"b\",\"a\"]");
  ASSERT_CALL ("service.status", "[\"c\"]", "held_by", "a");
  ASSERT_CALL ("service.get", "[\"c\"]", "status", "start");
  ASSERT_CALL ("service.start", "{\"name\":\"a\",\"wait\":true}", "started", "[\"a\"]");
  wait_call (f, "service.status", "[\"c\"]", "state", "running");
  ASSERT_CALL ("service.restart", "{\"name\":\"a\",\"wait\":true}", "ready", "true");
  wait_call (f, "service.status", "[\"c\"]", "state", "running");
  ASSERT_CALL ("service.tree", "[\"c\"]", "ascii", "c: running\n└─ requires b: running\n   └─ requires a: running\n");
  ASSERT_ERROR ("service.delete", "[\"a\"]", -32010, "dependency error: 'a' is required by b");
  ASSERT_CALL ("service.delete", "{\"name\":\"a\",\"force\":true}", "stopped", "[\"c\",\"b\",\"a\"]");
  ASSERT_CALL ("service.status", "[\"b\"]", "state", "blocked");
}

/* Two that exclude each other: the second waits until the first is down, whichever of them says so. */
static void
test_conflict (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("service.set", CHAIN ("a", "\"conflicts\":[\"b\"],"), "name", "a");
  ASSERT_CALL ("service.set", CHAIN ("b", ""), "name", "b");
  ASSERT_CALL ("service.start", "{\"name\":\"b\",\"wait\":true}", "ready", "true");
  ASSERT_CALL ("service.start", "[\"a\"]", "conflicts_with", "[\"b\"]");
  ASSERT_CALL ("service.stop", "[\"b\"]", "state", "exited");
  wait_call (f, "service.status", "[\"a\"]", "state", "running");
  ASSERT_CALL ("service.start", "[\"b\"]", "conflicts_with", "[\"a\"]");
  ASSERT_CALL ("service.stop", "[\"b\"]", "stopped", "[]");
  ASSERT_CALL ("service.status", "[\"b\"]", "state", "exited");
}

static void
test_contexts (Fixture *f, gconstpointer data)
{
  static const char *const list
      = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"service.list\",\"params\":{\"names_only\":true}}";
  static const char *const get = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"service.get\",\"params\":[\"web\"]}";
  HeroTestAnswer *answer;

  ASSERT_CALL ("service.set", SLEEPER, "name", "web");
  answer = hero_test_http (f->host, "rpc", "POST", "/rpc", "X-Hero-Context: 5\r\nContent-Type: application/json\r\n",
                           list);
  g_assert_nonnull (strstr (answer->body, "\"result\":[]"));
  hero_test_answer_free (answer);
  answer
      = hero_test_http (f->host, "rpc", "POST", "/rpc", "X-Hero-Context: 5\r\nContent-Type: application/json\r\n", get);
  g_assert_nonnull (strstr (answer->body, "-32000"));
  hero_test_answer_free (answer);
  /* Nor may it put another program behind the name of an action that context 0 uses. */
  answer = hero_test_http (f->host, "rpc", "POST", "/rpc", "X-Hero-Context: 5\r\nContent-Type: application/json\r\n",
                           "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"service.set\",\"params\":{\"name\":\"mine\","
                           "\"actions\":[{\"name\":\"main\",\"exec\":\"true\"}]}}");
  g_assert_nonnull (strstr (answer->body, "-32094"));
  hero_test_answer_free (answer);
}

static void
assert_page (Fixture *f, const char *path, const char *part)
{
  HeroTestAnswer *answer = hero_test_http (f->host, "admin", "GET", path, NULL, NULL);

  g_assert_cmpuint (answer->status, ==, 200);
  if (strstr (answer->body, part) == NULL)
    g_error ("%s does not show \"%s\"", path, part);
  hero_test_answer_free (answer);
}

/* Defined, read back, paused, started by hand, refused, deleted. Ticks are for the integration tests. */
static void
test_schedules (Fixture *f, gconstpointer data)
{
  ASSERT_CALL ("action.set",
               "{\"name\":\"a\",\"exec\":\"sleep 1000\",\"schedule\":{\"cron\":\"0 9 * * 1\",\"timezone\":\"UTC\"}}",
               "schedule.description", "every Monday at 09:00:00");
  ASSERT_CALL ("schedule.status", "{\"action\":\"a\"}", "state", "active");
  ASSERT_CALL ("schedule.pause", "{\"action\":\"a\"}", "state", "paused");
  ASSERT_CALL ("schedule.list", "{\"state\":\"active\"}", NULL, "[]");
  ASSERT_CALL ("schedule.trigger", "{\"action\":\"a\"}", "trigger", "schedule");
  ASSERT_ERROR ("schedule.trigger", "{\"action\":\"a\"}", -32009,
                "invalid state: action 'a' has as many live jobs as its schedule allows (1); force=true starts one more");
  ASSERT_CALL ("schedule.set", "{\"action\":\"a\",\"policy\":{\"interval_ms\":90000}}", "description",
               "every 90 seconds");
  ASSERT_ERROR ("schedule.set", "{\"action\":\"a\",\"policy\":{\"cron\":\"99 * * * *\"}}", -32602,
                "parameter 'policy.cron': minute (character 1): expected 0..59, got 99");
  ASSERT_CALL ("schedule.next", "{\"action\":\"a\",\"count\":1}", "description", "every 90 seconds");
  ASSERT_CALL ("schedule.validate",
               "{\"cron\":\"0 9 * * *\",\"timezone\":\"UTC\",\"from\":\"2026-01-01T09:00:00Z\",\"count\":1}", NULL,
               "{\"description\":\"every day at 09:00:00\",\"next_times\":[1767344400000]}");
  assert_page (f, "/schedules", "every 90 seconds");
  assert_page (f, "/schedules/a", "every 90 seconds");
  ASSERT_CALL ("schedule.delete", "{\"action\":\"a\"}", NULL, "{\"ok\":true}");
  ASSERT_ERROR ("schedule.status", "{\"action\":\"a\"}", -32000, "schedule not found: a");
  ASSERT_CALL ("action.delete", "{\"name\":\"a\",\"force\":true}", "deleted_jobs", "1");
}

static void
test_pages (Fixture *f, gconstpointer data)
{
  HeroTestAnswer *answer;

  assert_page (f, "/services", "No service yet");
  ASSERT_CALL ("service.set",
               "{\"name\":\"web\",\"description\":\"<b>\",\"actions\":[{\"name\":\"main\",\"interpreter\":\"sh\","
               "\"script\":\"echo hello there; sleep 1000\",\"is_process\":true}]}",
               "name", "web");
  ASSERT_CALL ("service.start", "{\"name\":\"web\",\"wait\":true}", "ready", "true");
  assert_page (f, "/services", "running");
  assert_page (f, "/services/web", "&lt;b&gt;");
  assert_page (f, "/services", "service.stop");
  assert_page (f, "/services/web", "hello there");
  assert_page (f, "/output", "hello there");
  assert_page (f, "/output?src=web&text=HELLO", "hello there");
  answer = hero_test_http (f->host, "admin", "GET", "/services/none", NULL, NULL);
  g_assert_cmpuint (answer->status, ==, 404);
  hero_test_answer_free (answer);
}

static void
test_health (Fixture *f, gconstpointer data)
{
  HeroTestAnswer *answer = hero_test_http (f->host, "rpc", "GET", "/health", NULL, NULL);

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_nonnull (strstr (answer->body, "\"services_up\":0"));
  hero_test_answer_free (answer);
}

/* Stopping the service stops its children, by their stop signal. */
static void
test_shutdown (Fixture *f, gconstpointer data)
{
  g_autofree char *pid = NULL, *path = g_build_filename (f->logs, "web", "main.log", NULL), *text = NULL;
  g_autoptr (GError) error = NULL;

  ASSERT_CALL ("service.set",
               "{\"name\":\"web\",\"actions\":[{\"name\":\"main\",\"interpreter\":\"sh\",\"is_process\":true,"
               "\"script\":\"trap 'echo told to stop; exit' TERM; while :; do sleep 0.1; done\"}]}",
               "name", "web");
  ASSERT_CALL ("service.start", "{\"name\":\"web\",\"wait\":true}", "ready", "true");
  pid = call (f, "service.status", "[\"web\"]", "pid");
  g_assert_true (hero_test_host_stop (f->host, &error));
  g_assert_no_error (error);
  g_assert_cmpint (kill (atoi (pid), 0), ==, -1);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "told to stop"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/service/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("empty", test_empty);
  ADD ("life", test_life);
  ADD ("shapes", test_shapes);
  ADD ("zinit", test_zinit);
  ADD ("refused", test_refused);
  ADD ("start-fails", test_start_fails);
  ADD ("fact", test_fact);
  ADD ("degraded", test_degraded);
  ADD ("overtaking", test_overtaking);
  ADD ("dependencies", test_dependencies);
  ADD ("conflict", test_conflict);
  ADD ("contexts", test_contexts);
  ADD ("schedules", test_schedules);
  ADD ("pages", test_pages);
  ADD ("health", test_health);
  ADD ("shutdown", test_shutdown);
#undef ADD
  return g_test_run ();
}
