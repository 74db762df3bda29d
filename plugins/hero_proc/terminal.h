/*
 * terminal.h: the terminal of one attempt of a job: what it shows, whoever looks on, and what they type. Its output comes
 * in on the reader's thread and never waits for a viewer for long: chunks are shared, a viewer that cannot keep up is
 * told so (contract 9). Counted; service thread but where it says otherwise.
 */
#pragma once

#include <gio/gio.h>
#include <hero-service/reactor.h>

#include "spec-tty.h"

G_BEGIN_DECLS

typedef struct _ProcTerminal ProcTerminal;
typedef struct _ProcViewer ProcViewer;

/* What a viewer is told. It may detach in any of them. */
typedef struct
{
  void (*output) (gpointer data, GBytes *chunk);
  void (*resized) (gpointer data, const ProcTtySize *size);
  /* The last call but detach: the job has ended. exit_code -1 = unknown; signo 0 = none. */
  void (*over) (gpointer data, int exit_code, int signo);
  /* Bytes of output it has not got rid of yet. */
  gsize (*get_backlog) (gpointer data);
} ProcViewerFuncs;

typedef struct
{
  GMainContext *context; /* the service's */
  HeroReactor *reactor;
  gsize scrollback; /* bytes kept */
  gsize queue;      /* bytes a viewer may be behind */
} ProcTerminalSetup;

/* master, slave: taken; the slave is kept open, so that the terminal stays when programs close it. -1 = none, for tests. */
ProcTerminal *proc_terminal_new (const ProcTerminalSetup *setup, int master, int slave);
ProcTerminal *proc_terminal_ref (ProcTerminal *self); /* any thread */
void proc_terminal_unref (ProcTerminal *self);        /* any thread */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcTerminal, proc_terminal_unref)

/* ---- output: the reader's thread */
/* A descriptor of its own for reading, -1 = none. Any thread. */
int proc_terminal_open_output (ProcTerminal *self);
/* Bytes to be read from it at a time, at most. Any thread. */
gsize proc_terminal_get_read_size (ProcTerminal *self);
/* FALSE: enough for now, go on when `resume` is called. */
gboolean proc_terminal_take (ProcTerminal *self, const char *bytes, gsize length);
/* Nothing more comes. */
void proc_terminal_end (ProcTerminal *self);
/* Before the first output. Comes on the service's thread. */
void proc_terminal_set_resume (ProcTerminal *self, void (*resume) (ProcTerminal *self, gpointer data), gpointer data);

/* ---- life */
/* The job has ended so, nothing is typed any more; what is left of its output still comes. */
void proc_terminal_set_exit (ProcTerminal *self, int exit_code, int signo);
/* The service ends: nobody looks on any more. */
void proc_terminal_let_go (ProcTerminal *self);

/* ---- looking on */
/*
 * scrollback: at most so many bytes of what was; it and the chunks that follow join without gap or double. funcs: static.
 * may_type: else nothing it sends arrives.
 */
ProcViewer *proc_terminal_attach (ProcTerminal *self, const ProcViewerFuncs *funcs, gpointer data, gboolean may_type,
                                  gsize scrollback, GBytes **past);
void proc_terminal_detach (ProcTerminal *self, ProcViewer *viewer);
/* It got rid of some of its backlog. */
void proc_terminal_drained (ProcTerminal *self);
GBytes *proc_terminal_get_scrollback (ProcTerminal *self, gsize max);
guint proc_terminal_count_viewers (ProcTerminal *self);

/* ---- what comes from there. viewer NULL: from no viewer, by a call. */
/* FALSE: too much waits already for the program to read it, nothing was taken. */
gboolean proc_terminal_type (ProcTerminal *self, ProcViewer *viewer, const char *bytes, gsize length);
ProcTtySize proc_terminal_get_size (ProcTerminal *self);
void proc_terminal_resize (ProcTerminal *self, const ProcTtySize *size);
/* To what runs in the foreground. FALSE: nothing does. */
gboolean proc_terminal_signal (ProcTerminal *self, int signo);

G_END_DECLS
