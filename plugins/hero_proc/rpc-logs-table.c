/* rpc-logs-table.c: the methods of logs.* and service.logs as clients see them. Constant. */
#include "rpc-logs.h"

enum
{
  NOT_FOUND = -32000,
  CONFIRM = -32018,
};

#define ERRORS(...) ((const int[]){ __VA_ARGS__, 0 })

/* Q of the contract, in parts: what stands before `limit` and behind it. */
#define Q_SRC                                                                                                          \
  { "src", HERO_STRING (1, 200), 0, "This source and all below it; a trailing * = everything that begins so.", NULL,  \
    "prefix|name|service" }
#define Q_LINES                                                                                                        \
  { "level", HERO_ANY, 0, "This level or a higher one: a number or a word.", NULL, "min_level" },                     \
      { "from", HERO_ANY, 0, "Not before this time: ms, seconds or RFC 3339.", NULL, "since|start" },                 \
      { "to", HERO_ANY, 0, "Before this time.", NULL, "until|end" },                                                  \
      { "text", HERO_STRING (1, 1000), 0, "Lines with this in them; case does not matter.", NULL,                     \
        "search|contains" },                                                                                           \
      { "regex", HERO_STRING (1, 1000), 0, "Lines that match." },                                                     \
      { "context", HERO_ANY, 0, "Only this context, a number or a name." }
#define Q_OF_JOB { "job_id", HERO_INTEGER (1, G_MAXUINT32), 0, "Only of this job." }
#define Q_OF_RUN { "run_id", HERO_INTEGER (1, G_MAXUINT32), 0, "Only of the jobs of this run." }
#define Q_MARKS                                                                                                        \
  { "stream", HERO_STRING (1, 16), 0, "Only of this stream: stdout, stderr, tty or api." },                       \
      { "tag", HERO_STRING (1, 200), 0, "Only with this tag, k or k:v." },                                            \
      { "cursor", HERO_STRING (1, 300), 0, "Go on where an earlier answer ended (its next_cursor)." }
#define Q_FILTERS Q_LINES, Q_OF_JOB, Q_OF_RUN, Q_MARKS
#define Q_ORDER { "order", HERO_STRING (1, 8), 0, "asc or desc.", "\"asc\"" }
#define Q_LIMIT { "limit", HERO_INTEGER (1, 1000), 0, "At most so many.", "200", "lines" }
#define Q_RANGE                                                                                                        \
  { "range", HERO_STRING (1, 8), 0, "today (from local midnight), 24h, 7d or all, instead of from." },                \
  {                                                                                                                    \
    "last_ms", HERO_INTEGER (1, G_MAXINT64), 0, "Only the last so many milliseconds, instead of from."                \
  }
#define FORMAT                                                                                                         \
  { "format", HERO_ENUM ("entry|text|zinit"), 0,                                                                      \
    "text: \"<ts_ms> [<stream>] <content>\"; zinit: {timestamp_ms, service, stream, content}.", "\"entry\"" }

static const HeroRpcParam query_params[] = { Q_SRC, Q_FILTERS, Q_ORDER, Q_LIMIT, Q_RANGE, { NULL } };

static const HeroRpcParam get_params[] = { Q_SRC, Q_FILTERS, Q_ORDER, Q_LIMIT, FORMAT, Q_RANGE, { NULL } };

static const HeroRpcParam tail_params[] = { Q_SRC,
                                            { "lines", HERO_INTEGER (1, 1000), 0, "At most so many.", "100", "limit" },
                                            Q_FILTERS,
                                            FORMAT,
                                            Q_RANGE,
                                            { NULL } };

static const HeroRpcParam service_params[]
    = { { "name", HERO_STRING (1, 64), HERO_REQUIRED, "The service.", NULL, "id|service" },
        Q_FILTERS,
        Q_ORDER,
        Q_LIMIT,
        FORMAT,
        Q_RANGE,
        { NULL } };

static const HeroRpcParam job_params[]
    = { { "id", HERO_ANY, HERO_REQUIRED, "Its number, or the name of an action: its newest job.", NULL,
          "job_id|name" },
        { "src", HERO_STRING (1, 200), 0, "This source and all below it; a trailing * = everything that begins so.",
          NULL, "prefix|service" },
        Q_LINES,
        Q_MARKS,
        Q_ORDER,
        Q_LIMIT,
        Q_RANGE,
        { NULL } };

static const HeroRpcParam run_params[] = { { "id", HERO_INTEGER (1, G_MAXUINT32), HERO_REQUIRED, "Its number.", NULL,
                                             "run_id" },
                                           Q_SRC,
                                           Q_LINES,
                                           Q_OF_JOB,
                                           Q_MARKS,
                                           Q_ORDER,
                                           Q_LIMIT,
                                           Q_RANGE,
                                           { NULL } };

static const HeroRpcParam insert_params[]
    = { { "src", HERO_STRING (1, 194), 0, "The source: 1 to 3 parts of [A-Za-z0-9_-], joined by dots." },
        { "content", HERO_STRING (0, 1048576), 0, "The line; what is over log_line_max is cut.", NULL, "message|msg" },
        { "level", HERO_ANY, 0, "A number or a word; default info.", NULL, "loglevel" },
        { "tags", HERO_ANY, 0, "A map name to text, or an array of \"k\" and \"k:v\"." },
        { "context", HERO_ANY, 0, "A number or a name." },
        { "job_id", HERO_INTEGER (1, G_MAXUINT32), 0, "The job that says it." },
        { "ts", HERO_ANY, 0,
          "When: ms, seconds or RFC 3339, default now. Inside a source time never goes back: an older one becomes that "
          "of the line before.",
          NULL, "epoch" },
        { "entries", HERO_ARRAY (1, 1000), 0, "Many at once: objects with the members above." },
        { NULL } };

static const HeroRpcParam sources_params[]
    = { { "prefix", HERO_STRING (1, 200), 0, "Only this source and all below it; a trailing * = whatever begins so.",
          NULL, "src" },
        { "context", HERO_ANY, 0, "Only sources this context has written to." },
        { NULL } };

static const HeroRpcParam rotate_params[]
    = { { "src", HERO_STRING (1, 200), 0, "Only this source and all below it.", NULL, "prefix" }, { NULL } };

static const HeroRpcParam delete_params[]
    = { { "src", HERO_STRING (1, 200), 0, "This source and all below it.", NULL, "prefix" },
        { "before", HERO_ANY, 0, "Only files whose last line is before this time." },
        { "confirm", HERO_BOOLEAN, 0, "Needed to delete of all sources.", "false" },
        { NULL } };

const HeroRpcSchema proc_log_schemas[] = {
  { "LogEntry",
    "{\"type\":\"object\",\"properties\":{\"cursor\":{\"type\":\"string\"},\"ts_ms\":{\"type\":\"integer\"},"
    "\"epoch\":{\"type\":\"integer\"},\"src\":{\"type\":\"string\"},\"context\":{\"type\":\"integer\"},"
    "\"job_id\":{\"type\":\"integer\"},\"level\":{\"type\":\"integer\"},\"level_name\":{\"type\":\"string\"},"
    "\"stream\":{\"type\":\"string\"},\"tags\":{\"type\":\"object\"},\"content\":{\"type\":\"string\"},"
    "\"truncated\":{\"type\":\"boolean\"}}}" },
  { "LogPage",
    "{\"type\":\"object\",\"properties\":{\"entries\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/"
    "LogEntry\"}},"
    "\"next_cursor\":{\"type\":[\"string\",\"null\"]},\"prev_cursor\":{\"type\":[\"string\",\"null\"]},"
    "\"has_more\":{\"type\":\"boolean\"},\"partial\":{\"type\":\"boolean\"},\"gap\":{\"type\":\"boolean\"}}}" },
  { "LogSource",
    "{\"type\":\"object\",\"properties\":{\"src\":{\"type\":\"string\"},\"bytes\":{\"type\":\"integer\"},"
    "\"segments\":{\"type\":\"integer\"},\"first_epoch\":{\"type\":[\"integer\",\"null\"]},"
    "\"last_epoch\":{\"type\":[\"integer\",\"null\"]},"
    "\"lines\":{\"type\":[\"integer\",\"null\"],\"description\":\"in its files; null while old files are not counted"
    "\"},"
    "\"dropped_lines\":{\"type\":\"integer\"},\"dropped_bytes\":{\"type\":\"integer\"},"
    "\"rate_1m\":{\"type\":\"number\",\"description\":\"lines a second over the last minute, dropped ones too\"}}}" },
  { "LogStats",
    "{\"type\":\"object\",\"properties\":{\"queued\":{\"type\":\"integer\"},\"queued_bytes\":{\"type\":\"integer\"},"
    "\"written_lines\":{\"type\":\"integer\"},\"written_bytes\":{\"type\":\"integer\"},"
    "\"dropped_total\":{\"type\":\"integer\"},\"dropped_rate\":{\"type\":\"integer\"},"
    "\"dropped_queue\":{\"type\":\"integer\"},\"dropped_disk\":{\"type\":\"integer\"},"
    "\"flush_ms\":{\"type\":\"integer\"},\"disk_bytes\":{\"type\":\"integer\"},\"disk_guard\":{\"type\":\"boolean\"}}}" },
  { NULL }
};

#define OK "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}}}"
#define LINES "{\"type\":\"array\",\"description\":\"LogEntry, text, or zinit's record\"}"

const HeroRpcMethod proc_log_methods[] = {
  { "logs.insert", hero_proc_rpc_logs_insert, insert_params,
    "{\"type\":\"object\",\"properties\":{\"inserted\":{\"type\":\"integer\"},\"dropped\":{\"type\":\"integer\"}}}",
    "Add one line, or many.", "Never waits for the disk; the limits of a source count as for a child.", "logs",
    ERRORS (NOT_FOUND), HERO_RPC_WRITES, "logs.add|logs.insert_batch" },
  { "logs.query", hero_proc_rpc_logs_query, query_params, "LogPage",
    "Search the log lines of all sources, page by page.",
    "Order is by time, then source, then arrival. next_cursor goes on after the last line of the answer, also later.",
    "logs", ERRORS (NOT_FOUND), 0, "logs.list|logs.search" },
  { "logs.get", hero_proc_rpc_logs_get, get_params, LINES, "Log lines as a plain array, the oldest first.",
    "With order desc the newest ones that match.", "logs", ERRORS (NOT_FOUND), 0, "logs.filter" },
  { "logs.tail", hero_proc_rpc_logs_tail, tail_params, LINES, "The newest lines, the oldest of them first.", NULL,
    "logs", ERRORS (NOT_FOUND), 0, NULL },
  { "logs.sources", hero_proc_rpc_logs_sources, sources_params, "[]LogSource", "What each source holds and costs.",
    NULL, "logs", ERRORS (NOT_FOUND), 0, NULL },
  { "logs.tree", hero_proc_rpc_logs_tree, sources_params,
    "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"depth\":{\"type\":\"integer\"},"
    "\"part\":{\"type\":\"string\"},\"src\":{\"type\":\"string\"},\"bytes\":{\"type\":\"integer\"},"
    "\"dropped_lines\":{\"type\":\"integer\"}}}}",
    "The sources as a tree, flat, parents before children; the figures of a parent are the sums of what is below.",
    NULL, "logs", ERRORS (NOT_FOUND), 0, NULL },
  { "logs.stats", hero_proc_rpc_logs_stats, NULL, "LogStats", "Counters of the log pipeline since the start.", NULL,
    "logs", NULL, 0, NULL },
  { "logs.flush", hero_proc_rpc_logs_flush, NULL, OK, "Answer when every line so far is in its file.", NULL, "logs",
    NULL, HERO_RPC_WAITS, NULL },
  { "logs.rotate", hero_proc_rpc_logs_rotate, rotate_params, OK, "Put log files aside; the next lines begin new ones.",
    NULL, "logs", NULL, HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_ADMIN_ONLY, NULL },
  { "logs.delete", hero_proc_rpc_logs_delete, delete_params,
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"},\"deleted_bytes\":{\"type\":\"integer\"},"
    "\"deleted_segments\":{\"type\":\"integer\"}}}",
    "Delete log files.", "Whole files only; those of the host are never touched.", "logs", ERRORS (CONFIRM),
    HERO_RPC_WRITES | HERO_RPC_WAITS | HERO_RPC_ADMIN_ONLY, "logs.clean" },
  { "service.logs", hero_proc_rpc_service_logs, service_params, LINES, "Log lines of a service, the oldest first.",
    NULL, "jobs", ERRORS (NOT_FOUND), 0, NULL },
  { "job.logs", hero_proc_rpc_job_logs, job_params, "LogPage", "Log lines of a job, as logs.query.", NULL, "jobs",
    ERRORS (NOT_FOUND), 0, NULL },
  { "run.logs", hero_proc_rpc_run_logs, run_params, "LogPage", "Log lines of all jobs of a run, as logs.query.", NULL,
    "jobs", ERRORS (NOT_FOUND), 0, NULL },
  { NULL }
};
