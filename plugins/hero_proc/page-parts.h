/* page-parts.h: what the tabs of hero_proc on admin.sock share. Service thread. */
#pragma once

#include "hero-proc.h"

G_BEGIN_DECLS

/* Which rows of a long list a page shows, by "?offset=". */
typedef struct
{
  guint64 offset, n_passed; /* rows before this page; rows that passed so far */
  gboolean has_more;        /* there are rows after this page: no need to look on */
} ProcPageRange;

ProcPageRange proc_page_range_read (HeroPage *page);
/* One more row passes: does it lie on this page? */
gboolean proc_page_range_takes (ProcPageRange *self);
/* The links to the pages before and after this one. href: ends where "offset=" follows. */
void proc_page_range_end (const ProcPageRange *self, HeroPage *page, const char *href, const char *before,
                          const char *after);

/* The context the caller is confined to; 0 = sees all. */
guint32 proc_page_get_context (HeroPage *page);

/* ---- filters: a form that asks for the same page, with query parameters. begin, choices and texts, end. */
/* The value of the query parameter, "" when there is none. */
const char *proc_page_asked (HeroPage *page, const char *name);
void proc_page_filter_begin (HeroPage *page);
/* One of the words, or all; more: further words before them, NULL-terminated, or NULL. */
void proc_page_filter_choice (HeroPage *page, const char *label, const char *name, const char *const *more,
                              const char *const *words);
/* empty: what it means to leave it so. */
void proc_page_filter_text (HeroPage *page, const char *label, const char *name, const char *empty);
void proc_page_filter_end (HeroPage *page);
/* "/path?name=value&": the page with what is asked by these parameters, NULL at the end. Transfer full. */
char *proc_page_filter_href (HeroPage *page, const char *path, ...) G_GNUC_NULL_TERMINATED;

/* ---- small parts */
/* A moment; 0 leaves the cell empty: it has not come yet, which is not "never". */
void proc_page_cell_time (HeroPage *page, gint64 unix_ms);
/* A name rather than a quantity: no thousands are set apart. */
void proc_page_cell_pid (HeroPage *page, pid_t pid);
void proc_page_cell_exit_code (HeroPage *page, int code); /* -1 = none */
void proc_page_cell_tags (HeroPage *page, char *const *tags);
/* A card with all of it as clients see it; object: taken. */
void proc_page_json (HeroPage *page, const char *heading, JsonObject *object);
/* Buttons beside no table, kept up to date: begin, hero_page_action.., end. */
void proc_page_buttons_begin (HeroPage *page);
void proc_page_buttons_end (HeroPage *page);

G_END_DECLS
