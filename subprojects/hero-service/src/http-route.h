/* http-route.h: from path and method to a route (HeroHttpRoute of http.h). Built at start, read afterwards. */
#pragma once

#include <hero-service/http.h>

G_BEGIN_DECLS

#define HERO_ROUTE_MAX_SEGMENTS 8 /* {name} parts of one pattern */

typedef struct _HeroRouteTable HeroRouteTable;

typedef struct
{
  const HeroHttpRoute *route; /* NULL: nothing matches path and method */
  gpointer self;
  gboolean path_known; /* .. but the path exists */
  guint n_segments;
  const char *names[HERO_ROUTE_MAX_SEGMENTS];
  char *values[HERO_ROUTE_MAX_SEGMENTS]; /* decoded */
} HeroRouteMatch;

HeroRouteTable *hero_route_table_new (void);
void hero_route_table_free (HeroRouteTable *table);
/*
 * standard: its paths are its own, whatever the method: the other routes are not asked, whatever the order of the
 * calls. routes: kept by copy, ends with path NULL; one without handler hides its path, 404.
 */
void hero_route_table_add (HeroRouteTable *table, const HeroHttpRoute *routes, gsize route_size, gpointer self,
                           gboolean standard);
/* raw_path: not decoded, so that %2F stays inside its segment. Clear the match afterwards. */
void hero_route_table_match (HeroRouteTable *table, const char *method, const char *raw_path, HeroRouteMatch *match);
void hero_route_match_clear (HeroRouteMatch *match);
/* "GET, HEAD, POST": what the path allows. (transfer full) */
char *hero_route_table_allow (HeroRouteTable *table, const char *raw_path);

G_END_DECLS
