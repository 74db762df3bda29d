/* metrics.c: the counters of the node for /metrics of the host. Service thread. */
#include "mycelium.h"

#define COUNTER(member)                                                                                                \
  static double get_##member (gpointer data)                                                                           \
  {                                                                                                                    \
    return (double)((Mycelium *)data)->node->counts.member;                                                            \
  }
COUNTER (pushed)
COUNTER (popped)
COUNTER (replied)
COUNTER (rejected)
COUNTER (expired)
COUNTER (aborted)
COUNTER (dropped)

static double
get_queued (gpointer data)
{
  guint topics, waiters;
  guint64 messages, bytes;

  inbox_count (((Mycelium *)data)->node->inbox, &topics, &messages, &bytes, &waiters);
  return (double)messages;
}

static double
get_waiters (gpointer data)
{
  guint topics, waiters;
  guint64 messages, bytes;

  inbox_count (((Mycelium *)data)->node->inbox, &topics, &messages, &bytes, &waiters);
  return waiters;
}

void
mycelium_register_metrics (Mycelium *self)
{
  const struct
  {
    HeroMetricKind kind;
    const char *name, *help;
    HeroMetricFunc func;
  } metrics[] = {
    { HERO_METRIC_COUNTER, "hero_mycelium_pushed_messages_total", "Messages sent from this node.", get_pushed },
    { HERO_METRIC_COUNTER, "hero_mycelium_popped_messages_total", "Messages taken from the inbox.", get_popped },
    { HERO_METRIC_COUNTER, "hero_mycelium_replied_messages_total", "Replies to messages of this node.", get_replied },
    { HERO_METRIC_COUNTER, "hero_mycelium_rejected_messages_total", "Messages whose topic refused them.",
      get_rejected },
    { HERO_METRIC_COUNTER, "hero_mycelium_expired_messages_total", "Messages that nobody read in time.", get_expired },
    { HERO_METRIC_COUNTER, "hero_mycelium_aborted_messages_total", "Sent messages that did not arrive.", get_aborted },
    { HERO_METRIC_COUNTER, "hero_mycelium_dropped_messages_total", "Messages dropped or purged from queues.",
      get_dropped },
    { HERO_METRIC_GAUGE, "hero_mycelium_queued_messages", "Messages in the inbox.", get_queued },
    { HERO_METRIC_GAUGE, "hero_mycelium_waiting_clients", "Clients that wait for a message.", get_waiters },
  };

  for (guint i = 0; i < G_N_ELEMENTS (metrics); i++)
    hero_service_add_metric (self->ctx, metrics[i].kind, metrics[i].name, metrics[i].help, metrics[i].func, self);
}
