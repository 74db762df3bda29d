/*
 * page-run-graph.c: the jobs of a run as boxes, from left to right in the order they wait for each other. An SVG
 * without a script or style of its own: runs.css has the colours. Service thread.
 */
#include "page-run.h"

#include <string.h>

#include "run-layout.h"

enum
{
  MAX_NODES = 200, /* more is no drawing anybody reads; the table has them all */
  BOX_WIDTH = 152,
  BOX_HEIGHT = 44,
  GAP_X = 44,
  GAP_Y = 14,
  EDGE = 2, /* room for the outline */
  MAX_LETTERS = 18,
};

static int
get_x (const ProcRunPlace *place)
{
  return EDGE + (int)place->column * (BOX_WIDTH + GAP_X);
}

static int
get_y (const ProcRunPlace *place)
{
  return EDGE + (int)place->row * (BOX_HEIGHT + GAP_Y);
}

static const char *
get_tone (ProcPhase phase)
{
  switch (phase)
    {
    case PROC_PHASE_RUNNING:
    case PROC_PHASE_SUCCEEDED:
      return "good";
    case PROC_PHASE_FAILED:
      return "bad";
    case PROC_PHASE_CANCELLED:
    case PROC_PHASE_SKIPPED:
      return "plain";
    default:
      return "warn";
    }
}

static void
write_edge (HeroPage *page, const ProcRunPlace *from, const ProcRunPlace *to, ProcWhen when)
{
  int x1 = get_x (from) + BOX_WIDTH, y1 = get_y (from) + BOX_HEIGHT / 2;
  int x2 = get_x (to), y2 = get_y (to) + BOX_HEIGHT / 2;
  int bend = GAP_X / 2;

  hero_page_htmlf (page, "<path class=\"%s\" d=\"M%d %dC%d %d %d %d %d %d\"/>",
                   when == PROC_WHEN_SUCCESS ? "edge" : "edge loose", x1, y1, x1 + bend, y1, x2 - bend, y2, x2 - 5, y2);
  hero_page_htmlf (page, "<path class=\"tip\" d=\"M%d %dl-7 -4v8z\"/>", x2, y2);
}

/* A box that leads to its job, as long as there is a record of it. Keys are ASCII: a letter is a byte. */
static void
write_box (HeroPage *page, const ProcRunPlace *place, const ProcRunMember *member, ProcPhase phase, gboolean exists)
{
  int x = get_x (place), y = get_y (place);
  gboolean is_long = strlen (member->key) > MAX_LETTERS;
  g_autofree char *shown = g_strndup (member->key, is_long ? MAX_LETTERS - 1 : MAX_LETTERS);

  if (exists)
    hero_page_htmlf (page, "<a href=\"%s/jobs/%u%s\">", hero_page_get_base_path (page), member->job_id,
                     hero_page_get_query (page, "embedded") != NULL ? "?embedded=1" : "");
  hero_page_htmlf (page,
                   "<g class=\"%s\"><title>%s: %s</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>"
                   "<text class=\"key\" x=\"%d\" y=\"%d\">%s%s</text>"
                   "<text class=\"phase\" x=\"%d\" y=\"%d\">%s</text></g>",
                   get_tone (phase), member->key, proc_phase_words[phase], x, y, BOX_WIDTH, BOX_HEIGHT, x + 12, y + 19,
                   shown, is_long ? "…" : "", x + 12, y + 35, proc_phase_words[phase]);
  hero_page_html (page, exists ? "</a>\n" : "\n");
}

static void
write_drawing (HeroProc *self, HeroPage *page, const ProcRun *run, const ProcRunNode *nodes)
{
  g_autoptr (ProcRunLayout) layout = proc_run_layout_new (nodes, run->members->len);
  int width = (int)layout->n_columns * (BOX_WIDTH + GAP_X) - GAP_X + 2 * EDGE;
  int height = (int)layout->n_rows * (BOX_HEIGHT + GAP_Y) - GAP_Y + 2 * EDGE;

  hero_page_htmlf (page,
                   "<div class=\"run-graph\" data-live=\"graph\" tabindex=\"0\" role=\"region\" "
                   "aria-label=\"Order of its jobs\">"
                   "<svg width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"group\" aria-label=\"Its jobs\">\n",
                   width, height, width, height);
  for (guint i = 0; i < run->members->len; i++)
    {
      const ProcRunMember *member = proc_run_get_member (run, i);

      for (guint j = 0; j < member->edges->len; j++)
        {
          const ProcRunEdge *edge = &g_array_index (member->edges, ProcRunEdge, j);

          write_edge (page, &layout->places[edge->node], &layout->places[i], edge->when);
        }
    }
  for (guint i = 0; i < run->members->len; i++)
    write_box (page, &layout->places[i], proc_run_get_member (run, i), proc_runs_get_phase (self->runs, run, i),
               proc_runs_get_job (self->runs, run, i) != NULL);
  hero_page_html (page, "</svg></div>\n");
}

void
hero_proc_write_run_graph (HeroProc *self, HeroPage *page, const ProcRun *run)
{
  g_autofree ProcRunNode *nodes = g_new0 (ProcRunNode, run->members->len);
  guint n_edges = 0;

  for (guint i = 0; i < run->members->len; i++)
    {
      const GArray *edges = proc_run_get_member (run, i)->edges;

      nodes[i].edges = (const ProcRunEdge *)edges->data;
      nodes[i].n_edges = edges->len;
      n_edges += edges->len;
    }
  if (n_edges == 0)
    return;
  hero_page_heading (page, "Order");
  if (run->members->len <= MAX_NODES)
    write_drawing (self, page, run, nodes);
  else
    hero_page_text (page, "Its %u jobs are too many for a drawing; the table below says what each waits for.",
                    run->members->len);
}
