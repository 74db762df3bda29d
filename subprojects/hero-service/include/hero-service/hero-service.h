/* hero-service.h: the whole SDK in one include. */
#pragma once

#include <hero-service/bus.h>
#include <hero-service/context.h>
#include <hero-service/edit-distance.h>
#include <hero-service/error.h>
#include <hero-service/events.h>
#include <hero-service/health.h>
#include <hero-service/http.h>
#include <hero-service/identity.h>
#include <hero-service/json.h>
#include <hero-service/listener.h>
#include <hero-service/log.h>
#include <hero-service/page.h>
#include <hero-service/peer.h>
#include <hero-service/reactor.h>
#include <hero-service/rpc.h>
#include <hero-service/store.h>
#include <hero-service/websocket.h>
