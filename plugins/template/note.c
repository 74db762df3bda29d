/* note.c: one note and how notes are stored. Reads on any thread, note_put and note_delete on the store's writer thread. */
#include "note.h"

#include <string.h>

#define TABLE "notes"

Note *
note_new (const char *title, const char *text, const char *const *tags)
{
  Note *note = g_new0 (Note, 1);

  note->title = g_strdup (title);
  note->text = g_strdup (text);
  note->tags = tags == NULL ? g_new0 (char *, 1) : g_strdupv ((char **) tags);
  note->added_ms = g_get_real_time () / 1000;
  return note;
}

void
note_free (Note *note)
{
  g_free (note->title);
  g_free (note->text);
  g_strfreev (note->tags);
  g_free (note);
}

/* ------------------------------------------------------------------------------------------------ as JSON */

JsonObject *
note_to_json (const Note *note)
{
  JsonObject *object = json_object_new ();
  JsonArray *tags = json_array_new ();

  for (guint i = 0; note->tags[i] != NULL; i++)
    json_array_add_string_element (tags, note->tags[i]);
  json_object_set_int_member (object, "id", (gint64) note->id);
  json_object_set_string_member (object, "title", note->title);
  json_object_set_string_member (object, "text", note->text);
  json_object_set_array_member (object, "tags", tags);
  json_object_set_int_member (object, "added_ms", note->added_ms);
  return object;
}

/* key and value as they lie in the store. */
static Note *
note_parse (gconstpointer key, gconstpointer value, gsize length)
{
  g_autoptr (JsonNode) node = hero_json_parse (value, (gssize) length, NULL);
  JsonObject *object = node == NULL ? NULL : json_node_get_object (node);
  g_autoptr (GStrvBuilder) tags = g_strv_builder_new ();
  JsonArray *array;
  guint64 id;
  Note *note;

  if (object == NULL)
    return NULL;
  array = json_object_get_array_member (object, "tags");
  for (guint i = 0; i < json_array_get_length (array); i++)
    g_strv_builder_add (tags, json_array_get_string_element (array, i));
  memcpy (&id, key, sizeof id);
  note = g_new0 (Note, 1);
  note->id = GUINT64_FROM_BE (id);
  note->title = g_strdup (json_object_get_string_member (object, "title"));
  note->text = g_strdup (json_object_get_string_member (object, "text"));
  note->tags = g_strv_builder_end (tags);
  note->added_ms = json_object_get_int_member (object, "added_ms");
  return note;
}

/* ------------------------------------------------------------------------------------------------ in the store */

HeroStore *
note_store_open (const char *dir, GError **error)
{
  static const char *const tables[] = { TABLE, NULL };
  static const HeroStoreOptions options = { .format = 1, .tables = tables };
  g_autofree char *path = g_build_filename (dir, "notes.mdb", NULL);

  return hero_store_open (path, &options, error);
}

guint64
note_count (HeroStore *store)
{
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (store, NULL);

  return txn == NULL ? 0 : hero_store_count (txn, TABLE);
}

Note *
note_get (HeroStore *store, guint64 id)
{
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (store, NULL);
  guint64 key = GUINT64_TO_BE (id);
  gconstpointer value;
  gsize length;

  if (txn == NULL || !hero_store_get (txn, TABLE, &key, sizeof key, &value, &length))
    return NULL;
  return note_parse (&key, value, length);
}

GPtrArray *
note_list (HeroStore *store, guint64 before, guint limit)
{
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (store, NULL);
  GPtrArray *notes = g_ptr_array_new_with_free_func ((GDestroyNotify) note_free);
  g_autoptr (HeroStoreCursor) cursor = txn == NULL ? NULL : hero_store_cursor_new (txn, TABLE);
  guint64 bound = GUINT64_TO_BE (before);
  gboolean more;

  if (cursor == NULL)
    return notes;
  more = before != 0 && hero_store_cursor_seek (cursor, &bound, sizeof bound) ? hero_store_cursor_previous (cursor)
                                                                             : hero_store_cursor_last (cursor);
  for (; more && notes->len < limit; more = hero_store_cursor_previous (cursor))
    {
      gconstpointer key, value;
      gsize key_length, length;
      Note *note;

      hero_store_cursor_get (cursor, &key, &key_length, &value, &length);
      note = note_parse (key, value, length);
      if (note != NULL)
        g_ptr_array_add (notes, note);
    }
  return notes;
}

gboolean
note_put (HeroStoreTxn *txn, Note *note, guint limit, GError **error)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), NULL);
  g_autofree char *text = NULL;
  gsize length;

  if (hero_store_count (txn, TABLE) >= limit)
    {
      g_set_error (error, HERO_ERROR, HERO_ERROR_LIMIT, "there are %u notes, the most that are kept (key \"limit\")", limit);
      return FALSE;
    }
  json_node_take_object (node, note_to_json (note));
  text = hero_json_print (node, &length);
  return hero_store_append (txn, TABLE, text, length, &note->id, error);
}

gboolean
note_delete (HeroStoreTxn *txn, guint64 id, GError **error)
{
  guint64 key = GUINT64_TO_BE (id);
  gboolean existed;

  if (!hero_store_delete (txn, TABLE, &key, sizeof key, &existed, error))
    return FALSE;
  if (!existed)
    g_set_error (error, HERO_ERROR, HERO_ERROR_NOT_FOUND, "there is no note %" G_GUINT64_FORMAT, id);
  return existed;
}
