/* usage.c: see usage.h. Any thread but the service's. */
#include "usage.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


/* ---------------------------------------------------------------------------------------------- whose it is */

typedef struct
{
  const GArray *roots;
  GHashTable *by_pid;   /* of a main process -> index of the root + 1 */
  GHashTable *by_token; /* NULL = none is looked for */
} Search;

static void
search_begin (Search *search, const GArray *roots)
{
  search->roots = roots;
  search->by_pid = g_hash_table_new (NULL, NULL);
  search->by_token = NULL;
  for (guint i = 0; i < roots->len; i++)
    {
      const ProcUsageRoot *root = &g_array_index (roots, ProcUsageRoot, i);

      g_hash_table_insert (search->by_pid, GINT_TO_POINTER (root->pid), GUINT_TO_POINTER (i + 1));
      if (*root->token == '\0')
        continue;
      if (search->by_token == NULL)
        search->by_token = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (search->by_token, (gpointer)root->token, GUINT_TO_POINTER (i + 1));
    }
}

static void
search_end (Search *search)
{
  g_hash_table_unref (search->by_pid);
  g_clear_pointer (&search->by_token, g_hash_table_unref);
}

/* The root + 1 of a group or session, unless its number was given to a stranger since; 0 = none. */
static guint
find_leader (const Search *search, pid_t leader)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (search->by_pid, GINT_TO_POINTER (leader)));
}

/* By itself, without its parents: root + 1, or 0. */
static guint
find_own (const Search *search, const ProcStat *stat)
{
  guint index = find_leader (search, stat->pid);

  if (index > 0)
    return g_array_index (search->roots, ProcUsageRoot, index - 1).start_ticks == stat->start_ticks ? index : 0;
  index = find_leader (search, stat->pgid);
  return index > 0 ? index : find_leader (search, stat->sid);
}

static guint
find_by_token (const Search *search, pid_t pid)
{
  g_autofree char *token = search->by_token != NULL ? proc_token_read (pid) : NULL;

  return token != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (search->by_token, token)) : 0;
}

/* ---------------------------------------------------------------------------------------------- the walk */

enum
{
  UNKNOWN = G_MAXUINT, /* of whose: nobody has looked yet */
};

typedef struct
{
  Search search;
  GArray *all;        /* ProcStat */
  GHashTable *places; /* pid -> index in all + 1 */
  guint *whose;       /* beside all: root + 1, 0 = nobody's, UNKNOWN */
} Walk;

/* Of the process, or of the nearest of its ancestors that belongs to one. */
static guint
find_root (Walk *walk, guint place)
{
  const ProcStat *stat = &g_array_index (walk->all, ProcStat, place);
  guint parent;

  if (walk->whose[place] != UNKNOWN)
    return walk->whose[place];
  walk->whose[place] = find_own (&walk->search, stat);
  parent = GPOINTER_TO_UINT (g_hash_table_lookup (walk->places, GINT_TO_POINTER (stat->ppid)));
  if (walk->whose[place] == 0 && parent > 0 && stat->ppid != stat->pid)
    walk->whose[place] = find_root (walk, parent - 1);
  return walk->whose[place];
}

/* Of those whose ancestors tell nothing: their environment may. */
static void
find_tokens (Walk *walk)
{
  if (walk->search.by_token == NULL)
    return;
  for (guint i = 0; i < walk->all->len; i++)
    {
      pid_t pid = g_array_index (walk->all, ProcStat, i).pid;

      if (walk->whose[i] == 0 && pid != getpid ())
        walk->whose[i] = find_by_token (&walk->search, pid);
    }
}

static int
compare_members (gconstpointer a, gconstpointer b)
{
  const ProcUsage *left = a, *right = b;

  if (left->job_id != right->job_id)
    return left->job_id < right->job_id ? -1 : 1;
  /* A main process is the oldest of its job. */
  if (left->stat.start_ticks != right->stat.start_ticks)
    return left->stat.start_ticks < right->stat.start_ticks ? -1 : 1;
  return left->stat.pid - right->stat.pid;
}

GArray *
proc_usage_walk (const GArray *roots)
{
  Walk walk = { .all = proc_stat_list (), .places = g_hash_table_new (NULL, NULL) };
  GArray *members = g_array_new (FALSE, FALSE, sizeof (ProcUsage));

  search_begin (&walk.search, roots);
  for (guint i = 0; i < walk.all->len; i++)
    g_hash_table_insert (walk.places, GINT_TO_POINTER (g_array_index (walk.all, ProcStat, i).pid),
                         GUINT_TO_POINTER (i + 1));
  walk.whose = g_new (guint, walk.all->len + 1);
  for (guint i = 0; i < walk.all->len; i++)
    walk.whose[i] = UNKNOWN;
  for (guint i = 0; i < walk.all->len; i++)
    find_root (&walk, i);
  find_tokens (&walk);
  for (guint i = 0; i < walk.all->len; i++)
    if (walk.whose[i] > 0)
      {
        ProcUsage usage = { .job_id = g_array_index (roots, ProcUsageRoot, walk.whose[i] - 1).job_id,
                            .stat = g_array_index (walk.all, ProcStat, i) };

        g_array_append_val (members, usage);
      }
  g_array_sort (members, compare_members);
  search_end (&walk.search);
  g_hash_table_unref (walk.places);
  g_array_unref (walk.all);
  g_free (walk.whose);
  return members;
}

/* ---------------------------------------------------------------------------------------------- the look */

/* Adds a process that is not among the members yet. FALSE: it is, or it is gone, or another one (start_ticks 0 = any). */
static gboolean
add_member (GArray *members, GHashTable *seen, guint32 job_id, pid_t pid, guint64 start_ticks)
{
  ProcUsage usage = { .job_id = job_id };

  if (g_hash_table_contains (seen, GINT_TO_POINTER (pid)) || !proc_stat_read (pid, &usage.stat)
      || usage.stat.state == 'Z' || usage.stat.state == 'X'
      || (start_ticks != 0 && usage.stat.start_ticks != start_ticks))
    return FALSE;
  g_hash_table_add (seen, GINT_TO_POINTER (pid));
  g_array_append_val (members, usage);
  return TRUE;
}

/* What the main thread of a process has started; those of other threads are found by the next walk. */
static void
add_children (GArray *members, GHashTable *seen, guint32 job_id, pid_t pid)
{
  char path[48], text[4096];
  char *at = text, *end;

  g_snprintf (path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
  if (proc_read_small (path, text, sizeof text) <= 0)
    return;
  for (pid_t child = (pid_t)strtol (at, &end, 10); end != at; child = (pid_t)strtol (at, &end, 10))
    {
      add_member (members, seen, job_id, child, 0);
      at = end;
    }
}

GArray *
proc_usage_look (const GArray *roots, const GArray *known)
{
  GArray *members = g_array_new (FALSE, FALSE, sizeof (ProcUsage));
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) wanted = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < roots->len; i++)
    {
      const ProcUsageRoot *root = &g_array_index (roots, ProcUsageRoot, i);

      g_hash_table_add (wanted, GUINT_TO_POINTER (root->job_id));
      add_member (members, seen, root->job_id, root->pid, root->start_ticks);
    }
  for (guint i = 0; i < known->len; i++)
    {
      const ProcUsage *before = &g_array_index (known, ProcUsage, i);

      if (g_hash_table_contains (wanted, GUINT_TO_POINTER (before->job_id)))
        add_member (members, seen, before->job_id, before->stat.pid, before->stat.start_ticks);
    }
  for (guint i = 0; i < members->len; i++) /* it grows */
    {
      const ProcUsage *member = &g_array_index (members, ProcUsage, i);

      add_children (members, seen, member->job_id, member->stat.pid);
    }
  g_array_sort (members, compare_members);
  return members;
}

/* ---------------------------------------------------------------------------------------------- details */

/* The number after `name` in a file of lines "name: number". */
static gint64
find_number (const char *text, const char *name)
{
  const char *at = strstr (text, name);

  return at != NULL ? g_ascii_strtoll (at + strlen (name), NULL, 10) : -1;
}

static gint64
count_fds (pid_t pid)
{
  char path[32];
  DIR *dir;
  gint64 n = -2; /* "." and ".." */

  g_snprintf (path, sizeof path, "/proc/%d/fd", pid);
  dir = opendir (path);
  if (dir == NULL)
    return -1;
  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

void
proc_usage_read_detail (pid_t pid, ProcUsageDetail *detail)
{
  char path[32], text[4096];

  detail->cmdline = proc_cmdline_read (pid);
  detail->fds = count_fds (pid);
  g_snprintf (path, sizeof path, "/proc/%d/io", pid);
  *text = '\0';
  proc_read_small (path, text, sizeof text);
  detail->read_bytes = find_number (text, "\nread_bytes:");
  detail->written_bytes = find_number (text, "\nwrite_bytes:");
  g_snprintf (path, sizeof path, "/proc/%d/status", pid);
  *text = '\0';
  proc_read_small (path, text, sizeof text);
  detail->peak_bytes = find_number (text, "\nVmHWM:");
  if (detail->peak_bytes > 0)
    detail->peak_bytes *= 1024;
}

void
proc_usage_detail_clear (ProcUsageDetail *detail)
{
  g_clear_pointer (&detail->cmdline, g_free);
}
