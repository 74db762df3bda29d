/*
 * log-glib.h: GLib's own messages on their way to the log: their level, the service of the thread they came from, and a
 * limit on the same message said again and again (one bad client must not fill the disk with criticals). Any thread.
 */
#pragma once

#include <hero-bundle/plugin.h>

G_BEGIN_DECLS

/* Binds the calling thread to a service; NULL = the host. */
void hero_log_glib_set_thread_service (const char *service);
/* The service of the calling thread, or NULL. */
const char *hero_log_glib_get_thread_service (void);
/* What a GLib level is in ours: criticals and errors ERROR, warnings WARN, messages INFO, the rest DEBUG and TRACE. */
HeroLogLevel hero_log_glib_level (GLogLevelFlags flags);

/* Counts repetitions. Each message is let through once in `interval_us`. */
typedef struct _HeroLogRepeats HeroLogRepeats;
HeroLogRepeats *hero_log_repeats_new (gint64 interval_us, guint limit);
void hero_log_repeats_free (HeroLogRepeats *repeats);
/* TRUE = write it; `held_back` gets how many equal ones were not written since the last. now_us: monotonic. */
gboolean hero_log_repeats_pass (HeroLogRepeats *repeats, const char *domain, const char *message, gint64 now_us,
                                guint *held_back);

G_END_DECLS
