/* test-redaction.c: values of secrets in text, also as the line cutter gives it. */
#include "redaction.h"

#include <string.h>

#include "log-line.h"

static void
assert_text (const ProcRedaction *redaction, const char *text, gboolean cut, const char *expected)
{
  g_autofree char *result = proc_redaction_apply (redaction, text, cut);

  g_assert_cmpstr (result != NULL ? result : text, ==, expected);
  g_assert_true (result == NULL || strcmp (result, text) != 0);
}

static void
test_values (void)
{
  static const char *const values[] = { "hunter22", "s3cr3t", "short", "abcdef", "defghi", "hunter2244", NULL };
  g_autoptr (ProcRedaction) redaction = proc_redaction_new (values);

  assert_text (redaction, "", FALSE, "");
  assert_text (redaction, "nothing of it", FALSE, "nothing of it");
  assert_text (redaction, "hunter22", FALSE, "***");
  assert_text (redaction, "the password is hunter22!", FALSE, "the password is ***!");
  assert_text (redaction, "s3cr3ts3cr3t s3cr3t", FALSE, "****** ***");
  assert_text (redaction, "hunter2244, hunter22", FALSE, "***, ***"); /* the longest */
  assert_text (redaction, "abcdefghi", FALSE, "***");                 /* they overlap */
  assert_text (redaction, "abcdeabcdef", FALSE, "abcde***");
  assert_text (redaction, "short", FALSE, "short"); /* 5 bytes */
  assert_text (redaction, "hunter2", FALSE, "hunter2");
  assert_text (redaction, "HUNTER22", FALSE, "HUNTER22");
  assert_text (NULL, "hunter22", FALSE, "hunter22");
}

static void
test_lines (void)
{
  static const char *const values[] = { "-----BEGIN\r\n  bGluZSBvbmU=\nab\n\n-----END\n", "   padded one ", NULL };
  g_autoptr (ProcRedaction) redaction = proc_redaction_new (values);

  assert_text (redaction, "-----BEGIN", FALSE, "***");
  assert_text (redaction, "x bGluZSBvbmU= y", FALSE, "x *** y");
  assert_text (redaction, "ab", FALSE, "ab");
  assert_text (redaction, ">-----END<", FALSE, ">***<");
  assert_text (redaction, "[padded one]", FALSE, "[***]");
}

static void
test_nothing_to_hide (void)
{
  static const char *const values[] = { "short", "", "a\nb\nc", NULL };
  g_autoptr (ProcRedaction) all = proc_redaction_new_all ();

  g_assert_null (proc_redaction_new (values));
  assert_text (all, "whatever it says", FALSE, "***");
}

/* A line that was cut may end inside a value. */
static void
test_cut (void)
{
  static const char *const values[] = { "correct horse battery staple", NULL };
  g_autoptr (ProcRedaction) redaction = proc_redaction_new (values);

  assert_text (redaction, "it is correct horse", TRUE, "it is ***");
  assert_text (redaction, "it is correct horse", FALSE, "it is correct horse");
  assert_text (redaction, "it is corr", TRUE, "it is ***");
  assert_text (redaction, "it is incorrect, though", TRUE, "it is incorrect, though");
}

static void
on_line (const char *bytes, gsize length, gboolean truncated, gpointer data)
{
  gpointer *pair = data;
  g_autofree char *line = g_strndup (bytes, length);
  g_autofree char *redacted = proc_redaction_apply (pair[0], line, truncated);

  g_string_append_printf (pair[1], "%s\n", redacted != NULL ? redacted : line);
}

/* However the bytes come out of the pipe, and wherever the line limit falls. */
static void
test_reads (void)
{
  static const char *const values[] = { "correct horse battery staple", "line one of it\nline two of it", NULL };
  static const char output[] = "a correct horse battery staple b\nline one of it\nline two of it\nend";
  g_autoptr (ProcRedaction) redaction = proc_redaction_new (values);

  for (gsize step = 1; step < sizeof output; step++)
    for (gsize limit = 8; limit < 64; limit++)
      {
        g_autoptr (GString) text = g_string_new (NULL);
        gpointer pair[] = { redaction, text };
        ProcLineCutter cutter;

        proc_line_cutter_init (&cutter, limit);
        for (gsize at = 0; at < sizeof output - 1; at += step)
          proc_line_cutter_feed (&cutter, output + at, MIN (step, sizeof output - 1 - at), on_line, pair);
        proc_line_cutter_finish (&cutter, on_line, pair);
        proc_line_cutter_clear (&cutter);
        g_assert_null (strstr (text->str, "corre"));
        g_assert_null (strstr (text->str, "line "));
        g_assert_true (g_str_has_suffix (text->str, "***\n***\nend\n"));
      }
}

/* Many values cost no more than one. */
static void
test_many (void)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ProcRedaction) redaction = NULL;

  for (guint i = 0; i < 5000; i++)
    g_ptr_array_add (values, g_strdup_printf ("%u-value-%u", i * 7919, i));
  g_ptr_array_add (values, NULL);
  redaction = proc_redaction_new ((const char *const *)values->pdata);
  for (guint i = 0; i + 1 < values->len; i++)
    {
      g_autofree char *text = g_strdup_printf ("<%s>", (const char *)values->pdata[i]);
      g_autofree char *result = proc_redaction_apply (redaction, text, FALSE);

      g_assert_nonnull (result);
      g_assert_null (strstr (result, values->pdata[i]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/redaction/values", test_values);
  g_test_add_func ("/redaction/lines", test_lines);
  g_test_add_func ("/redaction/nothing-to-hide", test_nothing_to_hide);
  g_test_add_func ("/redaction/cut", test_cut);
  g_test_add_func ("/redaction/reads", test_reads);
  g_test_add_func ("/redaction/many", test_many);
  return g_test_run ();
}
