/* key-walk.c: see key-walk.h. Service thread. */
#include "key-walk.h"

#include "glob.h"

#define CHECK_EVERY 256 /* keys between two looks at the clock */

void
key_walk (Server *server, KeyWalk *walk, KeyWalkFunc func, gpointer data)
{
  g_autoptr (StorageCursor) cursor = storage_cursor_new (server->storage, walk->db, walk->position);
  gboolean all = slice_equal (walk->pattern, SLICE_LITERAL ("*"));
  gint64 deadline = g_get_monotonic_time () + KEY_WALK_BUDGET_US;
  guint found = 0;
  StorageEntry entry;
  Slice name;

  while (storage_cursor_get (cursor, &name, &entry))
    {
      gboolean enough;

      walk->scanned++;
      if (!(entry.expires_at != 0 && entry.expires_at <= server->now)
          && (all || glob_match (walk->pattern, name, FALSE)))
        {
          func (data, name, &entry);
          found++;
        }
      storage_cursor_next (cursor);
      enough = found >= walk->count || (walk->scanned % CHECK_EVERY == 0 && g_get_monotonic_time () > deadline);
      if (storage_cursor_get_position (cursor, &walk->position) && enough)
        return;
    }
  storage_cursor_get_position (cursor, &walk->position);
}
