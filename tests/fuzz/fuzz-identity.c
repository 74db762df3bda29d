/*
 * fuzz-identity.c: identity headers, a line each: "Name: value". What was taken and is carried on to another service must
 * be taken there, with the same content.
 */
#include <hero-service/identity.h>

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
carry (const char *name, const char *value, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (hero_identity_set_header (data, name, value, &error));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (HeroIdentity) identity = hero_identity_new (HERO_ORIGIN_SOCKET), next = hero_identity_new (HERO_ORIGIN_BUS);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');
      if (colon == NULL)
        continue;
      *colon = '\0';
      if (!hero_identity_set_header (identity, lines[i], colon + 1, NULL))
        return 0;
    }
  hero_identity_foreach_header (identity, carry, next);
  g_assert_cmpuint (identity->context, ==, next->context);
  g_assert_cmpstr (identity->user, ==, next->user);
  g_assert_cmpstrv (identity->claims, next->claims);
  g_assert_cmpstr (identity->proxy_email, ==, next->proxy_email);
  return 0;
}
