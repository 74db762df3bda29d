/* toml-tree.h: what the C++ half needs of the C half. Private. */
#pragma once

#include "hero-toml.h"

#include <string.h>

G_BEGIN_DECLS

HeroToml *hero_toml_new (HeroTomlType type, guint line, guint column);
/* Puts the children of a table into the order of the text. */
void hero_toml_sort (HeroToml *table);
/*
 * Length and nesting, before the parser sees the text: it recurses, and a key of half a million dots would end the
 * stack. `where` gets the place of the fault.
 */
gboolean hero_toml_check_limits (const char *text, gsize length, HeroTomlPlace *where, GError **error);

G_END_DECLS
