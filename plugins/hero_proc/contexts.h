/*
 * contexts.h: the names of contexts (contract 3.5). A number needs no name to be a context; 0 is `core` and stays so.
 * Everything is in memory; the journal is written before a change is answered. Service thread.
 */
#pragma once

#include "journal.h"

G_BEGIN_DECLS

typedef struct _ProcContexts ProcContexts;

/* Read only; valid until the next return to the loop. */
typedef struct
{
  guint32 id;
  char *name;
  char *description;
  gint64 created_at;
} ProcContext;

ProcContexts *proc_contexts_new (ProcJournal *journal, const ProcLoaded *loaded);
void proc_contexts_free (ProcContexts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcContexts, proc_contexts_free)

/* A context by its number or name, as text; FALSE: no context has this name. */
gboolean proc_contexts_parse (ProcContexts *self, const char *text, guint32 *id);
const ProcContext *proc_contexts_get (ProcContexts *self, guint32 id); /* NULL = it has no name */
const char *proc_contexts_get_name (ProcContexts *self, guint32 id);   /* "" = none */
GPtrArray *proc_contexts_list (ProcContexts *self);                    /* by number, `core` first; transfer container */

/* done comes when it is durable; error is NULL or borrowed. */
typedef void (*ProcContextDone) (const GError *error, gpointer data);
/* id above 0. PROC_ERROR_INVALID_PARAM: no name for a context; PROC_ERROR_EXISTS: another one has it. */
void proc_contexts_set (ProcContexts *self, guint32 id, const char *name, const char *description, ProcContextDone done,
                        gpointer data);
/* PROC_ERROR_CONTEXT_NOT_FOUND. What belongs to the number stays. */
void proc_contexts_delete (ProcContexts *self, guint32 id, ProcContextDone done, gpointer data);

G_END_DECLS
