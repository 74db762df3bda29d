/* shutdown.h: the end of hero_proc (contract 13). Service thread. */
#pragma once

#include "hero-proc.h"

G_BEGIN_DECLS

enum
{
  PROC_SHUTDOWN_MS = 30000, /* most time it takes */
};

/*
 * A client's word: methods that change something are refused from here on, reading ones are answered until all is down.
 * limit_ms: at most so long; the host's budget and PROC_SHUTDOWN_MS count too. force: SIGKILL at once, also to what a stop
 * under way still waits for. The limit that holds.
 */
guint hero_proc_shut_down (HeroProc *self, guint limit_ms, gboolean force);
/* The next stop, if it comes within a minute, leaves the children running. */
void hero_proc_prepare_restart (HeroProc *self);

G_END_DECLS
