/* page.h: the tabs of the admin page that show databases, keys, clients and the console. Service thread. */
#pragma once

#include "hero-db.h"

void page_register (HeroDb *self);
