/* rpc.c: turns, answers and the running of commands for JSON-RPC. Service thread. */
#include "rpc.h"

#include <hero-service/events.h>

#include "bytes-json.h"
#include "reply-json.h"

/* A result that waits for its commit. */
typedef struct
{
  HeroRpcCall *call;
  JsonNode *result;
  guint64 ticket;
} Answer;

JsonNode *
rpc_object_node (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

/* ------------------------------------------------------------------------------------------------ turns */

gboolean
rpc_begin (HeroDb *self, HeroRpcCall *call)
{
  g_autoptr (GError) error = NULL;

  /* Another node's context says nothing about rights here. */
  if (hero_rpc_call_get_identity (call)->origin == HERO_ORIGIN_BUS_REMOTE)
    {
      hero_rpc_fail (call, HERO_RPC_FORBIDDEN, "another node may not use this database");
      return FALSE;
    }
  server_begin_turn (self->server);
  if (storage_begin (self->server->storage, &error))
    return TRUE;
  hero_rpc_fail_error (call, g_steal_pointer (&error));
  return FALSE;
}

static void
end_turn (HeroDb *self)
{
  server_end_turn (self->server, TRUE);
}

void
rpc_finish (HeroDb *self, HeroRpcCall *call, JsonNode *result)
{
  /* What commands run by rpc_run have read and written is in the ticket of their reply. */
  guint64 ticket = MAX (storage_take_ticket (self->server->storage), self->rpc_ticket);

  self->rpc_ticket = 0;
  if (ticket <= storage_get_durable (self->server->storage))
    hero_rpc_return (call, result);
  else
    {
      Answer *answer = g_new (Answer, 1);

      *answer = (Answer){ call, result, ticket };
      g_queue_push_tail (&self->answers, answer);
    }
  end_turn (self);
}

void
rpc_finish_failed (HeroDb *self, HeroRpcCall *call, int code, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  hero_rpc_fail (call, code, "%s", text);
  self->rpc_ticket = 0;
  end_turn (self);
}

void
rpc_finish_refused (HeroDb *self, HeroRpcCall *call, const char *line)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "redis", line);
  hero_rpc_fail_data (call, RPC_COMMAND_ERROR, data, "%s", line);
  self->rpc_ticket = 0;
  end_turn (self);
}

void
rpc_committed (HeroDb *self, const GError *error)
{
  guint64 durable = storage_get_durable (self->server->storage);
  guint count = self->answers.length;

  for (guint i = 0; i < count; i++)
    {
      Answer *answer = g_queue_pop_head (&self->answers);

      if (error == NULL && answer->ticket > durable)
        {
          g_queue_push_tail (&self->answers, answer);
          continue;
        }
      if (error == NULL)
        hero_rpc_return (answer->call, answer->result);
      else
        {
          json_node_unref (answer->result);
          hero_rpc_fail_error (answer->call, g_error_copy (error));
        }
      g_free (answer);
    }
}

/* ------------------------------------------------------------------------------------------------ parameters */

gboolean
rpc_get_database (HeroDb *self, HeroRpcCall *call, guint *db)
{
  gint64 number = hero_rpc_get_integer (call, "db");

  if (number < self->limits.databases)
    {
      *db = (guint)number;
      return TRUE;
    }
  rpc_finish_failed (self, call, RPC_DATABASE_NOT_FOUND, "there is no database %" G_GINT64_FORMAT ", only 0 to %u",
                     number, self->limits.databases - 1);
  return FALSE;
}

GBytes *
rpc_get_bytes (HeroDb *self, HeroRpcCall *call, const char *param)
{
  GBytes *bytes = bytes_from_json (hero_rpc_get_node (call, param));

  if (bytes != NULL)
    return bytes;
  hero_rpc_fail_param (call, param, "a string or {\"b64\":\"<base64>\"}", "something else");
  end_turn (self);
  return NULL;
}

/* ------------------------------------------------------------------------------------------------ commands */

JsonNode *
rpc_run (HeroDb *self, guint db, guint protocol, const Slice *argv, gsize argc, const char **type, char **error)
{
  Client *client = self->rpc_client;
  g_autoptr (GBytes) reply = NULL;
  const char *kind;
  guint64 ticket;

  client_reset (client);
  client->closing = client->aborted = FALSE;
  client->db = db;
  client->reply.protocol = protocol;
  server_execute (self->server, client, argv, argc);
  reply = output_take (client->reply.output, &ticket);
  self->rpc_ticket = MAX (self->rpc_ticket, ticket);
  return reply_to_json (slice_of_bytes (reply), type != NULL ? type : &kind, error);
}

/* ------------------------------------------------------------------------------------------------ events */

void
rpc_publish_sample (HeroDb *self)
{
  hero_service_publish (self->ctx, NULL, "stats.sample", rpc_sample_to_json (samples_get (self->samples, 0)));
}
