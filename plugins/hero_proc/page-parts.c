/* page-parts.c: what the tabs of hero_proc on admin.sock share. Service thread. */
#include "page-parts.h"

#include <string.h>

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

/* ---------------------------------------------------------------------------------------------- filters */

guint32
proc_page_get_context (HeroPage *page)
{
  return hero_http_request_get_identity (hero_page_get_request (page))->context;
}

const char *
proc_page_asked (HeroPage *page, const char *name)
{
  const char *value = hero_page_get_query (page, name);

  return value != NULL ? value : "";
}

void
proc_page_filter_begin (HeroPage *page)
{
  hero_page_html (page, "<form method=\"get\">");
}

static void
write_option (HeroPage *page, const char *name, const char *value, const char *text)
{
  hero_page_htmlf (page, "<option value=\"%s\"%s>%s</option>", value,
                   strcmp (proc_page_asked (page, name), value) == 0 ? " selected" : "", text);
}

void
proc_page_filter_choice (HeroPage *page, const char *label, const char *name, const char *const *more,
                         const char *const *words)
{
  hero_page_htmlf (page, "<label>%s <select name=\"%s\">", label, name);
  write_option (page, name, "", "all");
  for (guint i = 0; more != NULL && more[i] != NULL; i++)
    write_option (page, name, more[i], more[i]);
  for (guint i = 0; words[i] != NULL; i++)
    write_option (page, name, words[i], words[i]);
  hero_page_html (page, "</select></label> ");
}

void
proc_page_filter_text (HeroPage *page, const char *label, const char *name, const char *empty)
{
  hero_page_htmlf (page, "<label>%s <input name=\"%s\" value=\"%s\" placeholder=\"%s\"></label> ", label, name,
                   proc_page_asked (page, name), empty);
}

void
proc_page_filter_end (HeroPage *page)
{
  hero_page_html (page, "<button>Show</button></form>\n");
}

char *
proc_page_filter_href (HeroPage *page, const char *path, ...)
{
  GString *href = g_string_new (path);
  const char *name;
  va_list args;

  g_string_append_c (href, '?');
  va_start (args, path);
  while ((name = va_arg (args, const char *)) != NULL)
    {
      g_string_append_printf (href, "%s=", name);
      g_string_append_uri_escaped (href, proc_page_asked (page, name), NULL, FALSE);
      g_string_append_c (href, '&');
    }
  va_end (args);
  return g_string_free (href, FALSE);
}

/* ---------------------------------------------------------------------------------------------- small parts */

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
proc_page_json (HeroPage *page, const char *heading, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;

  json_node_take_object (node, object);
  text = json_to_string (node, TRUE);
  hero_page_heading (page, heading);
  hero_page_pre (page, text);
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
