/*
 * page-internal.h: the parts of the admin shell.
 *
 *   request -> page.c (routes, which tab) -> render of the tab -> page-writer.c, page-table.c, page-form.c (the content)
 *           -> page-frame.c (the document around it) -> reply
 *
 * page-standard.c has the tabs every service has, page-assets.c serves /static, page-history.c remembers the counters.
 */
#pragma once

#include <hero-service/page.h>
#include <json-glib/json-glib.h>

#include "context-internal.h"
#include "page-format.h"

G_BEGIN_DECLS

#define HERO_PAGE_CSP "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'"
#define HERO_PAGE_CSP_TERMINAL HERO_PAGE_CSP "; style-src 'self' 'unsafe-inline'"

typedef struct _HeroPageAssets HeroPageAssets;
typedef struct _HeroPageHistory HeroPageHistory;

/* What the shell knows of one service; HeroSdk.page. */
typedef struct
{
  HeroServiceContext *ctx;
  gpointer self;
  HeroPageSpec spec;       /* zeroed when the service set none */
  GArray *tabs;            /* HeroPageTab, in the order of the navigation; id "" is Overview */
  guint n_own;             /* the first 1 + n_own of them are the service's, the rest standard */
  HeroPageAssets *assets;
  HeroPageHistory *history;
  JsonNode *document;      /* OpenRPC, parsed on first use */
  GHashTable *methods;     /* name -> JsonObject in it, borrowed */
} HeroPageShell;

/* One table while its rows are written. */
typedef struct
{
  char **labels;
  char *kinds;    /* one letter a column: ' ' # @ ~ ! $ or 'a' for actions */
  char *empty;
  guint column;   /* of the next cell */
  guint rows;
  gboolean in_row, in_actions;
} HeroPageTable;

struct _HeroPage
{
  HeroPageShell *shell;
  HeroHttpRequest *request; /* NULL in tests of the writer */
  const HeroPageTab *tab;
  char *base;
  char *rest;
  char *title;     /* of a page below the tab, or NULL */
  gboolean embedded;
  gint64 now_ms;
  GString *out;    /* the content of <main> */
  gboolean in_card;
  gboolean standard_tail; /* hero_page_done adds counters and sockets */
  guint n_parts;   /* pieces that a live update may replace */
  guint n_fields;  /* ids of form fields */
  HeroPageTable *table;
};

/* page-writer.c. tab: borrowed. */
HeroPage *hero_page_new (HeroPageShell *shell, HeroHttpRequest *request, const HeroPageTab *tab, const char *base,
                         const char *rest, gboolean embedded);
void hero_page_free (HeroPage *page);
/* Ends the open card. */
void hero_page_close (HeroPage *page);
/* ` data-live="N"`: a piece that a live update replaces when it changed. */
void hero_page_live_attribute (HeroPage *page, const char *name);

/* page-table.c */
void hero_page_table_free (HeroPageTable *table);

/* page-form.c: the form of one method object of the OpenRPC document. try_it: with an answer box, for the API tab. */
void hero_page_write_form (HeroPage *page, JsonObject *method, const char *verb, gboolean try_it);
/* The schema of a parameter in a few words: "integer 1..1000", "one of asc, desc". transfer full. */
char *hero_schema_describe (JsonObject *schema);

/* page-frame.c: the whole document. state, reason: what the title bar says; reason may be NULL. transfer full. */
char *hero_page_document (HeroPage *page, const char *state, const char *reason);
/* Appends base + href, and what keeps a page embedded. */
void hero_page_append_href (HeroPage *page, const char *href);

/* page-standard.c, page-api.c */
void hero_page_render_overview (gpointer shell, HeroPage *page);
void hero_page_overview_tail (HeroPage *page);
void hero_page_render_configuration (gpointer shell, HeroPage *page);
void hero_page_render_logs (gpointer shell, HeroPage *page);
void hero_page_render_api (gpointer shell, HeroPage *page);
/* The value of a key as text, key NULL = no secret. Secrets, also those in columns of tables, as "••••••". transfer full. */
char *hero_page_config_text (GVariant *value, const HeroConfigKey *key);

/* page-assets.c: files of a GResource by URL path, with their hashes. */
HeroPageAssets *hero_page_assets_new (GResource *own, const char *own_prefix);
void hero_page_assets_free (HeroPageAssets *assets);
/* name: "shared/shell.css" or a file of the service. NULL = no such file. Both borrowed but bytes (transfer full). */
GBytes *hero_page_assets_lookup (HeroPageAssets *assets, const char *name, const char **content_type, const char **etag);
void hero_page_assets_serve (HeroPageAssets *assets, HeroHttpRequest *request, const char *name);

/* page-history.c: a value of every counter each HERO_PAGE_HISTORY_S seconds, the last HERO_PAGE_HISTORY_LENGTH of them. */
#define HERO_PAGE_HISTORY_S 10
#define HERO_PAGE_HISTORY_LENGTH 90
HeroPageHistory *hero_page_history_new (HeroServiceContext *ctx);
void hero_page_history_free (HeroPageHistory *history);
void hero_page_history_add (HeroPageHistory *history, JsonArray *metrics, gint64 now_us);
/* Rates a second for counters, values for gauges, oldest first; NULL and 0 when unknown. Borrowed until the next add. */
const double *hero_page_history_get (HeroPageHistory *history, const char *metric, guint *n_values);

/* page.c: the method's object in the OpenRPC document, or NULL. */
JsonObject *hero_page_find_method (HeroPageShell *shell, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroPage, hero_page_free)

G_END_DECLS
