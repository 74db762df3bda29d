/*
 * json-reader.h: the tokens of the strict JSON reader: where it stands in the text, what it has met, and strings,
 * numbers and words. json.c puts them together. Any thread, one at a time.
 */
#pragma once

#include "json-internal.h"

G_BEGIN_DECLS

typedef struct
{
  const guint8 *start, *at, *end;
  guint depth;
  gboolean build;
  gboolean tolerate; /* a value we do not take goes to `flaws` instead of ending the scan */
  HeroJsonFlaws *flaws;
  char *flaw;      /* what is wrong with the string or number just read, if anything */
  GString *buffer; /* the string just read, decoded; only while building */
  GError *error;
} HeroJsonReader;

static inline void
hero_json_skip_blanks (HeroJsonReader *reader)
{
  while (reader->at < reader->end
         && (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
    reader->at++;
}

static inline gboolean
hero_json_next_is (HeroJsonReader *reader, char c)
{
  return reader->at < reader->end && *reader->at == (guint8)c;
}

/* All return FALSE once the text is refused; reader->error says why, for the first fault alone. */

gboolean hero_json_reader_fail (HeroJsonReader *reader, const guint8 *at, HeroJsonError code, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* "expected WHAT, found .." at the present place. Returns FALSE. */
gboolean hero_json_reader_unexpected (HeroJsonReader *reader, const char *what);
/* The flaw just met, if any, becomes the node's. */
void hero_json_reader_mark_flaw (HeroJsonReader *reader, JsonNode *node);

/* At the opening quote; afterwards behind the closing one, the text in `buffer`. */
gboolean hero_json_read_string (HeroJsonReader *reader);
gboolean hero_json_read_number (HeroJsonReader *reader, JsonNode **node);
/* true, false or null. */
gboolean hero_json_read_word (HeroJsonReader *reader, JsonNode **node);

G_END_DECLS
