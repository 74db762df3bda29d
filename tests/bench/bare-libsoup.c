/*
 * bare-libsoup.c: the peer of the JSON-RPC benchmark: a SoupServer on a Unix socket whose handler parses the request with
 * json-glib, adds two numbers and prints the answer with json-glib. No checks at all. bare-libsoup SOCKET
 */
#include <gio/gunixsocketaddress.h>
#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

static void
on_rpc (SoupServer *server, SoupServerMessage *msg, const char *path, GHashTable *query, gpointer data)
{
  SoupMessageBody *body = soup_server_message_get_request_body (msg);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *request, *params, *answer = json_object_new ();
  gsize length;
  char *text;

  if (!json_parser_load_from_data (parser, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes), NULL))
    g_error ("not JSON");
  request = json_node_get_object (json_parser_get_root (parser));
  params = json_object_get_object_member (request, "params");
  json_object_set_string_member (answer, "jsonrpc", "2.0");
  json_object_set_member (answer, "id", json_node_copy (json_object_get_member (request, "id")));
  json_object_set_int_member (answer, "result",
                              json_object_get_int_member (params, "a") + json_object_get_int_member (params, "b"));
  json_node_take_object (root, answer);
  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, &length);
  soup_server_message_set_status (msg, 200, NULL);
  soup_server_message_set_response (msg, "application/json", SOUP_MEMORY_TAKE, text, length);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (argv[1]);
  g_autoptr (GError) error = NULL;

  g_socket_set_listen_backlog (socket, 511);
  if (!g_socket_bind (socket, address, FALSE, &error) || !g_socket_listen (socket, &error)
      || !soup_server_listen_socket (server, socket, 0, &error))
    g_error ("%s", error->message);
  soup_server_add_handler (server, "/rpc", on_rpc, NULL, NULL);
  g_main_loop_run (loop);
  return 0;
}
