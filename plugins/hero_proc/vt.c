/* vt.c: see vt.h. Pure; any thread. */
#include "vt.h"

#include <stdlib.h>
#include <string.h>

enum
{
  BEL = 0x07,
  CAN = 0x18,
  SUB = 0x1a,
  ESC = 0x1b,
  DEL = 0x7f,
  C1_LEAD = 0xc2, /* of U+0080..U+009F in UTF-8 */
  ST = 0x9c,      /* after it */
};

/* Where in the stream we are. */
enum
{
  IN_TEXT,
  IN_ESCAPE,
  IN_CSI,
  IN_STRING,
};

void
proc_vt_init (ProcVt *self, gsize max)
{
  *self = (ProcVt){ .pending = g_string_new (NULL), .max = max > 0 ? max : G_MAXSIZE };
}

void
proc_vt_clear (ProcVt *self)
{
  g_string_free (self->pending, TRUE);
  self->pending = NULL;
}

/* ---------------------------------------------------------------------------------------------- taking apart */

/* What waits goes out, the sequence is over. */
static void
end (ProcVt *self, ProcVtState state, ProcVtFunc func, gpointer data)
{
  static const ProcVtKind kinds[] = { PROC_VT_TEXT, PROC_VT_ESCAPE, PROC_VT_CSI, PROC_VT_STRING };

  if (self->pending->len > 0 || self->parted)
    func (kinds[self->place], state, self->pending->str, self->pending->len, data);
  g_string_truncate (self->pending, 0);
  self->parted = FALSE;
  self->place = IN_TEXT;
  self->before = 0;
}

static void
keep (ProcVt *self, guint8 byte, ProcVtFunc func, gpointer data)
{
  if (self->pending->len >= self->max)
    {
      func (self->place == IN_STRING ? PROC_VT_STRING : PROC_VT_CSI, PROC_VT_PART, self->pending->str,
            self->pending->len, data);
      g_string_truncate (self->pending, 0);
      self->parted = TRUE;
    }
  g_string_append_c (self->pending, (char)byte);
}

/* c1: a C1 character as what follows ESC in its 7-bit form: '[' for CSI. FALSE: it is complete as it is. */
static gboolean
begin (ProcVt *self, guint8 c1)
{
  if (c1 != '[' && (c1 == '\0' || strchr ("]P_^X", c1) == NULL))
    return FALSE;
  self->place = c1 == '[' ? IN_CSI : IN_STRING;
  self->is_osc = c1 == ']';
  return TRUE;
}

/* One byte of text that is not plain. FALSE: it belongs to what comes next. */
static gboolean
take_special (ProcVt *self, guint8 byte, ProcVtFunc func, gpointer data)
{
  const char text[2] = { (char)C1_LEAD, (char)byte };

  if (self->before == C1_LEAD)
    {
      self->before = 0;
      if (byte < 0x80 || byte > 0xbf) /* no character: nothing may be made of it later */
        {
          func (PROC_VT_TEXT, PROC_VT_BROKEN, text, 1, data);
          return FALSE;
        }
      if (byte >= 0xa0)
        func (PROC_VT_TEXT, PROC_VT_WHOLE, text, 2, data);
      else if (begin (self, byte - 0x40))
        g_string_append_len (self->pending, text, 2);
      else
        func (PROC_VT_CONTROL, PROC_VT_WHOLE, text, 2, data);
    }
  else if (byte == ESC)
    {
      self->place = IN_ESCAPE;
      g_string_append_c (self->pending, ESC);
    }
  else if (byte == C1_LEAD)
    self->before = C1_LEAD;
  else
    func (PROC_VT_CONTROL, PROC_VT_WHOLE, text + 1, 1, data);
  return TRUE;
}

static gboolean
is_plain (guint8 byte)
{
  return byte >= 0x20 && byte != DEL && byte != C1_LEAD;
}

/* A byte of ESC .. or CSI .. . FALSE: it belongs to what comes next. */
static gboolean
take_in_sequence (ProcVt *self, guint8 byte, ProcVtFunc func, gpointer data)
{
  if (byte == ESC || byte == CAN || byte == SUB || byte >= 0x80)
    {
      end (self, PROC_VT_BROKEN, func, data);
      return FALSE;
    }
  if (byte < 0x20 || byte == DEL) /* done on the way, the sequence goes on */
    {
      const char control = (char)byte;

      func (PROC_VT_CONTROL, PROC_VT_WHOLE, &control, 1, data);
      return TRUE;
    }
  keep (self, byte, func, data);
  if (byte >= (self->place == IN_CSI ? 0x40 : 0x30) && (self->place == IN_CSI || !begin (self, byte)))
    end (self, PROC_VT_WHOLE, func, data);
  return TRUE;
}

static gboolean
take_in_string (ProcVt *self, guint8 byte, ProcVtFunc func, gpointer data)
{
  guint8 before = self->before;
  gboolean is_c1 = before == C1_LEAD && byte >= 0x80 && byte < 0xa0;
  gboolean is_end = (before == ESC && byte == '\\') || (is_c1 && byte == ST);

  self->before = 0;
  if (!is_end && (before == ESC || is_c1)) /* another sequence begins: its first byte was held back */
    {
      end (self, PROC_VT_BROKEN, func, data);
      take_special (self, before, func, data);
      return FALSE;
    }
  if (before != 0)
    keep (self, before, func, data);
  if (byte == CAN || byte == SUB)
    {
      end (self, PROC_VT_BROKEN, func, data);
      return FALSE;
    }
  if (byte == ESC || (byte == C1_LEAD))
    {
      self->before = byte;
      return TRUE;
    }
  keep (self, byte, func, data);
  if (is_end || (self->is_osc && byte == BEL))
    end (self, PROC_VT_WHOLE, func, data);
  return TRUE;
}

void
proc_vt_feed (ProcVt *self, const char *bytes, gsize length, ProcVtFunc func, gpointer data)
{
  for (gsize i = 0; i < length;)
    {
      guint8 byte = (guint8)bytes[i];
      gsize from = i;

      if (self->place == IN_TEXT && self->before == 0 && is_plain (byte))
        {
          while (i < length && is_plain ((guint8)bytes[i]))
            i++;
          func (PROC_VT_TEXT, PROC_VT_WHOLE, bytes + from, i - from, data);
        }
      else if (self->place == IN_TEXT)
        i += take_special (self, byte, func, data);
      else
        i += self->place == IN_STRING ? take_in_string (self, byte, func, data)
                                      : take_in_sequence (self, byte, func, data);
    }
}

void
proc_vt_peek (const ProcVt *self, GByteArray *to)
{
  g_byte_array_append (to, (const guint8 *)self->pending->str, (guint)self->pending->len);
  if (self->before != 0)
    g_byte_array_append (to, &self->before, 1);
}

void
proc_vt_finish (ProcVt *self, ProcVtFunc func, gpointer data)
{
  if (self->before != 0)
    g_string_append_c (self->pending, (char)self->before);
  end (self, PROC_VT_BROKEN, func, data);
}

/* ---------------------------------------------------------------------------------------------- questions, answers */

/* A control sequence: CSI, a mark of "<=>?", numbers, intermediates, a letter. */
typedef struct
{
  char mark;  /* '\0' = none */
  int first;  /* number, -1 = none */
  guint n_parameters;
  char intermediate; /* the last; '\0' = none */
  char letter;
} Sequence;

static gboolean
read_csi (const char *bytes, gsize length, Sequence *csi)
{
  *csi = (Sequence){ .first = -1 };
  for (gsize i = 2; i < length; i++) /* after ESC [ or its other form */
    {
      char c = bytes[i];

      if (c >= '<' && c <= '?' && csi->mark == '\0' && csi->n_parameters == 0)
        csi->mark = c;
      else if (g_ascii_isdigit (c))
        {
          csi->n_parameters = MAX (csi->n_parameters, 1);
          if (csi->n_parameters == 1)
            csi->first = MIN (MAX (csi->first, 0) * 10 + (c - '0'), 99999);
        }
      else if (c == ';' || c == ':')
        csi->n_parameters = MAX (csi->n_parameters, 1) + 1;
      else if (c >= ' ' && c <= '/')
        csi->intermediate = c;
      else if (c >= '@' && c <= '~')
        csi->letter = c;
    }
  return csi->letter != '\0';
}

/* What asks for the size, state or title of the window. */
static gboolean
is_report_request (int number)
{
  static const guint8 numbers[] = { 11, 13, 14, 15, 16, 18, 19, 20, 21 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (numbers[i] == number)
      return TRUE;
  return FALSE;
}

static gboolean
is_csi_query (const Sequence *csi)
{
  switch (csi->letter)
    {
    case 'c': /* attributes */
      return csi->intermediate == '\0' && csi->mark != '?';
    case 'n': /* status, position of the cursor */
      return csi->intermediate == '\0' && (csi->mark == '\0' || csi->mark == '?');
    case 'p': /* modes */
    case 'w': /* state */
      return csi->intermediate == '$';
    case 'q': /* version */
      return csi->mark == '>' && csi->intermediate == '\0';
    case 't':
      return csi->mark == '\0' && csi->intermediate == '\0' && is_report_request (csi->first);
    case 'u': /* keyboard */
    case 'S': /* graphics */
      return csi->mark == '?' && csi->intermediate == '\0';
    case 'x': /* parameters */
      return csi->mark == '\0' && csi->intermediate == '\0';
    case 'y': /* checksum */
      return csi->intermediate == '*';
    default:
      return FALSE;
    }
}

/* OSC number ; .. with a question mark for a value: colours, selection. */
static gboolean
is_osc_query (const char *body)
{
  g_auto (GStrv) parts = g_strsplit (body, ";", -1);
  int number = parts[0] != NULL ? atoi (parts[0]) : 0;

  if (number != 4 && number != 5 && (number < 10 || number > 19) && number != 21 && number != 52)
    return FALSE;
  for (guint i = 1; parts[0] != NULL && parts[i] != NULL; i++)
    if (strcmp (parts[i], "?") == 0 || g_str_has_suffix (parts[i], "=?"))
      return TRUE;
  return FALSE;
}

/* What lies between its beginning and its end, without controls, which terminals pass over. Transfer full. */
static char *
string_body (const char *bytes, gsize length)
{
  gsize tail = (guint8)bytes[length - 1] == BEL ? 1 : 2;
  GString *body = g_string_new (NULL);

  for (gsize i = 2; i + tail < length; i++)
    if ((guint8)bytes[i] >= 0x20 && bytes[i] != DEL)
      g_string_append_c (body, bytes[i]);
  return g_string_free (body, FALSE);
}

gboolean
proc_vt_is_query (ProcVtKind kind, const char *bytes, gsize length)
{
  /* ESC x, or the two bytes of a C1 character: which is it? */
  char c1 = length < 2 ? '\0' : (guint8)bytes[0] == C1_LEAD ? (char)(bytes[1] - 0x40) : bytes[1];
  g_autofree char *body = NULL;
  Sequence csi;

  switch (kind)
    {
    case PROC_VT_CONTROL:
      return (length == 1 && *bytes == 0x05) || c1 == 'Z'; /* ENQ, DECID */
    case PROC_VT_ESCAPE:
      return bytes[length - 1] == 'Z';
    case PROC_VT_CSI:
      return read_csi (bytes, length, &csi) && is_csi_query (&csi);
    case PROC_VT_STRING:
      if (length < 3)
        return FALSE;
      body = string_body (bytes, length);
      if (c1 == ']')
        return is_osc_query (body);
      return c1 == 'P' && (g_str_has_prefix (body, "$q") || g_str_has_prefix (body, "+q"));
    default:
      return FALSE;
    }
}

gboolean
proc_vt_is_answer (ProcVtKind kind, const char *bytes, gsize length)
{
  Sequence csi;

  if (kind == PROC_VT_STRING)
    return TRUE;
  if (kind != PROC_VT_CSI || !read_csi (bytes, length, &csi))
    return FALSE;
  switch (csi.letter)
    {
    case 'R': /* and, of all keys, F3 with a modifier: such is what xterm has made of it */
      return csi.n_parameters >= 2;
    case 'c':
      return csi.mark != '\0';
    case 'n':
    case 'x':
      return csi.n_parameters >= 1;
    case 'S':
    case 'u':
      return csi.mark == '?';
    case 't':
      return csi.n_parameters >= 2;
    case 'y':
      return csi.intermediate == '$';
    default:
      return FALSE;
    }
}
