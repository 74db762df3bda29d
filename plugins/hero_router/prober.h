/*
 * prober.h: when services are probed (contract 4.1, 4.3): a few at a time, again soon after a failure before it counts, later
 * and later while it lasts, and at once when the connection kept from the last probe ends. Service thread.
 */
#pragma once

#include "probe.h"

G_BEGIN_DECLS

typedef struct _Prober Prober;
typedef struct _ProbeSubject ProbeSubject; /* one service, as the prober sees it */

typedef enum
{
  PROBE_SHORT, /* does it still work? Turns into a whole one when it may be another process, or every five minutes. */
  PROBE_WHOLE, /* all the steps: sockets changed, or somebody asked */
} ProbeKind;

typedef struct
{
  /* What a probe found; not told for a failure that is to be tried again first. */
  void (*status) (gpointer data, RouterService *service, RouterStatus status, const char *reason);
  void (*document_changed) (gpointer data, RouterService *service, const char *previous_fingerprint);
  /* Nothing is probed or waits for its turn. */
  void (*idle) (gpointer data);
} ProberEvents;

/* parallel: how many services at a time. events: static. */
Prober *prober_new (HeroServiceContext *ctx, HeroReactor *reactor, const ProbeLimits *limits, guint parallel,
                    const ProberEvents *events, gpointer data);
void prober_free (Prober *prober); /* after its subjects */
gboolean prober_is_idle (Prober *prober);

/* service: outlives the subject. Nothing is probed yet. */
ProbeSubject *prober_add (Prober *prober, RouterService *service);
/* Who still waits is not told. */
void prober_remove (ProbeSubject *subject);
/* A probe of it is under way or waits for its turn. */
gboolean prober_is_busy (ProbeSubject *subject);
/* As soon as it has its turn; joins one that waits or is under way, and follows it if that is short and this is not. */
void prober_probe (ProbeSubject *subject, ProbeKind kind);
/* Calls done after the next probe of it. */
void prober_wait (ProbeSubject *subject, void (*done) (gpointer data), gpointer data);
/* Something went wrong with it elsewhere: a short probe, at most every 2 s. */
void prober_suspect (ProbeSubject *subject);
/* It has other sockets than before: a whole probe of them, also when one of the old ones is under way. */
void prober_sockets_changed (ProbeSubject *subject);

G_END_DECLS
