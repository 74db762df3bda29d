/* procfs.c: see procfs.h. Any thread. */
#include "procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TOKEN_VARIABLE "HERO_PROC_TOKEN="
#define MAX_CMDLINE 4096

/* Whole contents of a small file of /proc, NUL-terminated; *length may be NULL. NULL: cannot be read. */
static char *
read_file (const char *path, gsize *length)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, length, NULL) ? g_steal_pointer (&text) : NULL;
}

gssize
proc_read_small (const char *path, char *text, gsize size)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize length;

  if (fd < 0)
    return -1;
  length = read (fd, text, size - 1);
  close (fd);
  if (length >= 0)
    text[length] = '\0';
  return length;
}

gboolean
proc_stat_read (pid_t pid, ProcStat *stat)
{
  char path[32], text[1024];
  const char *begin, *end;
  unsigned long long user, system, waited_user, waited_system, start;
  long long pages;

  g_snprintf (path, sizeof path, "/proc/%d/stat", pid);
  if (proc_read_small (path, text, sizeof text) < 0)
    return FALSE;
  begin = strchr (text, '(');
  end = strrchr (text, ')'); /* the name between them may hold anything */
  if (begin == NULL || end == NULL
      || sscanf (end + 1,
                 " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %u %*d %llu %*u %lld",
                 &stat->state, &stat->ppid, &stat->pgid, &stat->sid, &user, &system, &waited_user, &waited_system,
                 &stat->threads, &start, &pages)
             != 11)
    return FALSE;
  stat->pid = pid;
  stat->start_ticks = start;
  stat->ticks = user + system;
  stat->all_ticks = stat->ticks + waited_user + waited_system;
  stat->rss_bytes = (guint64)MAX (pages, 0) * (guint64)sysconf (_SC_PAGESIZE);
  g_strlcpy (stat->comm, begin + 1, MIN ((gsize)(end - begin), sizeof stat->comm));
  return TRUE;
}

char *
proc_cmdline_read (pid_t pid)
{
  char path[32], text[MAX_CMDLINE];
  gssize length;

  g_snprintf (path, sizeof path, "/proc/%d/cmdline", pid);
  length = proc_read_small (path, text, sizeof text);
  for (gssize i = 0; i + 1 < length; i++)
    if (text[i] == '\0')
      text[i] = ' ';
  return length > 0 ? g_utf8_make_valid (text, -1) : g_strdup ("");
}

char *
proc_boot_id (void)
{
  char *text = read_file ("/proc/sys/kernel/random/boot_id", NULL);

  return text != NULL ? g_strchomp (text) : g_strdup ("");
}

char **
proc_environ_read (pid_t pid)
{
  char path[32];
  g_autofree char *text = NULL;
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  gsize length = 0;

  g_snprintf (path, sizeof path, "/proc/%d/environ", pid);
  text = read_file (path, &length);
  if (text == NULL)
    return NULL;
  for (char *entry = text; entry < text + length; entry += strlen (entry) + 1)
    g_strv_builder_add (lines, entry);
  return g_strv_builder_end (lines);
}

char *
proc_token_read (pid_t pid)
{
  char path[32];
  g_autofree char *text = NULL;
  gsize length = 0, prefix = strlen (TOKEN_VARIABLE);

  g_snprintf (path, sizeof path, "/proc/%d/environ", pid);
  text = read_file (path, &length);
  for (char *entry = text; text != NULL && entry < text + length; entry += strlen (entry) + 1)
    if (strncmp (entry, TOKEN_VARIABLE, prefix) == 0)
      return g_strdup (entry + prefix);
  return NULL;
}

gboolean
proc_has_token (pid_t pid, const char *token)
{
  g_autofree char *found = proc_token_read (pid);

  return g_strcmp0 (found, token) == 0;
}

GArray *
proc_stat_list (void)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (ProcStat));
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name;
  guint64 pid;
  ProcStat stat;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &pid, NULL) && proc_stat_read ((pid_t)pid, &stat)
        && stat.state != 'Z' && stat.state != 'X')
      g_array_append_val (list, stat);
  return list;
}

GArray *
proc_find_members (pid_t leader, guint64 start_ticks, const char *token)
{
  g_autoptr (GArray) all = proc_stat_list ();
  g_autoptr (GHashTable) inside = g_hash_table_new (NULL, NULL);
  GArray *members = g_array_new (FALSE, FALSE, sizeof (ProcStat));
  gboolean found = TRUE;
  ProcStat now;

  if (leader > 0 && proc_stat_read (leader, &now) && now.start_ticks != start_ticks)
    leader = 0;
  if (leader > 0)
    g_hash_table_add (inside, GINT_TO_POINTER (leader));
  /* Until nothing new is found: a child of a member is one too, in whatever order /proc lists them. */
  while (found)
    {
      found = FALSE;
      for (guint i = 0; i < all->len; i++)
        {
          ProcStat *process = &g_array_index (all, ProcStat, i);
          gpointer key = GINT_TO_POINTER (process->pid);

          if (process->pid == getpid () || g_hash_table_contains (inside, key))
            continue;
          if (!(leader > 0 && (process->pgid == leader || process->sid == leader))
              && !g_hash_table_contains (inside, GINT_TO_POINTER (process->ppid))
              && !(token != NULL && proc_has_token (process->pid, token)))
            continue;
          g_hash_table_add (inside, key);
          g_array_append_val (members, *process);
          found = TRUE;
        }
      token = NULL; /* environments do not change: once is enough */
    }
  return members;
}

GHashTable *
proc_find_by_tokens (GHashTable *tokens)
{
  g_autoptr (GArray) all = proc_stat_list ();
  GHashTable *found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < all->len; i++)
    {
      ProcStat *process = &g_array_index (all, ProcStat, i);
      g_autofree char *token = process->pid == process->pgid ? proc_token_read (process->pid) : NULL;
      ProcStat *older;

      if (token == NULL || !g_hash_table_contains (tokens, token))
        continue;
      older = g_hash_table_lookup (found, token);
      if (older == NULL || process->start_ticks < older->start_ticks
          || (process->start_ticks == older->start_ticks && process->pid < older->pid))
        g_hash_table_insert (found, g_steal_pointer (&token), g_memdup2 (process, sizeof *process));
    }
  return found;
}

gboolean
proc_signal_exactly (const ProcStat *process, int signo)
{
  int fd = (int)syscall (SYS_pidfd_open, process->pid, 0);
  gboolean done = FALSE;
  ProcStat now;

  if (fd < 0)
    return FALSE;
  if (proc_stat_read (process->pid, &now) && now.start_ticks == process->start_ticks)
    done = syscall (SYS_pidfd_send_signal, fd, signo, NULL, 0) == 0;
  close (fd);
  return done;
}
