/* info.h: what INFO tells, every value true. Service thread. */
#pragma once

#include "server.h"

/* sections: names, NULL-terminated; NULL = those shown without arguments. */
void info_write (Server *server, const char *const *sections, GString *out);
