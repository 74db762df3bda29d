/* test-acl.c: networks, and which topic takes what. */
#include "acl.h"

#include <hero-service/error.h>

static void
test_subnets (void)
{
  static const struct
  {
    const char *text, *printed;
  } good[] = {
    { "400::/7", "400::/7" },
    { "430:9364:d8d8:84a9::1", "430:9364:d8d8:84a9::1/128" },
    { "430:9364:d8d8:84a9:1:2:3:4/64", "430:9364:d8d8:84a9::/64" },
    { "10.1.2.3/8", "10.0.0.0/8" },
    { "10.1.2.3", "10.1.2.3/32" },
    { "0.0.0.0/0", "0.0.0.0/0" },
    { "::/0", "::/0" },
  };
  static const char *const bad[]
      = { "", "400::/129", "10.0.0.0/33", "400::/", "400::/x", "400::/-1", "host", "400::/7/8" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      Subnet subnet;
      g_assert_true (subnet_parse (good[i].text, &subnet));
      g_autofree char *printed = subnet_print (&subnet);
      g_assert_cmpstr (printed, ==, good[i].printed);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      Subnet subnet;
      g_assert_false (subnet_parse (bad[i], &subnet));
    }
}

static gboolean
accepts (Acl *acl, GBytes *topic, const char *ip_text)
{
  guint8 ip[IP_BYTES];

  g_assert_true (address_parse_ip (ip_text, ip));
  return acl_accepts (acl, topic, ip);
}

static void
add_source (Acl *acl, GBytes *topic, const char *text)
{
  Subnet subnet;

  g_assert_true (subnet_parse (text, &subnet));
  acl_add_source (acl, topic, &subnet);
}

static void
test_topics (void)
{
  Acl *acl = acl_new ();
  g_autoptr (GBytes) news = g_bytes_new_static ("news", 4), none = g_bytes_new_static (NULL, 0);
  g_autoptr (GError) error = NULL;
  Subnet subnet;

  g_assert_true (accepts (acl, news, "400::1"));
  acl_set_default (acl, FALSE);
  g_assert_false (accepts (acl, news, "400::1"));
  g_assert_null (acl_get_sources (acl, news));

  /* Configured and without sources: blocked, whatever the default. */
  acl_set_default (acl, TRUE);
  g_assert_true (acl_add_topic (acl, news, 2, NULL));
  g_assert_true (acl_add_topic (acl, news, 2, NULL));
  g_assert_false (accepts (acl, news, "400::1"));
  g_assert_true (accepts (acl, none, "400::1"));

  add_source (acl, news, "400::/16");
  add_source (acl, news, "400::/16");
  add_source (acl, news, "10.0.0.0/8");
  g_assert_true (accepts (acl, news, "400::1"));
  g_assert_false (accepts (acl, news, "401::1"));
  g_assert_true (accepts (acl, news, "10.2.3.4"));
  g_assert_false (accepts (acl, news, "11.2.3.4"));
  g_auto (GStrv) sources = acl_get_sources (acl, news);
  g_assert_cmpuint (g_strv_length (sources), ==, 2);
  g_assert_true (subnet_parse ("400::/16", &subnet));
  acl_remove_source (acl, news, &subnet);
  g_assert_false (accepts (acl, news, "400::1"));

  g_assert_true (acl_add_topic (acl, none, 2, NULL)); /* the empty topic is an ordinary one */
  g_assert_false (accepts (acl, none, "400::1"));
  g_autoptr (GBytes) third = g_bytes_new_static ("third", 5);
  g_assert_false (acl_add_topic (acl, third, 2, &error));
  g_assert_error (error, HERO_ERROR, HERO_ERROR_LIMIT);
  acl_remove_topic (acl, news);
  g_assert_true (accepts (acl, news, "11.2.3.4"));
  acl_free (acl);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/acl/subnets", test_subnets);
  g_test_add_func ("/acl/topics", test_topics);
  return g_test_run ();
}
