/*
 * hero-toml.h: TOML 1.0 text as a small tree in which every key and every value knows its line and column, so that a
 * message about a configuration can point at its place. A thin C face over toml++. Pure; any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HERO_TOML_MAX_BYTES (1u << 20) /* of one text */
#define HERO_TOML_MAX_DEPTH 32u        /* brackets inside each other, and parts of one dotted key */

#define HERO_TOML_ERROR (hero_toml_error_quark ())
GQuark hero_toml_error_quark (void);
typedef enum
{
  HERO_TOML_ERROR_SYNTAX,
  HERO_TOML_ERROR_LIMIT, /* longer than HERO_TOML_MAX_BYTES or deeper than HERO_TOML_MAX_DEPTH */
} HeroTomlError;

typedef enum
{
  HERO_TOML_TABLE,
  HERO_TOML_ARRAY,
  HERO_TOML_STRING,
  HERO_TOML_INTEGER,
  HERO_TOML_REAL,
  HERO_TOML_BOOLEAN,
  HERO_TOML_TIME, /* date, time or both: the text in `string` */
} HeroTomlType;

/* A place in the text, both counted from 1; columns are characters. 0 = no place. */
typedef struct
{
  guint line, column;
} HeroTomlPlace;

typedef struct _HeroToml HeroToml;
struct _HeroToml
{
  HeroTomlType type;
  char *key; /* the name in the table around it; NULL for the root and for elements of an array */
  HeroTomlPlace key_place;
  HeroTomlPlace place;
  GPtrArray *children; /* TABLE, ARRAY: HeroToml, in the order of the text */
  char *string;        /* STRING, TIME; never with U+0000 inside */
  gint64 integer;
  gboolean octal; /* the integer was written as 0o660 */
  double real;
  gboolean boolean;
};

/*
 * The root table of a text of `length` bytes; free with hero_toml_free. NULL with an error otherwise, and `where` (may
 * be NULL) says at which place; reading stops at the first one.
 */
HeroToml *hero_toml_parse (const char *text, gsize length, HeroTomlPlace *where, GError **error);
void hero_toml_free (HeroToml *toml);

/* The child of a table by its name, or NULL. */
HeroToml *hero_toml_get (const HeroToml *table, const char *key);
/* "string", "integer", .. as messages name it. */
const char *hero_toml_type_name (HeroTomlType type);
/* text as a TOML basic string, with its quotes; transfer full. */
char *hero_toml_quote (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroToml, hero_toml_free)

G_END_DECLS
