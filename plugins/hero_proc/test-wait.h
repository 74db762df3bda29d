/* test-wait.h: for tests that run a loop until something has happened. */
#pragma once

#include <glib.h>

static inline gboolean
test_wait_give_up (gpointer data)
{
  g_error ("the test waits for something that does not come");
  return G_SOURCE_REMOVE;
}

/* Runs the loop of f->context until `what` is true, for at most half a minute. */
#define WAIT(f, what)                                                                                                  \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (GSource) limit = g_timeout_source_new_seconds (30);                                                     \
    g_source_set_callback (limit, test_wait_give_up, NULL, NULL);                                                      \
    g_source_attach (limit, (f)->context);                                                                             \
    while (!(what))                                                                                                    \
      g_main_context_iteration ((f)->context, TRUE);                                                                   \
    g_source_destroy (limit);                                                                                          \
  }                                                                                                                    \
  G_STMT_END
