/* filter.h: which repositories a call means (contract 4, "F"). Any thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "error.h"

G_BEGIN_DECLS

/* The members of a filter, in positional order, for tables of parameters. */
#define CODE_FILTER_PARAMS                                                                                             \
  { "ids", HERO_STRINGS (0, 5000), 0, "Repository ids." },                                                             \
      { "filter", HERO_STRING (0, 4096), 0, "Part of the id, in any case." },                                          \
      { "provider", HERO_STRING (0, 255), 0, "First of three parts of the id." },                                      \
      { "account", HERO_STRING (0, 255), 0, "Part before the name." },                                                 \
      { "name", HERO_STRING (0, 255), 0, "Last part of the id." },                                                     \
      { "path", HERO_STRING (0, 4096), 0, "Directory below coderoot." },                                               \
      { "url", HERO_STRING (0, 4096), 0, "URL of a remote, in any form." },                                            \
      { "dirty", HERO_BOOLEAN, 0, "With, or without, changes." },                                                      \
      { "need_push", HERO_BOOLEAN, 0, "With, or without, commits to push." },                                          \
      { "need_pull", HERO_BOOLEAN, 0, "With, or without, commits to pull." },                                          \
  {                                                                                                                    \
    "has_error", HERO_BOOLEAN, 0, "That cannot, or can, be opened."                                                    \
  }

/* members: an object that may have them, of the types above; others are ignored. CODE_INVALID_PARAMS. */
gboolean code_filter_check (JsonObject *members, GError **error);
gboolean code_filter_is_empty (JsonObject *members);
/* TRUE if more than the name of a repository must be known to tell whether it matches. */
gboolean code_filter_looks_inside (JsonObject *members);
/* repo: a Repo object. */
gboolean code_filter_matches (JsonObject *members, JsonObject *repo);
/* host/path of a URL or scp form, so that the same repository compares equal. (transfer full) */
char *code_filter_normalize_url (const char *url);

G_END_DECLS
