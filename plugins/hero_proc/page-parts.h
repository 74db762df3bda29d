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
void proc_page_range_end (const ProcPageRange *self, HeroPage *page, const char *href, const char *before, const char *after);

/* The value of the query parameter, "" when there is none. */
const char *proc_page_asked (HeroPage *page, const char *name);
/* A moment; 0 leaves the cell empty: it has not come yet, which is not "never". */
void proc_page_cell_time (HeroPage *page, gint64 unix_ms);
/* A name rather than a quantity: no thousands are set apart. */
void proc_page_cell_pid (HeroPage *page, pid_t pid);
void proc_page_cell_exit_code (HeroPage *page, int code); /* -1 = none */
void proc_page_cell_tags (HeroPage *page, char *const *tags);
/* Buttons beside no table, kept up to date: begin, hero_page_action.., end. */
void proc_page_buttons_begin (HeroPage *page);
void proc_page_buttons_end (HeroPage *page);

G_END_DECLS
