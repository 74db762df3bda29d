/* holders.c: see holders.h. Worker thread. */
#include "holders.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listeners.h"
#include "pid-file.h"

enum
{
  MAX_COMMAND = 200, /* characters that are shown */
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

static char *
describe_command (const ProcStat *process)
{
  g_autofree char *cmdline = proc_cmdline_read (process->pid);

  if (*cmdline == '\0')
    return g_utf8_make_valid (process->comm, -1);
  return g_utf8_substring (cmdline, 0, MIN (g_utf8_strlen (cmdline, -1), MAX_COMMAND));
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

/* Transfer full. */
static char *
fold (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  return g_utf8_casefold (valid, -1);
}

static void
find_by_name (Look *look)
{
  for (guint i = 0; i < look->processes->len && look->way->filters[0] != NULL; i++)
    {
      const ProcStat *process = &g_array_index (look->processes, ProcStat, i);
      g_autofree char *cmdline = proc_cmdline_read (process->pid);
      g_autofree char *line = fold (cmdline), *comm = fold (process->comm);

      for (guint j = 0; look->way->filters[j] != NULL; j++)
        {
          g_autofree char *filter = fold (look->way->filters[j]);

          if (strstr (line, filter) != NULL || strstr (comm, filter) != NULL)
            add_holder (look, process, g_strdup_printf ("process filter '%s'", look->way->filters[j]));
        }
    }
}

/* "port 80, socket /run/x.sock": those of which. Ports come first: an index is that of a port, or n_ports and more. */
static char *
name_listeners (const ProcWay *way, const gboolean *which, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      if (!which[i])
        continue;
      g_string_append (text, text->len > 0 ? ", " : "");
      if (i < way->n_ports)
        g_string_append_printf (text, "port %d", way->ports[i]);
      else
        g_string_append_printf (text, "socket %s", way->sockets[i - way->n_ports]);
    }
  return g_string_free (text, FALSE);
}

/* busy: those that somebody listens on. */
static void
look_for_listeners (const ProcWay *way, ProcListeners *listeners, gboolean *busy)
{
  guint index = 0;

  for (gsize i = 0; i < way->n_ports; i++, index++)
    busy[index] = proc_listeners_add_port (listeners, way->ports[i], index);
  for (gsize i = 0; way->sockets[i] != NULL; i++, index++)
    {
      busy[index] = proc_path_is_served (way->sockets[i]);
      if (busy[index])
        proc_listeners_add_path (listeners, way->sockets[i], index);
    }
}

static void
find_listening (Look *look)
{
  guint n = (guint)look->way->n_ports + g_strv_length (look->way->sockets);
  g_autoptr (GHashTable) listeners = proc_listeners_new ();
  g_autofree gboolean *unseen = g_new0 (gboolean, n + 1), *held = g_new (gboolean, n + 1);
  gboolean any_unseen = FALSE;

  look_for_listeners (look->way, listeners, unseen);
  for (guint i = 0; i < look->processes->len && g_hash_table_size (listeners) > 0; i++)
    {
      const ProcStat *process = &g_array_index (look->processes, ProcStat, i);

      memset (held, 0, n * sizeof *held);
      if (!proc_listeners_find_held (listeners, process->pid, held))
        continue;
      for (guint j = 0; j < n; j++)
        unseen[j] &= !held[j];
      add_holder (look, process, name_listeners (look->way, held, n));
    }
  for (guint i = 0; i < n; i++)
    any_unseen |= unseen[i];
  if (any_unseen)
    add_holder (look, &(ProcStat){ .comm = "?" }, name_listeners (look->way, unseen, n));
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
  find_listening (&look);
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
