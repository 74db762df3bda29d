/* test-storage.c: keys, expiry and walks, seen before and after their commit, and by the next process. */
#include "storage.h"

#include <glib/gstdio.h>

typedef struct
{
  char *dir;
  Storage *storage;
  guint commits;
} Fixture;

static void
on_committed (gpointer data, const GError *error)
{
  Fixture *self = data;

  g_assert_no_error (error);
  self->commits++;
  storage_end_turn (self->storage, TRUE);
}

static void
open_storage (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->storage = storage_open (self->dir, 16, on_committed, self, &error);
  g_assert_no_error (error);
}

/* Ends the turn and waits until all of it is on disk. */
static void
settle (Fixture *self)
{
  storage_end_turn (self->storage, TRUE);
  while (!storage_is_idle (self->storage))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (storage_begin (self->storage, NULL));
}

static void
reopen (Fixture *self)
{
  settle (self);
  storage_end_turn (self->storage, TRUE);
  storage_close (g_steal_pointer (&self->storage));
  open_storage (self);
  settle (self);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("hero-db-XXXXXX", NULL);
  open_storage (self);
  g_assert_true (storage_begin (self->storage, NULL));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  settle (self);
  storage_end_turn (self->storage, TRUE);
  storage_close (self->storage);
  dir = g_dir_open (self->dir, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->dir, name, NULL);

      g_remove (path);
    }
  g_assert_no_errno (g_rmdir (self->dir));
  g_free (self->dir);
}

static void
put (Fixture *self, guint db, const char *name, const char *value, gint64 expires_at)
{
  Slice part = slice_of_string (value);

  storage_put (self->storage, db, slice_of_string (name), STORAGE_STRING, expires_at, &part, 1);
}

/* value NULL: there is none. */
static void
check (Fixture *self, guint db, const char *name, const char *value)
{
  StorageEntry entry;
  gboolean found = storage_get (self->storage, db, slice_of_string (name), &entry);

  g_test_message ("%s", name);
  g_assert_cmpint (found, ==, value != NULL);
  if (found)
    g_assert_true (slice_equal (entry.value, slice_of_string (value)));
}

static void
test_keys (Fixture *self, gconstpointer data)
{
  check (self, 0, "a", NULL);
  put (self, 0, "a", "1", 0);
  put (self, 3, "a", "other", 0);
  check (self, 0, "a", "1");
  g_assert_cmpuint (storage_count (self->storage, 0), ==, 1);
  settle (self);
  check (self, 0, "a", "1");

  put (self, 0, "a", "2", 0);
  check (self, 0, "a", "2");
  g_assert_true (storage_delete (self->storage, 3, SLICE_LITERAL ("a")));
  g_assert_false (storage_delete (self->storage, 3, SLICE_LITERAL ("a")));
  check (self, 3, "a", NULL);
  reopen (self);
  check (self, 0, "a", "2");
  check (self, 3, "a", NULL);
  g_assert_cmpuint (storage_count (self->storage, 0), ==, 1);
  g_assert_cmpuint (storage_count (self->storage, 3), ==, 0);
}

/* A value may be put together from pieces of the one it replaces. */
static void
test_own_pieces (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    {
      StorageEntry entry = { 0 };
      Slice parts[2];

      if (!storage_get (self->storage, 0, SLICE_LITERAL ("k"), &entry))
        entry = (StorageEntry){ 0 };
      parts[0] = entry.value;
      parts[1] = SLICE_LITERAL ("ab");
      storage_put (self->storage, 0, SLICE_LITERAL ("k"), STORAGE_STRING, 0, parts, 2);
      if (i % 2 == 1)
        settle (self);
    }
  check (self, 0, "k", "abababab");
}

/* What is dirty has a ticket; what is on disk has none. */
static void
test_tickets (Fixture *self, gconstpointer data)
{
  StorageEntry entry;
  guint64 ticket;

  settle (self);
  storage_take_ticket (self->storage);
  check (self, 0, "a", NULL);
  g_assert_cmpuint (storage_take_ticket (self->storage), ==, 0);
  put (self, 0, "a", "1", 0);
  ticket = storage_take_ticket (self->storage);
  g_assert_cmpuint (ticket, >, storage_get_durable (self->storage));
  g_assert_true (storage_get (self->storage, 0, SLICE_LITERAL ("a"), &entry));
  g_assert_cmpuint (storage_take_ticket (self->storage), ==, ticket);
  settle (self);
  g_assert_cmpuint (storage_get_durable (self->storage), >=, ticket);
  g_assert_true (storage_get (self->storage, 0, SLICE_LITERAL ("a"), &entry));
  g_assert_cmpuint (storage_take_ticket (self->storage), ==, 0);
}

/* The writes of a turn are one commit; those of the turns while it runs are the next one. */
static void
test_group_commit (Fixture *self, gconstpointer data)
{
  char name[16];

  settle (self);
  self->commits = 0;
  for (guint turn = 0; turn < 10; turn++)
    {
      for (guint i = 0; i < 100; i++)
        {
          g_snprintf (name, sizeof name, "%u", turn * 100 + i);
          put (self, 0, name, "x", 0);
        }
      storage_end_turn (self->storage, TRUE);
      g_assert_true (storage_begin (self->storage, NULL));
    }
  settle (self);
  g_assert_cmpuint (self->commits, ==, 2);
  g_assert_cmpuint (storage_count (self->storage, 0), ==, 1000);
}

static void
test_expiry (Fixture *self, gconstpointer data)
{
  gint64 at;

  put (self, 0, "a", "1", 1000);
  put (self, 0, "b", "1", 2000);
  put (self, 5, "c", "1", 1500);
  put (self, 0, "d", "1", 0);
  put (self, 0, "e", "1", 500);
  put (self, 0, "e", "1", 0); /* no end any more */
  g_assert_cmpuint (storage_count_expiring (self->storage, 0), ==, 2);
  g_assert_true (storage_next_expiry (self->storage, &at));
  g_assert_cmpint (at, ==, 1000);
  reopen (self);

  g_assert_cmpuint (storage_expire (self->storage, 999, 10), ==, 0);
  g_assert_cmpuint (storage_expire (self->storage, 1500, 10), ==, 2);
  check (self, 0, "a", NULL);
  check (self, 5, "c", NULL);
  check (self, 0, "b", "1");
  g_assert_true (storage_next_expiry (self->storage, &at));
  g_assert_cmpint (at, ==, 2000);
  reopen (self);
  g_assert_cmpuint (storage_expire (self->storage, 5000, 10), ==, 1);
  g_assert_false (storage_has_expiring (self->storage));
  g_assert_cmpuint (storage_count (self->storage, 0), ==, 2);
}

static void
test_expiry_in_steps (Fixture *self, gconstpointer data)
{
  char name[16];

  for (guint i = 0; i < 100; i++)
    {
      g_snprintf (name, sizeof name, "%u", i);
      put (self, i % 3, name, "x", 1 + i);
    }
  g_assert_cmpuint (storage_expire (self->storage, 1000, 30), ==, 30);
  g_assert_cmpuint (storage_expire (self->storage, 1000, 30), ==, 30);
  g_assert_cmpuint (storage_expire (self->storage, 1000, 100), ==, 40);
  g_assert_false (storage_has_expiring (self->storage));
}

/* To empty a database is one step, whatever it holds; the rest goes by and by. */
static void
test_clear (Fixture *self, gconstpointer data)
{
  char name[16];

  for (guint i = 0; i < 5000; i++)
    {
      g_snprintf (name, sizeof name, "%u", i);
      put (self, 0, name, "x", i % 2 == 0 ? 99 : 0);
    }
  put (self, 1, "other", "1", 0);
  settle (self);
  storage_clear (self->storage, 0);
  check (self, 0, "17", NULL);
  g_assert_cmpuint (storage_count (self->storage, 0), ==, 0);
  put (self, 0, "17", "new", 0);
  reopen (self);
  check (self, 0, "17", "new");
  check (self, 1, "other", "1");
  g_assert_cmpuint (storage_count (self->storage, 0), ==, 1);
  g_assert_false (storage_has_expiring (self->storage));
}

/* Walks the database some keys at a time; each key met goes into the set and must be new to it. */
static GHashTable *
walk (Fixture *self, guint step, void (*between) (Fixture *self, guint round))
{
  GHashTable *seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint64 position = 0;
  guint round = 0;

  do
    {
      StorageCursor *cursor = storage_cursor_new (self->storage, 0, position);
      StorageEntry entry;
      Slice name;
      guint taken = 0;

      while (storage_cursor_get (cursor, &name, &entry))
        {
          g_assert_true (g_hash_table_add (seen, g_strndup (name.data, name.length)));
          storage_cursor_next (cursor);
          if (storage_cursor_get_position (cursor, &position) && ++taken >= step)
            break;
        }
      storage_cursor_get_position (cursor, &position);
      storage_cursor_free (cursor);
      if (between != NULL)
        between (self, round++);
    }
  while (position != 0);
  return seen;
}

static void
change_others (Fixture *self, guint round)
{
  char name[32];

  g_snprintf (name, sizeof name, "other%u", round);
  put (self, 0, name, "x", 0);
  if (round >= 10)
    {
      g_snprintf (name, sizeof name, "other%u", round - 10);
      storage_delete (self->storage, 0, slice_of_string (name));
    }
  if (round % 7 == 0)
    settle (self);
  if (round == 20)
    reopen (self);
}

/* Keys that stay are met exactly once, whatever happens to others, dirty or not, across a restart. */
static void
test_walk (Fixture *self, gconstpointer data)
{
  g_autoptr (GHashTable) seen = NULL;
  char name[32];

  for (guint i = 0; i < 1000; i++)
    {
      g_snprintf (name, sizeof name, "key%u", i);
      put (self, 0, name, "x", 0);
      if (i == 400 || i == 700)
        settle (self);
    }
  seen = walk (self, 17, change_others);
  for (guint i = 0; i < 1000; i++)
    {
      g_snprintf (name, sizeof name, "key%u", i);
      g_assert_true (g_hash_table_contains (seen, name));
    }
}

static void
test_walk_nothing (Fixture *self, gconstpointer data)
{
  g_autoptr (GHashTable) seen = NULL;

  put (self, 0, "a", "1", 0);
  settle (self);
  storage_delete (self->storage, 0, SLICE_LITERAL ("a"));
  seen = walk (self, 1, NULL);
  g_assert_cmpuint (g_hash_table_size (seen), ==, 0);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (Fixture *, gconstpointer);
  } tests[] = {
    { "/storage/keys", test_keys },
    { "/storage/own-pieces", test_own_pieces },
    { "/storage/tickets", test_tickets },
    { "/storage/group-commit", test_group_commit },
    { "/storage/expiry", test_expiry },
    { "/storage/expiry-in-steps", test_expiry_in_steps },
    { "/storage/clear", test_clear },
    { "/storage/walk", test_walk },
    { "/storage/walk-nothing", test_walk_nothing },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
