/*
 * pty-socket.h: terminals of jobs over WebSockets, on both sockets of the service: GET /api/jobs/{id}/pty and
 * GET /api/services/{name}/pty (contract 9). Service thread.
 */
#pragma once

#include "hero-proc.h"

G_BEGIN_DECLS

/* In start. */
void hero_proc_register_ptys (HeroProc *self);
/* The service stops: every viewer is told so. The jobs are not touched. */
void hero_proc_close_ptys (HeroProc *self);

G_END_DECLS
