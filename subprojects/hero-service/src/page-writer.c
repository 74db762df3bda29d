/* page-writer.c: text, notes, figures and actions of a page. Everything is escaped unless its name says html. Service thread. */
#include <stdarg.h>
#include <string.h>

#include "page-internal.h"

HeroPage *
hero_page_new (HeroPageShell *shell, HeroHttpRequest *request, const HeroPageTab *tab, const char *base, const char *rest,
               gboolean embedded)
{
  HeroPage *page = g_new0 (HeroPage, 1);

  page->shell = shell;
  page->request = request;
  page->tab = tab;
  page->base = g_strdup (base);
  page->rest = g_strdup (rest);
  page->embedded = embedded;
  page->now_ms = g_get_real_time () / 1000;
  page->out = g_string_sized_new (8192);
  return page;
}

void
hero_page_free (HeroPage *page)
{
  g_free (page->base);
  g_free (page->rest);
  g_free (page->title);
  g_string_free (page->out, TRUE);
  hero_page_table_free (page->table);
  g_free (page);
}

HeroHttpRequest *
hero_page_get_request (HeroPage *page)
{
  return page->request;
}

const char *
hero_page_get_base_path (HeroPage *page)
{
  return page->base;
}

const char *
hero_page_get_rest (HeroPage *page)
{
  return page->rest;
}

void
hero_page_set_title (HeroPage *page, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_free (page->title);
  page->title = g_strdup_vprintf (format, args);
  va_end (args);
}

/* ------------------------------------------------------------------------------------------------ text */

static void
append_vtext (HeroPage *page, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);

  hero_format_escape (page->out, text);
}

void
hero_page_live_attribute (HeroPage *page, const char *name)
{
  if (name != NULL)
    g_string_append_printf (page->out, " data-live=\"%s\"", name);
  else
    g_string_append_printf (page->out, " data-live=\"%u\"", page->n_parts++);
}

void
hero_page_close (HeroPage *page)
{
  if (page->in_card)
    g_string_append (page->out, "</section>\n");
  page->in_card = FALSE;
}

void
hero_page_heading (HeroPage *page, const char *text)
{
  hero_page_close (page);
  g_string_append (page->out, "<section class=\"card\"><h2>");
  hero_format_escape (page->out, text);
  g_string_append (page->out, "</h2>\n");
  page->in_card = TRUE;
}

void
hero_page_text (HeroPage *page, const char *format, ...)
{
  va_list args;

  g_string_append (page->out, "<p");
  hero_page_live_attribute (page, NULL);
  g_string_append_c (page->out, '>');
  va_start (args, format);
  append_vtext (page, format, args);
  va_end (args);
  g_string_append (page->out, "</p>\n");
}

void
hero_page_note (HeroPage *page, const char *tone, const char *format, ...)
{
  va_list args;

  g_string_append (page->out, "<p class=\"note ");
  hero_format_escape (page->out, tone);
  g_string_append_c (page->out, '"');
  hero_page_live_attribute (page, NULL);
  g_string_append_c (page->out, '>');
  va_start (args, format);
  append_vtext (page, format, args);
  va_end (args);
  g_string_append (page->out, "</p>\n");
}

void
hero_page_link (HeroPage *page, const char *href, const char *text)
{
  g_string_append (page->out, "<a href=\"");
  hero_page_append_href (page, href);
  g_string_append (page->out, "\">");
  hero_format_escape (page->out, text);
  g_string_append (page->out, "</a>\n");
}

void
hero_page_pre (HeroPage *page, const char *text)
{
  g_string_append (page->out, "<pre tabindex=\"0\"");
  hero_page_live_attribute (page, NULL);
  g_string_append_c (page->out, '>');
  hero_format_escape (page->out, text);
  g_string_append (page->out, "</pre>\n");
}

void
hero_page_html (HeroPage *page, const char *html)
{
  g_string_append (page->out, html);
}

void
hero_page_htmlf (HeroPage *page, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  hero_format_html (page->out, format, args);
  va_end (args);
}

/* ------------------------------------------------------------------------------------------------ figures */

void
hero_page_facts_begin (HeroPage *page)
{
  g_string_append (page->out, "<dl class=\"facts\"");
  hero_page_live_attribute (page, NULL);
  g_string_append (page->out, ">\n");
}

void
hero_page_facts_end (HeroPage *page)
{
  g_string_append (page->out, "</dl>\n");
}

#define LONG_FACT 24 /* characters; a longer one gets room for two */

static void
fact_begin_wide (HeroPage *page, const char *label, gboolean wide)
{
  g_string_append (page->out, wide ? "<div class=\"fact long\"><dt>" : "<div class=\"fact\"><dt>");
  hero_format_escape (page->out, label);
  g_string_append (page->out, "</dt><dd>");
}

static void
fact_begin (HeroPage *page, const char *label)
{
  fact_begin_wide (page, label, FALSE);
}

static void
fact_end (HeroPage *page)
{
  g_string_append (page->out, "</dd></div>\n");
}

void
hero_page_fact (HeroPage *page, const char *label, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  fact_begin_wide (page, label, strlen (text) > LONG_FACT);
  hero_format_escape (page->out, text);
  fact_end (page);
}

void
hero_page_fact_int (HeroPage *page, const char *label, gint64 value)
{
  fact_begin (page, label);
  hero_format_integer (page->out, value);
  fact_end (page);
}

void
hero_page_fact_bytes (HeroPage *page, const char *label, guint64 bytes)
{
  fact_begin (page, label);
  g_string_append (page->out, "<span title=\"");
  hero_format_integer (page->out, (gint64) bytes);
  g_string_append (page->out, " bytes\">");
  hero_format_bytes (page->out, (double) bytes);
  g_string_append (page->out, "</span>");
  fact_end (page);
}

void
hero_page_fact_state (HeroPage *page, const char *label, const char *state)
{
  fact_begin (page, label);
  hero_format_state (page->out, state);
  fact_end (page);
}

void
hero_page_fact_series (HeroPage *page, const char *label, const char *text, const double *values, guint n_values)
{
  fact_begin (page, label);
  hero_format_escape (page->out, text);
  hero_format_spark (page->out, label, values, n_values);
  fact_end (page);
}
