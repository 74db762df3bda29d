/* selection.c: which database a call means. Service thread. */
#include "selection.h"

#define SLOT "database"
#define MAX_PEERS 4096

typedef struct
{
  char *name;
  gint64 since_us;
} Choice;

struct _IndexerSelection
{
  gint64 ttl_us;
  GHashTable *peers; /* "pid:start:uid" -> Choice */
};

static void
choice_free (gpointer data)
{
  Choice *choice = data;

  g_free (choice->name);
  g_free (choice);
}

IndexerSelection *
indexer_selection_new (guint ttl_s)
{
  IndexerSelection *self = g_new0 (IndexerSelection, 1);

  self->ttl_us = (gint64)ttl_s * G_USEC_PER_SEC;
  self->peers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, choice_free);
  return self;
}

void
indexer_selection_free (IndexerSelection *self)
{
  g_hash_table_unref (self->peers);
  g_free (self);
}

/* NULL when the caller's process is not known for certain. */
static char *
peer_key (HeroRpcCall *call)
{
  HeroIdentity *identity = hero_rpc_call_get_identity (call);

  if (!hero_rpc_call_has_connection (call) || identity->peer_pid == 0 || identity->peer_start_time == 0)
    return NULL;
  return g_strdup_printf ("%d:%" G_GUINT64_FORMAT ":%u", (int)identity->peer_pid, identity->peer_start_time,
                          (unsigned int)identity->peer_uid);
}

static gboolean
is_expired (gpointer key, gpointer value, gpointer data)
{
  return ((Choice *)value)->since_us < *(gint64 *)data;
}

static void
remember_peer (IndexerSelection *self, HeroRpcCall *call, const char *name)
{
  char *key = self->ttl_us > 0 ? peer_key (call) : NULL;
  gint64 now = g_get_monotonic_time (), oldest = now - self->ttl_us;
  Choice *choice;

  if (key == NULL)
    return;
  if (g_hash_table_size (self->peers) >= MAX_PEERS)
    g_hash_table_foreach_remove (self->peers, is_expired, &oldest);
  if (g_hash_table_size (self->peers) >= MAX_PEERS)
    g_hash_table_remove_all (self->peers);
  choice = g_new (Choice, 1);
  *choice = (Choice){ g_strdup (name), now };
  g_hash_table_replace (self->peers, key, choice);
}

static const char *
recall_peer (IndexerSelection *self, HeroRpcCall *call)
{
  g_autofree char *key = self->ttl_us > 0 ? peer_key (call) : NULL;
  Choice *choice = key != NULL ? g_hash_table_lookup (self->peers, key) : NULL;

  return choice != NULL && choice->since_us >= g_get_monotonic_time () - self->ttl_us ? choice->name : NULL;
}

const char *
indexer_selection_resolve (IndexerSelection *self, HeroRpcCall *call)
{
  const char *name = hero_rpc_get_string (call, "db");

  if (name == NULL || *name == 0)
    name = hero_rpc_call_get_connection_data (call, SLOT);
  return name != NULL ? name : recall_peer (self, call);
}

gboolean
indexer_selection_set (IndexerSelection *self, HeroRpcCall *call, const char *name)
{
  if (!hero_rpc_call_has_connection (call))
    return FALSE;
  hero_rpc_call_set_connection_data (call, SLOT, g_strdup (name), g_free);
  remember_peer (self, call, name);
  return TRUE;
}

void
indexer_selection_forget (IndexerSelection *self, HeroRpcCall *call, const char *name)
{
  g_autofree char *key = peer_key (call);
  Choice *choice = key != NULL ? g_hash_table_lookup (self->peers, key) : NULL;

  if (g_strcmp0 (hero_rpc_call_get_connection_data (call, SLOT), name) == 0)
    hero_rpc_call_set_connection_data (call, SLOT, NULL, NULL);
  if (choice != NULL && g_str_equal (choice->name, name))
    g_hash_table_remove (self->peers, key);
}
