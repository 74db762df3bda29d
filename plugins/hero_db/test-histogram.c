/* test-histogram.c: shares are found to within an eighth. */
#include "histogram.h"

static void
test_shares (void)
{
  Histogram histogram = { 0 };

  g_assert_cmpuint (histogram_get (&histogram, 0.5), ==, 0);
  for (guint64 i = 1; i <= 1000; i++)
    histogram_add (&histogram, i);
  g_assert_cmpuint (histogram_get (&histogram, 0.5), >=, 500);
  g_assert_cmpuint (histogram_get (&histogram, 0.5), <=, 500 + 500 / 8);
  g_assert_cmpuint (histogram_get (&histogram, 0.99), >=, 990);
  g_assert_cmpuint (histogram_get (&histogram, 0.99), <=, 990 + 990 / 8);
  histogram_clear (&histogram);
  g_assert_cmpuint (histogram_get (&histogram, 0.99), ==, 0);
}

static void
test_each_value (void)
{
  for (guint64 value = 0; value < (guint64)1 << 31; value = value * 5 / 4 + 1)
    {
      Histogram histogram = { 0 };

      histogram_add (&histogram, value);
      g_assert_cmpuint (histogram_get (&histogram, 0.5), >=, value);
      g_assert_cmpuint (histogram_get (&histogram, 0.5), <=, value + value / 8);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/histogram/shares", test_shares);
  g_test_add_func ("/histogram/each-value", test_each_value);
  return g_test_run ();
}
