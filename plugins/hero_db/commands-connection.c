/* commands-connection.c: the connection itself. Service thread. */
#include "commands.h"
#include "keyspace.h"
#include "number.h"

/* Nobody can log in yet: there are no secrets. */
static void
refuse_login (Call *call)
{
  reply_error (call->reply,
               "ERR AUTH <password> called without any password configured for the default user. Are you sure "
               "your configuration is correct?");
}

void
command_auth (Call *call)
{
  if (call->argc > 3)
    call_syntax_error (call);
  else
    refuse_login (call);
}

void
command_echo (Call *call)
{
  reply_bulk (call->reply, call->argv[1]);
}

void
command_ping (Call *call)
{
  if (call->argc > 2)
    reply_error (call->reply, "ERR wrong number of arguments for 'ping' command");
  else if (call->argc == 2)
    reply_bulk (call->reply, call->argv[1]);
  else
    reply_status (call->reply, "PONG");
}

void
command_quit (Call *call)
{
  call->client->closing = TRUE;
  reply_status (call->reply, "OK");
}

void
command_reset (Call *call)
{
  client_reset (call->client);
  reply_status (call->reply, "RESET");
}

void
command_select (Call *call)
{
  if (call_get_database (call, 1, &call->client->db))
    reply_status (call->reply, "OK");
}

/* ------------------------------------------------------------------------------------------------ HELLO */

typedef struct
{
  gint64 version; /* 0 = not given */
  gboolean login;
  gboolean rename;
  Slice name;
} Hello;

static gboolean
read_hello (Call *call, Hello *hello)
{
  if (call->argc > 1)
    {
      if (!number_parse_int (call->argv[1], &hello->version))
        {
          reply_error (call->reply, "ERR Protocol version is not an integer or out of range");
          return FALSE;
        }
      if (hello->version < 2 || hello->version > 3)
        {
          reply_error (call->reply, "NOPROTO unsupported protocol version");
          return FALSE;
        }
    }

  for (gsize i = 2; i < call->argc; i++)
    {
      gsize more = call->argc - 1 - i;

      if (call_is (call, i, "auth") && more >= 2)
        {
          hello->login = TRUE;
          i += 2;
        }
      else if (call_is (call, i, "setname") && more >= 1)
        {
          hello->rename = TRUE;
          hello->name = call->argv[++i];
          if (!client_is_valid_name (hello->name))
            {
              reply_error (call->reply, "ERR Client names cannot contain spaces, newlines or special characters.");
              return FALSE;
            }
        }
      else
        {
          g_autofree char *word = g_strndup (call->argv[i].data, call->argv[i].length);

          reply_error (call->reply, "ERR Syntax error in HELLO option '%s'", word);
          return FALSE;
        }
    }
  return TRUE;
}

void
command_hello (Call *call)
{
  Hello hello = { 0 };

  if (!read_hello (call, &hello))
    return;
  if (hello.login)
    {
      refuse_login (call);
      return;
    }
  if (hello.rename)
    client_set_text (&call->client->name, hello.name);
  if (hello.version != 0)
    call->reply->protocol = (guint)hello.version;

  reply_map (call->reply, 7);
  reply_string (call->reply, "server");
  reply_string (call->reply, "redis");
  reply_string (call->reply, "version");
  reply_string (call->reply, SERVER_REDIS_VERSION);
  reply_string (call->reply, "proto");
  reply_integer (call->reply, call->reply->protocol);
  reply_string (call->reply, "id");
  reply_integer (call->reply, (gint64)call->client->id);
  reply_string (call->reply, "mode");
  reply_string (call->reply, "standalone");
  reply_string (call->reply, "role");
  reply_string (call->reply, "master");
  reply_string (call->reply, "modules");
  reply_array (call->reply, 0);
}
