/* test-rpc-sample.h: for tests of JSON-RPC: a service with a method for each thing that a method can do. */
#pragma once

#include <hero-service/hero-service.h>

#include "test-host.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum
{
  NOTES_FULL = -32001,
};

#define REQUEST(id, method, params)                                                                                    \
  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":" params "}"
#define NOTIFICATION(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":" params "}"
#define REPLY(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}"

/* One at a time. */
HeroTestHost *start (GVariant *config);
void stop (HeroTestHost *host);
/* The body `request` is answered with exactly `expected`. */
void assert_reply (HeroTestHost *host, const char *request, const char *expected);
void assert_error (HeroTestHost *host, const char *request, const char *id, int code, const char *message);
