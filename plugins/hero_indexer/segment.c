/* segment.c: an inverted index in memory. A builder on one thread; finished segments on any. */
#include "segment.h"

#include <string.h>

#include "document.h"
#include "score.h"
#include "tokenizer.h"

#define MAX_TERM 65530

/* A term with its postings. For look-ups a Term on the stack points at bytes of somebody else. */
typedef struct
{
  guint field;
  guint length;
  const guint8 *bytes;
  IndexerPosting *postings;
  guint n, allocated;
} Term;

typedef struct
{
  guint64 n_tokens;
  GByteArray *lengths; /* NULL until a document has the field, then one code per document */
} FieldIndex;

struct _IndexerSegment
{
  guint n_docs;
  guint n_fields;
  FieldIndex *fields;
  GHashTable *terms; /* a set of Term */
  guint64 memory;
};

struct _IndexerSegmentBuilder
{
  IndexerSchema *schema;
  IndexerSegment *segment;
  IndexerTokenizer **tokenizers; /* by field, NULL where none */
  guint32 *lengths;              /* of the document being added */
};

/* ---- terms */

static guint
term_hash (gconstpointer key)
{
  const Term *term = key;
  guint32 hash = 2166136261u ^ term->field;

  for (guint i = 0; i < term->length; i++)
    hash = (hash ^ term->bytes[i]) * 16777619u;
  return hash;
}

static gboolean
term_equal (gconstpointer a, gconstpointer b)
{
  const Term *x = a, *y = b;

  return x->field == y->field && x->length == y->length && memcmp (x->bytes, y->bytes, x->length) == 0;
}

static void
term_free (gpointer data)
{
  Term *term = data;

  g_free (term->postings);
  g_free (term);
}

static Term *
term_new (const Term *key)
{
  Term *term = g_malloc (sizeof *term + key->length);

  *term = *key;
  term->bytes = (guint8 *)(term + 1);
  memcpy (term + 1, key->bytes, key->length);
  term->postings = NULL;
  term->n = term->allocated = 0;
  return term;
}

static Term *
ensure_term (IndexerSegment *self, const Term *key)
{
  Term *term = g_hash_table_lookup (self->terms, key);

  if (term == NULL)
    {
      term = term_new (key);
      g_hash_table_add (self->terms, term);
    }
  return term;
}

static void
term_reserve (Term *term, guint n)
{
  if (term->n + n <= term->allocated)
    return;
  term->allocated = MAX (term->n + n, term->allocated * 2);
  term->postings = g_renew (IndexerPosting, term->postings, term->allocated);
}

/* ---- segments */

static void
segment_clear (gpointer data)
{
  IndexerSegment *self = data;

  for (guint i = 0; i < self->n_fields; i++)
    g_clear_pointer (&self->fields[i].lengths, g_byte_array_unref);
  g_free (self->fields);
  g_hash_table_unref (self->terms);
}

static IndexerSegment *
segment_new (guint n_fields)
{
  IndexerSegment *self = g_atomic_rc_box_new0 (IndexerSegment);

  self->n_fields = n_fields;
  self->fields = g_new0 (FieldIndex, n_fields);
  self->terms = g_hash_table_new_full (term_hash, term_equal, term_free, NULL);
  return self;
}

IndexerSegment *
indexer_segment_ref (IndexerSegment *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
indexer_segment_unref (IndexerSegment *self)
{
  g_atomic_rc_box_release_full (self, segment_clear);
}

/* The length codes of a field, with zeroes for the documents before the first that has it. */
static GByteArray *
ensure_lengths (IndexerSegment *self, guint field)
{
  FieldIndex *index = &self->fields[field];

  if (index->lengths == NULL)
    {
      index->lengths = g_byte_array_sized_new (MAX (self->n_docs, 16));
      g_byte_array_set_size (index->lengths, self->n_docs);
      memset (index->lengths->data, 0, self->n_docs);
    }
  return index->lengths;
}

static void
measure (IndexerSegment *self)
{
  GHashTableIter iter;
  gpointer key;

  self->memory = sizeof *self;
  g_hash_table_iter_init (&iter, self->terms);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Term *term = key;

      self->memory += sizeof *term + term->length + term->allocated * sizeof (IndexerPosting) + 3 * sizeof (gpointer);
    }
  for (guint i = 0; i < self->n_fields; i++)
    if (self->fields[i].lengths != NULL)
      self->memory += self->fields[i].lengths->len;
}

guint
indexer_segment_get_n_docs (IndexerSegment *self)
{
  return self->n_docs;
}

guint64
indexer_segment_get_memory (IndexerSegment *self)
{
  return self->memory;
}

guint64
indexer_segment_get_n_tokens (IndexerSegment *self, guint field)
{
  return self->fields[field].n_tokens;
}

const guint8 *
indexer_segment_get_lengths (IndexerSegment *self, guint field)
{
  return self->fields[field].lengths != NULL ? self->fields[field].lengths->data : NULL;
}

IndexerPostings
indexer_segment_lookup (IndexerSegment *self, guint field, const void *bytes, gsize length)
{
  const Term key = { .field = field, .length = length, .bytes = bytes };
  const Term *term = g_hash_table_lookup (self->terms, &key);

  return term != NULL ? (IndexerPostings){ term->postings, term->n } : (IndexerPostings){ NULL, 0 };
}

static void
append_segment (IndexerSegment *self, IndexerSegment *other)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, other->terms);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const Term *from = key;
      Term *to = ensure_term (self, from);

      term_reserve (to, from->n);
      for (guint i = 0; i < from->n; i++)
        to->postings[to->n++] = (IndexerPosting){ from->postings[i].doc + self->n_docs, from->postings[i].frequency };
    }
  for (guint i = 0; i < self->n_fields; i++)
    {
      FieldIndex *index = &other->fields[i];
      GByteArray *lengths;

      self->fields[i].n_tokens += index->n_tokens;
      if (index->lengths == NULL && self->fields[i].lengths == NULL)
        continue;
      lengths = ensure_lengths (self, i);
      g_byte_array_set_size (lengths, self->n_docs + other->n_docs);
      if (index->lengths != NULL)
        memcpy (lengths->data + self->n_docs, index->lengths->data, other->n_docs);
      else
        memset (lengths->data + self->n_docs, 0, other->n_docs);
    }
  self->n_docs += other->n_docs;
}

IndexerSegment *
indexer_segment_merge (IndexerSegment *const *segments, guint n)
{
  IndexerSegment *self;

  if (n == 1)
    return indexer_segment_ref (segments[0]);
  self = segment_new (segments[0]->n_fields);
  for (guint i = 0; i < n; i++)
    append_segment (self, segments[i]);
  measure (self);
  return self;
}

/* ---- building */

IndexerSegmentBuilder *
indexer_segment_builder_new (IndexerSchema *schema)
{
  IndexerSegmentBuilder *self = g_new0 (IndexerSegmentBuilder, 1);
  guint n = indexer_schema_get_n_fields (schema);

  self->schema = indexer_schema_ref (schema);
  self->segment = segment_new (n);
  self->lengths = g_new0 (guint32, n);
  self->tokenizers = g_new0 (IndexerTokenizer *, n);
  for (guint i = 0; i < n; i++)
    {
      const IndexerField *field = indexer_schema_get_field (schema, i);

      if (field->type == INDEXER_TEXT && field->indexed)
        self->tokenizers[i] = indexer_tokenizer_new (field->tokenizer);
    }
  return self;
}

void
indexer_segment_builder_free (IndexerSegmentBuilder *self)
{
  for (guint i = 0; i < indexer_schema_get_n_fields (self->schema); i++)
    g_clear_pointer (&self->tokenizers[i], indexer_tokenizer_free);
  g_free (self->tokenizers);
  g_free (self->lengths);
  g_clear_pointer (&self->segment, indexer_segment_unref);
  indexer_schema_unref (self->schema);
  g_free (self);
}

/* with_frequency: count repetitions; values other than text are there or not. */
static void
add_term (IndexerSegmentBuilder *self, guint field, const void *bytes, gsize length, gboolean with_frequency)
{
  const Term key = { .field = field, .length = length, .bytes = bytes };
  guint doc = self->segment->n_docs;
  Term *term;

  if (length > MAX_TERM)
    return;
  self->lengths[field]++;
  term = ensure_term (self->segment, &key);
  if (term->n > 0 && term->postings[term->n - 1].doc == doc)
    {
      if (with_frequency)
        term->postings[term->n - 1].frequency++;
      return;
    }
  term_reserve (term, 1);
  term->postings[term->n++] = (IndexerPosting){ doc, 1 };
}

typedef struct
{
  IndexerSegmentBuilder *builder;
  guint field;
} TokenSink;

static void
add_token (const char *token, gsize length, guint position, gpointer data)
{
  TokenSink *sink = data;

  add_term (sink->builder, sink->field, token, length, TRUE);
}

static void
close_document (IndexerSegmentBuilder *self)
{
  IndexerSegment *segment = self->segment;

  for (guint i = 0; i < segment->n_fields; i++)
    {
      guint8 code = indexer_length_encode (self->lengths[i]);

      if (self->lengths[i] == 0 && segment->fields[i].lengths == NULL)
        continue;
      g_byte_array_append (ensure_lengths (segment, i), &code, 1);
      segment->fields[i].n_tokens += self->lengths[i];
      self->lengths[i] = 0;
    }
  segment->n_docs++;
}

void
indexer_segment_builder_add (IndexerSegmentBuilder *self, const guint8 *record, gsize length)
{
  IndexerRecordWalk walk;
  const guint8 *data;
  guint number;
  gsize n;

  indexer_record_walk (&walk, record, length);
  while (indexer_record_next (&walk, &number, &data, &n))
    {
      const IndexerField *field;

      if (number >= self->segment->n_fields || !(field = indexer_schema_get_field (self->schema, number))->indexed
          || field->type == INDEXER_JSON)
        continue;
      if (field->type == INDEXER_TEXT)
        {
          TokenSink sink = { self, number };

          indexer_tokenizer_run (self->tokenizers[number], (const char *)data, n, add_token, &sink);
        }
      else
        add_term (self, number, data, n, FALSE);
    }
  close_document (self);
}

IndexerSegment *
indexer_segment_builder_finish (IndexerSegmentBuilder *self)
{
  IndexerSegment *segment = g_steal_pointer (&self->segment);

  measure (segment);
  indexer_segment_builder_free (self);
  return segment;
}
