/* config-check.c: what no single key shows: tables, names, services at one place. Main thread. */
#include "config-private.h"

#include "suggest.h"

#define MAX_NAME 32 /* bytes */

static gboolean
name_is_good (const char *name)
{
  if (!g_ascii_islower (*name) || strlen (name) > MAX_NAME)
    return FALSE;
  return name[strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Names whose directories belong to the host. */
static gboolean
name_is_reserved (const char *name)
{
  static const char *const reserved[] = { "host", "hero_bundle", "logs", "sockets", NULL };

  return g_strv_contains (reserved, name);
}

static const HeroKnownService *
find_known (const char *table)
{
  for (const HeroKnownService *known = hero_known_services; known->name != NULL; known++)
    if (g_str_equal (known->name, table) || hero_words_contain (known->aliases, table))
      return known;
  return NULL;
}

static gboolean
is_host_key (const char *name)
{
  return hero_host_key_find (name, HERO_SCOPE_HOST) != NULL;
}

static char *
suggest_host_key (const char *word)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (const HeroHostKey *row = hero_host_keys; row->key.name != NULL; row++)
    if ((row->scope & HERO_SCOPE_HOST) != 0)
      g_ptr_array_add (names, (gpointer)row->key.name);
  g_ptr_array_add (names, NULL);
  return hero_suggest_text (word, "keys", (const char *const *)names->pdata);
}

static char *
suggest_table (HeroConfig *config, const char *word)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  g_ptr_array_add (names, (gpointer) "host");
  g_ptr_array_extend (names, config->file->names, NULL, NULL);
  g_ptr_array_add (names, NULL);
  return hero_suggest_text (word, "tables", (const char *const *)names->pdata);
}

/* A table of a name of its own: a further service if it has a plugin. */
static void
check_further_table (HeroConfig *config, const HeroToml *table)
{
  g_autofree char *hint = NULL;

  if (config->file->only != NULL)
    return;
  if (hero_toml_get (table, "plugin") == NULL)
    {
      hint = suggest_table (config, table->key);
      hero_config_add (config, HERO_REPORT_WARNING, table->key_place,
                       "unknown table [%s] without the key \"plugin\"; %s", table->key, hint);
    }
  else if (!name_is_good (table->key))
    hero_config_add (config, HERO_REPORT_ERROR, table->key_place,
                     "service name \"%s\": expected [a-z][a-z0-9_]*, at most %d bytes", table->key, MAX_NAME);
  else if (name_is_reserved (table->key))
    hero_config_add (config, HERO_REPORT_ERROR, table->key_place,
                     "service name \"%s\": the host has a directory of this name; choose another", table->key);
}

static void
check_known_table (HeroConfig *config, const HeroKnownService *known, const HeroToml *table)
{
  const HeroToml *first = hero_config_find_table (config, known->name);

  if (table->type != HERO_TOML_TABLE)
    hero_config_add (config, HERO_REPORT_ERROR, table->place, "%s: expected table, found %s", table->key,
                     hero_toml_type_name (table->type));
  else if (first != table)
    hero_config_add (config, HERO_REPORT_ERROR, table->key_place,
                     "[%s] and [%s] in line %u are two names of one service; keep one table", table->key, first->key,
                     first->key_place.line);
}

static void
check_host_table (HeroConfig *config, const HeroToml *table)
{
  if (table->type != HERO_TOML_TABLE)
    {
      hero_config_add (config, HERO_REPORT_ERROR, table->place, "host: expected table, found %s",
                       hero_toml_type_name (table->type));
      return;
    }
  for (guint i = 0; i < table->children->len; i++)
    {
      const HeroToml *node = g_ptr_array_index (table->children, i), *twin;
      g_autofree char *hint = NULL;

      if (!is_host_key (node->key))
        {
          hint = suggest_host_key (node->key);
          hero_config_add (config, HERO_REPORT_WARNING, node->key_place, "unknown key \"%s\" in [host]; %s", node->key,
                           hint);
          continue;
        }
      twin = hero_toml_get (config->file->root, node->key);
      if (twin != NULL && node->place.line != 0 && twin->place.line != 0)
        hero_config_add (config, HERO_REPORT_ERROR, node->key_place,
                         "[host] %s: stands at top level in line %u too; keep one", node->key, twin->key_place.line);
    }
}

void
hero_config_check_tables (HeroConfig *config)
{
  HeroToml *root = config->file->root;

  for (guint i = 0; i < root->children->len; i++)
    {
      const HeroToml *node = g_ptr_array_index (root->children, i);
      const HeroKnownService *known = find_known (node->key);
      g_autofree char *hint = NULL;

      if (g_str_equal (node->key, "host"))
        check_host_table (config, node);
      else if (is_host_key (node->key))
        continue;
      else if (config->file->only != NULL && node->type == HERO_TOML_TABLE
               && !g_str_equal (config->file->only, known != NULL ? known->name : node->key))
        continue; /* another program's affair */
      else if (known != NULL)
        check_known_table (config, known, node);
      else if (node->type == HERO_TOML_TABLE)
        check_further_table (config, node);
      else
        {
          hint = suggest_host_key (node->key);
          hero_config_add (config, HERO_REPORT_WARNING, node->key_place, "unknown key \"%s\"; %s", node->key, hint);
        }
    }
}

static void
check_twins (HeroConfig *config, HeroServiceConfig *a, HeroServiceConfig *b)
{
  g_autofree char *text = NULL;

  if (g_str_equal (a->rpc_path, b->rpc_path))
    {
      text = g_strdup_printf ("%s is the socket of [%s] too", a->rpc_path, b->name);
      hero_config_report (config, a, "socket_path", HERO_REPORT_ERROR, text);
    }
  else if (g_str_equal (a->data_dir, b->data_dir))
    {
      text = g_strdup_printf ("%s is the data directory of [%s] too", a->data_dir, b->name);
      hero_config_report (config, a, "data_dir", HERO_REPORT_ERROR, text);
    }
}

void
hero_config_check_services (HeroConfig *config)
{
  guint enabled = 0;

  for (guint i = 0; i < config->services->len; i++)
    {
      HeroServiceConfig *service = g_ptr_array_index (config->services, i);

      if (!service->enabled)
        continue;
      enabled++;
      hero_config_check_socket (config, service, "rpc");
      if (service->admin)
        hero_config_check_socket (config, service, "admin");
      for (guint k = 0; k < i; k++)
        {
          HeroServiceConfig *other = g_ptr_array_index (config->services, k);

          if (other->enabled)
            check_twins (config, service, other);
        }
    }
  if (config->control_service != NULL)
    hero_config_check_socket (config, config->control_service, "admin");
  if (enabled == 0)
    {
      g_autofree char *names = hero_config_join_names (config, ", ");

      hero_config_add (config, HERO_REPORT_ERROR, (HeroTomlPlace){ 0, 0 },
                       "no service is enabled; set enabled = true for one of: %s", names);
    }
}

gboolean
hero_config_name_is_free (const char *name)
{
  return name_is_good (name) && !name_is_reserved (name) && find_known (name) == NULL;
}
