/*
 * context.c: the functions behind HeroHost. They are called by the service, from any thread; what may change while it
 * runs (warnings, degraded) stands under one lock.
 */
#include "context.h"

#include <string.h>

/* What the service manager said to us alone; a child that inherits it would speak to the manager in our name. */
static const char *const own_variables[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS",
                                             "LISTEN_FDNAMES", "HERO_SERVE_FD", NULL };

typedef struct
{
  char *role, *address;
  int fd;
} Listener;

struct _HeroContext
{
  HeroServiceContext public;
  HeroPlan *plan;
  HeroLogger *logger;
  GMainContext *main_context;
  GCancellable *cancellable;
  char **environment;
  const HeroContextEvents *events;
  gpointer data, owner;
  GArray *listeners; /* Listener; complete before serve, read-only from then on */

  GMutex lock;
  char **warnings;
  char *degraded;
};

static HeroContext *
context_of (HeroServiceContext *ctx)
{
  return (HeroContext *) ctx;
}

static const char *
host_name (HeroServiceContext *ctx)
{
  return context_of (ctx)->plan->config->name;
}

static GVariant *
host_config (HeroServiceContext *ctx)
{
  return context_of (ctx)->plan->config->values;
}

static GVariant *
host_config_origin (HeroServiceContext *ctx)
{
  return context_of (ctx)->plan->config->origin;
}

static const char *
host_setting (HeroServiceContext *ctx, const char *name)
{
  if (g_str_equal (name, "data_dir")) /* the one that differs from service to service */
    return context_of (ctx)->plan->config->data_dir;
  return g_hash_table_lookup (context_of (ctx)->plan->host->settings, name);
}

static const char *const *
host_environment (HeroServiceContext *ctx)
{
  return (const char *const *) context_of (ctx)->environment;
}

static GMainContext *
host_main_context (HeroServiceContext *ctx)
{
  return context_of (ctx)->main_context;
}

static GCancellable *
host_cancellable (HeroServiceContext *ctx)
{
  return context_of (ctx)->cancellable;
}

static gboolean
host_log_enabled (HeroServiceContext *ctx, guint32 level)
{
  HeroLogger *logger = context_of (ctx)->logger;

  return logger != NULL && hero_logger_is_enabled (logger, host_name (ctx), level);
}

static void
host_log (HeroServiceContext *ctx, guint32 level, const char *message, GVariant *fields)
{
  HeroLogger *logger = context_of (ctx)->logger;
  g_autoptr (GVariant) sunk = fields != NULL ? g_variant_ref_sink (fields) : NULL;

  if (logger != NULL)
    hero_logger_write (logger, host_name (ctx), CLAMP (level, HERO_LOG_ERROR, HERO_LOG_TRACE), message, sunk);
}

static void
host_report (HeroServiceContext *ctx, const char *key, guint32 severity, const char *text)
{
  HeroContext *self = context_of (ctx);

  if (self->events->report != NULL)
    self->events->report (key, severity == HERO_REPORT_WARNING ? HERO_REPORT_WARNING : HERO_REPORT_ERROR, text, self->data);
}

static void
host_add_listener (HeroServiceContext *ctx, const char *role, const char *protocol, const char *address)
{
  HeroContext *self = context_of (ctx);

  if (self->events->add_listener != NULL)
    self->events->add_listener (role, protocol, address, self->data);
}

static const Listener *
find_listener (HeroContext *self, const char *role, guint index)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      const Listener *listener = &g_array_index (self->listeners, Listener, i);

      if (g_str_equal (listener->role, role) && index-- == 0)
        return listener;
    }
  return NULL;
}

static int
host_listener (HeroServiceContext *ctx, const char *role, guint index)
{
  const Listener *listener = find_listener (context_of (ctx), role, index);

  return listener != NULL ? listener->fd : -1;
}

static const char *
host_listener_address (HeroServiceContext *ctx, const char *role, guint index)
{
  const Listener *listener = find_listener (context_of (ctx), role, index);

  return listener != NULL ? listener->address : NULL;
}

static void
host_ready (HeroServiceContext *ctx)
{
  HeroContext *self = context_of (ctx);

  if (self->events->ready != NULL)
    self->events->ready (self->data);
}

static void
host_stopped (HeroServiceContext *ctx, const GError *error)
{
  HeroContext *self = context_of (ctx);

  if (self->events->stopped != NULL)
    self->events->stopped (error, self->data);
}

static void
host_set_degraded (HeroServiceContext *ctx, const char *reason)
{
  HeroContext *self = context_of (ctx);

  if (self->events->degraded != NULL)
    self->events->degraded (reason, self->data);
}

static char **
host_warnings (HeroServiceContext *ctx)
{
  HeroContext *self = context_of (ctx);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->warnings != NULL ? g_strdupv (self->warnings) : g_new0 (char *, 1);
}

static char *
host_degraded (HeroServiceContext *ctx)
{
  HeroContext *self = context_of (ctx);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return g_strdup (self->degraded);
}

static const HeroHost host_table = {
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
  .degraded = host_degraded,
};

static void
clear_listener (gpointer data)
{
  Listener *listener = data;

  g_free (listener->role);
  g_free (listener->address);
}

HeroContext *
hero_context_new (HeroPlan *plan, HeroLogger *logger, GMainContext *main_context, const HeroContextEvents *events,
                  gpointer data)
{
  HeroContext *self = g_new0 (HeroContext, 1);

  self->public.host = &host_table;
  self->plan = plan;
  self->logger = logger;
  self->main_context = main_context != NULL ? g_main_context_ref (main_context) : NULL;
  self->cancellable = g_cancellable_new ();
  self->events = events;
  self->data = data;
  self->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  g_array_set_clear_func (self->listeners, clear_listener);
  g_mutex_init (&self->lock);

  self->environment = g_strdupv (plan->host->environment);
  for (guint i = 0; own_variables[i] != NULL; i++)
    self->environment = g_environ_unsetenv (self->environment, own_variables[i]);
  return self;
}

void
hero_context_free (HeroContext *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->main_context, g_main_context_unref);
  g_object_unref (self->cancellable);
  g_array_unref (self->listeners);
  g_strfreev (self->environment);
  g_strfreev (self->warnings);
  g_free (self->degraded);
  g_mutex_clear (&self->lock);
  g_free (self);
}

HeroServiceContext *
hero_context_get_public (HeroContext *self)
{
  return &self->public;
}

GCancellable *
hero_context_get_cancellable (HeroContext *self)
{
  return self->cancellable;
}

void
hero_context_add_listener (HeroContext *self, const char *role, gboolean tcp, int fd, const char *address)
{
  Listener listener = { g_strdup (role), g_strdup (address), fd };

  /* Index 0 is the Unix socket's, also where the role has none. */
  if (tcp && find_listener (self, role, 0) == NULL)
    {
      Listener none = { g_strdup (role), g_strdup (""), -1 };

      g_array_append_val (self->listeners, none);
    }
  g_array_append_val (self->listeners, listener);
}

void
hero_context_set_warnings (HeroContext *self, const char *const *warnings)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_strfreev (self->warnings);
  self->warnings = g_strdupv ((char **) warnings);
}

void
hero_context_set_degraded (HeroContext *self, const char *reason)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_free (self->degraded);
  self->degraded = g_strdup (reason);
}

void
hero_context_set_owner (HeroContext *self, gpointer owner)
{
  self->owner = owner;
}

gpointer
hero_context_owner_of (HeroServiceContext *ctx)
{
  return context_of (ctx)->owner;
}
