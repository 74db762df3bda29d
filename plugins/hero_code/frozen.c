/* frozen.c: results that are read page by page. Service thread. */
#include "frozen.h"

#include <string.h>

#define LIFE_US (10 * 60 * G_USEC_PER_SEC)
#define MAX_RESULTS 64

typedef struct
{
  char *id;
  JsonObject *frame; /* without the elements */
  char *member;
  JsonArray *elements;
  gint64 made_us;
} Result;

struct _CodeFrozen
{
  GQueue results; /* Result, oldest first */
};

static void
result_free (gpointer data)
{
  Result *result = data;

  g_free (result->id);
  json_object_unref (result->frame);
  g_free (result->member);
  json_array_unref (result->elements);
  g_free (result);
}

CodeFrozen *
code_frozen_new (void)
{
  return g_new0 (CodeFrozen, 1);
}

void
code_frozen_free (CodeFrozen *self)
{
  g_queue_clear_full (&self->results, result_free);
  g_free (self);
}

static void
forget_old (CodeFrozen *self)
{
  gint64 oldest = g_get_monotonic_time () - LIFE_US;
  Result *result;

  while ((result = g_queue_peek_head (&self->results)) != NULL
         && (result->made_us < oldest || self->results.length > MAX_RESULTS))
    result_free (g_queue_pop_head (&self->results));
}

/* A copy of the frame with elements [from, from + limit). id NULL = there is no rest. */
static JsonObject *
page (JsonObject *frame, const char *member, JsonArray *elements, guint from, guint limit, const char *id)
{
  JsonObject *answer = json_object_new ();
  JsonArray *part = json_array_new ();
  guint n = json_array_get_length (elements), end = from + MIN (limit, n - from);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  for (guint i = from; i < end; i++)
    json_array_add_element (part, json_node_copy (json_array_get_element (elements, i)));
  json_object_set_array_member (answer, member, part);
  json_object_iter_init_ordered (&iter, frame);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    json_object_set_member (answer, name, json_node_copy (node));
  if (id != NULL && end < n)
    {
      g_autofree char *cursor = g_strdup_printf ("%s.%u", id, end);

      json_object_set_string_member (answer, "next_cursor", cursor);
    }
  else
    {
      json_object_set_null_member (answer, "next_cursor");
    }
  return answer;
}

JsonObject *
code_frozen_first (CodeFrozen *self, JsonObject *frame, const char *member, guint limit)
{
  JsonArray *elements = json_object_get_array_member (frame, member);
  Result *result;

  if (json_array_get_length (elements) <= limit)
    {
      json_object_set_null_member (frame, "next_cursor");
      return frame;
    }
  result = g_new0 (Result, 1);
  result->id = g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
  result->elements = json_array_ref (elements);
  json_object_remove_member (frame, member);
  result->frame = frame;
  result->member = g_strdup (member);
  result->made_us = g_get_monotonic_time ();
  g_queue_push_tail (&self->results, result);
  forget_old (self);
  return page (frame, member, elements, 0, limit, result->id);
}

JsonObject *
code_frozen_next (CodeFrozen *self, const char *cursor, guint limit, GError **error)
{
  const char *dot = strchr (cursor, '.');
  guint64 from;

  forget_old (self);
  for (GList *l = self->results.head; dot != NULL && l != NULL; l = l->next)
    {
      Result *result = l->data;

      if (strlen (result->id) == (gsize)(dot - cursor) && strncmp (result->id, cursor, dot - cursor) == 0
          && g_ascii_string_to_unsigned (dot + 1, 10, 0, json_array_get_length (result->elements), &from, NULL))
        return page (result->frame, result->member, result->elements, from, limit, result->id);
    }
  code_error_set (error, CODE_CURSOR_EXPIRED, "cursor_expired",
                  "the cursor is unknown or older than ten minutes; ask again from the beginning");
  return NULL;
}
