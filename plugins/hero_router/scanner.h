/*
 * scanner.h: which services there are (contract 4.1): a registry of the directories below the socket root, listed when they
 * change and every scan_interval_s in any case, with what the prober finds out about each. Service thread.
 */
#pragma once

#include "prober.h"

G_BEGIN_DECLS

typedef struct _Scanner Scanner;

typedef struct
{
  ProbeLimits limits;
  guint interval_s, parallel, forget_after_s;
  gboolean allow_foreign;
} ScannerOptions;

/* event: "service.added", ..; data: transfer full. */
typedef void (*ScannerEvent) (gpointer data, const char *event, JsonObject *detail);
/* The counts of a scan (transfer full), contract 3. */
typedef void (*ScannerDone) (gpointer data, JsonObject *counts);

Scanner *scanner_new (HeroServiceContext *ctx, HeroReactor *reactor, const ScannerOptions *options, ScannerEvent event,
                      gpointer data);
void scanner_free (Scanner *scanner);
/* Looks at the root and begins to watch. */
void scanner_start (Scanner *scanner);
/* Probes all and tells the counts; joins a scan that is under way. */
void scanner_scan (Scanner *scanner, ScannerDone done, gpointer data);
/* Probes one service anew, then calls done (NULL = nobody waits). */
void scanner_probe (Scanner *scanner, RouterService *service, void (*done) (gpointer data), gpointer data);
/* A proxied request failed: probe soon, at most every 2 s. */
void scanner_suspect (Scanner *scanner, RouterService *service);

/* By name or UUID; NULL = unknown. */
RouterService *scanner_find (Scanner *scanner, const char *name_or_id);
/* The known name nearest to it, or NULL; borrowed. */
const char *scanner_nearest (Scanner *scanner, const char *name);
GPtrArray *scanner_list (Scanner *scanner); /* RouterService, by name; transfer container */

G_END_DECLS
