/* log-json.c: see log-json.h. Pure; any thread. */
#include "log-json.h"

#include <string.h>

#include "json-write.h"

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

JsonObject *
proc_log_hit_to_json (const ProcLogHit *hit)
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
    json_array_add_object_element (entries, proc_log_hit_to_json (result->hits->pdata[i]));
  json_object_set_array_member (object, "entries", entries);
  proc_json_set_text (object, "next_cursor", result->next_cursor);
  proc_json_set_text (object, "prev_cursor", result->prev_cursor);
  json_object_set_boolean_member (object, "has_more", result->has_more);
  json_object_set_boolean_member (object, "partial", result->partial);
  json_object_set_boolean_member (object, "gap", result->gap);
  return object;
}

/* ---------------------------------------------------------------------------------------------- plain arrays */

static JsonObject *
hit_to_zinit (const ProcLogHit *hit)
{
  JsonObject *object = json_object_new ();
  g_autofree char *service = g_strndup (hit->source, strcspn (hit->source, "."));

  json_object_set_int_member (object, "timestamp_ms", hit->entry->ts_ms);
  json_object_set_string_member (object, "service", service);
  json_object_set_string_member (object, "stream", proc_stream_words[hit->entry->stream]);
  json_object_set_string_member (object, "content", hit->entry->content);
  return object;
}

static void
add_text (JsonArray *array, const ProcLogHit *hit)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT " [%s] %s", hit->entry->ts_ms,
                                           proc_stream_words[hit->entry->stream], hit->entry->content);

  json_array_add_string_element (array, text);
}

JsonArray *
proc_log_result_to_lines (const ProcLogResult *result, ProcLogFormat format, gboolean reverse)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < result->hits->len; i++)
    {
      const ProcLogHit *hit = result->hits->pdata[reverse ? result->hits->len - 1 - i : i];

      if (format == PROC_LOG_FORMAT_TEXT)
        add_text (array, hit);
      else
        json_array_add_object_element (array,
                                       format == PROC_LOG_FORMAT_ZINIT ? hit_to_zinit (hit) : proc_log_hit_to_json (hit));
    }
  return array;
}

/* ---------------------------------------------------------------------------------------------- sources */

JsonObject *
proc_log_source_to_json (const ProcLogSourceInfo *info)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "src", info->src);
  json_object_set_int_member (object, "bytes", (gint64)info->bytes);
  json_object_set_int_member (object, "segments", info->segments);
  proc_json_set_number (object, "first_epoch", info->first_ms / 1000, 0);
  proc_json_set_number (object, "last_epoch", info->last_ms / 1000, 0);
  proc_json_set_number (object, "lines", info->lines, -1);
  json_object_set_int_member (object, "dropped_lines", (gint64)info->dropped_lines);
  json_object_set_int_member (object, "dropped_bytes", (gint64)info->dropped_bytes);
  json_object_set_double_member (object, "rate_1m", info->rate);
  return object;
}

static void
free_node (gpointer node)
{
  g_free (((ProcLogTreeNode *)node)->src);
  g_free (node);
}

static ProcLogTreeNode *
add_node (GPtrArray *nodes, char *src, guint depth)
{
  ProcLogTreeNode *node = g_new0 (ProcLogTreeNode, 1);
  const char *dot = strrchr (src, '.');

  node->src = src;
  node->part = dot != NULL ? dot + 1 : src;
  node->depth = depth;
  g_ptr_array_add (nodes, node);
  return node;
}

static int
compare_infos (gconstpointer a, gconstpointer b)
{
  const ProcLogSourceInfo *one = *(const ProcLogSourceInfo *const *)a, *two = *(const ProcLogSourceInfo *const *)b;
  const char *x = one->src, *y = two->src;

  for (; *x == *y && *x != '\0'; x++, y++)
    ;
  return (*x == '.' ? 1 : (guchar)*x) - (*y == '.' ? 1 : (guchar)*y); /* children directly behind their parent */
}

GPtrArray *
proc_log_tree_new (GPtrArray *infos)
{
  GPtrArray *nodes = g_ptr_array_new_with_free_func (free_node);
  ProcLogTreeNode *above[3] = { NULL };

  g_ptr_array_sort (infos, compare_infos);
  for (guint i = 0; i < infos->len; i++)
    {
      const ProcLogSourceInfo *info = infos->pdata[i];
      const char *end = info->src;

      for (guint depth = 0; depth < G_N_ELEMENTS (above) && end != NULL; depth++)
        {
          const char *dot = strchr (end, '.');
          gsize length = dot != NULL ? (gsize)(dot - info->src) : strlen (info->src);

          if (above[depth] == NULL || strncmp (above[depth]->src, info->src, length) != 0
              || above[depth]->src[length] != '\0')
            {
              above[depth] = add_node (nodes, g_strndup (info->src, length), depth);
              for (guint below = depth + 1; below < G_N_ELEMENTS (above); below++)
                above[below] = NULL;
            }
          above[depth]->bytes += info->bytes;
          above[depth]->dropped_lines += info->dropped_lines;
          end = dot != NULL ? dot + 1 : NULL;
        }
    }
  return nodes;
}

JsonArray *
proc_log_tree_to_json (GPtrArray *infos)
{
  g_autoptr (GPtrArray) nodes = proc_log_tree_new (infos);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < nodes->len; i++)
    {
      const ProcLogTreeNode *node = nodes->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "depth", node->depth);
      json_object_set_string_member (object, "part", node->part);
      json_object_set_string_member (object, "src", node->src);
      json_object_set_int_member (object, "bytes", (gint64)node->bytes);
      json_object_set_int_member (object, "dropped_lines", (gint64)node->dropped_lines);
      json_array_add_object_element (array, object);
    }
  return array;
}

JsonObject *
proc_log_stats_to_json (const ProcLogStats *stats)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "queued", (gint64)stats->queued);
  json_object_set_int_member (object, "queued_bytes", (gint64)stats->queued_bytes);
  json_object_set_int_member (object, "written_lines", (gint64)stats->written_lines);
  json_object_set_int_member (object, "written_bytes", (gint64)stats->written_bytes);
  json_object_set_int_member (object, "dropped_total", (gint64)proc_log_stats_get_dropped (stats));
  json_object_set_int_member (object, "dropped_rate", (gint64)stats->dropped_rate);
  json_object_set_int_member (object, "dropped_queue", (gint64)stats->dropped_queue);
  json_object_set_int_member (object, "dropped_disk", (gint64)stats->dropped_disk);
  json_object_set_int_member (object, "flush_ms", stats->flush_ms);
  json_object_set_int_member (object, "disk_bytes", (gint64)stats->disk_bytes);
  json_object_set_boolean_member (object, "disk_guard", stats->disk_guard);
  return object;
}
