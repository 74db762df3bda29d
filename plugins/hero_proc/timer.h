/* timer.h: one-shot and repeated timers of a main context, each in a variable that is NULL while it does not run. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Replaces whatever *timer was. Thread of context. */
void proc_timer_set (GSource **timer, GMainContext *context, guint delay_ms, GSourceFunc func, gpointer data);
/* Ends it, if it runs; func may do so too. */
void proc_timer_clear (GSource **timer);

G_END_DECLS
