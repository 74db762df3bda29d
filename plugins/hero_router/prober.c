/* prober.c: the turns of the probes, and what follows from each. Service thread. */
#include "prober.h"

#define SUSPECT_S 2
#define RETRY_S 2            /* a failure is tried again before it counts */
#define WHOLE_EVERY_S 300    /* what a service says of itself may change without a new process */
#define MAX_FALSE_ALARMS 3

typedef struct
{
  void (*done) (gpointer data);
  gpointer data;
} Waiter;

struct _Prober
{
  HeroServiceContext *ctx;
  HeroReactor *reactor;
  ProbeLimits limits;
  guint parallel;
  const ProberEvents *events;
  gpointer data;
  GQueue queue; /* ProbeSubject, to be probed */
  guint running;
};

struct _ProbeSubject
{
  Prober *prober;
  RouterService *service;
  Probe *probe; /* running */
  gboolean queued, again;
  ProbeKind kind;     /* of the probe that is running or waits */
  char *previous;     /* fingerprint when it began */
  gint64 whole_us;    /* when the last whole one ended */
  guint timer;        /* next probe of its own */
  guint failures;     /* in a row */
  gint64 suspected_us;
  gboolean alarmed;   /* a kept connection ended since the last probe */
  guint false_alarms; /* .. and the service was well */
  GArray *waiters;    /* Waiter */
};

/* ------------------------------------------------------------------------------------------------ the subjects */

ProbeSubject *
prober_add (Prober *prober, RouterService *service)
{
  ProbeSubject *subject = g_new0 (ProbeSubject, 1);

  subject->prober = prober;
  subject->service = service;
  subject->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  return subject;
}

static void
answer_waiters (ProbeSubject *subject)
{
  g_autoptr (GArray) waiters = g_steal_pointer (&subject->waiters);

  subject->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (waiters, Waiter, i);

      waiter->done (waiter->data);
    }
}

static void
stop_timer (ProbeSubject *subject)
{
  if (subject->timer != 0)
    hero_service_source_remove (subject->prober->ctx, subject->timer);
  subject->timer = 0;
}

void
prober_remove (ProbeSubject *subject)
{
  Prober *prober = subject->prober;

  if (subject->probe != NULL)
    {
      probe_cancel (subject->probe);
      prober->running--;
    }
  g_queue_remove (&prober->queue, subject);
  stop_timer (subject);
  g_array_unref (subject->waiters);
  g_free (subject->previous);
  g_free (subject);
}

void
prober_wait (ProbeSubject *subject, void (*done) (gpointer data), gpointer data)
{
  Waiter waiter = { done, data };

  g_array_append_val (subject->waiters, waiter);
}

/* ------------------------------------------------------------------------------------------------ suspicion */

static gboolean
on_timer (gpointer data)
{
  ProbeSubject *subject = data;

  subject->timer = 0;
  prober_probe (subject, PROBE_SHORT);
  return G_SOURCE_REMOVE;
}

static void
probe_after (ProbeSubject *subject, guint seconds)
{
  stop_timer (subject);
  subject->timer = hero_service_timeout_add_seconds (subject->prober->ctx, seconds, on_timer, subject);
}

void
prober_suspect (ProbeSubject *subject)
{
  gint64 now = g_get_monotonic_time ();

  if (subject->suspected_us == 0 || now - subject->suspected_us >= SUSPECT_S * G_USEC_PER_SEC)
    {
      subject->suspected_us = now;
      prober_probe (subject, PROBE_SHORT);
    }
  else if (subject->timer == 0)
    probe_after (subject, SUSPECT_S);
}

static void
on_connection_ended (gpointer data)
{
  ProbeSubject *subject = data;

  subject->alarmed = TRUE;
  prober_suspect (subject);
}

void
prober_sockets_changed (ProbeSubject *subject)
{
  for (guint i = 0; i < subject->service->sockets->len; i++)
    {
      RouterSocket *socket = subject->service->sockets->pdata[i];

      if (socket->http && socket->state != SOCKET_FOREIGN && socket->kept == NULL)
        socket->kept = kept_connection_new (subject->prober->reactor, on_connection_ended, subject);
    }
  subject->again = subject->probe != NULL;
  prober_probe (subject, PROBE_WHOLE);
}

/* A service that closes each idle connection soon would be probed all the time: none is kept, until it is forgiven. */
static void
learn_from_alarm (ProbeSubject *subject, gboolean same)
{
  if (subject->alarmed)
    subject->false_alarms++;
  else if (same)
    subject->false_alarms = 0;
  else if (subject->false_alarms > 0)
    subject->false_alarms--;
  subject->alarmed = FALSE;
  if (subject->false_alarms < MAX_FALSE_ALARMS)
    return;
  for (guint i = 0; i < subject->service->sockets->len; i++)
    {
      RouterSocket *socket = subject->service->sockets->pdata[i];

      if (socket->kept != NULL)
        kept_connection_close (socket->kept);
    }
}

/* ------------------------------------------------------------------------------------------------ probing */

static void start_queued (Prober *prober);

/* A failure is tried again after RETRY_S before the status changes; what is certain, and success, count at once. */
static void
judge (ProbeSubject *subject, gboolean same)
{
  static const guint waits[] = { RETRY_S, 5, 10, 20 };
  const ProberEvents *events = subject->prober->events;
  RouterService *service = subject->service;
  g_autofree char *reason = NULL;
  RouterStatus status = router_service_judge (service, &reason);
  gboolean well = status == STATUS_HEALTHY || status == STATUS_NON_RPC;
  gboolean first = subject->failures == 0 && (service->status == STATUS_HEALTHY || service->status == STATUS_NON_RPC);

  router_service_add_probe (service, well, service->latency_ms, reason);
  if (status == STATUS_UNHEALTHY)
    {
      if (!first)
        events->status (subject->prober->data, service, status, reason);
      probe_after (subject, subject->failures < G_N_ELEMENTS (waits) ? waits[subject->failures] : 30);
      subject->failures++;
      return;
    }
  subject->failures = 0;
  if (well)
    learn_from_alarm (subject, same);
  events->status (subject->prober->data, service, status, reason);
}

static void
on_probed (gpointer data, gboolean document_changed, gboolean same)
{
  ProbeSubject *subject = data;
  Prober *prober = subject->prober;
  gboolean again = subject->again;

  subject->probe = NULL;
  subject->again = FALSE;
  prober->running--;
  if (!same)
    subject->whole_us = g_get_monotonic_time ();
  judge (subject, same);
  if (document_changed)
    prober->events->document_changed (prober->data, subject->service, subject->previous);
  if (again)
    prober_probe (subject, PROBE_WHOLE);
  else
    answer_waiters (subject);
  start_queued (prober);
}

static gboolean
may_be_short (ProbeSubject *subject)
{
  return subject->kind == PROBE_SHORT && subject->service->document_state == DOCUMENT_VALID
         && g_get_monotonic_time () - subject->whole_us < WHOLE_EVERY_S * G_USEC_PER_SEC;
}

static void
start_queued (Prober *prober)
{
  while (prober->running < prober->parallel && !g_queue_is_empty (&prober->queue))
    {
      ProbeSubject *subject = g_queue_pop_head (&prober->queue);

      subject->queued = FALSE;
      prober->running++;
      g_free (subject->previous);
      subject->previous = g_strdup (subject->service->fingerprint);
      subject->probe = probe_start (prober->ctx, prober->reactor, subject->service, &prober->limits, may_be_short (subject),
                                    on_probed, subject);
    }
  if (prober_is_idle (prober))
    prober->events->idle (prober->data);
}

void
prober_probe (ProbeSubject *subject, ProbeKind kind)
{
  if (subject->probe != NULL)
    subject->again |= kind > subject->kind;
  else if (subject->queued)
    subject->kind = MAX (subject->kind, kind);
  else
    {
      subject->kind = kind;
      subject->queued = TRUE;
      g_queue_push_tail (&subject->prober->queue, subject);
      start_queued (subject->prober);
    }
}

/* ------------------------------------------------------------------------------------------------ life */

gboolean
prober_is_busy (ProbeSubject *subject)
{
  return subject->probe != NULL || subject->queued;
}

gboolean
prober_is_idle (Prober *prober)
{
  return prober->running == 0 && g_queue_is_empty (&prober->queue);
}

Prober *
prober_new (HeroServiceContext *ctx, HeroReactor *reactor, const ProbeLimits *limits, guint parallel, const ProberEvents *events,
            gpointer data)
{
  Prober *prober = g_new0 (Prober, 1);

  prober->ctx = ctx;
  prober->reactor = reactor;
  prober->limits = *limits;
  prober->parallel = parallel;
  prober->events = events;
  prober->data = data;
  g_queue_init (&prober->queue);
  return prober;
}

void
prober_free (Prober *prober)
{
  g_free (prober);
}
