/* externals.c: see externals.h. Service thread. */
#include "externals.h"

#include <sys/stat.h>

#include <gio/gunixsocketaddress.h>
#include <libsoup/soup.h>

#include "timer.h"

enum
{
  ROUND_MS = 2000, /* contract 7.3 */
};

typedef struct
{
  ProcExternals *externals;
  char *name;
  ProcExternalState state;
  gboolean looked_at; /* since the last round */
  SoupSession *session;
  GCancellable *cancellable; /* of the question under way; NULL = none */
} External;

struct _ProcExternals
{
  GMainContext *context;
  char *socket_root;
  ProcExternalFunc answered;
  gpointer data;
  GHashTable *watched; /* name -> External */
  GSource *round;
};

static void
end_question (External *external)
{
  if (external->cancellable != NULL)
    g_cancellable_cancel (external->cancellable);
  g_clear_object (&external->cancellable);
  g_clear_object (&external->session);
}

static void
external_free (gpointer data)
{
  External *external = data;

  end_question (external);
  g_free (external->name);
  g_free (external);
}

char *
proc_externals_get_path (ProcExternals *self, const char *name)
{
  return g_build_filename (self->socket_root, name, "rpc.sock", NULL);
}

static gboolean
is_there (ProcExternals *self, const char *name)
{
  g_autofree char *path = proc_externals_get_path (self, name);
  struct stat info;

  return stat (path, &info) == 0 && S_ISSOCK (info.st_mode);
}

/* ---------------------------------------------------------------------------------------------- one question */

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SoupMessage) message
      = SOUP_MESSAGE (g_object_ref (soup_session_get_async_result_message (SOUP_SESSION (source), result)));
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) body = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  External *external = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* it may be gone */
  external->state = body != NULL && soup_message_get_status (message) == SOUP_STATUS_OK ? PROC_EXTERNAL_HEALTHY
                                                                                        : PROC_EXTERNAL_UNWELL;
  end_question (external);
  external->externals->answered (external->externals->data, external->name);
}

static void
ask (External *external)
{
  g_autofree char *path = proc_externals_get_path (external->externals, external->name);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, "http://localhost/health");

  external->session = soup_session_new_with_options ("remote-connectable", address, NULL);
  external->cancellable = g_cancellable_new ();
  soup_session_send_async (external->session, message, G_PRIORITY_DEFAULT, external->cancellable, on_answer, external);
}

/* ---------------------------------------------------------------------------------------------- rounds */

/* One round for one service. FALSE: nobody looks at it any more. */
static gboolean
go_round (ProcExternals *self, External *external)
{
  if (!external->looked_at)
    return FALSE;
  external->looked_at = FALSE;
  if (external->cancellable != NULL) /* no answer for a whole round */
    external->state = PROC_EXTERNAL_UNWELL;
  end_question (external);
  if (is_there (self, external->name))
    ask (external);
  else
    external->state = PROC_EXTERNAL_ABSENT;
  self->answered (self->data, external->name); /* who still waits says so by looking */
  return TRUE;
}

static gboolean
on_round (gpointer data)
{
  ProcExternals *self = data;
  g_autoptr (GList) all = g_hash_table_get_values (self->watched);

  for (GList *l = all; l != NULL; l = l->next)
    if (!go_round (self, l->data))
      g_hash_table_remove (self->watched, ((External *)l->data)->name);
  if (g_hash_table_size (self->watched) > 0)
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->round, g_source_unref);
  return G_SOURCE_REMOVE;
}

ProcExternalState
proc_externals_look (ProcExternals *self, const char *name)
{
  External *external = g_hash_table_lookup (self->watched, name);

  if (external == NULL)
    {
      external = g_new0 (External, 1);
      external->externals = self;
      external->name = g_strdup (name);
      g_hash_table_insert (self->watched, external->name, external);
      external->state = is_there (self, name) ? PROC_EXTERNAL_UNKNOWN : PROC_EXTERNAL_ABSENT;
      if (external->state == PROC_EXTERNAL_UNKNOWN)
        ask (external);
    }
  external->looked_at = TRUE;
  if (self->round == NULL)
    proc_timer_set (&self->round, self->context, ROUND_MS, on_round, self);
  return external->state;
}

/* ---------------------------------------------------------------------------------------------- the whole */

ProcExternals *
proc_externals_new (GMainContext *context, const char *socket_root, ProcExternalFunc answered, gpointer data)
{
  ProcExternals *self = g_new0 (ProcExternals, 1);

  self->context = context;
  self->socket_root = g_strdup (socket_root);
  self->answered = answered;
  self->data = data;
  self->watched = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, external_free);
  return self;
}

void
proc_externals_free (ProcExternals *self)
{
  proc_timer_clear (&self->round);
  g_hash_table_unref (self->watched);
  g_free (self->socket_root);
  g_free (self);
}
