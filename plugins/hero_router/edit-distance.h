/* edit-distance.h: how far one name is from another, to find the one that was meant. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Letters to be put in, taken out or changed; costs length times length. */
guint edit_distance (const char *a, const char *b);

G_END_DECLS
