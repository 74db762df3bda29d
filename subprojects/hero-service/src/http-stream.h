/*
 * http-stream.h: the stream that libsoup gets instead of a socket's own. libsoup 3.2 forgets a kept-alive connection
 * that its client closes between two requests: descriptor and memory stay until the server ends. It does clean up after
 * a client that leaves inside a request, so the end of an idle stream is shown to it as the first byte of one. Service
 * thread.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* base: of the socket. *busy: TRUE while a request is under way; must outlive the stream's last read. */
GIOStream *hero_http_stream_new (GIOStream *base, const gboolean *busy);
/* From here on closing the stream leaves the base open: somebody else goes on with it. */
void hero_http_stream_detach (GIOStream *stream);

G_END_DECLS
