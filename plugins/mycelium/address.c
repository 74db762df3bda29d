/* address.c: keys, addresses, ids and base64 as text. Pure; any thread. */
#include "address.h"

#include "blake3.h"

#include <arpa/inet.h>
#include <string.h>

void
address_from_key (const guint8 key[KEY_BYTES], guint8 ip[IP_BYTES])
{
  blake3_hash16 (key, KEY_BYTES, ip);
  ip[0] = (guint8)(0x04 | (__builtin_popcount (ip[0]) & 1));
}

gboolean
address_parse_ip (const char *text, guint8 ip[IP_BYTES])
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

  if (inet_pton (AF_INET6, text, ip) == 1)
    return TRUE;
  memcpy (ip, mapped, sizeof mapped);
  return inet_pton (AF_INET, text, ip + sizeof mapped) == 1;
}

char *
address_print_ip (const guint8 ip[IP_BYTES])
{
  char text[INET6_ADDRSTRLEN];

  if (IN6_IS_ADDR_V4MAPPED ((const struct in6_addr *)ip))
    inet_ntop (AF_INET, ip + 12, text, sizeof text);
  else
    inet_ntop (AF_INET6, ip, text, sizeof text);
  return g_strdup (text);
}

gboolean
address_is_in_subnet (const guint8 own[IP_BYTES], const guint8 ip[IP_BYTES])
{
  return memcmp (own, ip, 8) == 0;
}

char *
address_print_subnet (const guint8 own[IP_BYTES])
{
  guint8 net[IP_BYTES] = { 0 };

  memcpy (net, own, 8);
  g_autofree char *text = address_print_ip (net);
  return g_strconcat (text, "/64", NULL);
}

gboolean
hex_parse (const char *text, guint8 *bytes, gsize length)
{
  if (strlen (text) != 2 * length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]), low = g_ascii_xdigit_value (text[2 * i + 1]);
      if (high < 0 || low < 0)
        return FALSE;
      bytes[i] = (guint8)(high << 4 | low);
    }
  return TRUE;
}

char *
hex_print (const guint8 *bytes, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  char *text = g_malloc (2 * length + 1);

  for (gsize i = 0; i < length; i++)
    {
      text[2 * i] = digits[bytes[i] >> 4];
      text[2 * i + 1] = digits[bytes[i] & 15];
    }
  text[2 * length] = '\0';
  return text;
}

gboolean
id_parse (const char *text, guint64 *id)
{
  guint64 bytes;

  if (!hex_parse (text, (guint8 *)&bytes, sizeof bytes))
    return FALSE;
  *id = GUINT64_FROM_BE (bytes);
  return TRUE;
}

char *
id_print (guint64 id)
{
  return g_strdup_printf ("%016" G_GINT64_MODIFIER "x", id);
}

GBytes *
base64_parse (const char *text)
{
  gsize length = strlen (text), padding = 0, size;

  if (length % 4 != 0)
    return NULL;
  while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
    padding++;
  for (gsize i = 0; i < length - padding; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return NULL;
  guint8 *data = g_base64_decode (text, &size);
  return g_bytes_new_take (data, size);
}

char *
base64_print (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return size > 0 ? g_base64_encode (data, size) : g_strdup ("");
}
