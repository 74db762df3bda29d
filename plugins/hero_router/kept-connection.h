/*
 * kept-connection.h: the connection to one socket that stays open between two probes (contract 4.1). It saves the next probe
 * a connect, and its end tells that the service went. Service thread.
 */
#pragma once

#include <hero-service/hero-service.h>

G_BEGIN_DECLS

typedef struct _KeptConnection KeptConnection;

/* ended: the other side closed it, or said something unasked; it is closed here too when it is told. */
KeptConnection *kept_connection_new (HeroReactor *reactor, void (*ended) (gpointer data), gpointer data);
void kept_connection_free (KeptConnection *kept);
/* Puts an idle connection (the descriptor is taken over) in the place of the one that is kept, if any. */
void kept_connection_put (KeptConnection *kept, int fd);
/* Hands it out, the caller's from now on; -1 = none is kept. */
int kept_connection_take (KeptConnection *kept);
void kept_connection_close (KeptConnection *kept);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KeptConnection, kept_connection_free)

G_END_DECLS
