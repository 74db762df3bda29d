/* test-spec.c: definitions from JSON and back, what is refused and with which words, names and sources. */
#include <signal.h>
#include <string.h>

#include "errors.h"
#include "names.h"
#include "spec-zinit.h"
#include "spec.h"

static JsonObject *
parse (const char *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  g_assert_nonnull (node);
  return json_object_ref (json_node_get_object (node));
}

static ProcAction *
action_from (const char *text, GPtrArray *warnings, GError **error)
{
  g_autoptr (JsonObject) object = parse (text);

  return proc_action_from_json (object, "spec", warnings, error);
}

static void
test_action_defaults (void)
{
  g_autoptr (ProcAction) task = action_from ("{\"name\":\"a\",\"script\":\"true\"}", NULL, NULL);
  g_autoptr (ProcAction) process = action_from ("{\"name\":\"a\",\"exec\":\"sleep 1\",\"isProcess\":true}", NULL, NULL);
  g_autoptr (ProcAction) retry = action_from ("{\"name\":\"a\",\"cmd\":\"x\",\"retry\":2}", NULL, NULL);

  g_assert_cmpstr (task->interpreter, ==, "auto");
  g_assert_cmpint (task->restart, ==, PROC_RESTART_NEVER);
  g_assert_cmpuint (task->retry.max_attempts, ==, 1);
  g_assert_cmpint (task->stop_signal, ==, SIGTERM);
  g_assert_cmpuint (task->stop_timeout_ms, ==, 10000);
  g_assert_true (task->n_success_codes == 1 && task->success_codes[0] == 0);
  g_assert_cmpstr (process->interpreter, ==, "exec");
  g_assert_cmpint (process->restart, ==, PROC_RESTART_ALWAYS);
  g_assert_cmpuint (process->retry.max_attempts, ==, 0);
  g_assert_cmpuint (retry->retry.max_attempts, ==, 3);
  g_assert_cmpint (retry->restart, ==, PROC_RESTART_ON_FAILURE);
}

static void
test_action_round_trip (void)
{
  g_autoptr (ProcAction) action = action_from (
      "{\"name\":\"a.b:c\",\"script\":\"echo\\n$X\",\"interpreter\":\"sh\",\"args\":[\"1\",\"\\u00e4\"],"
      "\"env\":{\"B\":1,\"A\":true,\"C\":\"x=y\"},\"cwd\":\"~/w\",\"tags\":[\"t/1\"],\"restart\":\"On-Failure\","
      "\"retryPolicy\":{\"initialDelayMs\":5,\"backoff\":\"linear\",\"jitter\":0},\"stopSignal\":\"int\","
      "\"success_exit_codes\":[0,3],\"context\":7}",
      NULL, NULL);
  g_autoptr (JsonObject) json = proc_action_to_json (action);
  g_autoptr (ProcAction) again = proc_action_from_json (json, "spec", NULL, NULL);

  g_assert_nonnull (action);
  g_assert_cmpstr (action->env[0], ==, "A=true");
  g_assert_cmpstr (action->env[1], ==, "B=1");
  g_assert_cmpstr (action->env[2], ==, "C=x=y");
  g_assert_cmpint (action->stop_signal, ==, SIGINT);
  g_assert_cmpuint (action->retry.delay_ms, ==, 5);
  g_assert_cmpint (action->restart, ==, PROC_RESTART_ON_FAILURE);
  g_assert_nonnull (again);
  g_assert_true (proc_action_equal (action, again));
  again->retry.delay_ms++;
  g_assert_false (proc_action_equal (action, again));
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *json;
    int code;
    const char *text;
  } rows[] = {
    { "{\"name\":\"a\"}", PROC_ERROR_CONFIG, "config error: 'spec.script' is empty" },
    { "{\"name\":\"a..b\",\"script\":\"x\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.name': expected 1 to 128 letters, digits and _.:-, got a..b" },
    { "{\"name\":\"a\",\"script\":5}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.script': expected string, got integer" },
    { "{\"name\":\"a\",\"script\":\"x\",\"stop_timeout_ms\":-1}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.stop_timeout_ms': expected integer 0..2147483647, got -1" },
    { "{\"name\":\"a\",\"script\":\"x\",\"restart\":\"often\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.restart': expected one of always|on_failure|never, got 'often'" },
    { "{\"name\":\"a\",\"script\":\"x\",\"stop_signal\":\"SIGCHLD\"}", PROC_ERROR_INVALID_SIGNAL,
      "invalid signal: SIGCHLD is not a signal that ends a process by default" },
    { "{\"name\":\"a\",\"script\":\"x\",\"user\":\"root\"}", PROC_ERROR_NOT_SUPPORTED_FIELD,
      "config error: 'spec.user' is not supported by this version" },
    { "{\"name\":\"a\",\"interpreter\":\"sh\"}", PROC_ERROR_CONFIG, "config error: 'spec.script' is empty" },
    { "{\"name\":\"a\",\"interpreter\":\"exec\",\"tty\":true}", PROC_ERROR_CONFIG,
      "config error: 'spec.script' is empty" },
    { "{\"name\":\"a\",\"tty\":true,\"tty_size\":{\"cols\":0}}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.tty_size.cols': expected integer 1..1000, got 0" },
    { "{\"name\":\"a\",\"script\":\"x\",\"cwd\":\"rel\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.cwd': expected an absolute path or ~/.., got rel" },
    { "{\"name\":\"a\",\"script\":\"x\",\"cwd\":\"/\",\"dir\":\"/\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.dir': expected one of its names, got two" },
    { "{\"name\":\"a\",\"script\":\"x\",\"env\":{\"1A\":\"\"}}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.env': expected names of letters, digits and '_', 128 bytes, got 1A" },
    { "{\"name\":\"a\",\"script\":\"x\",\"env\":{\"A\":[]}}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.env.A': expected string, number or boolean, got array" },
    { "{\"name\":\"a\",\"script\":\"x\",\"retry_policy\":{\"jitter\":2}}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.retry_policy.jitter': expected number 0..1, got integer" },
    { "{\"name\":\"a\",\"script\":\"x\",\"is_process\":true,\"timeout_ms\":5}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.timeout_ms': expected 0 for a process, got a limit" },
    { "{\"name\":\"a\",\"script\":\"x\",\"exec\":\"y\"}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.script': expected either script or exec, got both" },
    { "{\"name\":\"a\",\"script\":\"x\",\"tags\":[\"a b\"]}", PROC_ERROR_INVALID_PARAM,
      "parameter 'spec.tags': expected letters, digits and _.:/=@-, got a b" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      ProcAction *action = action_from (rows[i].json, NULL, &error);

      g_assert_null (action);
      g_assert_error (error, PROC_ERROR, rows[i].code);
      g_assert_cmpstr (error->message, ==, rows[i].text);
    }
}

static void
test_schedule (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcAction) action
      = action_from ("{\"name\":\"a\",\"script\":\"x\",\"schedule\":{\"cron\":\"0 9 * * 1\"}}", NULL, NULL);
  g_autoptr (ProcAction) none = proc_action_with_schedule (action, NULL), back = NULL;
  g_autoptr (ProcAction) empty
      = action_from ("{\"name\":\"a\",\"script\":\"x\",\"schedule_policy\":{\"jitter_ms\":5}}", NULL, NULL);
  g_autoptr (JsonObject) object = proc_action_to_json (action);
  g_autofree char *words = proc_schedule_policy_words (action->schedule);

  g_assert_cmpstr (words, ==, "every Monday at 09:00:00");
  back = proc_action_from_json (object, "spec", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (proc_action_equal (action, back));
  g_assert_false (proc_action_equal (action, none));
  g_assert_true (proc_action_equal (empty, none));
  g_assert_null (
      action_from ("{\"name\":\"a\",\"script\":\"x\",\"schedule\":{\"cron\":\"99 * * * *\"}}", NULL, &error));
  g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_CRON);
  g_assert_cmpstr (proc_error_get_param (error), ==, "spec.schedule_policy.cron");
}

static void
test_bad_stored_schedule_costs_no_action (void)
{
  static const char *const bad[]
      = { "{\"cron\":\"99 * * * *\"}", "{\"cron\":\"* * * * *\",\"timezone\":\"Mars\"}", "[5]" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"name\":\"a\",\"script\":\"x\",\"schedule_policy\":%s}", bad[i]);
      g_autoptr (JsonNode) node = json_from_string (text, NULL);
      g_autoptr (ProcAction) action = proc_action_from_record (json_node_get_object (node), "action", NULL);
      g_autoptr (JsonObject) object = proc_action_to_json (action);
      g_autofree char *kept = json_to_string (json_object_get_member (object, "schedule_policy"), FALSE);

      g_assert_null (action->schedule);
      g_assert_nonnull (strstr (action->schedule_error, "action.schedule_policy"));
      g_assert_cmpstr (kept, ==, bad[i]);
    }
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = json_from_string ("{\"name\":\"a\",\"schedule_policy\":{\"cron\":\"x\"}}", NULL);

    g_assert_null (proc_action_from_record (json_node_get_object (node), "action", &error)); /* no script either */
    g_assert_nonnull (error);
  }
}

static void
test_unknown_member_warns (void)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ProcAction) action = action_from ("{\"name\":\"a\",\"script\":\"x\",\"timeoutms\":5}", warnings, NULL);

  g_assert_nonnull (action);
  g_assert_cmpuint (warnings->len, ==, 1);
  g_assert_cmpstr (warnings->pdata[0], ==, "unknown member 'spec.timeoutms' is not stored; did you mean 'timeout_ms'?");
}

static ProcService *
service_from (const char *text, GPtrArray *actions, GError **error)
{
  g_autoptr (JsonObject) object = parse (text);

  return proc_service_from_json (object, "spec", 4, actions, NULL, error);
}

static void
test_service (void)
{
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcService) service = service_from (
      "{\"name\":\"web\",\"status\":\"Ignore\",\"env\":{\"A\":\"s\",\"B\":\"s\"},\"stop_timeout_ms\":50,"
      "\"actions\":[\"old\",{\"name\":\"main\",\"exec\":\"sleep 9\",\"env\":{\"B\":\"a\"}}]}",
      actions, &error);
  g_autoptr (ProcAction) merged = NULL;
  g_autoptr (JsonObject) json = NULL;
  g_autoptr (ProcService) again = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (service->wanted, ==, PROC_WANTED_IGNORE);
  g_assert_cmpuint (service->context, ==, 4);
  g_assert_cmpuint (actions->len, ==, 1);
  g_assert_cmpuint (((ProcAction *)actions->pdata[0])->context, ==, 4);
  g_assert_cmpstr (service->actions[0], ==, "old");
  g_assert_cmpstr (service->actions[1], ==, "main");
  merged = proc_action_for_service (actions->pdata[0], service, TRUE);
  g_assert_cmpstr (merged->env[0], ==, "A=s");
  g_assert_cmpstr (merged->env[1], ==, "B=a");
  g_assert_cmpuint (merged->stop_timeout_ms, ==, 50);
  json = proc_service_to_json (service);
  again = proc_service_from_json (json, "spec", 0, actions, NULL, NULL);
  g_assert_true (proc_service_equal (service, again));
}

static void
test_service_refusals (void)
{
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  g_autoptr (GError) name = NULL, none = NULL, twice = NULL, later = NULL;

  g_assert_null (service_from ("{\"name\":\"a.b\",\"actions\":[\"x\"]}", actions, &name));
  g_assert_error (name, PROC_ERROR, PROC_ERROR_SERVICE_NAME);
  g_assert_null (service_from ("{\"name\":\"a\"}", actions, &none));
  g_assert_error (none, PROC_ERROR, PROC_ERROR_CONFIG);
  g_assert_null (service_from ("{\"name\":\"a\",\"actions\":[\"x\",\"x\"]}", actions, &twice));
  g_assert_error (twice, PROC_ERROR, PROC_ERROR_INVALID_PARAM);
  g_assert_null (service_from ("{\"name\":\"a\",\"actions\":[\"x\"],\"sockets\":[\"../b\"]}", actions, &later));
  g_assert_error (later, PROC_ERROR, PROC_ERROR_INVALID_PARAM);
}

/* The lists of dependencies, in both places they may stand, each name once. */
static void
test_edges (void)
{
  static const char *const bad[] = {
    "{\"name\":\"a\",\"actions\":[\"x\"],\"conflicts\":[\"a\"]}",
    "{\"name\":\"a\",\"actions\":[\"x\"],\"wants\":[\"b.c\"]}",
    "{\"name\":\"a\",\"actions\":[\"x\"],\"wants\":[\"b\"],\"dependencies\":{\"wants\":[\"c\"]}}",
    "{\"name\":\"a\",\"actions\":[\"x\"],\"requires\":7}",
  };
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  g_autoptr (ProcService) service
      = service_from ("{\"name\":\"a\",\"actions\":[\"x\"],\"requires\":[\"b\",\"c\",\"b\"],"
                      "\"dependencies\":{\"after\":\"d\"},\"cascadeStop\":false}",
                      actions, NULL);
  g_autoptr (ProcService) stopped = proc_service_with_wanted (service, PROC_WANTED_STOP);
  g_autoptr (JsonObject) json = proc_service_to_json (stopped);

  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json, "requires")), ==, 2);
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (json, "after"), 0), ==, "d");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json, "conflicts")), ==, 0);
  g_assert_false (json_object_get_boolean_member (json, "cascade_stop"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (service_from (bad[i], actions, &error));
      g_assert_error (error, PROC_ERROR, PROC_ERROR_INVALID_PARAM);
    }
}

static void
test_zinit (void)
{
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_action_unref);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonObject) flat
      = parse ("{\"name\":\"w\",\"exec\":\"echo $A; exit 3\",\"env\":{\"A\":\"1\"},\"max_restarts\":2}");
  g_autoptr (JsonObject) nested = parse (
      "{\"service\":{\"name\":\"w\",\"exec\":\"sleep 5\",\"oneshot\":true},\"lifecycle\":{\"restart\":\"never\"},"
      "\"logging\":{\"buffer_lines\":9}}");
  g_autoptr (JsonObject) ours = NULL, also = NULL;
  g_autoptr (ProcService) service = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  ProcAction *action;

  g_assert_true (proc_spec_is_zinit (flat) && proc_spec_is_zinit (nested));
  ours = proc_spec_from_zinit (flat, warnings, &error);
  g_assert_no_error (error);
  service = proc_service_from_json (ours, "spec", 0, actions, warnings, &error);
  g_assert_no_error (error);
  action = actions->pdata[0];
  g_assert_cmpstr (service->name, ==, "w");
  g_assert_cmpstr (action->interpreter, ==, "sh");
  g_assert_true (action->is_process);
  g_assert_cmpint (action->restart, ==, PROC_RESTART_ON_FAILURE);
  g_assert_cmpuint (action->retry.max_attempts, ==, 3);
  g_assert_cmpuint (action->retry.max_delay_ms, ==, 300000);
  g_assert_cmpstr (action->env[0], ==, "A=1");
  g_assert_cmpuint (warnings->len, ==, 0);
  also = proc_spec_from_zinit (nested, warnings, &error);
  second = proc_service_from_json (also, "spec", 0, actions, warnings, &error);
  g_assert_no_error (error);
  action = actions->pdata[1];
  g_assert_cmpstr (action->interpreter, ==, "exec");
  g_assert_false (action->is_process);
  g_assert_cmpint (action->restart, ==, PROC_RESTART_NEVER);
  g_assert_cmpuint (warnings->len, ==, 1);
}

static void
test_names (void)
{
  g_autofree char *a = proc_log_source ("web", "main"), *b = proc_log_source (NULL, "startup.network.init.setup"),
                  *c = proc_log_source ("hero_bundle", "x:y");
  g_autofree char *long_name = g_strnfill (65, 'a');

  g_assert_cmpstr (a, ==, "web.main");
  g_assert_cmpstr (b, ==, "startup.network.init_setup");
  g_assert_cmpstr (c, ==, "hero_bundle_.x_y");
  g_assert_true (proc_name_is_service ("a-b_9"));
  g_assert_false (proc_name_is_service ("-a") || proc_name_is_service ("") || proc_name_is_service ("a.b")
                  || proc_name_is_service (long_name));
  g_assert_true (proc_name_is_action ("a.b:c-d"));
  g_assert_false (proc_name_is_action ("a.") || proc_name_is_action ("a/b") || proc_name_is_action (".."));
  g_assert_true (proc_name_is_source ("a.b.c") && !proc_name_is_source ("a..b") && !proc_name_is_source ("../x"));
  g_assert_cmpint (proc_signal_parse ("9"), ==, SIGKILL);
  g_assert_cmpint (proc_signal_parse ("sigterm"), ==, SIGTERM);
  g_assert_cmpint (proc_signal_parse ("SIGCONT"), ==, 0);
  g_assert_cmpint (proc_word_parse (proc_restart_words, "OnFailure"), ==, PROC_RESTART_ON_FAILURE);
  g_assert_cmpint (proc_word_parse (proc_restart_words, "on"), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spec/action-defaults", test_action_defaults);
  g_test_add_func ("/spec/action-round-trip", test_action_round_trip);
  g_test_add_func ("/spec/refusals", test_refusals);
  g_test_add_func ("/spec/unknown-member-warns", test_unknown_member_warns);
  g_test_add_func ("/spec/schedule", test_schedule);
  g_test_add_func ("/spec/bad-stored-schedule", test_bad_stored_schedule_costs_no_action);
  g_test_add_func ("/spec/service", test_service);
  g_test_add_func ("/spec/service-refusals", test_service_refusals);
  g_test_add_func ("/spec/edges", test_edges);
  g_test_add_func ("/spec/zinit", test_zinit);
  g_test_add_func ("/spec/names", test_names);
  return g_test_run ();
}
