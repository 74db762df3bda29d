/* commands-client.c: CLIENT, what a server knows of its connections. Service thread. */
#include "commands.h"
#include "keyspace.h"
#include "number.h"

void
command_client_id (Call *call)
{
  reply_integer (call->reply, (gint64)call->client->id);
}

void
command_client_getname (Call *call)
{
  if (call->client->name != NULL)
    reply_string (call->reply, call->client->name);
  else
    reply_null (call->reply);
}

void
command_client_setname (Call *call)
{
  if (!client_is_valid_name (call->argv[2]))
    {
      reply_error (call->reply, "ERR Client names cannot contain spaces, newlines or special characters.");
      return;
    }
  client_set_text (&call->client->name, call->argv[2]);
  reply_status (call->reply, "OK");
}

void
command_client_setinfo (Call *call)
{
  g_autofree char *option = g_strndup (call->argv[2].data, call->argv[2].length);
  char **place;

  if (slice_is (call->argv[2], "lib-name"))
    place = &call->client->lib_name;
  else if (slice_is (call->argv[2], "lib-ver"))
    place = &call->client->lib_version;
  else
    {
      reply_error (call->reply, "ERR Unrecognized option '%s'", option);
      return;
    }

  if (!client_is_valid_name (call->argv[3]))
    {
      reply_error (call->reply, "ERR %s cannot contain spaces, newlines or special characters.", option);
      return;
    }
  client_set_text (place, call->argv[3]);
  reply_status (call->reply, "OK");
}

/* ON or OFF as the last word. */
static gboolean
read_switch (Call *call, gboolean *on)
{
  *on = call_is (call, 2, "on");
  if (*on || call_is (call, 2, "off"))
    return TRUE;
  call_syntax_error (call);
  return FALSE;
}

void
command_client_no_evict (Call *call)
{
  if (read_switch (call, &call->client->no_evict))
    reply_status (call->reply, "OK");
}

void
command_client_no_touch (Call *call)
{
  if (read_switch (call, &call->client->no_touch))
    reply_status (call->reply, "OK");
}

void
command_client_reply (Call *call)
{
  Client *client = call->client;

  if (call_is (call, 2, "on"))
    {
      client->reply_mode = CLIENT_REPLY_ON;
      call->reply->muted = FALSE;
      reply_status (call->reply, "OK");
    }
  else if (call_is (call, 2, "off"))
    {
      client->reply_mode = CLIENT_REPLY_OFF;
      call->reply->muted = TRUE;
    }
  else if (!call_is (call, 2, "skip"))
    call_syntax_error (call);
  else if (client->reply_mode != CLIENT_REPLY_OFF)
    {
      client->reply_mode = CLIENT_REPLY_SKIP_NEXT;
      call->reply->muted = TRUE;
    }
}

/* ------------------------------------------------------------------------------------------------ which clients */

/* Every field set must fit. */
typedef struct
{
  gboolean by_id;
  gint64 id;
  gboolean none;                /* a type or user of which there is no client */
  Slice address, local_address; /* data NULL = any */
  gint64 min_age_s;
  gboolean skip_me;
} ClientFilter;

static gboolean
filter_takes (const ClientFilter *filter, const Call *call, const Client *client)
{
  return !filter->none && !(filter->by_id && (guint64)filter->id != client->id)
         && (filter->address.data == NULL || slice_equal (filter->address, slice_of_string (client->address)))
         && (filter->local_address.data == NULL
             || slice_equal (filter->local_address, slice_of_string (client->local_address)))
         && (call->server->clock_us - client->created_us) / G_USEC_PER_SEC >= filter->min_age_s
         && !(filter->skip_me && client == call->client);
}

/* All clients are of the type normal. */
static gboolean
read_type (Call *call, Slice word, gboolean *none)
{
  static const char *const others[] = { "master", "replica", "slave", "pubsub" };

  if (slice_is (word, "normal"))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    if (slice_is (word, others[i]))
      {
        *none = TRUE;
        return TRUE;
      }

  {
    g_autofree char *text = g_strndup (word.data, word.length);

    reply_error (call->reply, "ERR Unknown client type '%s'", text);
  }
  return FALSE;
}

void
command_client_info (Call *call)
{
  g_autoptr (GString) text = g_string_new (NULL);

  client_describe (call->client, text);
  g_string_append_c (text, '\n');
  reply_verbatim (call->reply, slice (text->str, text->len));
}

static gboolean
is_wanted (const Call *call, const Client *client)
{
  gint64 id;

  for (gsize i = 3; i < call->argc; i++)
    if (number_parse_int (call->argv[i], &id) && (guint64)id == client->id)
      return TRUE;
  return FALSE;
}

void
command_client_list (Call *call)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean by_id = call->argc > 3 && call_is (call, 2, "id");
  gboolean none = FALSE;

  if (call->argc == 4 && call_is (call, 2, "type"))
    {
      if (!read_type (call, call->argv[3], &none))
        return;
    }
  else if (by_id)
    {
      for (gsize i = 3; i < call->argc; i++)
        {
          gint64 id;

          if (!number_parse_int (call->argv[i], &id))
            {
              reply_error (call->reply, "ERR Invalid client ID");
              return;
            }
        }
    }
  else if (call->argc != 2)
    {
      call_syntax_error (call);
      return;
    }

  for (GList *link = call->server->clients.head; link != NULL && !none; link = link->next)
    if (!by_id || is_wanted (call, link->data))
      {
        client_describe (link->data, text);
        g_string_append_c (text, '\n');
      }
  reply_verbatim (call->reply, slice (text->str, text->len));
}

/* ------------------------------------------------------------------------------------------------ KILL */

static gboolean
read_kill_pair (Call *call, gsize at, ClientFilter *filter)
{
  Slice value = call->argv[at + 1];

  if (call_is (call, at, "id"))
    {
      filter->by_id = TRUE;
      if (number_parse_int (value, &filter->id) && filter->id > 0)
        return TRUE;
      reply_error (call->reply, "ERR client-id should be greater than 0");
      return FALSE;
    }
  if (call_is (call, at, "type"))
    return read_type (call, value, &filter->none);
  if (call_is (call, at, "addr"))
    filter->address = value;
  else if (call_is (call, at, "laddr"))
    filter->local_address = value;
  else if (call_is (call, at, "maxage"))
    return call_get_integer (call, at + 1, &filter->min_age_s);
  else if (call_is (call, at, "user"))
    {
      g_autofree char *user = g_strndup (value.data, value.length);

      if (g_str_equal (user, "default"))
        return TRUE;
      reply_error (call->reply, "ERR No such user '%s'", user);
      return FALSE;
    }
  else if (call_is (call, at, "skipme") && slice_is (value, "yes"))
    filter->skip_me = TRUE;
  else if (call_is (call, at, "skipme") && slice_is (value, "no"))
    filter->skip_me = FALSE;
  else
    {
      call_syntax_error (call);
      return FALSE;
    }
  return TRUE;
}

static gint64
kill_clients (Call *call, const ClientFilter *filter)
{
  gint64 killed = 0;

  for (GList *link = call->server->clients.head; link != NULL; link = link->next)
    {
      Client *client = link->data;

      if (!filter_takes (filter, call, client))
        continue;
      killed++;
      if (client == call->client)
        client->closing = TRUE;
      else
        server_kill_client (call->server, client);
    }
  return killed;
}

void
command_client_kill (Call *call)
{
  ClientFilter filter = { 0 };

  /* The old form: an address, and it may be one's own. */
  if (call->argc == 3)
    {
      filter.address = call->argv[2];
      if (kill_clients (call, &filter) > 0)
        reply_status (call->reply, "OK");
      else
        reply_error (call->reply, "ERR No such client");
      return;
    }

  filter.skip_me = TRUE;
  for (gsize i = 2; i < call->argc; i += 2)
    {
      if (i + 1 == call->argc)
        {
          call_syntax_error (call);
          return;
        }
      if (!read_kill_pair (call, i, &filter))
        return;
    }
  reply_integer (call->reply, kill_clients (call, &filter));
}
