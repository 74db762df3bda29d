/*
 * usage.h: what processes use, by the jobs they belong to: a walk through /proc that finds all members of many jobs at
 * once, or a look at the members of a few jobs alone (contract 11). Reads only. Any thread but the service's: a walk
 * costs about 10 us a process.
 */
#pragma once

#include "procfs.h"

G_BEGIN_DECLS

/* Whose members are looked for. */
typedef struct
{
  guint32 job_id;
  pid_t pid; /* its main process, which leads its own group */
  guint64 start_ticks;
  char token[37]; /* in the environment of its processes; "" = not looked for */
} ProcUsageRoot;

/* One process of a job. */
typedef struct
{
  guint32 job_id;
  float cpu_percent; /* 0; for whoever knows what it was before */
  ProcStat stat;
} ProcUsage;

/*
 * Every process that belongs to one of the roots: its main process (if it still is that one), those of its group and
 * session, their descendants, and, for roots with a token, what has that in its environment. Array of ProcUsage by id of
 * the job, the main process first; transfer full.
 */
GArray *proc_usage_walk (const GArray *roots);
/*
 * The same for a few roots without reading the whole of /proc: their main processes, the members known from before
 * (`known`, by the last walk), and the children of those.
 */
GArray *proc_usage_look (const GArray *roots, const GArray *known);

/* What is asked of one process only when somebody wants to see it. */
typedef struct
{
  char *cmdline; /* arguments set apart by blanks; may be "" */
  gint64 fds;    /* open descriptors; -1 = cannot be read */
  gint64 read_bytes, written_bytes; /* from and to disk; -1 = cannot be read */
  gint64 peak_bytes;                /* highest RSS; -1 = cannot be read */
} ProcUsageDetail;

void proc_usage_read_detail (pid_t pid, ProcUsageDetail *detail);
void proc_usage_detail_clear (ProcUsageDetail *detail);

G_END_DECLS
