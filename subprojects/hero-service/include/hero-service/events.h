/* events.h: server-sent events (conventions 7): a ring of 1,024 a domain; a slow reader never holds the publisher up. */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/context.h>

G_BEGIN_DECLS

/* event: "<object>.<verb>"; domain NULL = the service's first; data: transfer full, NULL = {}. Service thread. */
void hero_service_publish (HeroServiceContext *ctx, const char *domain, const char *event, JsonObject *data);

G_END_DECLS
