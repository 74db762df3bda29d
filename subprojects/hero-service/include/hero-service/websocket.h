/*
 * websocket.h: WebSockets (RFC 6455) on the service's sockets: a route of http.h answers with one. What is sent waits as a
 * reference to the same bytes, however many sockets it goes to; how much waits is known, so that a slow client can be
 * told from a quick one. A TCP listener's rule about Host and Origin holds for them too. Service thread.
 */
#pragma once

#include <hero-service/http.h>

G_BEGIN_DECLS

typedef struct _HeroWebSocket HeroWebSocket;

/* Codes of a close, RFC 6455 7.4.1. */
enum
{
  HERO_WEBSOCKET_NORMAL = 1000,
  HERO_WEBSOCKET_GOING_AWAY = 1001,
  HERO_WEBSOCKET_POLICY = 1008,
  HERO_WEBSOCKET_TOO_BIG = 1009, /* sent by itself when a message is over the limit */
  HERO_WEBSOCKET_ERROR = 1011,
  HERO_WEBSOCKET_TRY_AGAIN = 1013,
};

typedef struct
{
  /* A whole message; a text is valid UTF-8. message: transfer none. */
  void (*received) (gpointer data, gboolean is_text, GBytes *message);
  /* Some of what was sent went to the client; may be NULL. */
  void (*drained) (gpointer data);
  /* The last call: the client has left, the service stops, or the client broke a rule. Not after hero_websocket_close. */
  void (*closed) (gpointer data);
} HeroWebSocketFuncs;

/* Does the request ask for a WebSocket? One that does not is best answered with 426, see hero_http_respond_upgrade. */
gboolean hero_http_request_is_websocket (HeroHttpRequest *request);
/* 426: this path is a WebSocket. */
void hero_http_respond_upgrade (HeroHttpRequest *request);
/*
 * Answers with 101, or with 426 or 400 if the request is none or a broken one: then NULL. protocols: sub-protocols spoken
 * here, NULL-terminated, or NULL; max_message: bytes of one message; funcs: static. The socket can be used at once, and
 * until it is closed.
 */
HeroWebSocket *hero_http_respond_websocket (HeroHttpRequest *request, const char *const *protocols, gsize max_message,
                                            const HeroWebSocketFuncs *funcs, gpointer data);

/* The sub-protocol that was agreed on, NULL = none. */
const char *hero_websocket_get_protocol (HeroWebSocket *socket);
void hero_websocket_send_text (HeroWebSocket *socket, const char *text);     /* valid UTF-8 */
void hero_websocket_send_binary (HeroWebSocket *socket, GBytes *bytes);      /* transfer none: one more reference */
gsize hero_websocket_get_pending (HeroWebSocket *socket); /* bytes sent that the kernel has not taken yet */
/*
 * Says so and closes; nothing is called any more, the socket is not to be used. reason: at most 123 bytes, NULL = none.
 * What was sent before still goes out if it is to be (flush), else it is dropped, but for a frame that is on its way.
 */
void hero_websocket_close (HeroWebSocket *socket, guint16 code, const char *reason, gboolean flush);

G_END_DECLS
