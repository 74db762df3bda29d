/* auto-address.h: the bind chain of `address = "auto"` (contract 1): an address of this user on a shared host. In create. */
#pragma once

#include <hero-service/hero-service.h>

G_BEGIN_DECLS

/* Never NULL: 127.0.0.1 comes last. *step: where it was found, static. What is no IP is reported and passed over. transfer full */
char *auto_address_find (HeroServiceContext *ctx, const char **step);
/* [mycelium] ipv6_address of a hero_cfg.toml; NULL = it has none. transfer full */
char *auto_address_read_cfg (const char *toml);

G_END_DECLS
