/*
 * probe-target.h: one socket while it is probed. A copy, because files come and go meanwhile; what was learnt goes back into
 * the service at the end. Service thread.
 */
#pragma once

#include "fetch.h"
#include "service.h"

G_BEGIN_DECLS

typedef struct
{
  char *file, *path;
  guint64 inode;
  gint64 changed_ns;
  int fd; /* idle connection, or -1 */
  gboolean http, foreign;
  SocketState state;
  guint http_status, latency_ms;
  char *error;
} ProbeTarget;

ProbeTarget *probe_target_new (RouterSocket *socket); /* takes its kept connection */
void probe_target_free (ProbeTarget *target);
/* What an answer, or its absence, says of the socket. limit_ms: how long was waited for it. */
void probe_target_judge (ProbeTarget *target, const FetchResult *result, guint limit_ms);
/* For sockets that do not speak HTTP: does it accept? */
void probe_target_connect (ProbeTarget *target);
/* Tells the service what was learnt, unless the file is another one by now. Takes text and connection out of the target. */
void probe_target_apply (ProbeTarget *target, RouterService *service);

G_END_DECLS
