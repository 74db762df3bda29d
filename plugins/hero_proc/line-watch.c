/* line-watch.c: see line-watch.h. */
#include "line-watch.h"

struct _ProcLineWatch
{
  guint32 job_id;
  GRegex *regex;
  GMainContext *context;
  ProcLineSeen seen; /* service thread; NULL: cancelled */
  gpointer data;
  gboolean matched; /* reader's thread */
};

static void
watch_clear (gpointer data)
{
  ProcLineWatch *self = data;

  g_clear_pointer (&self->regex, g_regex_unref);
  g_main_context_unref (self->context);
}

ProcLineWatch *
proc_line_watch_new (guint32 job_id, const char *pattern, GMainContext *context, ProcLineSeen seen, gpointer data)
{
  ProcLineWatch *self = g_atomic_rc_box_new0 (ProcLineWatch);

  self->job_id = job_id;
  self->regex = g_regex_new (pattern, G_REGEX_OPTIMIZE, 0, NULL);
  self->context = g_main_context_ref (context);
  self->seen = seen;
  self->data = data;
  return self;
}

ProcLineWatch *
proc_line_watch_ref (ProcLineWatch *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
proc_line_watch_unref (ProcLineWatch *self)
{
  g_atomic_rc_box_release_full (self, watch_clear);
}

void
proc_line_watch_cancel (gpointer line_watch)
{
  ProcLineWatch *self = line_watch;

  self->seen = NULL;
  proc_line_watch_unref (self);
}

/* Service thread. */
static gboolean
tell (gpointer data)
{
  ProcLineWatch *self = data;

  if (self->seen != NULL)
    self->seen (self->job_id, self->data);
  return G_SOURCE_REMOVE;
}

void
proc_line_watch_feed (ProcLineWatch *self, const char *line, gsize length)
{
  g_autoptr (GSource) source = NULL;

  if (self->matched || !g_regex_match_full (self->regex, line, (gssize)length, 0, 0, NULL, NULL))
    return;
  self->matched = TRUE;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, tell, proc_line_watch_ref (self), (GDestroyNotify)proc_line_watch_unref);
  g_source_attach (source, self->context);
}
