/* run.c: see run.h. Service thread. */
#include "run.h"

#include "errors.h"
#include "json-write.h"

static void
member_free (gpointer data)
{
  ProcRunMember *member = data;

  g_free (member->key);
  g_array_unref (member->edges);
  g_free (member);
}

void
proc_run_free (gpointer data)
{
  ProcRun *self = data;

  g_free (self->name);
  g_free (self->service);
  g_strfreev (self->tags);
  g_array_unref (self->depends_on_runs);
  g_ptr_array_unref (self->members);
  g_free (self->error);
  g_free (self);
}

ProcRun *
proc_run_new (guint32 id)
{
  ProcRun *self = g_new0 (ProcRun, 1);

  self->id = id;
  self->depends_on_runs = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->members = g_ptr_array_new_with_free_func (member_free);
  return self;
}

ProcRunMember *
proc_run_add (ProcRun *self, const char *key, guint32 job_id)
{
  ProcRunMember *member = g_new0 (ProcRunMember, 1);

  member->key = g_strdup (key);
  member->job_id = job_id;
  member->edges = g_array_new (FALSE, FALSE, sizeof (ProcRunEdge));
  g_ptr_array_add (self->members, member);
  return member;
}

const ProcRunMember *
proc_run_get_member (const ProcRun *self, guint index)
{
  return self->members->pdata[index];
}

gboolean
proc_run_is_active (const ProcRun *self)
{
  return self->state <= PROC_RUN_STOPPING;
}

/* ---------------------------------------------------------------------------------------------- to the record */

static JsonArray *
members_to_json (const ProcRun *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->members->len; i++)
    {
      const ProcRunMember *member = proc_run_get_member (self, i);
      JsonObject *object = json_object_new ();
      JsonArray *edges = json_array_new ();

      json_object_set_string_member (object, "key", member->key);
      json_object_set_int_member (object, "job_id", member->job_id);
      for (guint j = 0; j < member->edges->len; j++)
        {
          const ProcRunEdge *edge = &g_array_index (member->edges, ProcRunEdge, j);

          json_array_add_int_element (edges, edge->node);
          json_array_add_string_element (edges, proc_when_words[edge->when]);
        }
      json_object_set_array_member (object, "edges", edges);
      if (member->gone)
        json_object_set_string_member (object, "end_phase", proc_phase_words[member->end_phase]);
      json_array_add_object_element (array, object);
    }
  return array;
}

JsonObject *
proc_run_to_record (const ProcRun *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *depends = json_array_new ();

  json_object_set_int_member (object, "id", self->id);
  json_object_set_string_member (object, "name", self->name);
  proc_json_set_text (object, "service", self->service);
  json_object_set_int_member (object, "context", self->context);
  json_object_set_array_member (object, "tags", proc_json_from_texts (self->tags));
  for (guint i = 0; i < self->depends_on_runs->len; i++)
    json_array_add_int_element (depends, g_array_index (self->depends_on_runs, guint32, i));
  json_object_set_array_member (object, "depends_on_runs", depends);
  json_object_set_string_member (object, "on_failure", proc_on_failure_words[self->on_failure]);
  json_object_set_int_member (object, "max_parallel", self->max_parallel);
  json_object_set_string_member (object, "trigger", proc_trigger_words[self->trigger]);
  json_object_set_array_member (object, "members", members_to_json (self));
  json_object_set_string_member (object, "state", proc_run_state_words[self->state]);
  json_object_set_boolean_member (object, "cancelled", self->cancelled);
  json_object_set_boolean_member (object, "archived", self->archived);
  json_object_set_int_member (object, "created_at", self->created_at);
  json_object_set_int_member (object, "started_at", self->started_at);
  json_object_set_int_member (object, "finished_at", self->finished_at);
  proc_json_set_text (object, "error", self->error);
  return object;
}

/* ---------------------------------------------------------------------------------------------- from the record */

static gint64
get_int (JsonObject *object, const char *name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

static const char *
get_text (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, NULL);
}

/* A word of the record; an unknown one (of a later version) is the fallback. */
static int
get_word (JsonObject *object, const char *name, const char *const *words, int fallback)
{
  const char *text = get_text (object, name);
  int index = text != NULL ? proc_word_parse (words, text) : -1;

  return index >= 0 ? index : fallback;
}

/* NULL: there is none. */
static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static void
read_edges (ProcRunMember *member, JsonArray *array, guint n_members)
{
  for (guint i = 0; i + 1 < json_array_get_length (array); i += 2)
    {
      int when = proc_word_parse (proc_when_words, json_array_get_string_element (array, i + 1));
      ProcRunEdge edge = { (guint)json_array_get_int_element (array, i), MAX (when, 0) };

      if (edge.node < n_members)
        g_array_append_val (member->edges, edge);
    }
}

/* FALSE: not what we have written. */
static gboolean
read_members (ProcRun *self, JsonArray *array)
{
  guint n = array != NULL ? json_array_get_length (array) : 0;

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      JsonArray *edges = object != NULL ? get_array (object, "edges") : NULL;
      ProcRunMember *member;
      int end_phase;

      if (edges == NULL || get_text (object, "key") == NULL)
        return FALSE;
      member = proc_run_add (self, get_text (object, "key"), (guint32)get_int (object, "job_id"));
      read_edges (member, edges, n);
      end_phase = get_word (object, "end_phase", proc_phase_words, -1);
      member->gone = end_phase >= 0;
      member->end_phase = MAX (end_phase, 0);
    }
  return n > 0;
}

static void
read_lists (ProcRun *self, JsonObject *object)
{
  JsonArray *tags = get_array (object, "tags"), *depends = get_array (object, "depends_on_runs");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; tags != NULL && i < json_array_get_length (tags); i++)
    g_strv_builder_add (builder, json_array_get_string_element (tags, i));
  self->tags = g_strv_builder_end (builder);
  for (guint i = 0; depends != NULL && i < json_array_get_length (depends); i++)
    {
      guint32 id = (guint32)json_array_get_int_element (depends, i);

      g_array_append_val (self->depends_on_runs, id);
    }
}

ProcRun *
proc_run_from_record (JsonObject *object, GError **error)
{
  g_autoptr (ProcRun) self = proc_run_new ((guint32)get_int (object, "id"));
  int state = get_word (object, "state", proc_run_state_words, -1);

  if (self->id == 0 || state < 0 || get_text (object, "name") == NULL
      || !read_members (self, get_array (object, "members")))
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_DAMAGED, "the record of run %u cannot be read", self->id);
      return NULL;
    }
  read_lists (self, object);
  self->name = g_strdup (get_text (object, "name"));
  self->service = g_strdup (get_text (object, "service"));
  self->context = (guint32)get_int (object, "context");
  self->on_failure = get_word (object, "on_failure", proc_on_failure_words, PROC_ON_FAILURE_STOP);
  self->max_parallel = (guint)get_int (object, "max_parallel");
  self->trigger = get_word (object, "trigger", proc_trigger_words, PROC_TRIGGER_API);
  self->state = state;
  self->cancelled = json_object_get_boolean_member_with_default (object, "cancelled", FALSE);
  self->archived = json_object_get_boolean_member_with_default (object, "archived", FALSE);
  self->created_at = get_int (object, "created_at");
  self->started_at = get_int (object, "started_at");
  self->finished_at = get_int (object, "finished_at");
  self->error = g_strdup (get_text (object, "error"));
  return g_steal_pointer (&self);
}
