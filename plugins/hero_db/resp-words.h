/* resp-words.h: a typed line into words, as Redis does for inline commands. Any thread. */
#pragma once

#include "slice.h"

/*
 * Appends the words of line to words (GArray of Slice). Words live in scratch, which is emptied first and must outlive
 * them. FALSE: unbalanced quotes.
 */
gboolean resp_words_split (Slice line, GArray *words, GByteArray *scratch);
