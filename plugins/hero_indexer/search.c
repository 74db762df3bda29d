/* search.c: runs a query over a snapshot, term by term into an array of scores. On a worker thread. */
#include "search.h"

#include <string.h>

#include "score.h"

#define CANCEL_EVERY 65536 /* postings between two looks at the cancellable */

static void
add_all (GArray *hits, IndexerSnapshot *snapshot, float boost)
{
  guint64 n = indexer_snapshot_get_n_docs (snapshot);

  g_array_set_size (hits, n);
  for (guint64 doc = 0; doc < n; doc++)
    g_array_index (hits, IndexerHit, doc) = (IndexerHit){ doc, boost };
}

static guint64
count_documents (IndexerSnapshot *snapshot, guint field, GBytes *term)
{
  guint64 n = 0;

  for (guint i = 0; i < indexer_snapshot_get_n_segments (snapshot); i++)
    n += indexer_segment_lookup (indexer_snapshot_get_segment (snapshot, i), field, g_bytes_get_data (term, NULL),
                                 g_bytes_get_size (term))
             .n;
  return n;
}

/* Adds the scores of one term; a document that matches has more than 0, since idf and frequency are above it. */
static gboolean
score_term (float *scores, IndexerPostings postings, const guint8 *lengths, const float *length_table, float idf,
            gboolean flat, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < postings.n; i++)
    {
      guint32 doc = postings.postings[i].doc;
      float frequency = flat ? 1.0f : (float)postings.postings[i].frequency;

      if (i % CANCEL_EVERY == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      scores[doc] += indexer_bm25 (idf, frequency, length_table[lengths[doc]]);
    }
  return TRUE;
}

static void
collect (GArray *hits, const float *scores, guint n_docs, guint64 first_doc, float boost)
{
  for (guint doc = 0; doc < n_docs; doc++)
    if (scores[doc] > 0)
      {
        IndexerHit hit = { first_doc + doc, scores[doc] * boost };

        g_array_append_val (hits, hit);
      }
}

/* Sums per segment but with the figures of the whole snapshot: where a document lies never changes its score. */
static gboolean
add_terms (GArray *hits, IndexerSnapshot *snapshot, const IndexerQuery *query, GCancellable *cancellable,
           GError **error)
{
  guint64 n_docs = indexer_snapshot_get_n_docs (snapshot);
  guint64 first_doc = 0;
  g_autofree float *idfs = g_new (float, query->terms->len);
  float length_table[256];

  indexer_length_table ((float)indexer_snapshot_get_n_tokens (snapshot, query->field) / (float)n_docs, length_table);
  for (guint t = 0; t < query->terms->len; t++)
    idfs[t] = indexer_idf (n_docs, count_documents (snapshot, query->field, query->terms->pdata[t]));

  for (guint i = 0; i < indexer_snapshot_get_n_segments (snapshot); i++)
    {
      IndexerSegment *segment = indexer_snapshot_get_segment (snapshot, i);
      const guint8 *lengths = indexer_segment_get_lengths (segment, query->field);
      g_autofree float *scores = lengths != NULL ? g_new0 (float, indexer_segment_get_n_docs (segment)) : NULL;

      for (guint t = 0; scores != NULL && t < query->terms->len; t++)
        {
          GBytes *term = query->terms->pdata[t];
          IndexerPostings postings
              = indexer_segment_lookup (segment, query->field, g_bytes_get_data (term, NULL), g_bytes_get_size (term));

          if (!score_term (scores, postings, lengths, length_table, idfs[t], query->flat, cancellable, error))
            return FALSE;
        }
      if (scores != NULL)
        collect (hits, scores, indexer_segment_get_n_docs (segment), first_doc, query->boost);
      first_doc += indexer_segment_get_n_docs (segment);
    }
  return TRUE;
}

GArray *
indexer_search_run (IndexerSnapshot *snapshot, const IndexerQuery *query, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) hits = g_array_new (FALSE, FALSE, sizeof (IndexerHit));

  if (indexer_snapshot_get_n_docs (snapshot) == 0)
    return g_steal_pointer (&hits);
  if (query->kind == INDEXER_QUERY_ALL)
    add_all (hits, snapshot, query->boost);
  else if (!add_terms (hits, snapshot, query, cancellable, error))
    return NULL;
  return g_steal_pointer (&hits);
}

/* ---- the best n: a heap with the worst of them on top, sorted at the end */

static int
compare_hits (const void *a, const void *b)
{
  const IndexerHit *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->doc < y->doc ? -1 : x->doc > y->doc;
}

static void
sift_down (IndexerHit *heap, gsize n, gsize at)
{
  for (;;)
    {
      gsize worst = at, left = 2 * at + 1, right = left + 1;
      IndexerHit hit = heap[at];

      if (left < n && compare_hits (&heap[left], &heap[worst]) > 0)
        worst = left;
      if (right < n && compare_hits (&heap[right], &heap[worst]) > 0)
        worst = right;
      if (worst == at)
        return;
      heap[at] = heap[worst];
      heap[worst] = hit;
      at = worst;
    }
}

void
indexer_search_rank (GArray *hits, gsize n)
{
  IndexerHit *heap = (IndexerHit *)hits->data;

  if (n == 0)
    return;
  n = MIN (n, hits->len);
  for (gsize i = n / 2; i-- > 0;)
    sift_down (heap, n, i);
  for (gsize i = n; i < hits->len; i++)
    if (compare_hits (&heap[i], &heap[0]) < 0)
      {
        IndexerHit hit = heap[0];

        heap[0] = heap[i];
        heap[i] = hit;
        sift_down (heap, n, 0);
      }
  qsort (heap, n, sizeof *heap, compare_hits);
}
