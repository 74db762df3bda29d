/*
 * test-host.h: a host small enough for unit tests. It runs one service, given by its descriptor, on a thread of its own
 * with real Unix sockets in a short temporary directory, so that a test can talk to it with blocking calls. Test
 * thread.
 */
#pragma once

#include <hero-bundle/plugin.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _HeroTestHost HeroTestHost;

/* config: a{sv}, floating, or NULL; data_dir is added. */
HeroTestHost *hero_test_host_new (const HeroServicePlugin *plugin, GVariant *config);
/* What HeroHost.setting answers, before start; socket_dir is there. */
void hero_test_host_set_setting (HeroTestHost *host, const char *name, const char *value);
/* create, start, ready, bind, serve. */
gboolean hero_test_host_start (HeroTestHost *host, GError **error);
/* Cancels, calls stop, waits for `stopped`, then destroy. FALSE: the error that `stopped` had. */
gboolean hero_test_host_stop (HeroTestHost *host, GError **error);
/* Stops what still runs; removes the directory. */
void hero_test_host_free (HeroTestHost *host);

HeroServiceContext *hero_test_host_get_context (HeroTestHost *host);
gpointer hero_test_host_get_service (HeroTestHost *host);               /* what create returned */
const char *hero_test_host_get_dir (HeroTestHost *host);                /* of sockets and, below it, data */
char *hero_test_host_get_socket (HeroTestHost *host, const char *role); /* path, transfer full */
char *hero_test_host_get_tcp (HeroTestHost *host, const char *role);    /* "127.0.0.1:PORT" of add_listener */
guint hero_test_host_count_log (HeroTestHost *host, const char *part);  /* lines that contain part */
const char *hero_test_host_get_degraded (HeroTestHost *host);           /* last set_degraded */
void hero_test_host_set_warning (HeroTestHost *host, const char *text); /* what warnings() tells */
/* Runs func (data) on the service's thread and waits for it. */
void hero_test_host_run (HeroTestHost *host, void (*func) (gpointer data), gpointer data);

/* ---- a client that blocks; it gives up after 20 s. */
typedef struct
{
  guint status; /* 0 = closed without an answer */
  char *head;   /* with the status line */
  char *body;
  gsize length;
} HeroTestAnswer;

void hero_test_answer_free (HeroTestAnswer *answer);
/* A connected descriptor; address: a path, or IP:PORT. */
int hero_test_connect (const char *address);
void hero_test_send (int fd, const char *text);
/* Reads one answer with Content-Length or chunks, or up to the end. */
HeroTestAnswer *hero_test_receive (int fd);
/* One request on a connection of its own. headers: lines with \r\n, or NULL; body may be NULL. */
HeroTestAnswer *hero_test_http (HeroTestHost *host, const char *role, const char *method, const char *path,
                                const char *headers, const char *body);
/* The answer to a JSON-RPC body on rpc.sock, NULL for 204. (transfer full) */
JsonNode *hero_test_rpc (HeroTestHost *host, const char *body);
/* The result of one call; fails the test on an error answer. params: JSON text or NULL. (transfer full) */
JsonNode *hero_test_call (HeroTestHost *host, const char *method, const char *params);
/* The code of the error answer of one call; fails the test on a result. *message: transfer full, may be NULL. */
int hero_test_call_error (HeroTestHost *host, const char *method, const char *params, char **message);
/* A member by path, "error.data.hint", as text: strings as they are, all else as JSON; NULL = absent. (transfer full)
 */
char *hero_test_json_get (JsonNode *node, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroTestHost, hero_test_host_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroTestAnswer, hero_test_answer_free)

G_END_DECLS
