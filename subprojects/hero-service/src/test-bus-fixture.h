/*
 * test-bus-fixture.h: for tests of the bus: two services run on threads of their own; the test thread has a context of
 * its own, on which its subscriptions and requests are called back.
 */
#pragma once

#include <hero-service/hero-service.h>

#include "bus-private.h"
#include "test-host.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  HeroServiceContext *ctx;
  HeroRpcCall *parked;
  int cancelled; /* atomic */
} Sample;

typedef struct
{
  HeroTestHost *alpha_host, *beta_host;
  HeroBus *alpha, *beta; /* their doors */
  GMainContext *context; /* the test's */
  GString *heard;        /* what on_message was told */
  guint destroyed;
  GPtrArray *kept; /* HeroBusMessage, by on_keep */
  GBytes *reply;   /* of on_answered */
  GError *error;
  JsonNode *result;
  guint answers;
} Fixture;

#define TEST(name, func) g_test_add ("/bus/" name, Fixture, NULL, set_up, func, tear_down)

extern const HeroServicePlugin alpha, beta;

void set_up (Fixture *f, gconstpointer data);
void tear_down (Fixture *f, gconstpointer data);
GBytes *bytes (const char *text);
gboolean publish (HeroBus *bus, const char *topic, const char *text, GError **error);
void publish_ok (HeroBus *bus, const char *topic, const char *text);
void assert_publish_fails (HeroBus *bus, const char *topic, const char *text, int code);
void turn (Fixture *f);
void hear (Fixture *f, HeroBusMessage *message, char tag);
guint subscribe (Fixture *f, HeroBus *bus, const char *topic, const char *group, HeroBusFlags flags, HeroBusFunc func);
void assert_heard (Fixture *f, const char *expected);
void request (Fixture *f, HeroBus *bus, const char *topic, const char *text, guint timeout_ms,
              GCancellable *cancellable);
void wait_answers (Fixture *f, guint count);
void assert_reply (Fixture *f, const char *expected);
void assert_request_fails (Fixture *f, int code);
/* Keeps what came in reply or error. */
void on_answered (GObject *source, GAsyncResult *result, gpointer data);
/* Each hears with its own letter. */
void on_a (HeroBus *bus, HeroBusMessage *message, gpointer data);
void on_b (HeroBus *bus, HeroBusMessage *message, gpointer data);
void on_o (HeroBus *bus, HeroBusMessage *message, gpointer data);
