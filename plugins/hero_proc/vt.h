/*
 * vt.h: takes the byte stream of a terminal apart: text, control characters, escape sequences (ECMA-48 and what xterm
 * added, also in their two-byte UTF-8 form); and says which sequences ask a terminal something, and which answer. Pure;
 * any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  PROC_VT_TEXT,    /* printable bytes, UTF-8 as far as the sender cares */
  PROC_VT_CONTROL, /* one control character */
  PROC_VT_ESCAPE,  /* ESC x */
  PROC_VT_CSI,     /* ESC [ .. x */
  PROC_VT_STRING,  /* OSC, DCS, APC, PM, SOS with their end */
} ProcVtKind;

typedef enum
{
  PROC_VT_WHOLE,
  PROC_VT_PART,   /* of a sequence longer than max; more of it, or its end (WHOLE, BROKEN), follows */
  PROC_VT_BROKEN, /* a sequence that something else cut short */
} ProcVtState;

/* bytes: only for the call. */
typedef void (*ProcVtFunc) (ProcVtKind kind, ProcVtState state, const char *bytes, gsize length, gpointer data);

typedef struct
{
  GString *pending; /* of a sequence that is not at its end */
  gsize max;        /* bytes of it that are kept together */
  guint8 place;
  guint8 before;   /* the byte before, where two belong together; 0 = it stands for itself */
  gboolean is_osc; /* of strings, those that a BEL ends */
  gboolean parted; /* a part of it is out already */
} ProcVt;

/* max 0: no limit, since what is fed has one. */
void proc_vt_init (ProcVt *self, gsize max);
void proc_vt_clear (ProcVt *self);
/* func is called for all that is complete; the rest waits. Text never does. */
void proc_vt_feed (ProcVt *self, const char *bytes, gsize length, ProcVtFunc func, gpointer data);
/* There is no more: what waits goes out as broken. */
void proc_vt_finish (ProcVt *self, ProcVtFunc func, gpointer data);
/* Appends what waits, as it was fed. */
void proc_vt_peek (const ProcVt *self, GByteArray *to);

/* A terminal answers to it: status, attributes, colours, modes, sizes. */
gboolean proc_vt_is_query (ProcVtKind kind, const char *bytes, gsize length);
/* A terminal sends it of itself, as an answer; nobody types it. */
gboolean proc_vt_is_answer (ProcVtKind kind, const char *bytes, gsize length);

G_END_DECLS
