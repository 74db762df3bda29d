/*
 * control.h: hero_bundle as a service of its own (conventions 10): what runs, restarts, configuration, metrics, a live
 * page. A descriptor compiled into the host that runs through the same table as every plugin, on its own thread; it sees
 * the supervisor only through what that offers to any thread.
 */
#pragma once

#include <hero-service/hero-service.h>

#include "supervisor.h"

G_BEGIN_DECLS

typedef struct
{
  HeroServiceContext *ctx;
  HeroSupervisor *supervisor; /* NULL in a throw-away instance */
} HeroControl;

extern const HeroServicePlugin hero_control_plugin;

/* control-rpc.c */
extern const HeroRpcSpec hero_control_rpc;
/* One row of host.status as JSON. Transfer full. */
JsonObject *hero_control_describe_service (GVariant *row);

/* control-page.c */
extern const HeroPageSpec hero_control_page;

/* control-metrics.c */
extern const HeroHttpRoute hero_control_routes[];

/* Members of a row of hero_status_get_services: "" and -1 when absent. */
const char *hero_control_text (GVariant *row, const char *key);
gint64 hero_control_number (GVariant *row, const char *key);
HeroState hero_control_state (GVariant *row);

/* Resident memory of a process in bytes, 0 = unknown. */
guint64 hero_control_get_rss (gint64 pid);

G_END_DECLS
