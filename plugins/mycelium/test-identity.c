/* test-identity.c: the vectors of the contract, the key file, and the text forms of keys, addresses, ids and base64. */
#include "address.h"
#include "blake3.h"
#include "node-key.h"

#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hero-service/hero-service.h>

static void
assert_hash (const guint8 *input, gsize length, const char *expected)
{
  guint8 hash[16];

  blake3_hash16 (input, length, hash);
  g_autofree char *text = hex_print (hash, sizeof hash);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_vectors (void)
{
  static const struct
  {
    int first; /* secret: first, first + 1, ..; -1 = 32 times ff; -2 = the public key alone is given */
    const char *key, *hash, *address;
  } rows[] = {
    { 0x00, "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f", "c3309364d8d884a9dd60de78c767d361",
      "430:9364:d8d8:84a9:dd60:de78:c767:d361" },
    { 0x20, "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254", "4d375106553015897c53fa73c63e1ddb",
      "437:5106:5530:1589:7c53:fa73:c63e:1ddb" },
    { -1, "847c0d2c375234f365e660955187a3735a0f7613d1609d3a6a4d8c53aeaa5a22", "a769215cb0bfab7bfe1bf51db0c2635a",
      "569:215c:b0bf:ab7b:fe1b:f51d:b0c2:635a" },
    { -2, "955bf6bea5e1150fd8e270c12e5b2fc08f08f7c5f3799d10550096cc137d671b", "ec1474cedd13296fada74d2e9335acac",
      "514:74ce:dd13:296f:ada7:4d2e:9335:acac" },
    { -2, "a47c1d6f2a15b2c670d3a88fbe0aeb301ced12f7bcb4c8e3aa877b20f8559c02", "bf48c783d7ce74a39ba1a0cbae21338d",
      "548:c783:d7ce:74a3:9ba1:a0cb:ae21:338d" },
    { -2, "0000000000000000000000000000000000000000000000000000000000000000", "2ada83c1819a5372dae1238fc1ded123",
      "5da:83c1:819a:5372:dae1:238f:c1de:d123" },
    { -2, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "e528e95798037df410543d9f31e396ec",
      "528:e957:9803:7df4:1054:3d9f:31e3:96ec" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint8 key[KEY_BYTES], ip[IP_BYTES], secret[KEY_BYTES];
      g_assert_true (hex_parse (rows[i].key, key, KEY_BYTES));
      for (guint j = 0; j < KEY_BYTES; j++)
        secret[j] = (guint8)(rows[i].first == -1 ? 0xff : rows[i].first + (int)j);
      if (rows[i].first != -2)
        {
          NodeKey node;
          node_key_from_secret (&node, secret);
          g_assert_cmpmem (node.address.key, KEY_BYTES, key, KEY_BYTES);
        }
      assert_hash (key, KEY_BYTES, rows[i].hash);
      address_from_key (key, ip);
      g_autofree char *address = address_print_ip (ip);
      g_assert_cmpstr (address, ==, rows[i].address);
    }
}

/* The two first keys agree on this secret: the key is a plain X25519 one. */
static void
test_shared_secret (void)
{
  guint8 one[KEY_BYTES], two[KEY_BYTES], shared[KEY_BYTES];
  NodeKey first, second;

  for (guint j = 0; j < KEY_BYTES; j++)
    {
      one[j] = (guint8)j;
      two[j] = (guint8)(0x20 + j);
    }
  node_key_from_secret (&first, one);
  node_key_from_secret (&second, two);
  g_assert_cmpint (crypto_scalarmult (shared, first.secret, second.address.key), ==, 0);
  g_autofree char *text = hex_print (shared, KEY_BYTES);
  g_assert_cmpstr (text, ==, "9663aa1da97e848a914a436d04163dfbb89178f107f1b5b77ed3854203382854");
}

static void
test_key_file (void)
{
  g_autofree char *dir = g_dir_make_tmp ("hero-key-XXXXXX", NULL);
  g_autofree char *deep = g_build_filename (dir, "deep", NULL);
  g_autofree char *path = g_build_filename (deep, "priv_key.bin", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  NodeKey made, read, longer;
  struct stat st;
  gsize length;

  mode_t mask = umask (0);
  g_assert_true (node_key_load (&made, path, &error));
  umask (mask);
  g_assert_no_error (error);
  g_assert_cmpint (lstat (path, &st), ==, 0);
  g_assert_cmpint (st.st_size, ==, KEY_BYTES);
  g_assert_cmpint (st.st_mode & 07777, ==, 0600);
  g_assert_true (node_key_load (&read, path, &error));
  g_assert_cmpmem (&made, sizeof made, &read, sizeof read);

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_autofree char *more = g_malloc0 (length + 5);
  memcpy (more, text, length);
  g_assert_true (g_file_set_contents (path, more, (gssize)length + 5, NULL));
  g_assert_true (node_key_load (&longer, path, &error));
  g_assert_true (longer.long_file);
  g_assert_cmpmem (longer.secret, KEY_BYTES, made.secret, KEY_BYTES);

  /* A short one is never overwritten. */
  g_assert_true (g_file_set_contents (path, "short", 5, NULL));
  g_assert_false (node_key_load (&read, path, &error));
  g_assert_error (error, HERO_PLUGIN_ERROR, HERO_PLUGIN_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "expected 32 bytes, found 5"));
  g_assert_cmpint (lstat (path, &st), ==, 0);
  g_assert_cmpint (st.st_size, ==, 5);
  g_unlink (path);
  g_rmdir (deep);
  g_rmdir (dir);
}

static void
test_texts (void)
{
  static const char *const bad_base64[] = { "YQ", "YQ=", "Y===", "YQ==x", "YQ==\n", "Y Q=", "YQ-_", "=YQ=" };
  static const char *const bad_ids[] = { "", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg" };
  guint8 ip[IP_BYTES], own[IP_BYTES];
  guint64 id;

  for (guint i = 0; i < G_N_ELEMENTS (bad_base64); i++)
    g_assert_null (base64_parse (bad_base64[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad_ids); i++)
    g_assert_false (id_parse (bad_ids[i], &id));
  g_autoptr (GBytes) bytes = base64_parse ("+/8=");
  g_autofree char *again = base64_print (bytes);
  g_assert_cmpstr (again, ==, "+/8=");
  g_autoptr (GBytes) empty = base64_parse ("");
  g_assert_cmpuint (g_bytes_get_size (empty), ==, 0);

  g_assert_true (id_parse ("0123456789ABCDEF", &id));
  g_autofree char *id_text = id_print (id);
  g_assert_cmpstr (id_text, ==, "0123456789abcdef");

  g_assert_true (address_parse_ip ("430:9364:d8d8:84a9:dd60:de78:c767:d361", own));
  g_autofree char *subnet = address_print_subnet (own);
  g_assert_cmpstr (subnet, ==, "430:9364:d8d8:84a9::/64");
  g_assert_true (address_parse_ip ("430:9364:d8d8:84a9::1", ip));
  g_assert_true (address_is_in_subnet (own, ip));
  g_assert_true (address_parse_ip ("430:9364:d8d8:84aa::1", ip));
  g_assert_false (address_is_in_subnet (own, ip));
  g_assert_true (address_parse_ip ("10.1.2.3", ip));
  g_autofree char *ipv4 = address_print_ip (ip);
  g_assert_cmpstr (ipv4, ==, "10.1.2.3");
  g_assert_false (address_parse_ip ("10.1.2", ip));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/vectors", test_vectors);
  g_test_add_func ("/identity/shared-secret", test_shared_secret);
  g_test_add_func ("/identity/key-file", test_key_file);
  g_test_add_func ("/identity/texts", test_texts);
  return g_test_run ();
}
