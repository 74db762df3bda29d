/* repo-local.c: hooks and configuration keys that name programs. On a worker. */
#include "repo-local.h"

#include <string.h>

static gboolean
names_program (const char *key)
{
  static const char *const exact[]
      = { "core.sshcommand", "core.hookspath", "core.fsmonitor", "core.pager", "core.editor", "core.askpass",
          "core.gitproxy", "diff.external", "gpg.program", "sequence.editor", "uploadpack.packobjectshook",
          "interactive.difffilter", NULL };
  static const char *const sections[]
      = { "filter.", "credential.", "alias.", "pager.", "difftool.", "mergetool.", NULL };
  static const struct
  {
    const char *section, *last;
  } pairs[] = {
    { "diff.", ".textconv" }, { "diff.", ".command" }, { "merge.", ".driver" }, { "remote.", ".uploadpack" },
    { "remote.", ".receivepack" }, { "remote.", ".vcs" }, { "gpg.", ".program" }, { "submodule.", ".update" },
  };

  if (g_strv_contains (exact, key))
    return TRUE;
  for (guint i = 0; sections[i] != NULL; i++)
    if (g_str_has_prefix (key, sections[i]))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    if (g_str_has_prefix (key, pairs[i].section) && g_str_has_suffix (key, pairs[i].last))
      return TRUE;
  return FALSE;
}

static void
add_hooks (JsonArray *commands, git_repository *repository)
{
  g_autofree char *path = g_build_filename (git_repository_commondir (repository), "hooks", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *text = g_strconcat ("hook:", name, NULL);

      if (!g_str_has_suffix (name, ".sample") && g_utf8_validate (name, -1, NULL)
          && g_file_test (file, G_FILE_TEST_IS_EXECUTABLE) && g_file_test (file, G_FILE_TEST_IS_REGULAR))
        json_array_add_string_element (commands, text);
    }
}

static int
note_key (const git_config_entry *entry, void *data)
{
  if (entry->level == GIT_CONFIG_LEVEL_LOCAL && names_program (entry->name))
    json_array_add_string_element (data, entry->name);
  return 0;
}

JsonArray *
code_repo_local_commands (git_repository *repository)
{
  JsonArray *commands = json_array_new ();
  g_autoptr (git_config) config = NULL;

  add_hooks (commands, repository);
  if (git_repository_config_snapshot (&config, repository) == 0)
    git_config_foreach (config, note_key, commands);
  return commands;
}
