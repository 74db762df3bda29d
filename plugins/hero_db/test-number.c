/* test-number.c: what is a number, what is not, and how it is printed. */
#include "number.h"

static void
check_int (const char *text, gboolean valid, gint64 expected)
{
  gint64 value = 0;

  g_test_message ("%s", text);
  g_assert_cmpint (number_parse_int (slice_of_string (text), &value), ==, valid);
  if (valid)
    {
      char printed[NUMBER_INT_SIZE];

      g_assert_cmpint (value, ==, expected);
      g_assert_true (slice_equal (slice (printed, number_format_int (value, printed)), slice_of_string (text)));
    }
}

static void
test_int (void)
{
  check_int ("0", TRUE, 0);
  check_int ("-1", TRUE, -1);
  check_int ("9223372036854775807", TRUE, G_MAXINT64);
  check_int ("-9223372036854775808", TRUE, G_MININT64);
  check_int ("9223372036854775808", FALSE, 0);
  check_int ("-9223372036854775809", FALSE, 0);
  check_int ("18446744073709551616", FALSE, 0);
  check_int ("99999999999999999999", FALSE, 0);
  check_int ("", FALSE, 0);
  check_int ("-", FALSE, 0);
  check_int ("-0", FALSE, 0);
  check_int ("01", FALSE, 0);
  check_int ("+1", FALSE, 0);
  check_int (" 1", FALSE, 0);
  check_int ("1 ", FALSE, 0);
  check_int ("1x", FALSE, 0);
}

static void
check_float (const char *text, const char *expected)
{
  long double value;
  gboolean valid = number_parse_float (slice_of_string (text), &value);

  g_test_message ("%s", text);
  g_assert_cmpint (valid, ==, expected != NULL);
  if (valid)
    {
      g_autofree char *printed = g_malloc0 (NUMBER_FLOAT_SIZE);

      printed[number_format_float (value, printed)] = '\0';
      g_assert_cmpstr (printed, ==, expected);
    }
}

static void
test_float (void)
{
  check_float ("3.0", "3");
  check_float ("10.5", "10.5");
  check_float ("5.0e3", "5000");
  check_float ("-0", "0");
  check_float ("+1", "1");
  check_float ("0x10", "16");
  check_float ("0.1", "0.1");
  check_float (" 1", NULL);
  check_float ("1 ", NULL);
  check_float ("", NULL);
  check_float ("nan", NULL);
  check_float ("abc", NULL);
  check_float ("1e10000", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/number/int", test_int);
  g_test_add_func ("/number/float", test_float);
  return g_test_run ();
}
