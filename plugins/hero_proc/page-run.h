/* page-run.h: one run on the admin page. Service thread. */
#pragma once

#include "hero-proc.h"

G_BEGIN_DECLS

/* One row of a table of runs with these columns. */
#define PROC_PAGE_RUN_COLUMNS "Name|Run$|State!|Jobs|Trigger|Created@|Finished@|Error|"
void hero_proc_write_run_row (HeroProc *self, HeroPage *page, const ProcRun *run);

/* The page of the run the rest of the path names; own: the caller's context, 0 = sees all. Ends the page. */
void hero_proc_render_run (HeroProc *self, HeroPage *page, guint32 own);

/* page-run-graph.c: its jobs and their order as a drawing; nothing when none waits for another. */
void hero_proc_write_run_graph (HeroProc *self, HeroPage *page, const ProcRun *run);

G_END_DECLS
