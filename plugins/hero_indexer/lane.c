/* lane.c: ordered work on a shared thread pool. Any thread. */
#include "lane.h"

typedef struct
{
  IndexerLaneFunc func;
  gpointer data;
} Piece;

struct _IndexerLane
{
  GThreadPool *pool;
  GMutex lock;
  GQueue pieces;
  gboolean running; /* in the pool's queue or on one of its threads; holds a reference */
};

static void
lane_clear (gpointer data)
{
  IndexerLane *self = data;

  g_mutex_clear (&self->lock);
}

IndexerLane *
indexer_lane_new (GThreadPool *pool)
{
  IndexerLane *self = g_atomic_rc_box_new0 (IndexerLane);

  self->pool = pool;
  g_mutex_init (&self->lock);
  return self;
}

void
indexer_lane_unref (IndexerLane *self)
{
  g_atomic_rc_box_release_full (self, lane_clear);
}

/* One piece a turn, then to the end of the pool's queue: a busy database does not keep the others waiting. */
static void
run_one (gpointer data, gpointer user_data)
{
  IndexerLane *self = data;
  Piece *piece;
  gboolean more;

  g_mutex_lock (&self->lock);
  piece = g_queue_pop_head (&self->pieces);
  g_mutex_unlock (&self->lock);

  piece->func (piece->data);
  g_free (piece);

  g_mutex_lock (&self->lock);
  more = self->running = !g_queue_is_empty (&self->pieces);
  g_mutex_unlock (&self->lock);
  if (more)
    g_thread_pool_push (self->pool, self, NULL);
  else
    indexer_lane_unref (self);
}

GThreadPool *
indexer_lane_pool_new (guint n_threads)
{
  return g_thread_pool_new (run_one, NULL, n_threads, FALSE, NULL);
}

void
indexer_lane_push (IndexerLane *self, IndexerLaneFunc func, gpointer data)
{
  Piece *piece = g_new (Piece, 1);
  gboolean start;

  *piece = (Piece){ func, data };
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->pieces, piece);
  start = !self->running;
  self->running = TRUE;
  g_mutex_unlock (&self->lock);
  if (start)
    {
      g_atomic_rc_box_acquire (self);
      g_thread_pool_push (self->pool, self, NULL);
    }
}
