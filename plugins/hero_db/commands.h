/* commands.h: the handlers that the rows of command-rows.c name. Each is called checked: known, enough words. */
#pragma once

#include "command.h"

/* commands-string.c */
void command_append (Call *call);
void command_get (Call *call);
void command_getdel (Call *call);
void command_getex (Call *call);
void command_getrange (Call *call);
void command_getset (Call *call);
void command_mget (Call *call);
void command_mset (Call *call);
void command_msetnx (Call *call);
void command_psetex (Call *call);
void command_set (Call *call);
void command_setex (Call *call);
void command_setnx (Call *call);
void command_setrange (Call *call);
void command_strlen (Call *call);

/* commands-counter.c */
void command_decr (Call *call);
void command_decrby (Call *call);
void command_incr (Call *call);
void command_incrby (Call *call);
void command_incrbyfloat (Call *call);

/* commands-key.c */
void command_copy (Call *call);
void command_del (Call *call);
void command_exists (Call *call);
void command_keys (Call *call);
void command_move (Call *call);
void command_randomkey (Call *call);
void command_rename (Call *call);
void command_renamenx (Call *call);
void command_scan (Call *call);
void command_touch (Call *call);
void command_type (Call *call);

/* commands-expire.c */
void command_expire (Call *call);
void command_expireat (Call *call);
void command_expiretime (Call *call);
void command_persist (Call *call);
void command_pexpire (Call *call);
void command_pexpireat (Call *call);
void command_pexpiretime (Call *call);
void command_pttl (Call *call);
void command_ttl (Call *call);

/* commands-connection.c */
void command_auth (Call *call);
void command_echo (Call *call);
void command_hello (Call *call);
void command_ping (Call *call);
void command_quit (Call *call);
void command_reset (Call *call);
void command_select (Call *call);

/* commands-client.c */
void command_client_getname (Call *call);
void command_client_id (Call *call);
void command_client_info (Call *call);
void command_client_kill (Call *call);
void command_client_list (Call *call);
void command_client_no_evict (Call *call);
void command_client_no_touch (Call *call);
void command_client_reply (Call *call);
void command_client_setinfo (Call *call);
void command_client_setname (Call *call);

/* commands-server.c */
void command_config_get (Call *call);
void command_config_resetstat (Call *call);
void command_dbsize (Call *call);
void command_flushall (Call *call);
void command_flushdb (Call *call);
void command_info (Call *call);
void command_time (Call *call);

/* commands-command.c */
void command_command (Call *call);
void command_command_count (Call *call);
void command_command_docs (Call *call);
void command_command_info (Call *call);
void command_command_list (Call *call);
void command_help (Call *call);
