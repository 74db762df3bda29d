/* test-run.c: what runs are made from, and their records. */
#include <string.h>

#include "errors.h"
#include "run-seed.h"

static ProcAction *
make_action (const char *name, const char *depends_on)
{
  g_autofree char *text
      = g_strdup_printf ("{\"name\":\"%s\",\"exec\":\"true\",\"depends_on\":%s}", name, depends_on);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  g_autoptr (GError) error = NULL;
  ProcAction *action = proc_action_from_json (json_node_get_object (node), "action", NULL, &error);

  g_assert_no_error (error);
  return action;
}

/* items: "key:depends_on" with spaces between; a depends_on of "-" is []. */
static GPtrArray *
make_items (const char *text)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (proc_run_item_free);
  g_auto (GStrv) parts = g_strsplit (text, " ", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      ProcRunItem *item = g_new0 (ProcRunItem, 1);
      char *colon = strchr (parts[i], ':');

      item->key = g_strndup (parts[i], (gsize)(colon - parts[i]));
      item->spec = make_action ("x", strcmp (colon, ":-") == 0 ? "[]" : colon + 1);
      g_ptr_array_add (items, item);
    }
  return items;
}

static const struct
{
  const char *items;
  int code; /* -1 = a run */
  const char *message;
} seeds[] = {
  { "a:-", -1, NULL },
  { "a:- b:[\"a\"] c:[\"a\",\"b\"]", -1, NULL },
  { "b:[\"a\"] a:-", -1, NULL },
  { "a:- a:-", PROC_ERROR_INVALID_PARAM, "parameter 'jobs': expected each key once, got a" },
  { "a:[\"b\"]", PROC_ERROR_MISSING_DEPENDENCY, "dependency error: 'a' depends on 'b', which is not in the run" },
  { "a:[\"a\"]", PROC_ERROR_DEPENDENCY_CYCLE, "dependency error: a cycle: a -> a" },
  { "a:- b:[\"c\"] c:[\"b\"]", PROC_ERROR_DEPENDENCY_CYCLE, "dependency error: a cycle: b -> c -> b" },
};

static void
test_seeds (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    {
      g_autoptr (GPtrArray) items = make_items (seeds[i].items);
      g_autoptr (GError) error = NULL;
      g_autoptr (ProcRun) run = proc_run_from_seed (&(ProcRunSeed){ .items = items }, &error);

      if (seeds[i].code >= 0)
        {
          g_assert_error (error, PROC_ERROR, seeds[i].code);
          g_assert_cmpstr (error->message, ==, seeds[i].message);
          g_assert_null (run);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (run->members->len, ==, items->len);
      g_assert_cmpstr (run->name, ==, "run");
    }
}

/* What an item says of its order stands in place of what its action says. */
static void
test_order_of_the_item (void)
{
  g_autoptr (GPtrArray) items = make_items ("a:- b:[\"nobody\"] c:-");
  ProcRunItem *item = items->pdata[1];
  ProcActionDep dep = { g_strdup ("c"), PROC_WHEN_READY };
  g_autoptr (ProcRun) run = NULL;
  const GArray *edges;

  item->depends_on = proc_action_deps_new ();
  g_array_append_val (item->depends_on, dep);
  run = proc_run_from_seed (&(ProcRunSeed){ .items = items }, NULL);
  g_assert_nonnull (run);
  edges = proc_run_get_member (run, 1)->edges;
  g_assert_cmpuint (edges->len, ==, 1);
  g_assert_cmpuint (g_array_index (edges, ProcRunEdge, 0).node, ==, 2);
  g_assert_cmpint (g_array_index (edges, ProcRunEdge, 0).when, ==, PROC_WHEN_READY);
  g_assert_cmpuint (proc_run_get_member (run, 0)->edges->len + proc_run_get_member (run, 2)->edges->len, ==, 0);
}

static char *
to_text (const ProcRun *run)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), NULL);

  json_node_take_object (node, proc_run_to_record (run));
  return json_to_string (node, FALSE);
}

static ProcRun *
from_text (const char *text, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return proc_run_from_record (json_node_get_object (node), error);
}

static void
test_record (void)
{
  g_autoptr (GPtrArray) items = make_items ("a:- b:[{\"action\":\"a\",\"when\":\"started\"}]");
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (guint32));
  const char *const tags[] = { "t", "u", NULL };
  const guint32 other = 3;
  g_autoptr (ProcRun) run = NULL, back = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *again = NULL;

  g_array_append_val (others, other);
  run = proc_run_from_seed (&(ProcRunSeed){ .name = "n", .service = "s", .context = 5, .tags = tags,
                                            .depends_on_runs = others, .on_failure = PROC_ON_FAILURE_CONTINUE,
                                            .max_parallel = 7, .trigger = PROC_TRIGGER_SERVICE, .items = items },
                            &error);
  g_assert_no_error (error);
  run->id = 9;
  run->state = PROC_RUN_FAILED;
  run->cancelled = run->archived = TRUE;
  run->created_at = 1000;
  run->started_at = 2000;
  run->finished_at = 3000;
  run->error = g_strdup ("why");
  ((ProcRunMember *)run->members->pdata[0])->gone = TRUE;
  ((ProcRunMember *)run->members->pdata[0])->end_phase = PROC_PHASE_FAILED;
  text = to_text (run);
  back = from_text (text, &error);
  g_assert_no_error (error);
  again = to_text (back);
  g_assert_cmpstr (again, ==, text);
  g_assert_true (strstr (text, "\"edges\":[0,\"started\"]") != NULL);
  g_assert_true (proc_run_get_member (back, 0)->gone && !proc_run_get_member (back, 1)->gone);
  g_assert_false (proc_run_is_active (back));
}

static void
test_damaged (void)
{
  static const char *const texts[] = {
    "{}",
    "{\"id\":1}",
    "{\"id\":1,\"name\":\"n\",\"state\":\"running\"}",
    "{\"id\":1,\"name\":\"n\",\"state\":\"running\",\"members\":[]}",
    "{\"id\":1,\"name\":\"n\",\"state\":\"running\",\"members\":[7]}",
    "{\"id\":1,\"name\":\"n\",\"state\":\"running\",\"members\":[{\"key\":\"a\",\"job_id\":1}]}",
    "{\"id\":1,\"name\":\"n\",\"state\":\"odd\",\"members\":[{\"key\":\"a\",\"job_id\":1,\"edges\":[]}]}",
  };
  g_autoptr (ProcRun) far = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (from_text (texts[i], &error));
      g_assert_error (error, PROC_ERROR, PROC_ERROR_DAMAGED);
    }
  /* An edge to nowhere is left out. */
  far = from_text ("{\"id\":1,\"name\":\"n\",\"state\":\"running\",\"members\":"
                   "[{\"key\":\"a\",\"job_id\":1,\"edges\":[9,\"success\"]}]}",
                   NULL);
  g_assert_cmpuint (proc_run_get_member (far, 0)->edges->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/seeds", test_seeds);
  g_test_add_func ("/run/order-of-the-item", test_order_of_the_item);
  g_test_add_func ("/run/record", test_record);
  g_test_add_func ("/run/damaged", test_damaged);
  return g_test_run ();
}
