/* test-client.c: the blocking HTTP and JSON-RPC client of test-host.h. Test thread. */
#include "test-host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GIVE_UP_S 20

void
hero_test_answer_free (HeroTestAnswer *answer)
{
  g_free (answer->head);
  g_free (answer->body);
  g_free (answer);
}

static int
connect_unix (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_no_errno (connect (fd, (struct sockaddr *)&address, sizeof address));
  return fd;
}

static int
connect_tcp (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  struct sockaddr_in address
      = { .sin_family = AF_INET, .sin_port = htons ((guint16)g_ascii_strtoull (parts[1], NULL, 10)) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  inet_pton (AF_INET, parts[0], &address.sin_addr);
  g_assert_no_errno (connect (fd, (struct sockaddr *)&address, sizeof address));
  return fd;
}

int
hero_test_connect (const char *address)
{
  struct timeval limit = { .tv_sec = GIVE_UP_S };
  int fd = address[0] == '/' ? connect_unix (address) : connect_tcp (address);

  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

void
hero_test_send (int fd, const char *text)
{
  gsize length = strlen (text), sent = 0;

  while (sent < length)
    {
      gssize n = send (fd, text + sent, length - sent, MSG_NOSIGNAL);
      if (n < 0)
        return; /* the answer tells */
      sent += (gsize)n;
    }
}

/* ------------------------------------------------------------------------------------------------ reading */

static gboolean
read_more (int fd, GString *text)
{
  char buffer[65536];
  gssize n = recv (fd, buffer, sizeof buffer, 0);

  if (n > 0)
    g_string_append_len (text, buffer, n);
  return n > 0;
}

static char *
header_value (const char *head, const char *name)
{
  g_autofree char *pattern = g_strdup_printf ("\n%s:", name), *lower = g_ascii_strdown (head, -1);
  const char *at = strstr (lower, pattern);

  if (at == NULL)
    return NULL;
  at += strlen (pattern);
  return g_strstrip (g_strndup (at, strcspn (at, "\r\n")));
}

static void
read_length (int fd, GString *text, gsize from, gsize length, HeroTestAnswer *answer)
{
  while (text->len < from + length && read_more (fd, text))
    ;
  answer->length = MIN (length, text->len - from);
  answer->body = g_strndup (text->str + from, answer->length);
}

static void
read_chunks (int fd, GString *text, gsize from, HeroTestAnswer *answer)
{
  g_autoptr (GString) body = g_string_new (NULL);

  for (;;)
    {
      const char *end;
      gsize size, start;
      while ((end = strstr (text->str + from, "\r\n")) == NULL)
        if (!read_more (fd, text))
          goto out;
      size = (gsize)g_ascii_strtoull (text->str + from, NULL, 16);
      start = (gsize)(end + 2 - text->str);
      while (text->len < start + size + 2)
        if (!read_more (fd, text))
          goto out;
      if (size == 0)
        break;
      g_string_append_len (body, text->str + start, (gssize)size);
      from = start + size + 2;
    }
out:
  answer->length = body->len;
  answer->body = g_strndup (body->str, body->len);
}

HeroTestAnswer *
hero_test_receive (int fd)
{
  HeroTestAnswer *answer = g_new0 (HeroTestAnswer, 1);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *length = NULL, *encoding = NULL;
  const char *end;
  gsize from;

  while ((end = strstr (text->str, "\r\n\r\n")) == NULL)
    if (!read_more (fd, text))
      {
        answer->head = g_strdup (text->str);
        answer->body = g_strdup ("");
        return answer;
      }
  from = (gsize)(end + 4 - text->str);
  answer->head = g_strndup (text->str, from);
  answer->status = (guint)g_ascii_strtoull (text->str + strlen ("HTTP/1.1 "), NULL, 10);
  length = header_value (answer->head, "content-length");
  encoding = header_value (answer->head, "transfer-encoding");
  if (encoding != NULL && strcmp (encoding, "chunked") == 0)
    read_chunks (fd, text, from, answer);
  else if (length != NULL)
    read_length (fd, text, from, (gsize)g_ascii_strtoull (length, NULL, 10), answer);
  else if (answer->status == 204)
    read_length (fd, text, from, 0, answer);
  else
    read_length (fd, text, from, G_MAXSIZE / 2, answer);
  return answer;
}

/* ------------------------------------------------------------------------------------------------ requests */

HeroTestAnswer *
hero_test_http (HeroTestHost *host, const char *role, const char *method, const char *path, const char *headers,
                const char *body)
{
  g_autofree char *address = hero_test_host_get_socket (host, role), *request = NULL, *length = NULL;
  HeroTestAnswer *answer;
  int fd = hero_test_connect (address);

  length = body != NULL ? g_strdup_printf ("Content-Length: %zu\r\n", strlen (body)) : g_strdup ("");
  request = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%s\r\n%s", method, path,
                             length, headers != NULL ? headers : "", body != NULL ? body : "");
  hero_test_send (fd, request);
  if (strcmp (method, "HEAD") == 0)
    shutdown (fd, SHUT_WR);
  answer = hero_test_receive (fd);
  close (fd);
  return answer;
}

JsonNode *
hero_test_rpc (HeroTestHost *host, const char *body)
{
  g_autoptr (HeroTestAnswer) answer
      = hero_test_http (host, "rpc", "POST", "/rpc", "Content-Type: application/json\r\n", body);
  g_autoptr (GError) error = NULL;
  JsonNode *node;

  if (answer->status == 204)
    return NULL;
  g_assert_cmpuint (answer->status, ==, 200);
  node = json_from_string (answer->body, &error);
  g_assert_no_error (error);
  return node;
}

static JsonObject *
call (HeroTestHost *host, const char *method, const char *params, JsonNode **root)
{
  g_autofree char *body = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method,
                                           params != NULL ? params : "null");

  *root = hero_test_rpc (host, body);
  return json_node_get_object (*root);
}

JsonNode *
hero_test_call (HeroTestHost *host, const char *method, const char *params)
{
  g_autoptr (JsonNode) root = NULL;
  JsonObject *reply = call (host, method, params, &root);

  if (!json_object_has_member (reply, "result"))
    {
      g_autofree char *text = json_to_string (root, FALSE);
      g_error ("%s: %s", method, text);
    }
  return json_node_copy (json_object_get_member (reply, "result"));
}

int
hero_test_call_error (HeroTestHost *host, const char *method, const char *params, char **message)
{
  g_autoptr (JsonNode) root = NULL;
  JsonObject *reply = call (host, method, params, &root), *error;

  if (!json_object_has_member (reply, "error"))
    {
      g_autofree char *text = json_to_string (root, FALSE);
      g_error ("%s: %s", method, text);
    }
  error = json_object_get_object_member (reply, "error");
  if (message != NULL)
    *message = g_strdup (json_object_get_string_member (error, "message"));
  return (int)json_object_get_int_member (error, "code");
}

char *
hero_test_json_get (JsonNode *node, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);

  for (guint i = 0; parts[i] != NULL && node != NULL; i++)
    if (JSON_NODE_HOLDS_ARRAY (node))
      {
        guint index = (guint)g_ascii_strtoull (parts[i], NULL, 10);
        JsonArray *array = json_node_get_array (node);
        node = index < json_array_get_length (array) ? json_array_get_element (array, index) : NULL;
      }
    else
      node = JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_member (json_node_get_object (node), parts[i]) : NULL;
  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_dup_string (node);
  return json_to_string (node, FALSE);
}
