/* metrics.h: hero_db_* of the host's /metrics. Service thread. */
#pragma once

#include "hero-db.h"

void metrics_register (HeroDb *self);
