/*
 * procfs.h: what /proc tells about processes: identity (pid plus start time), membership by group, session, parent
 * chain or spawn token. Reads only. Any thread; a whole walk costs about 10 us a process.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

enum
{
  PROC_COMM_SIZE = 16, /* as the kernel keeps it, with its NUL */
};

typedef struct
{
  pid_t pid, ppid, pgid, sid;
  char state;          /* 'R', 'S', 'Z', .. */
  guint64 start_ticks; /* since boot; with the pid it names one process */
  guint64 ticks;       /* of processor time, its own */
  guint64 all_ticks;   /* with those of children that have ended and were waited for */
  guint64 rss_bytes;
  guint threads;
  char comm[PROC_COMM_SIZE];
} ProcStat;

/* FALSE: no such process. */
gboolean proc_stat_read (pid_t pid, ProcStat *stat);
/* Every process that is no zombie. Array of ProcStat; transfer full. */
GArray *proc_stat_list (void);
/* Up to size - 1 bytes of a file of /proc, NUL-terminated; their number, -1 = cannot be read. */
gssize proc_read_small (const char *path, char *text, gsize size);
/* The arguments of a process with blanks between them, up to 4 KiB, valid UTF-8; "" = it has none. Transfer full. */
char *proc_cmdline_read (pid_t pid);
/* The id of this boot; transfer full. */
char *proc_boot_id (void);

/* The environment a process was started with; transfer full, NULL = cannot be read. */
char **proc_environ_read (pid_t pid);

/* The value of HERO_PROC_TOKEN it was started with; transfer full, NULL = none. */
char *proc_token_read (pid_t pid);
/* TRUE if the process was started with HERO_PROC_TOKEN=token in its environment (and may be read by us). */
gboolean proc_has_token (pid_t pid, const char *token);

/*
 * What a job has left behind or still has beside its main process `leader` (pid, start time; pid 0 = none): all
 * processes, no zombies, of its group or session, or descended from one of these, or with the token in their
 * environment. token may be NULL. When the leader's pid belongs to another process by now, only the token counts. Array
 * of ProcStat.
 */
GArray *proc_find_members (pid_t leader, guint64 start_ticks, const char *token);

/*
 * tokens: a set of tokens. Gives token -> ProcStat of its main process: the oldest one that leads its own group. For
 * recovery; both strings and values are owned by the table.
 */
GHashTable *proc_find_by_tokens (GHashTable *tokens);

/* SIGKILL or another signal to exactly this process: by pidfd, its start time compared after the open. FALSE: gone. */
gboolean proc_signal_exactly (const ProcStat *process, int signo);

G_END_DECLS
