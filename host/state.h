/*
 * state.h: the states of a supervised service, and the two decisions about them, as pure functions: what an event makes of
 * a state, and what follows a failure (conventions 10). Any thread.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

typedef enum
{
  HERO_STATE_DISABLED,
  HERO_STATE_STARTING,
  HERO_STATE_READY,
  HERO_STATE_DEGRADED, /* works in part */
  HERO_STATE_STALLED,  /* its main context does not answer */
  HERO_STATE_BACKOFF,  /* failed, will be started again */
  HERO_STATE_STOPPING,
  HERO_STATE_STOPPED, /* not started yet, or ended cleanly */
  HERO_STATE_FAILED,  /* for good */
  HERO_N_STATES,
} HeroState;

typedef enum
{
  HERO_EVENT_START,         /* an instance is being started */
  HERO_EVENT_WORKS,         /* it serves, in full */
  HERO_EVENT_WORKS_IN_PART, /* it serves, and says it is degraded */
  HERO_EVENT_HANGS,         /* the watchdog missed it */
  HERO_EVENT_LATE,          /* start_timeout_s passed */
  HERO_EVENT_STOP,          /* it was asked to stop */
  HERO_EVENT_ENDED,         /* it is gone, cleanly or as asked */
  HERO_EVENT_FAILED_RETRY,  /* it is gone and comes again after the delay */
  HERO_EVENT_FAILED,        /* it is gone for good */
  HERO_N_EVENTS,
} HeroStateEvent;

/* The next state; the same one where the event means nothing in it. */
HeroState hero_state_next (HeroState state, HeroStateEvent event);
const char *hero_state_to_string (HeroState state);
gboolean hero_state_from_string (const char *text, HeroState *state);
/* TRUE for ready and degraded: its sockets answer. */
gboolean hero_state_is_up (HeroState state);

typedef struct
{
  HeroRestart policy;
  guint delay_ms, max_delay_ms, max; /* max: attempts in a row, 0 = no limit */
} HeroRestartPolicy;

/*
 * attempts: restarts since it last ran stably; error: why it ended, NULL = cleanly. Returns TRUE and the delay when it is to
 * be started again.
 */
gboolean hero_restart_decide (const HeroRestartPolicy *policy, guint attempts, const GError *error, guint *delay_ms);
/* TRUE for errors that another attempt cannot mend: configuration, ABI, format, something held by another process. */
gboolean hero_error_is_final (const GError *error);

G_END_DECLS
