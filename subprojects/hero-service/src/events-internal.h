/* events-internal.h: the endpoint of server-sent events and its end. Service thread. */
#pragma once

#include <hero-service/events.h>
#include <hero-service/http.h>

#include "context-internal.h"

G_BEGIN_DECLS

/* GET /api/{domain}/events: answers the request with a stream. domain: known. */
void hero_events_serve (HeroServiceContext *ctx, HeroHttpRequest *request, const char *domain);
/* Streams that are open, over all sockets. */
guint hero_events_get_readers (HeroServiceContext *ctx);
/* Sends `shutdown` to every reader and ends the streams. */
void hero_events_stop (HeroServiceContext *ctx);
void hero_events_free (HeroEvents *events);

G_END_DECLS
