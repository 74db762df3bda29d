/* commands-command.c: COMMAND and HELP, made from the table. Service thread. */
#include "commands.h"
#include "glob.h"
#include "keyspace.h"

/* ------------------------------------------------------------------------------------------------ INFO */

/* Redis's order of categories. */
static const char *const categories[]
    = { "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
        "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
        "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting" };

static gboolean
has_word (const char *words, const char *word)
{
  gsize length = strlen (word);

  for (const char *at = words; (at = strstr (at, word)) != NULL; at += length)
    if ((at == words || at[-1] == ' ' || at[-1] == '|')
        && (at[length] == '\0' || at[length] == ' ' || at[length] == '|'))
      return TRUE;
  return FALSE;
}

/* Those of the row, and those that follow from its flags. */
static gboolean
is_in_category (const Command *command, const char *category)
{
  if (g_str_equal (category, "read"))
    return has_word (command->flags, "readonly");
  if (g_str_equal (category, "slow"))
    return !has_word (command->flags, "fast");
  if (g_str_equal (category, "write") || g_str_equal (category, "fast") || g_str_equal (category, "admin"))
    return has_word (command->flags, category) || has_word (command->categories, category);
  if (g_str_equal (category, "dangerous") && has_word (command->flags, "admin"))
    return TRUE;
  return has_word (command->categories, category);
}

/* The words of a text as statuses with a prefix, in a set or an array. */
static void
reply_words (Call *call, const char *text, const char *separator, gboolean is_set)
{
  g_auto (GStrv) words = g_strsplit (text, separator, -1);
  guint count = *text != '\0' ? g_strv_length (words) : 0;

  if (is_set)
    reply_set (call->reply, count);
  else
    reply_array (call->reply, count);
  for (guint i = 0; i < count; i++)
    reply_status (call->reply, words[i]);
}

static void
reply_categories (Call *call, const Command *command)
{
  guint count = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (categories); i++)
    count += is_in_category (command, categories[i]);
  reply_set (call->reply, count);
  for (gsize i = 0; i < G_N_ELEMENTS (categories); i++)
    if (is_in_category (command, categories[i]))
      {
        g_autofree char *text = g_strconcat ("@", categories[i], NULL);

        reply_status (call->reply, text);
      }
}

static void
reply_key_spec (Call *call, const char *flags, int index, int last, int step)
{
  reply_map (call->reply, 3);
  reply_string (call->reply, "flags");
  reply_words (call, flags, " ", TRUE);

  reply_string (call->reply, "begin_search");
  reply_map (call->reply, 2);
  reply_string (call->reply, "type");
  reply_string (call->reply, "index");
  reply_string (call->reply, "spec");
  reply_map (call->reply, 1);
  reply_string (call->reply, "index");
  reply_integer (call->reply, index);

  reply_string (call->reply, "find_keys");
  reply_map (call->reply, 2);
  reply_string (call->reply, "type");
  reply_string (call->reply, "range");
  reply_string (call->reply, "spec");
  reply_map (call->reply, 3);
  reply_string (call->reply, "lastkey");
  reply_integer (call->reply, last);
  reply_string (call->reply, "keystep");
  reply_integer (call->reply, step);
  reply_string (call->reply, "limit");
  reply_integer (call->reply, 0);
}

static void
reply_key_specs (Call *call, const CommandKeys *keys)
{
  g_auto (GStrv) flags = NULL;

  if (keys->first == 0)
    {
      reply_array (call->reply, 0);
      return;
    }
  flags = g_strsplit (keys->flags, "|", -1);
  reply_array (call->reply, g_strv_length (flags));
  for (int i = 0; flags[i] != NULL; i++)
    reply_key_spec (call, flags[i], keys->first + i, keys->last < 0 ? keys->last : 0, keys->step);
}

static void
reply_info (Call *call, const CommandEntry *entry)
{
  const Command *command = entry->command;

  reply_array (call->reply, 10);
  reply_string (call->reply, entry->full_name);
  reply_integer (call->reply, command->arity);
  reply_words (call, command->flags, " ", TRUE);
  reply_integer (call->reply, command->keys.first);
  reply_integer (call->reply, command->keys.last);
  reply_integer (call->reply, command->keys.step);
  reply_categories (call, command);

  if (command->tips != NULL)
    {
      g_auto (GStrv) tips = g_strsplit (command->tips, " ", -1);

      reply_set (call->reply, g_strv_length (tips));
      for (guint i = 0; tips[i] != NULL; i++)
        reply_string (call->reply, tips[i]);
    }
  else
    reply_set (call->reply, 0);
  reply_key_specs (call, &command->keys);

  reply_array (call->reply, entry->subcommands != NULL ? entry->subcommands->len : 0);
  for (guint i = 0; entry->subcommands != NULL && i < entry->subcommands->len; i++)
    reply_info (call, g_ptr_array_index (entry->subcommands, i));
}

/* Those without a parent. */
static GPtrArray *
top_level (Call *call)
{
  GPtrArray *all = command_table_list (call->server->commands);
  GPtrArray *top = g_ptr_array_new ();

  for (guint i = 0; i < all->len; i++)
    if (((const CommandEntry *)g_ptr_array_index (all, i))->parent == NULL)
      g_ptr_array_add (top, g_ptr_array_index (all, i));
  return top;
}

static void
reply_all_info (Call *call)
{
  g_autoptr (GPtrArray) top = top_level (call);

  reply_array (call->reply, top->len);
  for (guint i = 0; i < top->len; i++)
    reply_info (call, g_ptr_array_index (top, i));
}

void
command_command (Call *call)
{
  reply_all_info (call);
}

void
command_command_info (Call *call)
{
  if (call->argc == 2)
    {
      reply_all_info (call);
      return;
    }
  reply_array (call->reply, call->argc - 2);
  for (gsize i = 2; i < call->argc; i++)
    {
      const CommandEntry *entry = command_table_find_full (call->server->commands, call->argv[i]);

      if (entry != NULL)
        reply_info (call, entry);
      else
        reply_null_array (call->reply);
    }
}

void
command_command_count (Call *call)
{
  g_autoptr (GPtrArray) top = top_level (call);

  reply_integer (call->reply, top->len);
}

/* ------------------------------------------------------------------------------------------------ LIST */

static gboolean
list_takes (Call *call, const CommandEntry *entry)
{
  if (call->argc == 2)
    return entry->parent == NULL;
  if (call_is (call, 3, "pattern"))
    return glob_match (call->argv[4], slice_of_string (entry->full_name), TRUE);
  if (call_is (call, 3, "aclcat"))
    {
      g_autofree char *category = g_ascii_strdown (call->argv[4].data, (gssize)call->argv[4].length);

      return is_in_category (entry->command, category);
    }
  return FALSE; /* MODULE: there are none */
}

void
command_command_list (Call *call)
{
  GPtrArray *all = command_table_list (call->server->commands);
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  if (call->argc != 2
      && !(call->argc == 5 && call_is (call, 2, "filterby")
           && (call_is (call, 3, "pattern") || call_is (call, 3, "aclcat") || call_is (call, 3, "module"))))
    {
      call_syntax_error (call);
      return;
    }

  for (guint i = 0; i < all->len; i++)
    if (list_takes (call, g_ptr_array_index (all, i)))
      g_ptr_array_add (found, g_ptr_array_index (all, i));
  reply_array (call->reply, found->len);
  for (guint i = 0; i < found->len; i++)
    reply_string (call->reply, ((const CommandEntry *)g_ptr_array_index (found, i))->full_name);
}

/* ------------------------------------------------------------------------------------------------ DOCS, HELP */

static void
reply_pair (Call *call, const char *name, const char *value)
{
  reply_string (call->reply, name);
  reply_string (call->reply, value);
}

static void
reply_docs (Call *call, const CommandEntry *entry)
{
  const Command *command = entry->command;
  gsize pairs = 3 + (command->complexity != NULL) + (entry->subcommands != NULL);

  reply_string (call->reply, entry->full_name);
  reply_map (call->reply, pairs);
  reply_pair (call, "summary", command->summary);
  reply_pair (call, "since", command->since);
  reply_pair (call, "group", command->group);
  if (command->complexity != NULL)
    reply_pair (call, "complexity", command->complexity);
  if (entry->subcommands != NULL)
    {
      reply_string (call->reply, "subcommands");
      reply_map (call->reply, entry->subcommands->len);
      for (guint i = 0; i < entry->subcommands->len; i++)
        reply_docs (call, g_ptr_array_index (entry->subcommands, i));
    }
}

static void
reply_unsupported_docs (Call *call, const UnsupportedCommand *command)
{
  reply_string (call->reply, command->name);
  reply_map (call->reply, 2);
  reply_pair (call, "summary", command->reason);
  reply_string (call->reply, "doc_flags");
  reply_set (call->reply, 1);
  reply_status (call->reply, "unsupported");
}

static guint
count_unsupported (void)
{
  guint count = 0;

  while (unsupported_commands[count].name != NULL)
    count++;
  return count;
}

static void
reply_all_docs (Call *call)
{
  g_autoptr (GPtrArray) top = top_level (call);

  reply_map (call->reply, top->len + count_unsupported ());
  for (guint i = 0; i < top->len; i++)
    reply_docs (call, g_ptr_array_index (top, i));
  for (guint i = 0; unsupported_commands[i].name != NULL; i++)
    reply_unsupported_docs (call, &unsupported_commands[i]);
}

/* Names that nobody knows are left out. */
void
command_command_docs (Call *call)
{
  gsize known = 0;

  if (call->argc == 2)
    {
      reply_all_docs (call);
      return;
    }
  for (gsize i = 2; i < call->argc; i++)
    known += command_table_find_full (call->server->commands, call->argv[i]) != NULL
             || command_find_unsupported (call->argv[i]) != NULL;

  reply_map (call->reply, known);
  for (gsize i = 2; i < call->argc; i++)
    {
      const CommandEntry *entry = command_table_find_full (call->server->commands, call->argv[i]);
      const UnsupportedCommand *unsupported = command_find_unsupported (call->argv[i]);

      if (entry != NULL)
        reply_docs (call, entry);
      else if (unsupported != NULL)
        reply_unsupported_docs (call, unsupported);
    }
}

/* HELP of any command that has subcommands. */
void
command_help (Call *call)
{
  const CommandEntry *container = call->entry->parent;
  g_autofree char *name = g_ascii_strup (container->full_name, -1);
  g_autofree char *title = g_strdup_printf ("%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", name);

  reply_array (call->reply, 1 + 2 * container->subcommands->len);
  reply_status (call->reply, title);
  for (guint i = 0; i < container->subcommands->len; i++)
    {
      const CommandEntry *entry = g_ptr_array_index (container->subcommands, i);
      g_autofree char *word = g_ascii_strup (entry->command->name, -1);
      g_autofree char *usage = g_strjoin (entry->command->syntax != NULL ? " " : "", word,
                                          entry->command->syntax != NULL ? entry->command->syntax : "", NULL);
      g_autofree char *meaning = g_strconcat ("    ", entry->command->summary, NULL);

      reply_status (call->reply, usage);
      reply_status (call->reply, meaning);
    }
}
