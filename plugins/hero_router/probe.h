/*
 * probe.h: what one service is and whether it works, found out over its sockets in the order of contract 4.2. The result is
 * written into the RouterService when all is known. A short probe asks only whether it works, as long as rpc.sock answers on
 * the connection kept from the last probe: that is the same process, which says the same of itself. Service thread.
 */
#pragma once

#include "service.h"

G_BEGIN_DECLS

typedef struct
{
  guint timeout_ms;      /* of /health, manifest, domains */
  guint spec_timeout_ms; /* of documents */
  gsize spec_max_bytes;
} ProbeLimits;

typedef struct _Probe Probe;
/* The probe is gone when done is called; changed: the document is another one; same: a short probe was enough. */
typedef void (*ProbeDone) (gpointer data, gboolean document_changed, gboolean same);

/* may_be_short: what is known of the service is fresh enough to be kept. */
Probe *probe_start (HeroServiceContext *ctx, HeroReactor *reactor, RouterService *service, const ProbeLimits *limits,
                    gboolean may_be_short, ProbeDone done, gpointer data);
void probe_cancel (Probe *probe);

G_END_DECLS
