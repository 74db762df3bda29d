/* reply-json.h: a reply in RESP3, as our own commands write it, into JSON. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

#include "slice.h"

/*
 * One whole reply. An error gives NULL and its line. *type: "status", "integer", "string", "array", ..: a constant;
 * "none" for a client that wants no replies. Maps become arrays of pairs, integers beyond 2^53 become strings.
 */
JsonNode *reply_to_json (Slice reply, const char **type, char **error);
