/* websocket-frame.c: see websocket-frame.h. Pure; any thread. */
#include "websocket-frame.h"

#include <string.h>

enum
{
  CONTINUATION = 0,
  FIN = 0x80,
  RESERVED = 0x70,
  MASKED = 0x80,
  MAX_HEAD = 14, /* of a client's frame: with the mask */
  PROTOCOL_ERROR = 1002,
  NOT_UTF8 = 1007,
  TOO_BIG = 1009,
};

struct _HeroFrameReader
{
  gsize max;
  guint8 head[MAX_HEAD];
  guint n_head;
  guint64 length, at; /* of the frame's bytes, once its head is there */
  GByteArray *message; /* its parts up to now */
  guint kind;          /* of the message; 0 = none has begun */
  GByteArray *control;
  guint16 failed;
  gboolean over; /* a close was there */
};

HeroFrameReader *
hero_frame_reader_new (gsize max)
{
  HeroFrameReader *self = g_new0 (HeroFrameReader, 1);

  self->max = max;
  self->message = g_byte_array_new ();
  self->control = g_byte_array_new ();
  return self;
}

void
hero_frame_reader_free (HeroFrameReader *self)
{
  g_byte_array_unref (self->message);
  g_byte_array_unref (self->control);
  g_free (self);
}

/* ------------------------------------------------------------------------------------------------ heads */

static guint
opcode_of (const HeroFrameReader *self)
{
  return self->head[0] & 0x0f;
}

static gboolean
is_control (const HeroFrameReader *self)
{
  return opcode_of (self) >= HERO_FRAME_CLOSE;
}

static guint
head_size (const HeroFrameReader *self)
{
  guint size = self->head[1] & 0x7f;

  return 2 + (size == 127 ? 8 : size == 126 ? 2 : 0) + 4;
}

/* The first two bytes: is such a frame allowed here? */
static guint16
check_start (const HeroFrameReader *self)
{
  guint opcode = opcode_of (self);

  if ((self->head[0] & RESERVED) != 0 || (self->head[1] & MASKED) == 0)
    return PROTOCOL_ERROR;
  if (is_control (self))
    return opcode > HERO_FRAME_PONG || (self->head[0] & FIN) == 0 || (self->head[1] & 0x7f) > HERO_FRAME_MAX_CONTROL
               ? PROTOCOL_ERROR
               : 0;
  return opcode > HERO_FRAME_BINARY || (opcode == CONTINUATION) != (self->kind != 0) ? PROTOCOL_ERROR : 0;
}

static guint16
take_head (HeroFrameReader *self)
{
  guint n_length = head_size (self) - 6;

  self->at = 0;
  self->length = n_length == 0 ? self->head[1] & 0x7f : 0;
  for (guint i = 0; i < n_length; i++)
    self->length = self->length << 8 | self->head[2 + i];
  if ((self->length >> 63) != 0)
    return PROTOCOL_ERROR;
  if (is_control (self))
    return 0;
  if (self->length > self->max - self->message->len)
    return TOO_BIG;
  if (opcode_of (self) != CONTINUATION)
    self->kind = opcode_of (self);
  return 0;
}

/* ------------------------------------------------------------------------------------------------ bytes */

static gboolean
is_utf8 (const GByteArray *bytes, guint from)
{
  return bytes->len == from || g_utf8_validate_len ((const char *)bytes->data + from, bytes->len - from, NULL);
}

/* What a close may say. */
static guint16
check_close (const GByteArray *bytes)
{
  guint code = bytes->len >= 2 ? (guint)bytes->data[0] << 8 | bytes->data[1] : 1000;

  if (bytes->len == 1 || code < 1000 || code >= 5000 || (code >= 1016 && code < 3000) || code == 1004 || code == 1005
      || code == 1006 || code == 1015)
    return PROTOCOL_ERROR;
  return bytes->len > 2 && !is_utf8 (bytes, 2) ? NOT_UTF8 : 0;
}

static GBytes *
take_all (GByteArray **array)
{
  GBytes *bytes = g_byte_array_free_to_bytes (*array);

  *array = g_byte_array_new ();
  return bytes;
}

static guint16
end_frame (HeroFrameReader *self, HeroFrameFunc func, gpointer data)
{
  guint opcode = opcode_of (self), kind = self->kind;
  guint16 code = 0;

  self->n_head = 0;
  if (is_control (self))
    {
      if (opcode == HERO_FRAME_CLOSE)
        code = check_close (self->control);
      self->over = opcode == HERO_FRAME_CLOSE;
      if (code == 0)
        func (opcode, take_all (&self->control), data);
      return code;
    }
  if ((self->head[0] & FIN) == 0)
    return 0;
  self->kind = 0;
  if (kind == HERO_FRAME_TEXT && !is_utf8 (self->message, 0))
    return NOT_UTF8;
  func (kind, take_all (&self->message), data);
  return 0;
}

/* Up to length bytes of the frame under way; how many it took. */
static gsize
take_bytes (HeroFrameReader *self, const guint8 *bytes, gsize length)
{
  const guint8 *mask = self->head + head_size (self) - 4;
  GByteArray *to = is_control (self) ? self->control : self->message;
  gsize n = (gsize)MIN (self->length - self->at, length);
  guint from = to->len;

  g_byte_array_append (to, bytes, (guint)n);
  for (gsize i = 0; i < n; i++)
    to->data[from + i] ^= mask[(self->at + i) % 4];
  self->at += n;
  return n;
}

guint16
hero_frame_reader_feed (HeroFrameReader *self, const guint8 *bytes, gsize length, HeroFrameFunc func, gpointer data)
{
  const guint8 *end = bytes + length;

  while (bytes < end && self->failed == 0 && !self->over)
    {
      if (self->n_head < 2 || self->n_head < head_size (self))
        {
          self->head[self->n_head++] = *bytes++;
          if (self->n_head == 2)
            self->failed = check_start (self);
          else if (self->n_head > 2 && self->n_head == head_size (self))
            self->failed = take_head (self);
          if (self->n_head < 2 || self->n_head < head_size (self))
            continue;
        }
      else
        bytes += take_bytes (self, bytes, (gsize)(end - bytes));
      if (self->failed == 0 && self->at == self->length)
        self->failed = end_frame (self, func, data);
    }
  return self->failed;
}

guint
hero_frame_write_head (guint kind, gsize length, guint8 head[HERO_FRAME_MAX_HEAD])
{
  guint n = length < 126 ? 0 : length <= 0xffff ? 2 : 8;

  head[0] = (guint8)(FIN | kind);
  head[1] = n == 0 ? (guint8)length : n == 2 ? 126 : 127;
  for (guint i = 0; i < n; i++)
    head[2 + i] = (guint8)((guint64)length >> (8 * (n - 1 - i)));
  return 2 + n;
}
