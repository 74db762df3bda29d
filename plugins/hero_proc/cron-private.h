/* cron-private.h: the calendar half of proc_cron_next, without zones. Pure; any thread. */
#pragma once

#include "cron.h"

G_BEGIN_DECLS

/*
 * The first wall clock time that matches, at `from` or later, in seconds since 1970-01-01 00:00:00 of the same clock;
 * or PROC_CRON_NEVER.
 */
gint64 proc_cron_next_local (const ProcCron *self, gint64 from);

G_END_DECLS
