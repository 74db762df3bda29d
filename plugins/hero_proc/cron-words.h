/*
 * cron-words.h: what a cron expression means, in plain English: "every Monday at 09:00:00". Made from the compiled
 * form, so that it tells what will happen, not what was written. Pure; any thread.
 */
#pragma once

#include "cron.h"

G_BEGIN_DECLS

/* Transfer full. */
char *proc_cron_words (const ProcCron *cron);

G_END_DECLS
