/* config.c: the whole configuration in its order: file, user, host keys, directories, services. Main thread. */
#include "config-private.h"

#include "log-level.h"

typedef struct _HeroConfigFile HeroConfigFile;

static const HeroTomlPlace nowhere = { 0, 0 };

/* ---- host keys */

/* Where a host key stands: a flag first, then [host] or the top level. */
static const HeroToml *
find_host_table (HeroConfig *config, const char *key, const char **name)
{
  HeroToml *root = config->file->root, *table = hero_toml_get (root, "host"), *top = hero_toml_get (root, key);

  *name = NULL;
  if (top != NULL && top->place.line == 0)
    return root;
  if (table == NULL || table->type != HERO_TOML_TABLE || hero_toml_get (table, key) == NULL)
    return root;
  *name = "host";
  return table;
}

static void
resolve_host_keys (HeroConfig *config)
{
  for (const HeroHostKey *row = hero_host_keys; row->key.name != NULL; row++)
    {
      const char *table_name;
      const HeroToml *table;
      HeroConfigEntry *entry;

      if ((row->scope & HERO_SCOPE_HOST) == 0)
        continue;
      table = find_host_table (config, row->key.name, &table_name);
      entry = hero_config_entry_read (config, &row->key, table, table_name);
      if (row->scope == HERO_SCOPE_HOST)
        hero_config_value_store (row, config, entry->value);
      g_hash_table_replace (config->file->host, g_strdup (row->key.name), entry);
    }
}

/* RUST_LOG wins over the file, unless it is wrong; a wrong word in the file is an error (conventions 9). */
static void
resolve_log_level (HeroConfig *config)
{
  const char *variable = hero_config_getenv (config, "RUST_LOG");
  HeroConfigEntry *entry = g_hash_table_lookup (config->file->host, "log_level");
  g_autoptr (GError) error = NULL;
  g_autoptr (HeroLogLevels) levels = hero_log_levels_new (config->log_level, &error);

  if (levels == NULL)
    {
      hero_config_add (config, HERO_REPORT_ERROR, (HeroTomlPlace){ entry->line, entry->line > 0 }, "log_level: %s",
                       error->message);
      g_clear_error (&error);
    }
  if (variable == NULL)
    return;
  g_clear_pointer (&levels, hero_log_levels_free);
  levels = hero_log_levels_new (variable, &error);
  if (levels == NULL)
    hero_config_add (config, HERO_REPORT_WARNING, nowhere, "RUST_LOG: %s; \"info\" is used", error->message);
  g_free (config->log_level);
  config->log_level = g_strdup (levels != NULL ? variable : "info");
  g_hash_table_replace (config->file->host, g_strdup ("log_level"),
                        hero_config_entry_new (g_variant_new_string (config->log_level), "environment", 0));
}

static void
note_host_keys (HeroConfig *config)
{
  for (const HeroHostKey *row = hero_host_keys; row->key.name != NULL; row++)
    if ((row->scope & HERO_SCOPE_HOST) != 0)
      hero_config_note (config, "host", &row->key, g_hash_table_lookup (config->file->host, row->key.name));
}

/* ---- services */

char *
hero_config_join_names (const HeroConfig *config, const char *separator)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < config->file->names->len; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? separator : "", (char *)g_ptr_array_index (config->file->names, i));
  return g_string_free (out, FALSE);
}

/* The six in their order, further ones in the order of the file, the router last. */
static void
resolve_names (HeroConfig *config)
{
  const HeroToml *root = config->file->root;
  const char *only = config->file->only;
  GPtrArray *names = config->file->names;

  for (const HeroKnownService *known = hero_known_services; known->name != NULL; known++)
    if (!g_str_equal (known->name, HERO_LAST_SERVICE))
      g_ptr_array_add (names, g_strdup (known->name));
  for (guint i = 0; i < root->children->len; i++)
    {
      HeroToml *node = g_ptr_array_index (root->children, i);

      if (node->type != HERO_TOML_TABLE || !hero_config_name_is_free (node->key) || g_strcmp0 (node->key, only) == 0)
        continue;
      if (hero_toml_get (node, "plugin") != NULL)
        g_ptr_array_add (names, g_strdup (node->key));
    }
  if (only != NULL && hero_config_name_is_free (only))
    g_ptr_array_add (names, g_strdup (only));
  g_ptr_array_add (names, g_strdup (HERO_LAST_SERVICE));
  g_hash_table_insert (config->settings, g_strdup ("services"), hero_config_join_names (config, " "));
}

static HeroServiceConfig *
new_service (HeroConfig *config, const char *name, guint start_order)
{
  HeroServiceConfig *service = g_new0 (HeroServiceConfig, 1);

  service->name = g_strdup (name);
  service->start_order = start_order;
  hero_config_resolve_service (config, service, NULL, 0);
  return service;
}

static void
resolve_services (HeroConfig *config)
{
  const char *only = config->file->only;

  for (guint i = 0; i < config->file->names->len; i++)
    {
      const char *name = g_ptr_array_index (config->file->names, i);

      if (only == NULL || g_str_equal (only, name))
        g_ptr_array_add (config->services, new_service (config, name, i + 1));
    }
  if (config->control)
    config->control_service = new_service (config, "hero_bundle", 0);
}

/* ---- the whole */

static void
forget_diagnostics (HeroConfig *config)
{
  for (guint i = config->diagnostics->len; i-- > 0;)
    if (!((HeroDiagnostic *)g_ptr_array_index (config->diagnostics, i))->kept)
      g_ptr_array_remove_index (config->diagnostics, i);
}

/* Everything that follows from the parsed file and the environment; again after each flag. */
static void
resolve (HeroConfig *config)
{
  forget_diagnostics (config);
  g_ptr_array_set_size (config->services, 0);
  g_ptr_array_set_size (config->file->names, 0);
  g_hash_table_remove_all (config->file->host);
  g_hash_table_remove_all (config->file->lines);
  g_clear_pointer (&config->control_service, hero_service_config_free);

  resolve_host_keys (config);
  resolve_log_level (config);
  if (config->file->only != NULL)
    config->control = FALSE;
  hero_config_resolve_roots (config);
  note_host_keys (config);
  resolve_names (config);
  hero_config_check_tables (config);
  resolve_services (config);
  hero_config_check_services (config);
}

static HeroConfig *
new_config (char **environment, const char *only)
{
  HeroConfig *config = g_new0 (HeroConfig, 1);

  config->environment = g_strdupv (environment);
  config->settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  config->services = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_service_config_free);
  config->diagnostics = g_ptr_array_new_with_free_func ((GDestroyNotify)hero_diagnostic_free);
  config->file = g_new0 (HeroConfigFile, 1);
  config->file->only = g_strdup (only);
  config->file->cwd = g_get_current_dir ();
  config->file->names = g_ptr_array_new_with_free_func (g_free);
  config->file->host = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)hero_config_entry_free);
  config->file->lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  return config;
}

HeroConfig *
hero_config_load (const char *path, char **environment, const char *only)
{
  HeroConfig *config = new_config (environment, only);

  hero_config_resolve_user (config);
  if (path == NULL)
    config->path = hero_config_default_path (config);
  else if (path[0] == '~')
    config->path = hero_config_expand (config, path, "--config", nowhere);
  if (config->path == NULL)
    config->path = g_canonicalize_filename (path, config->file->cwd);
  config->file->root = hero_config_file_read (config, path != NULL);
  for (guint i = 0; i < config->diagnostics->len; i++)
    ((HeroDiagnostic *)g_ptr_array_index (config->diagnostics, i))->kept = TRUE;
  resolve (config);
  return config;
}

void
hero_config_free (HeroConfig *config)
{
  if (config == NULL)
    return;
  g_free (config->path);
  g_free (config->socket_dir);
  g_free (config->socket_dir_source);
  g_free (config->data_dir);
  g_free (config->data_dir_source);
  g_free (config->log_dir);
  g_free (config->plugin_dir);
  g_free (config->log_level);
  g_free (config->log_format);
  g_strfreev (config->allowed_hosts);
  g_strfreev (config->environment);
  g_hash_table_unref (config->settings);
  g_ptr_array_unref (config->services);
  g_ptr_array_unref (config->diagnostics);
  g_clear_pointer (&config->control_service, hero_service_config_free);
  hero_toml_free (config->file->root);
  g_free (config->file->only);
  g_free (config->file->cwd);
  g_ptr_array_unref (config->file->names);
  g_hash_table_unref (config->file->host);
  g_hash_table_unref (config->file->lines);
  g_free (config->file);
  g_free (config);
}

/* A place of 0:0 marks what a flag gave. */
static void
clear_places (HeroToml *node)
{
  node->place = node->key_place = nowhere;
  for (guint i = 0; node->children != NULL && i < node->children->len; i++)
    clear_places (g_ptr_array_index (node->children, i));
}

void
hero_config_override (HeroConfig *config, const char *table, const char *key, const char *toml_value)
{
  g_autofree char *text = table != NULL ? g_strdup_printf ("[%s]\n%s = %s", table, key, toml_value)
                                        : g_strdup_printf ("%s = %s", key, toml_value);
  g_autoptr (HeroToml) parsed = hero_toml_parse (text, strlen (text), NULL, NULL);
  HeroToml *target = config->file->root, *from = parsed;

  g_return_if_fail (parsed != NULL);
  clear_places (parsed);
  if (table != NULL)
    {
      target = hero_config_find_table (config, table);
      if (target == NULL)
        {
          g_ptr_array_add (config->file->root->children, g_ptr_array_steal_index (parsed->children, 0));
          resolve (config);
          return;
        }
      from = hero_toml_get (parsed, table);
    }
  for (guint i = target->children->len; i-- > 0;)
    if (g_str_equal (((HeroToml *)g_ptr_array_index (target->children, i))->key, key))
      g_ptr_array_remove_index (target->children, i);
  g_ptr_array_add (target->children, g_ptr_array_steal_index (from->children, 0));
  resolve (config);
}

HeroServiceConfig *
hero_config_get_service (HeroConfig *config, const char *name)
{
  for (guint i = 0; i < config->services->len; i++)
    {
      HeroServiceConfig *service = g_ptr_array_index (config->services, i);

      if (g_str_equal (service->name, name))
        return service;
    }
  return NULL;
}
