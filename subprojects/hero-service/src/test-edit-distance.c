/* test-edit-distance.c: how far words are from each other. */
#include <hero-service/edit-distance.h>

static void
test_distance (void)
{
  static const struct
  {
    const char *a, *b;
    guint distance;
  } rows[] = {
    { "", "", 0 },
    { "", "abc", 3 },
    { "port", "port", 0 },
    { "Port", "pORT", 0 },
    { "stager_ms", "stagger_ms", 1 },
    { "scoket_dir", "socket_dir", 1 },
    { "job.lsit", "JOB.LIST", 1 },
    { "abcd", "badc", 2 },
    { "kitten", "sitting", 3 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpuint (hero_edit_distance (rows[i].a, rows[i].b), ==, rows[i].distance);
      g_assert_cmpuint (hero_edit_distance (rows[i].b, rows[i].a), ==, rows[i].distance);
    }
}

static void
test_long (void)
{
  g_autofree char *longest = g_strnfill (255, 'x'), *over = g_strnfill (256, 'x');

  g_assert_cmpuint (hero_edit_distance (longest, "x"), ==, 254);
  g_assert_cmpuint (hero_edit_distance (longest, longest), ==, 0);
  g_assert_cmpuint (hero_edit_distance (over, over), ==, G_MAXUINT);
  g_assert_cmpuint (hero_edit_distance ("", over), ==, G_MAXUINT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/edit-distance/distance", test_distance);
  g_test_add_func ("/edit-distance/long", test_long);
  return g_test_run ();
}
