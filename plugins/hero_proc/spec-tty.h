/* spec-tty.h: `tty` and `tty_size` of an action: whether it runs in a terminal (contract 3.2). Any thread. */
#pragma once

#include "reader.h"

G_BEGIN_DECLS

enum
{
  PROC_TTY_MAX_SIDE = 1000, /* columns, rows */
};

typedef struct
{
  guint cols, rows;
} ProcTtySize;

typedef struct
{
  gboolean enabled;
  ProcTtySize size; /* when it starts */
} ProcTty;

ProcTty proc_tty_read (ProcReader *reader, GPtrArray *warnings);
void proc_tty_to_json (const ProcTty *self, JsonObject *object);

G_END_DECLS
