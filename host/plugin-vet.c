/*
 * plugin-vet.c: who could have put this plugin here? A plugin runs with all our rights, so the answer must be root or
 * ourselves. The path is walked from the root by openat, so what is checked is what is there. Main thread.
 */
#include "plugin-vet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "plugin-file.h"

static gboolean
refuse (const char *path, const char *found, const char *expected, const char *remedy, GError **error)
{
  g_set_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_UNSAFE, "%s: %s, expected %s: %s", path, found,
               expected, remedy);
  return FALSE;
}

static gboolean
vet_component (const char *path, const struct stat *st, gboolean last, GError **error)
{
  const char *kind = last ? "file" : "directory";
  g_autofree char *found = NULL, *remedy = NULL;

  if (last ? !S_ISREG (st->st_mode) : !S_ISDIR (st->st_mode))
    return refuse (path, last ? "not a regular file" : "not a directory", last ? "a shared object" : "a directory",
                   "name the plugin file itself", error);

  if (!last && st->st_uid == 0 && (st->st_mode & S_ISVTX))
    return TRUE;

  if (st->st_uid != 0 && st->st_uid != geteuid ())
    {
      found = g_strdup_printf ("the %s belongs to uid %u", kind, (guint) st->st_uid);
      remedy = g_strdup_printf ("chown it, or move the plugin to a directory of your own");
      return refuse (path, found, "root or the user that runs the host", remedy, error);
    }

  if (st->st_mode & S_IWOTH)
    {
      found = g_strdup_printf ("the %s is writable by others (mode %04o)", kind, st->st_mode & 07777);
      remedy = g_strdup_printf ("chmod o-w '%s'", path);
      return refuse (path, found, "writable by its owner only", remedy, error);
    }

  if ((st->st_mode & S_IWGRP) && st->st_gid != getegid ())
    {
      found = g_strdup_printf ("the %s is writable by group %u (mode %04o)", kind, (guint) st->st_gid, st->st_mode & 07777);
      remedy = g_strdup_printf ("chmod g-w '%s'", path);
      return refuse (path, found, "writable by its owner or your own primary group only", remedy, error);
    }
  return TRUE;
}

char *
hero_plugin_vet (const char *path, GError **error)
{
  g_autofree char *real = realpath (path, NULL);
  g_auto (GStrv) parts = NULL;
  g_autoptr (GString) walked = g_string_new (NULL);
  int dir;

  if (real == NULL)
    {
      g_set_error (error, HERO_PLUGIN_FILE_ERROR,
                   errno == ENOENT || errno == ENOTDIR ? HERO_PLUGIN_FILE_ERROR_MISSING : HERO_PLUGIN_FILE_ERROR_UNSAFE,
                   "%s: %s; install the plugin's package or correct the key `plugin` or `plugin_dir`", path,
                   g_strerror (errno));
      return NULL;
    }

  parts = g_strsplit (real, "/", -1);
  dir = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (guint i = 0; parts[i] != NULL && dir >= 0; i++)
    {
      gboolean last = parts[i + 1] == NULL;
      struct stat st;
      int next;

      if (i > 0)
        {
          g_string_append_printf (walked, "/%s", parts[i]);
          next = openat (dir, parts[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
          close (dir);
          dir = next;
        }
      if (dir < 0 || fstat (dir, &st) < 0)
        break;
      if (!vet_component (i == 0 ? "/" : walked->str, &st, last, error))
        {
          close (dir);
          return NULL;
        }
    }

  if (dir < 0)
    {
      g_set_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_UNSAFE, "%s: %s", walked->str, g_strerror (errno));
      return NULL;
    }
  close (dir);
  return g_steal_pointer (&real);
}
