/* test-secret-seal.c: the format of sealed secrets against vectors of another implementation, and the rules of the key
 * file. */
#include "secret-key.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <sodium.h>

typedef struct
{
  char *dir, *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("hpkXXXXXX", NULL);
  self->path = g_build_filename (self->dir, "secret.key", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (self->dir, name, NULL);

      g_remove (path);
    }
  g_rmdir (self->dir);
  g_free (self->dir);
  g_free (self->path);
}

/* ---------------------------------------------------------------------------------------------- seal */

/* Key 00 01 .. 1f, nonce 40 41 .. 57; made by an implementation in Python that was checked with the vector of
 * draft-irtf-cfrg-xchacha A.3.1. */
static const struct
{
  ProcSealLabel label;
  const char *value, *record;
} vectors[] = {
  { { 0, 1, "FORGE_TOKEN" },
    "correct horse",
    "01404142434445464748494a4b4c4d4e4f5051525354555657"
    "b7567702b5830d36e79bf5cdcac2ed913f098eef0c2c8ffb6c11c31a5b" },
  { { 5, 0x01020304, "db/main:password" },
    "zwei\nZeilen \xe2\x9c\x93",
    "01404142434445464748494a4b4c4d4e4f5051525354555657"
    "ae4e6019daba1c7fe391e99e4d00f6ef9c55eca317b912b91c0a26b81f13eb" },
  { { G_MAXUINT32, 7, "e" },
    "",
    "01404142434445464748494a4b4c4d4e4f5051525354555657"
    "1c85dbcdaeff162a70a9bb611eabdfd2" },
};

static void
fill (guint8 *bytes, gsize length, guint8 from)
{
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8)(from + i);
}

static void
test_vectors (void)
{
  guint8 key[PROC_SEAL_KEY], nonce[PROC_SEAL_NONCE];
  g_autofree char *id = NULL;

  fill (key, sizeof key, 0);
  fill (nonce, sizeof nonce, 0x40);
  id = proc_seal_key_id (key);
  g_assert_cmpstr (id, ==, "cb2f5160fc1f7e05");
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GBytes) record = proc_seal_with_nonce (key, nonce, &vectors[i].label, vectors[i].value);
      gsize length = g_bytes_get_size (record);
      g_autofree char *hex = g_malloc (2 * length + 1), *value = NULL;

      sodium_bin2hex (hex, 2 * length + 1, g_bytes_get_data (record, NULL), length);
      g_assert_cmpstr (hex, ==, vectors[i].record);
      g_assert_cmpuint (proc_seal_get_length (record), ==, strlen (vectors[i].value));
      value = proc_seal_open (key, &vectors[i].label, record, NULL);
      g_assert_cmpstr (value, ==, vectors[i].value);
    }
}

static void
assert_shut (const guint8 *key, ProcSealLabel label, GBytes *record)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (proc_seal_open (key, &label, record, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

/* A record opens under its own label and key only, and only whole. */
static void
test_bound (void)
{
  guint8 key[PROC_SEAL_KEY], other[PROC_SEAL_KEY];
  ProcSealLabel label = { 3, 2, "token" };
  g_autoptr (GBytes) record = NULL, again = NULL;

  fill (key, sizeof key, 0);
  fill (other, sizeof other, 1);
  record = proc_seal (key, &label, "value of it");
  again = proc_seal (key, &label, "value of it");
  g_assert_false (g_bytes_equal (record, again)); /* another nonce */
  assert_shut (other, label, record);
  assert_shut (key, (ProcSealLabel){ 4, 2, "token" }, record);
  assert_shut (key, (ProcSealLabel){ 3, 1, "token" }, record);
  assert_shut (key, (ProcSealLabel){ 3, 2, "tokem" }, record);
  for (gsize i = 0; i < g_bytes_get_size (record); i++)
    {
      g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (record, NULL), g_bytes_get_size (record));
      g_autoptr (GBytes) damaged = NULL, shorter = g_bytes_new (copy, i);

      copy[i] ^= 1;
      damaged = g_bytes_new (copy, g_bytes_get_size (record));
      assert_shut (key, label, damaged);
      assert_shut (key, label, shorter);
    }
}

/* ---------------------------------------------------------------------------------------------- key file */

static void
test_save_load (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ProcSecretKey) key = proc_secret_key_new_random (&error), loaded = NULL;
  struct stat info;

  g_assert_no_error (error);
  g_assert_true (proc_secret_key_save (key, self->path, &error));
  g_assert_no_error (error);
  g_assert_cmpint (stat (self->path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0600);
  g_assert_cmpint (info.st_size, ==, 32);
  loaded = proc_secret_key_load (self->path, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (proc_secret_key_bytes (loaded), 32, proc_secret_key_bytes (key), 32);
  g_assert_cmpstr (proc_secret_key_id (loaded), ==, proc_secret_key_id (key));
  g_assert_false (proc_secret_key_save (key, self->path, &error)); /* never over a file that is there */
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
}

static void
assert_refused (Fixture *self, int code, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (proc_secret_key_load (self->path, &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_rules (Fixture *self, gconstpointer data)
{
  static const mode_t modes[] = { 0644, 0640, 0660, 0400, 0700, 04600 };
  g_autofree char *target = g_strconcat (self->path, ".real", NULL);

  assert_refused (self, G_IO_ERROR_NOT_FOUND, "is missing");
  g_assert_true (g_file_set_contents (self->path, "0123456789abcdef0123456789abcdef", 32, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_assert_cmpint (chmod (self->path, modes[i]), ==, 0);
      assert_refused (self, G_IO_ERROR_PERMISSION_DENIED, "not 0600");
    }
  g_assert_true (g_file_set_contents (self->path, "0123456789abcdef0123456789abcde", 31, NULL));
  g_assert_cmpint (chmod (self->path, 0600), ==, 0);
  assert_refused (self, G_IO_ERROR_INVALID_DATA, "has 31 bytes, not 32");
  g_assert_cmpint (rename (self->path, target), ==, 0);
  g_assert_cmpint (symlink (target, self->path), ==, 0);
  assert_refused (self, G_IO_ERROR_TOO_MANY_LINKS, "cannot be opened");
  g_assert_cmpint (unlink (self->path), ==, 0);
  g_assert_cmpint (mkfifo (self->path, 0600), ==, 0);
  assert_refused (self, G_IO_ERROR_NOT_REGULAR_FILE, "not a regular file");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (sodium_init (), >=, 0);
  g_test_add_func ("/secret-seal/vectors", test_vectors);
  g_test_add_func ("/secret-seal/bound", test_bound);
  g_test_add ("/secret-key/save-load", Fixture, NULL, set_up, test_save_load, tear_down);
  g_test_add ("/secret-key/rules", Fixture, NULL, set_up, test_rules, tear_down);
  return g_test_run ();
}
