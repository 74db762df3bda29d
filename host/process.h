/* process.h: what is set once for the whole process, before the first plugin and the first thread. Main thread. */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/*
 * Limits malloc's arenas, ignores SIGPIPE, and raises the soft limit of open files to the hard one; the original stays as the setting "nofile_soft",
 * for the children that services start.
 */
void hero_process_prepare (HeroConfig *config);
/* The limit hero_process_prepare found; 0 = unknown. */
guint64 hero_process_get_original_nofile (const HeroConfig *config);

G_END_DECLS
