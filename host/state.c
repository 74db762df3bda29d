/* state.c: the transition table and the restart policy. Pure. */
#include "state.h"

#include <hero-service/error.h>

#include "plugin-file.h"

#define SAME HERO_N_STATES

#define STA HERO_STATE_STARTING
#define RDY HERO_STATE_READY
#define DEG HERO_STATE_DEGRADED
#define STL HERO_STATE_STALLED
#define BCK HERO_STATE_BACKOFF
#define SPG HERO_STATE_STOPPING
#define SPD HERO_STATE_STOPPED
#define FLD HERO_STATE_FAILED

/* A row a state, a column an event. */
static const guint8 table[HERO_N_STATES][HERO_N_EVENTS] = {
  /*                        START WORKS  PART  HANGS LATE  STOP  ENDED RETRY FAILED */
  [HERO_STATE_DISABLED] = { SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME },
  [HERO_STATE_STARTING] = { SAME, RDY, DEG, SAME, FLD, SPG, SPD, BCK, FLD },
  [HERO_STATE_READY] = { SAME, SAME, DEG, STL, SAME, SPG, SPD, BCK, FLD },
  [HERO_STATE_DEGRADED] = { SAME, RDY, SAME, STL, SAME, SPG, SPD, BCK, FLD },
  [HERO_STATE_STALLED] = { SAME, RDY, DEG, SAME, SAME, SPG, SPD, BCK, FLD },
  [HERO_STATE_BACKOFF] = { STA, SAME, SAME, SAME, SAME, SPD, SPD, SAME, FLD },
  [HERO_STATE_STOPPING] = { SAME, SAME, SAME, SAME, SAME, SAME, SPD, SPD, SPD },
  [HERO_STATE_STOPPED] = { STA, SAME, SAME, SAME, SAME, SAME, SAME, SAME, FLD },
  /* A start that was late, and failed for it, may become ready after all. */
  [HERO_STATE_FAILED] = { STA, RDY, DEG, SAME, SAME, SPG, SPD, BCK, SAME },
};

static const char *const names[HERO_N_STATES]
    = { "disabled", "starting", "ready", "degraded", "stalled", "backoff", "stopping", "stopped", "failed" };

HeroState
hero_state_next (HeroState state, HeroStateEvent event)
{
  guint8 next = table[state][event];

  return next == SAME ? state : (HeroState) next;
}

const char *
hero_state_to_string (HeroState state)
{
  return names[state];
}

gboolean
hero_state_from_string (const char *text, HeroState *state)
{
  for (guint i = 0; i < HERO_N_STATES; i++)
    if (g_strcmp0 (text, names[i]) == 0)
      {
        *state = (HeroState) i;
        return TRUE;
      }
  return FALSE;
}

gboolean
hero_state_is_up (HeroState state)
{
  return state == HERO_STATE_READY || state == HERO_STATE_DEGRADED;
}

gboolean
hero_error_is_final (const GError *error)
{
  if (error->domain == HERO_PLUGIN_ERROR)
    return error->code != HERO_PLUGIN_ERROR_FAILED;
  return error->domain == HERO_PLUGIN_FILE_ERROR || g_error_matches (error, HERO_ERROR, HERO_ERROR_BUSY)
         || g_error_matches (error, HERO_ERROR, HERO_ERROR_FORMAT);
}

gboolean
hero_restart_decide (const HeroRestartPolicy *policy, guint attempts, const GError *error, guint *delay_ms)
{
  guint64 delay = policy->delay_ms;

  if (policy->policy == HERO_RESTART_NEVER || (error == NULL && policy->policy != HERO_RESTART_ALWAYS))
    return FALSE;
  if (error != NULL && hero_error_is_final (error))
    return FALSE;
  if (policy->max > 0 && attempts >= policy->max)
    return FALSE;

  for (guint i = 0; i < attempts && delay < policy->max_delay_ms; i++)
    delay *= 2;
  *delay_ms = (guint) MIN (delay, policy->max_delay_ms);
  return TRUE;
}
