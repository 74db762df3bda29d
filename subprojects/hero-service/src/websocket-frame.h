/*
 * websocket-frame.h: frames of WebSockets (RFC 6455, 5): what a client sends, taken apart and put together to messages by
 * every rule there is; and the head of a frame of ours. libsoup has its own, which bounds neither a message in parts nor
 * what waits to be sent, and closes a message that is too big without a word. Pure; any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum
{
  HERO_FRAME_TEXT = 1,
  HERO_FRAME_BINARY = 2,
  HERO_FRAME_CLOSE = 8,
  HERO_FRAME_PING = 9,
  HERO_FRAME_PONG = 10,
  HERO_FRAME_MAX_HEAD = 10,
  HERO_FRAME_MAX_CONTROL = 125, /* bytes of a close, ping or pong */
};

typedef struct _HeroFrameReader HeroFrameReader;

/* A message, text being UTF-8, or one control frame; bytes are taken. */
typedef void (*HeroFrameFunc) (guint kind, GBytes *bytes, gpointer data);

/* max: bytes of a message. */
HeroFrameReader *hero_frame_reader_new (gsize max);
void hero_frame_reader_free (HeroFrameReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroFrameReader, hero_frame_reader_free)
/*
 * 0, or the code by which the connection is to be closed: a rule is broken. Bytes that follow are not looked at then, nor
 * are those behind a close. func may free nothing of this.
 */
guint16 hero_frame_reader_feed (HeroFrameReader *self, const guint8 *bytes, gsize length, HeroFrameFunc func,
                                gpointer data);

/* The head of a whole message, not masked; its length. */
guint hero_frame_write_head (guint kind, gsize length, guint8 head[HERO_FRAME_MAX_HEAD]);

G_END_DECLS
