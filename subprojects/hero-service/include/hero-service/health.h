/* health.h: what /health, rpc.health, the overview page and the host's /metrics tell of a service. Service thread. */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/context.h>

G_BEGIN_DECLS

/* A cheap real operation (a store read): NULL = ok, else the reason (transfer full). *failing: lost, not degraded. */
typedef char *(*HeroHealthCheck) (gpointer self, gboolean *failing);
void hero_service_add_check (HeroServiceContext *ctx, const char *name, HeroHealthCheck check, gpointer self);

/* Warnings of /health, by key; text NULL withdraws it. They do not change the status. */
void hero_service_set_warning (HeroServiceContext *ctx, const char *key, const char *text);
/* Works in part: 503 `degraded` with this reason, and state `degraded` at the host. NULL = ok again. */
void hero_service_set_degraded (HeroServiceContext *ctx, const char *reason);

/* Adds members of the service's own to the body of /health (uptime_secs, warnings, .. are there). */
typedef void (*HeroHealthMembers) (gpointer self, JsonObject *body);
void hero_service_set_health_members (HeroServiceContext *ctx, HeroHealthMembers func, gpointer self);

typedef enum
{
  HERO_METRIC_COUNTER, /* only rises; the name ends in _total */
  HERO_METRIC_GAUGE,
} HeroMetricKind;
/*
 * name: "hero_<service>_<thing>_<unit>[_total]", without a second hero_ where the service's name has one. func: on the
 * service thread whenever somebody asks.
 */
typedef double (*HeroMetricFunc) (gpointer self);
void hero_service_add_metric (HeroServiceContext *ctx, HeroMetricKind kind, const char *name, const char *help,
                              HeroMetricFunc func, gpointer self);

G_END_DECLS
