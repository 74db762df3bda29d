/* command.c: see command.h. Any thread. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "names.h"

/* Interpreters of scripts: the name in a spec, the program, the extension of the script file. */
static const struct
{
  const char *name, *program, *extension;
} interpreters[] = {
  { "sh", "sh", "sh" },          { "bash", "bash", "bash" }, { "nu", "nu", "nu" },
  { "python", "python3", "py" }, { "node", "node", "js" },   { "deno", "deno", "ts" },
  { "perl", "perl", "pl" },      { "ruby", "ruby", "rb" },   { "rhai", "rhai", "rhai" },
};

/* ---------------------------------------------------------------------------------------------- surroundings */

static const char *
env_get (char **env, const char *name)
{
  gsize length = strlen (name);

  for (guint i = 0; env[i] != NULL; i++)
    if (strncmp (env[i], name, length) == 0 && env[i][length] == '=')
      return env[i] + length + 1;
  return NULL;
}

static gboolean
is_basic (const char *name)
{
  static const char *const basic[]
      = { "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", NULL };

  return g_strv_contains (basic, name) || g_str_has_prefix (name, "LC_");
}

/* The later of two lines with one name wins. */
static void
overlay (GHashTable *env, const char *const *lines)
{
  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    {
      const char *equals = strchr (lines[i], '=');

      if (equals != NULL && equals != lines[i])
        g_hash_table_replace (env, g_strndup (lines[i], (gsize)(equals - lines[i])), g_strdup (equals + 1));
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static char **
flatten (GHashTable *env)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, env);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_ptr_array_add (lines, g_strconcat (name, "=", value, NULL));
  g_ptr_array_sort (lines, compare_names);
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}

static char *
find_home (char **env)
{
  const char *home = env_get (env, "HOME");
  char buffer[4096];
  struct passwd entry, *found = NULL;

  if (home != NULL && *home == '/')
    return g_strdup (home);
  if (getpwuid_r (getuid (), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
    return g_strdup (found->pw_dir);
  return g_strdup ("/");
}

ProcSurroundings *
proc_surroundings_new (const char *const *environment, const char *const *own, const char *const *deny,
                       gboolean minimal, const char *run_dir)
{
  ProcSurroundings *self = g_new0 (ProcSurroundings, 1);
  g_autoptr (GHashTable) env = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer name;

  overlay (env, environment);
  g_hash_table_iter_init (&iter, env);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if ((deny != NULL && g_strv_contains (deny, name)) || (minimal && !is_basic (name)))
      g_hash_table_iter_remove (&iter);
  overlay (env, own);
  self->environ = flatten (env);
  self->home = find_home (self->environ);
  self->run_dir = g_strdup (run_dir);
  return self;
}

void
proc_surroundings_free (ProcSurroundings *self)
{
  g_strfreev (self->environ);
  g_free (self->home);
  g_free (self->run_dir);
  g_clear_pointer (&self->interpreters, g_hash_table_unref);
  g_free (self->socket_root);
  g_free (self->notify_path);
  g_free (self);
}

/* ---------------------------------------------------------------------------------------------- parts */

static char *
expand_home (const char *path, const char *home)
{
  if (path == NULL || strcmp (path, "~") == 0)
    return g_strdup (home);
  if (g_str_has_prefix (path, "~/"))
    return g_build_filename (home, path + 2, NULL);
  return g_strdup (path);
}

char *
proc_surroundings_socket_path (const ProcSurroundings *self, const char *path)
{
  if (*path == '/' || g_str_has_prefix (path, "~/") || self->socket_root == NULL)
    return expand_home (path, self->home);
  return g_build_filename (self->socket_root, path, NULL);
}

static gboolean
is_program (const char *path)
{
  struct stat info;

  return stat (path, &info) == 0 && S_ISREG (info.st_mode) && access (path, X_OK) == 0;
}

/* The file `name` means: with a slash a path (relative to cwd), else looked up in path. NULL + error. */
static char *
find_program (const char *name, const char *path, const char *cwd, const char *what, GError **error)
{
  g_autofree char *candidate = NULL;

  if (strchr (name, '/') != NULL)
    {
      candidate = g_canonicalize_filename (name, cwd);
      if (is_program (candidate))
        return g_steal_pointer (&candidate);
    }
  else
    {
      g_auto (GStrv) dirs = g_strsplit (path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", ":", -1);

      for (guint i = 0; dirs[i] != NULL; i++)
        {
          g_autofree char *file = g_build_filename (*dirs[i] ? dirs[i] : cwd, name, NULL);

          if (is_program (file))
            return g_steal_pointer (&file);
        }
    }
  g_set_error (error, PROC_ERROR, PROC_ERROR_PROCESS, "process error: %s '%s' is %s", what, name,
               strchr (name, '/') == NULL                    ? "not found in PATH"
               : g_file_test (candidate, G_FILE_TEST_EXISTS) ? "not an executable file"
                                                             : "not there");
  return NULL;
}

gboolean
proc_surroundings_has_program (const ProcSurroundings *self, const char *name)
{
  const char *program = self->interpreters != NULL ? g_hash_table_lookup (self->interpreters, name) : NULL;
  g_autofree char *found
      = find_program (program != NULL ? program : name, env_get (self->environ, "PATH"), self->home, "program", NULL);

  return found != NULL;
}

static char **
build_environ (const ProcAction *action, const ProcSurroundings *surroundings, const ProcIdentity *identity,
               const char *cwd, GError **error)
{
  g_autoptr (GHashTable) env = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) fixed = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) lines = NULL;
  gsize total = 0;

  g_ptr_array_add (fixed, g_strconcat ("PWD=", cwd, NULL));
  g_ptr_array_add (fixed, g_strdup_printf ("HERO_PROC_JOB_ID=%u", identity->job_id));
  g_ptr_array_add (fixed, g_strdup_printf ("HERO_PROC_RUN_ID=%u", identity->run_id));
  g_ptr_array_add (fixed, g_strconcat ("HERO_PROC_SERVICE=", identity->service != NULL ? identity->service : "", NULL));
  g_ptr_array_add (fixed, g_strconcat ("HERO_PROC_ACTION=", identity->action, NULL));
  g_ptr_array_add (fixed, g_strdup_printf ("HERO_PROC_ATTEMPT=%u", identity->attempt));
  g_ptr_array_add (fixed, g_strdup_printf ("HERO_PROC_CONTEXT=%u", identity->context));
  g_ptr_array_add (fixed, g_strconcat ("HERO_PROC_TOKEN=", identity->token, NULL));
  if (action->health->readiness.type == PROC_READY_NOTIFY && surroundings->notify_path != NULL)
    g_ptr_array_add (fixed, g_strconcat ("NOTIFY_SOCKET=", surroundings->notify_path, NULL));
  if (action->tty.enabled)
    {
      g_ptr_array_add (fixed, g_strdup ("TERM=xterm-256color"));
      g_ptr_array_add (fixed, g_strdup ("COLORTERM=truecolor"));
    }
  g_ptr_array_add (fixed, NULL);
  overlay (env, (const char *const *)surroundings->environ);
  overlay (env, (const char *const *)action->env);
  overlay (env, (const char *const *)identity->secrets);
  overlay (env, (const char *const *)fixed->pdata);
  lines = flatten (env);
  for (guint i = 0; action->env[i] != NULL; i++)
    total += strlen (action->env[i]) + 1;
  for (guint i = 0; identity->secrets != NULL && identity->secrets[i] != NULL; i++)
    total += strlen (identity->secrets[i]) + 1;
  if (total > PROC_MAX_ENV)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_PROCESS,
                   "process error: the environment has %zu bytes, the limit is %d", total, PROC_MAX_ENV);
      return NULL;
    }
  return g_steal_pointer (&lines);
}

static char *
script_path (const ProcSurroundings *surroundings, guint32 job_id, const char *extension)
{
  return g_strdup_printf ("%s/%u.%s", surroundings->run_dir, job_id, extension);
}

/* Writes the script; transfer full path or NULL. */
static char *
write_script (const ProcSurroundings *surroundings, const ProcAction *action, guint32 job_id, const char *extension,
              int mode, GError **error)
{
  g_autofree char *path = script_path (surroundings, job_id, extension);
  g_autoptr (GError) local = NULL;

  if (g_file_set_contents_full (path, action->script, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, &local))
    return g_steal_pointer (&path);
  g_set_error (error, PROC_ERROR, PROC_ERROR_PROCESS, "process error: the script cannot be written: %s",
               local->message);
  return NULL;
}

void
proc_command_remove_script (const ProcSurroundings *surroundings, guint32 job_id)
{
  g_autofree char *bare = script_path (surroundings, job_id, "script");

  unlink (bare);
  for (guint i = 0; i < G_N_ELEMENTS (interpreters); i++)
    {
      g_autofree char *path = script_path (surroundings, job_id, interpreters[i].extension);

      unlink (path);
    }
}

/* "auto" by what the script looks like. */
static const char *
resolve_interpreter (const ProcAction *action)
{
  if (strcmp (action->interpreter, "auto") != 0)
    return action->interpreter;
  if (proc_action_is_interactive (action))
    return "sh";
  if (g_str_has_prefix (action->script, "#!"))
    return "#!";
  return strchr (action->script, '\n') != NULL ? "sh" : "exec";
}

/* argv of interpreter `exec`: shell quoting, no shell. */
static gboolean
split_command (ProcCommand *self, const ProcAction *action, const ProcSurroundings *surroundings, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (!g_shell_parse_argv (action->script, NULL, &self->argv, &local))
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_PROCESS, "process error: the command line cannot be read: %s",
                   local->message);
      return FALSE;
    }
  for (guint i = 0; self->argv[i] != NULL; i++)
    if (g_str_has_prefix (self->argv[i], "~/"))
      {
        char *expanded = expand_home (self->argv[i], surroundings->home);

        g_free (self->argv[i]);
        self->argv[i] = expanded;
      }
  self->program = find_program (self->argv[0], env_get (self->envp, "PATH"), self->cwd, "program", error);
  return self->program != NULL;
}

static gboolean
use_interpreter (ProcCommand *self, const char *name, const ProcAction *action, const ProcSurroundings *surroundings,
                 guint32 job_id, GError **error)
{
  const char *program
      = surroundings->interpreters != NULL ? g_hash_table_lookup (surroundings->interpreters, name) : NULL;
  const char *extension = "script";
  g_autofree char *script = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (interpreters); i++)
    if (strcmp (interpreters[i].name, name) == 0)
      {
        extension = interpreters[i].extension;
        program = program != NULL ? program : interpreters[i].program;
      }
  if (program == NULL)
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_PROCESS,
                   "process error: unknown interpreter '%s'; name its program in the key 'interpreters'", name);
      return FALSE;
    }
  self->program = find_program (program, env_get (self->envp, "PATH"), self->cwd, "interpreter", error);
  if (self->program == NULL)
    return FALSE;
  self->argv = g_new0 (char *, 3);
  if (proc_action_is_interactive (action))
    {
      self->argv[0] = g_strdup (program);
      return TRUE;
    }
  script = write_script (surroundings, action, job_id, extension, 0600, error);
  if (script == NULL)
    return FALSE;
  self->argv[0] = g_strdup (program);
  self->argv[1] = g_steal_pointer (&script);
  return TRUE;
}

static gboolean
use_script_file (ProcCommand *self, const ProcAction *action, const ProcSurroundings *surroundings, guint32 job_id,
                 GError **error)
{
  self->program = write_script (surroundings, action, job_id, "script", 0700, error);
  if (self->program == NULL)
    return FALSE;
  self->argv = g_new0 (char *, 2);
  self->argv[0] = g_strdup (self->program);
  return TRUE;
}

static void
append_args (ProcCommand *self, char **args)
{
  guint n = g_strv_length (self->argv), more = g_strv_length (args);

  self->argv = g_renew (char *, self->argv, n + more + 1);
  for (guint i = 0; i <= more; i++)
    self->argv[n + i] = g_strdup (args[i]);
}

ProcCommand *
proc_command_new (const ProcAction *action, const ProcSurroundings *surroundings, const ProcIdentity *identity,
                  GError **error)
{
  g_autoptr (ProcCommand) self = g_new0 (ProcCommand, 1);
  const char *interpreter = resolve_interpreter (action);
  gboolean ok;

  self->cwd = expand_home (action->cwd, surroundings->home);
  if (!g_file_test (self->cwd, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, PROC_ERROR, PROC_ERROR_PROCESS, "process error: the working directory '%s' is not there",
                   self->cwd);
      return NULL;
    }
  self->envp = build_environ (action, surroundings, identity, self->cwd, error);
  if (self->envp == NULL)
    return NULL;
  if (strcmp (interpreter, "exec") == 0)
    ok = split_command (self, action, surroundings, error);
  else if (strcmp (interpreter, "#!") == 0)
    ok = use_script_file (self, action, surroundings, identity->job_id, error);
  else
    ok = use_interpreter (self, interpreter, action, surroundings, identity->job_id, error);
  if (!ok)
    return NULL;
  append_args (self, action->args);
  return g_steal_pointer (&self);
}

void
proc_command_free (ProcCommand *self)
{
  g_free (self->program);
  g_strfreev (self->argv);
  g_strfreev (self->envp);
  g_free (self->cwd);
  g_free (self);
}
