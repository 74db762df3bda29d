/* logger.c: the one log writer of the process: who may say what, in which form, to where. Any thread. */
#include "logger.h"

#include <string.h>
#include <unistd.h>

#include "log-file.h"
#include "log-glib.h"
#include "log-level.h"
#include "log-line.h"
#include "log-stdout.h"

#define HOST "hero_bundle" /* the service of the host's own lines */
#define STDOUT_QUEUE 8192  /* lines that wait while standard output is not read */
#define FLUSH_MS 1000
#define REPEAT_INTERVAL_US (10 * G_USEC_PER_SEC)
#define REPEAT_MESSAGES 256

/* The logger that GLib's messages go to; NULL = none, they take GLib's own way. */
static HeroLogger *installed;

struct _HeroLogger
{
  char *program;
  pid_t pid;
  gboolean json;
  HeroLogLevels *levels;  /* of the host's setting */
  GHashTable *own_levels; /* service -> level + 1, where a service's table sets one */
  HeroLogStdout *out;
  HeroLogFile *files; /* NULL = off */
  HeroLogRepeats *repeats;
};

static void
write_stdout (HeroLogger *logger, const HeroLogEntry *entry)
{
  g_autoptr (GString) line = g_string_sized_new (256);

  if (logger->json)
    hero_log_line_json (entry, line);
  else
    hero_log_line_plain (entry, line);
  hero_log_stdout_write (logger->out, line->str, line->len);
}

static void
write_file (HeroLogger *logger, const HeroLogEntry *entry)
{
  const char *name = g_str_equal (entry->service, HOST) ? "host" : entry->service;
  g_autofree char *source = g_strconcat (logger->program, ".", name, NULL);
  GString *line = g_string_sized_new (256);

  hero_log_line_file (entry, line);
  hero_log_file_write (logger->files, source, g_string_free (line, FALSE));
}

static void
write_entry (HeroLogger *logger, const HeroLogEntry *entry)
{
  write_stdout (logger, entry);
  if (logger->files != NULL)
    write_file (logger, entry);
}

/* Trouble with the files goes to standard output alone. */
static void
warn_about_files (const char *text, gpointer data)
{
  HeroLogger *logger = data;
  HeroLogEntry entry
      = { .time_us = g_get_real_time (), .level = HERO_LOG_WARN, .service = HOST, .message = text, .pid = logger->pid };

  write_stdout (logger, &entry);
}

gboolean
hero_logger_is_enabled (HeroLogger *logger, const char *service, HeroLogLevel level)
{
  guint own = GPOINTER_TO_UINT (g_hash_table_lookup (logger->own_levels, service != NULL ? service : HOST));

  if (own > 0)
    return level <= own - 1;
  return level <= hero_log_levels_get (logger->levels, service != NULL ? service : HOST);
}

void
hero_logger_write (HeroLogger *logger, const char *service, HeroLogLevel level, const char *message, GVariant *fields)
{
  g_autoptr (GVariant) owned = fields != NULL ? g_variant_ref_sink (fields) : NULL;
  HeroLogEntry entry = { .level = CLAMP (level, HERO_LOG_ERROR, HERO_LOG_TRACE),
                         .service = service != NULL ? service : HOST,
                         .message = message,
                         .fields = owned,
                         .pid = logger->pid };

  if (!hero_logger_is_enabled (logger, entry.service, entry.level))
    return;
  entry.time_us = g_get_real_time ();
  write_entry (logger, &entry);
}

void
hero_logger_printf (HeroLogger *logger, HeroLogLevel level, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (!hero_logger_is_enabled (logger, NULL, level))
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  hero_logger_write (logger, NULL, level, message, NULL);
}

void
hero_logger_forward_json (HeroLogger *logger, const char *service, const char *line)
{
  g_autofree char *message = NULL;
  g_autoptr (GVariant) fields = NULL;
  HeroLogEntry entry = { .time_us = g_get_real_time (), .level = HERO_LOG_INFO, .service = service };

  /* What else a child prints is shown too: nobody reads its standard output otherwise. */
  if (hero_log_line_parse_json (line, &entry.level, &message, &entry.pid, &fields))
    {
      entry.message = message;
      entry.fields = fields;
    }
  else
    entry.message = line;
  if (hero_logger_is_enabled (logger, service, entry.level))
    write_entry (logger, &entry);
}

void
hero_logger_reopen (HeroLogger *logger)
{
  if (logger->files != NULL)
    hero_log_file_reopen (logger->files);
}

void
hero_logger_flush (HeroLogger *logger)
{
  hero_log_stdout_flush (logger->out, FLUSH_MS);
  if (logger->files != NULL)
    hero_log_file_flush (logger->files, FLUSH_MS);
}

/* ---- GLib */

static const char *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key) && fields[i].length < 0)
      return fields[i].value;
  return NULL;
}

static GLogWriterOutput
write_glib (GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer data)
{
  HeroLogger *logger = g_atomic_pointer_get (&installed);
  const char *message = find_field (fields, n_fields, "MESSAGE"),
             *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  const char *service = hero_log_glib_get_thread_service ();
  HeroLogLevel level = hero_log_glib_level (flags);
  g_autoptr (GVariantBuilder) more = NULL;
  guint held_back = 0;

  if (logger == NULL)
    return g_log_writer_standard_streams (flags, fields, n_fields, NULL);
  if (message == NULL || !hero_logger_is_enabled (logger, service, level))
    return G_LOG_WRITER_HANDLED;
  if ((flags & G_LOG_FLAG_FATAL) == 0
      && !hero_log_repeats_pass (logger->repeats, domain, message, g_get_monotonic_time (), &held_back))
    return G_LOG_WRITER_HANDLED;
  more = g_variant_builder_new (G_VARIANT_TYPE_VARDICT);
  if (domain != NULL)
    g_variant_builder_add (more, "{sv}", "domain", g_variant_new_string (domain));
  if (held_back > 0)
    g_variant_builder_add (more, "{sv}", "repeated", g_variant_new_uint32 (held_back));
  hero_logger_write (logger, service, level, message, g_variant_builder_end (more));
  if ((flags & G_LOG_FLAG_FATAL) != 0)
    hero_logger_flush (logger);
  return G_LOG_WRITER_HANDLED;
}

void
hero_logger_set_thread_service (const char *service)
{
  hero_log_glib_set_thread_service (service);
}

void
hero_logger_install (HeroLogger *logger)
{
  g_atomic_pointer_set (&installed, logger);
  g_log_set_writer_func (write_glib, NULL, NULL);
}

/* ---- life */

HeroLogger *
hero_logger_new (const HeroConfig *config, const char *program)
{
  HeroLogger *logger = g_new0 (HeroLogger, 1);

  logger->program = g_strdup (program);
  logger->pid = getpid ();
  logger->json = g_str_equal (config->log_format, "json");
  logger->levels = hero_log_levels_new (config->log_level, NULL);
  if (logger->levels == NULL)
    logger->levels = hero_log_levels_new ("info", NULL);
  logger->own_levels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < config->services->len; i++)
    {
      const HeroServiceConfig *service = g_ptr_array_index (config->services, i);
      guint level;

      if (service->log_level != NULL && hero_log_level_parse (service->log_level, &level))
        g_hash_table_insert (logger->own_levels, g_strdup (service->name), GUINT_TO_POINTER (level + 1));
    }
  logger->repeats = hero_log_repeats_new (REPEAT_INTERVAL_US, REPEAT_MESSAGES);
  logger->out = hero_log_stdout_new (STDOUT_FILENO, STDOUT_QUEUE);
  if (config->log_file)
    logger->files = hero_log_file_new (config->log_dir, (guint64)config->log_file_max_mib << 20, config->log_file_keep,
                                       HERO_LOG_FILE_QUEUE, warn_about_files, logger);
  return logger;
}

void
hero_logger_free (HeroLogger *logger)
{
  if (logger == NULL)
    return;
  g_atomic_pointer_compare_and_exchange (&installed, logger, NULL);
  g_clear_pointer (&logger->files, hero_log_file_free);
  g_clear_pointer (&logger->out, hero_log_stdout_free);
  g_clear_pointer (&logger->repeats, hero_log_repeats_free);
  g_clear_pointer (&logger->levels, hero_log_levels_free);
  g_clear_pointer (&logger->own_levels, g_hash_table_unref);
  g_free (logger->program);
  g_free (logger);
}
