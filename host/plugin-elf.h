/* plugin-elf.h: is the whole of a shared object there? A copy that was broken off half-way must not end the host. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * FALSE when the file ends before the segments that its head announces: dlopen would map what is not there, and die of
 * SIGBUS. What is no shared object of this machine passes; dlopen says so itself. HERO_PLUGIN_FILE_ERROR_OPEN.
 */
gboolean hero_plugin_elf_is_whole (const char *path, GError **error);

G_END_DECLS
