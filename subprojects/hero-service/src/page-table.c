/* page-table.c: tables and the buttons in them, as table.js and a reader without JavaScript expect them. Service thread. */
#include <stdarg.h>
#include <string.h>

#include "page-internal.h"

/* ------------------------------------------------------------------------------------------------ actions */

static void
action_button (HeroPage *page, const char *verb, const char *method, const char *params, const char *confirm)
{
  g_string_append_printf (page->out, "<button type=\"button\" class=\"action needs-js%s\" data-method=\"",
                          confirm != NULL ? " danger" : "");
  hero_format_escape (page->out, method);
  if (params != NULL)
    {
      g_string_append (page->out, "\" data-params=\"");
      hero_format_escape (page->out, params);
    }
  if (confirm != NULL)
    {
      g_string_append (page->out, "\" data-confirm=\"");
      hero_format_escape (page->out, confirm);
    }
  g_string_append (page->out, "\">");
  hero_format_escape (page->out, verb);
  g_string_append (page->out, "</button>\n");
}

/* Opens the cell that the actions of a row share. */
static void
open_actions (HeroPage *page)
{
  HeroPageTable *table = page->table;

  if (table == NULL || !table->in_row || table->in_actions)
    return;
  g_string_append (page->out, "<td class=\"act\">");
  table->in_actions = TRUE;
}

void
hero_page_cell_action (HeroPage *page, const char *verb, const char *method, const char *params, const char *confirm)
{
  open_actions (page);
  action_button (page, verb, method, params, confirm);
}

void
hero_page_action (HeroPage *page, const char *verb, const char *method, const char *confirm, ...)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *params = json_object_new ();
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, confirm);
  for (const char *name; (name = va_arg (args, const char *)) != NULL;)
    json_object_set_string_member (params, name, va_arg (args, const char *));
  va_end (args);
  json_node_take_object (node, params);
  text = json_to_string (node, FALSE);

  hero_page_cell_action (page, verb, method, text, confirm);
}

/* ------------------------------------------------------------------------------------------------ tables */

/* Splits "Size~" into its label and its kind. */
static char
take_kind (char *label)
{
  gsize length = strlen (label);
  char kind;

  if (length == 0)
    return 'a';
  kind = label[length - 1];
  if (strchr ("#@~!$", kind) == NULL)
    return ' ';
  label[length - 1] = '\0';
  return kind;
}

static const char *
kind_class (char kind)
{
  switch (kind)
    {
    case '#':
    case '~':
      return " class=\"num\"";
    case '@':
      return " class=\"nowrap\"";
    case '$':
      return " class=\"mono\"";
    default:
      return "";
    }
}

static const char *
head_attributes (char kind)
{
  switch (kind)
    {
    case '#':
    case '~':
      return " class=\"num\"";
    case '@':
      return " data-kind=\"time\"";
    case 'a':
      return " class=\"act\"";
    default:
      return "";
    }
}

void
hero_page_table_free (HeroPageTable *table)
{
  if (table == NULL)
    return;
  g_strfreev (table->labels);
  g_free (table->kinds);
  g_free (table->empty);
  g_free (table);
}

void
hero_page_table_begin (HeroPage *page, const char *id, const char *columns, const char *empty)
{
  HeroPageTable *table = g_new0 (HeroPageTable, 1);
  guint n_columns;

  g_return_if_fail (page->table == NULL);
  page->table = table;
  table->labels = g_strsplit (columns, "|", -1);
  n_columns = g_strv_length (table->labels);
  table->kinds = g_malloc0 (n_columns + 1);
  table->empty = g_strdup (empty);

  g_string_append (page->out, "<div class=\"grid\" data-grid=\"");
  hero_format_escape (page->out, id);
  g_string_append_c (page->out, '"');
  hero_page_live_attribute (page, NULL);
  g_string_append (page->out, ">\n<div class=\"grid-bar needs-js\"><input type=\"search\" class=\"grid-filter\" "
                              "placeholder=\"Filter\" aria-label=\"Filter the table\" autocomplete=\"off\">"
                              "<span class=\"grid-count\" role=\"status\"></span></div>\n<table><thead><tr>");
  for (guint i = 0; i < n_columns; i++)
    {
      table->kinds[i] = take_kind (table->labels[i]);
      g_string_append_printf (page->out, "<th scope=\"col\"%s>", head_attributes (table->kinds[i]));
      if (table->kinds[i] == 'a')
        g_string_append (page->out, "<span class=\"visually-hidden\">Actions</span>");
      hero_format_escape (page->out, table->labels[i]);
      g_string_append (page->out, "</th>");
    }
  g_string_append (page->out, "</tr></thead>\n<tbody>\n");
}

void
hero_page_row_begin (HeroPage *page, const char *key)
{
  HeroPageTable *table = page->table;

  g_return_if_fail (table != NULL && !table->in_row);
  g_string_append (page->out, "<tr data-key=\"");
  hero_format_escape (page->out, key);
  g_string_append (page->out, "\">");
  table->column = 0;
  table->in_row = TRUE;
}

/* The kind of the cell that comes now, or 0 when there are more cells than columns. */
static char
next_kind (HeroPage *page)
{
  HeroPageTable *table = page->table;

  g_return_val_if_fail (table != NULL && table->in_row && table->kinds[table->column] != '\0', 0);
  return table->kinds[table->column];
}

static void
cell_begin (HeroPage *page, char kind)
{
  HeroPageTable *table = page->table;

  g_string_append_printf (page->out, "<td%s data-label=\"", kind_class (kind));
  hero_format_escape (page->out, table->labels[table->column++]);
  g_string_append_c (page->out, '"');
}

void
hero_page_cell (HeroPage *page, const char *format, ...)
{
  g_autofree char *text = NULL;
  char kind = next_kind (page);
  va_list args;

  if (kind == 0)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  cell_begin (page, kind);
  g_string_append_c (page->out, '>');
  if (kind == '!')
    hero_format_state (page->out, text);
  else
    hero_format_escape (page->out, text);
  g_string_append (page->out, "</td>");
}

void
hero_page_cell_int (HeroPage *page, gint64 value)
{
  char kind = next_kind (page);

  if (kind == 0)
    return;
  cell_begin (page, kind);
  g_string_append_printf (page->out, " data-v=\"%" G_GINT64_FORMAT "\"", value);
  if (kind == '~')
    {
      g_string_append (page->out, " title=\"");
      hero_format_integer (page->out, value);
      g_string_append (page->out, " bytes\">");
      hero_format_bytes (page->out, (double) value);
    }
  else
    {
      g_string_append_c (page->out, '>');
      if (kind == '@')
        hero_format_time (page->out, value, page->now_ms);
      else
        hero_format_integer (page->out, value);
    }
  g_string_append (page->out, "</td>");
}

void
hero_page_cell_link (HeroPage *page, const char *href, const char *text)
{
  char kind = next_kind (page);

  if (kind == 0)
    return;
  cell_begin (page, kind);
  g_string_append (page->out, "><a href=\"");
  hero_page_append_href (page, href);
  g_string_append (page->out, "\">");
  hero_format_escape (page->out, text);
  g_string_append (page->out, "</a></td>");
}

void
hero_page_row_end (HeroPage *page)
{
  HeroPageTable *table = page->table;

  g_return_if_fail (table != NULL && table->in_row);
  if (table->in_actions)
    g_string_append (page->out, "</td>");
  g_string_append (page->out, "</tr>\n");
  table->in_row = table->in_actions = FALSE;
  table->rows++;
}

void
hero_page_table_end (HeroPage *page)
{
  HeroPageTable *table = g_steal_pointer (&page->table);

  g_return_if_fail (table != NULL);
  g_string_append_printf (page->out, "</tbody></table>\n<p class=\"empty\"%s>", table->rows > 0 ? " hidden" : "");
  hero_format_escape (page->out, table->empty);
  g_string_append (page->out, "</p></div>\n");
  hero_page_table_free (table);
}
