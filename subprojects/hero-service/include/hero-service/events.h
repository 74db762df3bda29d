/* events.h: server-sent events (conventions 7): a ring of 1,024 a domain; a slow reader never holds the publisher up. */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/context.h>
#include <hero-service/http.h>

G_BEGIN_DECLS

/* event: "<object>.<verb>"; domain NULL = the service's first; data: transfer full, NULL = {}. Service thread. */
void hero_service_publish (HeroServiceContext *ctx, const char *domain, const char *event, JsonObject *data);

/* What the readers of one domain may ask for beyond `types`. All on the service thread. */
typedef struct
{
  /*
   * A reader's filter, from its query; NULL + HERO_ERROR_INVALID: 400. *complete FALSE: events for it may have passed
   * unpublished, so a reader that resumes is told of a gap of unknown size.
   */
  gpointer (*open) (gpointer self, HeroHttpRequest *request, gboolean *complete, GError **error);
  gboolean (*passes) (gpointer filter, const char *event, JsonObject *data);
  void (*close) (gpointer self, gpointer filter);
} HeroEventFilter;
/* In start. filter: static; self: lives until the service is stopped. */
void hero_service_set_event_filter (HeroServiceContext *ctx, const char *domain, const HeroEventFilter *filter,
                                    gpointer self);

G_END_DECLS
