/* info.c: one function a section. Service thread. */
#include "info.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LINE_U64(out, name, value) g_string_append_printf ((out), name ":%" G_GUINT64_FORMAT "\r\n", (guint64)(value))

static gint64
uptime_s (Server *server)
{
  return (g_get_monotonic_time () - server->started_us) / G_USEC_PER_SEC;
}

static void
write_server (Server *server, GString *out)
{
  struct utsname host;

  uname (&host);
  g_string_append_printf (out, "redis_version:%s\r\nredis_mode:standalone\r\n", SERVER_REDIS_VERSION);
  g_string_append_printf (out, "os:%s %s %s\r\n", host.sysname, host.release, host.machine);
  g_string_append_printf (out, "arch_bits:%d\r\nmultiplexing_api:epoll\r\ngcc_version:%s\r\n", GLIB_SIZEOF_VOID_P * 8,
                          __VERSION__);
  g_string_append_printf (out, "process_id:%d\r\ntcp_port:%u\r\n", (int)getpid (), server->tcp_port);
  LINE_U64 (out, "server_time_usec", g_get_real_time ());
  LINE_U64 (out, "uptime_in_seconds", uptime_s (server));
  LINE_U64 (out, "uptime_in_days", uptime_s (server) / 86400);
}

static void
write_clients (Server *server, GString *out)
{
  LINE_U64 (out, "connected_clients", server->clients.length);
  LINE_U64 (out, "maxclients", server->limits.max_clients);
  LINE_U64 (out, "blocked_clients", 0);
}

static guint64
resident_bytes (void)
{
  g_autofree char *text = NULL;
  guint64 pages = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    sscanf (text, "%*u %" G_GUINT64_FORMAT, &pages);
  return pages * (guint64)sysconf (_SC_PAGESIZE);
}

static void
write_memory (Server *server, GString *out)
{
  guint64 clients = 0;

  for (GList *link = server->clients.head; link != NULL; link = link->next)
    clients += client_get_memory (link->data);
  LINE_U64 (out, "used_memory_rss", resident_bytes ());
  LINE_U64 (out, "mem_clients_normal", clients);
  g_string_append (out, "maxmemory:0\r\nmaxmemory_policy:noeviction\r\n");
}

static void
write_persistence (Server *server, GString *out)
{
  g_string_append (out, "loading:0\r\naof_enabled:1\r\n");
  g_string_append_printf (out, "aof_last_write_status:%s\r\n", server->broken == NULL ? "ok" : "err");
}

static void
write_stats (Server *server, GString *out)
{
  const ServerStats *stats = &server->stats;

  LINE_U64 (out, "total_connections_received", stats->connections);
  LINE_U64 (out, "total_commands_processed", stats->commands);
  LINE_U64 (out, "total_net_input_bytes", stats->bytes_in);
  LINE_U64 (out, "total_net_output_bytes", stats->bytes_out);
  LINE_U64 (out, "rejected_connections", stats->refused);
  LINE_U64 (out, "expired_keys", stats->expired);
  LINE_U64 (out, "keyspace_hits", stats->hits);
  LINE_U64 (out, "keyspace_misses", stats->misses);
  LINE_U64 (out, "total_error_replies", stats->errors);
}

static void
write_replication (Server *server, GString *out)
{
  g_string_append (out, "role:master\r\nconnected_slaves:0\r\n");
}

static void
write_cpu (Server *server, GString *out)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  g_string_append_printf (out, "used_cpu_sys:%ld.%06ld\r\nused_cpu_user:%ld.%06ld\r\n", (long)usage.ru_stime.tv_sec,
                          (long)usage.ru_stime.tv_usec, (long)usage.ru_utime.tv_sec, (long)usage.ru_utime.tv_usec);
}

static void
write_command_stats (Server *server, GString *out)
{
  GPtrArray *list = command_table_list (server->commands);

  for (guint i = 0; i < list->len; i++)
    {
      const CommandEntry *entry = g_ptr_array_index (list, i);

      if (entry->calls == 0 && entry->rejected == 0)
        continue;
      g_string_append_printf (
          out,
          "cmdstat_%s:calls=%" G_GUINT64_FORMAT ",usec=%" G_GUINT64_FORMAT
          ",usec_per_call=%.2f,rejected_calls=%" G_GUINT64_FORMAT ",failed_calls=%" G_GUINT64_FORMAT "\r\n",
          entry->full_name, entry->calls, entry->microseconds,
          (double)entry->microseconds / (double)MAX (entry->calls, 1), entry->rejected, entry->failed);
    }
}

static void
write_cluster (Server *server, GString *out)
{
  g_string_append (out, "cluster_enabled:0\r\n");
}

static void
write_keyspace (Server *server, GString *out)
{
  for (guint db = 0; db < server->limits.databases; db++)
    if (storage_count (server->storage, db) > 0)
      g_string_append_printf (out, "db%u:keys=%" G_GUINT64_FORMAT ",expires=%" G_GUINT64_FORMAT ",avg_ttl=0\r\n", db,
                              storage_count (server->storage, db), storage_count_expiring (server->storage, db));
}

static void
write_hero (Server *server, GString *out)
{
  const ServerStats *stats = &server->stats;

  g_string_append (out, "hero_db_version:" PACKAGE_VERSION "\r\nstorage_format:0\r\ndurability:always\r\n");
  LINE_U64 (out, "databases", server->limits.databases);
  LINE_U64 (out, "commits", stats->commits);
  LINE_U64 (out, "commit_us_p50", histogram_get (&server->commit_time, 0.50));
  LINE_U64 (out, "commit_us_p99", histogram_get (&server->commit_time, 0.99));
  LINE_U64 (out, "dirty_bytes", storage_get_dirty_bytes (server->storage));
  LINE_U64 (out, "disk_bytes", storage_get_file_bytes (server->storage));
}

typedef enum
{
  SECTION_DEFAULT = 1 << 0,
  SECTION_ALL = 1 << 1, /* not with the default ones */
} SectionKind;

static const struct
{
  const char *name;
  SectionKind kind;
  void (*write) (Server *server, GString *out);
} sections_known[] = {
  { "Server", SECTION_DEFAULT, write_server },   { "Clients", SECTION_DEFAULT, write_clients },
  { "Memory", SECTION_DEFAULT, write_memory },   { "Persistence", SECTION_DEFAULT, write_persistence },
  { "Stats", SECTION_DEFAULT, write_stats },     { "Replication", SECTION_DEFAULT, write_replication },
  { "CPU", SECTION_DEFAULT, write_cpu },         { "Commandstats", SECTION_ALL, write_command_stats },
  { "Cluster", SECTION_DEFAULT, write_cluster }, { "Keyspace", SECTION_DEFAULT, write_keyspace },
  { "Hero", SECTION_DEFAULT, write_hero },
};

static gboolean
is_wanted (const char *const *wanted, const char *name, SectionKind kind)
{
  if (wanted == NULL || wanted[0] == NULL)
    return kind == SECTION_DEFAULT;
  for (; *wanted != NULL; wanted++)
    if (g_ascii_strcasecmp (*wanted, name) == 0 || g_ascii_strcasecmp (*wanted, "all") == 0
        || g_ascii_strcasecmp (*wanted, "everything") == 0
        || (kind == SECTION_DEFAULT && g_ascii_strcasecmp (*wanted, "default") == 0))
      return TRUE;
  return FALSE;
}

void
info_write (Server *server, const char *const *sections, GString *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sections_known); i++)
    {
      if (!is_wanted (sections, sections_known[i].name, sections_known[i].kind))
        continue;
      g_string_append_printf (out, "%s# %s\r\n", out->len > 0 ? "\r\n" : "", sections_known[i].name);
      sections_known[i].write (server, out);
    }
}
