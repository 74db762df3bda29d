/* test-host.c: a HeroHost for unit tests. The service has its thread; the rest runs on the test's. */
#include "test-host.h"

#include "test-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct
{
  char *role, *address;
  gboolean tcp;
  int fd;
} Listener;

struct _HeroTestHost
{
  HeroServiceContext ctx; /* first: the callbacks get its address */
  const HeroServicePlugin *plugin;
  GVariant *config, *origin;
  GHashTable *settings; /* name -> text */
  GMainContext *context;
  GCancellable *cancellable;
  GThread *thread;
  char *dir;
  gpointer service;

  GMutex mutex; /* guards what follows */
  GCond changed;
  gboolean ready, served, stopped, quit;
  GError *error;
  GPtrArray *log;       /* char * */
  GPtrArray *listeners; /* Listener */
  char *degraded, *warning;
};

/* ------------------------------------------------------------------------------------------------ the table */

static HeroTestHost *
host_of (HeroServiceContext *ctx)
{
  return (HeroTestHost *)ctx;
}

static const char *
host_name (HeroServiceContext *ctx)
{
  return host_of (ctx)->plugin->name;
}

static GVariant *
host_config (HeroServiceContext *ctx)
{
  return host_of (ctx)->config;
}

static GVariant *
host_config_origin (HeroServiceContext *ctx)
{
  return host_of (ctx)->origin;
}

static const char *
host_setting (HeroServiceContext *ctx, const char *name)
{
  return g_hash_table_lookup (host_of (ctx)->settings, name);
}

static const char *const *
host_environment (HeroServiceContext *ctx)
{
  static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };

  return environment;
}

static GMainContext *
host_main_context (HeroServiceContext *ctx)
{
  return host_of (ctx)->context;
}

static GCancellable *
host_cancellable (HeroServiceContext *ctx)
{
  return host_of (ctx)->cancellable;
}

static gboolean
host_log_enabled (HeroServiceContext *ctx, guint32 level)
{
  return level <= HERO_LOG_INFO;
}

static void
host_log (HeroServiceContext *ctx, guint32 level, const char *message, GVariant *fields)
{
  HeroTestHost *host = host_of (ctx);
  g_autofree char *text = fields != NULL ? g_variant_print (fields, FALSE) : g_strdup ("");

  if (fields != NULL && g_variant_is_floating (fields))
    g_variant_unref (g_variant_ref_sink (fields));
  g_mutex_lock (&host->mutex);
  g_ptr_array_add (host->log, g_strdup_printf ("%u %s %s", level, message, text));
  g_mutex_unlock (&host->mutex);
}

static void
host_report (HeroServiceContext *ctx, const char *key, guint32 severity, const char *text)
{
  g_autofree char *line = g_strdup_printf ("report %s: %s", key != NULL ? key : "", text);

  host_log (ctx, severity == HERO_REPORT_ERROR ? HERO_LOG_ERROR : HERO_LOG_WARN, line, NULL);
}

static void
add_listener (HeroTestHost *host, const char *role, const char *address, gboolean tcp)
{
  Listener *listener = g_new0 (Listener, 1);

  *listener = (Listener){ g_strdup (role), g_strdup (address), tcp, -1 };
  g_ptr_array_add (host->listeners, listener);
}

static void
host_add_listener (HeroServiceContext *ctx, const char *role, const char *protocol, const char *address)
{
  add_listener (host_of (ctx), role, address, TRUE);
}

static Listener *
find_listener (HeroTestHost *host, const char *role, guint index)
{
  for (guint i = 0; i < host->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (host->listeners, i);
      if (strcmp (listener->role, role) == 0 && index-- == 0)
        return listener;
    }
  return NULL;
}

static int
host_listener (HeroServiceContext *ctx, const char *role, guint index)
{
  Listener *listener = find_listener (host_of (ctx), role, index);

  return listener != NULL ? listener->fd : -1;
}

static const char *
host_listener_address (HeroServiceContext *ctx, const char *role, guint index)
{
  Listener *listener = find_listener (host_of (ctx), role, index);

  return listener != NULL ? listener->address : NULL;
}

static void
set_flag (HeroTestHost *host, gboolean *flag)
{
  g_mutex_lock (&host->mutex);
  *flag = TRUE;
  g_cond_broadcast (&host->changed);
  g_mutex_unlock (&host->mutex);
}

static void
host_ready (HeroServiceContext *ctx)
{
  set_flag (host_of (ctx), &host_of (ctx)->ready);
}

static void
host_stopped (HeroServiceContext *ctx, const GError *error)
{
  HeroTestHost *host = host_of (ctx);

  g_assert_false (host->stopped); /* exactly once */
  if (error != NULL)
    host->error = g_error_copy (error);
  set_flag (host, &host->stopped);
}

static void
host_set_degraded (HeroServiceContext *ctx, const char *reason)
{
  HeroTestHost *host = host_of (ctx);

  g_mutex_lock (&host->mutex);
  g_free (host->degraded);
  host->degraded = g_strdup (reason);
  g_mutex_unlock (&host->mutex);
}

static char **
host_warnings (HeroServiceContext *ctx)
{
  HeroTestHost *host = host_of (ctx);
  char **list = g_new0 (char *, 2);

  g_mutex_lock (&host->mutex);
  list[0] = g_strdup (host->warning);
  g_mutex_unlock (&host->mutex);
  return list;
}

static char *
host_held_degraded (HeroServiceContext *ctx)
{
  return NULL;
}

static const HeroHost table = {
  .struct_size = sizeof (HeroHost),
  .abi_major = HERO_ABI_MAJOR,
  .abi_minor = HERO_ABI_MINOR,
  .name = host_name,
  .config = host_config,
  .config_origin = host_config_origin,
  .setting = host_setting,
  .environment = host_environment,
  .main_context = host_main_context,
  .cancellable = host_cancellable,
  .log_enabled = host_log_enabled,
  .log = host_log,
  .report = host_report,
  .add_listener = host_add_listener,
  .listener = host_listener,
  .listener_address = host_listener_address,
  .ready = host_ready,
  .stopped = host_stopped,
  .set_degraded = host_set_degraded,
  .warnings = host_warnings,
  .degraded = host_held_degraded,
};

/* ------------------------------------------------------------------------------------------------ sockets */

static void
bind_unix (HeroTestHost *host, Listener *listener)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_assert_cmpuint (strlen (listener->address), <, sizeof address.sun_path);
  strcpy (address.sun_path, listener->address);
  listener->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (listener->fd, (struct sockaddr *)&address, sizeof address));
}

static void
bind_tcp (HeroTestHost *host, Listener *listener)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;

  if (*listener->address == '\0')
    return;
  listener->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (listener->fd, (struct sockaddr *)&address, sizeof address));
  g_assert_no_errno (getsockname (listener->fd, (struct sockaddr *)&address, &length));
  g_free (listener->address);
  listener->address = g_strdup_printf ("127.0.0.1:%u", ntohs (address.sin_port));
}

static void
publish (HeroTestHost *host)
{
  for (guint i = 0; i < host->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (host->listeners, i);
      (listener->tcp ? bind_tcp : bind_unix) (host, listener);
      if (listener->fd >= 0)
        g_assert_no_errno (listen (listener->fd, 64));
    }
}

static void
listener_free (Listener *listener)
{
  if (listener->fd >= 0)
    close (listener->fd);
  if (!listener->tcp)
    g_unlink (listener->address);
  g_free (listener->role);
  g_free (listener->address);
  g_free (listener);
}

/* ------------------------------------------------------------------------------------------------ life */

static GVariant *
complete_config (HeroTestHost *host, GVariant *config)
{
  GVariantDict dict;
  g_autofree char *data = g_build_filename (host->dir, "data", NULL);

  g_variant_dict_init (&dict, config);
  if (!g_variant_dict_contains (&dict, "data_dir"))
    g_variant_dict_insert (&dict, "data_dir", "s", data);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

HeroTestHost *
hero_test_host_new (const HeroServicePlugin *plugin, GVariant *config)
{
  HeroTestHost *host = g_new0 (HeroTestHost, 1);
  g_autoptr (GVariant) given = config != NULL ? g_variant_ref_sink (config) : NULL;

  host->ctx.host = &table;
  host->plugin = plugin;
  host->dir = test_dir_new ();
  host->config = complete_config (host, given);
  host->settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  hero_test_host_set_setting (host, "socket_dir", host->dir);
  host->origin = g_variant_ref_sink (g_variant_new ("a{s(su)}", NULL));
  host->context = g_main_context_new ();
  host->cancellable = g_cancellable_new ();
  g_mutex_init (&host->mutex);
  g_cond_init (&host->changed);
  host->log = g_ptr_array_new_with_free_func (g_free);
  host->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify)listener_free);
  for (const HeroSocketSpec *socket = plugin->sockets; socket->role != NULL; socket++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%s.sock", host->dir, socket->role);
      add_listener (host, socket->role, path, FALSE);
    }
  return host;
}

void
hero_test_host_set_setting (HeroTestHost *host, const char *name, const char *value)
{
  g_hash_table_insert (host->settings, g_strdup (name), g_strdup (value));
}

static void
fail (HeroTestHost *host, GError *error)
{
  host->error = error;
  set_flag (host, &host->stopped);
}

static gpointer
service_thread (gpointer data)
{
  HeroTestHost *host = data;
  GError *error = NULL;

  g_main_context_push_thread_default (host->context);
  host->service = host->plugin->create (&host->ctx, &error);
  if (host->service == NULL)
    fail (host, error);
  else if (!host->plugin->start (host->service, host->cancellable, &error))
    fail (host, error);
  while (!host->ready && !host->stopped)
    g_main_context_iteration (host->context, TRUE);
  if (!host->stopped)
    {
      publish (host);
      if (!host->plugin->serve (host->service, &error))
        fail (host, error);
    }
  set_flag (host, &host->served);
  while (!g_atomic_int_get (&host->quit))
    g_main_context_iteration (host->context, TRUE);
  if (host->service != NULL)
    host->plugin->destroy (host->service);
  while (g_main_context_iteration (host->context, FALSE))
    ;
  g_main_context_pop_thread_default (host->context);
  return NULL;
}

static void
wait_for (HeroTestHost *host, gboolean *flag)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  g_mutex_lock (&host->mutex);
  while (!*flag)
    if (!g_cond_wait_until (&host->changed, &host->mutex, end))
      g_error ("the service %s does not come forward within 20 s", host->plugin->name);
  g_mutex_unlock (&host->mutex);
}

gboolean
hero_test_host_start (HeroTestHost *host, GError **error)
{
  host->thread = g_thread_new (host->plugin->name, service_thread, host);
  wait_for (host, &host->served);
  if (host->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&host->error));
      return FALSE;
    }
  return TRUE;
}

static gboolean
call_stop (gpointer data)
{
  HeroTestHost *host = data;

  g_cancellable_cancel (host->cancellable);
  if (!host->stopped)
    host->plugin->stop (host->service);
  return G_SOURCE_REMOVE;
}

static void
post (HeroTestHost *host, GSourceFunc func, gpointer data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, host->context);
}

gboolean
hero_test_host_stop (HeroTestHost *host, GError **error)
{
  if (host->thread == NULL)
    return TRUE;
  if (host->service != NULL)
    {
      post (host, call_stop, host);
      wait_for (host, &host->stopped);
    }
  g_atomic_int_set (&host->quit, TRUE);
  g_main_context_wakeup (host->context);
  g_thread_join (g_steal_pointer (&host->thread));
  if (host->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&host->error));
  return FALSE;
}

void
hero_test_host_free (HeroTestHost *host)
{
  hero_test_host_stop (host, NULL);
  g_ptr_array_unref (host->listeners);
  test_dir_free (host->dir);
  g_clear_error (&host->error);
  g_ptr_array_unref (host->log);
  g_variant_unref (host->config);
  g_variant_unref (host->origin);
  g_hash_table_unref (host->settings);
  g_main_context_unref (host->context);
  g_object_unref (host->cancellable);
  g_mutex_clear (&host->mutex);
  g_cond_clear (&host->changed);
  g_free (host->degraded);
  g_free (host->warning);
  g_free (host);
}

/* ------------------------------------------------------------------------------------------------ what it shows */

HeroServiceContext *
hero_test_host_get_context (HeroTestHost *host)
{
  return &host->ctx;
}

gpointer
hero_test_host_get_service (HeroTestHost *host)
{
  return host->service;
}

const char *
hero_test_host_get_dir (HeroTestHost *host)
{
  return host->dir;
}

char *
hero_test_host_get_socket (HeroTestHost *host, const char *role)
{
  return g_strdup_printf ("%s/%s.sock", host->dir, role);
}

char *
hero_test_host_get_tcp (HeroTestHost *host, const char *role)
{
  for (guint i = 0;; i++)
    {
      Listener *listener = find_listener (host, role, i);
      if (listener == NULL || listener->tcp)
        return listener != NULL ? g_strdup (listener->address) : NULL;
    }
}

guint
hero_test_host_count_log (HeroTestHost *host, const char *part)
{
  guint n = 0;

  g_mutex_lock (&host->mutex);
  for (guint i = 0; i < host->log->len; i++)
    n += strstr (g_ptr_array_index (host->log, i), part) != NULL;
  g_mutex_unlock (&host->mutex);
  return n;
}

const char *
hero_test_host_get_degraded (HeroTestHost *host)
{
  return host->degraded;
}

void
hero_test_host_set_warning (HeroTestHost *host, const char *text)
{
  g_mutex_lock (&host->mutex);
  g_free (host->warning);
  host->warning = g_strdup (text);
  g_mutex_unlock (&host->mutex);
}

typedef struct
{
  HeroTestHost *host;
  void (*func) (gpointer data);
  gpointer data;
  gboolean done;
} Run;

static gboolean
on_run (gpointer data)
{
  Run *run = data;

  run->func (run->data);
  set_flag (run->host, &run->done);
  return G_SOURCE_REMOVE;
}

void
hero_test_host_run (HeroTestHost *host, void (*func) (gpointer data), gpointer data)
{
  Run run = { host, func, data, FALSE };

  post (host, on_run, &run);
  wait_for (host, &run.done);
}
