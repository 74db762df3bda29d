/* command-table.c: the rows, found by name. Service thread. */
#include "command.h"

struct _CommandTable
{
  GHashTable *by_name; /* Slice of a top-level name -> CommandEntry */
  GPtrArray *all;      /* owned, subcommands behind their parent */
};

static guint
hash_name (gconstpointer data)
{
  const Slice *name = data;
  guint hash = 5381;

  for (gsize i = 0; i < name->length; i++)
    hash = hash * 33 + (guint)g_ascii_tolower (name->data[i]);
  return hash;
}

static gboolean
equal_names (gconstpointer a, gconstpointer b)
{
  const Slice *left = a, *right = b;

  return left->length == right->length && g_ascii_strncasecmp (left->data, right->data, left->length) == 0;
}

static void
entry_free (gpointer data)
{
  CommandEntry *entry = data;

  g_clear_pointer (&entry->subcommands, g_ptr_array_unref);
  g_free (entry->full_name);
  g_free (entry);
}

static gboolean
has_flag (const Command *command, const char *flag)
{
  g_auto (GStrv) flags = g_strsplit (command->flags, " ", -1);

  return g_strv_contains ((const char *const *)flags, flag);
}

static CommandEntry *
add_entry (CommandTable *self, const Command *command, CommandEntry *parent)
{
  CommandEntry *entry = g_new0 (CommandEntry, 1);

  entry->command = command;
  entry->parent = parent;
  entry->full_name
      = parent != NULL ? g_strconcat (parent->full_name, "|", command->name, NULL) : g_strdup (command->name);
  entry->flags
      = (has_flag (command, "write") ? COMMAND_WRITES : 0) | (has_flag (command, "readonly") ? COMMAND_READS : 0);
  g_ptr_array_add (self->all, entry);

  if (command->subcommands != NULL)
    entry->subcommands = g_ptr_array_new ();
  for (const Command *row = command->subcommands; row != NULL && row->name != NULL; row++)
    g_ptr_array_add (entry->subcommands, add_entry (self, row, entry));
  return entry;
}

CommandTable *
command_table_new (void)
{
  CommandTable *self = g_new0 (CommandTable, 1);

  self->by_name = g_hash_table_new_full (hash_name, equal_names, g_free, NULL);
  self->all = g_ptr_array_new_with_free_func (entry_free);
  for (const Command *row = command_rows; row->name != NULL; row++)
    {
      const Slice name = slice_of_string (row->name);

      g_hash_table_insert (self->by_name, g_memdup2 (&name, sizeof name), add_entry (self, row, NULL));
    }
  return self;
}

void
command_table_free (CommandTable *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->all);
  g_free (self);
}

CommandEntry *
command_table_find (CommandTable *self, Slice name)
{
  return g_hash_table_lookup (self->by_name, &name);
}

CommandEntry *
command_entry_find (CommandEntry *self, Slice name)
{
  for (guint i = 0; self->subcommands != NULL && i < self->subcommands->len; i++)
    {
      CommandEntry *entry = g_ptr_array_index (self->subcommands, i);

      if (slice_is (name, entry->command->name))
        return entry;
    }
  return NULL;
}

CommandEntry *
command_table_find_full (CommandTable *self, Slice full_name)
{
  const char *bar = full_name.length > 0 ? memchr (full_name.data, '|', full_name.length) : NULL;
  gsize length = bar != NULL ? (gsize)(bar - full_name.data) : full_name.length;
  CommandEntry *entry = command_table_find (self, slice (full_name.data, length));

  if (entry == NULL || bar == NULL)
    return entry;
  return command_entry_find (entry, slice (bar + 1, full_name.length - length - 1));
}

GPtrArray *
command_table_list (CommandTable *self)
{
  return self->all;
}

gboolean
command_accepts (const CommandEntry *self, gsize argc)
{
  int arity = self->command->arity;

  if (self->command->run == NULL)
    return FALSE;
  return arity >= 0 ? argc == (gsize)arity : argc >= (gsize)-arity;
}

const UnsupportedCommand *
command_find_unsupported (Slice name)
{
  for (const UnsupportedCommand *command = unsupported_commands; command->name != NULL; command++)
    if (slice_is (name, command->name))
      return command;
  return NULL;
}
