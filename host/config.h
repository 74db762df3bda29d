/*
 * config.h: hero_bundle.toml as the host sees it (conventions 2.1, 13). Load gives the host keys and one entry a
 * service; once a plugin's key table is known, hero_config_check_service types, defaults and checks that service's
 * table. All diagnostics are collected, none is printed here. Main thread, before the first service; read-only
 * afterwards.
 */
#pragma once

#include <hero-bundle/plugin.h>

G_BEGIN_DECLS

typedef enum
{
  HERO_ISOLATION_THREAD,
  HERO_ISOLATION_PROCESS,
} HeroIsolation;

typedef enum
{
  HERO_RESTART_ON_FAILURE,
  HERO_RESTART_ALWAYS,
  HERO_RESTART_NEVER,
} HeroRestart;

/* One line "FILE:LINE:COLUMN: error: TEXT"; line 0 = no place in the file. */
typedef struct
{
  HeroReportSeverity severity;
  guint line, column;
  char *text;
  gboolean kept; /* about the file itself: stays when flags are put in */
} HeroDiagnostic;

/* One service table, with the host-level values of the common keys merged in. */
typedef struct
{
  char *name;
  guint start_order; /* 1.. ; hero_router is always last */
  guint line;        /* of the table in the file, 0 = not in the file */
  gboolean too_long; /* a socket path did not fit: said once */
  gboolean enabled, required, admin;
  HeroIsolation isolation;
  char *plugin;     /* path or bare name, as configured or by default "hero_x.so" */
  char *socket_dir; /* directory of its sockets, absolute */
  char *rpc_path;   /* socket_dir/rpc.sock, or the key socket_path */
  char *data_dir;   /* absolute */
  char *log_level;  /* NULL = the host's */
  guint socket_mode;
  char *socket_group; /* NULL = none */
  guint start_timeout_s, stop_timeout_s;
  HeroRestart restart;
  guint restart_delay_ms, restart_max_delay_ms, restart_max, restart_stable_s;
  GVariant *values; /* a{sv} after hero_config_check_service; before: NULL */
  GVariant *origin; /* a{s(su)} likewise */
} HeroServiceConfig;

typedef struct
{
  char *path;       /* of the file */
  gboolean present; /* it exists */
  char *socket_dir, *socket_dir_source;
  char *data_dir, *data_dir_source;
  char *log_dir, *plugin_dir;
  char *log_level, *log_format; /* the level setting in effect, RUST_LOG included */
  gboolean log_file, banner, control;
  guint log_file_max_mib, log_file_keep;
  guint stagger_ms, stop_timeout_s, watchdog_warn_ms, watchdog_fail_s;
  gboolean on_hang_exit;
  char **allowed_hosts;
  GHashTable *settings;               /* name -> text: what HeroHost.setting answers for every service */
  char **environment;                 /* the whole environment, copied once */
  GPtrArray *services;                /* HeroServiceConfig, in start order */
  HeroServiceConfig *control_service; /* the host's own, hero_bundle; not among `services`; NULL = off */
  GPtrArray *diagnostics;             /* HeroDiagnostic, in the order of the file */
  struct _HeroConfigFile *file;       /* private to config-*.c */
} HeroConfig;

/*
 * path NULL = the default path. environment: as g_get_environ. only: the one service of a stand-alone executable or of
 * hero_plugin_run (all other tables are ignored), NULL = all. Never fails: read `diagnostics`.
 */
HeroConfig *hero_config_load (const char *path, char **environment, const char *only);
void hero_config_free (HeroConfig *config);

/*
 * Flags of a stand-alone executable; they beat the file. table NULL = the host; toml_value as it would stand in the
 * file (hero_toml_quote helps). Call it right after load: everything is worked out anew, services included.
 */
void hero_config_override (HeroConfig *config, const char *table, const char *key, const char *toml_value);

/*
 * Types and checks the service's table against the plugin's keys (element size as in the descriptor; may be NULL).
 * Fills `values`, `origin` and what host.config tells of the service.
 */
void hero_config_check_service (HeroConfig *config, HeroServiceConfig *service, const HeroConfigKey *keys,
                                guint key_size);
/* A diagnostic about a key of a service (what HeroHost.report does); key NULL = the table itself. */
void hero_config_report (HeroConfig *config, HeroServiceConfig *service, const char *key, HeroReportSeverity severity,
                         const char *text);
/* Reports a socket of the service whose path does not fit into an address (conventions 2.3, step 1). */
void hero_config_check_socket (HeroConfig *config, HeroServiceConfig *service, const char *role);
gboolean hero_config_has_errors (HeroConfig *config);
/* All diagnostics, one a line, as conventions 13 shows them; transfer full. */
char *hero_config_format_diagnostics (HeroConfig *config);
HeroServiceConfig *hero_config_get_service (HeroConfig *config, const char *name);
/* Every key in effect: a(sssssu): table, key, value as text (secrets masked), source, meaning, line. */
GVariant *hero_config_describe (HeroConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroConfig, hero_config_free)

G_END_DECLS
