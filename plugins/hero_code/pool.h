/*
 * pool.h: work that blocks, on threads of its own; what comes of it arrives on the service thread. A pool has so many
 * threads and lets so much wait. Started on the service thread.
 */
#pragma once

#include <hero-service/context.h>

G_BEGIN_DECLS

typedef struct _CodePool CodePool;

/* On a thread of the pool. Returns a result, or NULL with error set. */
typedef gpointer (*CodeWork) (gpointer input, GCancellable *cancellable, GError **error);
/* On the service thread. result: taken over; error: borrowed, NULL = done. */
typedef void (*CodeDone) (gpointer result, const GError *error, gpointer data);

CodePool *code_pool_new (HeroServiceContext *ctx, guint n_threads, guint max_waiting);
/* Cancels nothing: waits for what runs and for what waits. */
void code_pool_free (CodePool *self);
guint code_pool_get_n_waiting (CodePool *self);
/*
 * input is freed with destroy on the service thread, after done came. cancellable: NULL = none. More waiting than may:
 * done comes at once with HERO_ERROR_LIMIT.
 */
void code_pool_run (CodePool *self, CodeWork work, gpointer input, GDestroyNotify destroy, GCancellable *cancellable,
                    CodeDone done, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CodePool, code_pool_free)

G_END_DECLS
