/* admin.h: the tabs of the admin page. Service thread. */
#pragma once

#include "indexer.h"

G_BEGIN_DECLS

void indexer_admin_register (Indexer *self);

G_END_DECLS
