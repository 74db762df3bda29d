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
  storage_end_turn (storage, TRUE);
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
  server_end_turn (self->server, TRUE);
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
  server_execute (self->server, self->client, (const Slice *)(gpointer)self->words->data, self->words->len);
}

/* All replies so far; they need not be durable for it. */
static char *
take_replies (Fixture *self)
{
  guint64 ticket;
  g_autoptr (GBytes) bytes = output_take (self->client->reply.output, &ticket);
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  return length > 0 ? g_strndup (text, length) : g_strdup ("");
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
  server_end_turn (self->server, TRUE);
  g_assert_cmpstr (replies, ==, expected);
}

/* A line and what it answers, in turn; ends with NULL. */
static void
check_all (Fixture *self, const char *const *lines)
{
  for (; *lines != NULL; lines += 2)
    check (self, lines[0], lines[1]);
}

#define SYNTAX "-ERR syntax error\r\n"
#define NOT_INTEGER "-ERR value is not an integer or out of range\r\n"

/* clang-format off */

static const char *const strings[] = {
  "get a", "$-1\r\n",
  "set a 1", "+OK\r\n",
  "get a", "$1\r\n1\r\n",
  "set a 2 nx", "$-1\r\n",
  "set b 2 xx", "$-1\r\n",
  "set a 2 xx get", "$1\r\n1\r\n",
  "set a 3 nx get", "$1\r\n2\r\n",
  "set c 1 get", "$-1\r\n",
  "set a 1 nx xx", SYNTAX,
  "set a 1 ex", SYNTAX,
  "set a 1 ex 10 px 10", SYNTAX,
  "set a 1 ex 10 keepttl", SYNTAX,
  "set a 1 ex 0", "-ERR invalid expire time in 'set' command\r\n",
  "set a 1 ex 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n",
  "set a 1 px 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n",
  "set a 1 ex x", NOT_INTEGER,
  "setex a -1 1", "-ERR invalid expire time in 'setex' command\r\n",
  "setnx a 1", ":0\r\n",
  "setnx d 1", ":1\r\n",
  "append a 45", ":3\r\n",
  "append new x", ":1\r\n",
  "strlen a", ":3\r\n",
  "strlen none", ":0\r\n",
  "getrange a 1 -1", "$2\r\n45\r\n",
  "getrange a -1 -2", "$0\r\n\r\n",
  "getrange a 5 9", "$0\r\n\r\n",
  "setrange a 1 xyz", ":4\r\n",
  "get a", "$4\r\n2xyz\r\n",
  "setrange a -1 x", "-ERR offset is out of range\r\n",
  "setrange a 1048576 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n",
  "setrange none 5 \"\"", ":0\r\n",
  "getset a 9", "$4\r\n2xyz\r\n",
  "getdel a", "$1\r\n9\r\n",
  "getdel a", "$-1\r\n",
  "mset x 1 y 2", "+OK\r\n",
  "mset x 1 y", "-ERR wrong number of arguments for 'mset' command\r\n",
  "mget x none y", "*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n",
  "msetnx z 1 x 1", ":0\r\n",
  "msetnx z 1 w 1", ":1\r\n",
  NULL,
};

static const char *const counters[] = {
  "incr n", ":1\r\n",
  "incrby n 41", ":42\r\n",
  "decr n", ":41\r\n",
  "decrby n 1", ":40\r\n",
  "decrby n -9223372036854775808", "-ERR decrement would overflow\r\n",
  "set n 9223372036854775807", "+OK\r\n",
  "incr n", "-ERR increment or decrement would overflow\r\n",
  "incrby n 01", NOT_INTEGER,
  "set n abc", "+OK\r\n",
  "incr n", NOT_INTEGER,
  "set n \"\"", "+OK\r\n",
  "incr n", NOT_INTEGER,
  "incrbyfloat f 3.0", "$1\r\n3\r\n",
  "incrbyfloat f 0.1", "$3\r\n3.1\r\n",
  "incrbyfloat f -5.0e3", "$23\r\n-4996.89999999999999991\r\n",
  "incrbyfloat f x", "-ERR value is not a valid float\r\n",
  "incrbyfloat n 1", "-ERR value is not a valid float\r\n",
  "incrbyfloat f inf", "-ERR increment would produce NaN or Infinity\r\n",
  NULL,
};

static const char *const ends[] = {
  "ttl a", ":-2\r\n",
  "expire a 10", ":0\r\n",
  "set a 1", "+OK\r\n",
  "ttl a", ":-1\r\n",
  "persist a", ":0\r\n",
  "expire a 100 xx", ":0\r\n",
  "expire a 100 gt", ":0\r\n",
  "expire a 100 nx", ":1\r\n",
  "expire a 100 nx", ":0\r\n",
  "ttl a", ":100\r\n",
  "expire a 50 gt", ":0\r\n",
  "expire a 50 lt", ":1\r\n",
  "expire a 200 gt xx", ":1\r\n",
  "expire a 1 nx gt", "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n",
  "expire a 1 gt lt", "-ERR GT and LT options at the same time are not compatible\r\n",
  "expire a 1 foo", "-ERR Unsupported option foo\r\n",
  "expire a x", NOT_INTEGER,
  "expire a 9223372036854775807", "-ERR invalid expire time in 'expire' command\r\n",
  "pexpire a 9223372036854775807", "-ERR invalid expire time in 'pexpire' command\r\n",
  "incr a", ":2\r\n",
  "ttl a", ":200\r\n",
  "set a 1 keepttl", "+OK\r\n",
  "ttl a", ":200\r\n",
  "set a 1", "+OK\r\n",
  "ttl a", ":-1\r\n",
  "expireat a 33177117420", ":1\r\n",
  "expiretime a", ":33177117420\r\n",
  "pexpiretime a", ":33177117420000\r\n",
  "persist a", ":1\r\n",
  "pexpiretime a", ":-1\r\n",
  "getex a ex 100", "$1\r\n1\r\n",
  "ttl a", ":100\r\n",
  "getex a persist", "$1\r\n1\r\n",
  "ttl a", ":-1\r\n",
  "getex a ex 1 persist", SYNTAX,
  "getex none ex 0", "$-1\r\n",
  "getex a ex 0", "-ERR invalid expire time in 'getex' command\r\n",
  "expire a -1", ":1\r\n",
  "exists a", ":0\r\n",
  "set b 1 pxat 1", "+OK\r\n",
  "get b", "$-1\r\n",
  "set b 2 nx", "+OK\r\n",
  "get b", "$1\r\n2\r\n",
  NULL,
};

static const char *const keys[] = {
  "dbsize", ":0\r\n",
  "randomkey", "$-1\r\n",
  "scan 0", "*2\r\n$1\r\n0\r\n*0\r\n",
  "set a 1", "+OK\r\n",
  "randomkey", "$1\r\na\r\n",
  "type a", "+string\r\n",
  "type none", "+none\r\n",
  "keys *", "*1\r\n$1\r\na\r\n",
  "keys b*", "*0\r\n",
  "scan 0 match a count 100 type string", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n",
  "scan 0 type list", "*2\r\n$1\r\n0\r\n*0\r\n",
  "scan x", "-ERR invalid cursor\r\n",
  "scan 0 count 0", SYNTAX,
  "scan 0 count", SYNTAX,
  "scan 0 count x", NOT_INTEGER,
  "exists a a none", ":2\r\n",
  "touch a none", ":1\r\n",
  "rename none x", "-ERR no such key\r\n",
  "rename a b", "+OK\r\n",
  "set a 2", "+OK\r\n",
  "renamenx a b", ":0\r\n",
  "renamenx a c", ":1\r\n",
  "copy b d", ":1\r\n",
  "copy b c", ":0\r\n",
  "copy b c replace", ":1\r\n",
  "get c", "$1\r\n1\r\n",
  "copy b b", "-ERR source and destination objects are the same\r\n",
  "move b 1", ":1\r\n",
  "move b 1", ":0\r\n",
  "move c 0", "-ERR source and destination objects are the same\r\n",
  "move c 16", "-ERR DB index is out of range\r\n",
  "select 1", "+OK\r\n",
  "keys *", "*1\r\n$1\r\nb\r\n",
  "flushdb", "+OK\r\n",
  "dbsize", ":0\r\n",
  "select 0", "+OK\r\n",
  "dbsize", ":2\r\n",
  "del c d d", ":2\r\n",
  "unlink c", ":0\r\n",
  "select 16", "-ERR DB index is out of range\r\n",
  "select x", NOT_INTEGER,
  "flushall foo", SYNTAX,
  "flushall async", "+OK\r\n",
  NULL,
};

static const char *const connection[] = {
  "ping", "+PONG\r\n",
  "ping x", "$1\r\nx\r\n",
  "ping x y", "-ERR wrong number of arguments for 'ping' command\r\n",
  "echo", "-ERR wrong number of arguments for 'echo' command\r\n",
  "foo", "-ERR unknown command 'foo', with args beginning with: \r\n",
  "foo a b", "-ERR unknown command 'foo', with args beginning with: 'a' 'b' \r\n",
  "config foo", "-ERR unknown subcommand 'foo'. Try CONFIG HELP.\r\n",
  "config get", "-ERR wrong number of arguments for 'config|get' command\r\n",
  "client", "-ERR wrong number of arguments for 'client' command\r\n",
  "migrate a", "-ERR command 'migrate' is not supported by hero_db: it is one server, not a cluster\r\n",
  "cluster info", "-ERR This instance has cluster support disabled\r\n",
  "auth x",
  "-ERR AUTH <password> called without any password configured for the default user. Are you sure your "
  "configuration is correct?\r\n",
  "client setname a", "+OK\r\n",
  "client getname", "$1\r\na\r\n",
  "client setname \"a b\"", "-ERR Client names cannot contain spaces, newlines or special characters.\r\n",
  "client setinfo lib-name x", "+OK\r\n",
  "client setinfo foo x", "-ERR Unrecognized option 'foo'\r\n",
  "client kill 1.2.3.4:5", "-ERR No such client\r\n",
  "client kill id 0", "-ERR client-id should be greater than 0\r\n",
  "client kill type foo", "-ERR Unknown client type 'foo'\r\n",
  "client no-evict on", "+OK\r\n",
  "client no-evict foo", SYNTAX,
  "client reply off", "",
  "ping", "",
  "client reply on", "+OK\r\n",
  "client reply skip", "",
  "ping", "",
  "ping", "+PONG\r\n",
  "hello 4", "-NOPROTO unsupported protocol version\r\n",
  "hello x", "-ERR Protocol version is not an integer or out of range\r\n",
  "hello 3 foo", "-ERR Syntax error in HELLO option 'foo'\r\n",
  "hello 3 setname n",
  "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:1\r\n"
  "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n",
  "get none", "_\r\n",
  "config get databases", "%1\r\n$9\r\ndatabases\r\n$2\r\n16\r\n",
  "reset", "+RESET\r\n",
  "client getname", "$-1\r\n",
  "config get databases", "*2\r\n$9\r\ndatabases\r\n$2\r\n16\r\n",
  NULL,
};

/* clang-format on */

static void
test_lines (Fixture *self, gconstpointer data)
{
  check_all (self, data);
}

/* A command sees what those before it in the same turn have written, and all of it is there after a restart. */
static void
test_one_turn (Fixture *self, gconstpointer data)
{
  g_autofree char *replies = NULL;

  server_begin_turn (self->server);
  execute (self, "set a 1");
  execute (self, "incr a");
  execute (self, "append a x");
  execute (self, "get a");
  execute (self, "set b 1 ex 1000");
  execute (self, "scan 0 count 100 match a");
  replies = take_replies (self);
  g_assert_cmpstr (replies, ==, "+OK\r\n:2\r\n:2\r\n$2\r\n2x\r\n+OK\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n");
  close_server (self);
  open_server (self);
  check (self, "get a", "$2\r\n2x\r\n");
  check (self, "ttl b", ":1000\r\n");
  check (self, "dbsize", ":2\r\n");
}

/* Nothing leaves before its commit; what shows nothing new need not wait. */
static void
test_replies_wait (Fixture *self, gconstpointer data)
{
  Output *output = self->client->reply.output;

  check (self, "set old 1", "+OK\r\n");
  close_server (self);
  open_server (self);
  output = self->client->reply.output;

  server_begin_turn (self->server);
  execute (self, "get old");
  execute (self, "set a 1");
  execute (self, "ping");
  g_assert_cmpuint (output_get_ready (output, storage_get_durable (self->server->storage)), ==, strlen ("$1\r\n1\r\n"));
  server_end_turn (self->server, TRUE);
  while (!storage_is_idle (self->server->storage))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (output_get_ready (output, storage_get_durable (self->server->storage)), ==,
                    strlen ("$1\r\n1\r\n+OK\r\n+PONG\r\n"));
}

/* From its millisecond on a key is gone for every command, removed or not. */
static void
test_ended_keys (Fixture *self, gconstpointer data)
{
  check (self, "set a 1 px 100000", "+OK\r\n");
  check (self, "set b 1", "+OK\r\n");
  server_begin_turn (self->server);
  self->server->now += 100000;
  execute (self, "get a");
  execute (self, "exists a");
  execute (self, "ttl a");
  execute (self, "type a");
  execute (self, "keys *");
  execute (self, "scan 0");
  execute (self, "incr a");
  execute (self, "ttl a");
  {
    g_autofree char *replies = take_replies (self);

    g_assert_cmpstr (replies, ==,
                     "$-1\r\n:0\r\n:-2\r\n+none\r\n*1\r\n$1\r\nb\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\nb\r\n:1\r\n:-1\r\n");
  }
}

static void
test_post_is_no_command (Fixture *self, gconstpointer data)
{
  check (self, "POST / HTTP/1.1", "");
  g_assert_true (self->client->aborted);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    const char *const *lines;
  } tables[] = {
    { "/commands/strings", strings }, { "/commands/counters", counters },     { "/commands/ends", ends },
    { "/commands/keys", keys },       { "/commands/connection", connection },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++)
    g_test_add (tables[i].name, Fixture, tables[i].lines, set_up, test_lines, tear_down);
  g_test_add ("/commands/one-turn", Fixture, NULL, set_up, test_one_turn, tear_down);
  g_test_add ("/commands/replies-wait", Fixture, NULL, set_up, test_replies_wait, tear_down);
  g_test_add ("/commands/ended-keys", Fixture, NULL, set_up, test_ended_keys, tear_down);
  g_test_add ("/commands/post-is-no-command", Fixture, NULL, set_up, test_post_is_no_command, tear_down);
  return g_test_run ();
}
