/* config-keys.c: the host's keys, variables and services as tables. Constant; any thread. */
#include "config-keys.h"

#include <string.h>

/* One row: name, type, default as TOML, words allowed, where the value goes, what it means. */
#define HOST_KEY(name_, type_, fallback_, choices_, store_, member_, meaning_)                                         \
  {                                                                                                                    \
    .key = { .name = name_, type_, .fallback = fallback_, .choices = choices_, .meaning = meaning_ },                  \
    .scope = HERO_SCOPE_HOST, .store = HERO_STORE_##store_, .offset = G_STRUCT_OFFSET (HeroConfig, member_)            \
  }
#define SERVICE_KEY(scope_, name_, type_, fallback_, choices_, store_, member_, meaning_)                              \
  {                                                                                                                    \
    .key = { .name = name_, type_, .fallback = fallback_, .choices = choices_, .meaning = meaning_ },                  \
    .scope = HERO_SCOPE_##scope_, .store = HERO_STORE_##store_, .offset = G_STRUCT_OFFSET (HeroServiceConfig, member_) \
  }

#define BOOL .type = HERO_CONFIG_BOOL
#define INT(min_, max_) .type = HERO_CONFIG_INT, .min = (min_), .max = (max_)
#define STRING .type = HERO_CONFIG_STRING
#define STRINGS .type = HERO_CONFIG_STRINGS
#define PATH .type = HERO_CONFIG_PATH
#define MODE .type = HERO_CONFIG_MODE

#define DAY_S 86400
#define DAY_MS 86400000

const HeroHostKey hero_host_keys[] = {
  /* clang-format off */
  HOST_KEY ("socket_dir", PATH, NULL, NULL, NONE, socket_dir,
            "Directory under which each service has its directory of sockets. Default: the environment, else "
            "~/hero/var/sockets."),
  HOST_KEY ("data_dir", PATH, NULL, NULL, NONE, data_dir,
            "Parent of the data directories of all services. Default: the environment, else ~/hero/var."),
  HOST_KEY ("log_level", STRING, "\"info\"", NULL, TEXT, log_level,
            "Level for all or for each service: \"info\" or \"warn,hero_db=debug\"; off, error, warn, info, "
            "debug, trace. "
            "RUST_LOG, if set, wins over it."),
  HOST_KEY ("log_format", STRING, "\"plain\"", "plain|json", TEXT, log_format, "Form of the lines on standard output."),
  HOST_KEY ("log_dir", PATH, NULL, NULL, NONE, log_dir, "Directory of the log files. Default: <data_dir>/logs."),
  HOST_KEY ("log_file", BOOL, "true", NULL, BOOL, log_file, "Write log files too."),
  HOST_KEY ("log_file_max_mib", INT (1, 1024), "10", NULL, UINT, log_file_max_mib,
            "Size in MiB at which a log file is put aside and a new one begun."),
  HOST_KEY ("log_file_keep", INT (0, 100), "5", NULL, UINT, log_file_keep,
            "How many log files put aside are kept, for each source."),
  HOST_KEY ("banner", BOOL, "true", NULL, BOOL, banner, "Print the summary once all services have been started."),
  HOST_KEY ("plugin_dir", PATH, NULL, NULL, NONE, plugin_dir,
            "Directory in which plugins named without a path are sought. Default: HERO_BUNDLE_PLUGIN_DIR, else "
            "the one chosen at build time."),
  HOST_KEY ("stagger_ms", INT (0, 60000), "200", NULL, UINT, stagger_ms,
            "Least time in milliseconds between the starts of two services."),
  HOST_KEY ("stop_timeout_s", INT (1, 3600), "30", NULL, UINT, stop_timeout_s,
            "Seconds that all services together have to stop; then the process ends with exit code 3."),
  HOST_KEY ("watchdog_warn_ms", INT (0, DAY_MS), "2000", NULL, UINT, watchdog_warn_ms,
            "Milliseconds without answer after which a service counts as stalled; 0 = never."),
  HOST_KEY ("watchdog_fail_s", INT (0, DAY_S), "30", NULL, UINT, watchdog_fail_s,
            "Seconds without answer after which `on_hang` applies; 0 = never."),
  HOST_KEY ("on_hang", STRING, "\"report\"", "report|exit", WORD, on_hang_exit,
            "What to do about a service that hangs: only say so, or end the process with exit code 5."),
  HOST_KEY ("allowed_hosts", STRINGS, "[]", NULL, LIST, allowed_hosts,
            "Further values of the Host header that TCP listeners accept."),
  HOST_KEY ("control", BOOL, "true", NULL, BOOL, control,
            "Serve the host's own directory hero_bundle/ with host.status, host.restart, host.config, /metrics "
            "and its page."),

  SERVICE_KEY (COMMON, "socket_mode", MODE, "\"0600\"", NULL, MODE, socket_mode, "File mode of the sockets."),
  SERVICE_KEY (COMMON, "socket_group", STRING, NULL, NULL, TEXT, socket_group,
               "Group of the socket files. Default: the user's own."),
  SERVICE_KEY (COMMON, "start_timeout_s", INT (1, 3600), "10", NULL, UINT, start_timeout_s,
               "Seconds after which a start that is not ready counts as failed."),
  SERVICE_KEY (COMMON, "restart", STRING, "\"on-failure\"", "on-failure|always|never", WORD, restart,
               "When a service that ended is started again."),
  SERVICE_KEY (COMMON, "restart_delay_ms", INT (1, DAY_MS), "500", NULL, UINT, restart_delay_ms,
               "Milliseconds before the first restart; each further one waits twice as long."),
  SERVICE_KEY (COMMON, "restart_max_delay_ms", INT (1, DAY_MS), "60000", NULL, UINT, restart_max_delay_ms,
               "Longest wait in milliseconds before a restart."),
  SERVICE_KEY (COMMON, "restart_max", INT (0, 1000000), "20", NULL, UINT, restart_max,
               "Restarts in a row before the service counts as failed for good; 0 = no limit."),
  SERVICE_KEY (COMMON, "restart_stable_s", INT (1, DAY_S), "60", NULL, UINT, restart_stable_s,
               "Seconds of running after which restarts are counted anew."),
  SERVICE_KEY (COMMON, "max_body_bytes", INT (1024, G_MAXUINT32), "2097152", NULL, NONE, name,
               "Largest request body, for each socket."),
  SERVICE_KEY (COMMON, "max_connections", INT (1, 65536), "512", NULL, NONE, name,
               "Most connections at a time, for each socket."),
  SERVICE_KEY (COMMON, "request_timeout_s", INT (0, DAY_S), "60", NULL, NONE, name,
               "Seconds after which a call that has no answer gets the error deadline_exceeded; 0 = never."),

  SERVICE_KEY (SERVICE, "enabled", BOOL, "true", NULL, BOOL, enabled,
               "false: the service is not loaded and has no sockets."),
  SERVICE_KEY (SERVICE, "required", BOOL, "false", NULL, BOOL, required,
               "true: when it fails, all stop (exit code 1 or 4)."),
  SERVICE_KEY (SERVICE, "isolation", STRING, "\"thread\"", "thread|process", WORD, isolation,
               "Run it as a thread of the host, or in a process of its own. The message bus only runs as a thread."),
  SERVICE_KEY (SERVICE, "plugin", STRING, NULL, NULL, TEXT, plugin,
               "Plugin file: a path, or a name in plugin_dir. A table of another name that has this key adds a "
               "service."),
  SERVICE_KEY (SERVICE, "socket_path", PATH, NULL, NULL, TEXT, rpc_path,
               "Place of rpc.sock; the other sockets follow its directory. Default: <socket_dir>/<service>/rpc.sock."),
  SERVICE_KEY (SERVICE, "admin", BOOL, "true", NULL, BOOL, admin, "Serve admin.sock."),
  SERVICE_KEY (SERVICE, "data_dir", PATH, NULL, NULL, TEXT, data_dir,
               "Its data directory. Default: <data_dir>/<service>."),
  SERVICE_KEY (SERVICE, "log_level", STRING, NULL, "off|error|warn|info|debug|trace", TEXT, log_level,
               "Level of this service. Default: the host's."),
  SERVICE_KEY (SERVICE, "stop_timeout_s", INT (1, 3600), NULL, NULL, UINT, stop_timeout_s,
               "Seconds it has to stop; not longer than the host's. Default: the host's."),
  { .key = { .name = NULL } },
  /* clang-format on */
};

const HeroHostVariable hero_host_variables[] = {
  { "HERO_SOCKET_DIR", "~/hero/var/sockets", "Socket root, if the key socket_dir is not set." },
  { "PATH_SOCKET", "", "Socket root, if HERO_SOCKET_DIR is not set either." },
  { "PATH_SOCKETS", "", "Socket root, if PATH_SOCKET is not set either." },
  { "PATH_VAR", "~/hero/var", "Parent of all data, if the key data_dir is not set." },
  { "PATH_ROOT", "~/hero", "Parent of the directory var of all data, if PATH_VAR is not set either." },
  { "PATH_CODE", "~/code", "Code directory of hero_code, if CODEROOT is not set." },
  { "CODEROOT", "~/code", "Code directory of hero_code, if its key coderoot is not set." },
  { "HERO_MYCELIUM_IP", "", "Address of this node as other programs know it." },
  { "HERO_BUNDLE_PLUGIN_DIR", HERO_PLUGIN_DIR, "Plugin directory, if the key plugin_dir is not set." },
  { "RUST_LOG", "info", "Log level for this run; wins over the key log_level." },
  { "HOME", "", "The user's directory, for ~ in paths; else the one of the user database." },
  { "USER", "", "The user's name; else the one of the user database." },
  { "NOTIFY_SOCKET", "", "Where the service manager waits for READY=1." },
  { "WATCHDOG_USEC", "", "How often the service manager wants a sign of life, in microseconds." },
  { "LISTEN_PID", "", "Process that the descriptors handed over are for." },
  { "LISTEN_FDS", "", "How many listening descriptors the service manager hands over." },
  { "LISTEN_FDNAMES", "", "Their names, service.role each, separated by colons." },
  { NULL, NULL, NULL },
};

const HeroKnownService hero_known_services[] = {
  { "mycelium", "hero_mycelium.so", "hero_mycelium|mycelium_bus" },
  { "hero_db", "hero_db.so", NULL },
  { "hero_indexer", "hero_indexer.so", NULL },
  { "hero_code", "hero_code.so", NULL },
  { "hero_proc", "hero_proc.so", NULL },
  { "hero_router", "hero_router.so", NULL },
  { NULL, NULL, NULL },
};

const HeroHostKey *
hero_host_key_find (const char *name, HeroKeyScope scope)
{
  for (const HeroHostKey *row = hero_host_keys; row->key.name != NULL; row++)
    if ((row->scope & scope) != 0 && g_str_equal (row->key.name, name))
      return row;
  return NULL;
}

gboolean
hero_words_contain (const char *words, const char *name)
{
  gsize length = strlen (name);

  for (const char *p = words; p != NULL; p = strchr (p, '|'))
    {
      p += *p == '|';
      if (strncmp (p, name, length) == 0 && (p[length] == '|' || p[length] == '\0'))
        return TRUE;
    }
  return FALSE;
}
