/* blake3.c: one BLAKE3 compression over a single block. Pure; any thread. */
#include "blake3.h"

#include <string.h>

#define CHUNK_START 1
#define CHUNK_END 2
#define ROOT 8

static const guint32 iv[8]
    = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
static const guint8 permutation[16] = { 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8 };

static inline guint32
rotate_right (guint32 x, guint n)
{
  return x >> n | x << (32 - n);
}

static inline void
mix (guint32 v[16], guint a, guint b, guint c, guint d, guint32 x, guint32 y)
{
  v[a] += v[b] + x;
  v[d] = rotate_right (v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotate_right (v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = rotate_right (v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = rotate_right (v[b] ^ v[c], 7);
}

/* Columns, then diagonals. */
static void
mix_all (guint32 v[16], const guint32 m[16])
{
  for (guint i = 0; i < 4; i++)
    mix (v, i, i + 4, i + 8, i + 12, m[2 * i], m[2 * i + 1]);
  for (guint i = 0; i < 4; i++)
    mix (v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12, m[8 + 2 * i], m[9 + 2 * i]);
}

static void
permute (guint32 m[16])
{
  guint32 old[16];

  memcpy (old, m, sizeof old);
  for (guint i = 0; i < 16; i++)
    m[i] = old[permutation[i]];
}

void
blake3_hash16 (const guint8 *input, gsize length, guint8 hash[16])
{
  guint8 block[64] = { 0 };
  guint32 m[16], v[16];

  memcpy (block, input, length);
  for (guint i = 0; i < 16; i++)
    {
      memcpy (&m[i], block + 4 * i, 4);
      m[i] = GUINT32_FROM_LE (m[i]);
    }
  memcpy (v, iv, sizeof iv);
  memcpy (v + 8, iv, 16);
  v[12] = v[13] = 0; /* the counter */
  v[14] = (guint32)length;
  v[15] = CHUNK_START | CHUNK_END | ROOT;
  for (guint round = 0; round < 7; round++)
    {
      mix_all (v, m);
      permute (m);
    }
  for (guint i = 0; i < 4; i++)
    {
      guint32 word = GUINT32_TO_LE (v[i] ^ v[i + 8]);
      memcpy (hash + 4 * i, &word, 4);
    }
}
