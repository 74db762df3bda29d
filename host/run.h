/* run.h: from a loaded configuration to the exit code: the part every executable of the host shares. Main thread. */
#pragma once

#include "supervisor.h"

G_BEGIN_DECLS

typedef struct
{
  const char *program; /* "hero_bundle", "hero_db_server", ..: for banner, log and messages */
  gboolean alone;      /* one service, here: required, on a thread, and without the host's own service */
  gboolean child;      /* alone, and run by a host: see HeroSupervisorOptions */
  /* Once, when the plugins are open and their configuration is checked; may be NULL. */
  void (*loaded) (GPtrArray *plans, gpointer data);
  /* Once, after the start sequence; may be NULL. */
  void (*ready) (HeroSupervisor *supervisor, gpointer data);
  gpointer data;
} HeroRunOptions;

/* config is borrowed. Prints diagnostics on stderr; returns the exit code of conventions 11. */
int hero_run (HeroConfig *config, const HeroRunOptions *options);

G_END_DECLS
