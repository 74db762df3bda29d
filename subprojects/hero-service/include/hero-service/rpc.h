/*
 * rpc.h: JSON-RPC 2.0. ONE table of methods gives dispatch, parameter checking, the -32602 texts and the OpenRPC
 * document, so what is documented is what runs. Handlers run on the service's context; a call may be answered later and
 * from any thread. Contract: conventions 5.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <hero-service/context.h>
#include <hero-service/error.h>
#include <hero-service/identity.h>

G_BEGIN_DECLS

typedef struct _HeroRpcCall HeroRpcCall;
typedef void (*HeroRpcHandler) (gpointer self, HeroRpcCall *call);

/* ---------------------------------------------------------------------------------------------- parameters */

typedef enum
{
  HERO_RPC_TYPE_ANY,     /* any JSON value; schema by name if given */
  HERO_RPC_TYPE_BOOLEAN,
  HERO_RPC_TYPE_INTEGER, /* min..max; 5.0 is an integer */
  HERO_RPC_TYPE_NUMBER,  /* any finite number */
  HERO_RPC_TYPE_STRING,  /* min..max bytes of UTF-8 */
  HERO_RPC_TYPE_ENUM,    /* one of `words`, "a|b|c" */
  HERO_RPC_TYPE_BASE64,  /* standard alphabet, padded; min..max bytes decoded */
  HERO_RPC_TYPE_STRINGS, /* array of strings, min..max elements */
  HERO_RPC_TYPE_ARRAY,   /* array, min..max elements; elements by schema name if given */
  HERO_RPC_TYPE_OBJECT,  /* object; by schema name if given */
} HeroRpcTypeKind;

typedef struct
{
  guint32 kind;
  gint64 min, max;
  const char *words;  /* ENUM */
  const char *schema; /* ANY, ARRAY, OBJECT: name in HeroRpcSpec.schemas, or NULL; documents, is not checked */
} HeroRpcType;

/* max of string and array types: 0 = no limit but the body's. */
#define HERO_ANY { HERO_RPC_TYPE_ANY }
#define HERO_BOOLEAN { HERO_RPC_TYPE_BOOLEAN }
#define HERO_INTEGER(lo, hi) { HERO_RPC_TYPE_INTEGER, (lo), (hi) }
#define HERO_NUMBER { HERO_RPC_TYPE_NUMBER }
#define HERO_STRING(lo, hi) { HERO_RPC_TYPE_STRING, (lo), (hi) }
#define HERO_ENUM(words_) { HERO_RPC_TYPE_ENUM, .words = (words_) }
#define HERO_BASE64(lo, hi) { HERO_RPC_TYPE_BASE64, (lo), (hi) }
#define HERO_STRINGS(lo, hi) { HERO_RPC_TYPE_STRINGS, (lo), (hi) }
#define HERO_ARRAY(lo, hi) { HERO_RPC_TYPE_ARRAY, (lo), (hi) }
#define HERO_ARRAY_OF(schema_) { HERO_RPC_TYPE_ARRAY, .schema = (schema_) }
#define HERO_OBJECT { HERO_RPC_TYPE_OBJECT }
#define HERO_OBJECT_OF(schema_) { HERO_RPC_TYPE_OBJECT, .schema = (schema_) }

enum
{
  HERO_REQUIRED = 1 << 0,
  HERO_DEPRECATED = 1 << 1,
};

/* One parameter; the table ends with name NULL and its order is the positional order. */
typedef struct
{
  const char *name; /* snake_case; the camelCase form is accepted as well */
  HeroRpcType type;
  guint32 flags;
  const char *description;
  const char *fallback; /* default as JSON text ("100", "\"asc\"", "false"); readers then return it; NULL = none */
  const char *aliases;  /* further names, "id|service"; NULL = none */
} HeroRpcParam;

/* ---------------------------------------------------------------------------------------------- methods */

enum
{
  HERO_RPC_WRITES = 1 << 0,     /* changes something: refused with -32090 once draining or stop has begun */
  HERO_RPC_WAITS = 1 << 1,      /* waits by contract: exempt from request_timeout_s */
  HERO_RPC_RAW_PARAMS = 1 << 2, /* the handler reads hero_rpc_call_get_params itself (shapes a table cannot express);
                                   `params` then only documents */
  HERO_RPC_ADMIN_ONLY = 1 << 3, /* -32094 for callers with context above 0 */
};

/* One method; the table ends with name NULL. */
typedef struct
{
  const char *name;
  HeroRpcHandler handler;
  const HeroRpcParam *params; /* NULL = takes none */
  const char *result;         /* a name in HeroRpcSpec.schemas, "[]Name" for an array of it, or a JSON schema text
                                 that begins with '{' */
  const char *summary;        /* one sentence */
  const char *description;    /* more, or NULL */
  const char *domain;         /* NULL = the service's first domain */
  const int *errors;          /* service codes it may answer, ends with 0; NULL = none */
  guint32 flags;
  const char *aliases;        /* "router.list|router.all": dispatched, not listed */
} HeroRpcMethod;

/* A named schema of the document: JSON text of an object. The table ends with name NULL. */
typedef struct
{
  const char *name;
  const char *json;
} HeroRpcSchema;

/* What a service registers. The *_size members let a plugin meet a newer SDK; use HERO_RPC_SPEC to fill them. */
typedef struct
{
  guint32 struct_size, method_size, param_size, schema_size, error_size;
  const HeroRpcMethod *methods;
  const HeroRpcSchema *schemas;    /* or NULL */
  const HeroRpcErrorSpec *errors;  /* ends with code 0; or NULL */
} HeroRpcSpec;

#define HERO_RPC_SPEC(...)                                                                                             \
  {                                                                                                                    \
    .struct_size = sizeof (HeroRpcSpec), .method_size = sizeof (HeroRpcMethod), .param_size = sizeof (HeroRpcParam),   \
    .schema_size = sizeof (HeroRpcSchema), .error_size = sizeof (HeroRpcErrorSpec), __VA_ARGS__                        \
  }

/* In start: the service's methods. `spec` is static; self goes to every handler. */
void hero_service_set_rpc (HeroServiceContext *ctx, const HeroRpcSpec *spec, gpointer self);
/* The whole OpenRPC document, what GET /openrpc.json answers; transfer full. Service thread. */
GBytes *hero_service_get_openrpc (HeroServiceContext *ctx);

/* ---------------------------------------------------------------------------------------------- a call */

/*
 * Parameter readers. A value was checked before the handler runs: these never fail. Strings, nodes and bytes are owned
 * by the call and live until it is answered. An absent optional gives the fallback of the table, else FALSE, 0, NULL;
 * hero_rpc_has tells "given" from "absent".
 */
gboolean hero_rpc_has (HeroRpcCall *call, const char *param);
gboolean hero_rpc_get_boolean (HeroRpcCall *call, const char *param);
gint64 hero_rpc_get_integer (HeroRpcCall *call, const char *param);
double hero_rpc_get_number (HeroRpcCall *call, const char *param);
const char *hero_rpc_get_string (HeroRpcCall *call, const char *param); /* STRING, ENUM */
GBytes *hero_rpc_get_bytes (HeroRpcCall *call, const char *param);      /* BASE64, decoded */
const char *const *hero_rpc_get_strings (HeroRpcCall *call, const char *param);
JsonObject *hero_rpc_get_object (HeroRpcCall *call, const char *param);
JsonArray *hero_rpc_get_array (HeroRpcCall *call, const char *param);
JsonNode *hero_rpc_get_node (HeroRpcCall *call, const char *param);

const char *hero_rpc_call_get_method (HeroRpcCall *call);
JsonNode *hero_rpc_call_get_params (HeroRpcCall *call); /* as received, or NULL */
HeroIdentity *hero_rpc_call_get_identity (HeroRpcCall *call);
HeroServiceContext *hero_rpc_call_get_context (HeroRpcCall *call);
/* Fires when the client is gone or the service stops; owned by the call. */
GCancellable *hero_rpc_call_get_cancellable (HeroRpcCall *call);
/*
 * A data slot of the client's connection. Calls by the bus and through a proxy (Via, X-Forwarded-For: its connections are
 * shared by many clients) have none: set frees the data at once, get returns NULL. Service thread.
 */
gboolean hero_rpc_call_has_connection (HeroRpcCall *call);
void hero_rpc_call_set_connection_data (HeroRpcCall *call, const char *key, gpointer data, GDestroyNotify destroy);
gpointer hero_rpc_call_get_connection_data (HeroRpcCall *call, const char *key);
/* func (call-independent data, written): on the service thread, once the reply was handed to the kernel or lost. */
void hero_rpc_call_on_written (HeroRpcCall *call, void (*func) (gpointer data, gboolean written), gpointer data);

/*
 * Answers. Exactly one per call; the call is freed by it (when the client is gone the answer is dropped). Any thread.
 * A handler that returns without keeping the call must have answered: a lost call aborts a debug build and is answered
 * -32603 by a release build.
 */
void hero_rpc_return (HeroRpcCall *call, JsonNode *result);           /* transfer full; NULL = null */
void hero_rpc_return_object (HeroRpcCall *call, JsonObject *result);  /* transfer full */
void hero_rpc_return_array (HeroRpcCall *call, JsonArray *result);    /* transfer full */
void hero_rpc_return_string (HeroRpcCall *call, const char *result);
void hero_rpc_return_integer (HeroRpcCall *call, gint64 result);
void hero_rpc_return_boolean (HeroRpcCall *call, gboolean result);
void hero_rpc_return_json (HeroRpcCall *call, GBytes *json);          /* transfer full; text known to be valid JSON */
void hero_rpc_fail (HeroRpcCall *call, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* data: further members of error.data (hint, ..), transfer full; may be NULL. */
void hero_rpc_fail_data (HeroRpcCall *call, int code, JsonObject *data, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* -32602 `parameter 'NAME': expected EXPECTED, got FOUND`: for a check the table cannot express. */
void hero_rpc_fail_param (HeroRpcCall *call, const char *param, const char *expected, const char *found);
/*
 * A GError from below becomes a reply: HERO_ERROR codes map to the shared ones (STORAGE_FULL -32097, LIMIT -32091,
 * CLOSED -32090, FORBIDDEN -32094), G_IO_ERROR_CANCELLED to -32095, everything else to -32603 with an incident id
 * and a log line. Takes error.
 */
void hero_rpc_fail_error (HeroRpcCall *call, GError *error);

G_END_DECLS
