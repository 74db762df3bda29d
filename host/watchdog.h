/* watchdog.h: is a service's main context alive? The decision alone, pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  HERO_ALIVE,
  HERO_STALLED, /* later than watchdog_warn_ms */
  HERO_HUNG,    /* later than watchdog_fail_s */
} HeroVitality;

/* Milliseconds between two looks: a second, shorter where the limit needs it. */
guint hero_watchdog_get_interval_ms (guint warn_ms);

/*
 * missed: looks in a row that found no sign of life since the one before. Counted, not measured: after a stop by a debugger
 * or a suspended machine one look is late by hours, yet only one. A limit of 0 is off.
 */
HeroVitality hero_watchdog_judge (guint missed, guint interval_ms, guint warn_ms, guint fail_s);

G_END_DECLS
