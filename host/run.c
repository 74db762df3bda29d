/*
 * run.c: the way of a start: configuration -> plugin files -> supervisor. Nothing starts before all diagnostics of all
 * services are known. Main thread.
 */
#include "run.h"

#include <stdio.h>

#include "control/control.h"
#include "process.h"

static gboolean
print_diagnostics (HeroConfig *config)
{
  g_autofree char *text = hero_config_format_diagnostics (config);

  fputs (text, stderr);
  return !hero_config_has_errors (config);
}

/* What the file says of isolation is for the bundle; in a child the host decides about time and restarts. */
static void
adapt (const HeroRunOptions *options, GPtrArray *plans)
{
  for (guint i = 0; i < plans->len && options->alone; i++)
    {
      HeroServiceConfig *service = ((HeroPlan *) g_ptr_array_index (plans, i))->config;

      service->isolation = HERO_ISOLATION_THREAD;
      service->required = TRUE;
      if (options->child)
        {
          service->restart = HERO_RESTART_NEVER;
          service->start_timeout_s = 0;
        }
    }
}

int
hero_run (HeroConfig *config, const HeroRunOptions *options)
{
  g_autoptr (GPtrArray) plans = NULL;
  g_autoptr (HeroPlan) control = NULL;
  g_autoptr (HeroLogger) logger = NULL;
  g_autoptr (HeroSupervisor) supervisor = NULL;
  HeroSupervisorOptions supervisor_options = { .program = options->program, .child = options->child,
                                               .ready = options->ready, .data = options->data };

  hero_process_prepare (config);
  /* The bus of a child then knows that ordinary topics end in this process. */
  g_hash_table_replace (config->settings, g_strdup ("isolation"), g_strdup (options->child ? "process" : "thread"));
  plans = hero_plans_new (config, FALSE);
  if (config->control_service != NULL && !options->alone)
    control = hero_plan_new_builtin (config, config->control_service, &hero_control_plugin);
  if (!print_diagnostics (config))
    return HERO_EXIT_USAGE;
  adapt (options, plans);

  logger = hero_logger_new (config, options->program);
  hero_logger_install (logger);
  if (options->loaded != NULL)
    options->loaded (plans, options->data);
  if (!options->child)
    hero_logger_printf (logger, HERO_LOG_INFO, "sockets in %s (%s), data in %s (%s)", config->socket_dir,
                        config->socket_dir_source, config->data_dir, config->data_dir_source);

  supervisor_options.control = control;
  supervisor = hero_supervisor_new (config, logger, plans, &supervisor_options);
  return hero_supervisor_run (supervisor);
}
