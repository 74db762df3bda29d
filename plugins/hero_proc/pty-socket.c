/* pty-socket.c: see pty-socket.h. Service thread. */
#include "pty-socket.h"

#include <hero-service/json.h>
#include <hero-service/log.h>
#include <hero-service/websocket.h>

#include <string.h>

enum
{
  MESSAGE_MAX = 65536,
};

/* One viewer of one terminal. It lives until its socket is closed, by either side. */
typedef struct
{
  HeroProc *self;
  HeroWebSocket *socket;
  ProcTerminal *terminal;
  ProcViewer *viewer;
  gboolean may_type;
  gboolean wants_events;
  gsize limit; /* bytes it may be behind */
  GList link;  /* in self->ptys */
} PtySocket;

/* What the query asks for. */
typedef struct
{
  gboolean may_type;
  gboolean wants_events;
  guint cols, rows; /* 0 = as it is */
  gsize scrollback;
} PtyQuery;

/* ---------------------------------------------------------------------------------------------- the end */

static void
pty_socket_free (PtySocket *pty)
{
  g_queue_unlink (&pty->self->ptys, &pty->link);
  proc_terminal_detach (pty->terminal, pty->viewer);
  proc_terminal_unref (pty->terminal);
  g_free (pty);
}

/* From our side; pty is gone afterwards. */
static void
close_pty (PtySocket *pty, guint16 code, const char *reason, gboolean flush)
{
  hero_websocket_close (pty->socket, code, reason, flush);
  pty_socket_free (pty);
}

void
hero_proc_close_ptys (HeroProc *self)
{
  while (self->ptys.head != NULL)
    close_pty (self->ptys.head->data, HERO_WEBSOCKET_GOING_AWAY, "hero_proc stops", TRUE);
}

/* ---------------------------------------------------------------------------------------------- events */

/* {"name": value}; value is taken. */
static void
send_event (PtySocket *pty, const char *name, JsonNode *value)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  g_autofree char *text = NULL;

  json_object_set_member (object, name, value);
  json_node_take_object (node, object);
  if (!pty->wants_events)
    return;
  text = hero_json_print (node, NULL);
  hero_websocket_send_text (pty->socket, text);
}

static void
send_object (PtySocket *pty, const char *name, JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  send_event (pty, name, node);
}

static void
set_size (JsonObject *object, const ProcTtySize *size)
{
  json_object_set_int_member (object, "cols", size->cols);
  json_object_set_int_member (object, "rows", size->rows);
}

static void
send_hello (PtySocket *pty, const ProcJob *job)
{
  ProcTtySize size = proc_terminal_get_size (pty->terminal);
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "job_id", job->id);
  json_object_set_string_member (object, "action", job->action);
  json_object_set_int_member (object, "pid", job->pid);
  set_size (object, &size);
  json_object_set_string_member (object, "mode", pty->may_type ? "rw" : "ro");
  json_object_set_int_member (object, "viewers", proc_terminal_count_viewers (pty->terminal));
  send_object (pty, "hello", object);
}

/* ---------------------------------------------------------------------------------------------- what the terminal tells */

static void
on_output (gpointer data, GBytes *chunk)
{
  PtySocket *pty = data;

  if (hero_websocket_get_pending (pty->socket) + g_bytes_get_size (chunk) > pty->limit)
    close_pty (pty, HERO_WEBSOCKET_TRY_AGAIN, "too far behind", FALSE);
  else
    hero_websocket_send_binary (pty->socket, chunk);
}

static void
on_resized (gpointer data, const ProcTtySize *size)
{
  JsonObject *object = json_object_new ();

  set_size (object, size);
  send_object (data, "resize", object);
}

static void
on_over (gpointer data, int exit_code, int signo)
{
  PtySocket *pty = data;
  JsonObject *object = json_object_new ();
  g_autofree char *reason = exit_code >= 0 ? g_strdup_printf ("exit %d", exit_code) : g_strdup ("exit unknown");

  if (exit_code >= 0)
    json_object_set_int_member (object, "code", exit_code);
  else
    json_object_set_null_member (object, "code");
  if (signo != 0 && proc_signal_name (signo) != NULL)
    json_object_set_string_member (object, "signal", proc_signal_name (signo));
  else
    json_object_set_null_member (object, "signal");
  send_object (pty, "exit", object);
  close_pty (pty, HERO_WEBSOCKET_NORMAL, reason, TRUE);
}

static gsize
get_backlog (gpointer data)
{
  return hero_websocket_get_pending (((PtySocket *)data)->socket);
}

static const ProcViewerFuncs viewer_funcs = { on_output, on_resized, on_over, get_backlog };

/* ---------------------------------------------------------------------------------------------- what the client sends */

/* A member that is an integer 1..1000; 0 = it is not. */
static guint
get_side (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  gint64 value = node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64
                     ? json_node_get_int (node)
                     : 0;

  return value >= 1 && value <= PROC_TTY_MAX_SIDE ? (guint)value : 0;
}

static void
take_resize (PtySocket *pty, JsonNode *node)
{
  ProcTtySize size = { 0, 0 };

  if (JSON_NODE_HOLDS_OBJECT (node))
    size = (ProcTtySize){ get_side (json_node_get_object (node), "cols"),
                          get_side (json_node_get_object (node), "rows") };
  if (pty->may_type && size.cols != 0 && size.rows != 0)
    proc_terminal_resize (pty->terminal, &size);
}

static void
take_signal (PtySocket *pty, JsonNode *node)
{
  int signo = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
                  ? proc_any_signal_parse (json_node_get_string (node))
                  : 0;

  if (pty->may_type && signo != 0)
    proc_terminal_signal (pty->terminal, signo);
}

/* What is not understood is left alone: later clients may say more. It is never typed. */
static void
take_text (PtySocket *pty, GBytes *message)
{
  gsize length;
  const char *text = g_bytes_get_data (message, &length);
  g_autoptr (JsonNode) node = hero_json_parse (text, (gssize)length, NULL);
  JsonObject *object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  if (object == NULL)
    return;
  if (json_object_has_member (object, "resize"))
    take_resize (pty, json_object_get_member (object, "resize"));
  if (json_object_has_member (object, "signal"))
    take_signal (pty, json_object_get_member (object, "signal"));
  if (json_object_has_member (object, "ping"))
    send_event (pty, "pong", json_node_copy (json_object_get_member (object, "ping")));
}

static void
on_received (gpointer data, gboolean is_text, GBytes *message)
{
  PtySocket *pty = data;
  gsize length;
  const char *bytes = g_bytes_get_data (message, &length);

  if (is_text)
    take_text (pty, message);
  else if (!proc_terminal_type (pty->terminal, pty->viewer, bytes, length))
    close_pty (pty, HERO_WEBSOCKET_TRY_AGAIN, "the program does not read", TRUE);
}

static void
on_drained (gpointer data)
{
  proc_terminal_drained (((PtySocket *)data)->terminal);
}

static void
on_closed (gpointer data)
{
  pty_socket_free (data);
}

static const HeroWebSocketFuncs socket_funcs = { on_received, on_drained, on_closed };

/* ---------------------------------------------------------------------------------------------- the beginning */

/* *value stays as it is when it is not there. FALSE: answered. */
static gboolean
read_number (HeroHttpRequest *request, const char *name, guint64 min, guint64 max, guint64 *value)
{
  const char *text = hero_http_request_get_query (request, name);

  if (text == NULL || g_ascii_string_to_unsigned (text, 10, min, max, value, NULL))
    return TRUE;
  hero_http_respond_error (request, 400, NULL, "query '%s': expected integer %" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT
                           ", got '%s'", name, min, max, text);
  return FALSE;
}

/* FALSE: answered. */
static gboolean
read_query (HeroHttpRequest *request, PtyQuery *query)
{
  const char *mode = hero_http_request_get_query (request, "mode");
  guint64 cols = 0, rows = 0, scrollback = G_MAXSIZE, events = 0;

  if (mode != NULL && strcmp (mode, "rw") != 0 && strcmp (mode, "ro") != 0)
    {
      hero_http_respond_error (request, 400, NULL, "query 'mode': expected rw or ro, got '%s'", mode);
      return FALSE;
    }
  if (!read_number (request, "cols", 1, PROC_TTY_MAX_SIDE, &cols)
      || !read_number (request, "rows", 1, PROC_TTY_MAX_SIDE, &rows)
      || !read_number (request, "scrollback", 0, G_MAXINT64, &scrollback)
      || !read_number (request, "events", 0, 1, &events))
    return FALSE;
  *query = (PtyQuery){ mode == NULL || strcmp (mode, "rw") == 0, events == 1, (guint)cols, (guint)rows,
                       (gsize)scrollback };
  return TRUE;
}

static void
open_pty (HeroProc *self, HeroHttpRequest *request, const ProcJob *job, ProcTerminal *terminal, const PtyQuery *query)
{
  static const char *const protocols[] = { "hero-pty.v1", NULL };
  HeroIdentity *identity = hero_http_request_get_identity (request);
  PtySocket *pty = g_new0 (PtySocket, 1);
  ProcTtySize size = proc_terminal_get_size (terminal);
  g_autoptr (GBytes) past = NULL;

  pty->socket = hero_http_respond_websocket (request, protocols, MESSAGE_MAX, &socket_funcs, pty);
  if (pty->socket == NULL)
    {
      g_free (pty);
      return;
    }
  hero_info (self->ctx, "terminal of job %u (%s) attached by pid %d uid %d, %s", job->id, job->action,
             (int)identity->peer_pid, (int)identity->peer_uid, query->may_type ? "rw" : "ro");
  pty->self = self;
  pty->terminal = proc_terminal_ref (terminal);
  pty->may_type = query->may_type;
  pty->wants_events = query->wants_events || hero_websocket_get_protocol (pty->socket) != NULL;
  pty->link.data = pty;
  g_queue_push_tail_link (&self->ptys, &pty->link);
  size = (ProcTtySize){ query->cols != 0 ? query->cols : size.cols, query->rows != 0 ? query->rows : size.rows };
  if (pty->may_type)
    proc_terminal_resize (terminal, &size);
  pty->viewer
      = proc_terminal_attach (terminal, &viewer_funcs, pty, pty->may_type, query->scrollback, &past);
  pty->limit = 1024 * (gsize)hero_service_get_integer (self->ctx, "pty_viewer_queue_kb") + g_bytes_get_size (past);
  send_hello (pty, job);
  if (g_bytes_get_size (past) > 0)
    hero_websocket_send_binary (pty->socket, past);
}

static gboolean
is_off (HeroProc *self, HeroHttpRequest *request)
{
  if (hero_service_get_boolean (self->ctx, "terminals"))
    return FALSE;
  hero_http_respond_error (request, 403, "set terminals = true in [hero_proc]", "terminals are off");
  return TRUE;
}

/* job: one that the caller may see. */
static void
serve_job (HeroProc *self, HeroHttpRequest *request, const ProcJob *job)
{
  ProcTerminal *terminal = proc_terminals_get (self->terminals, job->id);
  gint64 most = hero_service_get_integer (self->ctx, "pty_max_viewers");
  PtyQuery query;

  if (terminal == NULL)
    hero_http_respond_error (request, 409, NULL, job->spec->tty.enabled ? "job %u is not running" : "job %u has no terminal",
                             job->id);
  else if (!hero_http_request_is_websocket (request))
    hero_http_respond_upgrade (request);
  else if (proc_terminal_count_viewers (terminal) >= (guint)most)
    {
      hero_http_request_set_response_header (request, "Retry-After", "1");
      hero_http_respond_error (request, 503, "see pty_max_viewers", "the terminal has %u viewers already", (guint)most);
    }
  else if (read_query (request, &query))
    open_pty (self, request, job, terminal, &query);
}

static gboolean
may_see (HeroHttpRequest *request, guint32 context)
{
  guint32 own = hero_http_request_get_identity (request)->context;

  return own == 0 || own == context;
}

static void
on_job (gpointer data, HeroHttpRequest *request)
{
  HeroProc *self = data;
  const char *text = hero_http_request_get_segment (request, "id");
  guint64 id = 0;
  ProcJob *job = NULL;

  if (is_off (self, request))
    return;
  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT32, &id, NULL))
    job = proc_jobs_get (self->jobs, (guint32)id);
  if (job != NULL && may_see (request, job->context))
    serve_job (self, request, job);
  else
    hero_http_respond_error (request, 404, NULL, "job not found: %s", text);
}

/* The job of one action of the service, or the first that has a terminal now, or else the first. NULL = none. */
static const ProcJob *
choose_job (HeroProc *self, const ProcEntry *entry, const char *action)
{
  const ProcJob *first = NULL;

  for (guint i = 0; i < entry->jobs->len; i++)
    {
      const ProcJob *job = entry->jobs->pdata[i];

      if (action != NULL && strcmp (job->action_name, action) != 0)
        continue;
      if (proc_terminals_get (self->terminals, job->id) != NULL)
        return job;
      first = first == NULL || (job->spec->tty.enabled && !first->spec->tty.enabled) ? job : first;
    }
  return first;
}

static void
on_service (gpointer data, HeroHttpRequest *request)
{
  HeroProc *self = data;
  const char *name = hero_http_request_get_segment (request, "name");
  const char *action = hero_http_request_get_query (request, "action");
  const ProcEntry *entry = proc_services_get (self->services, name);
  const ProcJob *job;

  if (is_off (self, request))
    return;
  if (entry == NULL || !may_see (request, entry->spec->context))
    {
      hero_http_respond_error (request, 404, NULL, "service not found: %s", name);
      return;
    }
  if (action != NULL && !g_strv_contains ((const char *const *)entry->spec->actions, action))
    {
      hero_http_respond_error (request, 404, NULL, "service %s has no action %s", name, action);
      return;
    }
  job = choose_job (self, entry, action);
  if (job != NULL)
    serve_job (self, request, job);
  else
    hero_http_respond_error (request, 409, NULL, "service %s is not running", name);
}

void
hero_proc_register_ptys (HeroProc *self)
{
  static const HeroHttpRoute routes[]
      = { { "GET", "/api/jobs/{id}/pty", on_job }, { "GET", "/api/services/{name}/pty", on_service }, { NULL } };

  HERO_ADD_ROUTES (self->ctx, "rpc", routes, self);
  HERO_ADD_ROUTES (self->ctx, "admin", routes, self);
}
