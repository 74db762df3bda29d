/* contexts.c: see contexts.h. Service thread. */
#include "contexts.h"

#include <string.h>

#include "errors.h"
#include "names.h"

struct _ProcContexts
{
  ProcJournal *journal;
  GHashTable *names;   /* id -> ProcContext */
  GHashTable *claimed; /* names on their way to the disk */
};

static void
context_free (gpointer data)
{
  ProcContext *context = data;

  g_free (context->name);
  g_free (context->description);
  g_free (context);
}

static ProcContext *
context_new (guint32 id, const char *name, const char *description, gint64 created_at)
{
  ProcContext *context = g_new (ProcContext, 1);

  *context = (ProcContext){ id, g_strdup (name), g_strdup (description), created_at };
  return context;
}

static void
keep (ProcContexts *self, ProcContext *context)
{
  g_hash_table_replace (self->names, GUINT_TO_POINTER (context->id), context);
}

/* ---------------------------------------------------------------------------------------------- questions */

const ProcContext *
proc_contexts_get (ProcContexts *self, guint32 id)
{
  return g_hash_table_lookup (self->names, GUINT_TO_POINTER (id));
}

const char *
proc_contexts_get_name (ProcContexts *self, guint32 id)
{
  const ProcContext *context = proc_contexts_get (self, id);

  return context != NULL ? context->name : "";
}

static const ProcContext *
find_by_name (ProcContexts *self, const char *name)
{
  GHashTableIter iter;
  gpointer context;

  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, NULL, &context))
    if (strcmp (((ProcContext *)context)->name, name) == 0)
      return context;
  return NULL;
}

gboolean
proc_contexts_parse (ProcContexts *self, const char *text, guint32 *id)
{
  const ProcContext *context;

  if (proc_context_parse (text, id))
    return TRUE;
  context = find_by_name (self, text);
  if (context != NULL)
    *id = context->id;
  return context != NULL;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint32 left = (*(ProcContext *const *)a)->id, right = (*(ProcContext *const *)b)->id;

  return (left > right) - (left < right);
}

GPtrArray *
proc_contexts_list (ProcContexts *self)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer context;

  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, NULL, &context))
    g_ptr_array_add (list, context);
  g_ptr_array_sort (list, compare_ids);
  return list;
}

/* ---------------------------------------------------------------------------------------------- changes */

typedef struct
{
  ProcContexts *contexts;
  ProcContext *context; /* as it is to be; NULL = gone */
  guint32 id;
  ProcContextDone done;
  gpointer data;
} Change;

static void
on_recorded (const GError *error, gpointer data)
{
  g_autofree Change *change = data;

  if (change->context != NULL)
    g_hash_table_remove (change->contexts->claimed, change->context->name);
  if (error != NULL)
    g_clear_pointer (&change->context, context_free);
  else if (change->context != NULL)
    keep (change->contexts, change->context);
  else
    g_hash_table_remove (change->contexts->names, GUINT_TO_POINTER (change->id));
  change->done (error, change->data);
}

/* Takes context; NULL = delete. */
static void
record (ProcContexts *self, guint32 id, ProcContext *context, ProcContextDone done, gpointer data)
{
  ProcBatch *batch = proc_batch_new ();
  guint32 key = GUINT32_TO_BE (id);
  JsonObject *object = NULL;
  Change *change = g_new (Change, 1);

  if (context != NULL)
    {
      object = json_object_new ();
      json_object_set_int_member (object, "id", id);
      json_object_set_string_member (object, "name", context->name);
      json_object_set_string_member (object, "description", context->description);
      json_object_set_int_member (object, "created_at", context->created_at);
      g_hash_table_add (self->claimed, g_strdup (context->name));
    }
  proc_batch_put_object (batch, "contexts", &key, sizeof key, object);
  *change = (Change){ self, context, id, done, data };
  proc_journal_commit (self->journal, batch, on_recorded, change);
}

static GError *
check_name (ProcContexts *self, guint32 id, const char *name)
{
  guint32 other;

  if (!proc_name_is_context (name))
    return proc_error_new_param ("name", "1 to 64 of a-z, 0-9, '_' and '-', not digits only", name);
  if (g_hash_table_contains (self->claimed, name) || (proc_contexts_parse (self, name, &other) && other != id))
    return g_error_new (PROC_ERROR, PROC_ERROR_EXISTS, "context already exists: %s", name);
  return NULL;
}

void
proc_contexts_set (ProcContexts *self, guint32 id, const char *name, const char *description, ProcContextDone done,
                   gpointer data)
{
  const ProcContext *old = proc_contexts_get (self, id);
  g_autoptr (GError) error = check_name (self, id, name);

  if (error != NULL)
    done (error, data);
  else
    record (
        self, id,
        context_new (id, name, description != NULL ? description : "", old != NULL ? old->created_at : proc_now_ms ()),
        done, data);
}

void
proc_contexts_delete (ProcContexts *self, guint32 id, ProcContextDone done, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (proc_contexts_get (self, id) != NULL)
    {
      record (self, id, NULL, done, data);
      return;
    }
  error = g_error_new (PROC_ERROR, PROC_ERROR_CONTEXT_NOT_FOUND, "context not found: %u", id);
  done (error, data);
}

/* ---------------------------------------------------------------------------------------------- the whole */

ProcContexts *
proc_contexts_new (ProcJournal *journal, const ProcLoaded *loaded)
{
  ProcContexts *self = g_new0 (ProcContexts, 1);

  self->journal = journal;
  self->names = g_hash_table_new_full (NULL, NULL, NULL, context_free);
  self->claimed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  keep (self, context_new (0, "core", "", 0));
  for (guint i = 0; i < loaded->contexts->len; i++)
    {
      JsonObject *object = loaded->contexts->pdata[i];
      guint32 id = (guint32)json_object_get_int_member_with_default (object, "id", 0);

      if (id != 0)
        keep (self, context_new (id, json_object_get_string_member_with_default (object, "name", ""),
                                 json_object_get_string_member_with_default (object, "description", ""),
                                 json_object_get_int_member_with_default (object, "created_at", 0)));
    }
  return self;
}

void
proc_contexts_free (ProcContexts *self)
{
  g_hash_table_unref (self->names);
  g_hash_table_unref (self->claimed);
  g_free (self);
}
