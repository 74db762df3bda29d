/* acl.c: configured topics and their sources. Any thread may ask; the service thread changes. */
#include "acl.h"

#include <string.h>

#include <hero-service/error.h>

struct _Acl
{
  GMutex lock;
  gboolean accept;
  GHashTable *topics; /* GBytes -> GArray of Subnet */
};

/* ------------------------------------------------------------------------------------------------ networks */

static gboolean
is_mapped (const guint8 ip[IP_BYTES])
{
  static const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };

  return memcmp (ip, prefix, sizeof prefix) == 0;
}

static void
clear_host_bits (Subnet *subnet)
{
  for (guint bit = subnet->prefix; bit < 8 * IP_BYTES; bit++)
    subnet->ip[bit / 8] &= (guint8) ~(0x80 >> bit % 8);
}

gboolean
subnet_parse (const char *text, Subnet *subnet)
{
  const char *slash = strchr (text, '/');
  g_autofree char *ip = slash ? g_strndup (text, (gsize)(slash - text)) : g_strdup (text);
  guint64 prefix;

  if (!address_parse_ip (ip, subnet->ip))
    return FALSE;
  guint offset = is_mapped (subnet->ip) && !strchr (ip, ':') ? 96 : 0;
  prefix = 128 - offset;
  if (slash && !g_ascii_string_to_unsigned (slash + 1, 10, 0, 128 - offset, &prefix, NULL))
    return FALSE;
  subnet->prefix = (guint)prefix + offset;
  clear_host_bits (subnet);
  return TRUE;
}

char *
subnet_print (const Subnet *subnet)
{
  g_autofree char *ip = address_print_ip (subnet->ip);
  guint offset = is_mapped (subnet->ip) && subnet->prefix >= 96 ? 96 : 0;

  return g_strdup_printf ("%s/%u", ip, subnet->prefix - offset);
}

static gboolean
covers (const Subnet *subnet, const guint8 ip[IP_BYTES])
{
  Subnet other = { .prefix = subnet->prefix };

  memcpy (other.ip, ip, IP_BYTES);
  clear_host_bits (&other);
  return memcmp (other.ip, subnet->ip, IP_BYTES) == 0;
}

/* ------------------------------------------------------------------------------------------------ topics */

Acl *
acl_new (void)
{
  Acl *self = g_new0 (Acl, 1);

  g_mutex_init (&self->lock);
  self->accept = TRUE;
  self->topics = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                                        (GDestroyNotify)g_array_unref);
  return self;
}

void
acl_free (Acl *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->topics);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
acl_get_default (Acl *self)
{
  g_mutex_lock (&self->lock);
  gboolean accept = self->accept;
  g_mutex_unlock (&self->lock);
  return accept;
}

void
acl_set_default (Acl *self, gboolean accept)
{
  g_mutex_lock (&self->lock);
  self->accept = accept;
  g_mutex_unlock (&self->lock);
}

/* With the lock. */
static gboolean
judge (Acl *self, GBytes *topic, const guint8 ip[IP_BYTES])
{
  GArray *sources = g_hash_table_lookup (self->topics, topic);

  if (!sources)
    return self->accept;
  for (guint i = 0; i < sources->len; i++)
    if (covers (&g_array_index (sources, Subnet, i), ip))
      return TRUE;
  return FALSE;
}

gboolean
acl_accepts (Acl *self, GBytes *topic, const guint8 ip[IP_BYTES])
{
  g_mutex_lock (&self->lock);
  gboolean accepted = judge (self, topic, ip);
  g_mutex_unlock (&self->lock);
  return accepted;
}

gboolean
acl_has_topic (Acl *self, GBytes *topic)
{
  g_mutex_lock (&self->lock);
  gboolean found = g_hash_table_contains (self->topics, topic);
  g_mutex_unlock (&self->lock);
  return found;
}

gboolean
acl_add_topic (Acl *self, GBytes *topic, guint max, GError **error)
{
  g_mutex_lock (&self->lock);
  gboolean known = g_hash_table_contains (self->topics, topic), room = g_hash_table_size (self->topics) < max;
  if (!known && room)
    g_hash_table_insert (self->topics, g_bytes_ref (topic), g_array_new (FALSE, FALSE, sizeof (Subnet)));
  g_mutex_unlock (&self->lock);
  if (!known && !room)
    g_set_error (error, HERO_ERROR, HERO_ERROR_LIMIT, "%u topics are configured, the most that may (topics_max)", max);
  return known || room;
}

void
acl_remove_topic (Acl *self, GBytes *topic)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->topics, topic);
  g_mutex_unlock (&self->lock);
}

static gboolean
find_source (GArray *sources, const Subnet *subnet, guint *index)
{
  for (*index = 0; *index < sources->len; (*index)++)
    {
      const Subnet *known = &g_array_index (sources, Subnet, *index);
      if (known->prefix == subnet->prefix && memcmp (known->ip, subnet->ip, IP_BYTES) == 0)
        return TRUE;
    }
  return FALSE;
}

void
acl_add_source (Acl *self, GBytes *topic, const Subnet *subnet)
{
  guint index;

  g_mutex_lock (&self->lock);
  GArray *sources = g_hash_table_lookup (self->topics, topic);
  if (sources && !find_source (sources, subnet, &index))
    g_array_append_val (sources, *subnet);
  g_mutex_unlock (&self->lock);
}

void
acl_remove_source (Acl *self, GBytes *topic, const Subnet *subnet)
{
  guint index;

  g_mutex_lock (&self->lock);
  GArray *sources = g_hash_table_lookup (self->topics, topic);
  if (sources && find_source (sources, subnet, &index))
    g_array_remove_index (sources, index);
  g_mutex_unlock (&self->lock);
}

static int
compare_topics (gconstpointer a, gconstpointer b)
{
  return g_bytes_compare (*(GBytes *const *)a, *(GBytes *const *)b);
}

GPtrArray *
acl_get_topics (Acl *self)
{
  GPtrArray *topics = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  GHashTableIter iter;
  gpointer topic;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, &topic, NULL))
    g_ptr_array_add (topics, g_bytes_ref (topic));
  g_mutex_unlock (&self->lock);
  g_ptr_array_sort (topics, compare_topics);
  return topics;
}

char **
acl_get_sources (Acl *self, GBytes *topic)
{
  g_mutex_lock (&self->lock);
  GArray *sources = g_hash_table_lookup (self->topics, topic);
  char **texts = sources ? g_new0 (char *, sources->len + 1) : NULL;
  for (guint i = 0; sources && i < sources->len; i++)
    texts[i] = subnet_print (&g_array_index (sources, Subnet, i));
  g_mutex_unlock (&self->lock);
  return texts;
}
