/* glob.h: Redis's patterns: * ? [a-z] [^a-z] and \ to take the next character as it is. Any thread. */
#pragma once

#include "slice.h"

/* Work is at most length of pattern times length of text, so no pattern is a denial of service. */
gboolean glob_match (Slice pattern, Slice text, gboolean ignore_case);
