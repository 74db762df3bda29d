/*
 * tokenizer.h: text -> tokens (contract 4.6). A tokenizer keeps scratch memory and a stemmer, so one belongs to one
 * thread at a time; making one is cheap.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _IndexerTokenizer IndexerTokenizer;

/* token is valid during the call only and is not NUL-terminated. Dropped tokens leave a gap in the positions. */
typedef void (*IndexerTokenFunc) (const char *token, gsize length, guint position, gpointer data);

/* name: "default", "whitespace", "raw" or "<language>_stem" (ISO code or English name). NULL: no such tokenizer. */
IndexerTokenizer *indexer_tokenizer_new (const char *name);
void indexer_tokenizer_free (IndexerTokenizer *self);
/* Calls func for each token of text, which is valid UTF-8, in order. length in bytes. */
void indexer_tokenizer_run (IndexerTokenizer *self, const char *text, gsize length, IndexerTokenFunc func,
                            gpointer data);
/* TRUE if tokens come out in lower case. */
gboolean indexer_tokenizer_folds_case (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IndexerTokenizer, indexer_tokenizer_free)

G_END_DECLS
