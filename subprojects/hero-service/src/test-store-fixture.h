/* test-store-fixture.h: for tests of the store: two tables, `a` and `b`, of real LMDB files, and closures that write. */
#pragma once

#include <hero-service/error.h>
#include <hero-service/store.h>

#include "test-dir.h"

extern const char *const two_tables[];
extern const HeroStoreOptions plain; /* format 1, two tables */

HeroStore *open_ok (const char *path, const HeroStoreOptions *options);
/* code: of HERO_ERROR; text: in its message. */
void assert_open_fails (const char *path, const HeroStoreOptions *options, int code, const char *text);

/* ---- one record */
void put (HeroStore *store, const char *table, const char *key, const char *value);
char *get (HeroStore *store, const char *table, const char *key); /* NULL = there is none */
void assert_value (HeroStore *store, const char *table, const char *key, const char *expected);

/* ---- closures */
typedef struct
{
  const char *table, *key, *value; /* value NULL = delete */
  gboolean fail;                   /* after having written */
} Put;

gboolean write_put (HeroStoreTxn *txn, gpointer put, GError **error);
gboolean write_append (HeroStoreTxn *txn, gpointer number, GError **error); /* a byte to `a`; its number, a guint64 */
gboolean write_big (HeroStoreTxn *txn, gpointer data, GError **error);      /* a MiB to `a` */
gboolean write_clear (HeroStoreTxn *txn, gpointer data, GError **error);    /* nothing is left in `a` */

/* A thread: fifty times a byte to `a`, which is there when it is looked for. */
gpointer write_from_thread (gpointer store);
