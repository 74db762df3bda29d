/* admin.h: the tabs of the admin page. Service thread. */
#pragma once

#include "code.h"

G_BEGIN_DECLS

void code_admin_register (Code *self);

G_END_DECLS
