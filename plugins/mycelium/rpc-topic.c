/* rpc-topic.c: which topics are taken from where (contract 6, 9). Handlers run on the service thread. */
#include "rpc.h"

/* ------------------------------------------------------------------------------------------------ topics */

static void
on_stored (gpointer data, GError *error)
{
  HeroRpcCall *call = data;

  if (error)
    rpc_fail_node (call, error);
  else
    hero_rpc_return_boolean (call, TRUE);
}

/* Changes are for who reaches the socket, not for a TCP port (contract 8.1). */
gboolean
rpc_may_change (HeroRpcCall *call)
{
  HeroIdentity *identity = hero_rpc_call_get_identity (call);

  if (identity->origin != HERO_ORIGIN_TCP)
    return TRUE;
  hero_rpc_fail (call, HERO_RPC_FORBIDDEN, "topics are not changed over TCP: use rpc.sock");
  return FALSE;
}

void
rpc_on_get_default_topic_action (gpointer data, HeroRpcCall *call)
{
  hero_rpc_return_boolean (call, acl_get_default (((Mycelium *)data)->node->acl));
}

void
rpc_on_set_default_topic_action (gpointer data, HeroRpcCall *call)
{
  if (rpc_may_change (call))
    node_set_default_action (((Mycelium *)data)->node, hero_rpc_get_boolean (call, "accept"), on_stored, call);
}

void
rpc_on_get_topics (gpointer data, HeroRpcCall *call)
{
  g_autoptr (GPtrArray) topics = acl_get_topics (((Mycelium *)data)->node->acl);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < topics->len; i++)
    {
      g_autofree char *text = base64_print (topics->pdata[i]);
      json_array_add_string_element (array, text);
    }
  hero_rpc_return_array (call, array);
}

void
rpc_on_add_topic (gpointer data, HeroRpcCall *call)
{
  if (rpc_may_change (call))
    node_add_topic (((Mycelium *)data)->node, hero_rpc_get_bytes (call, "topic"), on_stored, call);
}

void
rpc_on_remove_topic (gpointer data, HeroRpcCall *call)
{
  if (rpc_may_change (call))
    node_remove_topic (((Mycelium *)data)->node, hero_rpc_get_bytes (call, "topic"), on_stored, call);
}

void
rpc_on_get_topic_sources (gpointer data, HeroRpcCall *call)
{
  g_auto (GStrv) sources = acl_get_sources (((Mycelium *)data)->node->acl, hero_rpc_get_bytes (call, "topic"));
  JsonArray *array;

  if (!sources)
    {
      hero_rpc_fail (call, RPC_UNKNOWN_TOPIC, "the topic is not configured: addTopic first");
      return;
    }
  array = json_array_new ();
  for (guint i = 0; sources[i]; i++)
    json_array_add_string_element (array, sources[i]);
  hero_rpc_return_array (call, array);
}

static gboolean
get_subnet (HeroRpcCall *call, Subnet *subnet)
{
  const char *text = hero_rpc_get_string (call, "subnet");

  if (subnet_parse (text, subnet))
    return TRUE;
  hero_rpc_fail_param (call, "subnet", "an address or a network such as 400::/7", text);
  return FALSE;
}

void
rpc_on_add_topic_source (gpointer data, HeroRpcCall *call)
{
  Subnet subnet;

  if (rpc_may_change (call) && get_subnet (call, &subnet))
    node_add_source (((Mycelium *)data)->node, hero_rpc_get_bytes (call, "topic"), &subnet, on_stored, call);
}

void
rpc_on_remove_topic_source (gpointer data, HeroRpcCall *call)
{
  Node *node = ((Mycelium *)data)->node;
  Subnet subnet;

  if (!rpc_may_change (call) || !get_subnet (call, &subnet))
    return;
  if (acl_has_topic (node->acl, hero_rpc_get_bytes (call, "topic")))
    node_remove_source (node, hero_rpc_get_bytes (call, "topic"), &subnet, on_stored, call);
  else
    hero_rpc_fail (call, RPC_UNKNOWN_TOPIC, "the topic is not configured: addTopic first");
}
