/* test-commands.c: commands against a real store: what is replied, byte for byte. */
#include "server.h"

#include <glib/gstdio.h>

#include "resp-words.h"

typedef struct
{
  char *dir;
  Server *server;
  Client *client;
  GArray *words;
  GByteArray *scratch;
  guint commits;
} Fixture;

static void
on_changed (gpointer data, Storage *storage, const GError *error)
{
  Fixture *self = data;

  g_assert_no_error (error);
  self->commits++;
  storage_end_turn (storage);
}

static void
open_server (Fixture *self)
{
  const ServerLimits limits = { .databases = 16, .max_bulk = 1 << 20, .max_clients = 10 };
  g_autoptr (GError) error = NULL;

  self->server = server_new (self->dir, &limits, on_changed, self, &error);
  g_assert_no_error (error);
  self->client = client_new (server_next_client_id (self->server), -1, "test:0", NULL);
}

static void
close_server (Fixture *self)
{
  server_end_turn (self->server);
  while (!storage_is_idle (self->server->storage))
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&self->client, client_free);
  g_clear_pointer (&self->server, server_free);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("hero-db-XXXXXX", NULL);
  self->words = g_array_new (FALSE, FALSE, sizeof (Slice));
  self->scratch = g_byte_array_new ();
  open_server (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  close_server (self);
  dir = g_dir_open (self->dir, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->dir, name, NULL);

      g_remove (path);
    }
  g_rmdir (self->dir);
  g_free (self->dir);
  g_array_unref (self->words);
  g_byte_array_unref (self->scratch);
}

static void
execute (Fixture *self, const char *line)
{
  g_array_set_size (self->words, 0);
  g_assert_true (resp_words_split (slice_of_string (line), self->words, self->scratch));
  server_execute (self->server, self->client, (const Slice *) (gpointer) self->words->data, self->words->len);
}

/* All replies so far; they need not be durable for it. */
static char *
take_replies (Fixture *self)
{
  guint64 ticket;
  g_autoptr (GBytes) bytes = output_take (self->client->reply.output, &ticket);
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  return g_strndup (text, length);
}

/* One turn. */
static void
check (Fixture *self, const char *line, const char *expected)
{
  g_autofree char *replies = NULL;

  g_test_message ("%s", line);
  server_begin_turn (self->server);
  execute (self, line);
  replies = take_replies (self);
  server_end_turn (self->server);
  g_assert_cmpstr (replies, ==, expected);
}

static void
test_strings (Fixture *self, gconstpointer data)
{
  check (self, "get a", "$-1\r\n");
  check (self, "set a 1", "+OK\r\n");
  check (self, "get a", "$1\r\n1\r\n");
  check (self, "set a 2 nx", "$-1\r\n");
  check (self, "set b 2 xx", "$-1\r\n");
  check (self, "set a 2 xx get", "$1\r\n1\r\n");
  check (self, "set a 3 nx get", "$1\r\n2\r\n");
  check (self, "set c 1 get", "$-1\r\n");
  check (self, "set a 1 nx xx", "-ERR syntax error\r\n");
  check (self, "set a 1 ex", "-ERR syntax error\r\n");
  check (self, "set a 1 ex 10 px 10", "-ERR syntax error\r\n");
  check (self, "set a 1 ex 10 keepttl", "-ERR syntax error\r\n");
  check (self, "set a 1 ex 0", "-ERR invalid expire time in 'set' command\r\n");
  check (self, "set a 1 ex 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n");
  check (self, "set a 1 ex x", "-ERR value is not an integer or out of range\r\n");
  check (self, "setex a -1 1", "-ERR invalid expire time in 'setex' command\r\n");
  check (self, "append a 45", ":3\r\n");
  check (self, "strlen a", ":3\r\n");
  check (self, "getrange a 1 -1", "$2\r\n45\r\n");
  check (self, "setrange a 5 x", ":6\r\n");
  check (self, "get a", "$6\r\n245");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/commands/strings", Fixture, NULL, set_up, test_strings, tear_down);
  return g_test_run ();
}
