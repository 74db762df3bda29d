/*
 * json.c: the one strict reader of JSON from outside. A recursive descent over RFC 8259 that checks and, if asked,
 * builds json-glib's tree on the way: a second parser behind a scan could read the same text in another way. Any
 * thread.
 */
#include "json-reader.h"

#include <string.h>

G_DEFINE_QUARK (hero-json-error-quark, hero_json_error)

static gboolean read_value (HeroJsonReader *reader, JsonNode **node);

/* ------------------------------------------------------------------------------------------------ structure */

static gboolean
enter (HeroJsonReader *reader)
{
  if (++reader->depth > HERO_JSON_MAX_DEPTH)
    return hero_json_reader_fail (reader, reader->at, HERO_JSON_ERROR_DEPTH, "nested deeper than %d levels",
                                  HERO_JSON_MAX_DEPTH);
  reader->at++;
  hero_json_skip_blanks (reader);
  return TRUE;
}

/* After an element: a comma (*more) or the closing bracket. */
static gboolean
read_separator (HeroJsonReader *reader, char closing, const char *what, gboolean *more)
{
  hero_json_skip_blanks (reader);
  *more = hero_json_next_is (reader, ',');
  if (!*more && !hero_json_next_is (reader, closing))
    return hero_json_reader_unexpected (reader, what);
  reader->at++;
  if (*more)
    hero_json_skip_blanks (reader);
  else
    reader->depth--;
  return TRUE;
}

static gboolean
read_member (HeroJsonReader *reader, JsonObject *object)
{
  g_autofree char *name = NULL, *name_flaw = NULL;
  g_autoptr (JsonNode) value = NULL;

  if (!hero_json_next_is (reader, '"'))
    return hero_json_reader_unexpected (reader, "a member name in double quotes");
  if (!hero_json_read_string (reader))
    return FALSE;
  if (reader->build)
    name = g_strndup (reader->buffer->str, reader->buffer->len);
  name_flaw = g_steal_pointer (&reader->flaw);
  hero_json_skip_blanks (reader);
  if (!hero_json_next_is (reader, ':'))
    return hero_json_reader_unexpected (reader, "':' after a member name");
  reader->at++;
  hero_json_skip_blanks (reader);
  if (!read_value (reader, &value))
    return FALSE;
  if (reader->build)
    {
      reader->flaw = g_steal_pointer (&name_flaw);
      hero_json_reader_mark_flaw (reader, value);
      json_object_set_member (object, name, g_steal_pointer (&value));
    }
  return TRUE;
}

static gboolean
read_object (HeroJsonReader *reader, JsonNode **node)
{
  g_autoptr (JsonObject) object = reader->build ? json_object_new () : NULL;
  gboolean more = TRUE;

  if (!enter (reader))
    return FALSE;
  if (hero_json_next_is (reader, '}'))
    {
      reader->at++;
      reader->depth--;
      more = FALSE;
    }
  while (more)
    if (!read_member (reader, object) || !read_separator (reader, '}', "',' or '}' after a member", &more))
      return FALSE;
  if (reader->build)
    {
      *node = json_node_alloc ();
      json_node_init (*node, JSON_NODE_OBJECT);
      json_node_take_object (*node, g_steal_pointer (&object));
    }
  return TRUE;
}

static gboolean
read_array (HeroJsonReader *reader, JsonNode **node)
{
  g_autoptr (JsonArray) array = reader->build ? json_array_new () : NULL;
  gboolean more = TRUE;

  if (!enter (reader))
    return FALSE;
  if (hero_json_next_is (reader, ']'))
    {
      reader->at++;
      reader->depth--;
      more = FALSE;
    }
  while (more)
    {
      JsonNode *element = NULL;
      if (!read_value (reader, &element))
        return FALSE;
      if (reader->build)
        json_array_add_element (array, element);
      if (!read_separator (reader, ']', "',' or ']' after an element", &more))
        return FALSE;
    }
  if (reader->build)
    {
      *node = json_node_alloc ();
      json_node_init (*node, JSON_NODE_ARRAY);
      json_node_take_array (*node, g_steal_pointer (&array));
    }
  return TRUE;
}

static gboolean
read_value (HeroJsonReader *reader, JsonNode **node)
{
  if (reader->at == reader->end)
    return hero_json_reader_unexpected (reader, "a value");
  switch (*reader->at)
    {
    case '{':
      return read_object (reader, node);
    case '[':
      return read_array (reader, node);
    case '"':
      if (!hero_json_read_string (reader))
        return FALSE;
      if (reader->build)
        {
          *node = json_node_init_string (json_node_alloc (), reader->buffer->str);
          hero_json_reader_mark_flaw (reader, *node);
        }
      return TRUE;
    case '-':
    case '0' ... '9':
      return hero_json_read_number (reader, node);
    default:
      return hero_json_read_word (reader, node);
    }
}

static gboolean
read_text (HeroJsonReader *reader, JsonNode **node)
{
  hero_json_skip_blanks (reader);
  if (!read_value (reader, node))
    return FALSE;
  hero_json_skip_blanks (reader);
  return reader->at == reader->end || hero_json_reader_unexpected (reader, "nothing after the value");
}

static gboolean
run (HeroJsonReader *reader, const char *text, gssize length, JsonNode **result, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  gboolean good;

  if (text == NULL) /* the data of an empty GBytes */
    text = "";
  reader->start = reader->at = (const guint8 *)text;
  reader->end = reader->start + (length < 0 ? strlen (text) : (gsize)length);
  if (reader->build)
    reader->buffer = g_string_sized_new (128);
  good = read_text (reader, &node);
  if (reader->buffer != NULL)
    g_string_free (reader->buffer, TRUE);
  g_free (reader->flaw);
  if (!good)
    {
      g_clear_pointer (&reader->flaws, g_hash_table_unref);
      g_propagate_error (error, reader->error);
      return FALSE;
    }
  if (result != NULL)
    *result = g_steal_pointer (&node);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------ interface */

gboolean
hero_json_check (const char *text, gssize length, GError **error)
{
  HeroJsonReader reader = { 0 };

  return run (&reader, text, length, NULL, error);
}

JsonNode *
hero_json_parse (const char *text, gssize length, GError **error)
{
  HeroJsonReader reader = { .build = TRUE };
  JsonNode *node = NULL;

  run (&reader, text, length, &node, error);
  return node;
}

JsonNode *
hero_json_parse_flawed (const char *text, gsize length, HeroJsonFlaws **flaws, GError **error)
{
  HeroJsonReader reader = { .build = TRUE, .tolerate = TRUE };
  JsonNode *node = NULL;

  if (run (&reader, text, (gssize)length, &node, error))
    *flaws = reader.flaws;
  return node;
}
