/* metrics.c: figures read when somebody asks. Service thread. */
#include "metrics.h"

#include <hero-service/health.h>

#define COUNTER(name, expression)                                                                                      \
  static double get_##name (gpointer data)                                                                             \
  {                                                                                                                    \
    const HeroDb *self = data;                                                                                         \
    return self->server != NULL ? (double)(expression) : 0;                                                            \
  }

COUNTER (connections, self->server->stats.connections)
COUNTER (refused, self->server->stats.refused)
COUNTER (commands, self->server->stats.commands)
COUNTER (errors, self->server->stats.errors)
COUNTER (bytes_in, self->server->stats.bytes_in)
COUNTER (bytes_out, self->server->stats.bytes_out)
COUNTER (hits, self->server->stats.hits)
COUNTER (misses, self->server->stats.misses)
COUNTER (expired, self->server->stats.expired)
COUNTER (commits, self->server->stats.commits)
COUNTER (commit_errors, self->server->stats.commit_errors)
COUNTER (clients, self->server->clients.length)
COUNTER (dirty, storage_get_dirty_bytes (self->server->storage))
COUNTER (disk, storage_get_file_bytes (self->server->storage))
COUNTER (readonly, self->server->broken != NULL)

static double
get_keys (gpointer data)
{
  const HeroDb *self = data;
  guint64 keys = 0;

  for (guint db = 0; self->server != NULL && db < self->limits.databases; db++)
    keys += storage_count (self->server->storage, db);
  return (double)keys;
}

static const struct
{
  HeroMetricKind kind;
  const char *name;
  const char *help;
  HeroMetricFunc get;
} metrics[] = {
  { HERO_METRIC_COUNTER, "hero_db_connections_total", "RESP connections accepted", get_connections },
  { HERO_METRIC_COUNTER, "hero_db_rejected_total", "RESP connections refused", get_refused },
  { HERO_METRIC_COUNTER, "hero_db_commands_total", "Commands run", get_commands },
  { HERO_METRIC_COUNTER, "hero_db_errors_total", "Error replies", get_errors },
  { HERO_METRIC_COUNTER, "hero_db_received_bytes_total", "Bytes read from RESP clients", get_bytes_in },
  { HERO_METRIC_COUNTER, "hero_db_sent_bytes_total", "Bytes written to RESP clients", get_bytes_out },
  { HERO_METRIC_COUNTER, "hero_db_key_hits_total", "Reads that found their key", get_hits },
  { HERO_METRIC_COUNTER, "hero_db_key_misses_total", "Reads that did not find their key", get_misses },
  { HERO_METRIC_COUNTER, "hero_db_expired_total", "Keys removed because their time had come", get_expired },
  { HERO_METRIC_COUNTER, "hero_db_commits_total", "Commits", get_commits },
  { HERO_METRIC_COUNTER, "hero_db_sync_errors_total", "Commits that failed", get_commit_errors },
  { HERO_METRIC_GAUGE, "hero_db_clients", "RESP connections open", get_clients },
  { HERO_METRIC_GAUGE, "hero_db_keys", "Keys in all databases", get_keys },
  { HERO_METRIC_GAUGE, "hero_db_dirty_bytes", "Written and not yet on disk", get_dirty },
  { HERO_METRIC_GAUGE, "hero_db_disk_bytes", "Size of the data file in use", get_disk },
  { HERO_METRIC_GAUGE, "hero_db_readonly", "1 while writes are refused", get_readonly },
};

void
metrics_register (HeroDb *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (metrics); i++)
    hero_service_add_metric (self->ctx, metrics[i].kind, metrics[i].name, metrics[i].help, metrics[i].get, self);
}
