/* cli.c: flags to actions and overrides. Main thread. */
#include "cli.h"

#include <hero-toml.h>
#include <string.h>

/* One key that a flag sets. LIST flags collect their elements in one override. */
typedef struct
{
  const HeroFlag *flag;
  GString *toml;
} Override;

static void
override_free (Override *override)
{
  g_string_free (override->toml, TRUE);
  g_free (override);
}

static const HeroFlag common_flags[] = {
  { "config", 0, HERO_FLAG_PATH, TRUE, NULL, NULL, "PATH", "configuration file (default ~/hero/cfg/hero_bundle.toml)" },
  { "info", 0, HERO_FLAG_SWITCH, TRUE, NULL, NULL, NULL, "print one JSON object about this program and end" },
  { "help", 'h', HERO_FLAG_SWITCH, TRUE, NULL, NULL, NULL, "print this text and end" },
  { NULL },
};
static const HeroFlag version_flag
    = { "version", 0, HERO_FLAG_SWITCH, TRUE, NULL, NULL, NULL, "print the version and end" };

static const HeroFlag *
find_in (const HeroFlag *flags, const char *name, gsize length, char letter)
{
  for (; flags != NULL && flags->name != NULL; flags++)
    if (letter != '\0' ? flags->letter == letter
                       : strlen (flags->name) == length && strncmp (flags->name, name, length) == 0)
      return flags;
  return NULL;
}

/* The flag that an argument names, "--name", "--name=text" or "-n"; `text` gets what stands behind "=". */
static const HeroFlag *
find_flag (const HeroProgram *program, const char *argument, const char **text)
{
  const char letter = argument[1] != '-' && argument[1] != '\0' && argument[2] == '\0' ? argument[1] : '\0';
  const char *name = argument + 2, *equals = strchr (argument, '=');
  gsize length;
  const HeroFlag *flag;

  *text = NULL;
  if (letter == '\0' && argument[1] != '-')
    return NULL;
  length = letter != '\0' ? 0 : equals != NULL ? (gsize)(equals - name) : strlen (name);
  flag = find_in (common_flags, name, length, letter);
  if (flag == NULL)
    flag = find_in (program->flags, name, length, letter);
  if (flag == NULL && program->version && letter == '\0' && strncmp (version_flag.name, name, length) == 0
      && length == strlen (version_flag.name))
    flag = &version_flag;
  if (letter == '\0' && equals != NULL)
    *text = equals + 1;
  return flag;
}

/* The text behind a flag as TOML; NULL after an error. */
static char *
to_toml (const HeroFlag *flag, const char *text, GError **error)
{
  g_autofree char *absolute = NULL;
  gint64 number;

  switch (flag->kind)
    {
    case HERO_FLAG_SWITCH:
      return g_strdup (flag->value);
    case HERO_FLAG_NUMBER:
      if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &number, NULL))
        return g_strdup_printf ("%" G_GINT64_FORMAT, number);
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s: expected a whole number, found \"%s\"",
                   flag->name, text);
      return NULL;
    case HERO_FLAG_PATH:
      absolute = *text == '~' ? g_strdup (text) : g_canonicalize_filename (text, NULL);
      return hero_toml_quote (absolute);
    case HERO_FLAG_TEXT:
    case HERO_FLAG_LIST:
    default:
      return hero_toml_quote (text);
    }
}

static gboolean
add_override (HeroCli *cli, const HeroFlag *flag, const char *text, GError **error)
{
  g_autofree char *toml = to_toml (flag, text, error);
  Override *override = NULL;

  if (toml == NULL)
    return FALSE;
  for (guint i = 0; i < cli->overrides->len && flag->kind == HERO_FLAG_LIST; i++)
    if (((Override *)g_ptr_array_index (cli->overrides, i))->flag == flag)
      override = g_ptr_array_index (cli->overrides, i);
  if (override == NULL)
    {
      override = g_new0 (Override, 1);
      override->flag = flag;
      override->toml = g_string_new (toml);
      g_ptr_array_add (cli->overrides, override);
    }
  else
    g_string_append_printf (override->toml, ", %s", toml);
  return TRUE;
}

static gboolean
apply (HeroCli *cli, const HeroFlag *flag, const char *text, GError **error)
{
  if (flag == &common_flags[0])
    {
      g_free (cli->config);
      cli->config = g_strdup (text);
    }
  else if (flag == &common_flags[1] && cli->action == HERO_CLI_RUN)
    cli->action = HERO_CLI_INFO;
  else if (flag == &common_flags[2])
    cli->action = HERO_CLI_HELP;
  else if (flag == &version_flag && cli->action != HERO_CLI_HELP)
    cli->action = HERO_CLI_VERSION;
  else if (flag->key != NULL)
    return add_override (cli, flag, text, error);
  return TRUE;
}

/* Reads the argument at *i, and the text behind it if the flag has one. */
static gboolean
parse_argument (HeroCli *cli, int *i, int argc, char **argv, GError **error)
{
  const char *argument = argv[*i], *text;
  const HeroFlag *flag;

  if (*argument != '-' || argument[1] == '\0')
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "unexpected argument \"%s\"", argument);
      return FALSE;
    }
  flag = find_flag (cli->program, argument, &text);
  if (flag == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "unknown flag \"%s\"", argument);
  else if (flag->argument == NULL && text != NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s takes no value", flag->name);
  else if (flag->argument != NULL && text == NULL && *i + 1 == argc)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s: the value %s is missing", flag->name,
                 flag->argument);
  else
    {
      if (flag->argument != NULL && text == NULL)
        text = argv[++*i];
      if (flag->argument == NULL || *text != '\0')
        return apply (cli, flag, text, error);
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s: the value %s is empty", flag->name,
                   flag->argument);
    }
  return FALSE;
}

HeroCli *
hero_cli_parse (const HeroProgram *program, int argc, char **argv, GError **error)
{
  g_autoptr (HeroCli) cli = g_new0 (HeroCli, 1);

  cli->program = program;
  cli->overrides = g_ptr_array_new_with_free_func ((GDestroyNotify)override_free);
  for (int i = 1; i < argc; i++)
    if (!parse_argument (cli, &i, argc, argv, error))
      return NULL;
  return g_steal_pointer (&cli);
}

void
hero_cli_free (HeroCli *cli)
{
  if (cli == NULL)
    return;
  g_free (cli->config);
  g_clear_pointer (&cli->overrides, g_ptr_array_unref);
  g_free (cli);
}

HeroConfig *
hero_cli_load_config (const HeroCli *cli, char **environment)
{
  HeroConfig *config = hero_config_load (cli->config, environment, cli->program->service);

  for (guint i = 0; i < cli->overrides->len; i++)
    {
      const Override *override = g_ptr_array_index (cli->overrides, i);
      g_autofree char *list = g_strdup_printf ("[%s]", override->toml->str);

      hero_config_override (config, override->flag->host ? NULL : cli->program->service, override->flag->key,
                            override->flag->kind == HERO_FLAG_LIST ? list : override->toml->str);
    }
  return config;
}

/* ---- texts */

static void
append_usage (const HeroFlag *flags, GString *out)
{
  for (; flags != NULL && flags->name != NULL; flags++)
    g_string_append_printf (out, " [--%s%s%s]", flags->name, flags->argument != NULL ? " " : "",
                            flags->argument != NULL ? flags->argument : "");
}

char *
hero_cli_usage (const HeroProgram *program)
{
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "usage: %s", program->name);
  append_usage (common_flags, out);
  append_usage (program->flags, out);
  if (program->version)
    g_string_append (out, " [--version]");
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

static void
append_help (const HeroFlag *flag, GString *out)
{
  g_autofree char *letter
      = flag->letter != '\0' && flag->letter != 'h' ? g_strdup_printf ("-%c, ", flag->letter) : g_strdup ("");
  g_autofree char *left = g_strdup_printf ("%s--%s%s%s", letter, flag->name, flag->argument != NULL ? " " : "",
                                           flag->argument != NULL ? flag->argument : "");

  g_string_append_printf (out, "  %-20s %s\n", left, flag->help);
}

char *
hero_cli_help (const HeroProgram *program)
{
  g_autofree char *usage = hero_cli_usage (program);
  GString *out = g_string_new (usage);

  g_string_append_printf (out, "%s\n\n", program->description);
  for (const HeroFlag *flag = common_flags; flag->name != NULL; flag++)
    append_help (flag, out);
  for (const HeroFlag *flag = program->flags; flag != NULL && flag->name != NULL; flag++)
    append_help (flag, out);
  if (program->version)
    append_help (&version_flag, out);
  return g_string_free (out, FALSE);
}
