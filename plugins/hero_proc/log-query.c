/* log-query.c: see log-query.h. Any thread but the service's. */
#include "log-query.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "log-cursor.h"

#define SCAN_BYTES (64 * 1024 * 1024)
#define SCAN_US (2 * G_USEC_PER_SEC)

void
proc_log_query_free (ProcLogQuery *self)
{
  g_free (self->src);
  g_free (self->text);
  g_clear_pointer (&self->regex, g_regex_unref);
  g_clear_pointer (&self->job_ids, g_hash_table_unref);
  g_free (self->tag);
  g_free (self->cursor);
  g_free (self);
}

void
proc_log_hit_free (gpointer data)
{
  ProcLogHit *hit = data;

  g_free (hit->source);
  g_free (hit->cursor);
  proc_log_entry_free (hit->entry);
  g_free (hit);
}

void
proc_log_result_free (ProcLogResult *self)
{
  g_ptr_array_unref (self->hits);
  g_free (self->next_cursor);
  g_free (self->prev_cursor);
  g_free (self);
}

/* ---------------------------------------------------------------------------------------------- times */

gint64
proc_time_from_int (gint64 value)
{
  return value < G_GINT64_CONSTANT (100000000000) ? value * 1000 : value;
}

gint64
proc_time_from_text (const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

  return time != NULL ? g_date_time_to_unix (time) * 1000 + g_date_time_get_microsecond (time) / 1000 : -1;
}

/* ---------------------------------------------------------------------------------------------- cursors */

/* A place: "ms.inode.offset.source". */
typedef struct
{
  gint64 ms;
  guint64 inode;
  gint64 offset;
  char *source;
} Place;

static char *
format_place (gint64 ms, guint64 inode, gint64 offset, const char *source)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT ".%s", ms, inode, offset,
                          source);
}

ProcLogHit *
proc_log_hit_new (const char *source, guint64 inode, gint64 offset, ProcLogEntry *entry)
{
  ProcLogHit *hit = g_new (ProcLogHit, 1);

  *hit = (ProcLogHit){ g_strdup (source), format_place (entry->ts_ms, inode, offset, source), entry };
  return hit;
}

static gboolean
place_parse (const char *cursor, Place *place, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (cursor, ".", 4);
  guint64 ms, offset;

  if (g_strv_length (parts) != 4 || !g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXINT64, &ms, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT64, &place->inode, NULL)
      || !g_ascii_string_to_unsigned (parts[2], 10, 0, G_MAXINT64, &offset, NULL))
    {
      g_propagate_error (error, proc_error_new_param ("cursor", "a cursor of an earlier answer", cursor));
      return FALSE;
    }
  place->ms = (gint64)ms;
  place->offset = (gint64)offset;
  place->source = g_steal_pointer (&parts[3]);
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------- filters */

static gboolean
contains_folded (const char *text, const char *folded_needle)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);

  return strstr (folded, folded_needle) != NULL;
}

/* `tags` is "k:v,k2:v2"; wanted is "k" or "k:v". */
static gboolean
has_tag (const char *tags, const char *wanted)
{
  g_auto (GStrv) list = g_strsplit (tags != NULL ? tags : "", ",", -1);
  gsize length = strlen (wanted);

  for (guint i = 0; list[i] != NULL; i++)
    if (strcmp (list[i], wanted) == 0 || (strncmp (list[i], wanted, length) == 0 && list[i][length] == ':'))
      return TRUE;
  return FALSE;
}

gboolean
proc_log_query_passes (const ProcLogQuery *query, const char *source, const ProcLogEntry *entry)
{
  return proc_log_source_matches (source, query->src) && entry->level >= query->level && (query->any_context || entry->context == query->context)
         && (query->job_id == 0 || entry->job_id == query->job_id)
         && (query->job_ids == NULL || g_hash_table_contains (query->job_ids, GUINT_TO_POINTER (entry->job_id)))
         && (query->stream < 0 || (int)entry->stream == query->stream)
         && (query->tag == NULL || has_tag (entry->tags, query->tag))
         && (query->text == NULL || entry->content == NULL || contains_folded (entry->content, query->text))
         && (query->regex == NULL || g_regex_match (query->regex, entry->content, 0, NULL));
}

/* ---------------------------------------------------------------------------------------------- the merge */

/* The walk whose line comes next: by time, then by name of the source; backward the other way round. NULL = all at the
 * end. */
static ProcLogWalk *
pick (GPtrArray *walks, gboolean backward)
{
  ProcLogWalk *best = NULL;

  for (guint i = 0; i < walks->len; i++)
    {
      ProcLogWalk *walk = walks->pdata[backward ? walks->len - 1 - i : i];

      if (walk->line != NULL
          && (best == NULL || (backward ? walk->line_ms > best->line_ms : walk->line_ms < best->line_ms)))
        best = walk;
    }
  return best;
}

static gboolean
in_range (const ProcLogQuery *query, gint64 ms)
{
  return query->descending ? ms >= query->from_ms : query->to_ms == 0 || ms < query->to_ms;
}

/*
 * A walk for each source, standing at its first line of the answer. With a place: its own source goes on behind it; of
 * the others, what has the same time was given if their names come before (backward: after) in the order.
 */
static GPtrArray *
open_walks (ProcLogStore *store, ProcLogReader *reader, char **sources, const ProcLogQuery *query, const Place *place,
            gboolean *gap)
{
  GPtrArray *walks = g_ptr_array_new_with_free_func ((GDestroyNotify)proc_log_walk_free);
  gint64 edge = query->descending ? (query->to_ms > 0 ? query->to_ms : G_MAXINT64) : query->from_ms;
  gboolean found = place == NULL;

  for (guint i = 0; sources[i] != NULL; i++)
    {
      int order = place != NULL ? strcmp (sources[i], place->source) : 0;
      gint64 at = edge;
      ProcLogWalk *walk;

      if (place != NULL && query->descending)
        at = MIN (edge, place->ms + (order < 0 ? 1 : 0));
      else if (place != NULL)
        at = MAX (edge, place->ms + (order < 0 ? 1 : 0));
      walk = proc_log_walk_new (store, reader, sources[i], query->descending, at);
      if (place != NULL && order == 0)
        found = proc_log_walk_seek (walk, place->inode, place->offset, place->ms);
      g_ptr_array_add (walks, walk);
    }
  *gap = !found;
  return walks;
}

/* Fills the result. *last: the place of the last line that was dealt with for good, if it is not that of the last hit. */
static void
collect (GPtrArray *walks, ProcLogReader *reader, const ProcLogQuery *query, ProcLogResult *result, char **last)
{
  gint64 deadline = g_get_monotonic_time () + SCAN_US;
  Place passed = { 0 }; /* over the last line without a hit; source borrowed */
  ProcLogWalk *walk;

  for (guint n = 1; (walk = pick (walks, query->descending)) != NULL && in_range (query, walk->line_ms); n++)
    {
      g_autoptr (ProcLogEntry) entry = proc_log_parse (walk->line, walk->line_length);
      gboolean hit = entry != NULL && proc_log_query_passes (query, walk->source, entry);

      if (hit && result->hits->len == query->limit)
        {
          result->has_more = TRUE;
          break;
        }
      if (hit)
        {
          g_ptr_array_add (result->hits, proc_log_hit_new (walk->source, walk->line_inode, walk->line_offset,
                                                           g_steal_pointer (&entry)));
          passed.source = NULL;
        }
      else if (result->hits->len < query->limit) /* behind a full answer the next one begins at its last entry */
        passed = (Place){ walk->line_ms, walk->line_inode, walk->line_offset, walk->source };
      result->partial = n % 1024 == 0 && (reader->budget < 0 || g_get_monotonic_time () > deadline);
      if (result->partial)
        {
          result->has_more = TRUE;
          break;
        }
      proc_log_walk_next (walk);
    }
  if (passed.source != NULL)
    *last = format_place (passed.ms, passed.inode, passed.offset, passed.source);
}

ProcLogResult *
proc_log_query_run (ProcLogStore *store, const ProcLogQuery *query, GError **error)
{
  ProcLogResult *result;
  Place place = { 0 };
  g_auto (GStrv) sources = NULL;
  g_autoptr (GPtrArray) walks = NULL;
  g_autofree char *last = NULL;
  ProcLogReader reader;

  if (query->cursor != NULL && !place_parse (query->cursor, &place, error))
    return NULL;
  result = g_new0 (ProcLogResult, 1);
  result->hits = g_ptr_array_new_with_free_func (proc_log_hit_free);
  sources = proc_log_store_list (store, query->src);
  proc_log_reader_init (&reader, SCAN_BYTES, g_strv_length (sources));
  walks = open_walks (store, &reader, sources, query, query->cursor != NULL ? &place : NULL, &result->gap);
  collect (walks, &reader, query, result, &last);
  proc_log_reader_clear (&reader);
  if (result->hits->len > 0)
    result->prev_cursor = g_strdup (((ProcLogHit *)result->hits->pdata[0])->cursor);
  if (last != NULL)
    result->next_cursor = g_steal_pointer (&last);
  else if (result->hits->len > 0)
    result->next_cursor = g_strdup (((ProcLogHit *)result->hits->pdata[result->hits->len - 1])->cursor);
  else
    result->next_cursor = g_strdup (query->cursor);
  g_free (place.source);
  return result;
}
