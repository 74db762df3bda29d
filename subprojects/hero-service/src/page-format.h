/* page-format.h: values as people read them: escaped text, grouped numbers, bytes, times, words with a colour. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Appends text for HTML content and attributes; bytes that are no UTF-8 become U+FFFD. NULL = nothing. */
void hero_format_escape (GString *out, const char *text);
/* printf of which each %s argument is escaped; conversions: d i u x c s f g with flags, width, precision, l ll z j. */
void hero_format_html (GString *out, const char *format, va_list args);
/* 1234567 -> "1,234,567". */
void hero_format_integer (GString *out, gint64 value);
/* At most three significant figures: "0.25", "12.3", "1,234". */
void hero_format_real (GString *out, double value);
/* "512 B", "1.2 KiB". */
void hero_format_bytes (GString *out, double bytes);
/* <time>: "3 min ago", exact on hover; 0 = "never". */
void hero_format_time (GString *out, gint64 unix_ms, gint64 now_ms);
/* "2 d 3 h", "4 min 12 s". */
void hero_format_duration (GString *out, gint64 seconds);
/* <span class="state good">running</span>. */
void hero_format_state (GString *out, const char *word);
/* The line of a series of values, oldest first, as SVG without inline style; nothing for fewer than two. */
void hero_format_spark (GString *out, const char *label, const double *values, guint n_values);

G_END_DECLS
