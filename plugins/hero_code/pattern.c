/* pattern.c: literals as PCRE2 patterns: its compiler has the fast search and knows the letters. One thread at a time.
 */
#include "pattern.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MAX_PATTERN 4096

struct _CodePattern
{
  pcre2_code *code;
  pcre2_match_data *match;
};

void
code_pattern_free (CodePattern *self)
{
  pcre2_match_data_free (self->match);
  pcre2_code_free (self->code);
  g_free (self);
}

static gboolean
has_upper_case (const char *text)
{
  for (; *text != 0; text = g_utf8_next_char (text))
    if (g_unichar_isupper (g_utf8_get_char (text)))
      return TRUE;
  return FALSE;
}

/* Everything that could mean something gets a backslash; letters, digits and what is not ASCII mean themselves. */
static char *
quote (const char *literal, gboolean word)
{
  GString *text = g_string_new (word ? "(?<!\\w)(?:" : NULL);

  for (const char *p = literal; *p != 0; p++)
    {
      if ((guchar)*p < 0x80 && !g_ascii_isalnum (*p))
        g_string_append_c (text, '\\');
      g_string_append_c (text, *p);
    }
  g_string_append (text, word ? ")(?!\\w)" : "");
  return g_string_free (text, FALSE);
}

static gboolean
check (const char *literal, GError **error)
{
  const char *newline = strchr (literal, '\n');
  gsize length = strlen (literal);

  if (length > 0 && length <= MAX_PATTERN && newline == NULL)
    return TRUE;
  if (newline != NULL)
    {
      code_error_set (error, CODE_BAD_PATTERN, "bad_pattern", "a match lies in one line: the pattern has a newline");
      code_error_add_int (error, "offset", newline - literal);
    }
  else
    {
      code_error_set (error, CODE_BAD_PATTERN, "bad_pattern",
                      "a pattern has 1..%d bytes, this one has %" G_GSIZE_FORMAT, MAX_PATTERN, length);
    }
  return FALSE;
}

CodePattern *
code_pattern_new (const char *literal, CodeCase mode, gboolean word, GError **error)
{
  g_autoptr (CodePattern) self = NULL;
  g_autofree char *text = NULL;
  guint32 options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  gsize offset;
  int code;

  if (!check (literal, error))
    return NULL;
  if (mode == CODE_CASE_INSENSITIVE || (mode == CODE_CASE_SMART && !has_upper_case (literal)))
    options |= PCRE2_CASELESS;
  text = quote (literal, word);
  self = g_new0 (CodePattern, 1);
  self->code = pcre2_compile ((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);
  if (self->code == NULL)
    {
      char message[256];

      pcre2_get_error_message (code, (PCRE2_UCHAR *)message, sizeof message);
      code_error_set (error, CODE_BAD_PATTERN, "bad_pattern", "%s", message);
      return NULL;
    }
  pcre2_jit_compile (self->code, PCRE2_JIT_COMPLETE); /* where there is no JIT the interpreter matches */
  self->match = pcre2_match_data_create_from_pattern (self->code, NULL);
  return g_steal_pointer (&self);
}

gboolean
code_pattern_find (CodePattern *self, const char *data, gsize length, gsize from, gsize *start, gsize *end)
{
  const gsize *place;

  if (pcre2_match (self->code, (PCRE2_SPTR)data, length, from, 0, self->match, NULL) <= 0)
    return FALSE;
  place = pcre2_get_ovector_pointer (self->match);
  *start = place[0];
  *end = place[1];
  return TRUE;
}
