/*
 * program.h: the seven programs that users start, in one table: their names, their services, and the flags that the
 * contracts of some services add to the common three. Constant; any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the text behind a flag becomes in the configuration. */
typedef enum
{
  HERO_FLAG_TEXT,   /* a string */
  HERO_FLAG_PATH,   /* a string; relative to the working directory */
  HERO_FLAG_NUMBER, /* a whole number */
  HERO_FLAG_LIST,   /* an element of an array: the flag may be repeated */
  HERO_FLAG_SWITCH, /* no text: the key gets `value` */
} HeroFlagKind;

/* A flag is a key of the configuration that beats the file. */
typedef struct
{
  const char *name; /* "data-dir" */
  char letter;      /* 'd', or 0 */
  HeroFlagKind kind;
  gboolean host;        /* the key is the host's, not the service's */
  const char *key;      /* "data_dir" */
  const char *value;    /* SWITCH: TOML text, "false" */
  const char *argument; /* "DIR"; NULL for a switch */
  const char *help;
} HeroFlag;

typedef struct
{
  const char *name;    /* of the executable */
  const char *service; /* the one service it runs; NULL = the bundle */
  const char *category;
  const char *description;
  gboolean version;      /* --version too */
  const HeroFlag *flags; /* ends with name NULL; may be NULL */
} HeroProgram;

extern const HeroProgram hero_programs[]; /* the bundle first; ends with name NULL */
const HeroProgram *hero_program_find (const char *name);

G_END_DECLS
