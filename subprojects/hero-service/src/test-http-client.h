/* test-http-client.h: for tests of HTTP: requests to the socket rpc of a service, and bare ones over a descriptor. */
#pragma once

#include "test-host.h"

#include <sys/socket.h>
#include <unistd.h>

static inline HeroTestAnswer *
get (HeroTestHost *host, const char *path)
{
  return hero_test_http (host, "rpc", "GET", path, NULL, NULL);
}

static inline void
assert_body (HeroTestHost *host, const char *method, const char *path, const char *headers, const char *body,
             guint status, const char *expected)
{
  g_autoptr (HeroTestAnswer) answer = hero_test_http (host, "rpc", method, path, headers, body);

  g_assert_cmpuint (answer->status, ==, status);
  g_assert_cmpstr (answer->body, ==, expected);
}

/* One request as it stands; the answer. */
static inline HeroTestAnswer *
raw (HeroTestHost *host, const char *request)
{
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);
  HeroTestAnswer *answer;

  hero_test_send (fd, request);
  answer = hero_test_receive (fd);
  close (fd);
  return answer;
}

/* Everything that comes until the other side closes. */
static inline char *
read_to_end (int fd)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  gssize n;

  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    g_string_append_len (text, buffer, n);
  return g_string_free (text, FALSE);
}
