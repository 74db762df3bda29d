/* edit-distance.h: how far one word is from another, to find the one that was meant. Pure; any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Letters to be put in, taken out, changed or swapped with their neighbour until one word is the other. Counted in bytes;
 * ASCII letters without case. G_MAXUINT for words over 255 bytes: nobody means such a one.
 */
guint hero_edit_distance (const char *a, const char *b);

G_END_DECLS
