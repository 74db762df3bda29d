/* identity.c: who calls, from the X-Hero headers (conventions 6). Any thread; immutable once it is shared. */
#include <hero-service/error.h>
#include <hero-service/identity.h>

#include <string.h>

#define MAX_USER 256 /* bytes */
#define MAX_CLAIMS 256

enum
{
  SEEN_CONTEXT = 1 << 0,
  SEEN_USER = 1 << 1,
  SEEN_CLAIMS = 1 << 2,
};

/* What the public struct is the beginning of. */
typedef struct
{
  HeroIdentity pub;
  gatomicrefcount refs;
  guint seen;
} Identity;

static char *no_claims[] = { NULL };

HeroIdentity *
hero_identity_new (HeroOrigin origin)
{
  Identity *self = g_new0 (Identity, 1);

  g_atomic_ref_count_init (&self->refs);
  self->pub.origin = origin;
  self->pub.user = g_strdup ("");
  self->pub.claims = no_claims;
  self->pub.peer_uid = (uid_t)-1;
  return &self->pub;
}

HeroIdentity *
hero_identity_ref (HeroIdentity *self)
{
  g_atomic_ref_count_inc (&((Identity *)self)->refs);
  return self;
}

void
hero_identity_unref (HeroIdentity *self)
{
  if (!g_atomic_ref_count_dec (&((Identity *)self)->refs))
    return;
  g_free (self->user);
  if (self->claims != no_claims)
    g_strfreev (self->claims);
  g_free (self->impersonator);
  g_free (self->proxy_email);
  g_free (self->proxy_method);
  g_free (self->proxy_pubkey);
  g_free (self);
}

gboolean
hero_identity_has_claim (const HeroIdentity *self, const char *claim)
{
  return g_strv_contains ((const char *const *)self->claims, claim);
}

const char *
hero_origin_name (HeroOrigin origin)
{
  static const char *const names[] = { "socket", "tcp", "bus", "bus-remote" };

  return (guint)origin < G_N_ELEMENTS (names) ? names[origin] : "unknown";
}

/* ------------------------------------------------------------------------------------------------ headers */

static gboolean
malformed (GError **error, const char *name, const char *why)
{
  g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "header %s: %s", name, why);
  return FALSE;
}

static gboolean
is_text (const char *value)
{
  for (const char *p = value; *p != '\0'; p++)
    if ((guint8)*p < 0x20 || *p == 0x7f)
      return FALSE;
  return g_utf8_validate (value, -1, NULL);
}

static gboolean
set_context (Identity *self, const char *name, const char *value, GError **error)
{
  guint64 number = 0;

  if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT32, &number, NULL))
    return malformed (error, name, "expected an integer 0..4294967295");
  if ((self->seen & SEEN_CONTEXT) && number != self->pub.context)
    return malformed (error, name, "given twice with different values");
  self->pub.context = (guint32)number;
  self->seen |= SEEN_CONTEXT;
  return TRUE;
}

static gboolean
set_user (Identity *self, const char *name, const char *value, GError **error)
{
  if (strlen (value) > MAX_USER || !is_text (value))
    return malformed (error, name, "expected at most 256 bytes of UTF-8 without control characters");
  if ((self->seen & SEEN_USER) && strcmp (value, self->pub.user) != 0)
    return malformed (error, name, "given twice with different values");
  g_free (self->pub.user);
  self->pub.user = g_strdup (value);
  self->seen |= SEEN_USER;
  return TRUE;
}

static char **
split_claims (const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ",", -1);
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *claims = g_ptr_array_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    {
      g_strstrip (parts[i]);
      if (*parts[i] != '\0' && g_hash_table_add (known, parts[i]))
        g_ptr_array_add (claims, g_strdup (parts[i]));
    }
  g_ptr_array_add (claims, NULL);
  return (char **)g_ptr_array_free (claims, FALSE);
}

static gboolean
set_claims (Identity *self, const char *name, const char *value, GError **error)
{
  g_auto (GStrv) claims = split_claims (value);

  if (g_strv_length (claims) > MAX_CLAIMS)
    return malformed (error, name, "expected at most 256 claims");
  for (guint i = 0; claims[i] != NULL; i++)
    if (!is_text (claims[i]))
      return malformed (error, name, "expected UTF-8 without control characters");
  if ((self->seen & SEEN_CLAIMS) && !g_strv_equal ((const char *const *)claims, (const char *const *)self->pub.claims))
    return malformed (error, name, "given twice with different values");
  if (self->pub.claims != no_claims)
    g_strfreev (self->pub.claims);
  self->pub.claims = g_steal_pointer (&claims);
  self->seen |= SEEN_CLAIMS;
  return TRUE;
}

static gboolean
set_text (char **member, const char *name, const char *value, GError **error)
{
  if (!is_text (value))
    return malformed (error, name, "expected UTF-8 without control characters");
  if (*member != NULL && strcmp (value, *member) != 0)
    return malformed (error, name, "given twice with different values");
  g_free (*member);
  *member = g_strdup (value);
  return TRUE;
}

gboolean
hero_identity_set_header (HeroIdentity *self, const char *name, const char *value, GError **error)
{
  g_autofree char *trimmed = NULL;
  Identity *identity = (Identity *)self;

  if ((name[0] != 'X' && name[0] != 'x') || name[1] != '-')
    return TRUE;
  trimmed = g_strstrip (g_strdup (value));
  if (g_ascii_strcasecmp (name, "X-Hero-Context") == 0)
    return set_context (identity, "X-Hero-Context", trimmed, error);
  if (g_ascii_strcasecmp (name, "X-Hero-User") == 0)
    return set_user (identity, "X-Hero-User", trimmed, error);
  if (g_ascii_strcasecmp (name, "X-Hero-Claims") == 0)
    return set_claims (identity, "X-Hero-Claims", trimmed, error);
  if (g_ascii_strcasecmp (name, "X-Hero-Impersonator") == 0)
    return set_text (&self->impersonator, "X-Hero-Impersonator", trimmed, error);
  if (g_ascii_strcasecmp (name, "X-Proxy-User-Email") == 0)
    return set_text (&self->proxy_email, "X-Proxy-User-Email", trimmed, error);
  if (g_ascii_strcasecmp (name, "X-Proxy-Auth-Method") == 0)
    return set_text (&self->proxy_method, "X-Proxy-Auth-Method", trimmed, error);
  if (g_ascii_strcasecmp (name, "X-Proxy-User-Pubkey") == 0)
    return set_text (&self->proxy_pubkey, "X-Proxy-User-Pubkey", trimmed, error);
  return TRUE;
}

void
hero_identity_foreach_header (const HeroIdentity *self,
                              void (*func) (const char *name, const char *value, gpointer data), gpointer data)
{
  const struct
  {
    const char *name, *value;
  } texts[] = {
    { "X-Hero-Impersonator", self->impersonator },
    { "X-Proxy-User-Email", self->proxy_email },
    { "X-Proxy-Auth-Method", self->proxy_method },
    { "X-Proxy-User-Pubkey", self->proxy_pubkey },
  };

  if (self->context != 0)
    {
      g_autofree char *context = g_strdup_printf ("%u", self->context);
      func ("X-Hero-Context", context, data);
    }
  if (*self->user != '\0')
    func ("X-Hero-User", self->user, data);
  if (self->claims[0] != NULL)
    {
      g_autofree char *claims = g_strjoinv (",", self->claims);
      func ("X-Hero-Claims", claims, data);
    }
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].value != NULL)
      func (texts[i].name, texts[i].value, data);
}
