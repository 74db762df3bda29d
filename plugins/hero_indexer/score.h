/* score.h: BM25 with k1 = 1.2 and b = 0.75 in 32-bit floats, and the one-byte field lengths (contract 6). Any thread.
 */
#pragma once

#include <glib.h>
#include <math.h>

G_BEGIN_DECLS

/*
 * Lengths are rounded down to one of 256 values: 0..40 exactly, then groups of eight with steps 2, 4, 8, ..; code 255
 * is 2,013,265,944.
 */
static inline guint32
indexer_length_decode (guint8 code)
{
  guint group, place;

  if (code <= 40)
    return code;
  group = (code - 41) / 8;
  place = (code - 41) % 8 + 1;
  return 40 + 16 * ((1u << group) - 1) + (2u << group) * place;
}

static inline guint8
indexer_length_encode (guint32 length)
{
  guint group, code;
  guint32 start;

  if (length <= 40)
    return length;
  group = g_bit_nth_msf ((length - 40) / 16 + 1, -1);
  start = 40 + 16 * ((1u << group) - 1);
  code = 40 + 8 * group + (length - start) / (2u << group);
  return MIN (code, 255);
}

/* n_docs: documents of the database; n_with: those that have the term. */
static inline float
indexer_idf (guint64 n_docs, guint64 n_with)
{
  float n = n_docs, with = n_with;

  return logf (1.0f + (n - with + 0.5f) / (with + 0.5f));
}

/* 1.2 * (0.25 + 0.75 * dl / avgdl) for each length code. */
static inline void
indexer_length_table (float average, float table[256])
{
  for (guint code = 0; code < 256; code++)
    table[code] = 1.2f * (0.25f + 0.75f * (float)indexer_length_decode (code) / average);
}

static inline float
indexer_bm25 (float idf, float frequency, float length_part)
{
  return idf * 2.2f * (frequency / (frequency + length_part));
}

G_END_DECLS
