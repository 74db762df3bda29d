/* usage.c: see usage.h. Any thread but the service's. */
#include "usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

#define MAX_CMDLINE 4096

/* ---------------------------------------------------------------------------------------------- small files */

/* Up to size - 1 bytes of a file of /proc, NUL-terminated; -1: cannot be read. */
static gssize
read_small (const char *path, char *text, gsize size)
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

static guint64
page_size (void)
{
  return (guint64)sysconf (_SC_PAGESIZE);
}

/* FALSE: gone, or a zombie: it uses nothing any more. */
static gboolean
read_usage (pid_t pid, ProcUsage *usage)
{
  char path[32], text[1024], state;
  const char *begin, *end;
  unsigned long long user, system, waited_user, waited_system, start;
  unsigned int threads;
  long long rss;

  g_snprintf (path, sizeof path, "/proc/%d/stat", pid);
  if (read_small (path, text, sizeof text) < 0)
    return FALSE;
  begin = strchr (text, '(');
  end = strrchr (text, ')'); /* the name between them may hold anything */
  if (begin == NULL || end == NULL
      || sscanf (end + 1,
                 " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %u %*d %llu %*u %lld", &state,
                 &usage->ppid, &usage->pgid, &usage->sid, &user, &system, &waited_user, &waited_system, &threads,
                 &start, &rss)
             != 11
      || state == 'Z' || state == 'X')
    return FALSE;
  usage->job_id = 0;
  usage->pid = pid;
  usage->start_ticks = start;
  usage->ticks = user + system;
  usage->all_ticks = usage->ticks + waited_user + waited_system;
  usage->rss_bytes = (guint64)MAX (rss, 0) * page_size ();
  usage->threads = threads;
  usage->cpu_percent = 0;
  g_strlcpy (usage->comm, begin + 1, MIN ((gsize)(end - begin), sizeof usage->comm));
  return TRUE;
}

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
find_own (const Search *search, const ProcUsage *usage)
{
  guint index = find_leader (search, usage->pid);

  if (index > 0)
    return g_array_index (search->roots, ProcUsageRoot, index - 1).start_ticks == usage->start_ticks ? index : 0;
  index = find_leader (search, usage->pgid);
  return index > 0 ? index : find_leader (search, usage->sid);
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
  GArray *all;        /* ProcUsage */
  GHashTable *places; /* pid -> index in all + 1 */
  guint *whose;       /* beside all: root + 1, 0 = nobody's, UNKNOWN */
} Walk;

/* Of the process, or of the nearest of its ancestors that belongs to one. */
static guint
find_root (Walk *walk, guint place)
{
  const ProcUsage *usage = &g_array_index (walk->all, ProcUsage, place);
  guint parent;

  if (walk->whose[place] != UNKNOWN)
    return walk->whose[place];
  walk->whose[place] = find_own (&walk->search, usage);
  parent = GPOINTER_TO_UINT (g_hash_table_lookup (walk->places, GINT_TO_POINTER (usage->ppid)));
  if (walk->whose[place] == 0 && parent > 0 && usage->ppid != usage->pid)
    walk->whose[place] = find_root (walk, parent - 1);
  return walk->whose[place];
}

/* Its environment tells, and with it what descends from it. */
static void
find_tokens (Walk *walk)
{
  if (walk->search.by_token == NULL)
    return;
  for (guint i = 0; i < walk->all->len; i++)
    {
      ProcUsage *usage = &g_array_index (walk->all, ProcUsage, i);

      if (walk->whose[i] == 0 && usage->pid != getpid ())
        walk->whose[i] = find_by_token (&walk->search, usage->pid);
    }
}

static int
compare_members (gconstpointer a, gconstpointer b)
{
  const ProcUsage *left = a, *right = b;

  if (left->job_id != right->job_id)
    return left->job_id < right->job_id ? -1 : 1;
  /* A main process is the oldest of its job. */
  return left->start_ticks != right->start_ticks ? (left->start_ticks < right->start_ticks ? -1 : 1)
                                                 : left->pid - right->pid;
}

static void
read_all (Walk *walk)
{
  DIR *dir = opendir ("/proc");
  struct dirent *entry;

  while (dir != NULL && (entry = readdir (dir)) != NULL)
    {
      pid_t pid = atoi (entry->d_name);
      ProcUsage usage;

      if (pid <= 0 || !read_usage (pid, &usage))
        continue;
      g_array_append_val (walk->all, usage);
      g_hash_table_insert (walk->places, GINT_TO_POINTER (pid), GUINT_TO_POINTER (walk->all->len));
    }
  if (dir != NULL)
    closedir (dir);
}

GArray *
proc_usage_walk (const GArray *roots)
{
  Walk walk = { .all = g_array_new (FALSE, FALSE, sizeof (ProcUsage)), .places = g_hash_table_new (NULL, NULL) };
  GArray *members = g_array_new (FALSE, FALSE, sizeof (ProcUsage));

  search_begin (&walk.search, roots);
  read_all (&walk);
  walk.whose = g_new (guint, walk.all->len + 1);
  for (guint i = 0; i < walk.all->len; i++)
    walk.whose[i] = UNKNOWN;
  for (guint i = 0; i < walk.all->len; i++)
    find_root (&walk, i);
  find_tokens (&walk);
  for (guint i = 0; i < walk.all->len; i++)
    if (walk.whose[i] > 0)
      {
        ProcUsage *usage = &g_array_index (walk.all, ProcUsage, i);

        usage->job_id = g_array_index (roots, ProcUsageRoot, walk.whose[i] - 1).job_id;
        g_array_append_val (members, *usage);
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
  ProcUsage usage;

  if (g_hash_table_contains (seen, GINT_TO_POINTER (pid)) || !read_usage (pid, &usage)
      || (start_ticks != 0 && usage.start_ticks != start_ticks))
    return FALSE;
  usage.job_id = job_id;
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
  if (read_small (path, text, sizeof text) <= 0)
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
        add_member (members, seen, before->job_id, before->pid, before->start_ticks);
    }
  for (guint i = 0; i < members->len; i++) /* it grows */
    {
      const ProcUsage *member = &g_array_index (members, ProcUsage, i);

      add_children (members, seen, member->job_id, member->pid);
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

static char *
read_cmdline (pid_t pid)
{
  char path[32], text[MAX_CMDLINE];
  gssize length;

  g_snprintf (path, sizeof path, "/proc/%d/cmdline", pid);
  length = read_small (path, text, sizeof text);
  for (gssize i = 0; i + 1 < length; i++)
    if (text[i] == '\0')
      text[i] = ' ';
  return length > 0 ? g_utf8_make_valid (text, -1) : g_strdup ("");
}

void
proc_usage_read_detail (pid_t pid, ProcUsageDetail *detail)
{
  char path[32], text[4096];

  detail->cmdline = read_cmdline (pid);
  detail->fds = count_fds (pid);
  g_snprintf (path, sizeof path, "/proc/%d/io", pid);
  *text = '\0';
  read_small (path, text, sizeof text);
  detail->read_bytes = find_number (text, "\nread_bytes:");
  detail->written_bytes = find_number (text, "\nwrite_bytes:");
  g_snprintf (path, sizeof path, "/proc/%d/status", pid);
  *text = '\0';
  read_small (path, text, sizeof text);
  detail->peak_bytes = find_number (text, "\nVmHWM:");
  if (detail->peak_bytes > 0)
    detail->peak_bytes *= 1024;
}

void
proc_usage_detail_clear (ProcUsageDetail *detail)
{
  g_clear_pointer (&detail->cmdline, g_free);
}
