/* page-job.h: one job on the admin page. Service thread. */
#pragma once

#include "hero-proc.h"

G_BEGIN_DECLS

/* The page of the job the rest of the path names; own: the caller's context, 0 = sees all. Ends the page. */
void hero_proc_render_job (HeroProc *self, HeroPage *page, guint32 own);

/* One row of a table of jobs with these columns. */
#define PROC_PAGE_JOB_COLUMNS "Job|Action|Phase!|Tags|Created@|Finished@|Error|"
void hero_proc_write_job_row (HeroPage *page, const ProcJob *job);

G_END_DECLS
