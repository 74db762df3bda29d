/*
 * config-keys.h: the one table of the host's own configuration keys (conventions 13). Parsing, defaults, host.config,
 * docs/configuration.md and the list of environment variables in --info all read it. Constant; any thread.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

typedef enum
{
  HERO_SCOPE_HOST = 1 << 0,    /* top level or [host] */
  HERO_SCOPE_SERVICE = 1 << 1, /* a service's table; with HERO_SCOPE_HOST too: the table wins */
  HERO_SCOPE_COMMON = HERO_SCOPE_HOST | HERO_SCOPE_SERVICE,
} HeroKeyScope;

/* A type of the host's own, beside those of plugins: a file mode as "0660" or 0o660; checked value "s", four digits. */
#define HERO_CONFIG_MODE 100

/* How the checked value goes into the struct member at `offset`. */
typedef enum
{
  HERO_STORE_NONE, /* only in the a{sv}; a directory of the host, which config-paths.c works out */
  HERO_STORE_BOOL, /* gboolean */
  HERO_STORE_UINT, /* guint */
  HERO_STORE_TEXT, /* char * */
  HERO_STORE_LIST, /* char ** */
  HERO_STORE_WORD, /* an enum: the place of the word among the choices */
  HERO_STORE_MODE, /* guint */
} HeroKeyStore;

typedef struct
{
  HeroConfigKey key;
  HeroKeyScope scope;
  HeroKeyStore store;
  gsize offset; /* into HeroConfig for HERO_SCOPE_HOST alone, else into HeroServiceConfig */
} HeroHostKey;

/* Ends with key.name NULL. A name may stand twice: once for the host, once for services, with another meaning. */
extern const HeroHostKey hero_host_keys[];
/* The row of that name that may stand at `scope`, or NULL. */
const HeroHostKey *hero_host_key_find (const char *name, HeroKeyScope scope);

/* An environment variable that the host reads. Nobody else reads any. */
typedef struct
{
  const char *name;
  const char *fallback; /* what counts when it is unset */
  const char *meaning;
} HeroHostVariable;
extern const HeroHostVariable hero_host_variables[]; /* ends with name NULL */

/* One of the six services of the bundle, in start order. */
typedef struct
{
  const char *name;
  const char *plugin;
  const char *aliases; /* other names of its table, "a|b"; NULL = none */
} HeroKnownService;
extern const HeroKnownService hero_known_services[]; /* ends with name NULL */
#define HERO_LAST_SERVICE "hero_router"              /* starts after all others, additional ones included */

/* TRUE if `name` is one of "a|b|c"; `words` may be NULL. */
gboolean hero_words_contain (const char *words, const char *name);

G_END_DECLS
