/* suggest.h: "did you mean" for words people type: keys, tables, enum words, service names. Pure; any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The word of `known` nearest to `word`: at most 3 edits away and less than the word's own length, so that no short
 * word is taken for any other. NULL if there is none. Of equals the first counts. Borrowed from `known`
 * (NULL-terminated).
 */
const char *hero_suggest_nearest (const char *word, const char *const *known);

/* The end of a message about an unknown word: "did you mean "X"?", else "known NOUN: A, B, C". Transfer full. */
char *hero_suggest_text (const char *word, const char *noun, const char *const *known);

G_END_DECLS
