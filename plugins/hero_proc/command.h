/*
 * command.h: from an action to what is executed: argument vector, environment, working directory, script file
 * (contract 8.2, 8.3). What is missing is found here, before the spawn, and named. Writes the script file; otherwise
 * pure. Any thread.
 */
#pragma once

#include "spec.h"

G_BEGIN_DECLS

/* What all children of one hero_proc share; made once at start. */
typedef struct
{
  char **environ;           /* base environment, sorted "NAME=value": the host's, filtered, with the Hero paths */
  char *home;               /* of the user */
  char *run_dir;            /* <data_dir>/run: scripts and FIFOs */
  GHashTable *interpreters; /* name -> path, from the configuration; may be NULL */
  char *socket_root;        /* relative paths of sockets are below it; NULL = there is none */
  char *notify_path;        /* where jobs say that they are ready; NULL = nowhere */
} ProcSurroundings;

/* environment: the host's. own: "NAME=value" set over it. deny: names left out. minimal: only the basic variables. */
ProcSurroundings *proc_surroundings_new (const char *const *environment, const char *const *own,
                                         const char *const *deny, gboolean minimal, const char *run_dir);
void proc_surroundings_free (ProcSurroundings *self);
/* The absolute path of a socket given as "/..", "~/.." or below the socket root. Transfer full. */
char *proc_surroundings_socket_path (const ProcSurroundings *self, const char *path);
/* An interpreter or program of this name would be found. Asks the disk. */
gboolean proc_surroundings_has_program (const ProcSurroundings *self, const char *name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSurroundings, proc_surroundings_free)

/* Names of one attempt, for its environment. */
typedef struct
{
  guint32 job_id, run_id, context;
  const char *service; /* NULL = none */
  const char *action;
  guint attempt;
  const char *token;
  char **secrets;       /* "NAME=value", over the action's environment; NULL = none */
  const char *pid_file; /* where its pid is noted; NULL = nowhere */
} ProcIdentity;

typedef struct
{
  char *program; /* absolute path, or with '/' relative to cwd */
  char **argv;
  char **envp;
  char *cwd;
} ProcCommand;

/*
 * Fails with PROC_ERROR_PROCESS: no such program, interpreter or directory, unbalanced quotes, environment over 128
 * KiB. The script file, if one is needed, is <run_dir>/<job id>.<extension>; proc_command_remove_script takes it away.
 */
ProcCommand *proc_command_new (const ProcAction *action, const ProcSurroundings *surroundings,
                               const ProcIdentity *identity, GError **error);
void proc_command_free (ProcCommand *self);
void proc_command_remove_script (const ProcSurroundings *surroundings, guint32 job_id);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcCommand, proc_command_free)

G_END_DECLS
