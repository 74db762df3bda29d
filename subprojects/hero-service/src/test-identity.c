/* test-identity.c: the X-Hero headers: values, limits, doubles, and carrying them on. */
#include <hero-service/error.h>
#include <hero-service/identity.h>

#include <string.h>

static gboolean
set (HeroIdentity *identity, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;
  gboolean good = hero_identity_set_header (identity, name, value, &error);

  g_assert_true (good == (error == NULL));
  if (!good)
    {
      g_assert_error (error, HERO_ERROR, HERO_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, name)); /* says which header */
    }
  return good;
}

static void
assert_refused (const char *name, const char *value)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET);

  g_assert_false (set (identity, name, value));
}

static void
test_context (void)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET);
  static const char *const broken[]
      = { "", " ", "-1", "+1", "1.0", "0x1", "4294967296", "1 2", "99999999999999999999", "a" };

  g_assert_cmpuint (identity->context, ==, 0);
  g_assert_true (set (identity, "X-Hero-Context", " 4294967295 "));
  g_assert_cmpuint (identity->context, ==, G_MAXUINT32);
  g_assert_true (set (identity, "X-Hero-Context", "4294967295"));
  g_assert_false (set (identity, "X-Hero-Context", "0"));
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    assert_refused ("X-Hero-Context", broken[i]);
}

static void
test_user (void)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_TCP);
  g_autofree char *most = g_strnfill (256, 'u'), *over = g_strnfill (257, 'u');

  g_assert_cmpstr (identity->user, ==, "");
  g_assert_true (set (identity, "X-Hero-User", most));
  g_assert_true (set (identity, "X-Hero-User", most));
  g_assert_false (set (identity, "X-Hero-User", "other"));
  assert_refused ("X-Hero-User", over);
  assert_refused ("X-Hero-User", "a\x01z");
  assert_refused ("X-Hero-User", "a\xff");
}

static void
test_claims (void)
{
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_BUS);
  g_autoptr (GString) most = g_string_new (NULL);
  g_autofree char *joined = NULL;

  g_assert_nonnull (identity->claims);
  g_assert_true (set (identity, "X-Hero-Claims", " admin , read,,read,\twrite,"));
  joined = g_strjoinv ("|", identity->claims);
  g_assert_cmpstr (joined, ==, "admin|read|write");
  g_assert_true (hero_identity_has_claim (identity, "read"));
  g_assert_false (hero_identity_has_claim (identity, "rea"));
  g_assert_true (set (identity, "X-Hero-Claims", "admin,read,write")); /* the same list */
  g_assert_false (set (identity, "X-Hero-Claims", "admin"));

  for (guint i = 0; i < 256; i++)
    g_string_append_printf (most, "c%u,", i);
  g_autoptr (HeroIdentity) many = hero_identity_new (HERO_ORIGIN_BUS);
  g_assert_true (set (many, "X-Hero-Claims", most->str));
  g_string_append (most, "one-more");
  assert_refused ("X-Hero-Claims", most->str);
}

static void
take (const char *name, const char *value, gpointer data)
{
  g_assert_true (set (data, name, value));
}

static void
test_forward (void)
{
  g_autoptr (HeroIdentity) from = hero_identity_new (HERO_ORIGIN_SOCKET), to = hero_identity_new (HERO_ORIGIN_BUS);

  g_assert_true (set (from, "x-hero-context", "7"));
  g_assert_true (set (from, "X-Hero-User", "j"));
  g_assert_true (set (from, "X-Hero-Claims", "a,b"));
  g_assert_true (set (from, "X-Proxy-User-Email", "j@example.org"));
  g_assert_true (set (from, "X-Other", "\x01"));
  g_assert_true (set (from, "Accept", "\x01"));
  hero_identity_foreach_header (from, take, to);
  g_assert_cmpuint (to->context, ==, 7);
  g_assert_cmpstr (to->user, ==, "j");
  g_assert_cmpstr (to->proxy_email, ==, "j@example.org");
  g_assert_true (hero_identity_has_claim (to, "b"));
  g_assert_null (to->impersonator);
  g_assert_cmpstr (hero_origin_name (to->origin), ==, "bus");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/context", test_context);
  g_test_add_func ("/identity/user", test_user);
  g_test_add_func ("/identity/claims", test_claims);
  g_test_add_func ("/identity/forward", test_forward);
  return g_test_run ();
}
