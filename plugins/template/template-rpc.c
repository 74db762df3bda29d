/*
 * template-rpc.c: the methods. One table is the dispatch, the parameter check, the error texts and the OpenRPC document.
 * Handlers run on the service thread; a write runs on the store's writer thread and its continuation comes back here.
 */
#include "note.h"
#include "template.h"

enum
{
  NOTE_NOT_FOUND = -32001,
  NOTE_LIMIT = -32002,
};

/* ------------------------------------------------------------------------------------------------ writing */

/* One call that writes, until it is answered. */
typedef struct
{
  Template *self;
  HeroRpcCall *call;
  Note *note; /* of note.add */
  guint64 id; /* of note.delete */
} Write;

static Write *
write_new (Template *self, HeroRpcCall *call)
{
  Write *write = g_new0 (Write, 1);

  write->self = self;
  write->call = call;
  return write;
}

static void
write_free (Write *write)
{
  g_clear_pointer (&write->note, note_free);
  g_free (write);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Write, write_free)

/* What the page and other listeners hear. */
static void
publish (Template *self, const char *event, guint64 id)
{
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "id", (gint64) id);
  hero_service_publish (self->ctx, NULL, event, data);
}

static gboolean
add_in_store (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Write *write = data;

  return note_put (txn, write->note, write->self->limit, error);
}

static void
added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Write) write = data;
  g_autoptr (GError) error = NULL;

  if (!hero_store_write_finish (write->self->store, result, &error))
    {
      if (g_error_matches (error, HERO_ERROR, HERO_ERROR_LIMIT))
        hero_rpc_fail (write->call, NOTE_LIMIT, "%s", error->message);
      else
        hero_rpc_fail_error (write->call, g_steal_pointer (&error));
      return;
    }
  write->self->added++;
  publish (write->self, "note.added", write->note->id);
  hero_rpc_return_object (write->call, note_to_json (write->note));
}

static void
rpc_add (gpointer self, HeroRpcCall *call)
{
  Write *write = write_new (self, call);

  write->note = note_new (hero_rpc_get_string (call, "title"), hero_rpc_get_string (call, "text"),
                          hero_rpc_get_strings (call, "tags"));
  hero_store_write_async (write->self->store, add_in_store, write, NULL, added, write);
}

static gboolean
delete_in_store (HeroStoreTxn *txn, gpointer data, GError **error)
{
  Write *write = data;

  return note_delete (txn, write->id, error);
}

static void
deleted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Write) write = data;
  g_autoptr (GError) error = NULL;

  if (!hero_store_write_finish (write->self->store, result, &error))
    {
      if (g_error_matches (error, HERO_ERROR, HERO_ERROR_NOT_FOUND))
        hero_rpc_fail (write->call, NOTE_NOT_FOUND, "%s", error->message);
      else
        hero_rpc_fail_error (write->call, g_steal_pointer (&error));
      return;
    }
  publish (write->self, "note.deleted", write->id);
  hero_rpc_return_boolean (write->call, TRUE);
}

static void
rpc_delete (gpointer self, HeroRpcCall *call)
{
  Write *write = write_new (self, call);

  write->id = (guint64) hero_rpc_get_integer (call, "id");
  hero_store_write_async (write->self->store, delete_in_store, write, NULL, deleted, write);
}

/* ------------------------------------------------------------------------------------------------ reading */

static void
rpc_get (gpointer data, HeroRpcCall *call)
{
  Template *self = data;
  gint64 id = hero_rpc_get_integer (call, "id");
  g_autoptr (Note) note = note_get (self->store, (guint64) id);

  if (note == NULL)
    {
      hero_rpc_fail (call, NOTE_NOT_FOUND, "there is no note %" G_GINT64_FORMAT, id);
      return;
    }
  hero_rpc_return_object (call, note_to_json (note));
}

static void
rpc_list (gpointer data, HeroRpcCall *call)
{
  Template *self = data;
  g_autoptr (GPtrArray) notes = note_list (self->store, (guint64) hero_rpc_get_integer (call, "before"),
                                           (guint) hero_rpc_get_integer (call, "limit"));
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < notes->len; i++)
    json_array_add_object_element (array, note_to_json (notes->pdata[i]));
  hero_rpc_return_array (call, array);
}

/* ------------------------------------------------------------------------------------------------ the table */

static const HeroRpcParam add_params[]
    = { { "title", HERO_STRING (1, 200), HERO_REQUIRED, "Shown in lists." },
        { "text", HERO_STRING (0, 65536), 0, "The note itself.", "\"\"" },
        { "tags", HERO_STRINGS (0, 32), 0, "Words to find it by." },
        { NULL } };
static const HeroRpcParam id_params[]
    = { { "id", HERO_INTEGER (1, G_MAXINT64), HERO_REQUIRED, "The note's number." }, { NULL } };
static const HeroRpcParam list_params[]
    = { { "limit", HERO_INTEGER (1, 1000), 0, "At most so many.", "100" },
        { "before", HERO_INTEGER (0, G_MAXINT64), 0, "Only notes with a smaller id: the next page.", "0" },
        { NULL } };

static const HeroRpcErrorSpec errors[] = { { NOTE_NOT_FOUND, "note_not_found", FALSE, "There is no such note." },
                                           { NOTE_LIMIT, "limit_reached", FALSE, "The most notes are there already." },
                                           { 0 } };
static const int not_found[] = { NOTE_NOT_FOUND, 0 };
static const int full[] = { NOTE_LIMIT, 0 };

static const HeroRpcSchema schemas[]
    = { { "Note", "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},\"title\":{\"type\":\"string\"},"
                  "\"text\":{\"type\":\"string\"},\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                  "\"added_ms\":{\"type\":\"integer\",\"description\":\"Unix time.\"}}}" },
        { NULL } };

static const HeroRpcMethod methods[] = {
  { "note.add", rpc_add, add_params, "Note", "Add a note.", .errors = full, .flags = HERO_RPC_WRITES },
  { "note.list", rpc_list, list_params, "[]Note", "List notes, newest first." },
  { "note.get", rpc_get, id_params, "Note", "Get one note.", .errors = not_found },
  { "note.delete", rpc_delete, id_params, "{\"type\":\"boolean\"}", "Delete a note.", .errors = not_found,
    .flags = HERO_RPC_WRITES },
  { NULL },
};

static const HeroRpcSpec spec = HERO_RPC_SPEC (.methods = methods, .schemas = schemas, .errors = errors);

void
template_register_rpc (Template *self)
{
  hero_service_set_rpc (self->ctx, &spec, self);
}
