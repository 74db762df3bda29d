/*
 * cli.h: the command line of every program of program.h (conventions 12). Parsing has no side effects: what to do comes
 * back, flags become overrides of the configuration. Main thread, before anything else.
 */
#pragma once

#include "config.h"
#include "program.h"

G_BEGIN_DECLS

typedef enum
{
  HERO_CLI_RUN,
  HERO_CLI_INFO,
  HERO_CLI_HELP,
  HERO_CLI_VERSION,
} HeroCliAction;

typedef struct
{
  const HeroProgram *program;
  HeroCliAction action;
  char *config;         /* --config, or NULL */
  GPtrArray *overrides; /* private */
} HeroCli;

/*
 * argv as main got it (argv[0] is skipped); it is not changed. NULL with one line of error otherwise, for which the
 * caller prints hero_cli_usage and ends with exit code 2.
 */
HeroCli *hero_cli_parse (const HeroProgram *program, int argc, char **argv, GError **error);
void hero_cli_free (HeroCli *cli);
/* Loads what --config names, for the program's service, with the flags in force. */
HeroConfig *hero_cli_load_config (const HeroCli *cli, char **environment);

/* "usage: hero_bundle [--config PATH] [--info] [--help]"; transfer full. */
char *hero_cli_usage (const HeroProgram *program);
/* The text of --help; transfer full. */
char *hero_cli_help (const HeroProgram *program);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroCli, hero_cli_free)

G_END_DECLS
