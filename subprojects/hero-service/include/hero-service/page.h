/*
 * page.h: the admin shell, the same for every service: tabs at the left, name and state on top, theme switch at the
 * right, served on admin.sock at "/" and "/<tab>". Overview, Configuration, Logs and API are there for every service; a
 * service adds tabs with its objects. Pages are rendered here, on the server, and read without JavaScript. Service thread.
 */
#pragma once

#include <hero-service/context.h>
#include <hero-service/http.h>

G_BEGIN_DECLS

typedef struct _HeroPage HeroPage;
typedef void (*HeroPageRender) (gpointer self, HeroPage *page);

/* One tab. The table ends with id NULL. render answers with hero_page_done, now or later. */
typedef struct
{
  const char *id;    /* path segment: "/databases" */
  const char *title; /* "Databases" */
  HeroPageRender render;
  const char *events;  /* events that make the shell load the tab's content anew, "database.*|key.*"; NULL = none */
  const char *scripts; /* further scripts of the service, below /static/, "editor.js|tree.js"; NULL = none */
  const char *styles;  /* likewise style sheets */
  guint32 flags;       /* HERO_PAGE_TERMINAL: style-src 'unsafe-inline' */
} HeroPageTab;

enum
{
  HERO_PAGE_TERMINAL = 1 << 0,
};

typedef struct
{
  guint32 struct_size, tab_size;
  const HeroPageTab *tabs;
  HeroPageRender overview;    /* further content of the Overview tab, or NULL */
  const char *resource_prefix; /* GResource folder of own assets, "/hero/<service>/static"; served below /static/ */
} HeroPageSpec;

#define HERO_PAGE_SPEC(...) { .struct_size = sizeof (HeroPageSpec), .tab_size = sizeof (HeroPageTab), __VA_ARGS__ }

/* In start. resource: the GResource of the plugin (kept for its life); without a call the service has the standard tabs. */
void hero_service_set_page (HeroServiceContext *ctx, const HeroPageSpec *spec, GResource *resource, gpointer self);

/* ---- writing a page. Text is escaped unless the name says html. */
HeroHttpRequest *hero_page_get_request (HeroPage *page);
const char *hero_page_get_base_path (HeroPage *page);
void hero_page_heading (HeroPage *page, const char *text);
void hero_page_text (HeroPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3);
void hero_page_html (HeroPage *page, const char *html);                                     /* as it is */
void hero_page_htmlf (HeroPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3);        /* %s arguments are escaped */
/* A row of figures: begin, fact.., end. */
void hero_page_facts_begin (HeroPage *page);
void hero_page_fact (HeroPage *page, const char *label, const char *format, ...) G_GNUC_PRINTF (3, 4);
void hero_page_facts_end (HeroPage *page);
/*
 * A table that filters and sorts in the browser. columns: "Name|Size#|Changed@" where # = number (right aligned), @ = time
 * (unix ms, shown relative, exact on hover), ~ = bytes, ! = state word with colour, $ = monospace.
 * empty: what to say, and do first, when there are no rows.
 */
void hero_page_table_begin (HeroPage *page, const char *id, const char *columns, const char *empty);
void hero_page_row_begin (HeroPage *page, const char *key);
void hero_page_cell (HeroPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3);
void hero_page_cell_int (HeroPage *page, gint64 value);
void hero_page_cell_link (HeroPage *page, const char *href, const char *text); /* href relative to the base path, "/x" */
/* A button that calls one JSON-RPC method; params: JSON text; confirm: what will be lost, NULL = no question. */
void hero_page_cell_action (HeroPage *page, const char *verb, const char *method, const char *params, const char *confirm);
void hero_page_row_end (HeroPage *page);
void hero_page_table_end (HeroPage *page);
/* A form that calls one JSON-RPC method; its fields come from the method's parameter table. */
void hero_page_form (HeroPage *page, const char *method, const char *verb);
void hero_page_done (HeroPage *page);
void hero_page_fail (HeroPage *page, GError *error); /* taken */

/* Escapes for HTML text and attributes; transfer full. */
char *hero_html_escape (const char *text);

G_END_DECLS
