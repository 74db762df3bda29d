/* spec-tty.c: see spec-tty.h. Any thread. */
#include "spec-tty.h"

ProcTty
proc_tty_read (ProcReader *reader, GPtrArray *warnings)
{
  ProcTty self = { proc_reader_bool (reader, "tty", FALSE), { 80, 24 } };
  JsonObject *object = proc_reader_object (reader, "tty_size");
  g_autofree char *where = g_strconcat (reader->where, ".tty_size", NULL);
  ProcReader size;

  if (object == NULL)
    return self;
  proc_reader_init (&size, object, where);
  self.size.cols = (guint)proc_reader_int (&size, "cols", 1, PROC_TTY_MAX_SIDE, self.size.cols);
  self.size.rows = (guint)proc_reader_int (&size, "rows", 1, PROC_TTY_MAX_SIDE, self.size.rows);
  proc_reader_end (&size, warnings, reader->error == NULL ? &reader->error : NULL);
  return self;
}

void
proc_tty_to_json (const ProcTty *self, JsonObject *object)
{
  JsonObject *size = json_object_new ();

  json_object_set_int_member (size, "cols", self->size.cols);
  json_object_set_int_member (size, "rows", self->size.rows);
  json_object_set_boolean_member (object, "tty", self->enabled);
  json_object_set_object_member (object, "tty_size", size);
}
