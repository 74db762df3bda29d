/* page-parts.c: what the tabs of hero_proc on admin.sock share. Service thread. */
#include "page-parts.h"

enum
{
  PAGE_ROWS = 100,
};

/* ---------------------------------------------------------------------------------------------- long lists */

ProcPageRange
proc_page_range_read (HeroPage *page)
{
  ProcPageRange range = { 0 };

  if (!g_ascii_string_to_unsigned (proc_page_asked (page, "offset"), 10, 0, G_MAXUINT32, &range.offset, NULL))
    range.offset = 0;
  return range;
}

gboolean
proc_page_range_takes (ProcPageRange *self)
{
  if (self->n_passed++ < self->offset)
    return FALSE;
  self->has_more = self->n_passed > self->offset + PAGE_ROWS;
  return !self->has_more;
}

static void
write_turn (HeroPage *page, const char *href, guint64 offset, const char *text)
{
  g_autofree char *full = g_strdup_printf ("%soffset=%" G_GUINT64_FORMAT, href, offset);

  hero_page_link (page, full, text);
}

void
proc_page_range_end (const ProcPageRange *self, HeroPage *page, const char *href, const char *before, const char *after)
{
  hero_page_html (page, "<nav class=\"actions\" data-live=\"turn\" aria-label=\"More rows\">");
  if (self->offset > 0)
    write_turn (page, href, self->offset > PAGE_ROWS ? self->offset - PAGE_ROWS : 0, before);
  if (self->has_more)
    write_turn (page, href, self->offset + PAGE_ROWS, after);
  hero_page_html (page, "</nav>\n");
}

/* ---------------------------------------------------------------------------------------------- small parts */

const char *
proc_page_asked (HeroPage *page, const char *name)
{
  const char *value = hero_page_get_query (page, name);

  return value != NULL ? value : "";
}

void
proc_page_cell_time (HeroPage *page, gint64 unix_ms)
{
  if (unix_ms != 0)
    hero_page_cell_int (page, unix_ms);
  else
    hero_page_cell (page, "%s", "");
}

void
proc_page_cell_pid (HeroPage *page, pid_t pid)
{
  if (pid != 0)
    hero_page_cell (page, "%d", pid);
  else
    hero_page_cell (page, "%s", "");
}

void
proc_page_cell_exit_code (HeroPage *page, int code)
{
  if (code >= 0)
    hero_page_cell (page, "%d", code);
  else
    hero_page_cell (page, "%s", "");
}

void
proc_page_cell_tags (HeroPage *page, char *const *tags)
{
  g_autofree char *text = tags != NULL ? g_strjoinv (", ", (char **)tags) : g_strdup ("");

  hero_page_cell (page, "%s", text);
}

void
proc_page_buttons_begin (HeroPage *page)
{
  hero_page_html (page, "<div class=\"actions\" data-live=\"buttons\">");
}

void
proc_page_buttons_end (HeroPage *page)
{
  hero_page_html (page, "</div>\n");
}
