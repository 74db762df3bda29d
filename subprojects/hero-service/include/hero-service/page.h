/*
 * page.h: the admin shell, the same for every service: tabs at the left, name and state on top, theme switch at the
 * right, served on admin.sock at "/" and "/<tab>". Overview, Configuration, Logs and API are there for every service; a
 * service adds tabs with its objects. Pages are rendered here, on the server, and read without JavaScript. Service thread.
 *
 *   static void
 *   notes_page_list (Notes *self, HeroPage *page)
 *   {
 *     hero_page_heading (page, "Notes");
 *     hero_page_table_begin (page, "notes", "Title|Size~|Added@|", "No note yet: add the first one below.");
 *     for (guint i = 0; i < self->notes->len; i++)
 *       {
 *         Note *note = self->notes->pdata[i];
 *
 *         hero_page_row_begin (page, note->id);
 *         hero_page_cell (page, "%s", note->title);
 *         hero_page_cell_int (page, note->size);
 *         hero_page_cell_int (page, note->added_ms);
 *         hero_page_action (page, "Delete", "note.delete", "The text is gone for good.", "id", note->id, NULL);
 *         hero_page_row_end (page);
 *       }
 *     hero_page_table_end (page);
 *     hero_page_form (page, "note.add", "Add note");
 *     hero_page_done (page);
 *   }
 */
#pragma once

#include <hero-service/context.h>
#include <hero-service/http.h>

G_BEGIN_DECLS

typedef struct _HeroPage HeroPage;
typedef void (*HeroPageRender) (gpointer self, HeroPage *page);

/* One tab. The table ends with id NULL. render answers with hero_page_done or hero_page_fail, now or later. */
typedef struct
{
  const char *id;    /* path segment: "databases" serves /databases and /databases/<rest> */
  const char *title; /* "Databases" */
  HeroPageRender render;
  const char *events;  /* events that make the page load its content anew, "database.*|key.*"; NULL = none */
  const char *scripts; /* further scripts of the service, below /static/, "editor.js|tree.js"; NULL = none */
  const char *styles;  /* likewise style sheets */
  guint32 flags;       /* HERO_PAGE_TERMINAL, HERO_PAGE_HIDDEN */
  guint32 refresh_s;   /* without events: load anew every so many seconds; 0 = never */
  const char *domain;  /* the domain of `events`; NULL = the service's first */
} HeroPageTab;

enum
{
  HERO_PAGE_TERMINAL = 1 << 0, /* style-src 'unsafe-inline' */
  HERO_PAGE_HIDDEN = 1 << 1,   /* not in the list of tabs: other pages lead there */
};

typedef struct
{
  guint32 struct_size, tab_size;
  const HeroPageTab *tabs;
  HeroPageRender overview;     /* further content of the Overview tab, ends like a tab's render; or NULL */
  const char *resource_prefix; /* GResource folder of own assets, "/<service>/static"; served below /static/ */
  const char *events;          /* of the Overview tab, as HeroPageTab.events; NULL = it refreshes by the clock */
  guint32 flags;               /* HERO_PAGE_OWN_TABS */
  const char *overview_title;  /* of the tab "/"; NULL = "Overview" */
} HeroPageSpec;

enum
{
  HERO_PAGE_OWN_TABS = 1 << 0, /* no standard tabs, no standard content of "/": the service calls hero_page_show_* itself */
};

#define HERO_PAGE_SPEC(...) { .struct_size = sizeof (HeroPageSpec), .tab_size = sizeof (HeroPageTab), __VA_ARGS__ }

/* In start. resource: the GResource of the plugin (kept for its life); without a call the service has the standard tabs. */
void hero_service_set_page (HeroServiceContext *ctx, const HeroPageSpec *spec, GResource *resource, gpointer self);

/* ---- the request behind a page; strings live until it is done */
HeroHttpRequest *hero_page_get_request (HeroPage *page);
const char *hero_page_get_base_path (HeroPage *page);
const char *hero_page_get_rest (HeroPage *page);                     /* "3" for /databases/3, "" for /databases; decoded */
const char *hero_page_get_query (HeroPage *page, const char *name);  /* "?name=..", NULL = absent */
/* A page below a tab (a detail): its name in the title and in the breadcrumbs. */
void hero_page_set_title (HeroPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* ---- writing a page. Text is escaped unless the name says html; bytes that are no UTF-8 become U+FFFD. */
void hero_page_heading (HeroPage *page, const char *text); /* begins a card; what follows lies in it */
void hero_page_text (HeroPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3); /* a paragraph */
/* A paragraph that stands out. tone: "plain", "warn" or "bad". */
void hero_page_note (HeroPage *page, const char *tone, const char *format, ...) G_GNUC_PRINTF (3, 4);
void hero_page_link (HeroPage *page, const char *href, const char *text); /* href relative to the base path, "/x" */
void hero_page_pre (HeroPage *page, const char *text);                    /* text as it is, monospace */
void hero_page_html (HeroPage *page, const char *html);                   /* as it is */
void hero_page_htmlf (HeroPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3); /* %s arguments are escaped */

/* A row of figures: begin, fact.., end. */
void hero_page_facts_begin (HeroPage *page);
void hero_page_fact (HeroPage *page, const char *label, const char *format, ...) G_GNUC_PRINTF (3, 4);
void hero_page_fact_int (HeroPage *page, const char *label, gint64 value);   /* 12,345 */
void hero_page_fact_bytes (HeroPage *page, const char *label, guint64 bytes); /* 1.2 MiB, exact on hover */
void hero_page_fact_state (HeroPage *page, const char *label, const char *state); /* a word with its colour */
/* A figure and the line of its last values, oldest first. */
void hero_page_fact_series (HeroPage *page, const char *label, const char *text, const double *values, guint n_values);
void hero_page_facts_end (HeroPage *page);

/*
 * A table that filters and sorts in the browser. columns: "Name|Size#|Changed@|" where # = number (right aligned), @ = time
 * (unix ms, shown relative, exact on hover; 0 = never), ~ = bytes, ! = state word with colour, $ = monospace; an empty last
 * name holds the actions. empty: what to say, and do first, when there are no rows.
 */
void hero_page_table_begin (HeroPage *page, const char *id, const char *columns, const char *empty);
void hero_page_row_begin (HeroPage *page, const char *key); /* key: unique in the table, stable over updates */
void hero_page_cell (HeroPage *page, const char *format, ...) G_GNUC_PRINTF (2, 3);
void hero_page_cell_int (HeroPage *page, gint64 value); /* for #, ~ and @ */
void hero_page_cell_link (HeroPage *page, const char *href, const char *text); /* href relative to the base path, "/x" */
void hero_page_row_end (HeroPage *page);
void hero_page_table_end (HeroPage *page);

/*
 * A button that calls one JSON-RPC method with string parameters, name and value in turn, NULL at the end. method "/path":
 * a POST there instead. confirm: what will be lost, NULL = no question. In a row, actions share its last cell.
 */
void hero_page_action (HeroPage *page, const char *verb, const char *method, const char *confirm, ...) G_GNUC_NULL_TERMINATED;
/* The same with params as JSON text (other types than strings); NULL = none. */
void hero_page_cell_action (HeroPage *page, const char *verb, const char *method, const char *params, const char *confirm);
/* A form that calls one JSON-RPC method; its fields come from the method's parameter table. */
void hero_page_form (HeroPage *page, const char *method, const char *verb);

/* ---- the standard contents, for a service with HERO_PAGE_OWN_TABS */
void hero_page_show_state (HeroPage *page);         /* state, uptime, checks, sockets, counters */
void hero_page_show_configuration (HeroPage *page); /* every key with value, source and meaning; secrets masked */
void hero_page_show_logs (HeroPage *page);
void hero_page_show_api (HeroPage *page);

/* ---- the end: exactly one of these */
void hero_page_done (HeroPage *page);
void hero_page_fail (HeroPage *page, GError *error); /* taken; HERO_ERROR_NOT_FOUND = 404 */

/* Escapes for HTML text and attributes; transfer full. */
char *hero_html_escape (const char *text);

G_END_DECLS
