/*
 * blake3.h: the BLAKE3 hash of at most 64 bytes, which is one compression: all that an address needs. Pure; any thread.
 */
#pragma once

#include <glib.h>

/* length: 0..64. hash: the first 16 bytes of the digest. */
void blake3_hash16 (const guint8 *input, gsize length, guint8 hash[16]);
