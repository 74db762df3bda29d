/* terminals.h: the terminals there are, one for each attempt under way of a job with `tty`. Service thread. */
#pragma once

#include "capture.h"
#include "job.h"
#include "terminal.h"

G_BEGIN_DECLS

typedef struct _ProcTerminals ProcTerminals;

/* Everything in setup outlives it. */
ProcTerminals *proc_terminals_new (const ProcTerminalSetup *setup);
void proc_terminals_free (ProcTerminals *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcTerminals, proc_terminals_free)

/* An attempt has one: it is read by capture. The descriptors are taken. */
void proc_terminals_begin (ProcTerminals *self, ProcCapture *capture, const ProcJob *job, int master, int slave);
/* The attempt is over, by its record too: before capture is told. */
void proc_terminals_end (ProcTerminals *self, const ProcJob *job);
/* NULL = it has none now; transfer none. */
ProcTerminal *proc_terminals_get (ProcTerminals *self, guint32 job_id);

G_END_DECLS
