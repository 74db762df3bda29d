/* services-run.c: what follows when the jobs of a service change. Service thread. */
#include "services-private.h"

/* It is down: what was put off until now. */
static void
settle_down (ProcServices *self, ProcEntry *entry)
{
  g_autoptr (GError) error = NULL;

  proc_cascades_note_down (self, entry);
  if (entry->committing)
    return;
  if (entry->deleting)
    proc_entry_try_delete (self, entry);
  else if (entry->start_again && !self->draining)
    {
      entry->start_again = FALSE;
      if (!proc_entry_start (self, entry, PROC_TRIGGER_SERVICE, &error))
        {
          proc_entry_release (entry, PROC_WAIT_RECORDED, error);
          proc_entry_release (entry, PROC_WAIT_READY, error);
        }
    }
}

static void
tell_if_changed (ProcServices *self, ProcEntry *entry)
{
  ProcState state = proc_entry_get_state (entry);

  if (state == entry->known_state)
    return;
  proc_entry_tell_state (self, entry, state);
  if (!proc_state_is_up (state) && proc_state_is_up (entry->known_state))
    entry->last_stop = proc_now_ms ();
  entry->known_state = state;
}

void
proc_entry_settle (ProcServices *self, ProcEntry *entry)
{
  tell_if_changed (self, entry);
  if (!proc_entry_is_active (entry))
    {
      settle_down (self, entry);
      tell_if_changed (self, entry);
    }
  if (entry->committing || entry->start_again || entry->waiting)
    return;
  if (proc_entry_is_active (entry) && proc_entry_is_ready (entry))
    proc_entry_release (entry, PROC_WAIT_READY, NULL);
  else if (entry->waiters->len > 0)
    {
      g_autoptr (GError) error = proc_entry_failure (entry);

      /* Who is in the way does not go by waiting: that is told though attempts follow. */
      if (!proc_entry_is_active (entry) || g_error_matches (error, PROC_ERROR, PROC_ERROR_BLOCKED))
        proc_entry_release (entry, PROC_WAIT_READY, error);
      if (!proc_entry_is_active (entry))
        proc_entry_release (entry, PROC_WAIT_RECORDED, NULL);
    }
}
