/* rpc-key.c: key.*: keys one at a time, and lists of them by page. Service thread. */
#include "rpc.h"

#include "bytes-json.h"
#include "key-walk.h"
#include "number.h"

static gboolean
has_ended (HeroDb *self, const StorageEntry *entry)
{
  return entry->expires_at != 0 && entry->expires_at <= self->server->now;
}

static JsonObject *
key_to_json (HeroDb *self, Slice name, const StorageEntry *entry)
{
  JsonObject *object = json_object_new ();

  json_object_set_member (object, "key", bytes_to_json (name));
  json_object_set_string_member (object, "type", storage_type_name (entry->type));
  if (entry->expires_at != 0)
    json_object_set_int_member (object, "ttl_ms", entry->expires_at - self->server->now);
  else
    json_object_set_null_member (object, "ttl_ms");
  json_object_set_int_member (object, "size", (gint64)entry->value.length);
  json_object_set_int_member (object, "bytes", (gint64)(name.length + entry->value.length));
  return object;
}

/* Begins the turn and reads the parameters that every method about one key has. NULL: answered. (transfer full) */
static GBytes *
begin_with_key (HeroDb *self, HeroRpcCall *call, guint *db)
{
  if (!rpc_begin (self, call) || !rpc_get_database (self, call, db))
    return NULL;
  return rpc_get_bytes (self, call, "key");
}

/* FALSE: answered. */
static gboolean
find_key (HeroDb *self, HeroRpcCall *call, guint db, Slice name, StorageEntry *entry)
{
  if (storage_get (self->server->storage, db, name, entry) && !has_ended (self, entry))
    return TRUE;
  rpc_finish_failed (self, call, RPC_KEY_NOT_FOUND, "there is no such key in database %u", db);
  return FALSE;
}

static void
finish_with_key (HeroDb *self, HeroRpcCall *call, guint db, Slice name)
{
  StorageEntry entry;

  if (find_key (self, call, db, name, &entry))
    rpc_finish (self, call, rpc_object_node (key_to_json (self, name, &entry)));
}

/* Runs a command; its refusal is the answer. NULL: answered. (transfer full) */
static JsonNode *
run (HeroDb *self, HeroRpcCall *call, guint db, const Slice *argv, gsize argc)
{
  g_autofree char *error = NULL;
  JsonNode *reply = rpc_run (self, db, 3, argv, argc, NULL, &error);

  if (reply == NULL)
    rpc_finish_refused (self, call, error);
  return reply;
}

/* ------------------------------------------------------------------------------------------------ list */

typedef struct
{
  HeroDb *self;
  JsonArray *keys;
} Listing;

static void
add_key (gpointer data, Slice name, const StorageEntry *entry)
{
  Listing *listing = data;

  json_array_add_object_element (listing->keys, key_to_json (listing->self, name, entry));
}

void
rpc_key_list (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  KeyWalk walk = { .pattern = slice_of_string (hero_rpc_get_string (call, "match")),
                   .count = (guint)hero_rpc_get_integer (call, "count") };
  Listing listing = { .self = self };
  g_autofree char *next = NULL;
  JsonObject *page;

  if (!g_ascii_string_to_unsigned (hero_rpc_get_string (call, "cursor"), 10, 0, G_MAXUINT64, &walk.position, NULL))
    {
      hero_rpc_fail_param (call, "cursor", "a cursor of an answer before, or \"0\"", "something else");
      return;
    }
  if (!rpc_begin (self, call) || !rpc_get_database (self, call, &walk.db))
    return;

  listing.keys = json_array_new ();
  key_walk (self->server, &walk, add_key, &listing);
  page = json_object_new ();
  next = g_strdup_printf ("%" G_GUINT64_FORMAT, walk.position);
  json_object_set_string_member (page, "cursor", next);
  json_object_set_array_member (page, "keys", listing.keys);
  json_object_set_int_member (page, "scanned", (gint64)walk.scanned);
  rpc_finish (self, call, rpc_object_node (page));
}

/* ------------------------------------------------------------------------------------------------ one key */

void
rpc_key_info (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint db;
  g_autoptr (GBytes) key = begin_with_key (self, call, &db);

  if (key != NULL)
    finish_with_key (self, call, db, slice_of_bytes (key));
}

void
rpc_key_get (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint db;
  g_autoptr (GBytes) key = begin_with_key (self, call, &db);
  gsize offset = (gsize)hero_rpc_get_integer (call, "offset"), count = (gsize)hero_rpc_get_integer (call, "count");
  StorageEntry entry;
  JsonObject *object;

  if (key == NULL || !find_key (self, call, db, slice_of_bytes (key), &entry))
    return;

  offset = MIN (offset, entry.value.length);
  count = MIN (count, entry.value.length - offset);
  object = key_to_json (self, slice_of_bytes (key), &entry);
  json_object_set_member (object, "value", bytes_to_json (slice (entry.value.data + offset, count)));
  json_object_set_int_member (object, "length", (gint64)entry.value.length);
  if (offset + count < entry.value.length)
    json_object_set_int_member (object, "next", (gint64)(offset + count));
  else
    json_object_set_null_member (object, "next");
  rpc_finish (self, call, rpc_object_node (object));
}

void
rpc_key_set (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint db;
  g_autoptr (GBytes) key = begin_with_key (self, call, &db);
  g_autoptr (GBytes) value = key != NULL ? rpc_get_bytes (self, call, "value") : NULL;
  g_autoptr (JsonNode) reply = NULL;
  const char *condition = hero_rpc_get_string (call, "if");
  char ttl[NUMBER_INT_SIZE];
  Slice argv[6] = { SLICE_LITERAL ("SET") };
  gsize argc = 3;

  if (value == NULL)
    return;
  argv[1] = slice_of_bytes (key);
  argv[2] = slice_of_bytes (value);
  if (hero_rpc_has (call, "ttl_ms"))
    {
      argv[argc++] = SLICE_LITERAL ("PX");
      argv[argc++] = slice (ttl, number_format_int (hero_rpc_get_integer (call, "ttl_ms"), ttl));
    }
  if (condition != NULL)
    argv[argc++] = g_str_equal (condition, "absent") ? SLICE_LITERAL ("NX") : SLICE_LITERAL ("XX");

  reply = run (self, call, db, argv, argc);
  if (reply == NULL)
    return;
  if (JSON_NODE_HOLDS_NULL (reply))
    rpc_finish_failed (self, call, RPC_COMMAND_ERROR, "nothing was set: the key is not %s", condition);
  else
    finish_with_key (self, call, db, argv[1]);
}

void
rpc_key_delete (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  JsonArray *keys = hero_rpc_get_array (call, "keys");
  guint count = json_array_get_length (keys);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autofree Slice *argv = g_new (Slice, count + 1);
  g_autoptr (JsonNode) reply = NULL;
  JsonObject *object;
  guint db;

  argv[0] = SLICE_LITERAL ("DEL");
  for (guint i = 0; i < count; i++)
    {
      GBytes *name = bytes_from_json (json_array_get_element (keys, i));

      if (name == NULL)
        {
          hero_rpc_fail_param (call, "keys", "strings or {\"b64\":\"<base64>\"}", "something else");
          return;
        }
      g_ptr_array_add (names, name);
      argv[i + 1] = slice_of_bytes (name);
    }
  if (!rpc_begin (self, call) || !rpc_get_database (self, call, &db))
    return;

  reply = run (self, call, db, argv, count + 1);
  if (reply == NULL)
    return;
  object = json_object_new ();
  json_object_set_int_member (object, "deleted", json_node_get_int (reply));
  rpc_finish (self, call, rpc_object_node (object));
}

void
rpc_key_ttl (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint db;
  g_autoptr (GBytes) key = begin_with_key (self, call, &db);
  g_autoptr (JsonNode) reply = NULL;
  gboolean ends = hero_rpc_has (call, "ttl_ms");
  char ttl[NUMBER_INT_SIZE];
  Slice argv[3] = { ends ? SLICE_LITERAL ("PEXPIRE") : SLICE_LITERAL ("PERSIST") };

  if (key == NULL)
    return;
  argv[1] = slice_of_bytes (key);
  argv[2] = slice (ttl, number_format_int (hero_rpc_get_integer (call, "ttl_ms"), ttl));
  reply = run (self, call, db, argv, ends ? 3 : 2);
  if (reply != NULL)
    finish_with_key (self, call, db, argv[1]);
}

/* ------------------------------------------------------------------------------------------------ rename, copy */

void
rpc_key_rename (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint db;
  g_autoptr (GBytes) key = begin_with_key (self, call, &db);
  g_autoptr (GBytes) to = key != NULL ? rpc_get_bytes (self, call, "to") : NULL;
  g_autoptr (JsonNode) reply = NULL;
  gboolean replace = hero_rpc_get_boolean (call, "replace");
  Slice argv[3] = { replace ? SLICE_LITERAL ("RENAME") : SLICE_LITERAL ("RENAMENX") };
  StorageEntry entry;

  if (to == NULL || !find_key (self, call, db, slice_of_bytes (key), &entry))
    return;
  argv[1] = slice_of_bytes (key);
  argv[2] = slice_of_bytes (to);
  reply = run (self, call, db, argv, 3);
  if (reply == NULL)
    return;
  if (!replace && json_node_get_int (reply) == 0)
    rpc_finish_failed (self, call, RPC_COMMAND_ERROR, "nothing was renamed: there is a key of the new name");
  else
    finish_with_key (self, call, db, argv[2]);
}

void
rpc_key_copy (gpointer data, HeroRpcCall *call)
{
  HeroDb *self = data;
  guint db;
  g_autoptr (GBytes) key = begin_with_key (self, call, &db);
  g_autoptr (GBytes) to = key != NULL ? rpc_get_bytes (self, call, "to") : NULL;
  g_autoptr (JsonNode) reply = NULL;
  char number[NUMBER_INT_SIZE];
  Slice argv[6] = { SLICE_LITERAL ("COPY") };
  gint64 to_db = db;
  StorageEntry entry;

  if (to == NULL || !find_key (self, call, db, slice_of_bytes (key), &entry))
    return;
  if (hero_rpc_has (call, "to_db"))
    to_db = hero_rpc_get_integer (call, "to_db");
  argv[1] = slice_of_bytes (key);
  argv[2] = slice_of_bytes (to);
  argv[3] = SLICE_LITERAL ("DB");
  argv[4] = slice (number, number_format_int (to_db, number));
  argv[5] = SLICE_LITERAL ("REPLACE");
  reply = run (self, call, db, argv, hero_rpc_get_boolean (call, "replace") ? 6 : 5);
  if (reply == NULL)
    return;
  if (json_node_get_int (reply) == 0)
    rpc_finish_failed (self, call, RPC_COMMAND_ERROR, "nothing was copied: there is a key of this name");
  else
    finish_with_key (self, call, (guint)to_db, argv[2]);
}
