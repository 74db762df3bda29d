/* health-internal.h: the body of /health and the counters, as HTTP, JSON-RPC and the overview page show them. */
#pragma once

#include <hero-service/health.h>

#include "context-internal.h"

G_BEGIN_DECLS

/* The body of /health; *status 200 or 503. Runs the checks. (transfer full) Service thread. */
JsonObject *hero_health_get (HeroServiceContext *ctx, guint *status);
/* [{name, kind, help, value}], the SDK's own counters first. (transfer full) Service thread. */
JsonArray *hero_metrics_get (HeroServiceContext *ctx);
void hero_health_free (HeroHealth *health);

G_END_DECLS
