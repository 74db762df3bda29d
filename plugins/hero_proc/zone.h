/* zone.h: time zones by name, as contract 3.3 has them. Any thread; reads a file of /usr/share/zoneinfo. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * `local`, `UTC` (any case) or an IANA name ("Europe/Brussels"). NULL: *error is PROC_ERROR_INVALID_PARAM of `param`
 * and names the nearest zone there is. Transfer full; the same name shares its data.
 */
GTimeZone *proc_zone_new (const char *name, const char *param, GError **error);

G_END_DECLS
