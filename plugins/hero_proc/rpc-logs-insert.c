/* rpc-logs-insert.c: logs.insert: everything is checked before anything is added. Service thread. */
#include <string.h>

#include "contexts.h"
#include "names.h"
#include "reader.h"
#include "rpc-logs.h"

enum
{
  MAX_CONTENT = 1 << 20,
  MAX_TAGS_TEXT = 1024,
  FUTURE_MS = 60000, /* that a clock may be ahead of ours */
};

typedef struct
{
  char *src, *content;
  ProcLogEntry entry; /* its tags are ours */
} Line;

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->src);
  g_free (line->content);
  g_free (line->entry.tags);
  g_free (line);
}

/* Adds "k:v" or "k", made harmless: commas and control characters would end it. FALSE: the name is not legal. */
static gboolean
add_tag (GString *tags, const char *name, const char *value)
{
  static const char *const own[] = { "ms", "st", "cut", NULL };
  gsize length = strlen (name);

  if (length == 0 || length > 64 || g_strv_contains (own, name)
      || strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-/") != length)
    return FALSE;
  g_string_append_printf (tags, "%s%s%s", tags->len > 0 ? "," : "", name, value != NULL ? ":" : "");
  for (const char *c = value != NULL ? value : ""; *c != '\0'; c++)
    g_string_append_c (tags, *c == ',' || (guchar)*c < ' ' ? '_' : *c);
  return TRUE;
}

static gboolean
add_tag_text (GString *tags, const char *text)
{
  const char *colon = strchr (text, ':');
  g_autofree char *name = colon != NULL ? g_strndup (text, (gsize)(colon - text)) : g_strdup (text);

  return add_tag (tags, name, colon != NULL ? colon + 1 : NULL);
}

/* Tags of either form. NULL: not legal. */
static char *
read_tags (JsonNode *node)
{
  g_autoptr (GString) tags = g_string_new (NULL);
  gboolean legal = JSON_NODE_HOLDS_OBJECT (node) || JSON_NODE_HOLDS_ARRAY (node);

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      const char *name;
      JsonNode *value;

      json_object_iter_init (&iter, json_node_get_object (node));
      while (legal && json_object_iter_next (&iter, &name, &value))
        legal = JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING
                && add_tag (tags, name, json_node_get_string (value));
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    for (guint i = 0; legal && i < json_array_get_length (json_node_get_array (node)); i++)
      {
        JsonNode *value = json_array_get_element (json_node_get_array (node), i);

        legal = JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING
                && add_tag_text (tags, json_node_get_string (value));
      }
  return legal && tags->len <= MAX_TAGS_TEXT ? g_strdup (tags->str) : NULL;
}

static void
read_source (ProcReader *reader, Line *line)
{
  g_autofree char *src = proc_reader_text (reader, "src", 194);

  if (src == NULL || !proc_name_is_source (src))
    proc_reader_fail (reader, "src", "1 to 3 parts of [A-Za-z0-9_-], joined by dots", src != NULL ? src : "nothing");
  else
    line->src = proc_log_source (NULL, src); /* never one of our own programs */
}

static void
read_tags_and_level (ProcReader *reader, Line *line)
{
  JsonNode *level = proc_reader_node (reader, "level|loglevel"), *tags = proc_reader_node (reader, "tags");
  int number = level != NULL ? proc_level_from_node (level) : PROC_LEVEL_INFO;

  if (number < 0)
    proc_reader_fail (reader, "level", "0..255 or one of debug|info|notice|warning|critical|error", "something else");
  line->entry.level = (guint)MAX (number, 0);
  line->entry.tags = tags != NULL ? read_tags (tags) : NULL;
  if (tags != NULL && line->entry.tags == NULL)
    proc_reader_fail (reader, "tags", "a map name to text, or an array of k:v, at most 1024 bytes", "something else");
  if (line->entry.tags != NULL && *line->entry.tags == '\0')
    g_clear_pointer (&line->entry.tags, g_free);
}

static void
read_time_and_context (ProcReader *reader, HeroProc *self, guint32 own, Line *line)
{
  JsonNode *ts = proc_reader_node (reader, "ts|epoch"), *context = proc_reader_node (reader, "context");
  gint64 ms = ts != NULL ? proc_time_from_node (ts) : 0;

  if (ms < 0 || ms > proc_now_ms () + FUTURE_MS)
    proc_reader_fail (reader, "ts", "a time that has come: ms, seconds or RFC 3339 text", "something else");
  line->entry.ts_ms = ms;
  line->entry.context = own;
  if (context != NULL && JSON_NODE_HOLDS_VALUE (context))
    {
      g_autofree char *text = json_node_get_value_type (context) == G_TYPE_INT64
                                  ? g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (context))
                                  : json_node_dup_string (context);

      if (text == NULL || !proc_contexts_parse (self->contexts, text, &line->entry.context))
        proc_reader_fail (reader, "context", "a context that exists", text != NULL ? text : "another type");
      else if (own != 0 && line->entry.context != own)
        proc_reader_fail (reader, "context", "the caller's own context", text);
    }
}

/* NULL + error. */
static Line *
read_line (HeroProc *self, JsonObject *object, const char *where, guint32 own, GError **error)
{
  Line *line = g_new0 (Line, 1);
  ProcReader reader;

  proc_reader_init (&reader, object, where);
  read_source (&reader, line);
  line->content = proc_reader_text (&reader, "content|message|msg", MAX_CONTENT);
  if (line->content == NULL)
    proc_reader_fail (&reader, "content", "text", "nothing");
  read_tags_and_level (&reader, line);
  line->entry.job_id = (guint32)proc_reader_int (&reader, "job_id", 0, G_MAXUINT32, 0);
  read_time_and_context (&reader, self, own, line);
  line->entry.stream = PROC_STREAM_API;
  if (proc_reader_end (&reader, NULL, error))
    return line;
  line_free (line);
  return NULL;
}

/* The parameters themselves as an entry, or those in `entries`. */
static GPtrArray *
read_lines (HeroProc *self, HeroRpcCall *call, GError **error)
{
  static const char *const names[] = { "src", "content", "level", "tags", "context", "job_id", "ts" };
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (line_free);
  g_autoptr (JsonObject) single = json_object_new ();
  JsonArray *entries = hero_rpc_get_array (call, "entries");
  guint n = entries != NULL ? json_array_get_length (entries) : 1;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (hero_rpc_has (call, names[i]))
      json_object_set_member (single, names[i], json_node_copy (hero_rpc_get_node (call, names[i])));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *where = entries != NULL ? g_strdup_printf ("entries[%u]", i) : g_strdup ("params");
      JsonNode *node = entries != NULL ? json_array_get_element (entries, i) : NULL;
      Line *line;

      if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node))
        {
          g_propagate_error (error, proc_error_new_param (where, "an object", proc_json_type (node)));
          return NULL;
        }
      line = read_line (self, node != NULL ? json_node_get_object (node) : single, where,
                        hero_rpc_call_get_identity (call)->context, error);
      if (line == NULL)
        return NULL;
      g_ptr_array_add (lines, line);
    }
  return g_steal_pointer (&lines);
}

static gboolean
insert (HeroProc *self, Line *line)
{
  g_autoptr (ProcLogSource) source = proc_log_store_get_source (self->logs, line->src);
  gsize max = (gsize)hero_service_get_integer (self->ctx, "log_line_max"), length = strlen (line->content);
  gboolean added;

  if (length > max)
    {
      line->entry.truncated = TRUE;
      length = (gsize)(g_utf8_find_prev_char (line->content, line->content + max + 1) - line->content);
    }
  proc_log_source_begin (source);
  added = proc_log_source_add (source, &line->entry, line->content, length);
  proc_log_source_end (source);
  return added;
}

void
hero_proc_rpc_logs_insert (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) lines = read_lines (self, call, &error);
  JsonObject *result;
  guint inserted = 0;

  if (lines == NULL)
    {
      hero_proc_rpc_fail (call, error, NULL);
      return;
    }
  for (guint i = 0; i < lines->len; i++)
    inserted += insert (self, lines->pdata[i]);
  result = json_object_new ();
  json_object_set_int_member (result, "inserted", inserted);
  json_object_set_int_member (result, "dropped", lines->len - inserted);
  hero_rpc_return_object (call, result);
}
