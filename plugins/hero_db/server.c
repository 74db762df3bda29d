/* server.c: from the words of a command to its sealed reply. Service thread. */
#include "server.h"

#define EXPIRE_STEP 2000    /* keys removed in one go: a few milliseconds */
#define EXPIRE_PAUSE_MS 10  /* between two goes while more wait */
#define EXPIRE_CHECK_MS 500 /* a new key may end earlier than all others */

static void on_committed (gpointer data, const GError *error);

Server *
server_new (const char *dir, const ServerLimits *limits, void (*changed) (gpointer, Storage *, const GError *),
            gpointer data, GError **error)
{
  g_autoptr (Server) self = g_new0 (Server, 1);

  g_queue_init (&self->clients);
  self->limits = *limits;
  self->changed = changed;
  self->data = data;
  self->started_us = g_get_monotonic_time ();
  self->commands = command_table_new ();
  self->storage = storage_open (dir, limits->databases, on_committed, self, error);
  return self->storage != NULL ? g_steal_pointer (&self) : NULL;
}

void
server_free (Server *self)
{
  if (self == NULL)
    return;
  g_assert (g_queue_is_empty (&self->clients));
  g_clear_pointer (&self->storage, storage_close);
  command_table_free (self->commands);
  g_free (self->broken);
  g_free (self);
}

static void
on_committed (gpointer data, const GError *error)
{
  Server *self = data;

  g_clear_pointer (&self->broken, g_free);
  if (error != NULL)
    {
      self->broken = g_strdelimit (g_strdup (error->message), "\r\n", ' ');
      self->stats.commit_errors++;
    }
  else
    {
      self->stats.commits++;
      histogram_add (&self->commit_time, (guint64)storage_get_commit_us (self->storage));
    }
  self->changed (self->data, self->storage, error);
}

/* ------------------------------------------------------------------------------------------------ clients */

guint64
server_next_client_id (Server *self)
{
  return ++self->last_client_id;
}

void
server_add_client (Server *self, Client *client)
{
  g_queue_push_tail_link (&self->clients, &client->link);
}

void
server_remove_client (Server *self, Client *client)
{
  g_queue_unlink (&self->clients, &client->link);
}

void
server_kill_client (Server *self, Client *client)
{
  client->aborted = TRUE;
  client->wake (client);
}

/* ------------------------------------------------------------------------------------------------ turns */

void
server_begin_turn (Server *self)
{
  gint64 microseconds = g_get_real_time ();

  self->now = microseconds / 1000;
  self->clock_us = g_get_monotonic_time ();
}

void
server_end_turn (Server *self, gboolean commit)
{
  storage_end_turn (self->storage, commit);
}

gint64
server_expire (Server *self)
{
  guint removed;
  gint64 at;

  if (self->broken != NULL || !storage_begin (self->storage, NULL))
    return EXPIRE_CHECK_MS;
  server_begin_turn (self);
  removed = storage_expire (self->storage, self->now, EXPIRE_STEP);
  self->stats.expired += removed;
  if (removed == EXPIRE_STEP)
    return EXPIRE_PAUSE_MS;
  return storage_next_expiry (self->storage, &at) ? EXPIRE_CHECK_MS : -1;
}

/* ------------------------------------------------------------------------------------------------ one command */

/* A browser that was led to our port by a foreign page: no word of it is run. */
static gboolean
is_http (Slice word)
{
  return slice_is (word, "post") || slice_is (word, "host:");
}

static void
refuse_unknown (Call *call)
{
  g_autoptr (GString) words = g_string_new (NULL);
  const UnsupportedCommand *unsupported = command_find_unsupported (call->argv[0]);
  g_autofree char *name = g_strndup (call->argv[0].data, MIN (call->argv[0].length, 128));

  if (slice_is (call->argv[0], "cluster"))
    {
      reply_error (call->reply, "ERR This instance has cluster support disabled");
      return;
    }
  if (unsupported != NULL)
    {
      g_autofree char *lower = g_ascii_strdown (name, -1);

      reply_error (call->reply, "ERR command '%s' is not supported by hero_db: %s", lower, unsupported->reason);
      return;
    }

  for (gsize i = 1; i < call->argc && words->len < 128; i++)
    {
      g_autofree char *word = g_strndup (call->argv[i].data, MIN (call->argv[i].length, 128 - words->len));

      g_string_append_printf (words, "'%s' ", word);
    }
  reply_error (call->reply, "ERR unknown command '%s', with args beginning with: %s", name, words->str);
}

static void
refuse_unknown_subcommand (Call *call, const Command *command)
{
  g_autofree char *container = g_ascii_strup (command->name, -1);
  g_autofree char *word = g_strndup (call->argv[1].data, MIN (call->argv[1].length, 128));

  reply_error (call->reply, "ERR unknown subcommand '%s'. Try %s HELP.", word, container);
}

/* The row these words call, checked; NULL = the refusal has been written. */
static CommandEntry *
find_command (Call *call)
{
  CommandEntry *entry = command_table_find (call->server->commands, call->argv[0]);

  if (entry == NULL)
    {
      refuse_unknown (call);
      return NULL;
    }
  if (entry->subcommands != NULL && call->argc > 1)
    {
      const Command *container = entry->command;

      entry = command_entry_find (entry, call->argv[1]);
      if (entry == NULL)
        {
          refuse_unknown_subcommand (call, container);
          return NULL;
        }
    }
  if (!command_accepts (entry, call->argc))
    {
      reply_error (call->reply, "ERR wrong number of arguments for '%s' command", entry->full_name);
      entry->rejected++;
      return NULL;
    }
  return entry;
}

static gboolean
can_run (Call *call)
{
  Server *self = call->server;
  g_autoptr (GError) error = NULL;

  if ((call->entry->flags & COMMAND_WRITES) && self->broken != NULL)
    reply_error (call->reply, "MISCONF Errors writing to the AOF file: %s", self->broken);
  else if ((call->entry->flags & (COMMAND_WRITES | COMMAND_READS)) && !storage_begin (self->storage, &error))
    reply_error (call->reply, "ERR the storage cannot be read: %s", error->message);
  else
    return TRUE;
  call->entry->rejected++;
  return FALSE;
}

static void
run (Call *call)
{
  CommandEntry *entry = call->entry;
  guint64 errors = call->reply->errors;
  gint64 now;

  call->client->last_command = entry->full_name;
  entry->command->run (call);

  now = g_get_monotonic_time ();
  entry->calls++;
  entry->microseconds += (guint64)(now - call->server->clock_us);
  histogram_add (&call->server->latency, (guint64)(now - call->server->clock_us));
  entry->failed += call->reply->errors > errors;
  call->server->clock_us = now;
}

/* CLIENT REPLY SKIP is about one command: the one after it, once that has been told. */
static void
begin_reply (Client *client)
{
  client->reply.muted = client->reply_mode == CLIENT_REPLY_OFF || client->reply_mode == CLIENT_REPLY_SKIP;
}

static void
end_reply (Client *client, guint64 ticket)
{
  output_seal (client->reply.output, ticket);
  if (client->reply_mode == CLIENT_REPLY_SKIP)
    client->reply_mode = CLIENT_REPLY_ON;
  else if (client->reply_mode == CLIENT_REPLY_SKIP_NEXT)
    client->reply_mode = CLIENT_REPLY_SKIP;
}

void
server_execute (Server *self, Client *client, const Slice *argv, gsize argc)
{
  Call call = { .server = self,
                .client = client,
                .argv = argv,
                .argc = argc,
                .reply = &client->reply,
                .storage = self->storage,
                .db = client->db,
                .now = self->now };
  guint64 errors = client->reply.errors;

  if (is_http (argv[0]))
    {
      client->aborted = TRUE;
      return;
    }

  client->active_us = self->clock_us;
  self->stats.commands++;
  begin_reply (client);
  call.entry = find_command (&call);
  if (call.entry != NULL && can_run (&call))
    run (&call);
  self->stats.errors += client->reply.errors - errors;
  end_reply (client, storage_take_ticket (self->storage));
}
