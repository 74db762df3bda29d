/*
 * log-level.h: the grammar of RUST_LOG and log_level (conventions 9): "info" or "warn,hero_db=debug". Immutable once
 * made; any thread.
 */
#pragma once

#include <hero-bundle/plugin.h>

G_BEGIN_DECLS

#define HERO_LOG_OFF 0 /* below HERO_LOG_ERROR: nothing is written */

typedef struct _HeroLogLevels HeroLogLevels;

/* "off error warn info debug trace" -> the level; FALSE for any other word. Case counts not. */
gboolean hero_log_level_parse (const char *word, guint *level);
/* "trace" .. "error" */
const char *hero_log_level_name (HeroLogLevel level);

/* NULL with G_IO_ERROR_INVALID_ARGUMENT that names the bad word. A target "x_server" means "x". */
HeroLogLevels *hero_log_levels_new (const char *spec, GError **error);
void hero_log_levels_free (HeroLogLevels *levels);
/* The level in effect for a target; what the text does not name has its general level, "info" if it gives none. */
guint hero_log_levels_get (const HeroLogLevels *levels, const char *target);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroLogLevels, hero_log_levels_free)

G_END_DECLS
