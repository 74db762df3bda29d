/*
 * spec-health.h: the parts of definitions that say how a job is looked after: health checks, readiness, what to clear
 * away before a start (contract 3.1 to 3.3), and the sockets and ports of a service. From JSON with full checking, to
 * JSON. Immutable once made, shared by reference count. Any thread.
 */
#pragma once

#include "reader.h"
#include "words.h"

G_BEGIN_DECLS

enum
{
  PROC_MAX_CHECKS = 16,
  PROC_MAX_ENDPOINTS = 64, /* sockets, ports, filters: each */
  PROC_FOR_SERVICE = -1,   /* readiness: the time limit is the service's start_timeout_ms */
};

/* One question to a job. A socket path is absolute, "~/..", or below the socket root. */
typedef struct
{
  ProcProbeType type;
  char *target;    /* "host:port"; URL or socket path; command line; socket path */
  char *http_path; /* asked for when http goes to a socket */
  gboolean http;   /* type socket: GET http_path instead of only connecting */
  int *expect_status;
  gsize n_expect_status; /* 0 = 200..299 */
  char *expect_body;     /* "" = any */
} ProcProbe;

/* HealthCheck. */
typedef struct
{
  char *name;
  ProcProbe probe;
  guint interval_ms, timeout_ms, failure_threshold, success_threshold, start_period_ms;
  gboolean restart;
} ProcCheck;

typedef struct
{
  ProcReadyType type;
  ProcProbe probe; /* of tcp, http, socket, exec */
  char *pattern;   /* of log; else "" */
  int timeout_ms;  /* 0 = no limit, or PROC_FOR_SERVICE */
} ProcReadiness;

/* KillOther. */
typedef struct
{
  char **filters;
  int *ports;
  gsize n_ports;
  char **sockets;
  gboolean enabled; /* FALSE: a holder is never touched, it only prevents the start */
} ProcKillOther;

/* Of an action. */
typedef struct
{
  GPtrArray *checks; /* ProcCheck */
  ProcReadiness readiness;
  ProcKillOther *kill_other; /* NULL = none */
  gboolean singleton;
} ProcHealthSpec;

/* Of a service. */
typedef struct
{
  char **sockets; /* as given: relative = below the service's own directory */
  gboolean *ask;  /* for each socket: `health` */
  int *tcp_ports;
  gsize n_tcp_ports;
  gboolean probe;   /* the sockets are checked */
  ProcCheck *check; /* this instead; NULL = none */
} ProcEndpoints;

/* Reads the members of an ActionSpec: health_checks, readiness, kill_other, singleton. Errors go to the reader. */
ProcHealthSpec *proc_health_spec_read (ProcReader *reader, GPtrArray *warnings);
void proc_health_spec_to_json (const ProcHealthSpec *self, JsonObject *object);
/* As the action of a service runs it: with the checks of the service's endpoints (main: it is the one they are made
 * for), its ports and sockets to clear, its time limit. Transfer full. */
ProcHealthSpec *proc_health_spec_for_service (ProcHealthSpec *self, const char *service, const ProcEndpoints *endpoints,
                                              guint start_timeout_ms, gboolean main);
ProcHealthSpec *proc_health_spec_ref (ProcHealthSpec *self);
void proc_health_spec_unref (ProcHealthSpec *self);

/* Reads the members of a ServiceSpec: sockets, tcp_ports, probe. */
ProcEndpoints *proc_endpoints_read (ProcReader *reader, GPtrArray *warnings);
void proc_endpoints_to_json (const ProcEndpoints *self, JsonObject *object);
ProcEndpoints *proc_endpoints_ref (ProcEndpoints *self);
void proc_endpoints_unref (ProcEndpoints *self);

/* rpc.sock, admin.sock, ui.sock, web_x.sock ..: HTTP is spoken there (contract 3.1). */
gboolean proc_socket_speaks_http (const char *path);

G_END_DECLS
