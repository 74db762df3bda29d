/* timer.c: see timer.h. Thread of the context. */
#include "timer.h"

void
proc_timer_set (GSource **timer, GMainContext *context, guint delay_ms, GSourceFunc func, gpointer data)
{
  proc_timer_clear (timer);
  *timer = g_timeout_source_new (delay_ms);
  g_source_set_callback (*timer, func, data, NULL);
  g_source_attach (*timer, context);
}

void
proc_timer_clear (GSource **timer)
{
  if (*timer == NULL)
    return;
  g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}
