/* test-router.h: a router in a small host, with the defaults of its own key table. */
#pragma once

#include <stdarg.h>

#include "router.h"
#include "test-host.h"

/* The default of a key, written in TOML in the table; NULL = it has none. */
static inline GVariant *
test_router_default (const HeroConfigKey *key)
{
  if (key->fallback == NULL)
    return NULL;
  switch (key->type)
    {
    case HERO_CONFIG_INT:
      return g_variant_new_int64 (g_ascii_strtoll (key->fallback, NULL, 10));
    case HERO_CONFIG_BOOL:
      return g_variant_new_boolean (*key->fallback == 't');
    case HERO_CONFIG_STRINGS:
      return g_variant_new_strv (NULL, 0);
    default:
      return g_variant_new_take_string (g_strndup (key->fallback + 1, strlen (key->fallback) - 2));
    }
}

/* Not started; keys and values, then NULL. No TCP listener unless "port" or others are among them. */
static inline HeroTestHost *
test_router_new (const char *key, ...)
{
  GVariantDict dict;
  va_list args;

  g_variant_dict_init (&dict, NULL);
  for (const HeroConfigKey *known = hero_service_describe_v1 ()->config_keys; known->name != NULL; known++)
    {
      GVariant *value = test_router_default (known);

      if (value != NULL)
        g_variant_dict_insert_value (&dict, known->name, value);
    }
  g_variant_dict_insert (&dict, "port", "x", (gint64) 0);
  va_start (args, key);
  for (; key != NULL; key = va_arg (args, const char *))
    g_variant_dict_insert_value (&dict, key, va_arg (args, GVariant *));
  va_end (args);
  return hero_test_host_new (hero_service_describe_v1 (), g_variant_dict_end (&dict));
}
