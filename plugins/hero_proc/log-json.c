/* log-json.c: see log-json.h. Pure; any thread. */
#include "log-json.h"

#include <string.h>

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
tags_to_json (const char *tags)
{
  JsonObject *object = json_object_new ();
  g_auto (GStrv) list = g_strsplit (tags != NULL ? tags : "", ",", -1);

  for (guint i = 0; list[i] != NULL; i++)
    {
      char *colon = strchr (list[i], ':');

      if (colon != NULL)
        *colon++ = '\0';
      if (*list[i] != '\0')
        json_object_set_string_member (object, list[i], colon != NULL ? colon : "");
    }
  return object;
}

static JsonObject *
hit_to_json (const ProcLogHit *hit)
{
  const ProcLogEntry *entry = hit->entry;
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "cursor", hit->cursor);
  json_object_set_int_member (object, "ts_ms", entry->ts_ms);
  json_object_set_int_member (object, "epoch", entry->ts_ms / 1000);
  json_object_set_string_member (object, "src", hit->source);
  json_object_set_int_member (object, "context", entry->context);
  json_object_set_int_member (object, "job_id", entry->job_id);
  json_object_set_int_member (object, "level", entry->level);
  json_object_set_string_member (object, "level_name", proc_level_name (entry->level));
  json_object_set_string_member (object, "stream", proc_stream_words[entry->stream]);
  json_object_set_object_member (object, "tags", tags_to_json (entry->tags));
  json_object_set_string_member (object, "content", entry->content);
  json_object_set_boolean_member (object, "truncated", entry->truncated);
  return object;
}

JsonObject *
proc_log_result_to_json (const ProcLogResult *result)
{
  JsonObject *object = json_object_new ();
  JsonArray *entries = json_array_new ();

  for (guint i = 0; i < result->hits->len; i++)
    json_array_add_object_element (entries, hit_to_json (result->hits->pdata[i]));
  json_object_set_array_member (object, "entries", entries);
  set_text (object, "next_cursor", result->next_cursor);
  set_text (object, "prev_cursor", result->prev_cursor);
  json_object_set_boolean_member (object, "has_more", result->has_more);
  json_object_set_boolean_member (object, "partial", result->partial);
  json_object_set_boolean_member (object, "gap", result->gap);
  return object;
}
