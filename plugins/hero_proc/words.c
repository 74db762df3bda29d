/* words.c: see words.h. Pure; any thread. */
#include "words.h"

#include <signal.h>
#include <string.h>

const char *const proc_wanted_words[] = { "start", "stop", "ignore", "spec", NULL };
const char *const proc_class_words[] = { "user", "system", NULL };
const char *const proc_state_words[] = { "inactive", "starting", "running", "unhealthy", "degraded", "stopping",
                                         "blocked",  "failed",   "success", "exited",    NULL };
const char *const proc_phase_words[] = { "pending",   "waiting", "starting",  "running", "retrying", "stopping",
                                         "succeeded", "failed",  "cancelled", "skipped", NULL };
const char *const proc_failure_words[] = { "none",
                                           "exit_code",
                                           "signal",
                                           "timeout",
                                           "start_timeout",
                                           "stop_timeout",
                                           "health_check_failed",
                                           "blocked_by_other",
                                           "spawn_error",
                                           "secret_missing",
                                           "exit_unknown",
                                           "host_restart",
                                           "shutdown",
                                           "cancelled",
                                           "dependency_failed",
                                           "terminal_lost",
                                           NULL };
const char *const proc_restart_words[] = { "always", "on_failure", "never", NULL };
const char *const proc_backoff_words[] = { "exponential", "linear", "fixed", NULL };
const char *const proc_when_words[] = { "success", "done", "started", "ready", NULL };
const char *const proc_on_failure_words[] = { "stop", "cancel", "continue", NULL };
const char *const proc_run_state_words[]
    = { "created", "waiting_deps", "running", "stopping", "succeeded", "failed", "cancelled", NULL };
const char *const proc_log_mode_words[] = { "store|ring|stdout", "none", NULL };
const char *const proc_trigger_words[] = { "api", "service", "autostart", "run", "retry", "schedule", NULL };
const char *const proc_catch_up_words[] = { "none", "once", NULL };
const char *const proc_schedule_state_words[] = { "active", "paused", "waiting", "ended", "invalid", NULL };
const char *const proc_exit_source_words[] = { "none", "wait", "pidfd", "unknown", NULL };
const char *const proc_probe_type_words[] = { "tcp", "http", "exec", "socket|unix|uds", NULL };
const char *const proc_probe_type_names[] = { "tcp", "http", "exec", "socket", NULL };
const char *const proc_ready_type_words[]
    = { "none", "notify", "health", "tcp", "http", "socket|unix|uds", "exec", "log", NULL };
const char *const proc_ready_type_names[]
    = { "none", "notify", "health", "tcp", "http", "socket", "exec", "log", NULL };
const char *const proc_health_words[] = { "none", "unknown", "healthy", "failing", "degraded", "unhealthy", NULL };

/* TRUE if the two are the same word, where case, '-' and '_' do not count; `word` ends at '|' or NUL. */
static gboolean
same_word (const char *word, const char *text)
{
  for (;; word++, text++)
    {
      while (*word == '_' || *word == '-')
        word++;
      while (*text == '_' || *text == '-')
        text++;
      if (*text == '\0')
        return *word == '\0' || *word == '|';
      if (g_ascii_tolower (*word) != g_ascii_tolower (*text))
        return FALSE;
    }
}

int
proc_word_parse (const char *const *words, const char *text)
{
  for (int i = 0; words[i] != NULL; i++)
    for (const char *word = words[i]; word != NULL; word = strchr (word, '|'))
      {
        if (*word == '|')
          word++;
        if (same_word (word, text))
          return i;
      }
  return -1;
}

char *
proc_word_list (const char *const *words)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *bar = strchr (words[i], '|');

      if (i > 0)
        g_string_append_c (list, '|');
      g_string_append_len (list, words[i], bar == NULL ? (gssize)strlen (words[i]) : bar - words[i]);
    }
  return g_string_free (list, FALSE);
}

/* Only what ends a process by default: a stop signal that is ignored by default would never stop anything. */
static const struct
{
  int number;
  const char *name;
} fatal_signals[] = {
  { SIGHUP, "SIGHUP" },   { SIGINT, "SIGINT" },   { SIGQUIT, "SIGQUIT" }, { SIGILL, "SIGILL" },
  { SIGTRAP, "SIGTRAP" }, { SIGABRT, "SIGABRT" }, { SIGBUS, "SIGBUS" },   { SIGFPE, "SIGFPE" },
  { SIGKILL, "SIGKILL" }, { SIGUSR1, "SIGUSR1" }, { SIGSEGV, "SIGSEGV" }, { SIGUSR2, "SIGUSR2" },
  { SIGPIPE, "SIGPIPE" }, { SIGALRM, "SIGALRM" }, { SIGTERM, "SIGTERM" }, { SIGSTKFLT, "SIGSTKFLT" },
  { SIGXCPU, "SIGXCPU" }, { SIGXFSZ, "SIGXFSZ" }, { SIGIO, "SIGIO" },     { SIGVTALRM, "SIGVTALRM" },
  { SIGPROF, "SIGPROF" }, { SIGPWR, "SIGPWR" },   { SIGSYS, "SIGSYS" },
};

int
proc_signal_parse (const char *text)
{
  guint64 number;

  if (g_ascii_string_to_unsigned (text, 10, 1, 64, &number, NULL))
    return proc_signal_name ((int)number) != NULL ? (int)number : 0;
  if (g_ascii_strncasecmp (text, "SIG", 3) == 0)
    text += 3;
  for (guint i = 0; i < G_N_ELEMENTS (fatal_signals); i++)
    if (g_ascii_strcasecmp (text, fatal_signals[i].name + 3) == 0)
      return fatal_signals[i].number;
  return 0;
}

int
proc_any_signal_parse (const char *text)
{
  static const struct
  {
    int number;
    const char *name;
  } others[] = { { SIGCHLD, "CHLD" }, { SIGCONT, "CONT" }, { SIGSTOP, "STOP" }, { SIGTSTP, "TSTP" },
                 { SIGTTIN, "TTIN" }, { SIGTTOU, "TTOU" }, { SIGURG, "URG" },   { SIGWINCH, "WINCH" } };
  const char *name = g_ascii_strncasecmp (text, "SIG", 3) == 0 ? text + 3 : text;
  guint64 number = 0;

  g_ascii_string_to_unsigned (text, 10, 1, 64, &number, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_ascii_strcasecmp (name, others[i].name) == 0 || (int)number == others[i].number)
      return others[i].number;
  return proc_signal_parse (text);
}

const char *
proc_signal_name (int signo)
{
  for (guint i = 0; i < G_N_ELEMENTS (fatal_signals); i++)
    if (fatal_signals[i].number == signo)
      return fatal_signals[i].name;
  return NULL;
}

gboolean
proc_failure_is_request (ProcFailure failure)
{
  return failure == PROC_FAILURE_CANCELLED || failure == PROC_FAILURE_SHUTDOWN;
}

gboolean
proc_phase_is_active (ProcPhase phase)
{
  return phase <= PROC_PHASE_STOPPING;
}

gboolean
proc_state_is_up (ProcState state)
{
  return state >= PROC_STATE_STARTING && state <= PROC_STATE_STOPPING;
}
