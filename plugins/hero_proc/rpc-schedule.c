/* rpc-schedule.c: the methods of schedule.*: what starts actions by the clock. Service thread. */
#include <string.h>

#include "cron-words.h"
#include "errors.h"
#include "rpc-job.h"
#include "rpc-logs.h"
#include "schedule-json.h"
#include "zone.h"

/* ---------------------------------------------------------------------------------------------- one of them */

static void
fail_name (HeroRpcCall *call, ProcErrorCode code, const char *kind, const char *name)
{
  g_autoptr (GError) error = g_error_new (PROC_ERROR, (int)code, "%s not found: %s", kind, name);
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "action", name);
  proc_rpc_fail_data (call, error, data);
}

/* The action the parameter `action` means, or NULL: answered. */
static ProcAction *
get_action (HeroProc *self, HeroRpcCall *call)
{
  const char *name = hero_rpc_get_string (call, "action");
  ProcAction *action = proc_actions_get (self->actions, name);

  if (action != NULL && proc_rpc_sees (call, action->context))
    return action;
  fail_name (call, PROC_ERROR_ACTION_NOT_FOUND, "action", name);
  return NULL;
}

/* The same, if it has a schedule. */
static ProcAction *
get_scheduled (HeroProc *self, HeroRpcCall *call, ProcScheduleInfo *info)
{
  ProcAction *action = get_action (self, call);

  if (action == NULL || proc_timetable_get (self->timetable, action->name, info))
    return action;
  fail_name (call, PROC_ERROR_SCHEDULE_NOT_FOUND, "schedule", action->name);
  return NULL;
}

static void
fail_invalid (HeroRpcCall *call, const ProcAction *action, const char *why)
{
  g_autoptr (GError) error = g_error_new (
      PROC_ERROR, PROC_ERROR_STATE, "invalid state: the schedule of action '%s' is not understood, set it anew: %s",
      action->name, why);
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "action", action->name);
  proc_rpc_fail_data (call, error, data);
}

static JsonObject *
to_json (HeroProc *self, const ProcAction *action, const ProcScheduleInfo *info)
{
  return proc_schedule_to_json (self->timetable, self->jobs, action, info);
}

static void
schedule_status (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcScheduleInfo info;
  ProcAction *action = get_scheduled (self, call, &info);

  if (action != NULL)
    hero_rpc_return_object (call, to_json (self, action, &info));
}

static void
schedule_list (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *tag = hero_rpc_get_string (call, "tag"), *state = hero_rpc_get_string (call, "state");
  gint64 offset = hero_rpc_get_integer (call, "offset");
  gint64 limit = hero_rpc_has (call, "limit") ? hero_rpc_get_integer (call, "limit") : G_MAXINT64;
  g_autoptr (GPtrArray) actions = NULL;
  guint32 context;
  gboolean any;
  JsonArray *array;

  if (!hero_proc_rpc_get_context (self, call, &context, &any))
    return;
  actions = proc_actions_list (self->actions);
  array = json_array_new ();
  for (guint i = 0; i < actions->len && limit > 0; i++)
    {
      const ProcAction *action = actions->pdata[i];
      ProcScheduleInfo info;

      if ((!any && action->context != context) || !proc_timetable_get (self->timetable, action->name, &info)
          || (tag != NULL && !g_strv_contains ((const char *const *)action->tags, tag))
          || (state != NULL && strcmp (state, proc_schedule_state_words[info.state]) != 0) || offset-- > 0)
        continue;
      json_array_add_object_element (array, to_json (self, action, &info));
      limit--;
    }
  hero_rpc_return_array (call, array);
}

/* ---------------------------------------------------------------------------------------------- changing it */

typedef struct
{
  HeroProc *self;
  HeroRpcCall *call;
  ProcAction *action;
  gboolean changed;
} Edit;

static void
on_edited (const GError *error, gpointer data)
{
  g_autofree Edit *edit = data;
  g_autoptr (ProcAction) action = edit->action;
  HeroProc *self = edit->self;
  ProcScheduleInfo info;

  if (error != NULL)
    {
      hero_proc_rpc_fail (edit->call, error, NULL);
      return;
    }
  proc_actions_put (self->actions, action);
  if (edit->changed)
    proc_rpc_tell_action (self, "action.changed", action->name);
  if (proc_timetable_get (self->timetable, action->name, &info))
    hero_rpc_return_object (edit->call, to_json (self, action, &info));
  else
    hero_rpc_return_object (edit->call, proc_rpc_ok (NULL));
}

/* Stores the action with this schedule, NULL = none, and answers. */
static void
edit (HeroProc *self, HeroRpcCall *call, const ProcAction *old, ProcSchedulePolicy *policy)
{
  ProcAction *action = proc_action_with_schedule (old, policy);
  ProcBatch *batch = proc_batch_new ();
  Edit *edit = g_new (Edit, 1);

  *edit = (Edit){ self, call, action, proc_action_stamp (action, old) };
  proc_rpc_log_change (self, call, action->name);
  proc_batch_put_action (batch, action);
  proc_journal_commit (self->journal, batch, on_edited, edit);
}

static void
schedule_set (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcAction *action = get_action (self, call);
  g_autoptr (ProcSchedulePolicy) policy = NULL;
  g_autoptr (GError) error = NULL;

  if (action == NULL)
    return;
  policy = proc_schedule_policy_from_json (json_node_get_object (hero_rpc_get_node (call, "policy")), "policy", NULL,
                                           &error);
  if (policy != NULL && proc_schedule_policy_is_empty (policy))
    error = proc_error_new_param ("policy", "cron or interval_ms", "neither");
  if (error != NULL)
    hero_proc_rpc_fail (call, error, NULL);
  else
    edit (self, call, action, policy);
}

static void
schedule_delete (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcScheduleInfo info;
  ProcAction *action = get_scheduled (self, call, &info);

  if (action != NULL)
    edit (self, call, action, NULL);
}

static void
enable (HeroProc *self, HeroRpcCall *call, gboolean enabled)
{
  ProcScheduleInfo info;
  ProcAction *action = get_scheduled (self, call, &info);
  g_autoptr (ProcSchedulePolicy) policy = NULL;

  if (action == NULL)
    return;
  if (info.policy == NULL)
    {
      fail_invalid (call, action, info.error);
      return;
    }
  policy = proc_schedule_policy_with_enabled (info.policy, enabled);
  edit (self, call, action, policy);
}

static void
schedule_pause (gpointer data, HeroRpcCall *call)
{
  enable (data, call, FALSE);
}

static void
schedule_resume (gpointer data, HeroRpcCall *call)
{
  enable (data, call, TRUE);
}

/* ---------------------------------------------------------------------------------------------- starting it by hand */

static void
on_triggered (const GError *error, gpointer data)
{
  g_autoptr (ProcJobPending) pending = data;

  if (error != NULL)
    hero_proc_rpc_fail (pending->call, error, NULL);
  else
    proc_rpc_return_job (pending->self, pending->call, pending->job, FALSE);
}

/* As many jobs are live as it allows. */
static void
fail_live (HeroProc *self, HeroRpcCall *call, const ProcAction *action, const ProcSchedulePolicy *policy)
{
  const GQueue *jobs = proc_jobs_of_action (self->jobs, action->name);
  g_autoptr (GError) error = g_error_new (
      PROC_ERROR, PROC_ERROR_STATE,
      "invalid state: action '%s' has as many live jobs as its schedule allows (%u); force=true starts one more",
      action->name, policy->nr_of_instances);
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "action", action->name);
  for (GList *l = jobs != NULL ? jobs->tail : NULL; l != NULL; l = l->prev)
    if (((ProcJob *)l->data)->service == NULL && proc_job_is_active (l->data))
      {
        json_object_set_int_member (data, "job_id", ((ProcJob *)l->data)->id);
        json_object_set_string_member (data, "phase", proc_phase_words[((ProcJob *)l->data)->phase]);
        break;
      }
  proc_rpc_fail_data (call, error, data);
}

static void
schedule_trigger (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  gboolean force = hero_rpc_get_boolean (call, "force");
  ProcScheduleInfo info;
  ProcAction *action = get_scheduled (self, call, &info);
  ProcJobPending *pending;
  guint32 id;

  if (action == NULL)
    return;
  if (info.policy == NULL && !force)
    {
      fail_invalid (call, action, info.error);
      return;
    }
  if (!proc_rpc_has_room (self, call, 1))
    return;
  pending = proc_job_pending_new (self, call, NULL);
  id = proc_timetable_trigger (self->timetable, action->name, force, on_triggered, pending);
  if (id == 0)
    {
      proc_job_pending_free (pending);
      fail_live (self, call, action, info.policy);
      return;
    }
  pending->job = proc_job_ref (proc_jobs_get (self->jobs, id));
  proc_rpc_log_change (self, call, action->name);
}

/* ---------------------------------------------------------------------------------------------- when */

/* From where ticks are told. FALSE: answered. */
static gboolean
read_from (HeroRpcCall *call, gint64 *from)
{
  if (!hero_proc_rpc_read_time (call, "from", from))
    return FALSE;
  if (*from == 0)
    *from = proc_now_ms ();
  return TRUE;
}

static void
schedule_next (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcScheduleInfo info;
  ProcAction *action = get_scheduled (self, call, &info);
  gint64 from;

  if (action == NULL || !read_from (call, &from))
    return;
  if (info.policy == NULL)
    fail_invalid (call, action, info.error);
  else
    hero_rpc_return_object (call,
                            proc_schedule_reading (info.policy, proc_timetable_get_zone (self->timetable), from,
                                                   info.record.tick_at, (guint)hero_rpc_get_integer (call, "count")));
}

static void
schedule_validate (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *zone_name = hero_rpc_get_string (call, "timezone");
  g_autofree char *words = NULL;
  g_autoptr (GTimeZone) zone = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *object;
  JsonArray *times;
  ProcCron cron;
  gint64 from;

  if (!proc_cron_parse (&cron, hero_rpc_get_string (call, "cron"), "cron", &error)
      || (zone_name != NULL && (zone = proc_zone_new (zone_name, "timezone", &error)) == NULL))
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  if (!read_from (call, &from))
    return;
  if (zone == NULL)
    zone = g_time_zone_ref (proc_timetable_get_zone (self->timetable));
  times = json_array_new ();
  for (gint64 i = hero_rpc_get_integer (call, "count");
       i > 0 && (from = proc_cron_next (&cron, zone, from)) != PROC_CRON_NEVER; i--)
    json_array_add_int_element (times, from);
  words = proc_cron_words (&cron);
  object = json_object_new ();
  json_object_set_string_member (object, "description", words);
  json_object_set_array_member (object, "next_times", times);
  hero_rpc_return_object (call, object);
}

/* ---------------------------------------------------------------------------------------------- the table */

#define ACTION                                                                                                         \
  {                                                                                                                    \
    "action", HERO_STRING (1, 128), HERO_REQUIRED, "The action.", NULL, "name"                                         \
  }
#define COUNT                                                                                                          \
  {                                                                                                                    \
    "count", HERO_INTEGER (1, 1000), 0, "So many times.", "5"                                                          \
  }
#define FROM                                                                                                           \
  {                                                                                                                    \
    "from", HERO_ANY, 0, "Times after this one: ms, seconds or RFC 3339. Default: now."                                \
  }

static const HeroRpcParam action_params[] = { ACTION, { NULL } };

static const HeroRpcParam list_params[]
    = { { "context", HERO_ANY, 0, "Only this context, a number or a name." },
        { "tag", HERO_STRING (1, 64), 0, "Only actions with this tag." },
        { "limit", HERO_INTEGER (1, 1000000), 0, "At most so many." },
        { "offset", HERO_INTEGER (0, 1000000), 0, "Leave out so many at the beginning.", "0" },
        { "state", HERO_ENUM ("active|paused|waiting|ended|invalid"), 0, "Only in this state." },
        { NULL } };

static const HeroRpcParam set_params[]
    = { ACTION,
        { "policy", HERO_OBJECT_OF ("SchedulePolicy"), HERO_REQUIRED,
          "When: cron or interval_ms, and more. Members left out get their default." },
        { NULL } };

static const HeroRpcParam trigger_params[] = {
  ACTION, { "force", HERO_BOOLEAN, 0, "Even if as many jobs are live as the schedule allows.", "false" }, { NULL }
};

static const HeroRpcParam next_params[] = { ACTION, COUNT, FROM, { NULL } };

static const HeroRpcParam validate_params[]
    = { { "cron", HERO_STRING (0, 4096), HERO_REQUIRED,
          "The expression: 5, 6 or 7 fields, or a macro such as @daily." },
        { "timezone", HERO_STRING (1, 256), 0, "local, UTC or a name such as Europe/Brussels." },
        COUNT,
        FROM,
        { NULL } };

#define READING                                                                                                        \
  "{\"type\":\"object\",\"properties\":{\"description\":{\"type\":\"string\"},"                                        \
  "\"next_times\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}}"

const HeroRpcSchema proc_schedule_schemas[]
    = { { "SchedulePolicy",
          "{\"type\":\"object\",\"description\":\"When an action is started by the clock: by cron or by interval_ms.\","
          "\"properties\":{\"cron\":{\"type\":\"string\"},\"interval_ms\":{\"type\":\"integer\"},"
          "\"timezone\":{\"type\":\"string\"},\"start_time\":{\"type\":[\"integer\",\"string\"]},"
          "\"end_time\":{\"type\":[\"integer\",\"string\"]},\"nr_of_instances\":{\"type\":[\"integer\",\"null\"]},"
          "\"catch_up\":{\"enum\":[\"none\",\"once\"]},\"jitter_ms\":{\"type\":\"integer\"},"
          "\"enabled\":{\"type\":\"boolean\"}}}" },
        { "Schedule", "{\"type\":\"object\",\"properties\":{\"action\":{\"type\":\"string\"},"
                      "\"policy\":{\"$ref\":\"#/components/schemas/SchedulePolicy\"},"
                      "\"state\":{\"enum\":[\"active\",\"paused\",\"waiting\",\"ended\",\"invalid\"]},"
                      "\"description\":{\"type\":\"string\"},\"next_at\":{\"type\":[\"integer\",\"null\"]},"
                      "\"next_times\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
                      "\"last_at\":{\"type\":[\"integer\",\"null\"]},\"last_job_id\":{\"type\":[\"integer\",\"null\"]},"
                      "\"last_phase\":{\"type\":[\"string\",\"null\"]},\"fired_count\":{\"type\":\"integer\"},"
                      "\"skipped_count\":{\"type\":\"integer\"},\"error\":{\"type\":[\"string\",\"null\"]}}}" },
        { NULL } };

const HeroRpcMethod proc_schedule_methods[]
    = { { "schedule.list", schedule_list, list_params, "[]Schedule", "Everything the clock starts, by action.", NULL,
          "jobs", ERRORS (RPC_NOT_FOUND), 0, NULL },
        { "schedule.status", schedule_status, action_params, "Schedule",
          "The schedule of an action, and what came of it.", NULL, "jobs", ERRORS (RPC_NOT_FOUND), 0, "schedule.get" },
        { "schedule.set", schedule_set, set_params, "Schedule", "Have an action started by the clock.",
          "It becomes part of the definition of the action, and counts from now.", "jobs",
          ERRORS (RPC_NOT_FOUND, RPC_STORAGE), HERO_RPC_WRITES, NULL },
        { "schedule.delete", schedule_delete, action_params, "Ok", "Have an action started by the clock no longer.",
          NULL, "jobs", ERRORS (RPC_NOT_FOUND, RPC_STORAGE), HERO_RPC_WRITES, NULL },
        { "schedule.pause", schedule_pause, action_params, "Schedule", "Start nothing until it is resumed.", NULL,
          "jobs", ERRORS (RPC_NOT_FOUND, RPC_STATE, RPC_STORAGE), HERO_RPC_WRITES, "schedule.disable" },
        { "schedule.resume", schedule_resume, action_params, "Schedule", "Go on with a paused schedule, from now.",
          NULL, "jobs", ERRORS (RPC_NOT_FOUND, RPC_STATE, RPC_STORAGE), HERO_RPC_WRITES, "schedule.enable" },
        { "schedule.trigger", schedule_trigger, trigger_params, "Job", "Start a job of the action now.",
          "The ticks to come are not moved.", "jobs", ERRORS (RPC_NOT_FOUND, RPC_STATE, RPC_STORAGE), HERO_RPC_WRITES,
          NULL },
        { "schedule.next", schedule_next, next_params, READING, "When a schedule comes next.", NULL, "jobs",
          ERRORS (RPC_NOT_FOUND, RPC_STATE), 0, NULL },
        { "schedule.validate", schedule_validate, validate_params, READING, "How a cron expression is read.", NULL,
          "jobs", NULL, 0, NULL },
        { NULL } };
