/* test-fake.c: a thread that accepts, and one for each connection. */
#include "test-fake.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct _Fake
{
  char *path;
  int listener;
  GThread *thread; /* NULL: killed */

  GMutex mutex; /* guards what follows */
  GHashTable *counts; /* path -> number */
  GArray *connections; /* int */
  GPtrArray *threads;
  char *version, *document;
  gboolean close;
  guint idle_ms, delay_ms;
};

typedef struct
{
  Fake *fake;
  int fd;
} Serving;

static char *
body_of (Fake *fake, const char *path)
{
  if (g_str_equal (path, "/health"))
    return g_strdup_printf ("{\"status\":\"ok\",\"version\":\"%s\"}", fake->version);
  if (g_str_equal (path, "/openrpc.json"))
    return g_strdup (fake->document);
  if (g_str_equal (path, "/api/domains.json"))
    return g_strdup ("[\"main\"]");
  if (g_str_equal (path, "/.well-known/heroservice.json"))
    return g_strdup ("{\"title\":\"Fake\"}");
  return NULL;
}

static void
set_receive_timeout (int fd, guint ms)
{
  struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

  g_assert_no_errno (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
}

/* Counts and answers one request; FALSE: the connection ends. */
static gboolean
answer (Serving *serving, const char *path)
{
  Fake *fake = serving->fake;
  g_autofree char *body = NULL, *text = NULL;
  guint delay_ms;

  g_mutex_lock (&fake->mutex);
  g_hash_table_insert (fake->counts, g_strdup (path), GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (fake->counts, path)) + 1));
  body = body_of (fake, path);
  delay_ms = g_str_equal (path, "/health") ? fake->delay_ms : 0;
  text = g_strdup_printf ("HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", body != NULL ? "200 OK" : "404 Not Found",
                          body != NULL ? strlen (body) : 0, fake->close ? "Connection: close\r\n" : "", body != NULL ? body : "");
  set_receive_timeout (serving->fd, fake->idle_ms);
  g_mutex_unlock (&fake->mutex);
  g_usleep (delay_ms * 1000);
  return send (serving->fd, text, strlen (text), MSG_NOSIGNAL) == (gssize) strlen (text) && strstr (text, "Connection: close") == NULL;
}

static gpointer
serve (gpointer data)
{
  g_autofree Serving *serving = data;
  char head[4096];
  gssize length;

  /* The router sends a head at once, and the next one only after the answer. */
  while ((length = recv (serving->fd, head, sizeof head - 1, 0)) > 0)
    {
      g_auto (GStrv) words = NULL;

      head[length] = '\0';
      words = g_strsplit (head, " ", 3);
      if (!answer (serving, words[1]))
        break;
    }
  shutdown (serving->fd, SHUT_RDWR);
  return NULL;
}

static gpointer
accept_all (gpointer data)
{
  Fake *fake = data;
  int fd;

  while ((fd = accept (fake->listener, NULL, NULL)) >= 0)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake->mutex);
      Serving *serving = g_new (Serving, 1);

      *serving = (Serving) { fake, fd };
      g_array_append_val (fake->connections, fd);
      g_ptr_array_add (fake->threads, g_thread_new ("fake", serve, serving));
    }
  return NULL;
}

Fake *
fake_new (const char *root, const char *name, const char *file)
{
  g_autofree char *dir = g_build_filename (root, name, NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  Fake *fake = g_new0 (Fake, 1);

  g_mutex_init (&fake->mutex);
  fake->path = g_build_filename (dir, file, NULL);
  fake->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  fake->connections = g_array_new (FALSE, FALSE, sizeof (int));
  fake->threads = g_ptr_array_new ();
  fake->version = g_strdup ("1");
  fake->document = g_strdup (FAKE_DOCUMENT);
  g_assert_no_errno (g_mkdir_with_parents (dir, 0755));
  g_strlcpy (address.sun_path, fake->path, sizeof address.sun_path);
  fake->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (fake->listener, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (fake->listener, 16));
  fake->thread = g_thread_new ("fake", accept_all, fake);
  return fake;
}

void
fake_kill (Fake *fake)
{
  if (fake->thread == NULL)
    return;
  shutdown (fake->listener, SHUT_RDWR); /* wakes accept */
  g_thread_join (g_steal_pointer (&fake->thread));
  close (fake->listener);
  for (guint i = 0; i < fake->threads->len; i++)
    {
      int fd = g_array_index (fake->connections, int, i);

      shutdown (fd, SHUT_RDWR);
      g_thread_join (fake->threads->pdata[i]);
      close (fd);
    }
}

void
fake_free (Fake *fake)
{
  fake_kill (fake);
  unlink (fake->path);
  g_hash_table_unref (fake->counts);
  g_array_unref (fake->connections);
  g_ptr_array_unref (fake->threads);
  g_mutex_clear (&fake->mutex);
  g_free (fake->version);
  g_free (fake->document);
  g_free (fake->path);
  g_free (fake);
}

/* ------------------------------------------------------------------------------------------------ behaviour */

static void
set_text (Fake *fake, char **member, const char *text)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake->mutex);

  g_free (*member);
  *member = g_strdup (text);
}

static void
set_number (Fake *fake, guint *member, guint number)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake->mutex);

  *member = number;
}

void
fake_set_version (Fake *fake, const char *version)
{
  set_text (fake, &fake->version, version);
}

void
fake_set_document (Fake *fake, const char *text)
{
  set_text (fake, &fake->document, text);
}

void
fake_set_close (Fake *fake)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake->mutex);

  fake->close = TRUE;
}

void
fake_set_idle_ms (Fake *fake, guint ms)
{
  set_number (fake, &fake->idle_ms, ms);
}

void
fake_set_delay_ms (Fake *fake, guint ms)
{
  set_number (fake, &fake->delay_ms, ms);
}

guint
fake_count (Fake *fake, const char *path)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake->mutex);

  return GPOINTER_TO_UINT (g_hash_table_lookup (fake->counts, path));
}

guint
fake_count_connections (Fake *fake)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fake->mutex);

  return fake->connections->len;
}
