/* test-store-fixture.c: see test-store-fixture.h. */
#include "test-store-fixture.h"

#include <string.h>

const char *const two_tables[] = { "a", "b", NULL };
const HeroStoreOptions plain = { .format = 1, .tables = two_tables };

HeroStore *
open_ok (const char *path, const HeroStoreOptions *options)
{
  g_autoptr (GError) error = NULL;
  HeroStore *store = hero_store_open (path, options, &error);

  g_assert_no_error (error);
  return store;
}

gboolean
write_put (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Put *put = data;

  if (!put->value)
    return hero_store_delete (txn, put->table, put->key, strlen (put->key), NULL, error);
  if (!hero_store_put (txn, put->table, put->key, strlen (put->key), put->value, strlen (put->value), error))
    return FALSE;
  if (put->fail)
    g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "wanted");
  return !put->fail;
}

void
put (HeroStore *store, const char *table, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;
  Put data = { table, key, value, FALSE };

  hero_store_write_sync (store, write_put, &data, &error);
  g_assert_no_error (error);
}

char *
get (HeroStore *store, const char *table, const char *key)
{
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (store, NULL);
  gconstpointer value;
  gsize length;

  return hero_store_get (txn, table, key, strlen (key), &value, &length) ? g_strndup (value, length) : NULL;
}

void
assert_value (HeroStore *store, const char *table, const char *key, const char *expected)
{
  g_autofree char *value = get (store, table, key);

  g_assert_cmpstr (value, ==, expected);
}

gboolean
write_append (HeroStoreTxn *txn, gpointer data, GError **error)
{
  return hero_store_append (txn, "a", "x", 1, data, error);
}

gboolean
write_clear (HeroStoreTxn *txn, gpointer data, GError **error)
{
  return hero_store_clear (txn, "a", error);
}

gboolean
write_big (HeroStoreTxn *txn, gpointer data, GError **error)
{
  g_autofree char *value = g_malloc0 (1 << 20);
  guint64 number;

  return hero_store_append (txn, "a", value, 1 << 20, &number, error);
}

void
assert_open_fails (const char *path, const HeroStoreOptions *options, int code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (hero_store_open (path, options, &error));
  g_assert_error (error, HERO_ERROR, code);
  g_assert_nonnull (strstr (error->message, text));
}

gpointer
write_from_thread (gpointer data)
{
  for (guint i = 0; i < 50; i++)
    {
      guint64 number;
      g_assert_true (hero_store_write_sync (data, write_append, &number, NULL));
      HeroStoreTxn *txn = hero_store_read_begin (data, NULL);
      g_assert_cmpuint (hero_store_count (txn, "a"), >=, number);
      hero_store_read_end (txn);
    }
  return NULL;
}
