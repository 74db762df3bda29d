/* test-resp-parser.c: frames whole, cut at each place and broken; limits; memory. */
#include "resp-parser.h"

/* Feeds text in pieces of `piece` bytes; each command becomes "a|b;" and an error "!text". */
static char *
parse_in_pieces (Slice text, gsize piece, gsize max_bulk, gboolean authenticated)
{
  g_autoptr (RespParser) parser = resp_parser_new (max_bulk);
  g_autoptr (GString) out = g_string_new (NULL);

  resp_parser_set_authenticated (parser, authenticated);
  for (gsize at = 0; at < text.length; at += piece)
    {
      g_autofree char *copy = g_memdup2 (text.data + at, MIN (piece, text.length - at));
      const Slice *argv;
      gsize argc;
      RespStatus status;

      resp_parser_feed (parser, copy, MIN (piece, text.length - at));
      while ((status = resp_parser_next (parser, &argv, &argc)) == RESP_COMMAND)
        {
          for (gsize i = 0; i < argc; i++)
            {
              if (i > 0)
                g_string_append_c (out, '|');
              g_string_append_len (out, argv[i].data, (gssize)argv[i].length);
            }
          g_string_append_c (out, ';');
        }
      if (status == RESP_ERROR)
        {
          g_string_append_printf (out, "!%s", resp_parser_get_error (parser));
          break;
        }
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
check (Slice text, const char *expected)
{
  for (gsize piece = 1; piece <= text.length; piece++)
    {
      g_autofree char *got = parse_in_pieces (text, piece, 1024, TRUE);

      g_assert_cmpstr (got, ==, expected);
    }
}

static void
test_arrays (void)
{
  check (SLICE_LITERAL ("*1\r\n$4\r\nPING\r\n"), "PING;");
  check (SLICE_LITERAL ("*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$1\r\nx\r\n"), "GET|;x;");
  check (SLICE_LITERAL ("*0\r\n*-1\r\n\r\n\n*1\r\n$2\r\nok\r\n"), "ok;");
  check (SLICE_LITERAL ("*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\r\n\r\n"), "ECHO|\r\n\r\n;");
}

static void
test_inline (void)
{
  check (SLICE_LITERAL ("PING\r\n"), "PING;");
  check (SLICE_LITERAL ("  set  a\tb \n"), "set|a|b;");
  check (SLICE_LITERAL ("set \"a b\" 'it\\'s' \"\\x41\\n\\q\"\r\n"), "set|a b|it's|A\nq;");
  check (SLICE_LITERAL ("set a\"b c\" \"\"\r\nget x\n*1\r\n$1\r\ny\r\n"), "set|ab c|;get|x;y;");
  check (SLICE_LITERAL ("get \"open\r\n"), "!Protocol error: unbalanced quotes in request");
  check (SLICE_LITERAL ("get \"a\"b\r\n"), "!Protocol error: unbalanced quotes in request");
}

static void
test_broken (void)
{
  check (SLICE_LITERAL ("*x\r\n"), "!Protocol error: invalid multibulk length");
  check (SLICE_LITERAL ("*2147483648\r\n"), "!Protocol error: invalid multibulk length");
  check (SLICE_LITERAL ("*+1\r\n"), "!Protocol error: invalid multibulk length");
  check (SLICE_LITERAL ("*1\r\n:5\r\n"), "!Protocol error: expected '$', got ':'");
  check (SLICE_LITERAL ("*1\r\n$-1\r\n"), "!Protocol error: invalid bulk length");
  check (SLICE_LITERAL ("*1\r\n$01\r\n"), "!Protocol error: invalid bulk length");
  check (SLICE_LITERAL ("*1\r\n$1025\r\n"), "!Protocol error: invalid bulk length");
  check (SLICE_LITERAL ("*1\r\n$1\r\na\r\n*1\r\n$z\r\n"), "a;!Protocol error: invalid bulk length");
}

static void
test_before_login (void)
{
  g_autofree char *many = parse_in_pieces (SLICE_LITERAL ("*11\r\n"), 5, 1 << 20, FALSE);
  g_autofree char *big = parse_in_pieces (SLICE_LITERAL ("*1\r\n$16385\r\n"), 4, 1 << 20, FALSE);
  g_autofree char *fine = parse_in_pieces (SLICE_LITERAL ("*10\r\n$1\r\na\r\n"), 4, 1 << 20, FALSE);

  g_assert_cmpstr (many, ==, "!Protocol error: unauthenticated multibulk length");
  g_assert_cmpstr (big, ==, "!Protocol error: unauthenticated bulk length");
  g_assert_cmpstr (fine, ==, "");
}

static void
check_long_line (const char *start, const char *expected)
{
  g_autofree char *line = g_malloc (RESP_LINE_MAX + 100);
  g_autofree char *got = NULL;
  gsize length = strlen (start);

  memset (line, '1', RESP_LINE_MAX + 100);
  memcpy (line, start, length);
  got = parse_in_pieces (slice (line, RESP_LINE_MAX + length + 1), 1000, 1024, TRUE);
  g_assert_cmpstr (got, ==, expected);
}

static void
test_long_lines (void)
{
  check_long_line ("get", "!Protocol error: too big inline request");
  check_long_line ("*", "!Protocol error: too big mbulk count string");
  check_long_line ("*1\r\n$", "!Protocol error: too big bulk count string");
}

static void
test_big_bulk (void)
{
  const gsize length = 300000;
  g_autoptr (RespParser) parser = resp_parser_new (1 << 20);
  g_autofree char *value = g_malloc (length + 2);
  const char *head = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n";
  const Slice *argv;
  gsize argc, at = 1000, room;
  char *where;

  for (gsize i = 0; i < length + 2; i++)
    value[i] = (char)(i * 7);

  resp_parser_feed (parser, head, strlen (head));
  g_assert_cmpint (resp_parser_next (parser, &argv, &argc), ==, RESP_MORE);
  resp_parser_feed (parser, value, at);
  g_assert_cmpint (resp_parser_next (parser, &argv, &argc), ==, RESP_MORE);
  while ((room = resp_parser_get_room (parser, &where)) > 0)
    {
      gsize part = MIN (room, 10000);

      /* What is held follows what has arrived, not what was announced. */
      g_assert_cmpuint (resp_parser_get_held (parser), <, at + 1000);
      g_assert_cmpuint (at + part, <=, length + 2);
      memcpy (where, value + at, part);
      resp_parser_filled (parser, part);
      at += part;
      if (at < length + 2)
        g_assert_cmpint (resp_parser_next (parser, &argv, &argc), ==, RESP_MORE);
    }

  g_assert_cmpint (resp_parser_next (parser, &argv, &argc), ==, RESP_COMMAND);
  g_assert_cmpuint (argc, ==, 3);
  g_assert_true (slice_equal (argv[0], SLICE_LITERAL ("SET")));
  g_assert_true (slice_equal (argv[1], SLICE_LITERAL ("k")));
  g_assert_true (slice_equal (argv[2], slice (value, length)));

  resp_parser_feed (parser, "PING\r\n", 6);
  g_assert_cmpint (resp_parser_next (parser, &argv, &argc), ==, RESP_COMMAND);
  g_assert_true (slice_equal (argv[0], SLICE_LITERAL ("PING")));
  g_assert_cmpint (resp_parser_next (parser, &argv, &argc), ==, RESP_MORE);
  g_assert_cmpuint (resp_parser_get_held (parser), ==, 0);
}

static void
test_big_bulks_in_pieces (void)
{
  g_autoptr (GString) text = g_string_new ("*2\r\n$40000\r\n");
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 2; i++)
    {
      for (guint j = 0; j < 40000; j++)
        {
          g_string_append_c (text, 'a' + (j + i) % 26);
          g_string_append_c (expected, 'a' + (j + i) % 26);
        }
      g_string_append (text, i == 0 ? "\r\n$40000\r\n" : "\r\nPING\r\n");
      g_string_append_c (expected, i == 0 ? '|' : ';');
    }
  g_string_append (expected, "PING;");

  for (gsize piece = 997; piece < text->len * 2; piece = piece * 3 + 1)
    {
      g_autofree char *got = parse_in_pieces (slice (text->str, text->len), piece, 1 << 20, TRUE);

      g_assert_cmpstr (got, ==, expected->str);
    }
}

/* A million announced arguments cost nothing until they come. */
static void
test_announced_costs_nothing (void)
{
  g_autoptr (RespParser) parser = resp_parser_new (G_MAXINT32);
  const char *head = "*2147483647\r\n$2147483647\r\nabc";
  const Slice *argv;
  gsize argc;

  resp_parser_feed (parser, head, strlen (head));
  g_assert_cmpint (resp_parser_next (parser, &argv, &argc), ==, RESP_MORE);
  g_assert_cmpuint (resp_parser_get_held (parser), <, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resp-parser/arrays", test_arrays);
  g_test_add_func ("/resp-parser/inline", test_inline);
  g_test_add_func ("/resp-parser/broken", test_broken);
  g_test_add_func ("/resp-parser/before-login", test_before_login);
  g_test_add_func ("/resp-parser/long-lines", test_long_lines);
  g_test_add_func ("/resp-parser/big-bulk", test_big_bulk);
  g_test_add_func ("/resp-parser/big-bulks-in-pieces", test_big_bulks_in_pieces);
  g_test_add_func ("/resp-parser/announced-costs-nothing", test_announced_costs_nothing);
  return g_test_run ();
}
