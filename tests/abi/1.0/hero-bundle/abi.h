/* The plugin ABI number. It lives in the top meson.build; see the ABI log in plugin.h for what each step means. */
#pragma once

#define HERO_ABI_MAJOR 1
#define HERO_ABI_MINOR 0
