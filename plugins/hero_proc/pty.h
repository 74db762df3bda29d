/* pty.h: makes a pseudo terminal. Any thread. */
#pragma once

#include "spec-tty.h"

G_BEGIN_DECLS

/*
 * The path of its slave, for the child to open; transfer full, NULL + error (G_IO_ERROR). *master does not block; *slave
 * is open too, so that the terminal lasts when the child closes its own. Both are close-on-exec.
 */
char *proc_pty_open (const ProcTtySize *size, int *master, int *slave, GError **error);

G_END_DECLS
