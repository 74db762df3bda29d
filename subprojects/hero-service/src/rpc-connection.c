/* rpc-connection.c: what a call knows of its client's connection: values kept there, and whether a reply left. Service
 * thread. */
#include "rpc-core.h"

/* ------------------------------------------------------------------------------------------------ connection data */

typedef struct
{
  gpointer data;
  GDestroyNotify destroy;
} Slot;

static void
slot_free (Slot *slot)
{
  if (slot->destroy != NULL)
    slot->destroy (slot->data);
  g_free (slot);
}

HeroRpcConnection *
hero_rpc_connection_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)slot_free);
}

void
hero_rpc_connection_free (HeroRpcConnection *connection)
{
  g_hash_table_unref (connection);
}

void
hero_rpc_call_set_connection_data (HeroRpcCall *call, const char *key, gpointer data, GDestroyNotify destroy)
{
  HeroRpcConnection *connection = hero_rpc_exchange_get_connection (call->exchange);
  Slot *slot = g_new (Slot, 1);

  *slot = (Slot){ data, destroy };
  if (connection == NULL)
    slot_free (slot);
  else
    g_hash_table_insert (connection, g_strdup (key), slot);
}

gboolean
hero_rpc_call_has_connection (HeroRpcCall *call)
{
  return hero_rpc_exchange_get_connection (call->exchange) != NULL;
}

gpointer
hero_rpc_call_get_connection_data (HeroRpcCall *call, const char *key)
{
  HeroRpcConnection *connection = hero_rpc_exchange_get_connection (call->exchange);
  Slot *slot = connection != NULL ? g_hash_table_lookup (connection, key) : NULL;

  return slot != NULL ? slot->data : NULL;
}

/* ------------------------------------------------------------------------------------------------ written */

struct _HeroRpcWritten
{
  HeroRpcWritten *next;
  void (*func) (gpointer data, gboolean written);
  gpointer data;
};

void
hero_rpc_call_on_written (HeroRpcCall *call, void (*func) (gpointer data, gboolean written), gpointer data)
{
  HeroRpcWritten *written = g_new (HeroRpcWritten, 1);

  *written = (HeroRpcWritten){ NULL, func, data };
  hero_rpc_written_append (&call->written, written);
}

void
hero_rpc_written_append (HeroRpcWritten **list, HeroRpcWritten *more)
{
  while (*list != NULL)
    list = &(*list)->next;
  *list = more;
}

void
hero_rpc_written (HeroRpcWritten *written, gboolean ok)
{
  while (written != NULL)
    {
      HeroRpcWritten *next = written->next;
      written->func (written->data, ok);
      g_free (written);
      written = next;
    }
}
