/* number.h: numbers as Redis reads and prints them: strict, independent of the locale's grouping. Any thread. */
#pragma once

#include "slice.h"

#define NUMBER_INT_SIZE 21     /* bytes that hold any int64 as text, with its NUL */
#define NUMBER_FLOAT_SIZE 5120 /* bytes that hold any long double as plain decimal text */

/* int64 without blanks, sign +, leading zeros or -0. */
gboolean number_parse_int (Slice text, gint64 *value);
/* The bytes written to text, without a NUL. */
gsize number_format_int (gint64 value, char text[NUMBER_INT_SIZE]);

/* What strtold takes, whole and without blanks before it, but no NaN and nothing that overflows. */
gboolean number_parse_float (Slice text, long double *value);
/* 17 digits after the point, trailing zeros removed. The bytes written. */
gsize number_format_float (long double value, char text[NUMBER_FLOAT_SIZE]);
