/* auto-service.c: services that nobody configured but that have a socket. Does not block. */
#include "auto-service.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hero-service/hero-service.h>

/* A request has a method; a batch may hold anything, its first element decides. */
static gboolean
is_request (GBytes *payload)
{
  gsize length;
  const char *text = g_bytes_get_data (payload, &length);
  g_autoptr (JsonNode) root
      = length > 0 && strchr ("{[ \t\r\n", text[0]) ? hero_json_parse (text, (gssize)length, NULL) : NULL;
  JsonNode *node = root;

  if (node && JSON_NODE_HOLDS_ARRAY (node))
    node = json_array_get_length (json_node_get_array (node)) > 0
               ? json_array_get_element (json_node_get_array (node), 0)
               : NULL;
  return node && JSON_NODE_HOLDS_OBJECT (node) && json_object_has_member (json_node_get_object (node), "jsonrpc")
         && json_object_has_member (json_node_get_object (node), "method");
}

static char *
name_of (GBytes *topic)
{
  gsize length;
  const char *text = g_bytes_get_data (topic, &length);

  if (length <= strlen (".rpc") || memcmp (text + length - strlen (".rpc"), ".rpc", strlen (".rpc")) != 0)
    return NULL;
  length -= strlen (".rpc");
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (text[i]) && !g_ascii_isdigit (text[i]) && text[i] != '_')
      return NULL;
  return g_strndup (text, length);
}

/* A full backlog is somebody's too. */
static gboolean
is_live (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (strlen (path) > HERO_SOCKET_PATH_MAX)
    return FALSE;
  strcpy (address.sun_path, path);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return FALSE;
  gboolean live = connect (fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN;
  close (fd);
  return live;
}

char *
auto_service_find (const char *socket_root, GBytes *topic, GBytes *payload)
{
  g_autofree char *name = name_of (topic);
  g_autofree char *path = name ? g_build_filename (socket_root, name, "rpc.sock", NULL) : NULL;

  return path && is_live (path) && is_request (payload) ? g_steal_pointer (&path) : NULL;
}
