/* test-lane.c: order within a lane, work side by side between lanes. */
#include "lane.h"

typedef struct
{
  GMutex lock;
  GCond cond;
  GArray *order;
  guint n_waiting;
} Record;

static Record record;

static void
note (gpointer data)
{
  g_mutex_lock (&record.lock);
  g_array_append_val (record.order, data);
  g_cond_broadcast (&record.cond);
  g_mutex_unlock (&record.lock);
}

/* Returns only when two lanes are inside at once. */
static void
meet (gpointer data)
{
  g_mutex_lock (&record.lock);
  record.n_waiting++;
  g_cond_broadcast (&record.cond);
  while (record.n_waiting < 2)
    g_cond_wait (&record.cond, &record.lock);
  g_mutex_unlock (&record.lock);
}

static void
test_order (void)
{
  GThreadPool *pool = indexer_lane_pool_new (4);
  IndexerLane *lane = indexer_lane_new (pool);

  record.order = g_array_new (FALSE, FALSE, sizeof (gpointer));
  for (guint i = 0; i < 1000; i++)
    indexer_lane_push (lane, note, GUINT_TO_POINTER (i));
  indexer_lane_unref (lane); /* what is queued still runs */
  g_mutex_lock (&record.lock);
  while (record.order->len < 1000)
    g_cond_wait (&record.cond, &record.lock);
  g_mutex_unlock (&record.lock);
  g_thread_pool_free (pool, FALSE, TRUE);
  for (guint i = 0; i < 1000; i++)
    g_assert_true (g_array_index (record.order, gpointer, i) == GUINT_TO_POINTER (i));
  g_array_unref (record.order);
}

static void
test_side_by_side (void)
{
  GThreadPool *pool = indexer_lane_pool_new (2);
  IndexerLane *a = indexer_lane_new (pool);
  IndexerLane *b = indexer_lane_new (pool);

  indexer_lane_push (a, meet, NULL);
  indexer_lane_push (b, meet, NULL);
  indexer_lane_unref (a);
  indexer_lane_unref (b);
  g_thread_pool_free (pool, FALSE, TRUE);
  g_assert_cmpuint (record.n_waiting, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lane/order", test_order);
  g_test_add_func ("/lane/side-by-side", test_side_by_side);
  return g_test_run ();
}
