/* hero_proc-plugin.c: what the host loads. Nothing but the descriptor lives here. */
#include "hero-proc.h"

#define MAX_MIB 1048576

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } };

/* clang-format off */
static const HeroConfigKey config_keys[] = {
  { "db_path", HERO_CONFIG_PATH, .meaning = "File of services, actions and jobs. Default: <data_dir>/hero_proc.mdb." },
  { "db_max_mb", HERO_CONFIG_INT, .min = 64, .max = MAX_MIB, .fallback = "1024", .meaning = "Largest size of that file in MiB." },
  { "autostart", HERO_CONFIG_BOOL, .fallback = "true", .meaning = "Start services whose wanted status is start when hero_proc starts." },
  { "scheduler", HERO_CONFIG_BOOL, .fallback = "true", .meaning = "Start actions by their schedules; false: only by hand." },
  { "timezone", HERO_CONFIG_STRING, .fallback = "\"local\"",
    .meaning = "Time zone of schedules that name none: local, UTC or a name such as Europe/Brussels." },
  { "max_running_jobs", HERO_CONFIG_INT, .min = 0, .max = 100000, .fallback = "64",
    .meaning = "Most plain jobs that have a process at a time, others wait; 0 = no limit." },
  { "max_processes", HERO_CONFIG_INT, .min = 0, .max = 100000, .fallback = "512",
    .meaning = "Most long-lived processes at a time, others wait; 0 = no limit." },
  { "max_queued_jobs", HERO_CONFIG_INT, .min = 0, .max = 1000000, .fallback = "10000",
    .meaning = "Most jobs that wait; further ones are refused; 0 = no limit." },
  { "job_retention_days", HERO_CONFIG_INT, .min = 0, .max = 36500, .fallback = "7",
    .meaning = "Days the record of an ended job is kept; 0 = no limit." },
  { "run_retention_days", HERO_CONFIG_INT, .min = 0, .max = 36500, .fallback = "7",
    .meaning = "Days the record of an ended run is kept; it goes with the last of its jobs, too; 0 = no limit." },
  { "job_retention_max", HERO_CONFIG_INT, .min = 0, .max = 1000000, .fallback = "10000",
    .meaning = "Most records of ended jobs; 0 = no limit." },
  { "job_keep_per_action", HERO_CONFIG_INT, .min = 0, .max = 1000000, .fallback = "100",
    .meaning = "Most records of ended jobs of one action; 0 = no limit. None goes in its first hour." },
  { "archive_after_hours", HERO_CONFIG_INT, .min = 0, .max = 876000, .fallback = "24",
    .meaning = "Hours after which an ended job is out of the usual lists; 0 = never." },
  { "stats_interval_ms", HERO_CONFIG_INT, .min = 100, .max = 3600000, .fallback = "5000",
    .meaning = "Milliseconds between two measurements of what jobs use." },
  { "retention_interval_s", HERO_CONFIG_INT, .min = 1, .max = 86400, .fallback = "3600",
    .meaning = "Seconds between two rounds of deleting records that have had their time." },
  { "stop_children_on_exit", HERO_CONFIG_BOOL, .fallback = "true",
    .meaning = "Stop all children when hero_proc stops; false: they go on, and the next start takes them over." },
  { "env_mode", HERO_CONFIG_STRING, .fallback = "\"inherit\"", .choices = "inherit|minimal",
    .meaning = "What children get of the host's environment: all of it, or only the basic variables." },
  { "env_deny", HERO_CONFIG_STRINGS, .max = 1000,
    .fallback = "[\"NOTIFY_SOCKET\", \"LISTEN_FDS\", \"LISTEN_PID\", \"LISTEN_FDNAMES\", \"WATCHDOG_USEC\", \"WATCHDOG_PID\", "
                "\"INVOCATION_ID\", \"JOURNAL_STREAM\", \"LD_PRELOAD\", \"LD_AUDIT\"]",
    .meaning = "Variables of the host that children never get." },
  { "log_dir", HERO_CONFIG_PATH, .meaning = "Directory of the children's log files. Default: the host's log_dir." },
  { "log_rate_lines", HERO_CONFIG_INT, .min = 1, .max = 1000000, .fallback = "1000",
    .meaning = "Lines a second kept of one source; more are read and thrown away." },
  { "log_rate_kb", HERO_CONFIG_INT, .min = 1, .max = MAX_MIB, .fallback = "1024", .meaning = "KiB a second kept of one source." },
  { "log_line_max", HERO_CONFIG_INT, .min = 80, .max = 32768, .fallback = "16384", .meaning = "Longest line in bytes; the rest of it is cut." },
  { "log_flush_ms", HERO_CONFIG_INT, .min = 1, .max = 60000, .fallback = "100", .meaning = "Longest time in ms until a line is in its file." },
  { "log_queue_lines", HERO_CONFIG_INT, .min = 100, .max = 1000000, .fallback = "10000", .meaning = "Most lines that wait for the disk." },
  { "log_queue_mb", HERO_CONFIG_INT, .min = 1, .max = 1024, .fallback = "10", .meaning = "Most MiB that wait for the disk." },
  { "log_pipe_kb", HERO_CONFIG_INT, .min = 4, .max = 1024, .fallback = "256",
    .meaning = "KiB of output that wait in the pipe of a child while hero_proc is away." },
  { "log_file_max_mb", HERO_CONFIG_INT, .min = 1, .max = MAX_MIB, .fallback = "16", .meaning = "Size in MiB at which a log file is put aside." },
  { "log_source_max_mb", HERO_CONFIG_INT, .min = 1, .max = MAX_MIB, .fallback = "256", .meaning = "Most MiB of one source." },
  { "log_total_max_mb", HERO_CONFIG_INT, .min = 1, .max = MAX_MIB, .fallback = "2048", .meaning = "Most MiB of all sources." },
  { "log_min_free_mb", HERO_CONFIG_INT, .min = 0, .max = MAX_MIB, .fallback = "512",
    .meaning = "MiB that stay free on the disk: below it the oldest log files go, then logging stops." },
  { "log_retention_days", HERO_CONFIG_INT, .min = 0, .max = 36500, .fallback = "14", .meaning = "Days a log file is kept; 0 = no limit." },
  { "secret_key_file", HERO_CONFIG_PATH,
    .meaning = "File of the key that seals the secrets: 32 bytes, mode 0600. Default: <data_dir>/secret.key, made when there is none." },
  { "redact", HERO_CONFIG_BOOL, .fallback = "true",
    .meaning = "Put *** in place of the values of secrets in the output of the jobs that were given them." },
  { NULL }
};
/* clang-format on */

HERO_SERVICE_PLUGIN (.name = "hero_proc", .title = "Hero Proc", .version = PACKAGE_VERSION,
                     .domains = "jobs|logs|secrets|system",
                     .description = "Starts, watches and stops processes, and keeps what they say.", .sockets = sockets,
                     .config_keys = config_keys, .create = hero_proc_create, .start = hero_proc_start,
                     .serve = hero_proc_serve, .stop = hero_proc_stop, .kill_now = hero_proc_kill_now,
                     .destroy = hero_proc_destroy);
