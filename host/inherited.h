/*
 * inherited.h: sockets this process was started with (LISTEN_FDS, LISTEN_FDNAMES): by systemd's socket activation, or by a
 * host that runs one of its services in a process of its own. Main thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _HeroInherited HeroInherited;

/*
 * Reads LISTEN_FDS and LISTEN_FDNAMES, names as "<service>.<role>", from environment (g_get_environ form). LISTEN_PID must
 * be this process, unless `trusted`: the parent is our own host. The descriptors are made close-on-exec.
 */
HeroInherited *hero_inherited_new (char **environment, gboolean trusted);
void hero_inherited_free (HeroInherited *inherited); /* closes what nobody took */
/* The next one of that name and kind; the caller owns it. -1 = none (left). */
int hero_inherited_take (HeroInherited *inherited, const char *service, const char *role, gboolean tcp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroInherited, hero_inherited_free)

G_END_DECLS
