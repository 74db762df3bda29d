/* test-health.c: what answers mean, how replies are read, what specs of health may say. */
#include <string.h>

#include "health-state.h"
#include "http-reply.h"
#include "notify-message.h"
#include "spec.h"

/* ---------------------------------------------------------------------------------------------- thresholds */

/* answers: one letter each, p(assed) d(egraded) f(ailed); the verdict after the last one. */
static void
test_state (void)
{
  static const struct
  {
    guint failure_threshold, success_threshold, start_period_ms;
    gint64 uptime_ms;
    const char *answers;
    ProcHealth verdict;
  } rows[] = {
    { 3, 1, 0, 0, "", PROC_HEALTH_UNKNOWN },
    { 3, 1, 0, 0, "p", PROC_HEALTH_HEALTHY },
    { 3, 1, 0, 0, "d", PROC_HEALTH_DEGRADED },
    { 3, 1, 0, 0, "f", PROC_HEALTH_FAILING },
    { 3, 1, 0, 0, "ff", PROC_HEALTH_FAILING },
    { 3, 1, 0, 0, "fff", PROC_HEALTH_UNHEALTHY },
    { 3, 1, 0, 0, "ffpff", PROC_HEALTH_FAILING },
    { 3, 1, 0, 0, "fffp", PROC_HEALTH_HEALTHY },
    { 3, 2, 0, 0, "fffp", PROC_HEALTH_UNHEALTHY },
    { 3, 2, 0, 0, "fffpp", PROC_HEALTH_HEALTHY },
    { 3, 2, 0, 0, "fffpfp", PROC_HEALTH_UNHEALTHY },
    { 3, 2, 0, 0, "p", PROC_HEALTH_UNKNOWN },
    { 1, 1, 0, 0, "pf", PROC_HEALTH_UNHEALTHY },
    { 2, 1, 0, 0, "dfd", PROC_HEALTH_DEGRADED },
    /* within the start period, until it has passed once */
    { 1, 1, 10000, 9999, "ffff", PROC_HEALTH_UNKNOWN },
    { 1, 1, 10000, 10000, "f", PROC_HEALTH_UNHEALTHY },
    { 1, 1, 10000, 100, "pf", PROC_HEALTH_UNHEALTHY },
    { 1, 2, 10000, 100, "pf", PROC_HEALTH_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ProcCheck check = { .failure_threshold = rows[i].failure_threshold,
                          .success_threshold = rows[i].success_threshold,
                          .start_period_ms = rows[i].start_period_ms };
      ProcHealthState state = { .verdict = PROC_HEALTH_UNKNOWN };

      for (const char *c = rows[i].answers; *c != '\0'; c++)
        proc_health_state_take (&state, &check,
                                *c == 'p'   ? PROC_ANSWER_PASSED
                                : *c == 'd' ? PROC_ANSWER_DEGRADED
                                            : PROC_ANSWER_FAILED,
                                rows[i].uptime_ms);
      g_test_message ("row %u: %s", i, rows[i].answers);
      g_assert_cmpstr (proc_health_words[state.verdict], ==, proc_health_words[rows[i].verdict]);
    }
}

static void
test_restarts (void)
{
  static const struct
  {
    gboolean check_restarts;
    ProcHealth verdict;
    ProcRestartView job;
    gboolean restarts;
  } rows[] = {
    { TRUE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_ALWAYS, TRUE, 1, 0, 0, 5, 60000 }, TRUE },
    { FALSE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_ALWAYS, TRUE, 1, 0, 0, 5, 60000 }, FALSE },
    { TRUE, PROC_HEALTH_FAILING, { PROC_RESTART_ALWAYS, TRUE, 1, 0, 0, 5, 60000 }, FALSE },
    { TRUE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_ALWAYS, FALSE, 1, 0, 0, 5, 60000 }, FALSE },
    { TRUE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_NEVER, TRUE, 1, 0, 0, 5, 60000 }, FALSE },
    { TRUE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_ALWAYS, TRUE, 2, 0, 1, 59999, 60000 }, FALSE },
    { TRUE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_ALWAYS, TRUE, 2, 0, 1, 60000, 60000 }, TRUE },
    { TRUE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_ALWAYS, TRUE, 1, 1, 0, 5, 60000 }, FALSE },
    { TRUE, PROC_HEALTH_UNHEALTHY, { PROC_RESTART_ON_FAILURE, TRUE, 1, 2, 0, 5, 60000 }, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ProcCheck check = { .restart = rows[i].check_restarts };

      g_test_message ("row %u", i);
      g_assert_cmpint (proc_health_restarts (&check, rows[i].verdict, &rows[i].job), ==, rows[i].restarts);
    }
}

/* ---------------------------------------------------------------------------------------------- replies */

static void
test_replies (void)
{
  static const struct
  {
    const char *text;
    int status; /* 0 = not HTTP */
    const char *body;
  } rows[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", 200, "ok" },
    { "HTTP/1.0 503 No\r\n\r\n{}", 503, "{}" },
    { "HTTP/1.1 204\r\n\r\n", 204, "" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", 200, "abcde" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc", 200, "abc" },
    { "HTTP/1.1 200 OK\nX: y\n\nabc", 200, "abc" },
    { "HTTP/2 200 OK\r\n\r\n", 0, NULL },
    { "SSH-2.0-OpenSSH\r\n", 0, NULL },
    { "HTTP/1.1 2x0 OK\r\n\r\n", 0, NULL },
    { "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 0, NULL },
    { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", 0, NULL },
    { "HTTP/1.1 200 OK\r\nA: b\r\n", 0, NULL },
    { "", 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint at_once = 0; at_once <= 1; at_once++)
      {
        ProcHttpReply reply;
        ProcHttpStep step = PROC_HTTP_MORE;
        gsize length = strlen (rows[i].text), size = at_once ? MAX (length, 1) : 1;

        g_test_message ("row %u", i);
        proc_http_reply_init (&reply);
        for (gsize at = 0; step == PROC_HTTP_MORE && at < length; at += size)
          step = proc_http_reply_feed (&reply, rows[i].text + at, MIN (size, length - at));
        if (step == PROC_HTTP_MORE)
          step = proc_http_reply_feed (&reply, NULL, 0);
        g_assert_cmpint (step, ==, rows[i].status != 0 ? PROC_HTTP_DONE : PROC_HTTP_BAD);
        if (rows[i].status != 0)
          {
            g_autoptr (GString) body = proc_http_reply_get_body (&reply);

            g_assert_cmpint (reply.status, ==, rows[i].status);
            g_assert_cmpstr (body->str, ==, rows[i].body);
          }
        proc_http_reply_clear (&reply);
      }
}

/* A reply without end is taken as it is at 64 KiB. */
static void
test_long_reply (void)
{
  ProcHttpReply reply;
  g_autofree char *block = g_strnfill (8192, 'x');
  ProcHttpStep step;
  guint n = 0;

  proc_http_reply_init (&reply);
  step = proc_http_reply_feed (&reply, "HTTP/1.1 200 OK\r\n\r\n", 19);
  while (step == PROC_HTTP_MORE && n++ < 100)
    step = proc_http_reply_feed (&reply, block, 8192);
  g_assert_cmpint (step, ==, PROC_HTTP_DONE);
  g_assert_cmpuint (reply.raw->len, ==, PROC_HTTP_MAX_BYTES);
  proc_http_reply_clear (&reply);
}

/* ---------------------------------------------------------------------------------------------- specs */

static ProcAction *
parse (const char *members, GError **error)
{
  g_autofree char *text = g_strdup_printf ("{\"name\":\"a\",\"script\":\"true\",\"is_process\":true,%s}", members);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  g_assert_nonnull (node);
  return proc_action_from_json (json_node_get_object (node), "spec", NULL, error);
}

static void
test_refused (void)
{
  static const char *const rows[] = {
    "\"health\":{\"type\":\"tcp\"}",
    "\"health\":{\"target\":\"a:1\"}",
    "\"health\":{\"type\":\"tcp\",\"target\":\"localhost\"}",
    "\"health\":{\"type\":\"http\",\"target\":\"https://x/\"}",
    "\"health\":{\"type\":\"http\",\"target\":\"http://\"}",
    "\"health\":{\"type\":\"socket\",\"target\":\"../x\"}",
    "\"health\":{\"type\":\"exec\",\"target\":\"'open\"}",
    "\"health\":{\"type\":\"tcp\",\"target\":\"a:1\",\"interval_ms\":499}",
    "\"health\":{\"type\":\"tcp\",\"target\":\"a:1\",\"interval_ms\":500,\"timeout_ms\":501}",
    "\"health\":[{\"type\":\"tcp\",\"target\":\"a:1\",\"name\":\"x\"},{\"type\":\"tcp\",\"target\":\"a:2\",\"name\":\"x\"}]",
    "\"readiness\":{\"type\":\"log\",\"pattern\":\"(\"}",
    "\"readiness\":{\"type\":\"log\"}",
    "\"readiness\":{\"type\":\"tcp\"}",
    "\"readiness\":{\"type\":\"log\",\"pattern\":\"x\"},\"log\":\"none\"",
    "\"kill_other\":{\"process_filters\":[\"ab\"]}",
    "\"kill_other\":{\"ports\":[0]}",
    "\"kill_other\":{\"sockets\":[\"a/../b\"]}",
    "\"kill_other\":3",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ProcAction) action = parse (rows[i], &error);

      g_test_message ("%s", rows[i]);
      g_assert_null (action);
      g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_PARAM);
    }
}

/* What is read is written and read again the same; a service adds its sockets, ports and time limit. */
static void
test_round_trip (void)
{
  static const char *const service_text
      = "{\"name\":\"web\",\"start_timeout_ms\":4000,\"tcp_ports\":[80],"
        "\"sockets\":[\"rpc.sock\",{\"path\":\"/x/y.sock\"},{\"path\":\"z.sock\",\"health\":false}],"
        "\"actions\":[{\"name\":\"a\",\"script\":\"true\",\"is_process\":true,\"health\":[{\"type\":\"unix\","
        "\"target\":\"~/a.sock\"},{\"type\":\"http\",\"host\":\"h\",\"port\":81,\"expect_status\":[200,404]}],"
        "\"readiness\":\"notify\"}]}";
  g_autoptr (JsonNode) node = json_from_string (service_text, NULL);
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcService) service
      = proc_service_from_json (json_node_get_object (node), "spec", 0, actions, NULL, &error);
  g_autoptr (ProcAction) merged = NULL, again = NULL;
  g_autoptr (ProcService) service_again = NULL;
  g_autoptr (JsonObject) object = NULL, service_object = NULL;
  const ProcHealthSpec *health;
  const ProcCheck *check;

  g_assert_no_error (error);
  merged = proc_action_for_service (actions->pdata[0], service, TRUE);
  health = merged->health;
  g_assert_cmpuint (health->checks->len, ==, 4);
  check = health->checks->pdata[1];
  g_assert_cmpstr (check->name, ==, "http-2");
  g_assert_cmpstr (check->probe.target, ==, "http://h:81/health");
  check = health->checks->pdata[2];
  g_assert_cmpstr (check->probe.target, ==, "web/rpc.sock");
  g_assert_true (check->probe.http);
  check = health->checks->pdata[3];
  g_assert_cmpstr (check->probe.target, ==, "/x/y.sock");
  g_assert_false (check->probe.http);
  g_assert_cmpint (health->readiness.type, ==, PROC_READY_NOTIFY);
  g_assert_cmpint (health->readiness.timeout_ms, ==, 4000);
  object = proc_action_to_json (merged);
  again = proc_action_from_json (object, "spec", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (proc_action_equal (merged, again));
  service_object = proc_service_to_json (service);
  service_again = proc_service_from_json (service_object, "spec", 0, actions, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (proc_service_equal (service, service_again));
}

/* ---------------------------------------------------------------------------------------------- notices */

static void
test_notices (void)
{
  static const struct
  {
    const char *text;
    gboolean counts, ready, stopping, watchdog;
    const char *status;
  } rows[] = {
    { "READY=1", TRUE, TRUE, FALSE, FALSE, NULL },
    { "STATUS=at work\nREADY=1\n", TRUE, TRUE, FALSE, FALSE, "at work" },
    { "STOPPING=1\nWATCHDOG=1", TRUE, FALSE, TRUE, TRUE, NULL },
    { "STATUS=a\nSTATUS=b\033[1m\377", TRUE, FALSE, FALSE, FALSE, "b [1m\357\277\275" },
    { "STATUS=", TRUE, FALSE, FALSE, FALSE, "" },
    { "READY=0\nREADY=11\nXREADY=1\nMAINPID=1", FALSE, FALSE, FALSE, FALSE, NULL },
    { "", FALSE, FALSE, FALSE, FALSE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ProcNotice notice;

      g_test_message ("row %u", i);
      g_assert_cmpint (proc_notice_parse (&notice, rows[i].text, strlen (rows[i].text)), ==, rows[i].counts);
      g_assert_cmpint (notice.ready, ==, rows[i].ready);
      g_assert_cmpint (notice.stopping, ==, rows[i].stopping);
      g_assert_cmpint (notice.watchdog, ==, rows[i].watchdog);
      g_assert_cmpstr (notice.status, ==, rows[i].status);
      proc_notice_clear (&notice);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/health/state", test_state);
  g_test_add_func ("/health/restarts", test_restarts);
  g_test_add_func ("/health/replies", test_replies);
  g_test_add_func ("/health/long-reply", test_long_reply);
  g_test_add_func ("/health/notices", test_notices);
  g_test_add_func ("/health/refused", test_refused);
  g_test_add_func ("/health/round-trip", test_round_trip);
  return g_test_run ();
}
