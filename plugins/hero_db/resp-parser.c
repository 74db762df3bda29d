/* resp-parser.c: see resp-parser.h. Positions are offsets, since the bytes of a partial frame move into the stash. */
#include "resp-parser.h"

#include "number.h"
#include "resp-words.h"

#define KEPT_ARGUMENTS 1024 /* arrays that have grown beyond are freed after the command */

/* An argument of the frame under way: bytes of the input, or a big bulk with a buffer of its own. */
typedef struct
{
  gsize offset; /* from the start of the frame */
  gsize length;
  char *own; /* NULL = in the input */
} Argument;

/* The bulk that is being read into its own buffer, with the two bytes that end it. */
typedef struct
{
  char *data; /* NULL = none */
  gsize length, capacity, wanted;
} BigBulk;

struct _RespParser
{
  gsize max_bulk;
  gboolean authenticated;

  const char *data; /* what is being parsed: the caller's input or the stash */
  gsize length;
  gsize position; /* the next byte to look at */
  gsize frame;    /* where the frame under way began */
  gsize searched; /* no line end before here */
  GByteArray *stash;

  gint64 bulks; /* still to come; 0 = between frames */
  gint64 bulk;  /* bytes of the one under way, -1 = its header comes next */
  BigBulk big;

  GArray *arguments; /* Argument, of the frame under way */
  gsize own_bytes;   /* of those with a buffer of their own */
  GArray *argv;      /* Slice, of the command handed out */
  GByteArray *words; /* unquoted words of an inline command */
  char error[80];
};

static void
argument_clear (gpointer data)
{
  g_free (((Argument *)data)->own);
}

static GArray *
new_arguments (void)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (Argument));

  g_array_set_clear_func (array, argument_clear);
  return array;
}

/* Empties both arrays of the last command; one that was long gives its memory back. */
static void
forget_command (RespParser *self)
{
  if (self->argv->len > KEPT_ARGUMENTS)
    {
      g_array_unref (self->argv);
      self->argv = g_array_new (FALSE, FALSE, sizeof (Slice));
    }
  if (self->arguments->len > KEPT_ARGUMENTS && self->bulks == 0)
    {
      g_array_unref (self->arguments);
      self->arguments = new_arguments ();
    }
  g_array_set_size (self->argv, 0);
  if (self->bulks == 0)
    {
      g_array_set_size (self->arguments, 0);
      self->own_bytes = 0;
    }
}

RespParser *
resp_parser_new (gsize max_bulk)
{
  RespParser *self = g_new0 (RespParser, 1);

  self->max_bulk = max_bulk;
  self->authenticated = TRUE;
  self->bulk = -1;
  self->arguments = new_arguments ();
  self->argv = g_array_new (FALSE, FALSE, sizeof (Slice));
  return self;
}

void
resp_parser_free (RespParser *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->stash, g_byte_array_unref);
  g_clear_pointer (&self->words, g_byte_array_unref);
  g_array_unref (self->arguments);
  g_array_unref (self->argv);
  g_free (self->big.data);
  g_free (self);
}

void
resp_parser_set_authenticated (RespParser *self, gboolean authenticated)
{
  self->authenticated = authenticated;
}

const char *
resp_parser_get_error (RespParser *self)
{
  return self->error;
}

gsize
resp_parser_get_held (RespParser *self)
{
  return (self->stash != NULL ? self->stash->len : 0) + self->big.length + self->own_bytes
         + self->arguments->len * sizeof (Argument);
}

/* ------------------------------------------------------------------------------------------------ input */

gsize
resp_parser_get_room (RespParser *self, char **where)
{
  BigBulk *big = &self->big;

  if (big->data == NULL || big->length == big->wanted)
    return 0;
  if (big->length == big->capacity)
    {
      big->capacity = MIN (big->capacity * 2, big->wanted);
      big->data = g_realloc (big->data, big->capacity);
    }
  *where = big->data + big->length;
  return big->capacity - big->length;
}

void
resp_parser_filled (RespParser *self, gsize length)
{
  self->big.length += length;
}

void
resp_parser_feed (RespParser *self, const char *data, gsize length)
{
  char *where;
  gsize room;

  while (length > 0 && (room = resp_parser_get_room (self, &where)) > 0)
    {
      gsize part = MIN (room, length);

      memcpy (where, data, part);
      resp_parser_filled (self, part);
      data += part;
      length -= part;
    }

  if (self->stash == NULL)
    {
      self->data = data;
      self->length = length;
      return;
    }
  g_byte_array_append (self->stash, (const guint8 *)data, (guint)length);
  self->data = (const char *)self->stash->data;
  self->length = self->stash->len;
}

/* The input is used up: keep the partial frame, drop the caller's bytes. */
static RespStatus
need_more (RespParser *self)
{
  gsize rest = self->length - self->frame;

  if (rest == 0)
    g_clear_pointer (&self->stash, g_byte_array_unref);
  else if (self->stash == NULL)
    {
      self->stash = g_byte_array_new ();
      g_byte_array_append (self->stash, (const guint8 *)self->data + self->frame, (guint)rest);
    }
  else if (self->frame > 0)
    g_byte_array_remove_range (self->stash, 0, (guint)self->frame);

  self->position -= self->frame;
  self->searched -= MIN (self->searched, self->frame);
  self->frame = 0;
  self->data = self->stash != NULL ? (const char *)self->stash->data : NULL;
  self->length = rest;
  return RESP_MORE;
}

G_GNUC_PRINTF (2, 3)
static RespStatus
broken (RespParser *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_vsnprintf (self->error, sizeof self->error, format, arguments);
  va_end (arguments);
  return RESP_ERROR;
}

/* ------------------------------------------------------------------------------------------------ lines */

typedef enum
{
  LINE_COMPLETE,
  LINE_PARTIAL,
  LINE_TOO_LONG,
} LineStatus;

/* The line at position, without its end. A RESP header ends with CR and any byte, an inline line with LF. */
static LineStatus
take_line (RespParser *self, char end, Slice *line)
{
  gsize from = MAX (self->position, self->searched);
  const char *found = NULL;
  gsize stop;

  if (from < self->length)
    found = memchr (self->data + from, end, self->length - from);
  if (found == NULL)
    {
      self->searched = self->length;
      return self->length - self->position > RESP_LINE_MAX ? LINE_TOO_LONG : LINE_PARTIAL;
    }

  stop = (gsize)(found - self->data);
  if (end == '\r' && stop + 1 == self->length)
    {
      self->searched = stop;
      return LINE_PARTIAL;
    }
  *line = slice (self->data + self->position, stop - self->position);
  self->position = stop + (end == '\r' ? 2 : 1);
  return LINE_COMPLETE;
}

/* ------------------------------------------------------------------------------------------------ frames */

static RespStatus
hand_out (RespParser *self, const Slice **argv, gsize *argc)
{
  *argv = (const Slice *)(gpointer)self->argv->data;
  *argc = self->argv->len;
  self->frame = self->position;
  return RESP_COMMAND;
}

static RespStatus
take_inline (RespParser *self, const Slice **argv, gsize *argc)
{
  Slice line;

  switch (take_line (self, '\n', &line))
    {
    case LINE_TOO_LONG:
      return broken (self, "Protocol error: too big inline request");
    case LINE_PARTIAL:
      return RESP_MORE;
    case LINE_COMPLETE:
      break;
    }

  if (line.length > 0 && line.data[line.length - 1] == '\r')
    line.length--;
  if (self->words == NULL)
    self->words = g_byte_array_new ();
  if (!resp_words_split (line, self->argv, self->words))
    return broken (self, "Protocol error: unbalanced quotes in request");
  return hand_out (self, argv, argc);
}

/* "*n": how many bulks follow. */
static RespStatus
take_array_header (RespParser *self)
{
  Slice line;
  gint64 bulks;

  switch (take_line (self, '\r', &line))
    {
    case LINE_TOO_LONG:
      return broken (self, "Protocol error: too big mbulk count string");
    case LINE_PARTIAL:
      return RESP_MORE;
    case LINE_COMPLETE:
      break;
    }

  if (!number_parse_int (slice (line.data + 1, line.length - 1), &bulks) || bulks > G_MAXINT32)
    return broken (self, "Protocol error: invalid multibulk length");
  if (bulks > RESP_UNAUTHENTICATED_BULKS && !self->authenticated)
    return broken (self, "Protocol error: unauthenticated multibulk length");
  self->bulks = MAX (bulks, 0);
  return RESP_COMMAND;
}

/* "$n": the length of the next bulk. */
static RespStatus
take_bulk_header (RespParser *self)
{
  Slice line;
  gint64 bulk;

  switch (take_line (self, '\r', &line))
    {
    case LINE_TOO_LONG:
      return broken (self, "Protocol error: too big bulk count string");
    case LINE_PARTIAL:
      return RESP_MORE;
    case LINE_COMPLETE:
      break;
    }

  if (line.length == 0 || line.data[0] != '$')
    return broken (self, "Protocol error: expected '$', got '%c'", line.length > 0 ? line.data[0] : '\r');
  if (!number_parse_int (slice (line.data + 1, line.length - 1), &bulk) || bulk < 0 || (guint64)bulk > self->max_bulk)
    return broken (self, "Protocol error: invalid bulk length");
  if (bulk > RESP_UNAUTHENTICATED_BULK && !self->authenticated)
    return broken (self, "Protocol error: unauthenticated bulk length");
  self->bulk = bulk;
  return RESP_COMMAND;
}

/* A big bulk that is not here as a whole gets its own buffer, with what has arrived of it. */
static void
begin_big (RespParser *self)
{
  BigBulk *big = &self->big;
  gsize here = self->length - self->position;

  big->wanted = (gsize)self->bulk + 2;
  big->capacity = MIN (MAX (2 * here, RESP_BIG_BULK), big->wanted);
  big->data = g_malloc (big->capacity);
  memcpy (big->data, self->data + self->position, here);
  big->length = here;
  self->length = self->position;
  if (self->stash != NULL)
    g_byte_array_set_size (self->stash, (guint)self->length);
}

/* The bytes of the bulk under way and the two behind them, which nobody looks at. */
static RespStatus
take_bulk (RespParser *self)
{
  Argument argument = { self->position - self->frame, (gsize)self->bulk, NULL };

  if (self->big.data != NULL)
    {
      if (self->big.length < self->big.wanted)
        return RESP_MORE;
      argument.own = g_steal_pointer (&self->big.data);
      self->own_bytes += argument.length;
      self->big = (BigBulk){ 0 };
    }
  else if (self->length - self->position < argument.length + 2)
    {
      if (self->bulk >= RESP_BIG_BULK)
        begin_big (self);
      return RESP_MORE;
    }
  else
    self->position += argument.length + 2;

  g_array_append_val (self->arguments, argument);
  self->bulk = -1;
  self->bulks--;
  return RESP_COMMAND;
}

static RespStatus
finish_frame (RespParser *self, const Slice **argv, gsize *argc)
{
  for (guint i = 0; i < self->arguments->len; i++)
    {
      const Argument *argument = &g_array_index (self->arguments, Argument, i);
      Slice value = slice (argument->own != NULL ? argument->own : self->data + self->frame + argument->offset,
                           argument->length);

      g_array_append_val (self->argv, value);
    }
  return hand_out (self, argv, argc);
}

static RespStatus
take_frame (RespParser *self, const Slice **argv, gsize *argc)
{
  RespStatus status = RESP_COMMAND;

  while (status == RESP_COMMAND && self->bulks > 0)
    {
      if (self->bulk < 0 && (status = take_bulk_header (self)) != RESP_COMMAND)
        return status;
      status = take_bulk (self);
    }
  return status == RESP_COMMAND ? finish_frame (self, argv, argc) : status;
}

static RespStatus
take_command (RespParser *self, const Slice **argv, gsize *argc)
{
  RespStatus status;

  if (self->bulks > 0)
    return take_frame (self, argv, argc);
  if (self->position == self->length)
    return RESP_MORE;
  if (self->data[self->position] != '*')
    return take_inline (self, argv, argc);

  status = take_array_header (self);
  return status == RESP_COMMAND ? take_frame (self, argv, argc) : status;
}

RespStatus
resp_parser_next (RespParser *self, const Slice **argv, gsize *argc)
{
  RespStatus status;

  if (self->error[0] != '\0')
    return RESP_ERROR;

  forget_command (self);
  do
    status = take_command (self, argv, argc);
  while (status == RESP_COMMAND && *argc == 0); /* an empty line, "*0" and "*-1" are skipped */
  return status == RESP_MORE ? need_more (self) : status;
}
