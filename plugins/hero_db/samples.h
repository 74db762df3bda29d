/* samples.h: what happened in each of the last seconds, for server.stats and the page. Service thread. */
#pragma once

#include "server.h"

#define SAMPLES_MAX 3600 /* seconds kept */

typedef struct
{
  gint64 at; /* Unix milliseconds, the end of the second */
  guint64 operations, hits, misses, commits;
  guint64 p50_us, p99_us; /* of the time commands took */
  guint clients;
  guint64 dirty, disk; /* bytes */
} Sample;

typedef struct _Samples Samples;

Samples *samples_new (void);
void samples_free (Samples *self);
/* Once a second; empties the server's histogram. */
void samples_take (Samples *self, Server *server);
/* The one `age` seconds before the last; NULL = none so old. */
const Sample *samples_get (Samples *self, guint age);
