/* config-private.h: what the files config-*.c share. Main thread, like all of config.h. */
#pragma once

#include <hero-toml.h>

#include "config-keys.h"

G_BEGIN_DECLS

/* A value in effect and where it comes from. */
typedef struct
{
  GVariant *value;    /* NULL = has none */
  const char *source; /* "file", "environment", "flag" or "default" */
  guint line;
} HeroConfigEntry;

/* One key in effect, as host.config shows it. */
typedef struct
{
  char *table, *name, *meaning;
  gboolean secret;
  HeroConfigEntry entry;
} HeroConfigLine;

/* What HeroConfig keeps to itself. */
struct _HeroConfigFile
{
  HeroToml *root; /* of the file, with the flags put in; an empty table if there is no file */
  char *only;     /* the one service of this process, or NULL */
  char *cwd;
  GHashTable *host;  /* name -> HeroConfigEntry: keys of the host level, common keys included */
  GPtrArray *names;  /* const char *: every service known to the configuration, in start order */
  GHashTable *lines; /* table -> GPtrArray of HeroConfigLine */
};

/* ---- config.c */
/* All services known to the configuration, in start order; transfer full. */
char *hero_config_join_names (const HeroConfig *config, const char *separator);

/* ---- config-diagnostic.c */
void hero_config_add (HeroConfig *config, HeroReportSeverity severity, HeroTomlPlace place, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
void hero_diagnostic_free (HeroDiagnostic *diagnostic);

/* ---- config-file.c */
/* Reads and parses the file, checks its mode and that of its directory; never NULL, an empty table after an error. */
HeroToml *hero_config_file_read (HeroConfig *config, gboolean explicit);

/* ---- config-paths.c */
const char *hero_config_getenv (const HeroConfig *config, const char *name); /* NULL when unset or empty */
char *hero_config_default_path (const HeroConfig *config);
/* ~ and relative paths; NULL after a diagnostic at `place`. `label` says whose value it is. */
char *hero_config_expand (HeroConfig *config, const char *path, const char *label, HeroTomlPlace place);
/* Fills home and user settings, then (once the host keys are read) all directories of the host. */
void hero_config_resolve_user (HeroConfig *config);
void hero_config_resolve_roots (HeroConfig *config);

/* ---- config-value.c */
/* A node of the file as the value its key asks for, floating; NULL after a diagnostic. `label`: "[hero_db] port". */
GVariant *hero_config_value_read (HeroConfig *config, const HeroConfigKey *key, const HeroToml *node,
                                  const char *label);
/* The default of a key, floating; NULL = it has none. */
GVariant *hero_config_value_default (HeroConfig *config, const HeroConfigKey *key, const char *label);
/* Puts a value (or NULL) where the row says. */
void hero_config_value_store (const HeroHostKey *row, gpointer target, GVariant *value);
/* A value as TOML text. */
char *hero_config_value_print (GVariant *value);

/* ---- config-service.c */
/* keys NULL: only what the host itself knows of the table, no word about unknown keys. */
void hero_config_resolve_service (HeroConfig *config, HeroServiceConfig *service, const HeroConfigKey *keys,
                                  guint key_size);
void hero_service_config_free (HeroServiceConfig *service);
/* The table of a service in the file, by its name or an alias; NULL = not in the file. */
HeroToml *hero_config_find_table (const HeroConfig *config, const char *service);

/* ---- config-check.c */
/* What no single key shows: no service, two at one place, names, tables that mean nothing. */
void hero_config_check_tables (HeroConfig *config);
void hero_config_check_services (HeroConfig *config);
/* TRUE if a further service may have this name. */
gboolean hero_config_name_is_free (const char *name);

/* ---- config-entry.c */
HeroConfigEntry *hero_config_entry_new (GVariant *value, const char *source, guint line);
void hero_config_entry_free (HeroConfigEntry *entry);
/*
 * The value of a key that may stand in `table` (NULL = not there): read, or its default. Reports a key given twice by
 * its aliases, a bad value and an ignored key. Never NULL.
 */
HeroConfigEntry *hero_config_entry_read (HeroConfig *config, const HeroConfigKey *key, const HeroToml *table,
                                         const char *table_name);

/* ---- config-describe.c */
/* Remembers a key in effect for host.config. */
void hero_config_note (HeroConfig *config, const char *table, const HeroConfigKey *key, const HeroConfigEntry *entry);
void hero_config_line_free (HeroConfigLine *line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroConfigEntry, hero_config_entry_free)

G_END_DECLS
