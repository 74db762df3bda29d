/*
 * log-line.h: one line of a log file and its parts (contract 10.1, 10.3), and the cutting of a byte stream into lines.
 * Pure; any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  PROC_STREAM_STDOUT,
  PROC_STREAM_STDERR,
  PROC_STREAM_TTY,
  PROC_STREAM_API,
} ProcStream;

extern const char *const proc_stream_words[];

enum
{
  PROC_LEVEL_DEBUG = 0,
  PROC_LEVEL_INFO = 10,
  PROC_LEVEL_NOTICE = 20,
  PROC_LEVEL_WARNING = 30,
  PROC_LEVEL_CRITICAL = 40,
  PROC_LEVEL_ERROR = 254,
};

typedef struct
{
  gint64 ts_ms;
  guint32 context;
  guint32 job_id; /* 0 = none */
  guint level;
  ProcStream stream;
  gboolean truncated;
  char *tags; /* "k:v,k:v", ours left out; NULL = none */
  char *content;
} ProcLogEntry;

void proc_log_entry_free (ProcLogEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcLogEntry, proc_log_entry_free)

/*
 * A line is "epoch TAB context TAB job TAB level TAB tags TAB content LF". Appends all before the content; and the
 * content, made one line: TAB becomes a blank, LF "[BR]", CR nothing.
 */
void proc_log_format_head (GString *to, const ProcLogEntry *entry);
void proc_log_format_content (GString *to, const char *content, gsize length);
/* A line without its LF; NULL if it is not one of ours. */
ProcLogEntry *proc_log_parse (const char *line, gsize length);
/* The time of such a line only, for searching; -1 = not one. */
gint64 proc_log_parse_time (const char *line, gsize length);

/* The level a line speaks of in its first 64 characters, by a JSON member "level" or a word; else PROC_LEVEL_INFO. */
guint proc_log_detect_level (const char *content, gsize length);
/* Its number from a word or number text, -1 = none. */
int proc_level_parse (const char *text);
const char *proc_level_name (guint level);

/* ---- cutting: bytes come as the pipe gives them, lines go out at most max_line bytes long, valid UTF-8, without CR
 * LF. */
typedef struct
{
  GString *pending;
  gsize max_line;
  gboolean skipping; /* the rest of a line that was cut */
} ProcLineCutter;

/* line: valid UTF-8 without NUL, not terminated. */
typedef void (*ProcLineFunc) (const char *line, gsize length, gboolean truncated, gpointer data);

void proc_line_cutter_init (ProcLineCutter *self, gsize max_line);
void proc_line_cutter_clear (ProcLineCutter *self);
void proc_line_cutter_feed (ProcLineCutter *self, const char *bytes, gsize length, ProcLineFunc func, gpointer data);
/* The last line may lack its end. */
void proc_line_cutter_finish (ProcLineCutter *self, ProcLineFunc func, gpointer data);

G_END_DECLS
