/* spec-edges.c: see spec-edges.h. Any thread. */
#include "spec-edges.h"

#include <string.h>

#include "json-write.h"
#include "names.h"

/* Names of services, each once, in the order given. Takes `names`. */
static char **
check_names (ProcReader *reader, const char *member, char **names)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  guint kept = 0;

  for (guint i = 0; names[i] != NULL; i++)
    {
      if (!proc_name_is_service (names[i]))
        proc_reader_fail (reader, member, "names of services", names[i]);
      if (g_hash_table_add (seen, names[i]))
        names[kept++] = names[i];
      else
        g_free (names[i]);
    }
  names[kept] = NULL;
  return names;
}

static char **
read_list (ProcReader *outer, ProcReader *inner, const char *member)
{
  g_auto (GStrv) above = check_names (outer, member, proc_reader_texts (outer, member, PROC_MAX_SERVICES, 1024));
  g_auto (GStrv) below = check_names (inner, member, proc_reader_texts (inner, member, PROC_MAX_SERVICES, 1024));

  if (*above != NULL && *below != NULL)
    proc_reader_fail (inner, member, "one list, here or in the service itself", "both");
  return *above != NULL ? g_steal_pointer (&above) : g_steal_pointer (&below);
}

void
proc_edges_read (ProcReader *reader, const char *name, char **edges[PROC_N_EDGES], GPtrArray *warnings)
{
  JsonObject *object = proc_reader_object (reader, "dependencies");
  g_autoptr (JsonObject) empty = json_object_new ();
  g_autofree char *where = g_strconcat (reader->where, ".dependencies", NULL);
  ProcReader inner;

  proc_reader_init (&inner, object != NULL ? object : empty, where);
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    edges[edge] = read_list (reader, &inner, proc_edge_words[edge]);
  if (g_strv_contains ((const char *const *)edges[PROC_EDGE_CONFLICTS], name))
    proc_reader_fail (reader, "conflicts", "other services", name);
  proc_reader_end (&inner, warnings, reader->error == NULL ? &reader->error : NULL);
}

void
proc_edges_write (JsonObject *object, char *const *const edges[PROC_N_EDGES])
{
  for (guint edge = 0; edge < PROC_N_EDGES; edge++)
    json_object_set_array_member (object, proc_edge_words[edge], proc_json_from_texts (edges[edge]));
}
