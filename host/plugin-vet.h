/* plugin-vet.h: may this file be loaded into the process? Owner and mode of it and of every directory above. Pure but for stat. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * path: absolute. Returns its real path, the one to open, when every component is a directory (the last: a regular
 * file) of root or of this user that nobody else can write to; write access of this user's primary group and a sticky
 * directory of root pass. HERO_PLUGIN_FILE_ERROR_MISSING or _UNSAFE; the text says which component and what to do.
 */
char *hero_plugin_vet (const char *path, GError **error);

G_END_DECLS
