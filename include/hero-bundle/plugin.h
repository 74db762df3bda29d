/*
 * hero-bundle/plugin.h: how a service is loaded. This file is the whole contract between a host and a plugin.
 *
 * A plugin is a shared object with exactly one exported symbol, hero_service_describe_v1, made by the macro
 * HERO_SERVICE_PLUGIN. It returns a constant descriptor: who the plugin is, which sockets and configuration keys it has,
 * and the calls by which the host runs it. The way back is a constant table of functions, ctx->host, never a symbol of
 * the executable, so the same file runs in hero_bundle, in hero_plugin_run and in a stand-alone executable.
 *
 * Rules of growth: members are only appended. A plugin is accepted if the magic is right, the major number is equal,
 * its minor number is at most the host's and its struct_size lies between the size of 1.0 and the host's. Everything
 * that changes the meaning, order, ownership or threading of what exists raises the major number and the symbol's name.
 *
 * ABI log (newest first)
 *   1.0  2026-11-24  First version.
 */
#pragma once

#include <gio/gio.h>

#include <hero-bundle/abi.h>

G_BEGIN_DECLS

/* The bytes "HERO" in little-endian order. */
#define HERO_PLUGIN_MAGIC 0x4f524548u

typedef struct _HeroServiceContext HeroServiceContext;
typedef struct _HeroHost HeroHost;
typedef struct _HeroServicePlugin HeroServicePlugin;
typedef struct _HeroConfigKey HeroConfigKey;
typedef struct _HeroSocketSpec HeroSocketSpec;

/* Errors of create, start, serve and stopped that the host treats differently from "try again". */
#define HERO_PLUGIN_ERROR (g_quark_from_static_string ("hero-plugin-error"))
typedef enum
{
  HERO_PLUGIN_ERROR_FAILED = 0, /* the host may retry, with back-off */
  HERO_PLUGIN_ERROR_CONFIG = 1, /* the configuration is wrong: never retried */
  HERO_PLUGIN_ERROR_BUSY = 2,   /* data, socket or device is held by another process: never retried */
  HERO_PLUGIN_ERROR_FORMAT = 3, /* stored data has a format this plugin cannot read: never retried */
} HeroPluginError;

/* Severity of a configuration diagnostic. An error stops the whole start (exit code 2); a warning does not. */
typedef enum
{
  HERO_REPORT_WARNING = 1,
  HERO_REPORT_ERROR = 2,
} HeroReportSeverity;

/* Log levels, in the order in which a level setting includes them. */
typedef enum
{
  HERO_LOG_ERROR = 1,
  HERO_LOG_WARN = 2,
  HERO_LOG_INFO = 3,
  HERO_LOG_DEBUG = 4,
  HERO_LOG_TRACE = 5,
} HeroLogLevel;

/* ------------------------------------------------------------------------------------------------ tables */

typedef enum
{
  HERO_SOCKET_OPTIONAL = 1 << 0, /* the key `admin = false` (for role "admin") turns it off */
} HeroSocketFlags;

/* One Unix socket of a service. The file is <socket root>/<service>/<role>.sock. The table ends with role NULL. */
struct _HeroSocketSpec
{
  const char *role;     /* "rpc", "admin", "resp", "editor", .. */
  const char *protocol; /* "openrpc", "ui", "rest", "openapi" or "resp" */
  guint32 flags;        /* HeroSocketFlags */
  guint32 reserved;     /* 0 */
};

/* The types a configuration key may have, and the GVariant type its checked value has in HeroHost.config. */
typedef enum
{
  HERO_CONFIG_BOOL = 1,    /* "b" */
  HERO_CONFIG_INT = 2,     /* "x", min..max inclusive */
  HERO_CONFIG_REAL = 3,    /* "d", min..max inclusive */
  HERO_CONFIG_STRING = 4,  /* "s"; one of `choices` if that is set */
  HERO_CONFIG_PATH = 5,    /* "s"; ~ is expanded, a relative path is made absolute */
  HERO_CONFIG_STRINGS = 6, /* "as", min..max elements (max 0 = no limit) */
  HERO_CONFIG_PATHS = 7,   /* "as", each as HERO_CONFIG_PATH */
  HERO_CONFIG_TABLES = 8,  /* "aa{sv}", an array of tables whose keys are `columns` */
} HeroConfigType;

typedef enum
{
  HERO_CONFIG_SECRET = 1 << 0,      /* the value is masked wherever it is shown */
  HERO_CONFIG_REQUIRED = 1 << 1,    /* for columns: each table must have it */
  HERO_CONFIG_ONE_OR_MANY = 1 << 2, /* STRINGS, PATHS: a single string is accepted too */
  HERO_CONFIG_IGNORED = 1 << 3,     /* accepted for old files, no effect; `meaning` is the text of the warning */
} HeroConfigFlags;

/* One key of the service's table in hero_bundle.toml. The table ends with name NULL. */
struct _HeroConfigKey
{
  const char *name;
  guint32 type;                 /* HeroConfigType */
  guint32 flags;                /* HeroConfigFlags */
  gint64 min;                   /* see the type */
  gint64 max;
  const char *fallback;         /* the default, as TOML text: "6378", "\"accept\"", "[]"; NULL = none, the key is absent */
  const char *choices;          /* STRING: the words allowed, "accept|reject"; NULL = any text */
  const char *aliases;          /* other names of the key, "api_addr|listen"; NULL = none */
  const char *meaning;          /* one sentence for docs/configuration.md and the admin page */
  const HeroConfigKey *columns; /* TABLES: the keys of each element */
};

/* ------------------------------------------------------------------------------------------------ the host's table */

/*
 * What one running service knows of its host. The host allocates it, before create, and frees it after destroy.
 * `sdk` belongs to libhero-service, which keeps its per-service state there; a plugin touches neither member itself.
 */
struct _HeroServiceContext
{
  const HeroHost *host;
  gpointer sdk;
};

/* The host's side. Constant; strings and variants returned are borrowed and live until destroy unless said otherwise. */
struct _HeroHost
{
  guint32 struct_size;
  guint16 abi_major;
  guint16 abi_minor;

  /* Any thread, from create to destroy. */
  const char *(*name) (HeroServiceContext *ctx); /* the service's name: directory, table, topic */
  GVariant *(*config) (HeroServiceContext *ctx); /* a{sv}: every key of the service's table that has a value, checked,
                                                    defaults filled in, plus the common keys of the host level */
  GVariant *(*config_origin) (HeroServiceContext *ctx); /* a{s(su)}: key -> (source "file" | "environment" | "default",
                                                           line or 0) */
  const char *(*setting) (HeroServiceContext *ctx, const char *name); /* a host setting or NULL; names: docs/abi.md */
  const char *const *(*environment) (HeroServiceContext *ctx);        /* for children only, never for settings */
  GMainContext *(*main_context) (HeroServiceContext *ctx);            /* the service's own; NULL in a throw-away create */
  GCancellable *(*cancellable) (HeroServiceContext *ctx);             /* fires when the service is to stop */
  gboolean (*log_enabled) (HeroServiceContext *ctx, guint32 level);
  void (*log) (HeroServiceContext *ctx, guint32 level, const char *message, GVariant *fields); /* fields: a{sv} or NULL,
                                                                                                 sunk; never blocks */

  /* Only inside create. */
  void (*report) (HeroServiceContext *ctx, const char *key, guint32 severity, const char *text);
  void (*add_listener) (HeroServiceContext *ctx, const char *role, const char *protocol,
                        const char *address); /* TCP "IP:PORT" that the configuration adds; "" = declared, off */

  /* Service thread, from serve on. Index 0 is the Unix socket of the role, 1.. the TCP addresses in add_listener order. */
  int (*listener) (HeroServiceContext *ctx, const char *role, guint index);                 /* listening descriptor, owned
                                                                                               by the host, or -1 */
  const char *(*listener_address) (HeroServiceContext *ctx, const char *role, guint index); /* path or IP:PORT, NULL past
                                                                                               the last */

  /* Any thread, after start was called. */
  void (*ready) (HeroServiceContext *ctx);                               /* once; the host then publishes the sockets */
  void (*stopped) (HeroServiceContext *ctx, const GError *error);        /* exactly once, asked or not; NULL = clean */
  void (*set_degraded) (HeroServiceContext *ctx, const char *reason);    /* NULL = works in full again */
  char **(*warnings) (HeroServiceContext *ctx);                          /* the host's warnings about this service, for
                                                                            /health; transfer full */
  char *(*degraded) (HeroServiceContext *ctx);                           /* why the host holds the service to work only in
                                                                            part, NULL = it does not; transfer full */
};

/* ------------------------------------------------------------------------------------------------ the plugin's table */

/*
 * The descriptor. All calls but kill_now come on the service's thread, whose thread-default context is main_context;
 * create and destroy also come on the main thread, for a throw-away instance that only checks the configuration.
 */
struct _HeroServicePlugin
{
  guint32 magic;
  guint32 struct_size;
  guint16 abi_major;
  guint16 abi_minor;
  guint32 flags; /* unknown bits are refused; none is defined */

  const char *name;        /* [a-z][a-z0-9_]*, at most 32 bytes */
  const char *title;       /* "Hero DB" */
  const char *version;     /* semver of the service */
  const char *description; /* one sentence */
  const char *domains;     /* "jobs|logs|secrets|system" */
  const char *license;     /* SPDX expression */
  const char *built_with;  /* for the log only */

  const HeroSocketSpec *sockets;
  const HeroConfigKey *config_keys;
  guint32 socket_size;     /* sizeof (HeroSocketSpec) when the plugin was built, so the element can grow */
  guint32 config_key_size; /* sizeof (HeroConfigKey) likewise */

  gpointer (*create) (HeroServiceContext *ctx, GError **error);                   /* checks its configuration; no I/O, no
                                                                                     threads, no side effects */
  gboolean (*start) (gpointer self, GCancellable *cancellable, GError **error);   /* open stores, register RPC; return soon,
                                                                                     then host->ready, now or later */
  gboolean (*serve) (gpointer self, GError **error); /* the listeners listen: accept on them */
  void (*stop) (gpointer self);                      /* asynchronous; ends with host->stopped; may come before ready */
  void (*kill_now) (gpointer self);                  /* optional, any thread: SIGKILL own children, do nothing else */
  void (*destroy) (gpointer self);                   /* the last call */
};

/* The one exported symbol. Pure: no side effects, the same pointer each time. */
G_MODULE_EXPORT const HeroServicePlugin *hero_service_describe_v1 (void);
#define HERO_PLUGIN_SYMBOL "hero_service_describe_v1"

/*
 * HERO_SERVICE_PLUGIN (.name = "notes", .title = "Notes", .., .create = notes_create, ..): defines the symbol.
 * Put nothing else into that file; see plugins/template.
 */
#define HERO_SERVICE_PLUGIN(...)                                                                                       \
  G_MODULE_EXPORT const HeroServicePlugin *hero_service_describe_v1 (void)                                             \
  {                                                                                                                    \
    static const HeroServicePlugin descriptor = { .magic = HERO_PLUGIN_MAGIC,                                          \
                                                  .struct_size = sizeof (HeroServicePlugin),                           \
                                                  .abi_major = HERO_ABI_MAJOR,                                         \
                                                  .abi_minor = HERO_ABI_MINOR,                                         \
                                                  .socket_size = sizeof (HeroSocketSpec),                              \
                                                  .config_key_size = sizeof (HeroConfigKey),                           \
                                                  .license = "MIT",                                                    \
                                                  .built_with = "glib " G_STRINGIFY (GLIB_MAJOR_VERSION) "."           \
                                                                        G_STRINGIFY (GLIB_MINOR_VERSION),              \
                                                  __VA_ARGS__ };                                                       \
    return &descriptor;                                                                                                \
  }                                                                                                                    \
  G_STATIC_ASSERT (HERO_ABI_MAJOR == 1)

/* The layout of 1.0, for ever. Pinned where pointers have 64 bits, the only ABI with a frozen copy in tests/abi. */
#if GLIB_SIZEOF_VOID_P == 8
#define HERO_ABI_PIN(type, member, offset)                                                                             \
  _Static_assert (offsetof (type, member) == (offset), #type "." #member " moved: the ABI is append-only")
#ifndef __cplusplus
HERO_ABI_PIN (HeroSocketSpec, role, 0);
HERO_ABI_PIN (HeroSocketSpec, protocol, 8);
HERO_ABI_PIN (HeroSocketSpec, flags, 16);
HERO_ABI_PIN (HeroSocketSpec, reserved, 20);
HERO_ABI_PIN (HeroConfigKey, name, 0);
HERO_ABI_PIN (HeroConfigKey, type, 8);
HERO_ABI_PIN (HeroConfigKey, flags, 12);
HERO_ABI_PIN (HeroConfigKey, min, 16);
HERO_ABI_PIN (HeroConfigKey, max, 24);
HERO_ABI_PIN (HeroConfigKey, fallback, 32);
HERO_ABI_PIN (HeroConfigKey, choices, 40);
HERO_ABI_PIN (HeroConfigKey, aliases, 48);
HERO_ABI_PIN (HeroConfigKey, meaning, 56);
HERO_ABI_PIN (HeroConfigKey, columns, 64);
HERO_ABI_PIN (HeroServiceContext, host, 0);
HERO_ABI_PIN (HeroServiceContext, sdk, 8);
HERO_ABI_PIN (HeroHost, struct_size, 0);
HERO_ABI_PIN (HeroHost, abi_major, 4);
HERO_ABI_PIN (HeroHost, abi_minor, 6);
HERO_ABI_PIN (HeroHost, name, 8);
HERO_ABI_PIN (HeroHost, config, 16);
HERO_ABI_PIN (HeroHost, config_origin, 24);
HERO_ABI_PIN (HeroHost, setting, 32);
HERO_ABI_PIN (HeroHost, environment, 40);
HERO_ABI_PIN (HeroHost, main_context, 48);
HERO_ABI_PIN (HeroHost, cancellable, 56);
HERO_ABI_PIN (HeroHost, log_enabled, 64);
HERO_ABI_PIN (HeroHost, log, 72);
HERO_ABI_PIN (HeroHost, report, 80);
HERO_ABI_PIN (HeroHost, add_listener, 88);
HERO_ABI_PIN (HeroHost, listener, 96);
HERO_ABI_PIN (HeroHost, listener_address, 104);
HERO_ABI_PIN (HeroHost, ready, 112);
HERO_ABI_PIN (HeroHost, stopped, 120);
HERO_ABI_PIN (HeroHost, set_degraded, 128);
HERO_ABI_PIN (HeroHost, warnings, 136);
HERO_ABI_PIN (HeroHost, degraded, 144);
HERO_ABI_PIN (HeroServicePlugin, magic, 0);
HERO_ABI_PIN (HeroServicePlugin, struct_size, 4);
HERO_ABI_PIN (HeroServicePlugin, abi_major, 8);
HERO_ABI_PIN (HeroServicePlugin, abi_minor, 10);
HERO_ABI_PIN (HeroServicePlugin, flags, 12);
HERO_ABI_PIN (HeroServicePlugin, name, 16);
HERO_ABI_PIN (HeroServicePlugin, title, 24);
HERO_ABI_PIN (HeroServicePlugin, version, 32);
HERO_ABI_PIN (HeroServicePlugin, description, 40);
HERO_ABI_PIN (HeroServicePlugin, domains, 48);
HERO_ABI_PIN (HeroServicePlugin, license, 56);
HERO_ABI_PIN (HeroServicePlugin, built_with, 64);
HERO_ABI_PIN (HeroServicePlugin, sockets, 72);
HERO_ABI_PIN (HeroServicePlugin, config_keys, 80);
HERO_ABI_PIN (HeroServicePlugin, socket_size, 88);
HERO_ABI_PIN (HeroServicePlugin, config_key_size, 92);
HERO_ABI_PIN (HeroServicePlugin, create, 96);
HERO_ABI_PIN (HeroServicePlugin, start, 104);
HERO_ABI_PIN (HeroServicePlugin, serve, 112);
HERO_ABI_PIN (HeroServicePlugin, stop, 120);
HERO_ABI_PIN (HeroServicePlugin, kill_now, 128);
HERO_ABI_PIN (HeroServicePlugin, destroy, 136);
#endif
#endif

/* The size of the descriptor and of the host's table in ABI 1.0: the least that is accepted. */
#define HERO_PLUGIN_SIZE_1_0 144u
#define HERO_HOST_SIZE_1_0 152u

G_END_DECLS
