/* terminals.c: see terminals.h. Service thread. */
#include "terminals.h"

struct _ProcTerminals
{
  ProcTerminalSetup setup;
  GHashTable *by_job; /* job id -> ProcTerminal */
};

static void
let_go (gpointer data)
{
  proc_terminal_let_go (data);
  proc_terminal_unref (data);
}

ProcTerminals *
proc_terminals_new (const ProcTerminalSetup *setup)
{
  ProcTerminals *self = g_new0 (ProcTerminals, 1);

  self->setup = *setup;
  self->by_job = g_hash_table_new_full (NULL, NULL, NULL, let_go);
  return self;
}

void
proc_terminals_free (ProcTerminals *self)
{
  g_hash_table_unref (self->by_job);
  g_free (self);
}

void
proc_terminals_begin (ProcTerminals *self, ProcCapture *capture, const ProcJob *job, int master, int slave)
{
  g_autoptr (ProcTerminal) terminal = NULL;

  if (master < 0)
    return;
  terminal = proc_terminal_new (&self->setup, master, slave);
  proc_capture_add_terminal (capture, job->id, job->spec->log == PROC_LOG_STORE ? job->source : NULL, job->context,
                             job->spec->log_level_max, job->redaction, terminal);
  g_hash_table_insert (self->by_job, GUINT_TO_POINTER (job->id), g_steal_pointer (&terminal));
}

void
proc_terminals_end (ProcTerminals *self, const ProcJob *job)
{
  gpointer terminal;

  if (!g_hash_table_steal_extended (self->by_job, GUINT_TO_POINTER (job->id), NULL, &terminal))
    return;
  proc_terminal_set_exit (terminal, job->exit_code, job->signo);
  proc_terminal_unref (terminal); /* capture has one more until it is read to its end */
}

ProcTerminal *
proc_terminals_get (ProcTerminals *self, guint32 job_id)
{
  return g_hash_table_lookup (self->by_job, GUINT_TO_POINTER (job_id));
}
