/*
 * plan.h: what is about to run: a service's table, its plugin file, its addresses, and what a throw-away instance said of
 * its configuration. Nothing is bound, written or started. Main thread, before the first service; read-only afterwards.
 */
#pragma once

#include "config.h"
#include "plugin-file.h"

G_BEGIN_DECLS

typedef struct
{
  char *role, *protocol;
  char *address; /* absolute path, or IP:PORT; TCP only: "" = declared, but off */
} HeroAddress;

typedef struct
{
  HeroConfig *host;          /* borrowed */
  HeroServiceConfig *config; /* borrowed */
  HeroPluginFile *plugin;    /* NULL = could not be opened */
  GError *error;             /* why it cannot run: the plugin was refused or create failed; NULL = it can */
  GPtrArray *sockets;        /* HeroAddress: Unix sockets, in the plugin's order */
  GPtrArray *tcp;            /* HeroAddress: in the order of add_listener */
} HeroPlan;

/*
 * One service: opens its plugin, checks its table against the plugin's keys, creates and destroys an instance. What is
 * wrong in the configuration becomes a diagnostic of `config`; everything else ends in `error`.
 */
HeroPlan *hero_plan_new (HeroConfig *config, HeroServiceConfig *service);
/* The same for a descriptor compiled in. */
HeroPlan *hero_plan_new_builtin (HeroConfig *config, HeroServiceConfig *service, const HeroServicePlugin *descriptor);
void hero_plan_free (HeroPlan *plan);

/* Every enabled service of the configuration in start order; with_disabled: really all (--info). HeroPlan, transfer full. */
GPtrArray *hero_plans_new (HeroConfig *config, gboolean with_disabled);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroPlan, hero_plan_free)

G_END_DECLS
