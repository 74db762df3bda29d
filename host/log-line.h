/* log-line.h: one log message in its three written forms (conventions 9). Pure; any thread. */
#pragma once

#include <hero-bundle/plugin.h>

G_BEGIN_DECLS

typedef struct
{
  gint64 time_us; /* wall clock, microseconds since 1970 */
  HeroLogLevel level;
  const char *service; /* "hero_bundle" for the host's own */
  const char *message;
  GVariant *fields; /* a{sv} or NULL. "context" and "job_id" have places of their own in the JSON and file forms */
  gint64 pid;
} HeroLogEntry;

/* 2026-05-10T08:36:38.123Z INFO  hero_db: message key=value key="two words" */
void hero_log_line_plain (const HeroLogEntry *entry, GString *out);
/* {"ts":"..","level":"info","service":"hero_db","msg":"..","pid":1,"context":0,..} */
void hero_log_line_json (const HeroLogEntry *entry, GString *out);
/* epoch TAB contextid TAB job_id TAB level TAB tags TAB content */
void hero_log_line_file (const HeroLogEntry *entry, GString *out);

/* The JSON form read back; FALSE if the line is none. `fields` gets a{sv} (transfer full), `message` transfer full. */
gboolean hero_log_line_parse_json (const char *line, HeroLogLevel *level, char **message, gint64 *pid,
                                   GVariant **fields);

G_END_DECLS
