/*
 * holders.h: who is in the way of a start: processes by name, listeners on ports and sockets, the process of a pid file
 * (contract 7.7). Looks, and takes dead socket files away; signals nobody. Blocks: worker thread only.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <sys/types.h>

#include "procfs.h"

G_BEGIN_DECLS

/* What a start needs free. */
typedef struct
{
  char **filters; /* in the name or the command line of a process, whatever the case */
  int *ports;     /* TCP */
  gsize n_ports;
  char **sockets; /* absolute paths */
  char *pid_file; /* NULL = none; of the job's own kind: who is recorded there has to go */
} ProcWay;

void proc_way_free (ProcWay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcWay, proc_way_free)

typedef struct
{
  ProcStat process; /* pid 0: somebody whose processes we may not look into */
  char *token;      /* the job it was started by; NULL = by none */
  char *command;    /* its command line, or its name; at most 200 characters */
  char *what;       /* "port 8080, socket /run/x.sock", "process filter 'x'", "pid file /x.pid" */
  const char *kept; /* why it is never touched, a relative clause; NULL = it may be ended */
  GArray *tree;     /* ProcStat: itself and all below it; NULL if it is kept */
} ProcHolder;

/*
 * Everybody in the way, in the order of the contract, each once. With nobody in the way the socket files that are
 * left, and refuse connections, are gone. Of ProcHolder *; transfer full.
 */
GPtrArray *proc_holders_find (const ProcWay *way);
/* "port 80 is held by pid 4711 (python3 -m http.server), which belongs to another user". Transfer full. */
char *proc_holder_describe (const ProcHolder *self);
/* `data.holders` of -32016: objects of pid, command, what. Transfer full. */
JsonArray *proc_holders_to_json (const GPtrArray *holders);

/* TRUE: it is the process we are in, or that of the bundle which has started ours. Any thread. */
gboolean proc_is_of_our_host (pid_t pid);

G_END_DECLS
