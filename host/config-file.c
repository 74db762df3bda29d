/* config-file.c: opens the configuration file, looks at who may write it, and parses it. Main thread. */
#include "config-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const HeroTomlPlace nowhere = { 0, 0 };

/* Whoever may write the file decides what runs with our rights. */
static void
check_writers (HeroConfig *config, const struct stat *st, const char *what, gboolean directory)
{
  const gboolean root = geteuid () == 0;

  if (directory && st->st_uid == 0 && (st->st_mode & S_ISVTX) != 0)
    return;
  if ((st->st_mode & S_IWOTH) != 0)
    hero_config_add (config, HERO_REPORT_ERROR, nowhere, "%s is writable by everybody (mode %04o); run: chmod o-w",
                     what, st->st_mode & 07777);
  else if ((st->st_mode & S_IWGRP) != 0)
    hero_config_add (config, root ? HERO_REPORT_ERROR : HERO_REPORT_WARNING, nowhere,
                     "%s is writable by its group (mode %04o); run: chmod g-w", what, st->st_mode & 07777);
}

static void
check_directory (HeroConfig *config)
{
  g_autofree char *directory = g_path_get_dirname (config->path);
  g_autofree char *what = g_strdup_printf ("its directory %s", directory);
  struct stat st;

  if (stat (directory, &st) == 0)
    check_writers (config, &st, what, TRUE);
}

/* At most one byte more than a text may have, so that a device without end does not fill the memory. */
static GString *
read_limited (int fd, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[16384];

  while (text->len <= HERO_TOML_MAX_BYTES)
    {
      gssize n = read (fd, buffer, sizeof buffer);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
          return NULL;
        }
      if (n == 0)
        break;
      g_string_append_len (text, buffer, n);
    }
  return g_steal_pointer (&text);
}

static GString *
read_file (HeroConfig *config, gboolean explicit)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = NULL;
  struct stat st;
  int fd = open (config->path, O_RDONLY | O_CLOEXEC);

  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    {
      if (explicit)
        hero_config_add (config, HERO_REPORT_WARNING, nowhere, "the file does not exist; defaults are used");
      return NULL;
    }
  config->present = TRUE;
  if (fd < 0 || fstat (fd, &st) < 0)
    {
      hero_config_add (config, HERO_REPORT_ERROR, nowhere, "cannot be opened: %s", g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  if (S_ISREG (st.st_mode))
    {
      check_writers (config, &st, "the file", FALSE);
      check_directory (config);
    }
  text = read_limited (fd, &error);
  if (text == NULL)
    hero_config_add (config, HERO_REPORT_ERROR, nowhere, "cannot be read: %s", error->message);
  close (fd);
  return g_steal_pointer (&text);
}

HeroToml *
hero_config_file_read (HeroConfig *config, gboolean explicit)
{
  g_autoptr (GString) text = read_file (config, explicit);
  g_autoptr (GError) error = NULL;
  HeroTomlPlace place = nowhere;
  HeroToml *root = NULL;

  if (text != NULL)
    {
      root = hero_toml_parse (text->str, text->len, &place, &error);
      if (root == NULL)
        hero_config_add (config, HERO_REPORT_ERROR, place, "%s", error->message);
    }
  return root != NULL ? root : hero_toml_parse ("", 0, NULL, NULL);
}
