/* holders.c: see holders.h. Worker thread. */
#include "holders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listeners.h"

enum
{
  MAX_COMMAND = 200,
  MAX_CMDLINE = 4096, /* of which a filter is looked for */
};

typedef struct
{
  const ProcWay *way;
  GArray *processes; /* ProcStat */
  GPtrArray *holders;
  GHashTable *known; /* pids that are in holders */
} Look;

void
proc_way_free (ProcWay *self)
{
  g_strfreev (self->filters);
  g_free (self->ports);
  g_strfreev (self->sockets);
  g_free (self->pid_file);
  g_free (self);
}

static void
holder_free (gpointer data)
{
  ProcHolder *self = data;

  g_free (self->token);
  g_free (self->command);
  g_free (self->what);
  g_clear_pointer (&self->tree, g_array_unref);
  g_free (self);
}

/* ---------------------------------------------------------------------------------------------- what a process is */

/* Its arguments with blanks between them, as much as fits; "" = it has none. */
static void
read_command_line (pid_t pid, char *text, gsize size)
{
  char path[32];
  gssize length;

  g_snprintf (path, sizeof path, "/proc/%d/cmdline", pid);
  length = proc_read_small (path, text, size);
  text[MAX (length, 0)] = '\0';
  for (gssize i = 0; i + 1 < length; i++)
    if (text[i] == '\0')
      text[i] = ' ';
}

static char *
describe_command (const ProcStat *process)
{
  char text[MAX_COMMAND + 1];

  read_command_line (process->pid, text, sizeof text);
  return g_utf8_make_valid (*text != '\0' ? text : process->comm, -1);
}

/* The executable that the host runs a service by in a process of its own. */
static gboolean
is_plugin_process (pid_t pid)
{
  char path[32];
  g_autofree char *target = NULL, *name = NULL;

  g_snprintf (path, sizeof path, "/proc/%d/exe", pid);
  target = g_file_read_link (path, NULL);
  name = target != NULL ? g_path_get_basename (target) : NULL;
  return name != NULL && g_str_has_prefix (name, "hero_plugin_run"); /* " (deleted)" follows after an upgrade */
}

gboolean
proc_is_of_our_host (pid_t pid)
{
  pid_t host = is_plugin_process (getpid ()) ? getppid () : getpid ();
  ProcStat process;

  return pid == getpid () || pid == host
         || (proc_stat_read (pid, &process) && process.ppid == host && is_plugin_process (pid));
}

static gboolean
is_ancestor (pid_t pid)
{
  ProcStat stat;

  for (pid_t at = getpid (); at > 1 && proc_stat_read (at, &stat); at = stat.ppid)
    if (stat.ppid == pid)
      return TRUE;
  return FALSE;
}

static gboolean
is_foreign (pid_t pid)
{
  char path[32];
  struct stat info;

  g_snprintf (path, sizeof path, "/proc/%d", pid);
  return stat (path, &info) == 0 && info.st_uid != geteuid ();
}

/* Why it is never touched; NULL = it may be. */
static const char *
why_kept (const ProcStat *process)
{
  if (process->pid == 1)
    return "which is the first process of the system";
  if (process->pid == getpid ())
    return "which is hero_proc itself";
  if (is_ancestor (process->pid))
    return "which hero_proc was started by";
  if (proc_is_of_our_host (process->pid))
    return "which is a service of the same host";
  if (is_foreign (process->pid))
    return "which belongs to another user";
  return NULL;
}

/* ---------------------------------------------------------------------------------------------- holders */

/* It and its descendants, without those that are never touched. Not its session: that may be ours, and our jobs'. */
static GArray *
find_tree (const Look *look, const ProcStat *root)
{
  GArray *tree = g_array_new (FALSE, FALSE, sizeof (ProcStat));

  g_array_append_val (tree, *root);
  for (guint at = 0; at < tree->len; at++)
    {
      pid_t parent = g_array_index (tree, ProcStat, at).pid;

      for (guint i = 0; i < look->processes->len; i++)
        {
          const ProcStat *process = &g_array_index (look->processes, ProcStat, i);

          if (process->ppid == parent && process->pid != parent && why_kept (process) == NULL)
            g_array_append_val (tree, *process);
        }
    }
  return tree;
}

/* what: taken. */
static void
add_holder (Look *look, const ProcStat *process, char *what)
{
  ProcHolder *self;

  if (process->pid != 0 && !g_hash_table_add (look->known, GINT_TO_POINTER (process->pid)))
    {
      g_free (what);
      return;
    }
  self = g_new0 (ProcHolder, 1);
  self->process = *process;
  self->what = what;
  self->command = describe_command (process);
  if (process->pid != 0)
    {
      self->token = proc_token_read (process->pid);
      self->kept = why_kept (process);
      self->tree = self->kept == NULL ? find_tree (look, process) : NULL;
    }
  else
    self->kept = "whose processes cannot be seen from here";
  g_ptr_array_add (look->holders, self);
}

static gboolean
contains (const char *text, const char *folded_filter)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *folded = g_utf8_casefold (valid, -1);

  return strstr (folded, folded_filter) != NULL;
}

static void
find_by_name (Look *look)
{
  char text[MAX_CMDLINE];

  for (guint i = 0; look->way->filters[i] != NULL; i++)
    {
      g_autofree char *folded = g_utf8_casefold (look->way->filters[i], -1);

      for (guint j = 0; j < look->processes->len; j++)
        {
          const ProcStat *process = &g_array_index (look->processes, ProcStat, j);

          read_command_line (process->pid, text, sizeof text);
          if (contains (process->comm, folded) || contains (text, folded))
            add_holder (look, process, g_strdup_printf ("process filter '%s'", look->way->filters[i]));
        }
    }
}

static char *
name_listener (const ProcWay *way, guint index)
{
  return index < way->n_ports ? g_strdup_printf ("port %d", way->ports[index])
                              : g_strdup_printf ("socket %s", way->sockets[index - way->n_ports]);
}

/* Ports first, then sockets: an index is that of a port, or n_ports and more. */
static void
find_listeners (Look *look)
{
  const ProcWay *way = look->way;
  guint n_sockets = g_strv_length (way->sockets), n = (guint)way->n_ports + n_sockets, index;
  g_autoptr (GHashTable) listeners = proc_listeners_new ();
  g_autofree gboolean *wanted = g_new0 (gboolean, n + 1);

  for (guint i = 0; i < way->n_ports; i++)
    wanted[i] = proc_listeners_add_port (listeners, way->ports[i], i);
  for (guint i = 0; i < n_sockets; i++)
    if (proc_path_is_served (way->sockets[i]))
      {
        wanted[way->n_ports + i] = TRUE;
        proc_listeners_add_path (listeners, way->sockets[i], (guint)way->n_ports + i);
      }
  if (g_hash_table_size (listeners) > 0)
    for (guint i = 0; i < look->processes->len; i++)
      {
        const ProcStat *process = &g_array_index (look->processes, ProcStat, i);

        if (!proc_listeners_held_by (listeners, process->pid, &index))
          continue;
        wanted[index] = FALSE;
        add_holder (look, process, name_listener (way, index));
      }
  for (guint i = 0; i < n; i++)
    if (wanted[i])
      add_holder (look, &(ProcStat){ .comm = "?" }, name_listener (way, i));
}

static void
find_recorded (Look *look)
{
  ProcStat process;

  if (look->way->pid_file != NULL && proc_pid_file_read (look->way->pid_file, &process))
    add_holder (look, &process, g_strdup_printf ("pid file %s", look->way->pid_file));
}

/* Only what refuses connections: a live path is never taken away. */
static void
remove_dead_sockets (const ProcWay *way)
{
  struct stat info;

  for (guint i = 0; way->sockets[i] != NULL; i++)
    if (lstat (way->sockets[i], &info) == 0 && S_ISSOCK (info.st_mode) && !proc_path_is_served (way->sockets[i]))
      unlink (way->sockets[i]);
}

GPtrArray *
proc_holders_find (const ProcWay *way)
{
  g_autoptr (GArray) processes = proc_stat_list ();
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) holders = g_ptr_array_new_with_free_func (holder_free);
  Look look = { .way = way, .processes = processes, .holders = holders, .known = known };

  find_by_name (&look);
  find_listeners (&look);
  find_recorded (&look);
  if (holders->len == 0)
    remove_dead_sockets (way);
  return g_steal_pointer (&holders);
}

char *
proc_holder_describe (const ProcHolder *self)
{
  const char *kept = self->kept != NULL ? self->kept : "";

  if (self->process.pid == 0)
    return g_strdup_printf ("%s is held by somebody %s", self->what, kept);
  return g_strdup_printf ("%s is held by pid %d (%s)%s%s", self->what, self->process.pid, self->command,
                          *kept != '\0' ? ", " : "", kept);
}

JsonArray *
proc_holders_to_json (const GPtrArray *holders)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < holders->len; i++)
    {
      const ProcHolder *holder = holders->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "pid", holder->process.pid);
      json_object_set_string_member (object, "command", holder->command);
      json_object_set_string_member (object, "what", holder->what);
      json_array_add_object_element (array, object);
    }
  return array;
}

/* ---------------------------------------------------------------------------------------------- pid files */

gboolean
proc_pid_file_read (const char *path, ProcStat *process)
{
  char text[64];
  guint64 start;
  int pid;

  return proc_read_small (path, text, sizeof text) > 0 && sscanf (text, "%d %" G_GUINT64_FORMAT, &pid, &start) == 2
         && pid > 0 && proc_stat_read (pid, process) && process->start_ticks == start && process->state != 'Z';
}

gboolean
proc_pid_file_write (const char *path, pid_t pid, guint64 start_ticks, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%d %" G_GUINT64_FORMAT "\n", pid, start_ticks);

  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}
