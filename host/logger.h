/*
 * logger.h: the one log writer of the process (conventions 9): stdout in plain or JSON form, files by source with
 * rotation, levels per service. Any thread; file writing has a thread of its own and a bounded queue. GLib's own log
 * messages come here too, under the name of the service whose thread they came from.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

typedef struct _HeroLogger HeroLogger;

/* program: "hero_bundle", "hero_db_server", ..: the first part of the file log's source. */
HeroLogger *hero_logger_new (const HeroConfig *config, const char *program);
void hero_logger_free (HeroLogger *logger);  /* flushes */
void hero_logger_flush (HeroLogger *logger); /* blocks, shortly: before the process leaves with threads still running */
/* service NULL = the host ("hero_bundle"). fields: a{sv} or NULL, sunk. */
void hero_logger_write (HeroLogger *logger, const char *service, HeroLogLevel level, const char *message,
                        GVariant *fields);
void hero_logger_printf (HeroLogger *logger, HeroLogLevel level, const char *format, ...)
    G_GNUC_PRINTF (3, 4); /* the host's */
gboolean hero_logger_is_enabled (HeroLogger *logger, const char *service, HeroLogLevel level);
void hero_logger_reopen (HeroLogger *logger); /* SIGHUP */
/* A line that a child process wrote in JSON form (process isolation) goes on as it was meant. */
void hero_logger_forward_json (HeroLogger *logger, const char *service, const char *line);
/* Binds the calling thread to a service: GLib messages of this thread carry its name. */
void hero_logger_set_thread_service (const char *service);
/* Makes this logger the GLib writer of the process. Once. */
void hero_logger_install (HeroLogger *logger);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroLogger, hero_logger_free)

G_END_DECLS
