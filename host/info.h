/* info.h: the JSON object of --info (conventions 12). Nothing is bound, written or started. Main thread. */
#pragma once

#include "plan.h"
#include "program.h"

G_BEGIN_DECLS

/* plans: HeroPlan of every service, disabled ones included. Indented JSON with a newline at its end; transfer full. */
char *hero_info_print (const HeroProgram *program, HeroConfig *config, GPtrArray *plans);

G_END_DECLS
