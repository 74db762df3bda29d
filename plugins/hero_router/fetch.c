/* fetch.c: a whole answer from a backend, collected. Service thread. */
#include "fetch.h"

#include <string.h>

struct _Fetch
{
  HeroServiceContext *ctx;
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
  g_byte_array_unref (fetch->body);
  g_free (fetch);
}

void
fetch_cancel (Fetch *fetch)
{
  fetch_free (fetch);
}

static void
finish (Fetch *fetch, gboolean answered, BackendFault fault, const char *text)
{
  g_autoptr (GBytes) body = g_bytes_new (fetch->body->data, fetch->body->len);
  g_autofree char *why = g_strdup (text);
  FetchResult result = { answered, fault, why, fetch->status, body,
                         (guint) ((g_get_monotonic_time () - fetch->begun_us) / 1000) };
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
    finish (fetch, FALSE, BACKEND_BAD_RESPONSE, "the answer is larger than the limit");
  else
    g_byte_array_append (fetch->body, bytes, (guint) size);
}

static void
on_end (gpointer data)
{
  finish (data, TRUE, 0, NULL);
}

static void
on_failed (gpointer data, BackendFault fault, const char *text)
{
  finish (data, FALSE, fault, text);
}

static gboolean
on_timeout (gpointer data)
{
  Fetch *fetch = data;

  fetch->timer = 0;
  finish (fetch, FALSE, BACKEND_TIMEOUT, "no whole answer in time");
  return G_SOURCE_REMOVE;
}

static GBytes *
make_request (const FetchRequest *request)
{
  const char *post = request->post == NULL ? "" : request->post;
  char *text = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: hero_router/" PACKAGE_VERSION
                                "\r\nAccept: application/json\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
                                request->post == NULL ? "GET" : "POST", request->path,
                                request->post == NULL ? "" : "Content-Type: application/json\r\n", strlen (post), post);

  return g_bytes_new_take (text, strlen (text));
}

Fetch *
fetch_start (HeroServiceContext *ctx, HeroReactor *reactor, const FetchRequest *request, FetchDone done, gpointer data)
{
  static const BackendEvents events = { on_head, on_body, on_end, on_failed, NULL };
  BackendTimeouts timeouts = { MIN (1000, request->timeout_ms), 0, 0 };
  Fetch *fetch = g_new0 (Fetch, 1);

  fetch->ctx = ctx;
  fetch->done = done;
  fetch->data = data;
  fetch->body = g_byte_array_new ();
  fetch->max_bytes = request->max_bytes;
  fetch->begun_us = g_get_monotonic_time ();
  fetch->timer = hero_service_timeout_add (ctx, request->timeout_ms, on_timeout, fetch);
  fetch->backend = backend_open (ctx, reactor, request->socket, FALSE, &timeouts, &events, fetch);
  backend_write (fetch->backend, make_request (request));
  return fetch;
}
