/* plan.c: opens plugins and asks a throw-away instance of each about its configuration. Main thread. */
#include "plan.h"

#include "context.h"

/* These tables are contracts: only the plugin of that name may stand behind them. */
static const char *const reserved_names[]
    = { "mycelium", "hero_db", "hero_indexer", "hero_code", "hero_proc", "hero_router", NULL };

static void
address_free (gpointer data)
{
  HeroAddress *address = data;

  g_free (address->role);
  g_free (address->protocol);
  g_free (address->address);
  g_free (address);
}

static void
add_address (GPtrArray *list, const char *role, const char *protocol, const char *address)
{
  HeroAddress *item = g_new0 (HeroAddress, 1);

  item->role = g_strdup (role);
  item->protocol = g_strdup (protocol);
  item->address = g_strdup (address);
  g_ptr_array_add (list, item);
}

static void
add_sockets (HeroPlan *plan)
{
  HeroServiceConfig *service = plan->config;

  for (guint i = 0; i < plan->plugin->sockets->len; i++)
    {
      const HeroSocketSpec *spec = &g_array_index (plan->plugin->sockets, HeroSocketSpec, i);
      g_autofree char *file = g_strconcat (spec->role, ".sock", NULL);
      g_autofree char *path = g_str_equal (spec->role, "rpc") ? g_strdup (service->rpc_path)
                                                              : g_build_filename (service->socket_dir, file, NULL);

      if ((spec->flags & HERO_SOCKET_OPTIONAL) && g_str_equal (spec->role, "admin") && !service->admin)
        continue;
      hero_config_check_socket (plan->host, service, spec->role);
      add_address (plan->sockets, spec->role, spec->protocol, path);
    }
}

static void
on_report (const char *key, HeroReportSeverity severity, const char *text, gpointer data)
{
  HeroPlan *plan = data;

  hero_config_report (plan->host, plan->config, key, severity, text);
}

static void
on_listener (const char *role, const char *protocol, const char *address, gpointer data)
{
  HeroPlan *plan = data;

  add_address (plan->tcp, role, protocol, address != NULL ? address : "");
}

/* create and destroy, and nothing between: pure by contract. */
static void
try_create (HeroPlan *plan)
{
  static const HeroContextEvents events = { .report = on_report, .add_listener = on_listener };
  g_autoptr (HeroContext) context = hero_context_new (plan, NULL, NULL, &events, plan);
  const HeroServicePlugin *plugin = &plan->plugin->descriptor;
  gpointer self = plugin->create (hero_context_get_public (context), &plan->error);

  if (self != NULL)
    plugin->destroy (self);
  else if (plan->error == NULL)
    g_set_error (&plan->error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG, "create failed and did not say why");
}

static HeroPlan *
plan_new (HeroConfig *config, HeroServiceConfig *service)
{
  HeroPlan *plan = g_new0 (HeroPlan, 1);

  plan->host = config;
  plan->config = service;
  plan->sockets = g_ptr_array_new_with_free_func (address_free);
  plan->tcp = g_ptr_array_new_with_free_func (address_free);
  return plan;
}

static void
examine (HeroPlan *plan)
{
  const HeroServicePlugin *plugin = &plan->plugin->descriptor;

  hero_config_check_service (plan->host, plan->config, plugin->config_keys, plugin->config_key_size);
  add_sockets (plan);
  try_create (plan);
}

HeroPlan *
hero_plan_new (HeroConfig *config, HeroServiceConfig *service)
{
  HeroPlan *plan = plan_new (config, service);
  const char *required = g_strv_contains (reserved_names, service->name) ? service->name : NULL;

  plan->plugin = hero_plugin_file_open (config->plugin_dir, service->plugin, required, &plan->error);
  if (plan->plugin != NULL)
    examine (plan);
  return plan;
}

HeroPlan *
hero_plan_new_builtin (HeroConfig *config, HeroServiceConfig *service, const HeroServicePlugin *descriptor)
{
  HeroPlan *plan = plan_new (config, service);

  plan->plugin = hero_plugin_file_new_builtin (descriptor);
  examine (plan);
  return plan;
}

void
hero_plan_free (HeroPlan *plan)
{
  if (plan == NULL)
    return;
  g_clear_pointer (&plan->plugin, hero_plugin_file_free);
  g_clear_error (&plan->error);
  g_ptr_array_unref (plan->sockets);
  g_ptr_array_unref (plan->tcp);
  g_free (plan);
}

GPtrArray *
hero_plans_new (HeroConfig *config, gboolean with_disabled)
{
  GPtrArray *plans = g_ptr_array_new_with_free_func ((GDestroyNotify) hero_plan_free);

  for (guint i = 0; i < config->services->len; i++)
    {
      HeroServiceConfig *service = g_ptr_array_index (config->services, i);

      if (service->enabled || with_disabled)
        g_ptr_array_add (plans, hero_plan_new (config, service));
    }
  return plans;
}
