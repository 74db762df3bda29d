/*
 * log.h: a service's log lines. They go to the host's one writer; nothing here blocks. Any thread. Libraries return
 * errors instead of logging; the one place that decides logs.
 */
#pragma once

#include <hero-service/context.h>

G_BEGIN_DECLS

void hero_log (HeroServiceContext *ctx, HeroLogLevel level, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* With structured fields: a{sv}, floating or not; sunk. They follow the message as key=value. */
void hero_log_fields (HeroServiceContext *ctx, HeroLogLevel level, GVariant *fields, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

#define hero_error(ctx, ...) hero_log ((ctx), HERO_LOG_ERROR, __VA_ARGS__)
#define hero_warn(ctx, ...) hero_log ((ctx), HERO_LOG_WARN, __VA_ARGS__)
#define hero_info(ctx, ...) hero_log ((ctx), HERO_LOG_INFO, __VA_ARGS__)
#define hero_debug(ctx, ...)                                                                                           \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    if ((ctx)->host->log_enabled ((ctx), HERO_LOG_DEBUG))                                                              \
      hero_log ((ctx), HERO_LOG_DEBUG, __VA_ARGS__);                                                                   \
  }                                                                                                                    \
  G_STMT_END

G_END_DECLS
