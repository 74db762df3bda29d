/*
 * node-settings.c: topics and the default action: in the store first, then in force, then answered (contract 9, B7).
 * Service thread; the writing itself is on the store's.
 */
#include "node.h"

#include <string.h>

#define SETTINGS "settings"
#define TOPICS "topics"
#define DEFAULT_ACTION "default_action"

HeroStore *
node_settings_open (HeroServiceContext *ctx, GError **error)
{
  static const char *const tables[] = { SETTINGS, TOPICS, NULL };
  static const HeroStoreOptions options = { .format = 1, .tables = tables };
  g_autofree char *path = g_build_filename (hero_service_get_data_dir (ctx), "mycelium.mdb", NULL);

  return hero_store_open (path, &options, error);
}

/* ------------------------------------------------------------------------------------------------ loading */

/* The empty topic is one, an empty key is none: hence a letter before it. */
static GBytes *
topic_key (GBytes *topic)
{
  g_autoptr (GByteArray) key = g_byte_array_new ();

  g_byte_array_append (key, (const guint8 *)"t", 1);
  g_byte_array_append (key, g_bytes_get_data (topic, NULL), (guint)g_bytes_get_size (topic));
  return g_byte_array_free_to_bytes (g_steal_pointer (&key));
}

static void
load_topic (Node *self, const char *key, gsize key_length, const char *value, gsize length)
{
  g_autoptr (GBytes) topic = g_bytes_new (key + 1, key_length - 1);
  g_autofree char *text = g_strndup (value, length);
  g_auto (GStrv) sources = g_strsplit (text, "\n", -1);

  acl_add_topic (self->acl, topic, G_MAXUINT, NULL);
  for (guint i = 0; sources[i]; i++)
    {
      Subnet subnet;
      if (subnet_parse (sources[i], &subnet))
        acl_add_source (self->acl, topic, &subnet);
    }
}

/* The default action in the file wins over the stored one; without both it is the default of the key. */
static void
load_default_action (Node *self, HeroStoreTxn *txn)
{
  gconstpointer value;
  gsize length;

  acl_set_default (self->acl, g_str_equal (hero_service_get_string (self->ctx, "default_action"), "accept"));
  if (!hero_service_has_key (self->ctx, "default_action")
      && hero_store_get (txn, SETTINGS, DEFAULT_ACTION, strlen (DEFAULT_ACTION), &value, &length))
    acl_set_default (self->acl, length == strlen ("accept") && memcmp (value, "accept", length) == 0);
}

void
node_settings_load (Node *self)
{
  g_autoptr (HeroStoreTxn) txn = hero_store_read_begin (self->store, NULL);
  g_autoptr (HeroStoreCursor) cursor = hero_store_cursor_new (txn, TOPICS);

  load_default_action (self, txn);
  for (gboolean more = hero_store_cursor_seek (cursor, NULL, 0); more; more = hero_store_cursor_next (cursor))
    {
      gconstpointer key, value;
      gsize key_length, length;
      hero_store_cursor_get (cursor, &key, &key_length, &value, &length);
      load_topic (self, key, key_length, value, length);
    }
}

/* ------------------------------------------------------------------------------------------------ changing */

/* One record to write, and what to do when it is on disk. */
typedef struct
{
  Node *node;
  const char *table;
  GBytes *key, *value; /* value NULL = delete */
  NodeStored func;
  gpointer data;
} Change;

static void
change_free (gpointer data)
{
  Change *self = data;

  g_bytes_unref (self->key);
  g_clear_pointer (&self->value, g_bytes_unref);
  node_unref (self->node);
  g_free (self);
}

static gboolean
write_change (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Change *self = data;
  gsize key_length, length;
  gconstpointer key = g_bytes_get_data (self->key, &key_length);

  if (!self->value)
    return hero_store_delete (txn, self->table, key, key_length, NULL, error);
  gconstpointer value = g_bytes_get_data (self->value, &length);
  return hero_store_put (txn, self->table, key, key_length, value, length, error);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  Change *self = data;
  GError *error = NULL;

  hero_store_write_finish (self->node->store, result, &error);
  self->func (self->data, error);
}

static void
store (Node *self, const char *table, GBytes *key, GBytes *value, NodeStored func, gpointer data)
{
  Change *change = g_new (Change, 1);

  *change = (Change){ node_ref (self), table, key, value, func, data };
  hero_store_write_async (self->store, write_change, change, change_free, on_changed, change);
}

static void
store_topic (Node *self, GBytes *topic, NodeStored func, gpointer data)
{
  g_auto (GStrv) sources = acl_get_sources (self->acl, topic);
  char *text = sources ? g_strjoinv ("\n", sources) : NULL;

  node_tell_topic (self, "topic.changed", topic);
  store (self, TOPICS, topic_key (topic), text ? g_bytes_new_take (text, strlen (text)) : NULL, func, data);
}

void
node_set_default_action (Node *self, gboolean accept, NodeStored func, gpointer data)
{
  const char *word = accept ? "accept" : "reject";

  acl_set_default (self->acl, accept);
  if (hero_service_has_key (self->ctx, "default_action"))
    hero_warn (self->ctx, "default_action is set in the configuration file: \"%s\" lasts until the next start", word);
  store (self, SETTINGS, g_bytes_new_static (DEFAULT_ACTION, strlen (DEFAULT_ACTION)),
         g_bytes_new_static (word, strlen (word)), func, data);
}

void
node_add_topic (Node *self, GBytes *topic, NodeStored func, gpointer data)
{
  GError *error = NULL;

  if (acl_add_topic (self->acl, topic, self->topics_max, &error))
    store_topic (self, topic, func, data);
  else
    func (data, error);
}

void
node_remove_topic (Node *self, GBytes *topic, NodeStored func, gpointer data)
{
  acl_remove_topic (self->acl, topic);
  store_topic (self, topic, func, data);
}

void
node_add_source (Node *self, GBytes *topic, const Subnet *subnet, NodeStored func, gpointer data)
{
  GError *error = NULL;

  if (!acl_add_topic (self->acl, topic, self->topics_max, &error))
    {
      func (data, error);
      return;
    }
  acl_add_source (self->acl, topic, subnet);
  store_topic (self, topic, func, data);
}

void
node_remove_source (Node *self, GBytes *topic, const Subnet *subnet, NodeStored func, gpointer data)
{
  acl_remove_source (self->acl, topic, subnet);
  store_topic (self, topic, func, data);
}
