/* template-page.c: the tab with the notes, and the page of one note below it. Service thread. */
#include "note.h"
#include "template.h"

#define SHOWN 1000

static void
write_delete (HeroPage *page, const Note *note)
{
  g_autofree char *params = g_strdup_printf ("{\"id\":%" G_GUINT64_FORMAT "}", note->id);

  hero_page_cell_action (page, "Delete", "note.delete", params, "Its text and tags are gone for good.");
}

static void
write_row (HeroPage *page, const Note *note)
{
  g_autofree char *key = g_strdup_printf ("%" G_GUINT64_FORMAT, note->id);
  g_autofree char *href = g_strconcat ("/notes/", key, NULL);
  g_autofree char *tags = g_strjoinv (", ", note->tags);

  hero_page_row_begin (page, key);
  hero_page_cell_link (page, href, note->title);
  hero_page_cell (page, "%s", tags);
  hero_page_cell_int (page, (gint64) strlen (note->text));
  hero_page_cell_int (page, note->added_ms);
  write_delete (page, note);
  hero_page_row_end (page);
}

static void
render_list (Template *self, HeroPage *page)
{
  g_autoptr (GPtrArray) notes = note_list (self->store, 0, SHOWN);

  hero_page_heading (page, "Notes");
  hero_page_table_begin (page, "notes", "Title|Tags|Size~|Added@|", "No note yet: add the first one below.");
  for (guint i = 0; i < notes->len; i++)
    write_row (page, notes->pdata[i]);
  hero_page_table_end (page);
  if (notes->len == SHOWN)
    hero_page_text (page, "The newest %d notes are shown; note.list gives the others.", SHOWN);
  hero_page_heading (page, "New note");
  hero_page_form (page, "note.add", "Add note");
  hero_page_done (page);
}

static void
render_note (Template *self, HeroPage *page, const char *id)
{
  g_autoptr (Note) note = note_get (self->store, g_ascii_strtoull (id, NULL, 10));

  if (note == NULL)
    {
      hero_page_fail (page, g_error_new (HERO_ERROR, HERO_ERROR_NOT_FOUND, "There is no note \"%s\".", id));
      return;
    }
  hero_page_set_title (page, "%s", note->title);
  hero_page_heading (page, note->title);
  hero_page_pre (page, note->text);
  hero_page_done (page);
}

static void
render_notes (gpointer self, HeroPage *page)
{
  const char *id = hero_page_get_rest (page);

  if (*id == '\0')
    render_list (self, page);
  else
    render_note (self, page, id);
}

void
template_register_page (Template *self)
{
  static const HeroPageTab tabs[] = { { "notes", "Notes", render_notes, .events = "note.*" }, { NULL } };
  static const HeroPageSpec spec = HERO_PAGE_SPEC (.tabs = tabs);

  hero_service_set_page (self->ctx, &spec, NULL, self);
}
