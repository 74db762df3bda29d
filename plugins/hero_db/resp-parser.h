/*
 * resp-parser.h: bytes of one connection into commands, RESP arrays and inline lines alike. Incremental and linear: a
 * frame may come in pieces of any size and none of it is looked at twice. Nothing is copied while frames are whole;
 * memory held for a partial one is what has arrived, never what its header announces. Any thread, one at a time.
 */
#pragma once

#include "slice.h"

#define RESP_LINE_MAX 65536 /* bytes of a header or inline line without its end */
#define RESP_BIG_BULK 32768 /* bulks from here on are read straight into their own buffer */
#define RESP_UNAUTHENTICATED_BULKS 10
#define RESP_UNAUTHENTICATED_BULK 16384

typedef struct _RespParser RespParser;

typedef enum
{
  RESP_MORE,    /* the input is used up */
  RESP_COMMAND, /* one command: argv and argc */
  RESP_ERROR,   /* the stream is broken for good: resp_parser_get_error, then close */
} RespStatus;

/* max_bulk: bytes of one bulk (proto-max-bulk-len). */
RespParser *resp_parser_new (gsize max_bulk);
void resp_parser_free (RespParser *self);

/* Until somebody has logged in, frames must be small. TRUE from the start. */
void resp_parser_set_authenticated (RespParser *self, gboolean authenticated);

/* Hands over input, which must stay as it is until resp_parser_next has answered RESP_MORE. */
void resp_parser_feed (RespParser *self, const char *data, gsize length);

/* The next command; argv lives until the next call. */
RespStatus resp_parser_next (RespParser *self, const Slice **argv, gsize *argc);

/*
 * While a big bulk is arriving: where the next bytes should be read to, and how many at most; 0 = use resp_parser_feed.
 * resp_parser_filled tells how many came.
 */
gsize resp_parser_get_room (RespParser *self, char **where);
void resp_parser_filled (RespParser *self, gsize length);

/* The text behind "ERR ", as in "Protocol error: invalid bulk length". */
const char *resp_parser_get_error (RespParser *self);

/* Bytes held for a frame that is not yet whole. */
gsize resp_parser_get_held (RespParser *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RespParser, resp_parser_free)
