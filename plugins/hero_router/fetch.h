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
  gboolean reused;     /* it came over the connection of the request */
  int fd;              /* the connection, the callee's from now on; -1 = closed */
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
  int fd;             /* an idle connection to that socket, taken over; -1 = connect. One that turns out dead is replaced. */
} FetchRequest;

Fetch *fetch_start (HeroServiceContext *ctx, HeroReactor *reactor, const FetchRequest *request, FetchDone done, gpointer data);
void fetch_cancel (Fetch *fetch); /* done is not called */

G_END_DECLS
