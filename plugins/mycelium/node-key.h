/* node-key.h: the secret key of this node and its file (contract 2). Blocking; in start. */
#pragma once

#include "address.h"

typedef struct
{
  guint8 secret[KEY_BYTES];
  NodeAddress address;
  gboolean long_file; /* the file had more than 32 bytes; the first 32 count */
} NodeKey;

void node_key_from_secret (NodeKey *self, const guint8 secret[KEY_BYTES]);
/* Reads the file, or makes it (0600, on disk before its name appears) when it is missing. A shorter one is an error. */
gboolean node_key_load (NodeKey *self, const char *path, GError **error);
