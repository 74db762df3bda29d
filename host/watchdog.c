/* watchdog.c: counts of looks in vain against the two limits. Pure. */
#include "watchdog.h"

guint
hero_watchdog_get_interval_ms (guint warn_ms)
{
  return warn_ms == 0 ? 1000 : CLAMP (warn_ms / 2, 50, 1000);
}

HeroVitality
hero_watchdog_judge (guint missed, guint interval_ms, guint warn_ms, guint fail_s)
{
  guint64 late_ms = (guint64) missed * interval_ms;

  /* One look in vain proves nothing: see above. */
  if (missed < 2)
    return HERO_ALIVE;
  if (fail_s > 0 && late_ms >= (guint64) fail_s * 1000)
    return HERO_HUNG;
  if (warn_ms > 0 && late_ms >= warn_ms)
    return HERO_STALLED;
  return HERO_ALIVE;
}
