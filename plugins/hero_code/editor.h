/* editor.h: what editor.sock serves: the page that shows files, and the routes under /api. Service thread. */
#pragma once

#include "code.h"

G_BEGIN_DECLS

void code_editor_register (Code *self);

/* editor-page.c: GET / */
void code_editor_page (gpointer self, HeroHttpRequest *request);

G_END_DECLS
