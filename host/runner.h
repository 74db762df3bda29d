/*
 * runner.h: runs ONE service from create to destroy on the calling thread, whose loop it is for that time. The one place
 * that calls a plugin's table in earnest, shared by every way to run a service.
 */
#pragma once

#include "context.h"
#include "sockets.h"

G_BEGIN_DECLS

typedef struct _HeroRunner HeroRunner;

/* From any thread, mostly the service's: pass them on, do not work here. */
typedef struct
{
  void (*ready) (gpointer data);   /* it said so, and its loop answered one heartbeat */
  void (*serving) (gpointer data); /* serve returned TRUE */
  void (*degraded) (const char *reason, gpointer data); /* NULL = works in full again */
} HeroRunnerEvents;

/* plan, logger and events are borrowed. Any thread. */
HeroRunner *hero_runner_new (HeroPlan *plan, HeroLogger *logger, const HeroRunnerEvents *events, gpointer data);
void hero_runner_free (HeroRunner *runner); /* after run returned */
HeroContext *hero_runner_get_context (HeroRunner *runner);

/*
 * Blocks until the service has reported `stopped`. TRUE: it ended cleanly; FALSE: the error says why it failed, set even
 * where the plugin forgot to.
 */
gboolean hero_runner_run (HeroRunner *runner, GError **error);

/* Any thread. */
/* Its sockets listen: hand them over and tell it to serve. Once, after ready. */
void hero_runner_serve (HeroRunner *runner, HeroSockets *sockets);
/* Fires the cancellable, then calls stop on the service's thread. */
void hero_runner_stop (HeroRunner *runner);
/* The plugin's kill_now, from here. */
void hero_runner_kill_now (HeroRunner *runner);
/* TRUE if the service's loop waits for work, or got through its work at least once since the last call. One caller. */
gboolean hero_runner_take_sign_of_life (HeroRunner *runner);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroRunner, hero_runner_free)

G_END_DECLS
