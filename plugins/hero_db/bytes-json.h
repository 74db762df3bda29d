/*
 * bytes-json.h: byte strings in JSON: a string where they are UTF-8 without U+0000, else {"b64":"<base64>"}; both are
 * understood. Any thread.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "slice.h"

JsonNode *bytes_to_json (Slice bytes);
/* NULL: node is no byte string. (transfer full) */
GBytes *bytes_from_json (JsonNode *node);
Slice slice_of_bytes (GBytes *bytes);
