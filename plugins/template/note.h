/* note.h: one note and how notes are stored: table "notes", key = the id (a rising number), value = JSON. Any thread. */
#pragma once

#include <hero-service/hero-service.h>

typedef struct
{
  guint64 id;
  char *title, *text;
  char **tags;     /* never NULL */
  gint64 added_ms; /* unix time */
} Note;

Note *note_new (const char *title, const char *text, const char *const *tags);
void note_free (Note *note);
/* id, title, text, tags, added_ms; transfer full. */
JsonObject *note_to_json (const Note *note);

HeroStore *note_store_open (const char *dir, GError **error);
guint64 note_count (HeroStore *store);
/* NULL if there is none; transfer full. */
Note *note_get (HeroStore *store, guint64 id);
/* At most `limit` notes with an id below `before` (0 = no bound), newest first; transfer full. */
GPtrArray *note_list (HeroStore *store, guint64 before, guint limit);

/* For write closures. Fills in note->id; HERO_ERROR_LIMIT when `limit` notes are there. */
gboolean note_put (HeroStoreTxn *txn, Note *note, guint limit, GError **error);
/* HERO_ERROR_NOT_FOUND if there is none. */
gboolean note_delete (HeroStoreTxn *txn, guint64 id, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Note, note_free)
