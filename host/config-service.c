/* config-service.c: one service's table: the host's keys for it and those of its plugin. Main thread. */
#include "config-private.h"

#include "suggest.h"

HeroToml *
hero_config_find_table (const HeroConfig *config, const char *service)
{
  HeroToml *root = config->file->root;
  HeroToml *table = hero_toml_get (root, service);

  for (const HeroKnownService *known = hero_known_services; table == NULL && known->name != NULL; known++)
    for (guint i = 0; table == NULL && g_str_equal (known->name, service) && i < root->children->len; i++)
      {
        HeroToml *child = g_ptr_array_index (root->children, i);

        if (hero_words_contain (known->aliases, child->key))
          table = child;
      }
  return table != NULL && table->type == HERO_TOML_TABLE ? table : NULL;
}

void
hero_service_config_free (HeroServiceConfig *service)
{
  g_free (service->name);
  g_free (service->plugin);
  g_free (service->socket_dir);
  g_free (service->rpc_path);
  g_free (service->data_dir);
  g_free (service->log_level);
  g_free (service->socket_group);
  g_clear_pointer (&service->values, g_variant_unref);
  g_clear_pointer (&service->origin, g_variant_unref);
  g_free (service);
}

/* Defaults that depend on the service or on host keys. Floating, or NULL. */
static GVariant *
derive_default (HeroConfig *config, HeroServiceConfig *service, const char *key)
{
  if (g_str_equal (key, "socket_path"))
    return g_variant_new_take_string (g_build_filename (config->socket_dir, service->name, "rpc.sock", NULL));
  if (g_str_equal (key, "data_dir"))
    return g_variant_new_take_string (g_build_filename (config->data_dir, service->name, NULL));
  if (g_str_equal (key, "stop_timeout_s"))
    return g_variant_new_int64 (config->stop_timeout_s);
  if (g_str_equal (key, "plugin"))
    {
      for (const HeroKnownService *known = hero_known_services; known->name != NULL; known++)
        if (g_str_equal (known->name, service->name))
          return g_variant_new_string (known->plugin);
      return g_variant_new_take_string (g_strconcat (service->name, ".so", NULL));
    }
  return NULL;
}

static void
set_value (HeroConfigEntry *entry, GVariant *value)
{
  g_clear_pointer (&entry->value, g_variant_unref);
  entry->value = value != NULL ? g_variant_ref_sink (value) : NULL;
}

/* Host-level value of a common key that the file, not the table, sets. */
static HeroConfigEntry *
inherit (HeroConfig *config, const char *key)
{
  HeroConfigEntry *host = g_hash_table_lookup (config->file->host, key);

  if (hero_host_key_find (key, HERO_SCOPE_HOST) != hero_host_key_find (key, HERO_SCOPE_SERVICE) || host == NULL
      || g_str_equal (host->source, "default"))
    return NULL;
  return hero_config_entry_new (host->value, host->source, host->line);
}

/* allowed_hosts of a service = the host's list and its own. */
static void
merge_hosts (HeroConfig *config, HeroConfigEntry *entry)
{
  g_autoptr (GStrvBuilder) hosts = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;

  g_strv_builder_addv (hosts, (const char **)config->allowed_hosts);
  if (entry->value != NULL)
    {
      g_autofree const char **own = g_variant_get_strv (entry->value, NULL);
      g_strv_builder_addv (hosts, own);
    }
  list = g_strv_builder_end (hosts);
  set_value (entry, g_variant_new_strv ((const char *const *)list, -1));
}

/* A plugin's file: a bare name is sought in plugin_dir, all else is a path. */
static void
expand_plugin (HeroConfig *config, HeroServiceConfig *service, HeroConfigEntry *entry)
{
  const char *file = g_variant_get_string (entry->value, NULL);
  g_autofree char *label = g_strdup_printf ("[%s] plugin", service->name);
  char *path;

  if (*file != '~' && strchr (file, '/') == NULL)
    return;
  path = hero_config_expand (config, file, label, (HeroTomlPlace){ entry->line, entry->line > 0 });
  if (path != NULL)
    set_value (entry, g_variant_new_take_string (path));
}

static void
limit_stop_timeout (HeroConfig *config, HeroServiceConfig *service, HeroConfigEntry *entry)
{
  g_autofree char *text = NULL;

  if (g_variant_get_int64 (entry->value) <= config->stop_timeout_s)
    return;
  text = g_strdup_printf ("longer than the host's stop_timeout_s; %u counts", config->stop_timeout_s);
  hero_config_report (config, service, "stop_timeout_s", HERO_REPORT_WARNING, text);
  set_value (entry, g_variant_new_int64 (config->stop_timeout_s));
}

/* The rules of single keys that a type cannot say. */
static void
apply_rules (HeroConfig *config, HeroServiceConfig *service, const char *key, HeroConfigEntry *entry)
{
  if (entry->value == NULL)
    return;
  if (g_str_equal (key, "plugin"))
    expand_plugin (config, service, entry);
  else if (g_str_equal (key, "stop_timeout_s"))
    limit_stop_timeout (config, service, entry);
  else if (g_str_equal (key, "allowed_hosts"))
    merge_hosts (config, entry);
  else if (g_str_equal (key, "log_level") && hero_config_getenv (config, "RUST_LOG") != NULL)
    set_value (entry, NULL);
  else if (g_str_equal (key, "isolation") && g_str_equal (service->name, "mycelium")
           && g_str_equal (g_variant_get_string (entry->value, NULL), "process"))
    hero_config_report (config, service, key, HERO_REPORT_ERROR,
                        "expected \"thread\", found \"process\": the message bus lives in the host's own process");
}

static void
clear_key (HeroConfigKey *key)
{
  for (HeroConfigKey *column = (HeroConfigKey *)key->columns; column != NULL && column->name != NULL; column++)
    clear_key (column);
  g_free ((HeroConfigKey *)key->columns);
}

/* The keys of a plugin, whose elements may be smaller than ours, in elements of our size; ends with a zero one. */
static GArray *
copy_keys (const HeroConfigKey *keys, guint key_size)
{
  GArray *copy = g_array_new (TRUE, TRUE, sizeof (HeroConfigKey));

  for (const guint8 *p = (const guint8 *)keys; p != NULL && *(const char *const *)p != NULL; p += key_size)
    {
      HeroConfigKey key = { NULL };

      memcpy (&key, p, MIN (key_size, sizeof key));
      if (key.columns != NULL)
        key.columns = (HeroConfigKey *)g_array_free (copy_keys (key.columns, key_size), FALSE);
      g_array_append_val (copy, key);
    }
  return copy;
}

static gboolean
has_key (GArray *keys, const char *name)
{
  for (guint i = 0; i < keys->len; i++)
    if (g_str_equal (g_array_index (keys, HeroConfigKey, i).name, name))
      return TRUE;
  return FALSE;
}

/*
 * The plugin's keys, then the host's own for services. A plugin may declare such a key again, with another default or
 * range; its type is the host's.
 */
static GArray *
merge_keys (HeroConfig *config, HeroServiceConfig *service, const HeroConfigKey *keys, guint key_size)
{
  GArray *merged = copy_keys (keys, key_size);

  g_array_set_clear_func (merged, (GDestroyNotify)clear_key);
  for (guint i = merged->len; i-- > 0;)
    {
      const HeroConfigKey *key = &g_array_index (merged, HeroConfigKey, i);
      const HeroHostKey *row = hero_host_key_find (key->name, HERO_SCOPE_SERVICE);

      if (row == NULL || row->key.type == key->type)
        continue;
      hero_config_report (config, service, key->name, HERO_REPORT_ERROR,
                          "the plugin declares another type for this key than the host");
      g_array_remove_index (merged, i);
    }
  for (const HeroHostKey *row = hero_host_keys; row->key.name != NULL; row++)
    if ((row->scope & HERO_SCOPE_SERVICE) != 0 && !has_key (merged, row->key.name))
      g_array_append_val (merged, row->key);
  return merged;
}

static void
warn_unknown (HeroConfig *config, const HeroToml *table, GArray *keys)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (names, (gpointer)g_array_index (keys, HeroConfigKey, i).name);
  g_ptr_array_add (names, NULL);
  for (guint i = 0; i < table->children->len; i++)
    {
      const HeroToml *node = g_ptr_array_index (table->children, i);
      g_autofree char *hint = NULL;
      gboolean known = has_key (keys, node->key);

      for (guint k = 0; k < keys->len && !known; k++)
        known = hero_words_contain (g_array_index (keys, HeroConfigKey, k).aliases, node->key);
      if (known)
        continue;
      hint = hero_suggest_text (node->key, "keys", (const char *const *)names->pdata);
      hero_config_add (config, HERO_REPORT_WARNING, node->key_place, "unknown key \"%s\" in [%s]; %s", node->key,
                       table->key, hint);
    }
}

static HeroConfigEntry *
resolve_key (HeroConfig *config, HeroServiceConfig *service, const HeroConfigKey *key, const HeroToml *table)
{
  g_autoptr (HeroConfigEntry) entry = NULL;
  HeroConfigEntry *inherited;

  entry = hero_config_entry_read (config, key, table, service->name);
  if (g_str_equal (entry->source, "default"))
    {
      inherited = inherit (config, key->name);
      if (inherited != NULL)
        {
          hero_config_entry_free (entry);
          entry = inherited;
        }
      else if (entry->value == NULL)
        set_value (entry, derive_default (config, service, key->name));
    }
  apply_rules (config, service, key->name, entry);
  return g_steal_pointer (&entry);
}

/* What follows from the stored keys, and what a program for one service alone does not heed. */
static void
finish (HeroConfig *config, HeroServiceConfig *service)
{
  g_free (service->socket_dir);
  service->socket_dir = g_path_get_dirname (service->rpc_path);
  if (config->file->only != NULL)
    {
      service->enabled = TRUE;
      service->isolation = HERO_ISOLATION_THREAD;
    }
}

void
hero_config_resolve_service (HeroConfig *config, HeroServiceConfig *service, const HeroConfigKey *keys, guint key_size)
{
  g_autoptr (GArray) merged = merge_keys (config, service, keys, key_size);
  const HeroToml *table = hero_config_find_table (config, service->name);
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_auto (GVariantBuilder) origin = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{s(su)}"));

  service->line = table != NULL ? table->key_place.line : 0;
  g_hash_table_remove (config->file->lines, service->name);
  for (guint i = 0; i < merged->len; i++)
    {
      const HeroConfigKey *key = &g_array_index (merged, HeroConfigKey, i);
      const HeroHostKey *row = hero_host_key_find (key->name, HERO_SCOPE_SERVICE);
      g_autoptr (HeroConfigEntry) entry = NULL;

      /* The plugin may give such a key another range; until it is known nothing is said about it. */
      if (keys == NULL && row != NULL && row->store == HERO_STORE_NONE)
        continue;
      entry = resolve_key (config, service, key, table);
      if (row != NULL)
        hero_config_value_store (row, service, entry->value);
      hero_config_note (config, service->name, key, entry);
      if (entry->value == NULL)
        continue;
      g_variant_builder_add (&values, "{sv}", key->name, entry->value);
      g_variant_builder_add (&origin, "{s(su)}", key->name, entry->source, entry->line);
    }
  if (!has_key (merged, "allowed_hosts"))
    {
      HeroConfigEntry *hosts = g_hash_table_lookup (config->file->host, "allowed_hosts");

      g_variant_builder_add (&values, "{sv}", "allowed_hosts", hosts->value);
      g_variant_builder_add (&origin, "{s(su)}", "allowed_hosts", hosts->source, hosts->line);
    }
  if (keys != NULL && table != NULL)
    warn_unknown (config, table, merged);
  finish (config, service);
  g_clear_pointer (&service->values, g_variant_unref);
  g_clear_pointer (&service->origin, g_variant_unref);
  service->values = g_variant_ref_sink (g_variant_builder_end (&values));
  service->origin = g_variant_ref_sink (g_variant_builder_end (&origin));
}

void
hero_config_check_service (HeroConfig *config, HeroServiceConfig *service, const HeroConfigKey *keys, guint key_size)
{
  static const HeroConfigKey none = { NULL };

  hero_config_resolve_service (config, service, keys != NULL ? keys : &none, keys != NULL ? key_size : sizeof none);
}
