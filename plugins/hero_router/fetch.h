/* fetch.h: one small HTTP request of the router itself, for probes: the whole answer, limited in time and size. Service thread. */
#pragma once

#include "backend.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean answered;   /* a whole HTTP answer came */
  BackendFault fault;  /* else */
  const char *text;    /* of the fault */
  guint status;
  GBytes *body;
  guint latency_ms;
} FetchResult;

typedef struct _Fetch Fetch;
typedef void (*FetchDone) (gpointer data, const FetchResult *result); /* the fetch is gone when it is called */

typedef struct
{
  const char *socket; /* path */
  const char *path;
  const char *post;   /* JSON body; NULL = GET */
  guint timeout_ms;   /* of the whole; connecting at most 1 s of it */
  gsize max_bytes;
} FetchRequest;

Fetch *fetch_start (HeroServiceContext *ctx, HeroReactor *reactor, const FetchRequest *request, FetchDone done, gpointer data);
void fetch_cancel (Fetch *fetch); /* done is not called */

G_END_DECLS
