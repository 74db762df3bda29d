/*
 * bus.c: what the bus costs, against what one would write by hand without it: a GAsyncQueue with an idle source per
 * message, and a socketpair with a message each way. Two threads; the sender's is the main thread. Prints two tables, of
 * latencies and of rates; a ratio is the bus's figure by that of the hand-written peer above it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hero-service/hero-service.h>

#include "test-host.h"

#define SAMPLES 20000
#define FLOOD 1000000
#define REQUESTS 200000
#define WINDOW 64 /* requests under way */
#define SIZE 128

/* ---- a service that only has a thread and a door to the bus */

static gpointer
peer_create (HeroServiceContext *ctx, GError **error)
{
  extern const HeroServicePlugin bench_peer;

  hero_service_init (ctx, &bench_peer);
  return ctx;
}

static gboolean
peer_start (gpointer ctx, GCancellable *cancellable, GError **error)
{
  hero_service_ready (ctx);
  return TRUE;
}

static gboolean
peer_serve (gpointer ctx, GError **error)
{
  return hero_service_serve (ctx, error);
}

static void
peer_stop (gpointer ctx)
{
  hero_service_stop (ctx);
}

static void
peer_destroy (gpointer ctx)
{
  hero_service_free_context (ctx);
}

static const HeroSocketSpec sockets[] = { { "rpc", "openrpc", 0, 0 }, { NULL } };
extern const HeroServicePlugin bench_peer;
const HeroServicePlugin bench_peer = { .name = "bench_peer",
                                       .title = "Peer",
                                       .version = "1.0.0",
                                       .description = "Peer.",
                                       .domains = "main",
                                       .sockets = sockets,
                                       .socket_size = sizeof (HeroSocketSpec),
                                       .create = peer_create,
                                       .start = peer_start,
                                       .serve = peer_serve,
                                       .stop = peer_stop,
                                       .destroy = peer_destroy };

/* ---- measuring */

typedef struct
{
  HeroBus *bus; /* the service's */
  GMainContext *peer, *here;
  GBytes *topic, *payload;
  double samples[SAMPLES]; /* microseconds */
  gint64 sent_ns;
  int seen; /* atomic */
  GAsyncQueue *queue;
} Bench;

static gint64
now_ns (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return t.tv_sec * G_GINT64_CONSTANT (1000000000) + t.tv_nsec;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return x < y ? -1 : x > y;
}

static double
percentile (Bench *bench, double p)
{
  qsort (bench->samples, SAMPLES, sizeof (double), compare);
  return bench->samples[(gsize)(p * (SAMPLES - 1))];
}

/* Prints the samples; peer: the median of what it is compared with, 0 for the peer itself. Returns the median. */
static double
print_latency (Bench *bench, const char *what, double peer)
{
  double median = percentile (bench, 0.5);

  printf ("%-44s %9.1f us %9.1f us %9.2f\n", what, median, percentile (bench, 0.99), median / (peer > 0 ? peer : median));
  return median;
}

static double
print_rate (const char *what, double rate, double peer)
{
  printf ("%-44s %12.0f %22.2f\n", what, rate, rate / (peer > 0 ? peer : rate));
  return rate;
}

static double
rate_since (gint64 start_ns, guint count)
{
  return count / ((double)(now_ns () - start_ns) / 1e9);
}

static void
count_and_measure (Bench *bench)
{
  int seen = g_atomic_int_get (&bench->seen);

  if (seen < SAMPLES)
    bench->samples[seen] = (double)(now_ns () - bench->sent_ns) / 1000;
  g_atomic_int_inc (&bench->seen);
}

static void
wait_seen (Bench *bench, int count)
{
  while (g_atomic_int_get (&bench->seen) < count)
    g_usleep (1);
}

/* ---- the bus */

static void
on_message (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  count_and_measure (data);
}

static void
on_flood (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  g_atomic_int_inc (&((Bench *)data)->seen);
}

static void
on_request (HeroBus *bus, HeroBusMessage *message, gpointer data)
{
  hero_bus_reply (message, hero_bus_message_get_payload (message), NULL);
}

static HeroBusFunc next_callback;
static guint subscription;

static void
subscribe (gpointer data)
{
  Bench *bench = data;

  if (subscription)
    hero_bus_unsubscribe (bench->bus, subscription);
  subscription = hero_bus_subscribe (bench->bus, bench->topic, NULL, 0, next_callback, bench, NULL);
}

static void
listen_with (HeroTestHost *host, Bench *bench, HeroBusFunc callback)
{
  next_callback = callback;
  hero_test_host_run (host, subscribe, bench);
  g_atomic_int_set (&bench->seen, 0);
}

static void
bus_latency (HeroTestHost *host, Bench *bench)
{
  listen_with (host, bench, on_message);
  for (int i = 0; i < SAMPLES; i++)
    {
      bench->sent_ns = now_ns ();
      hero_bus_publish (bench->bus, NULL, bench->topic, bench->payload, NULL, NULL);
      wait_seen (bench, i + 1);
    }
}

static double
bus_flood (HeroTestHost *host, Bench *bench)
{
  listen_with (host, bench, on_flood);
  gint64 start = now_ns ();
  for (int i = 0; i < FLOOD; i++)
    while (!hero_bus_publish (bench->bus, NULL, bench->topic, bench->payload, NULL, NULL))
      g_usleep (50); /* FULL: the receiver is behind */
  wait_seen (bench, FLOOD);
  return rate_since (start, FLOOD);
}

static void
on_replied (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GBytes) reply = hero_bus_request_finish (NULL, result, NULL);

  g_assert_nonnull (reply);
  count_and_measure (data);
}

static void
bus_requests (HeroTestHost *host, Bench *bench)
{
  listen_with (host, bench, on_request);
  for (int i = 0; i < SAMPLES; i++)
    {
      bench->sent_ns = now_ns ();
      hero_bus_request_async (bench->bus, NULL, bench->topic, bench->payload, 0, NULL, on_replied, bench);
      while (g_atomic_int_get (&bench->seen) <= i)
        g_main_context_iteration (bench->here, TRUE);
    }
}

static void
on_reply_of_many (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GBytes) reply = hero_bus_request_finish (NULL, result, NULL);

  g_assert_nonnull (reply);
  g_atomic_int_inc (&((Bench *)data)->seen);
}

static double
bus_request_rate (HeroTestHost *host, Bench *bench)
{
  listen_with (host, bench, on_request);
  gint64 start = now_ns ();
  for (int i = 0; i < REQUESTS; i++)
    {
      hero_bus_request_async (bench->bus, NULL, bench->topic, bench->payload, 0, NULL, on_reply_of_many, bench);
      while (i - g_atomic_int_get (&bench->seen) >= WINDOW)
        g_main_context_iteration (bench->here, TRUE);
    }
  while (g_atomic_int_get (&bench->seen) < REQUESTS)
    g_main_context_iteration (bench->here, TRUE);
  return rate_since (start, REQUESTS);
}

/* ---- by hand */

static gboolean
on_idle (gpointer data)
{
  Bench *bench = data;

  g_bytes_unref (g_async_queue_pop (bench->queue));
  count_and_measure (bench);
  return G_SOURCE_REMOVE;
}

static void
post_idle (Bench *bench)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_async_queue_push (bench->queue, g_bytes_ref (bench->payload));
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_idle, bench, NULL);
  g_source_attach (source, bench->peer);
}

static void
idle_latency (Bench *bench)
{
  g_atomic_int_set (&bench->seen, 0);
  for (int i = 0; i < SAMPLES; i++)
    {
      bench->sent_ns = now_ns ();
      post_idle (bench);
      wait_seen (bench, i + 1);
    }
}

static double
idle_flood (Bench *bench)
{
  g_atomic_int_set (&bench->seen, 0);
  gint64 start = now_ns ();
  for (int i = 0; i < FLOOD; i++)
    {
      while (i - g_atomic_int_get (&bench->seen) >= 1024) /* as bounded as a mailbox */
        g_usleep (50);
      post_idle (bench);
    }
  wait_seen (bench, FLOOD);
  return rate_since (start, FLOOD);
}

static gpointer
echo_thread (gpointer data)
{
  int fd = GPOINTER_TO_INT (data);
  char buffer[SIZE];
  gssize got;

  while ((got = read (fd, buffer, sizeof buffer)) > 0 && write (fd, buffer, (gsize)got) == got)
    ;
  return NULL;
}

typedef struct
{
  int ends[2];
  GThread *thread;
} Echo;

static void
echo_start (Echo *echo)
{
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, echo->ends), ==, 0);
  echo->thread = g_thread_new ("echo", echo_thread, GINT_TO_POINTER (echo->ends[1]));
}

static void
echo_stop (Echo *echo)
{
  close (echo->ends[0]);
  g_thread_join (echo->thread);
  close (echo->ends[1]);
}

static void
echo_receive (Echo *echo)
{
  char buffer[SIZE];

  g_assert_cmpint (recv (echo->ends[0], buffer, SIZE, MSG_WAITALL), ==, SIZE);
}

static void
echo_send (Echo *echo)
{
  static const char zeros[SIZE];

  g_assert_cmpint (write (echo->ends[0], zeros, SIZE), ==, SIZE);
}

static void
socket_requests (Bench *bench)
{
  Echo echo;

  echo_start (&echo);
  g_atomic_int_set (&bench->seen, 0);
  for (int i = 0; i < SAMPLES; i++)
    {
      bench->sent_ns = now_ns ();
      echo_send (&echo);
      echo_receive (&echo);
      count_and_measure (bench);
    }
  echo_stop (&echo);
}

static double
socket_request_rate (void)
{
  Echo echo;

  echo_start (&echo);
  gint64 start = now_ns ();
  for (int i = 0; i < REQUESTS + WINDOW; i++)
    {
      if (i >= WINDOW)
        echo_receive (&echo);
      if (i < REQUESTS)
        echo_send (&echo);
    }
  double rate = rate_since (start, REQUESTS);
  echo_stop (&echo);
  return rate;
}

int
main (void)
{
  Bench *bench = g_new0 (Bench, 1);
  HeroTestHost *host = hero_test_host_new (&bench_peer, NULL);
  static const char zeros[SIZE];
  double peer;

  g_assert_true (hero_test_host_start (host, NULL));
  bench->bus = hero_service_get_bus (hero_test_host_get_context (host));
  bench->peer = hero_service_get_main_context (hero_test_host_get_context (host));
  bench->here = g_main_context_new ();
  g_main_context_push_thread_default (bench->here);
  bench->topic = g_bytes_new_static ("bench", 5);
  bench->payload = g_bytes_new_static (zeros, SIZE);
  bench->queue = g_async_queue_new ();

  printf ("%-44s %12s %12s %9s\n", "latency, 128 bytes", "median", "99 %", "ratio");
  idle_latency (bench);
  peer = print_latency (bench, "by hand: GAsyncQueue + idle source", 0);
  bus_latency (host, bench);
  print_latency (bench, "bus: publish -> callback", peer);
  socket_requests (bench);
  peer = print_latency (bench, "by hand: Unix socketpair ping-pong", 0);
  bus_requests (host, bench);
  print_latency (bench, "bus: request -> reply", peer);

  printf ("\n%-44s %12s %22s\n", "rate, 128 bytes", "messages/s", "ratio");
  peer = print_rate ("by hand: GAsyncQueue + idle source", idle_flood (bench), 0);
  print_rate ("bus: publish", bus_flood (host, bench), peer);
  peer = print_rate ("by hand: Unix socketpair, 64 under way", socket_request_rate (), 0);
  print_rate ("bus: request, 64 under way", bus_request_rate (host, bench), peer);

  hero_test_host_free (host);
  g_async_queue_unref (bench->queue);
  g_bytes_unref (bench->topic);
  g_bytes_unref (bench->payload);
  g_main_context_pop_thread_default (bench->here);
  g_main_context_unref (bench->here);
  g_free (bench);
  return 0;
}
