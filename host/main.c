/*
 * main.c: hero_bundle, and with another HERO_PROGRAM each stand-alone executable: flags, configuration, supervisor, exit
 * code. The rest is the library hero-host.
 */
#include <stdio.h>

#include "cli.h"
#include "info.h"
#include "run.h"

static int
print_usage (const HeroProgram *program, const char *message)
{
  g_autofree char *usage = hero_cli_usage (program);

  fprintf (stderr, "%s: %s\n%s", program->name, message, usage);
  return HERO_EXIT_USAGE;
}

static int
print_help (const HeroProgram *program)
{
  g_autofree char *help = hero_cli_help (program);

  fputs (help, stdout);
  return HERO_EXIT_OK;
}

static int
print_info (const HeroProgram *program, HeroConfig *config)
{
  g_autoptr (GPtrArray) plans = hero_plans_new (config, TRUE);
  g_autofree char *text = hero_info_print (program, config, plans);
  g_autofree char *diagnostics = hero_config_format_diagnostics (config);

  fputs (diagnostics, stderr);
  fputs (text, stdout);
  return hero_config_has_errors (config) ? HERO_EXIT_USAGE : HERO_EXIT_OK;
}

int
main (int argc, char **argv)
{
  const HeroProgram *program = hero_program_find (HERO_PROGRAM);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroCli) cli = hero_cli_parse (program, argc, argv, &error);
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (HeroConfig) config = NULL;

  if (cli == NULL)
    return print_usage (program, error->message);
  if (cli->action == HERO_CLI_HELP)
    return print_help (program);
  if (cli->action == HERO_CLI_VERSION)
    return printf ("%s %s\n", program->name, PACKAGE_VERSION) > 0 ? HERO_EXIT_OK : HERO_EXIT_NOT_STARTED;

  config = hero_cli_load_config (cli, environment);
  if (cli->action == HERO_CLI_INFO)
    return print_info (program, config);
  return hero_run (config, &(HeroRunOptions){ .program = program->name, .alone = program->service != NULL });
}
