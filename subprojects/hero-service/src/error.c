/* error.c: the error domain of the SDK's own functions. */
#include <hero-service/error.h>

G_DEFINE_QUARK (hero-error-quark, hero_error)
