/* tokenizer.c: text -> tokens. One tokenizer belongs to one thread at a time. */
#include "tokenizer.h"

#include <libstemmer.h>
#include <string.h>
#include <unicode/uchar.h>

/* Tokens of so many bytes and more are dropped, as their users expect from the predecessor. */
#define LONG_TOKEN 40

typedef enum
{
  SPLIT_WORDS,
  SPLIT_WHITESPACE,
  SPLIT_NOT,
} Split;

struct _IndexerTokenizer
{
  Split split;
  struct sb_stemmer *stemmer; /* NULL: none */
  GString *scratch;
};

static struct sb_stemmer *
stemmer_for (const char *name)
{
  g_autofree char *language = NULL;

  if (!g_str_has_suffix (name, "_stem"))
    return NULL;
  language = g_strndup (name, strlen (name) - strlen ("_stem"));
  return sb_stemmer_new (language, NULL);
}

IndexerTokenizer *
indexer_tokenizer_new (const char *name)
{
  g_autoptr (IndexerTokenizer) self = g_new0 (IndexerTokenizer, 1);

  self->scratch = g_string_new (NULL);
  if (g_str_equal (name, "whitespace"))
    self->split = SPLIT_WHITESPACE;
  else if (g_str_equal (name, "raw"))
    self->split = SPLIT_NOT;
  else if (!g_str_equal (name, "default") && (self->stemmer = stemmer_for (name)) == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

void
indexer_tokenizer_free (IndexerTokenizer *self)
{
  if (self->stemmer != NULL)
    sb_stemmer_delete (self->stemmer);
  g_string_free (self->scratch, TRUE);
  g_free (self);
}

gboolean
indexer_tokenizer_folds_case (const char *name)
{
  return !g_str_equal (name, "whitespace") && !g_str_equal (name, "raw");
}

static gboolean
is_word_char (gunichar c)
{
  if (c < 0x80)
    return g_ascii_isalnum (c);
  if (u_hasBinaryProperty (c, UCHAR_ALPHABETIC))
    return TRUE;
  return (U_GET_GC_MASK (c) & U_GC_N_MASK) != 0; /* Nd, Nl, No */
}

/* Lower case of each character by itself, so a final sigma stays like any other. */
static void
append_lower (GString *out, const char *text, gsize length)
{
  for (const char *p = text; p < text + length; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c < 0x80)
        g_string_append_c (out, g_ascii_tolower (c));
      else if (c == 0x130) /* the only character whose lower case is two */
        g_string_append (out, "i\xcc\x87");
      else
        g_string_append_unichar (out, u_tolower (c));
    }
}

static void
emit_word (IndexerTokenizer *self, const char *word, gsize length, guint position, IndexerTokenFunc func, gpointer data)
{
  if (length >= LONG_TOKEN)
    return;
  g_string_truncate (self->scratch, 0);
  append_lower (self->scratch, word, length);
  if (self->stemmer != NULL)
    {
      const sb_symbol *stem
          = sb_stemmer_stem (self->stemmer, (const sb_symbol *)self->scratch->str, self->scratch->len);

      if (stem != NULL)
        {
          func ((const char *)stem, sb_stemmer_length (self->stemmer), position, data);
          return;
        }
    }
  func (self->scratch->str, self->scratch->len, position, data);
}

static void
run_words (IndexerTokenizer *self, const char *text, gsize length, IndexerTokenFunc func, gpointer data)
{
  const char *end = text + length;
  const char *word = NULL;
  guint position = 0;

  for (const char *p = text; p < end; p = g_utf8_next_char (p))
    {
      if (is_word_char (g_utf8_get_char (p)))
        {
          if (word == NULL)
            word = p;
        }
      else if (word != NULL)
        {
          emit_word (self, word, p - word, position++, func, data);
          word = NULL;
        }
    }
  if (word != NULL)
    emit_word (self, word, end - word, position, func, data);
}

static void
run_whitespace (const char *text, gsize length, IndexerTokenFunc func, gpointer data)
{
  const char *end = text + length;
  guint position = 0;

  for (const char *p = text; p < end;)
    {
      const char *word;

      while (p < end && g_ascii_isspace (*p))
        p++;
      word = p;
      while (p < end && !g_ascii_isspace (*p))
        p++;
      if (p > word)
        func (word, p - word, position++, data);
    }
}

void
indexer_tokenizer_run (IndexerTokenizer *self, const char *text, gsize length, IndexerTokenFunc func, gpointer data)
{
  switch (self->split)
    {
    case SPLIT_WORDS:
      run_words (self, text, length, func, data);
      break;
    case SPLIT_WHITESPACE:
      run_whitespace (text, length, func, data);
      break;
    case SPLIT_NOT:
      func (text, length, 0, data);
      break;
    }
}
