/* control.c: the life of the host's own service. Service thread, but for on_changed. */
#include "control.h"

#include <string.h>
#include <unistd.h>

#include "context.h"

guint64
hero_control_get_rss (gint64 pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%" G_GINT64_FORMAT "/statm", pid);
  g_autofree char *text = NULL;
  const char *resident;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (resident = strchr (text, ' ')) == NULL)
    return 0;
  return g_ascii_strtoull (resident, NULL, 10) * (guint64) sysconf (_SC_PAGESIZE);
}

const char *
hero_control_text (GVariant *row, const char *key)
{
  const char *text = "";

  g_variant_lookup (row, key, "&s", &text);
  return text;
}

gint64
hero_control_number (GVariant *row, const char *key)
{
  gint64 number = -1;

  g_variant_lookup (row, key, "x", &number);
  return number;
}

HeroState
hero_control_state (GVariant *row)
{
  HeroState state = HERO_STATE_DISABLED;

  hero_state_from_string (hero_control_text (row, "state"), &state);
  return state;
}

/* ------------------------------------------------------------------------------------------------ changes */

typedef struct
{
  HeroControl *self;
  char *name, *reason;
  HeroState from, to;
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_free (change->name);
  g_free (change->reason);
  g_free (change);
}

/* /health of the bundle names every service that does not work in full; disabled and stopped ones are as they should be. */
static void
show_health (HeroControl *self)
{
  g_autoptr (GVariant) services = hero_status_get_services (hero_supervisor_get_status (self->supervisor));
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (services, i);
      HeroState state = hero_control_state (row);

      if (state == HERO_STATE_STALLED || state == HERO_STATE_BACKOFF || state == HERO_STATE_FAILED
          || state == HERO_STATE_DEGRADED)
        g_string_append_printf (text, "%s%s: %s", text->len > 0 ? ", " : "", hero_control_text (row, "name"),
                                hero_state_to_string (state));
    }
  hero_service_set_degraded (self->ctx, text->len > 0 ? text->str : NULL);
}

static gboolean
publish_change (gpointer data)
{
  const Change *change = data;
  JsonObject *event = json_object_new ();

  json_object_set_string_member (event, "name", change->name);
  json_object_set_string_member (event, "from", hero_state_to_string (change->from));
  json_object_set_string_member (event, "to", hero_state_to_string (change->to));
  json_object_set_string_member (event, "reason", change->reason != NULL ? change->reason : "");
  hero_service_publish (change->self->ctx, NULL, "service.state", event);
  show_health (change->self);
  return G_SOURCE_REMOVE;
}

/* Main thread. */
static void
on_changed (const char *name, HeroState from, HeroState to, const char *reason, gpointer data)
{
  HeroControl *self = data;
  Change *change = g_new0 (Change, 1);

  change->self = self;
  change->name = g_strdup (name);
  change->reason = g_strdup (reason);
  change->from = from;
  change->to = to;
  hero_service_post (self->ctx, publish_change, change, change_free);
}

/* ------------------------------------------------------------------------------------------------ life */

static gpointer
control_create (HeroServiceContext *ctx, GError **error)
{
  HeroControl *self = g_new0 (HeroControl, 1);

  self->ctx = ctx;
  self->supervisor = hero_context_owner_of (ctx);
  hero_service_init (ctx, &hero_control_plugin);
  return self;
}

static gboolean
control_start (gpointer data, GCancellable *cancellable, GError **error)
{
  HeroControl *self = data;

  hero_service_set_rpc (self->ctx, &hero_control_rpc, self);
  hero_service_set_page (self->ctx, &hero_control_page, NULL, self);
  HERO_ADD_ROUTES (self->ctx, "rpc", hero_control_routes, self);
  hero_status_set_listener (hero_supervisor_get_status (self->supervisor), on_changed, self);
  hero_service_ready (self->ctx);
  return TRUE;
}

static gboolean
control_serve (gpointer data, GError **error)
{
  return hero_service_serve (((HeroControl *) data)->ctx, error);
}

static void
control_stop (gpointer data)
{
  hero_service_stop (((HeroControl *) data)->ctx);
}

static void
control_destroy (gpointer data)
{
  HeroControl *self = data;

  if (self->supervisor != NULL)
    hero_status_set_listener (hero_supervisor_get_status (self->supervisor), NULL, NULL);
  hero_service_free_context (self->ctx);
  g_free (self);
}

static const HeroSocketSpec control_sockets[] = { { "rpc", "openrpc" }, { "admin", "ui", HERO_SOCKET_OPTIONAL }, { NULL } };

const HeroServicePlugin hero_control_plugin = {
  .magic = HERO_PLUGIN_MAGIC,
  .struct_size = sizeof (HeroServicePlugin),
  .abi_major = HERO_ABI_MAJOR,
  .abi_minor = HERO_ABI_MINOR,
  .name = "hero_bundle",
  .title = "Hero Bundle",
  .version = PACKAGE_VERSION,
  .description = "The host: which services run, and how they are.",
  .domains = "main",
  .license = "MIT",
  .sockets = control_sockets,
  .socket_size = sizeof (HeroSocketSpec),
  .config_key_size = sizeof (HeroConfigKey),
  .create = control_create,
  .start = control_start,
  .serve = control_serve,
  .stop = control_stop,
  .destroy = control_destroy,
};
