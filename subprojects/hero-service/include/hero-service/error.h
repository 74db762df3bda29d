/* error.h: the JSON-RPC error codes every service shares (conventions 5.3) and the errors of the SDK's own calls. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  HERO_RPC_PARSE_ERROR = -32700,
  HERO_RPC_INVALID_REQUEST = -32600,
  HERO_RPC_METHOD_NOT_FOUND = -32601,
  HERO_RPC_INVALID_PARAMS = -32602,
  HERO_RPC_INTERNAL = -32603,
  HERO_RPC_SHUTTING_DOWN = -32090,
  HERO_RPC_OVERLOADED = -32091,
  HERO_RPC_DEADLINE_EXCEEDED = -32092,
  HERO_RPC_UNAVAILABLE = -32093,
  HERO_RPC_FORBIDDEN = -32094,
  HERO_RPC_CANCELLED = -32095,
  HERO_RPC_RESULT_TOO_LARGE = -32096,
  HERO_RPC_STORAGE_FULL = -32097,
} HeroRpcCode;

/* One error code. Services declare theirs in a table (HeroRpcSpec.errors); the shared ones above are built in. */
typedef struct
{
  int code;
  const char *code_name; /* snake_case, data.code_name */
  gboolean retryable;    /* data.retryable */
  const char *message;   /* what the OpenRPC document says about it */
} HeroRpcErrorSpec;

/* Errors of libhero-service's own functions. */
#define HERO_ERROR (hero_error_quark ())
GQuark hero_error_quark (void);
typedef enum
{
  HERO_ERROR_FAILED,
  HERO_ERROR_INVALID,      /* an argument or input is malformed */
  HERO_ERROR_NOT_FOUND,
  HERO_ERROR_EXISTS,
  HERO_ERROR_BUSY,         /* held by another process or another instance */
  HERO_ERROR_LIMIT,        /* a configured limit is reached */
  HERO_ERROR_TOO_LARGE,
  HERO_ERROR_FORBIDDEN,
  HERO_ERROR_STORAGE_FULL, /* disk or map full; reads go on */
  HERO_ERROR_FORMAT,       /* stored data is of a format this build cannot read */
  HERO_ERROR_CLOSED,       /* the object is being closed */
} HeroError;

G_END_DECLS
