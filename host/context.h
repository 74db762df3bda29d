/*
 * context.h: the host's table as one service instance sees it: HeroHost over a plan and a logger. What the service says
 * back (ready, stopped, ..) goes to the events of whoever made the context.
 */
#pragma once

#include "logger.h"
#include "plan.h"

G_BEGIN_DECLS

typedef struct _HeroContext HeroContext;

/* Members may be NULL. report and add_listener come inside create; the others from any thread. */
typedef struct
{
  void (*report) (const char *key, HeroReportSeverity severity, const char *text, gpointer data);
  void (*add_listener) (const char *role, const char *protocol, const char *address, gpointer data);
  void (*ready) (gpointer data);
  void (*stopped) (const GError *error, gpointer data);
  void (*degraded) (const char *reason, gpointer data);
} HeroContextEvents;

/* logger NULL: silent. main_context NULL: a throw-away create. plan and logger are borrowed. */
HeroContext *hero_context_new (HeroPlan *plan, HeroLogger *logger, GMainContext *main_context,
                               const HeroContextEvents *events, gpointer data);
void hero_context_free (HeroContext *context);

HeroServiceContext *hero_context_get_public (HeroContext *context);
GCancellable *hero_context_get_cancellable (HeroContext *context);

/* Before serve: the descriptors the service may accept on, Unix sockets first; -1 = could not be bound. Borrowed. */
void hero_context_add_listener (HeroContext *context, const char *role, gboolean tcp, int fd, const char *address);
/* What /health shall show. Any thread. */
void hero_context_set_warnings (HeroContext *context, const char *const *warnings);
void hero_context_set_degraded (HeroContext *context, const char *reason); /* NULL = works in full */

/* A pointer for a descriptor compiled into the host, which finds it again by the public context. */
void hero_context_set_owner (HeroContext *context, gpointer owner);
gpointer hero_context_owner_of (HeroServiceContext *ctx);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroContext, hero_context_free)

G_END_DECLS
