/* fetch.c: a whole answer from a backend, collected. Service thread. */
#include "fetch.h"

#include <string.h>

struct _Fetch
{
  HeroServiceContext *ctx;
  HeroReactor *reactor;
  char *socket;
  GBytes *request;
  BackendTimeouts timeouts;
  gboolean reused; /* over a connection that was there */
  Backend *backend;
  FetchDone done;
  gpointer data;
  GByteArray *body;
  guint status;
  gsize max_bytes;
  gint64 begun_us;
  guint timer;
};

static void
fetch_free (Fetch *fetch)
{
  if (fetch->timer != 0)
    hero_service_source_remove (fetch->ctx, fetch->timer);
  backend_free (fetch->backend);
  g_bytes_unref (fetch->request);
  g_free (fetch->socket);
  g_byte_array_unref (fetch->body);
  g_free (fetch);
}

void
fetch_cancel (Fetch *fetch)
{
  fetch_free (fetch);
}

static void
finish (Fetch *fetch, gboolean answered, BackendFault fault, const char *text, int fd)
{
  g_autoptr (GBytes) body = g_bytes_new (fetch->body->data, fetch->body->len);
  g_autofree char *why = g_strdup (text);
  FetchResult result = { answered, fault, why, fetch->status, body,
                         (guint) ((g_get_monotonic_time () - fetch->begun_us) / 1000), fetch->reused, fd };
  FetchDone done = fetch->done;
  gpointer data = fetch->data;

  fetch_free (fetch);
  done (data, &result);
}

static void
on_head (gpointer data, const HttpHead *head)
{
  ((Fetch *) data)->status = head->status;
}

static void
on_body (gpointer data, GBytes *chunk)
{
  Fetch *fetch = data;
  gsize size;
  const guint8 *bytes = g_bytes_get_data (chunk, &size);

  if (fetch->body->len + size > fetch->max_bytes)
    finish (fetch, FALSE, BACKEND_BAD_RESPONSE, "the answer is larger than the limit", -1);
  else
    g_byte_array_append (fetch->body, bytes, (guint) size);
}

static void
on_end (gpointer data)
{
  Fetch *fetch = data;

  finish (fetch, TRUE, 0, NULL, backend_release (fetch->backend));
}

static void open_backend (Fetch *fetch, int fd);

static void
on_failed (gpointer data, BackendFault fault, const char *text)
{
  Fetch *fetch = data;

  /* The service may close an idle connection at any time, so also just when it is used: that is no answer yet. */
  if (fetch->reused && (fault == BACKEND_EMPTY_REPLY || fault == BACKEND_RESET) && fetch->status == 0)
    {
      backend_free (fetch->backend);
      open_backend (fetch, -1);
    }
  else
    finish (fetch, FALSE, fault, text, -1);
}

static gboolean
on_timeout (gpointer data)
{
  Fetch *fetch = data;

  fetch->timer = 0;
  finish (fetch, FALSE, BACKEND_TIMEOUT, "no whole answer in time", -1);
  return G_SOURCE_REMOVE;
}

static GBytes *
make_request (const FetchRequest *request)
{
  const char *post = request->post == NULL ? "" : request->post;
  char *text = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: hero_router/" PACKAGE_VERSION
                                "\r\nAccept: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
                                request->post == NULL ? "GET" : "POST", request->path,
                                request->post == NULL ? "" : "Content-Type: application/json\r\n", strlen (post), post);

  return g_bytes_new_take (text, strlen (text));
}

static void
open_backend (Fetch *fetch, int fd)
{
  static const BackendEvents events = { on_head, on_body, on_end, on_failed, NULL };

  fetch->reused = fd >= 0;
  fetch->backend = fetch->reused ? backend_open_on (fetch->ctx, fetch->reactor, fd, FALSE, &fetch->timeouts, &events, fetch)
                                 : backend_open (fetch->ctx, fetch->reactor, fetch->socket, FALSE, &fetch->timeouts, &events, fetch);
  backend_write (fetch->backend, g_bytes_ref (fetch->request));
}

Fetch *
fetch_start (HeroServiceContext *ctx, HeroReactor *reactor, const FetchRequest *request, FetchDone done, gpointer data)
{
  Fetch *fetch = g_new0 (Fetch, 1);

  fetch->ctx = ctx;
  fetch->reactor = reactor;
  fetch->socket = g_strdup (request->socket);
  fetch->request = make_request (request);
  fetch->timeouts.connect_ms = MIN (1000, request->timeout_ms);
  fetch->done = done;
  fetch->data = data;
  fetch->body = g_byte_array_new ();
  fetch->max_bytes = request->max_bytes;
  fetch->begun_us = g_get_monotonic_time ();
  fetch->timer = hero_service_timeout_add (ctx, request->timeout_ms, on_timeout, fetch);
  open_backend (fetch, request->fd);
  return fetch;
}
