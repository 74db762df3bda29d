/* test-events.c: conventions 7 over a real socket: form, numbers, filter, resume, gaps, slow readers, limits, the end.
 */
#include "test-service.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static HeroServiceContext *context;

static void
setup (HeroServiceContext *ctx)
{
  context = ctx;
}

/* ------------------------------------------------------------------------------------------------ a reader */

typedef struct
{
  int fd;
  GString *text; /* what came, chunk marks taken out */
  GString *raw;
} Stream;

static Stream
stream_open (HeroTestHost *host, const char *role, const char *path, const char *headers)
{
  g_autofree char *address = hero_test_host_get_socket (host, role);
  g_autofree char *request
      = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, headers != NULL ? headers : "");
  Stream stream = { hero_test_connect (address), g_string_new (NULL), g_string_new (NULL) };

  hero_test_send (stream.fd, request);
  return stream;
}

static void
stream_close (Stream *stream)
{
  close (stream->fd);
  g_string_free (stream->text, TRUE);
  g_string_free (stream->raw, TRUE);
}

static void
take_chunks (Stream *stream)
{
  for (;;)
    {
      const char *end = strstr (stream->raw->str, "\r\n");
      gsize size, start;
      if (end == NULL)
        return;
      size = (gsize)g_ascii_strtoull (stream->raw->str, NULL, 16);
      start = (gsize)(end + 2 - stream->raw->str);
      if (stream->raw->len < start + size + 2)
        return;
      g_string_append_len (stream->text, stream->raw->str + start, (gssize)size);
      g_string_erase (stream->raw, 0, (gssize)(start + size + 2));
      if (size == 0)
        return;
    }
}

/* Reads until `part` has come; the head of the answer is dropped. FALSE: the stream ended before. */
static gboolean
stream_wait (Stream *stream, const char *part)
{
  char buffer[65536];
  gssize n;

  while (strstr (stream->text->str, part) == NULL)
    {
      const char *body;
      n = recv (stream->fd, buffer, sizeof buffer, 0);
      if (n <= 0)
        return FALSE;
      g_string_append_len (stream->raw, buffer, n);
      if (g_str_has_prefix (stream->raw->str, "HTTP/1.1"))
        {
          if ((body = strstr (stream->raw->str, "\r\n\r\n")) == NULL)
            continue;
          g_assert_true (g_str_has_prefix (stream->raw->str, "HTTP/1.1 200 OK\r\n"));
          g_assert_nonnull (strstr (stream->raw->str, "Content-Type: text/event-stream\r\n"));
          g_assert_nonnull (strstr (stream->raw->str, "Cache-Control: no-store\r\n"));
          g_string_erase (stream->raw, 0, body + 4 - stream->raw->str);
        }
      take_chunks (stream);
    }
  return TRUE;
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *p = text; (p = strstr (p, part)) != NULL; p += strlen (part))
    n++;
  return n;
}

typedef struct
{
  const char *domain, *event;
  guint times;
  gsize size; /* bytes of data.text */
} Publish;

static void
do_publish (gpointer data)
{
  Publish *publish = data;

  for (guint i = 0; i < publish->times; i++)
    {
      JsonObject *object = json_object_new ();
      g_autofree char *text = g_strnfill (publish->size, 'x');
      json_object_set_int_member (object, "n", i);
      if (publish->size > 0)
        json_object_set_string_member (object, "text", text);
      hero_service_publish (context, publish->domain, publish->event, object);
    }
}

static void
publish (HeroTestHost *host, const char *domain, const char *event, guint times, gsize size)
{
  Publish request = { domain, event, times, size };

  hero_test_host_run (host, do_publish, &request);
}

/* ------------------------------------------------------------------------------------------------ tests */

static void
test_form (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  Stream stream = stream_open (host, "rpc", "/api/main/events", NULL);

  g_assert_true (stream_wait (&stream, "}\n\n"));
  g_assert_true (
      g_str_has_prefix (stream.text->str, "retry: 3000\n\nevent: hello\ndata: {\"event\":\"hello\",\"ts\":\"20"));
  g_assert_true (g_str_has_suffix (
      stream.text->str,
      "Z\",\"service\":\"sample\",\"domain\":\"main\",\"data\":{\"version\":\"1.2.3\",\"last_id\":0}}\n\n"));
  publish (host, NULL, "note.added", 2, 0);
  g_assert_true (stream_wait (&stream, "{\"n\":1}}\n\n"));
  g_assert_nonnull (strstr (stream.text->str, "id: 1\nevent: note.added\ndata: {\"event\":\"note.added\",\"ts\":"));
  g_assert_nonnull (strstr (stream.text->str, "id: 2\nevent: note.added\n"));
  stream_close (&stream);
  hero_test_service_stop (host);
}

static void
test_domains_and_types (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  Stream main_stream = stream_open (host, "rpc", "/api/main/events", NULL);
  Stream second = stream_open (host, "admin", "/api/second/events?types=job.*,note.added", NULL);

  g_assert_true (stream_wait (&main_stream, "hello") && stream_wait (&second, "hello"));
  publish (host, "second", "other.event", 1, 0);
  publish (host, "second", "jobs.event", 1, 0);
  publish (host, "second", "job.finished", 1, 0);
  publish (host, "main", "note.added", 1, 0);
  publish (host, "second", "note.added", 1, 0);
  g_assert_true (stream_wait (&second, "id: 4\nevent: note.added")
                 && stream_wait (&main_stream, "id: 1\nevent: note.added"));
  g_assert_nonnull (strstr (second.text->str, "id: 3\nevent: job.finished"));
  g_assert_null (strstr (second.text->str, "other.event"));
  g_assert_null (strstr (second.text->str, "jobs.event"));
  g_assert_null (strstr (main_stream.text->str, "job.finished"));
  stream_close (&main_stream);
  stream_close (&second);
  hero_test_service_stop (host);
}

static void
test_resume (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  Stream stream;

  publish (host, "main", "note.added", 1030, 0); /* 6 fall out of the ring */
  stream = stream_open (host, "rpc", "/api/main/events", "Last-Event-ID: 1027\r\n");
  g_assert_true (stream_wait (&stream, "id: 1030\n"));
  g_assert_cmpuint (count (stream.text->str, "event: note.added"), ==, 3);
  g_assert_null (strstr (stream.text->str, "gap"));
  stream_close (&stream);

  stream = stream_open (host, "rpc", "/api/main/events?last_event_id=2", NULL);
  g_assert_true (stream_wait (&stream, "id: 1030\n"));
  g_assert_nonnull (strstr (stream.text->str, "\"data\":{\"missed\":4}}"));
  g_assert_cmpuint (count (stream.text->str, "event: note.added"), ==, 1024);
  stream_close (&stream);

  stream = stream_open (host, "rpc", "/api/main/events?last_event_id=99999", NULL); /* of before a restart */
  g_assert_true (stream_wait (&stream, "\"data\":{\"missed\":-1}}"));
  stream_close (&stream);
  hero_test_service_stop (host);
}

/* A reader that does not read loses the oldest and hears of it; the publisher never waits. */
static void
test_slow_reader (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  Stream stream = stream_open (host, "rpc", "/api/main/events", NULL);
  guint events;
  const char *gap;

  g_assert_true (stream_wait (&stream, "hello"));
  publish (host, "main", "note.added", 2000, 10000);
  g_assert_true (stream_wait (&stream, "id: 2000\n"));
  events = count (stream.text->str, "event: note.added");
  gap = strstr (stream.text->str, "\"missed\":");
  g_assert_nonnull (gap);
  g_assert_cmpuint (events, >=, 256);
  g_assert_cmpuint (events + (guint)g_ascii_strtoull (gap + strlen ("\"missed\":"), NULL, 10), ==, 2000);
  stream_close (&stream);
  hero_test_service_stop (host);
}

static void
test_limit (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  Stream streams[64], other;

  for (guint i = 0; i < 64; i++)
    {
      streams[i] = stream_open (host, "rpc", "/api/main/events", NULL);
      g_assert_true (stream_wait (&streams[i], "hello"));
    }
  g_autoptr (HeroTestAnswer) over = hero_test_http (host, "rpc", "GET", "/api/main/events", NULL, NULL);
  g_assert_cmpuint (over->status, ==, 503);
  other = stream_open (host, "admin", "/api/main/events", NULL); /* each socket has its own */
  g_assert_true (stream_wait (&other, "hello"));
  stream_close (&other);
  for (guint i = 0; i < 64; i++)
    stream_close (&streams[i]);
  for (guint i = 0;; i++)
    {
      g_autoptr (JsonNode) metrics = hero_test_call (host, "rpc.metrics", NULL);
      g_autofree char *value = hero_test_json_get (metrics, "6.value");
      if (strcmp (value, "0.0") == 0)
        break;
      g_assert_cmpuint (i, <, 500);
      g_usleep (10000);
    }
  hero_test_service_stop (host);
}

static gpointer
stop_host (gpointer data)
{
  hero_test_service_stop (data);
  return NULL;
}

static void
test_shutdown (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  Stream stream = stream_open (host, "rpc", "/api/main/events", NULL);
  GThread *stopper;

  g_assert_true (stream_wait (&stream, "hello"));
  stopper = g_thread_new ("stop", stop_host, host);
  g_assert_true (stream_wait (&stream, "event: shutdown\n"));
  g_assert_false (stream_wait (&stream, "nothing more")); /* closed */
  g_thread_join (stopper);
  stream_close (&stream);
}

static void
test_refusals (void)
{
  HeroTestHost *host = hero_test_service_start (setup, NULL);
  g_autoptr (HeroTestAnswer) domain = hero_test_http (host, "rpc", "GET", "/api/third/events", NULL, NULL);
  g_autoptr (HeroTestAnswer) head = hero_test_http (host, "rpc", "HEAD", "/api/main/events", NULL, NULL);

  g_assert_cmpuint (domain->status, ==, 404);
  g_assert_cmpuint (head->status, ==, 200);
  hero_test_service_stop (host);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/events/form", test_form);
  g_test_add_func ("/events/domains-and-types", test_domains_and_types);
  g_test_add_func ("/events/resume", test_resume);
  g_test_add_func ("/events/slow-reader", test_slow_reader);
  g_test_add_func ("/events/limit", test_limit);
  g_test_add_func ("/events/shutdown", test_shutdown);
  g_test_add_func ("/events/refusals", test_refusals);
  return g_test_run ();
}
