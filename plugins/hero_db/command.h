/*
 * command.h: one table of commands. A row is how a command is called, checked, documented and counted; what is not in
 * the table does not exist. Service thread.
 */
#pragma once

#include "client.h"
#include "storage.h"

typedef struct _Server Server;
typedef struct _Call Call;
typedef struct _Command Command;

typedef void (*CommandFunc) (Call *call);

/* The keys among the arguments: from first to last (negative: counted from the end) by step; first 0 = none. */
typedef struct
{
  int first, last, step;
  const char *flags; /* "RW access|OW update": what happens to them; with | one word group for each key */
} CommandKeys;

/* One row. Constant; texts in Redis's own words, where a client could read them. */
struct _Command
{
  const char *name;       /* lower case */
  CommandFunc run;        /* NULL: only its subcommands run */
  int arity;              /* words, the name included; negative: at least so many */
  const char *flags;      /* "write denyoom fast" */
  const char *categories; /* "keyspace string", beside those that follow from the flags */
  CommandKeys keys;
  const char *tips;  /* "nondeterministic_output" or NULL */
  const char *group; /* "string" */
  const char *since; /* version of Redis that brought it */
  const char *complexity;
  const char *syntax; /* the words behind the name; NULL = none */
  const char *summary;
  const Command *subcommands; /* rows up to one without a name, or NULL */
};

/* Bits of the flags that somebody asks for. */
enum
{
  COMMAND_WRITES = 1 << 0,
  COMMAND_READS = 1 << 1,
};

/* A row in use. */
typedef struct _CommandEntry CommandEntry;
struct _CommandEntry
{
  const Command *command;
  const CommandEntry *parent; /* NULL = no subcommand */
  char *full_name;            /* "config|get" */
  guint flags;                /* COMMAND_WRITES, .. */
  GPtrArray *subcommands;     /* CommandEntry, or NULL */
  guint64 calls, rejected, failed;
  guint64 microseconds;
};

/* One command being run. Everything is borrowed. */
struct _Call
{
  Server *server;
  Client *client;
  CommandEntry *entry;
  const Slice *argv;
  gsize argc;
  Reply *reply;
  Storage *storage;
  guint db;
  gint64 now; /* Unix milliseconds, the same for all of this turn */
};

/* ---- the table */
typedef struct _CommandTable CommandTable;

extern const Command command_rows[]; /* ends with a row without a name */

/* A command that Redis has and that never comes, or not yet: what to answer and why. */
typedef struct
{
  const char *name;
  const char *reason;
} UnsupportedCommand;
extern const UnsupportedCommand unsupported_commands[];

CommandTable *command_table_new (void);
void command_table_free (CommandTable *self);
/* NULL: no such command. */
CommandEntry *command_table_find (CommandTable *self, Slice name);
/* NULL: it has no subcommand of this name. */
CommandEntry *command_entry_find (CommandEntry *self, Slice name);
/* "get" or "config|get"; NULL: no such command. */
CommandEntry *command_table_find_full (CommandTable *self, Slice full_name);
/* All commands (CommandEntry), by name; owned by the table. */
GPtrArray *command_table_list (CommandTable *self);
gboolean command_accepts (const CommandEntry *self, gsize argc);
const UnsupportedCommand *command_find_unsupported (Slice name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CommandTable, command_table_free)
