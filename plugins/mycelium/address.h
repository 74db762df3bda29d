/* address.h: keys and addresses of nodes, as bytes and as text (contract 2, 3). Pure; any thread. */
#pragma once

#include <gio/gio.h>

#define KEY_BYTES 32
#define IP_BYTES 16

/* A node as it is named in a message: this one, or another. */
typedef struct
{
  guint8 ip[IP_BYTES]; /* IPv4 is mapped */
  guint8 key[KEY_BYTES];
} NodeAddress;

/* The address that belongs to a public key: BLAKE3, then the first byte marks 400::/7. */
void address_from_key (const guint8 key[KEY_BYTES], guint8 ip[IP_BYTES]);
gboolean address_parse_ip (const char *text, guint8 ip[IP_BYTES]);
char *address_print_ip (const guint8 ip[IP_BYTES]); /* RFC 5952, IPv4 dotted */
/* TRUE if ip lies in the /64 of own. */
gboolean address_is_in_subnet (const guint8 own[IP_BYTES], const guint8 ip[IP_BYTES]);
char *address_print_subnet (const guint8 own[IP_BYTES]); /* "430:9364:d8d8:84a9::/64" */

/* Exactly 2 * length hex digits of any case. */
gboolean hex_parse (const char *text, guint8 *bytes, gsize length);
char *hex_print (const guint8 *bytes, gsize length); /* lower case */
/* An id: 16 hex digits, the number in big-endian order. */
gboolean id_parse (const char *text, guint64 *id);
char *id_print (guint64 id);

/* Standard alphabet, padded; NULL: not that. transfer full */
GBytes *base64_parse (const char *text);
char *base64_print (GBytes *bytes);
