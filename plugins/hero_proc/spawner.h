/*
 * spawner.h: starts children. One thread, because a spawn blocks until the child has executed its program; requests
 * come from the service's thread, results go back to its context. Contract 8.1.
 */
#pragma once

#include <gio/gio.h>

#include "command.h"

G_BEGIN_DECLS

typedef struct _ProcSpawner ProcSpawner;

/* What came of one request. */
typedef struct
{
  pid_t pid; /* also the process group; 0: not started */
  guint64 start_ticks;
  int pidfd;          /* the callback takes the three descriptors; -1 = none */
  int out_fd, err_fd; /* our ends of the output pipes; of a terminal the master, and the slave */
  GError *error;      /* PROC_ERROR_PROCESS, owned by the spawner; NULL when started */
  GError *pid_file_error; /* started, but its pid could not be noted; owned by the spawner */
} ProcSpawnResult;

typedef void (*ProcSpawnDone) (ProcSpawnResult *result, gpointer data);

/*
 * context: where results go. helper: path of hero_exec, needed when nofile_soft is not 0: the soft limit of open files
 * a child gets. pipe_bytes: size asked for the output pipes.
 */
ProcSpawner *proc_spawner_new (GMainContext *context, const char *helper, guint nofile_soft, gsize pipe_bytes);
/* Waits for a spawn under way; results not delivered yet are not delivered any more. */
void proc_spawner_free (ProcSpawner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcSpawner, proc_spawner_free)

/*
 * Everything after the intent is recorded: the command is made (proc_command_new), the pipes are, the child is started.
 * The identity's strings are copied. out_path, err_path: FIFOs; NULL = /dev/null, or its terminal. destroy (data) comes
 * in any case. Service thread.
 */
void proc_spawner_spawn (ProcSpawner *self, ProcAction *action, const ProcSurroundings *surroundings,
                         const ProcIdentity *identity, const char *out_path, const char *err_path, ProcSpawnDone done,
                         gpointer data, GDestroyNotify destroy);
/* Microseconds the thread has been busy with one request, 0 = idle. Any thread. */
gint64 proc_spawner_get_busy_us (ProcSpawner *self);

G_END_DECLS
