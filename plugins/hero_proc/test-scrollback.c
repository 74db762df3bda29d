/* test-scrollback.c: what a terminal is sent, taken apart; questions, answers, and what is kept without them. */
#include <string.h>

#include "scrollback.h"
#include "vt.h"

static void
note_piece (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data)
{
  GString *text = data;

  g_string_append_c (text, "tcesS"[kind]);
  if (state != PROC_VT_WHOLE)
    g_string_append_c (text, state == PROC_VT_PART ? '+' : '!');
  g_string_append_c (text, '(');
  for (gsize i = 0; i < length; i++)
    if (bytes[i] == '\033')
      g_string_append (text, "^[");
    else
      g_string_append_c (text, bytes[i]);
  g_string_append (text, ") ");
}

static void
test_pieces (void)
{
  static const struct
  {
    const char *bytes, *pieces;
    gsize max;
  } rows[] = {
    { "one\ntwo", "t(one) c(\n) t(two) ", 0 },
    { "a\033[1;31mb\033[0m", "t(a) s(^[[1;31m) t(b) s(^[[0m) ", 0 },
    { "\033M\033(B", "e(^[M) e(^[(B) ", 0 },
    { "\033]0;title\007x", "S(^[]0;title\007) t(x) ", 0 },
    { "\033]0;title\033\\x", "S(^[]0;title^[\\) t(x) ", 0 },
    { "\033Pq#\007data\033\\x", "S(^[Pq#\007data^[\\) t(x) ", 0 },      /* BEL ends an OSC only */
    { "\033[1\033[2m", "s!(^[[1) s(^[[2m) ", 0 },                      /* cut short by another */
    { "\033]0;t\033[2mx", "S!(^[]0;t) s(^[[2m) t(x) ", 0 },
    { "\033[1\n2m", "c(\n) s(^[[12m) ", 0 },                           /* a control is done on the way */
    { "\033[1\030x", "s!(^[[1) c(\030) t(x) ", 0 },
    { "\033[1\xc3\xa9", "s!(^[[1) t(\xc3\xa9) ", 0 },
    { "\xc2\x9b" "6n\xc2\xa9", "s(\xc2\x9b" "6n) t(\xc2\xa9) ", 0 },    /* CSI as a character */
    { "\xc2\x9d" "0;t\xc2\x9cx", "S(\xc2\x9d" "0;t\xc2\x9c) t(x) ", 0 },
    { "\xc2x", "t!(\xc2) t(x) ", 0 },
    { "\033]0;abcdef\007x", "S+(^[]0;) S+(abcd) S(ef\007) t(x) ", 4 },
    { "\033]0;abc", "S+(^[]0;) S!(abc) ", 4 },
    { "x\033", "t(x) e!(^[) ", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) whole = g_string_new (NULL), single = g_string_new (NULL);
      ProcVt vt;

      proc_vt_init (&vt, rows[i].max);
      proc_vt_feed (&vt, rows[i].bytes, strlen (rows[i].bytes), note_piece, whole);
      proc_vt_finish (&vt, note_piece, whole);
      g_assert_cmpstr (whole->str, ==, rows[i].pieces);
      for (const char *c = rows[i].bytes; *c != '\0'; c++)
        proc_vt_feed (&vt, c, 1, note_piece, single);
      proc_vt_finish (&vt, note_piece, single);
      proc_vt_clear (&vt);
      /* Text comes as it is fed, the rest does not depend on it. */
      if (strstr (rows[i].pieces, "t(") == NULL)
        g_assert_cmpstr (single->str, ==, rows[i].pieces);
    }
}

static void
count_questions (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data)
{
  guint *counts = data;

  counts[0] += state == PROC_VT_WHOLE && proc_vt_is_query (kind, bytes, length);
  counts[1] += state == PROC_VT_WHOLE && proc_vt_is_answer (kind, bytes, length);
}

/* Bit 0: a question, bit 1: an answer. */
static guint
classify (const char *bytes)
{
  guint counts[2] = { 0, 0 };
  ProcVt vt;

  proc_vt_init (&vt, 0);
  proc_vt_feed (&vt, bytes, strlen (bytes), count_questions, counts);
  proc_vt_finish (&vt, count_questions, counts);
  proc_vt_clear (&vt);
  return (counts[0] > 0) | (guint)(counts[1] > 0) << 1;
}

static void
test_questions_and_answers (void)
{
  static const char *const questions[]
      = { "\033[6n",       "\033[5n",        "\033[?6n",         "\033[c",           "\033[0c",    "\033[>c",
          "\033[=c",       "\033Z",          "\005",             "\033]11;?\007",    "\033]10;?\033\\",
          "\033]4;1;?\007", "\033]52;c;?\007", "\302\2336n",         "\033P$qm\033\\",   "\033P+q544e\033\\",
          "\033[?2026$p",  "\033[>0q",       "\033[18t",         "\033[?u" };
  static const char *const answers[]
      = { "\033[0n", "\033[24;80R", "\033[?1;2c", "\033[>0;276;0c", "\033]11;rgb:0000/0000/0000\007",
          "\033]10;rgb:ffff/ffff/ffff\033\\", "\033P1$r0m\033\\", "\033[?2026;2$y", "\033[8;24;80t", "\033[?0u" };
  static const char *const typed[] = { "ls -la\r", "\003",  "\033",    "\033[A",          "\033OP",      "\033[1;5C",
                                       "\033[3~",   "\033b", "\033]",   "\033[97;5u",      "\033[I",      "\033[<0;3;4M",
                                       "\033[200~text\033[201~" };
  static const char *const shown[]
      = { "text", "\033[m", "\033[2J", "\033]0;why?\007", "\033]11;#000000\007", "\033[?25h", "\033[?6c", "\033[22;0t" };

  for (guint i = 0; i < G_N_ELEMENTS (questions); i++)
    g_assert_cmpuint (classify (questions[i]) & 1, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    g_assert_cmpuint (classify (answers[i]) & 2, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (typed); i++)
    g_assert_cmpuint (classify (typed[i]) & 2, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    g_assert_cmpuint (classify (shown[i]) & 1, ==, 0);
}

static void
assert_kept (ProcScrollback *scrollback, gsize max, const char *expected)
{
  g_autoptr (GBytes) kept = proc_scrollback_get (scrollback, max);

  g_assert_cmpmem (g_bytes_get_data (kept, NULL), g_bytes_get_size (kept), expected, strlen (expected));
}

static void
feed (ProcScrollback *scrollback, const char *text)
{
  proc_scrollback_feed (scrollback, text, strlen (text));
}

static void
test_without_questions (void)
{
  g_autoptr (ProcScrollback) scrollback = proc_scrollback_new (1024);

  assert_kept (scrollback, G_MAXSIZE, "");
  feed (scrollback, "\033[31mred\033[0m\033[6n\r\n\033]11;?\007vim\033[c\033[>c");
  assert_kept (scrollback, G_MAXSIZE, "\033[31mred\033[0m\r\nvim");
  feed (scrollback, "\033[");
  assert_kept (scrollback, G_MAXSIZE, "\033[31mred\033[0m\r\nvim\033["); /* what is fed next goes on from it */
  feed (scrollback, "6n!");
  assert_kept (scrollback, G_MAXSIZE, "\033[31mred\033[0m\r\nvim!");
  feed (scrollback, "\033[\033[6n6n"); /* the rest of what is taken out makes none */
  assert_kept (scrollback, G_MAXSIZE, "\033[31mred\033[0m\r\nvim!6n");
}

static void
test_last_bytes (void)
{
  g_autoptr (ProcScrollback) scrollback = proc_scrollback_new (5000);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *line = g_strdup_printf ("line %u\n", i);

      feed (scrollback, line);
      g_string_append (all, line);
    }
  for (gsize max = 0; max <= 6000; max += 500)
    {
      g_autoptr (GBytes) kept = proc_scrollback_get (scrollback, max);
      gsize size;
      const char *bytes = g_bytes_get_data (kept, &size);

      g_assert_cmpuint (size, <=, MIN (max, 5000));
      g_assert_cmpuint (size + 16, >, MIN (max, 5000));
      g_assert_cmpmem (bytes, size, all->str + all->len - size, size);
      g_assert_true (size == 0 || g_str_has_prefix (bytes, "line "));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/terminal/pieces", test_pieces);
  g_test_add_func ("/terminal/questions-and-answers", test_questions_and_answers);
  g_test_add_func ("/scrollback/without-questions", test_without_questions);
  g_test_add_func ("/scrollback/last-bytes", test_last_bytes);
  return g_test_run ();
}
