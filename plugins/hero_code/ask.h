/*
 * ask.h: one question of a client, by JSON-RPC or by the editor's REST routes: the work on a worker, then the answer. A
 * method and its route share the work, so they cannot differ. Service thread.
 */
#pragma once

#include "code.h"

G_BEGIN_DECLS

typedef struct _CodeAsk CodeAsk;

CodeAsk *code_ask_new_rpc (Code *self, HeroRpcCall *call);
CodeAsk *code_ask_new_http (Code *self, HeroHttpRequest *request);
Code *code_ask_get_code (CodeAsk *ask);
HeroHttpRequest *code_ask_get_request (CodeAsk *ask); /* or NULL */
/* The array `member` of the answer is given in pages of `limit`. */
void code_ask_set_paging (CodeAsk *ask, const char *member, guint limit);
/* func (result, ask) on the service thread before the answer, to look at it. */
void code_ask_set_peek (CodeAsk *ask, void (*func) (JsonObject *result, CodeAsk *ask));

/* work returns a JsonObject. input: freed with destroy. Ends with the answer. */
void code_ask_run (CodeAsk *ask, CodePool *pool, CodeWork work, gpointer input, GDestroyNotify destroy);

/* ---- the answer: exactly one of these; frees ask */
void code_ask_answer (CodeAsk *ask, JsonObject *result); /* taken */
void code_ask_fail (CodeAsk *ask, const GError *error);

G_END_DECLS
