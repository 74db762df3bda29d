/* test-fake.h: a service of any behaviour on one Unix socket, that counts what it is asked. It has threads of its own. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FAKE_DOCUMENT "{\"openrpc\":\"1.2.6\",\"info\":{\"title\":\"Fake\",\"version\":\"1\"},\"methods\":[{\"name\":\"a.b\",\"params\":[]}]}"

typedef struct _Fake Fake;

/* Listens at <root>/<name>/<file>. */
Fake *fake_new (const char *root, const char *name, const char *file);
/* Ends as a killed process does: connections and listener are closed, the file stays. */
void fake_kill (Fake *fake);
void fake_free (Fake *fake); /* and removes the file */

void fake_set_version (Fake *fake, const char *version); /* that /health tells */
void fake_set_document (Fake *fake, const char *text);
/* "Connection: close" with each answer. */
void fake_set_close (Fake *fake);
/* Closes a connection so long after an answer, without having said so. */
void fake_set_idle_ms (Fake *fake, guint ms);
/* The answer to /health comes so late. */
void fake_set_delay_ms (Fake *fake, guint ms);

guint fake_count (Fake *fake, const char *path); /* requests for it */
guint fake_count_connections (Fake *fake);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fake, fake_free)

G_END_DECLS
