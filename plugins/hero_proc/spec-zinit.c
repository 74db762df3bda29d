/*
 * spec-zinit.c: see spec-zinit.h. The sections are folded into one flat object, whose members are then dealt out to a
 * service and an action, with zinit's own defaults where they differ from ours. Pure; any thread.
 */
#include "spec-zinit.h"

#include <string.h>

#include "errors.h"

static JsonObject *
section (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

gboolean
proc_spec_is_zinit (JsonObject *object)
{
  JsonObject *service = section (object, "service");

  return json_object_has_member (service != NULL ? service : object, "exec")
         && !json_object_has_member (object, "actions");
}

static void
copy_members (JsonObject *from, JsonObject *to, const char *const *except)
{
  g_autoptr (GList) names = json_object_get_members (from);

  for (GList *l = names; l != NULL; l = l->next)
    if (except == NULL || !g_strv_contains (except, l->data))
      json_object_set_member (to, l->data, json_node_copy (json_object_get_member (from, l->data)));
}

/* Moves a member, if it is there, to another object under another name. */
static void
move (JsonObject *from, const char *name, JsonObject *to, const char *new_name)
{
  if (!json_object_has_member (from, name))
    return;
  json_object_set_member (to, new_name, json_node_copy (json_object_get_member (from, name)));
  json_object_remove_member (from, name);
}

static void
set_default_int (JsonObject *object, const char *name, gint64 value)
{
  if (!json_object_has_member (object, name))
    json_object_set_int_member (object, name, value);
}

/* A line zinit would give to `sh -c`: run without a shell when no character in it means something to one. */
static gboolean
needs_shell (const char *line)
{
  return strpbrk (line, "|&;<>()$`*?[]{}!#\n=~") != NULL;
}

/* A check with zinit's defaults; its commands are for a shell. Transfer full. */
static JsonObject *
convert_check (JsonObject *check)
{
  JsonObject *copy = json_object_new ();
  const char *type, *target;

  copy_members (check, copy, NULL);
  set_default_int (copy, "interval_ms", 10000);
  set_default_int (copy, "start_period_ms", 0);
  type = json_object_get_string_member_with_default (copy, "type", "");
  target = json_object_get_string_member_with_default (copy, "target", NULL);
  if (strcmp (type, "http") == 0)
    set_default_int (copy, "expect_status", 200);
  else if (strcmp (type, "exec") == 0 && target != NULL && needs_shell (target))
    {
      g_autofree char *quoted = g_shell_quote (target);
      g_autofree char *line = g_strconcat ("sh -c ", quoted, NULL);

      json_object_set_string_member (copy, "target", line);
    }
  return copy;
}

/* Filters without `kill_others` only refuse the start. */
static void
move_filters (JsonObject *service, JsonObject *action)
{
  g_autoptr (JsonObject) kill_other = json_object_new ();

  if (!json_object_has_member (service, "process_filters") && !json_object_has_member (service, "process_filter"))
    {
      json_object_remove_member (service, "kill_others"); /* without filters it has nobody to end */
      return;
    }
  json_object_set_boolean_member (kill_other, "enabled", FALSE);
  move (service, "process_filter", kill_other, "process_filters");
  move (service, "process_filters", kill_other, "process_filters");
  move (service, "kill_others", kill_other, "enabled");
  json_object_set_object_member (action, "kill_other", g_steal_pointer (&kill_other));
}

JsonObject *
proc_spec_from_zinit (JsonObject *object, GPtrArray *warnings, GError **error)
{
  static const char *const sections[] = { "service", "dependencies", "lifecycle", "health", "logging", NULL };
  static const char *const to_action[]
      = { "dir",     "cwd",     "env",         "env",         "oneshot",         "oneshot",
          "restart", "restart", "stop_signal", "stop_signal", "stop_timeout_ms", "stop_timeout_ms",
          NULL };
  static const char *const to_retry[]
      = { "restart_delay_ms", "restart_delay_max_ms", "max_restarts", "stability_period_ms", NULL };
  static const char *const ignored[] = { "critical", "buffer_lines", "file", "forward", NULL };
  g_autoptr (JsonObject) service = json_object_new ();
  g_autoptr (JsonObject) action = json_object_new ();
  g_autoptr (JsonObject) retry = json_object_new ();
  JsonArray *actions;
  const char *exec, *name;

  copy_members (object, service, sections);
  for (guint i = 0; sections[i] != NULL; i++)
    if (section (object, sections[i]) != NULL)
      {
        if (strcmp (sections[i], "health") == 0)
          json_object_set_object_member (action, "health", convert_check (section (object, sections[i])));
        else
          copy_members (section (object, sections[i]), service, NULL);
      }
  exec = json_object_get_string_member_with_default (service, "exec", NULL);
  name = json_object_get_string_member_with_default (service, "name", NULL);
  if (exec == NULL || name == NULL)
    {
      g_propagate_error (error, proc_error_new_param (exec == NULL ? "spec.exec" : "spec.name", "string", "nothing"));
      return NULL;
    }
  json_object_set_string_member (action, "name", name);
  json_object_set_string_member (action, "script", exec);
  json_object_set_string_member (action, "interpreter", needs_shell (exec) ? "sh" : "exec");
  json_object_set_boolean_member (action, "oneshot", FALSE);
  json_object_set_string_member (action, "restart", "on_failure");
  move (service, "context", action, "context");
  if (json_object_has_member (action, "context"))
    json_object_set_member (service, "context", json_node_copy (json_object_get_member (action, "context")));
  for (guint i = 0; to_action[i] != NULL; i += 2)
    move (service, to_action[i], action, to_action[i + 1]);
  for (guint i = 0; to_retry[i] != NULL; i++)
    move (service, to_retry[i], retry, to_retry[i]);
  set_default_int (retry, "restart_delay_ms", 1000);
  set_default_int (retry, "restart_delay_max_ms", 300000);
  set_default_int (retry, "max_restarts", 10);
  set_default_int (retry, "stability_period_ms", 30000);
  json_object_set_object_member (action, "retry_policy", g_steal_pointer (&retry));
  move_filters (service, action);
  move (service, "ports", service, "tcp_ports");
  json_object_remove_member (service, "exec");
  for (guint i = 0; ignored[i] != NULL; i++)
    if (json_object_has_member (service, ignored[i]))
      {
        g_ptr_array_add (warnings, g_strdup_printf ("'%s' is accepted and has no effect", ignored[i]));
        json_object_remove_member (service, ignored[i]);
      }
  actions = json_array_new ();
  json_array_add_object_element (actions, g_steal_pointer (&action));
  json_object_set_array_member (service, "actions", actions);
  return g_steal_pointer (&service);
}
