/*
 * events.c: server-sent events (conventions 7). Each domain numbers its events and keeps the last 1,024 as ready text;
 * each reader has a place in that ring and a bounded queue, so the publisher never waits. Service thread.
 */
#include "events-internal.h"

#include "http-internal.h"
#include "json-internal.h"

#include <string.h>

#define RING_SIZE 1024
#define RING_BYTES (8 << 20)
#define MAX_QUEUED 256
#define PIECE_BYTES 65536
#define MAX_STREAMS 64 /* per socket */
#define PING_S 15

typedef struct
{
  gint64 id;
  char *event;
  JsonObject *data;
  GBytes *text; /* "id: ..\nevent: ..\ndata: ..\n\n" */
} Event;

typedef struct
{
  char *name;
  gint64 last_id;
  GQueue ring;    /* Event, oldest first */
  gsize ring_bytes;
  const HeroEventFilter *filter; /* or NULL */
  gpointer filter_self;
  GQueue readers; /* Reader */
} Domain;

typedef struct
{
  HeroEvents *events;
  Domain *domain;
  HeroHttpRequest *request;
  char *role;
  char **types;  /* filter, or NULL */
  gpointer filter; /* of the domain's HeroEventFilter, or NULL */
  GQueue queued; /* GBytes, what the client has not taken and libsoup not been given */
  guint limit;   /* of `queued`: MAX_QUEUED, and what is replayed until it was taken */
  gint64 missed; /* dropped since the last gap was told, -1 = unknown */
  GList link;
} Reader;

struct _HeroEvents
{
  HeroServiceContext *ctx;
  GPtrArray *domains;
  GSource *ping; /* while there are readers */
  guint n_readers;
};

/* ------------------------------------------------------------------------------------------------ text */

static char *
now_text (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *seconds = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");

  return g_strdup_printf ("%s.%03dZ", seconds, g_date_time_get_microsecond (now) / 1000);
}

/* id -1: an event without number (hello, gap, shutdown). Takes data. */
static GBytes *
format_event (HeroServiceContext *ctx, const char *domain, gint64 id, const char *event, JsonObject *data)
{
  GString *out = g_string_sized_new (256);
  g_autofree char *now = now_text ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, data != NULL ? data : json_object_new ());
  if (id >= 0)
    g_string_append_printf (out, "id: %" G_GINT64_FORMAT "\n", id);
  g_string_append_printf (out, "event: %s\ndata: {\"event\":", event);
  hero_json_append_string (out, event);
  g_string_append_printf (out, ",\"ts\":\"%s\",\"service\":", now);
  hero_json_append_string (out, hero_service_get_name (ctx));
  g_string_append (out, ",\"domain\":");
  hero_json_append_string (out, domain);
  g_string_append (out, ",\"data\":");
  hero_json_append (out, node);
  g_string_append (out, "}\n\n");
  return g_string_free_to_bytes (out);
}

/* ------------------------------------------------------------------------------------------------ readers */

static void
reader_free (Reader *reader)
{
  HeroEvents *events = reader->events;

  g_queue_unlink (&reader->domain->readers, &reader->link);
  if (reader->filter != NULL)
    reader->domain->filter->close (reader->domain->filter_self, reader->filter);
  g_queue_clear_full (&reader->queued, (GDestroyNotify)g_bytes_unref);
  g_strfreev (reader->types);
  g_free (reader->role);
  g_free (reader);
  if (--events->n_readers == 0 && events->ping != NULL)
    {
      g_source_destroy (events->ping);
      g_clear_pointer (&events->ping, g_source_unref);
    }
}

static gboolean
wants_type (const Reader *reader, const char *event)
{
  if (reader->types == NULL)
    return TRUE;
  for (char **type = reader->types; *type != NULL; type++)
    {
      gsize length = strlen (*type);
      if (strcmp (*type, event) == 0 || strcmp (*type, "*") == 0
          || (length >= 2 && strcmp (*type + length - 2, ".*") == 0 && strncmp (*type, event, length - 1) == 0))
        return TRUE;
    }
  return FALSE;
}

static gboolean
wants (const Reader *reader, const Event *event)
{
  return wants_type (reader, event->event)
         && (reader->filter == NULL || reader->domain->filter->passes (reader->filter, event->event, event->data));
}

static GBytes *
format_gap (Reader *reader, gint64 missed)
{
  JsonObject *data = json_object_new ();

  json_object_set_int_member (data, "missed", missed);
  return format_event (reader->events->ctx, reader->domain->name, -1, "gap", data);
}

/* What waits, as one piece: a burst costs one turn of the loop, not one for each event. */
static GBytes *
take_queued (Reader *reader)
{
  GByteArray *piece = g_byte_array_new ();
  GBytes *text;

  while (piece->len < PIECE_BYTES && (text = g_queue_pop_head (&reader->queued)) != NULL)
    {
      gsize size;
      gconstpointer bytes = g_bytes_get_data (text, &size);

      g_byte_array_append (piece, bytes, (guint)size);
      g_bytes_unref (text);
    }
  return g_byte_array_free_to_bytes (piece);
}

/* Hands events over when those before were taken: what waits, waits here, where it can be dropped. */
static void
pump (gpointer data)
{
  Reader *reader = data;

  while (hero_http_stream_get_pending (reader->request) == 0)
    {
      if (reader->missed != 0)
        {
          hero_http_stream_write (reader->request, format_gap (reader, reader->missed));
          reader->missed = 0;
        }
      else if (!g_queue_is_empty (&reader->queued))
        hero_http_stream_write (reader->request, take_queued (reader));
      else
        {
          reader->limit = MAX_QUEUED;
          return;
        }
    }
}

static void
enqueue (Reader *reader, GBytes *text)
{
  g_queue_push_tail (&reader->queued, g_bytes_ref (text));
  if (g_queue_get_length (&reader->queued) > reader->limit)
    {
      g_bytes_unref (g_queue_pop_head (&reader->queued));
      if (reader->missed >= 0)
        reader->missed++;
    }
  pump (reader);
}

static void
on_reader_gone (gpointer data)
{
  Reader *reader = data;
  HeroHttpRequest *request = reader->request;

  reader_free (reader);
  hero_http_stream_end (request);
}

static gboolean
on_ping (gpointer data)
{
  static const char comment[] = ": ping\n\n";
  HeroEvents *events = data;

  for (guint i = 0; i < events->domains->len; i++)
    for (GList *l = ((Domain *)g_ptr_array_index (events->domains, i))->readers.head; l != NULL; l = l->next)
      {
        Reader *reader = l->data;
        if (hero_http_stream_get_pending (reader->request) == 0)
          hero_http_stream_write (reader->request, g_bytes_new_static (comment, strlen (comment)));
      }
  return G_SOURCE_CONTINUE;
}

static void
start_ping (HeroEvents *events)
{
  if (events->ping != NULL)
    return;
  events->ping = g_timeout_source_new_seconds (PING_S);
  g_source_set_callback (events->ping, on_ping, events, NULL);
  g_source_attach (events->ping, hero_sdk_get (events->ctx)->context);
}

/* ------------------------------------------------------------------------------------------------ domains */

static void
event_free (Event *event)
{
  g_free (event->event);
  json_object_unref (event->data);
  g_bytes_unref (event->text);
  g_free (event);
}

static HeroEvents *
get_events (HeroServiceContext *ctx)
{
  HeroSdk *sdk = hero_sdk_get (ctx);

  if (sdk->events != NULL)
    return sdk->events;
  sdk->events = g_new0 (HeroEvents, 1);
  sdk->events->ctx = ctx;
  sdk->events->domains = g_ptr_array_new ();
  for (char **name = sdk->domains; *name != NULL; name++)
    {
      Domain *domain = g_new0 (Domain, 1);
      domain->name = g_strdup (*name);
      g_ptr_array_add (sdk->events->domains, domain);
    }
  return sdk->events;
}

static Domain *
find_domain (HeroEvents *events, const char *name)
{
  for (guint i = 0; i < events->domains->len; i++)
    {
      Domain *domain = g_ptr_array_index (events->domains, i);
      if (name == NULL || strcmp (domain->name, name) == 0)
        return domain;
    }
  return NULL;
}

void
hero_service_publish (HeroServiceContext *ctx, const char *domain_name, const char *event, JsonObject *data)
{
  Domain *domain = find_domain (get_events (ctx), domain_name);
  Event *entry;

  if (domain == NULL)
    {
      g_critical ("event '%s': no domain '%s'", event, domain_name);
      json_object_unref (data);
      return;
    }
  entry = g_new0 (Event, 1);
  entry->id = ++domain->last_id;
  entry->event = g_strdup (event);
  entry->data = data != NULL ? data : json_object_new ();
  entry->text = format_event (ctx, domain->name, entry->id, event, json_object_ref (entry->data));
  g_queue_push_tail (&domain->ring, entry);
  domain->ring_bytes += g_bytes_get_size (entry->text);
  while (g_queue_get_length (&domain->ring) > RING_SIZE
         || (domain->ring_bytes > RING_BYTES && g_queue_get_length (&domain->ring) > 1))
    {
      Event *oldest = g_queue_pop_head (&domain->ring);

      domain->ring_bytes -= g_bytes_get_size (oldest->text);
      event_free (oldest);
    }
  for (GList *l = domain->readers.head; l != NULL; l = l->next)
    if (wants (l->data, entry))
      enqueue (l->data, entry->text);
}

/* ------------------------------------------------------------------------------------------------ a new stream */

/* The id a client wants to go on from: header before query; -1 = none, -2 = no number. */
static gint64
resume_id (HeroHttpRequest *request)
{
  const char *text = hero_http_request_get_header (request, "Last-Event-ID");
  gint64 id;

  if (text == NULL)
    text = hero_http_request_get_query (request, "last_event_id");
  if (text == NULL || *text == '\0')
    return -1;
  return g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, &id, NULL) ? id : -2;
}

static void
replay (Reader *reader, gint64 from, gboolean complete)
{
  Domain *domain = reader->domain;
  Event *oldest = g_queue_peek_head (&domain->ring);
  gint64 first = oldest != NULL ? oldest->id : domain->last_id + 1;

  if (from == -1)
    return;
  if (from == -2 || from > domain->last_id) /* a number of before the restart */
    {
      reader->missed = -1;
      from = 0;
    }
  else if (from + 1 < first)
    reader->missed = first - from - 1;
  if (!complete)
    reader->missed = -1;
  for (GList *l = domain->ring.head; l != NULL; l = l->next)
    {
      Event *event = l->data;
      if (event->id > from && wants (reader, event))
        g_queue_push_tail (&reader->queued, g_bytes_ref (event->text));
    }
  reader->limit += g_queue_get_length (&reader->queued);
}

static void
greet (Reader *reader)
{
  static const char retry[] = "retry: 3000\n\n";
  HeroServiceContext *ctx = reader->events->ctx;
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "version", hero_service_get_version (ctx));
  json_object_set_int_member (data, "last_id", reader->domain->last_id);
  hero_http_stream_begin (reader->request, 200, "text/event-stream", -1);
  hero_http_stream_write (reader->request, g_bytes_new_static (retry, strlen (retry)));
  hero_http_stream_write (reader->request, format_event (ctx, reader->domain->name, -1, "hello", data));
}

static guint
count_streams (HeroEvents *events, const char *role)
{
  guint n = 0;

  for (guint i = 0; i < events->domains->len; i++)
    for (GList *l = ((Domain *)g_ptr_array_index (events->domains, i))->readers.head; l != NULL; l = l->next)
      n += strcmp (((Reader *)l->data)->role, role) == 0;
  return n;
}

void
hero_service_set_event_filter (HeroServiceContext *ctx, const char *name, const HeroEventFilter *filter, gpointer self)
{
  Domain *domain = find_domain (get_events (ctx), name);

  g_return_if_fail (domain != NULL);
  domain->filter = filter;
  domain->filter_self = self;
}

/* FALSE: answered, what the reader asks for is not legal. */
static gboolean
open_filter (const Domain *domain, HeroHttpRequest *request, gpointer *filter, gboolean *complete)
{
  g_autoptr (GError) error = NULL;

  *complete = TRUE;
  *filter = domain->filter != NULL ? domain->filter->open (domain->filter_self, request, complete, &error) : NULL;
  if (domain->filter == NULL || *filter != NULL)
    return TRUE;
  hero_http_respond_error (request, 400, NULL, "%s", error->message);
  return FALSE;
}

void
hero_events_serve (HeroServiceContext *ctx, HeroHttpRequest *request, const char *domain)
{
  HeroEvents *events = get_events (ctx);
  const char *types = hero_http_request_get_query (request, "types"), *role = hero_http_request_get_role (request);
  gboolean complete;
  gpointer filter;
  Reader *reader;

  if (count_streams (events, role) >= MAX_STREAMS)
    {
      hero_http_request_set_response_header (request, "Retry-After", "1");
      hero_http_respond_error (request, 503, NULL, "this socket has %d event streams already", MAX_STREAMS);
      return;
    }
  hero_http_request_set_response_header (request, "Cache-Control", "no-store");
  if (strcmp (hero_http_request_get_method (request), "HEAD") == 0)
    {
      hero_http_respond (request, 200, "text/event-stream", NULL);
      return;
    }
  if (!open_filter (find_domain (events, domain), request, &filter, &complete))
    return;
  reader = g_new0 (Reader, 1);
  reader->events = events;
  reader->domain = find_domain (events, domain);
  reader->filter = filter;
  reader->request = request;
  reader->role = g_strdup (role);
  reader->types = types != NULL && *types != '\0' ? g_strsplit (types, ",", -1) : NULL;
  reader->limit = MAX_QUEUED;
  reader->link.data = reader;
  g_queue_push_tail_link (&reader->domain->readers, &reader->link);
  events->n_readers++;
  start_ping (events);
  hero_http_request_on_gone (request, on_reader_gone, reader);
  hero_http_stream_on_drain (request, pump, reader);
  replay (reader, resume_id (request), complete);
  greet (reader);
}

guint
hero_events_get_readers (HeroServiceContext *ctx)
{
  HeroEvents *events = hero_sdk_get (ctx)->events;

  return events != NULL ? events->n_readers : 0;
}

/* ------------------------------------------------------------------------------------------------ the end */

static void
dismiss (Reader *reader)
{
  HeroHttpRequest *request = reader->request;

  hero_http_request_on_gone (request, NULL, NULL);
  hero_http_stream_on_drain (request, NULL, NULL);
  while (!g_queue_is_empty (&reader->queued))
    hero_http_stream_write (request, g_queue_pop_head (&reader->queued));
  hero_http_stream_write (request, format_event (reader->events->ctx, reader->domain->name, -1, "shutdown", NULL));
  reader_free (reader);
  hero_http_stream_end (request);
}

static void
dismiss_all (HeroEvents *events)
{
  for (guint i = 0; i < events->domains->len; i++)
    {
      Domain *domain = g_ptr_array_index (events->domains, i);
      GList *link;
      while ((link = domain->readers.head) != NULL)
        dismiss (link->data);
    }
}

void
hero_events_stop (HeroServiceContext *ctx)
{
  if (hero_sdk_get (ctx)->events != NULL)
    dismiss_all (hero_sdk_get (ctx)->events);
}

void
hero_events_free (HeroEvents *events)
{
  dismiss_all (events);
  for (guint i = 0; i < events->domains->len; i++)
    {
      Domain *domain = g_ptr_array_index (events->domains, i);
      g_queue_clear_full (&domain->ring, (GDestroyNotify)event_free);
      g_free (domain->name);
      g_free (domain);
    }
  g_ptr_array_unref (events->domains);
  g_free (events);
}
