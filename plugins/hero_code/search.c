/* search.c: literal search without an index. On a worker. */
#include "search.h"

#include <string.h>

#include "path.h"
#include "search-line.h"

typedef struct
{
  const CodeSearch *search;
  CodePattern *pattern;
  const char *repo;
  JsonArray *files;
  JsonArray *incomplete;
  CodeSkipped skipped;
  guint64 n_scanned, n_matched, n_lines, n_shown;
  gint64 started_us;
  const char *reason; /* why it ended early, or NULL */
} Run;

/* ---- one file */

typedef struct
{
  Run *run;
  const char *text;
  gsize length;
  JsonArray *matches;
  guint64 n_lines; /* with a match */
} File;

/* Up to n lines that end before `at`, oldest first. */
static JsonArray *
lines_before (const File *file, gsize at, guint n)
{
  JsonArray *array = json_array_new ();
  gsize start = at;

  for (guint i = 0; i < n && start > 0; i++)
    {
      const char *lf = memrchr (file->text, '\n', start - 1);

      start = lf != NULL ? (gsize)(lf - file->text) + 1 : 0;
    }
  while (start < at)
    {
      const char *lf = memchr (file->text + start, '\n', at - start);
      g_autofree char *line = code_line_plain (file->text + start, lf - (file->text + start));

      json_array_add_string_element (array, line);
      start = lf - file->text + 1;
    }
  return array;
}

/* Up to n lines that begin at `at`. */
static JsonArray *
lines_after (const File *file, gsize at, guint n)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < n && at < file->length; i++)
    {
      const char *lf = memchr (file->text + at, '\n', file->length - at);
      gsize end = lf != NULL ? (gsize)(lf - file->text) : file->length;
      g_autofree char *line = code_line_plain (file->text + at, end - at);

      json_array_add_string_element (array, line);
      at = end + 1;
    }
  return array;
}

static void
add_line (File *file, const CodeLine *line, const GArray *ranges)
{
  const CodeSearch *search = file->run->search;
  gsize start = line->text - file->text, next = MIN (start + line->length + 1, file->length);

  file->n_lines++;
  if (search->count_only || (search->max_per_file > 0 && json_array_get_length (file->matches) >= search->max_per_file))
    return;
  if (file->run->n_shown >= search->max_lines)
    {
      file->run->reason = "match_limit";
      return;
    }
  file->run->n_shown++;
  json_array_add_object_element (file->matches,
                                 code_line_print (line, ranges, lines_before (file, start, search->context),
                                                  lines_after (file, next, search->context)));
}

static guint64
count_newlines (const char *text, const char *end)
{
  guint64 n = 0;

  while ((text = memchr (text, '\n', end - text)) != NULL)
    {
      text++;
      n++;
    }
  return n;
}

/* Every match of the file, a line at a time. */
static void
scan (File *file)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (CodeRange));
  gsize at = 0, counted = 0, start, end;
  guint64 number = 1;

  while (file->run->reason == NULL
         && code_pattern_find (file->run->pattern, file->text, file->length, at, &start, &end))
    {
      const char *lf = start > 0 ? memrchr (file->text, '\n', start) : NULL;
      gsize from = lf != NULL ? (gsize)(lf - file->text) + 1 : 0;
      const char *stop = memchr (file->text + end, '\n', file->length - end);
      gsize until = stop != NULL ? (gsize)(stop - file->text) : file->length;
      CodeLine line = { file->text + from, until - from };

      number += count_newlines (file->text + counted, file->text + from);
      counted = from;
      line.number = number;
      g_array_set_size (ranges, 0);
      do
        {
          CodeRange range = { start - from, end - from };

          g_array_append_val (ranges, range);
        }
      while (end < until && code_pattern_find (file->run->pattern, file->text, until, end, &start, &end));
      add_line (file, &line, ranges);
      if (until >= file->length)
        return;
      at = until + 1;
    }
}

static void
add_file (Run *run, const File *file, const char *path, const char *data, gsize length)
{
  g_autofree char *version = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)data, length);
  g_autofree char *shown = code_path_display (path);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "repo", run->repo);
  json_object_set_string_member (object, "path", shown);
  if (!g_str_equal (shown, path))
    {
      g_autofree char *base64 = g_base64_encode ((const guchar *)path, strlen (path));

      json_object_set_string_member (object, "path_b64", base64);
    }
  json_object_set_null_member (object, "lang");
  json_object_set_null_member (object, "score");
  json_object_set_string_member (object, "version", version);
  json_object_set_int_member (object, "match_count", file->n_lines);
  json_object_set_boolean_member (object, "more", file->n_lines > json_array_get_length (file->matches));
  json_object_set_array_member (object, "matches", json_array_ref (file->matches));
  json_array_add_object_element (run->files, object);
}

static gboolean
search_file (const char *path, const char *data, gsize length, gpointer user_data)
{
  Run *run = user_data;
  g_autofree char *converted = NULL;
  g_autoptr (JsonArray) matches = json_array_new ();
  File file = { .run = run, .matches = matches };

  if (run->search->timeout_us > 0 && g_get_monotonic_time () - run->started_us > run->search->timeout_us)
    {
      run->reason = "time_limit";
      return FALSE;
    }
  file.text = code_corpus_text (data, length, &file.length, &converted);
  if (file.text == NULL)
    {
      run->skipped.binary++;
      return TRUE;
    }
  run->n_scanned++;
  scan (&file);
  if (file.n_lines > 0)
    {
      run->n_matched++;
      run->n_lines += file.n_lines;
      add_file (run, &file, path, data, length);
    }
  return run->reason == NULL;
}

/* ---- all repositories */

/* A repository whose ignore rules cannot be read is left out and named, never searched by other rules. */
static void
leave_out (Run *run, const char *repo)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "repo", repo);
  json_object_set_null_member (object, "path");
  json_object_set_null_member (object, "line");
  json_array_add_object_element (run->incomplete, object);
}

static gboolean
search_repository (Run *run, const char *repo, GCancellable *cancellable, GError **error)
{
  g_autoptr (git_repository) repository = code_repo_open (run->search->policy, repo, NULL);
  CodeCorpus corpus = { .root = run->search->policy->root,
                        .repo = repo,
                        .repository = repository,
                        .ignored = run->search->ignored,
                        .max_bytes = run->search->max_file_bytes,
                        .cancellable = cancellable,
                        .skipped = &run->skipped,
                        .func = search_file,
                        .user_data = run };
  g_autoptr (GError) fault = NULL;

  run->repo = repo;
  if (repository == NULL)
    {
      leave_out (run, repo);
      return TRUE;
    }
  if (code_corpus_walk (&corpus, &fault) || fault == NULL)
    return TRUE;
  if (!g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      leave_out (run, repo);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

static JsonObject *
print_stats (const Run *run)
{
  JsonObject *stats = json_object_new (), *skipped = json_object_new ();
  guint64 n_skipped = (guint64)run->skipped.binary + run->skipped.too_large + run->skipped.unreadable;

  json_object_set_int_member (skipped, "binary", run->skipped.binary);
  json_object_set_int_member (skipped, "too_large", run->skipped.too_large);
  json_object_set_int_member (skipped, "unreadable", run->skipped.unreadable);
  json_object_set_int_member (stats, "files_considered", run->n_scanned + n_skipped);
  json_object_set_int_member (stats, "files_scanned", run->n_scanned);
  json_object_set_int_member (stats, "files_matched", run->n_matched);
  json_object_set_int_member (stats, "lines_matched", run->n_lines);
  json_object_set_int_member (stats, "duration_ms", (g_get_monotonic_time () - run->started_us) / 1000);
  json_object_set_string_member (stats, "index", "none");
  json_object_set_object_member (stats, "skipped", skipped);
  json_object_set_array_member (stats, "incomplete", json_array_ref (run->incomplete));
  return stats;
}

JsonObject *
code_search_run (const CodeSearch *search, GCancellable *cancellable, GError **error)
{
  g_autoptr (CodePattern) pattern = code_pattern_new (search->pattern, search->mode, search->word, error);
  g_autoptr (JsonArray) files = json_array_new ();
  g_autoptr (JsonArray) incomplete = json_array_new ();
  g_autofree char *root = NULL;
  Run run = { .search = search, .pattern = pattern, .files = files, .incomplete = incomplete };
  JsonObject *result;

  if (pattern == NULL || (root = code_root_resolve (search->policy->root, error)) == NULL)
    return NULL;
  run.started_us = g_get_monotonic_time ();
  for (guint i = 0; run.reason == NULL && search->repos[i] != NULL; i++)
    if (!search_repository (&run, search->repos[i], cancellable, error))
      return NULL;
  result = json_object_new ();
  json_object_set_array_member (result, "files", json_array_ref (files));
  json_object_set_int_member (result, "total_files", json_array_get_length (files));
  json_object_set_object_member (result, "stats", print_stats (&run));
  json_object_set_boolean_member (result, "truncated", run.reason != NULL);
  if (run.reason != NULL)
    json_object_set_string_member (result, "reason", run.reason);
  else
    json_object_set_null_member (result, "reason");
  return result;
}
