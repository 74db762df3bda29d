/* test-service.h: a service without substance for the tests of the SDK: what it offers is set up by the test. */
#pragma once

#include <hero-service/hero-service.h>

#include "test-host.h"

G_BEGIN_DECLS

/* setup (ctx) runs in start, on the service's thread. Sockets: rpc, admin; domains: main, second. One at a time. */
HeroTestHost *hero_test_service_start (void (*setup) (HeroServiceContext *ctx), GVariant *config);
/* Stops and frees; fails the test if the service did not end well. */
void hero_test_service_stop (HeroTestHost *host);

G_END_DECLS
