/*
 * status.h: what the supervisor lets other threads know of its services: the rows of host.status as of now, and a call at
 * each change. Written on the main thread, read on any.
 */
#pragma once

#include "unit.h"

G_BEGIN_DECLS

typedef struct _HeroStatus HeroStatus;

/* Main thread, at each change of a service; must not block. */
typedef void (*HeroStatusListener) (const char *name, HeroState from, HeroState to, const char *reason, gpointer data);

HeroStatus *hero_status_new (void);
void hero_status_free (HeroStatus *status);

/* ---- main thread */
/* Rows for all services of the configuration; those without a unit are disabled. */
void hero_status_set_services (HeroStatus *status, HeroConfig *config, GPtrArray *units);
void hero_status_update (HeroStatus *status, HeroUnit *unit, HeroState from, HeroState to, const char *reason);
/* "5 of 6 services ready; failed: hero_indexer": for systemd. Transfer full. */
char *hero_status_summary (GPtrArray *units);

/* ---- any thread */
/*
 * aa{sv}, in start order: name, state, isolation "s"; required, enabled "b"; pid, restarts, ready_ms "x" (-1 = none);
 * last_error, reason "s" ("" = none). Transfer full.
 */
GVariant *hero_status_get_services (HeroStatus *status);
/* One listener; NULL takes it away, and none is running when that returns. */
void hero_status_set_listener (HeroStatus *status, HeroStatusListener listener, gpointer data);

G_END_DECLS
