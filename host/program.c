/* program.c: the programs that users start, and the flags their contracts add. Constant; any thread. */
#include "program.h"

static const HeroFlag db_flags[] = {
  { "data-dir", 'd', HERO_FLAG_PATH, FALSE, "data_dir", NULL, "DIR", "its data directory" },
  { "port", 'p', HERO_FLAG_NUMBER, FALSE, "port", NULL, "N", "TCP port of the Redis protocol" },
  { "bind", 0, HERO_FLAG_LIST, FALSE, "bind", NULL, "IP", "TCP address; may be repeated" },
  { "no-tcp", 0, HERO_FLAG_SWITCH, FALSE, "tcp", "false", NULL, "no TCP listener" },
  { "verbose", 'v', HERO_FLAG_SWITCH, TRUE, "log_level", "\"debug\"", NULL, "log level debug" },
  { NULL },
};

static const HeroFlag indexer_flags[] = {
  { "dir", 'd', HERO_FLAG_PATH, FALSE, "data_dir", NULL, "DIR", "its data directory" },
  { NULL },
};

static const HeroFlag proc_flags[] = {
  { "db-path", 0, HERO_FLAG_PATH, FALSE, "db_path", NULL, "PATH", "its database file" },
  { "socket", 0, HERO_FLAG_PATH, FALSE, "socket_path", NULL, "PATH", "place of rpc.sock" },
  { "socket-dir", 0, HERO_FLAG_PATH, TRUE, "socket_dir", NULL, "PATH", "socket root" },
  { "log-level", 0, HERO_FLAG_TEXT, TRUE, "log_level", NULL, "LEVEL", "log level" },
  { NULL },
};

static const HeroFlag router_flags[] = {
  { "socket-dir", 0, HERO_FLAG_PATH, TRUE, "socket_dir", NULL, "DIR", "socket root" },
  { "bind", 0, HERO_FLAG_LIST, FALSE, "bind", NULL, "ADDR:PORT", "listener; may be repeated" },
  { "port", 0, HERO_FLAG_NUMBER, FALSE, "port", NULL, "N", "port of the main listener" },
  { "address", 0, HERO_FLAG_TEXT, FALSE, "address", NULL, "IP", "address of the main listener" },
  { "ui-port", 0, HERO_FLAG_NUMBER, FALSE, "ui_port", NULL, "N", "one more listener on the main address" },
  { NULL },
};

const HeroProgram hero_programs[] = {
  { "hero_bundle", NULL, "core", "Runs the Hero services in one process.", FALSE, NULL },
  { "mycelium_server_msg", "mycelium", "network", "The message bus by itself.", FALSE, NULL },
  { "hero_db_server", "hero_db", "storage", "The database by itself.", FALSE, db_flags },
  { "hero_indexer_server", "hero_indexer", "storage", "The full-text indexer by itself.", TRUE, indexer_flags },
  { "hero_code_server", "hero_code", "tool", "The code service by itself.", FALSE, NULL },
  { "hero_proc_server", "hero_proc", "core", "The process supervisor by itself.", FALSE, proc_flags },
  { "hero_router", "hero_router", "network", "The router by itself.", TRUE, router_flags },
  { NULL },
};

const HeroProgram *
hero_program_find (const char *name)
{
  for (const HeroProgram *program = hero_programs; program->name != NULL; program++)
    if (g_str_equal (program->name, name))
      return program;
  return NULL;
}
