/* names.h: which names are legal (contract 2), and the limits of their values (19). Pure; any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum
{
  PROC_MAX_SERVICES = 2000,
  PROC_MAX_ACTIONS = 20000,
  PROC_MAX_ACTIONS_PER_SERVICE = 64,
  PROC_MAX_TAGS = 32,
  PROC_MAX_ARGS = 1024,
  PROC_MAX_SCRIPT = 1024 * 1024,
  PROC_MAX_PATH = 4096,
  PROC_MAX_ENV_VALUE = 32 * 1024,
  PROC_MAX_ENV = 128 * 1024,
};

gboolean proc_name_is_service (const char *text);
gboolean proc_name_is_action (const char *text); /* actions, jobs, runs */
gboolean proc_name_is_tag (const char *text);
gboolean proc_name_is_variable (const char *text);
gboolean proc_name_is_secret (const char *text);
gboolean proc_name_is_context (const char *text);

/* The number of a context written as number ("3") or as one of the fixed names of context 0; FALSE for another name. */
gboolean proc_context_parse (const char *text, guint32 *context);

/*
 * The log source of an action (10.1): its service and its name as at most three parts of [A-Za-z0-9_-], the rest made
 * '_'. service NULL = a job of no service. The first part never is the name of one of the stack's own programs, whose
 * logs lie in the same tree. Transfer full.
 */
char *proc_log_source (const char *service, const char *action);
/* TRUE for 1 to 3 legal parts joined by dots. */
gboolean proc_name_is_source (const char *text);

G_END_DECLS
