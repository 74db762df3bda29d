/*
 * externals.h: services that are not ours but that ours depend on (contract 7.3): the bundled siblings, or whoever else
 * serves `<root>/<name>/rpc.sock`. Healthy = GET /health there answers 200. Asked every two seconds, and only as long
 * as somebody goes on asking us. Service thread; nothing here blocks.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  PROC_EXTERNAL_ABSENT,  /* there is no such socket */
  PROC_EXTERNAL_UNKNOWN, /* it is being asked */
  PROC_EXTERNAL_UNWELL,  /* refused, silent, or another status than 200 */
  PROC_EXTERNAL_HEALTHY,
} ProcExternalState;

typedef struct _ProcExternals ProcExternals;
/* An answer came, the same as before or another: whoever still waits looks again. */
typedef void (*ProcExternalFunc) (gpointer data, const char *name);

ProcExternals *proc_externals_new (GMainContext *context, const char *socket_root, ProcExternalFunc answered,
                                   gpointer data);
void proc_externals_free (ProcExternals *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProcExternals, proc_externals_free)

/* What is known of it, at most two rounds old; it is asked again as long as this is called from time to time. */
ProcExternalState proc_externals_look (ProcExternals *self, const char *name);
/* The path of its socket. Transfer full. */
char *proc_externals_get_path (ProcExternals *self, const char *name);

G_END_DECLS
