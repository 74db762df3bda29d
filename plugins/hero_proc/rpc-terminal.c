/* rpc-terminal.c: the methods of job.* for jobs that run in a terminal; most clients use its WebSocket. Service thread. */
#include <string.h>

#include "errors.h"
#include "rpc-job.h"

/* The terminal of the job the parameter `id` means. NULL: answered. */
static ProcTerminal *
get_terminal (HeroProc *self, HeroRpcCall *call, ProcJob **job)
{
  ProcTerminal *terminal;
  g_autoptr (GError) error = NULL;
  JsonObject *data;

  *job = proc_rpc_get_job (self, call);
  if (*job == NULL)
    return NULL;
  terminal = proc_terminals_get (self->terminals, (*job)->id);
  if (!hero_service_get_boolean (self->ctx, "terminals"))
    error = g_error_new (PROC_ERROR, PROC_ERROR_FORBIDDEN, "terminals are off: terminals = false");
  else if (!(*job)->spec->tty.enabled)
    error = g_error_new (PROC_ERROR, PROC_ERROR_NOT_A_TERMINAL, "job %u has no terminal", (*job)->id);
  else if (terminal == NULL)
    error = g_error_new (PROC_ERROR, PROC_ERROR_JOB_NOT_RUNNING, "job is not running: %u", (*job)->id);
  else
    return terminal;
  data = json_object_new ();
  json_object_set_int_member (data, "job_id", (*job)->id);
  proc_rpc_fail_data (call, error, data);
  return NULL;
}

static void
job_input (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  const char *text = hero_rpc_get_string (call, "text");
  gsize length = text != NULL ? strlen (text) : 0;
  ProcTerminal *terminal;
  ProcJob *job;

  if (hero_rpc_has (call, "text") == hero_rpc_has (call, "data"))
    {
      hero_rpc_fail_param (call, "text", "either text or data", text != NULL ? "both" : "neither");
      return;
    }
  terminal = get_terminal (self, call, &job);
  if (terminal == NULL)
    return;
  if (text == NULL)
    text = g_bytes_get_data (hero_rpc_get_bytes (call, "data"), &length);
  if (!proc_terminal_type (terminal, NULL, text, length))
    {
      hero_rpc_fail (call, HERO_RPC_OVERLOADED, "job %u does not read what is typed", job->id);
      return;
    }
  proc_rpc_log_change (self, call, job->action);
  hero_rpc_return_object (call, proc_rpc_ok (NULL));
}

static void
job_resize (gpointer data, HeroRpcCall *call)
{
  HeroProc *self = data;
  ProcTtySize size = { (guint)hero_rpc_get_integer (call, "cols"), (guint)hero_rpc_get_integer (call, "rows") };
  ProcJob *job;
  ProcTerminal *terminal = get_terminal (self, call, &job);

  if (terminal == NULL)
    return;
  proc_terminal_resize (terminal, &size);
  proc_rpc_log_change (self, call, job->action);
  hero_rpc_return_object (call, proc_rpc_ok (NULL));
}

static void
job_scrollback (gpointer data, HeroRpcCall *call)
{
  ProcJob *job;
  ProcTerminal *terminal = get_terminal (data, call, &job);
  g_autoptr (GBytes) past = NULL;
  g_autofree char *text = NULL;
  JsonObject *object;
  ProcTtySize size;

  if (terminal == NULL)
    return;
  past = proc_terminal_get_scrollback (terminal, G_MAXSIZE);
  text = g_base64_encode (g_bytes_get_data (past, NULL), g_bytes_get_size (past));
  size = proc_terminal_get_size (terminal);
  object = json_object_new ();
  json_object_set_string_member (object, "data", text);
  json_object_set_int_member (object, "cols", size.cols);
  json_object_set_int_member (object, "rows", size.rows);
  json_object_set_int_member (object, "viewers", proc_terminal_count_viewers (terminal));
  hero_rpc_return_object (call, object);
}

#define ID { "id", HERO_ANY, HERO_REQUIRED, "Its number, or the name of an action: its newest job.", NULL, "job_id|name" }
#define SIDE(name) { name, HERO_INTEGER (1, PROC_TTY_MAX_SIDE), HERO_REQUIRED, "Characters." }
#define OK "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}}}"
#define MAY_FAIL ERRORS (RPC_NOT_FOUND, RPC_IS_DOWN, RPC_NOT_A_TERMINAL)

static const HeroRpcParam input_params[]
    = { ID,
        { "text", HERO_STRING (0, 65536), 0, "What is typed." },
        { "data", HERO_BASE64 (0, 65536), 0, "The same as bytes, instead of text." },
        { NULL } };

static const HeroRpcParam resize_params[] = { ID, SIDE ("cols"), SIDE ("rows"), { NULL } };

static const HeroRpcParam scrollback_params[] = { ID, { NULL } };

const HeroRpcMethod proc_terminal_methods[]
    = { { "job.input", job_input, input_params, OK, "Type into the terminal of a job.",
          "Controls too: \\u0003 in JSON is what Ctrl-C types.", "jobs", MAY_FAIL, HERO_RPC_WRITES, NULL },
        { "job.resize", job_resize, resize_params, OK, "Give the terminal of a job another size.", NULL, "jobs", MAY_FAIL,
          HERO_RPC_WRITES, NULL },
        { "job.scrollback", job_scrollback, scrollback_params,
          "{\"type\":\"object\",\"properties\":{\"data\":{\"type\":\"string\",\"contentEncoding\":\"base64\"},"
          "\"cols\":{\"type\":\"integer\"},\"rows\":{\"type\":\"integer\"},\"viewers\":{\"type\":\"integer\"}}}",
          "What the terminal of a job has shown.", "Without the questions programs put to it.", "jobs", MAY_FAIL, 0,
          NULL },
        { NULL } };
