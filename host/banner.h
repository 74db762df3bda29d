/* banner.h: what the operator reads once after the start (conventions 12). Main thread. */
#pragma once

#include "unit.h"

G_BEGIN_DECLS

/* Prints the banner on stdout, or in JSON mode writes it as one log line. units: HeroUnit. */
void hero_banner_print (HeroConfig *config, HeroLogger *logger, const char *program, GPtrArray *units, gint64 start_ms);

G_END_DECLS
