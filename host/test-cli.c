/* test-cli.c: every command line that people type, right and wrong. */
#include "cli.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static HeroCli *
parse (const char *program, const char *line, GError **error)
{
  g_autofree char *whole = g_strconcat (program, " ", line, NULL);
  g_auto (GStrv) argv = NULL;
  int argc;

  g_assert_true (g_shell_parse_argv (whole, &argc, &argv, NULL));
  return hero_cli_parse (hero_program_find (program), argc, argv, error);
}

static void
test_good (void)
{
  static const struct
  {
    const char *program, *line;
    HeroCliAction action;
    const char *config;
  } rows[] = {
    { "hero_bundle", "", HERO_CLI_RUN, NULL },
    { "hero_bundle", "--config /x", HERO_CLI_RUN, "/x" },
    { "hero_bundle", "--config=/x", HERO_CLI_RUN, "/x" },
    { "hero_bundle", "--config=a=b", HERO_CLI_RUN, "a=b" },
    { "hero_bundle", "--info", HERO_CLI_INFO, NULL },
    { "hero_bundle", "--info --config /x", HERO_CLI_INFO, "/x" },
    { "hero_bundle", "--help", HERO_CLI_HELP, NULL },
    { "hero_bundle", "-h", HERO_CLI_HELP, NULL },
    { "hero_bundle", "--help --info", HERO_CLI_HELP, NULL },
    { "hero_router", "--version", HERO_CLI_VERSION, NULL },
    { "hero_db_server", "-d /x -p 7 --bind ::1 --bind=127.0.0.1 --no-tcp -v", HERO_CLI_RUN, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (HeroCli) cli = parse (rows[i].program, rows[i].line, &error);

      g_assert_no_error (error);
      g_assert_cmpint (cli->action, ==, rows[i].action);
      g_assert_cmpstr (cli->config, ==, rows[i].config);
    }
}

static void
test_bad (void)
{
  static const struct
  {
    const char *program, *line, *message;
  } rows[] = {
    { "hero_bundle", "hero_proc list", "unexpected argument \"hero_proc\"" },
    { "hero_bundle", "--verbose", "unknown flag \"--verbose\"" },
    { "hero_bundle", "--inf", "unknown flag \"--inf\"" },
    { "hero_bundle", "--informal", "unknown flag \"--informal\"" },
    { "hero_bundle", "-x", "unknown flag \"-x\"" },
    { "hero_bundle", "-info", "unknown flag \"-info\"" },
    { "hero_bundle", "--", "unknown flag \"--\"" },
    { "hero_bundle", "-", "unexpected argument \"-\"" },
    { "hero_bundle", "''", "unexpected argument \"\"" },
    { "hero_bundle", "--config", "--config: the value PATH is missing" },
    { "hero_bundle", "--config ''", "--config: the value PATH is empty" },
    { "hero_bundle", "--config=", "--config: the value PATH is empty" },
    { "hero_bundle", "--info=1", "--info takes no value" },
    { "hero_bundle", "--version", "unknown flag \"--version\"" },
    { "hero_bundle", "--port 1", "unknown flag \"--port\"" },
    { "hero_db_server", "--port x", "--port: expected a whole number, found \"x\"" },
    { "hero_db_server", "--no-tcp=true", "--no-tcp takes no value" },
    { "hero_db_server", "serve", "unexpected argument \"serve\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (parse (rows[i].program, rows[i].line, &error));
      g_assert_nonnull (error);
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

static void
test_texts (void)
{
  const HeroProgram *bundle = hero_program_find ("hero_bundle");
  g_autofree char *usage = hero_cli_usage (bundle), *help = hero_cli_help (bundle);
  g_autofree char *db = hero_cli_help (hero_program_find ("hero_db_server"));

  g_assert_cmpstr (usage, ==, "usage: hero_bundle [--config PATH] [--info] [--help]\n");
  g_assert_cmpstr (help, ==,
                   "usage: hero_bundle [--config PATH] [--info] [--help]\n"
                   "Runs the Hero services in one process.\n"
                   "\n"
                   "  --config PATH        configuration file (default ~/hero/cfg/hero_bundle.toml)\n"
                   "  --info               print one JSON object about this program and end\n"
                   "  --help               print this text and end\n");
  g_assert_nonnull (strstr (db, "  -d, --data-dir DIR   its data directory\n"));
  g_assert_null (hero_program_find ("hero_nothing"));
}

static void
test_flags_beat_file (void)
{
  g_autofree char *path = NULL, *line = NULL, *cwd = g_get_current_dir (),
                  *relative = g_build_filename (cwd, "d", NULL);
  int fd = g_file_open_tmp ("hero-cli-XXXXXX.toml", &path, NULL);
  g_auto (GStrv) environment = g_environ_setenv (NULL, "HOME", "/home/x", TRUE);
  g_autoptr (HeroCli) cli = NULL;
  g_autoptr (HeroConfig) config = NULL;
  g_autoptr (GVariant) describe = NULL;
  g_autofree char *text = NULL;
  static const char file[] = "log_level = \"warn\"\n[hero_db]\ndata_dir = \"/file\"\nport = 1\n";
  HeroServiceConfig *db;

  g_assert_cmpint (write (fd, file, strlen (file)), ==, strlen (file));
  close (fd);
  line = g_strdup_printf ("--config %s --data-dir d --port 7 --bind ::1 --bind 127.0.0.1 --no-tcp -v", path);
  cli = parse ("hero_db_server", line, NULL);
  config = hero_cli_load_config (cli, environment);
  g_unlink (path);
  db = hero_config_get_service (config, "hero_db");
  g_assert_cmpuint (config->services->len, ==, 1);
  g_assert_cmpstr (config->log_level, ==, "debug");
  g_assert_cmpstr (db->data_dir, ==, relative);
  text = hero_config_format_diagnostics (config);
  g_assert_cmpstr (text, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/good", test_good);
  g_test_add_func ("/cli/bad", test_bad);
  g_test_add_func ("/cli/texts", test_texts);
  g_test_add_func ("/cli/flags-beat-file", test_flags_beat_file);
  return g_test_run ();
}
