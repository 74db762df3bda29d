/* proxy-headers.c: which header fields pass, which are made anew. Service thread. */
#include "proxy-headers.h"

#include <string.h>

#define MAX_HOPS 4

static gboolean
is_one_of (const char *name, const char *const *names)
{
  for (; *names != NULL; names++)
    if (g_ascii_strcasecmp (name, *names) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_hop_by_hop (const char *name)
{
  static const char *const names[] = { "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", NULL };

  return is_one_of (name, names) || g_ascii_strncasecmp (name, "Proxy-", 6) == 0;
}

/* "X_Hero_User" must not reach a service that maps it to X-Hero-User. */
static gboolean
is_disguised (const char *name)
{
  return strchr (name, '_') != NULL && (g_ascii_strncasecmp (name, "x_", 2) == 0 || g_ascii_strncasecmp (name, "x-", 2) == 0);
}

/* ------------------------------------------------------------------------------------------------ the request */

typedef struct
{
  GString *out;
  const char *connection; /* names that it removes */
  gboolean has_context;
} HeadWriter;

static void
add (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, "%s: %s\r\n", name, value);
}

static void
copy_field (const char *name, const char *value, gpointer data)
{
  static const char *const ours[] = { "Host", "Content-Length", "Expect", "Via", "X-Request-Id", "X-Forwarded-Prefix", NULL };
  HeadWriter *writer = data;

  if (is_hop_by_hop (name) || is_one_of (name, ours) || is_disguised (name) || http_list_has (writer->connection, name))
    return;
  writer->has_context |= g_ascii_strcasecmp (name, "X-Hero-Context") == 0;
  add (writer->out, name, value);
}

char *
proxy_request_id (HeroHttpRequest *request)
{
  static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const char *id = hero_http_request_get_header (request, "X-Request-Id");

  if (id != NULL && *id != '\0' && strlen (id) <= 64 && strspn (id, good) == strlen (id))
    return g_strdup (id);
  return g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
}

gboolean
proxy_is_loop (HeroHttpRequest *request)
{
  const char *via = hero_http_request_get_header (request, "Via");
  guint hops = 0;

  for (; via != NULL && (via = strstr (via, "hero_router")) != NULL; via++)
    hops++;
  return hops > MAX_HOPS;
}

/* The peers of our listeners are our own user's, hence trusted: what they say of the way so far is kept. */
static void
add_forwarding (GString *out, HeroHttpRequest *request, const ProxyRoute *route)
{
  const char *host = hero_http_request_get_header (request, "Host");
  const char *via = hero_http_request_get_header (request, "Via");
  gboolean tcp = hero_http_request_get_identity (request)->origin == HERO_ORIGIN_TCP;

  add (out, "Host", host == NULL ? "localhost" : host);
  g_string_append_printf (out, "X-Forwarded-Prefix: %s%s\r\n", hero_http_request_get_base_path (request), route->prefix);
  g_string_append_printf (out, "Via: %s%s1.1 hero_router\r\n", via == NULL ? "" : via, via == NULL ? "" : ", ");
  if (tcp && hero_http_request_get_header (request, "X-Forwarded-Host") == NULL)
    add (out, "X-Forwarded-Host", host == NULL ? "localhost" : host);
  if (tcp && hero_http_request_get_header (request, "X-Forwarded-Proto") == NULL)
    add (out, "X-Forwarded-Proto", "http");
}

GBytes *
proxy_make_head (Router *router, HeroHttpRequest *request, const ProxyRoute *route, const char *request_id, RequestBody *body)
{
  const char *query = hero_http_request_get_raw_query (request);
  const char *length = hero_http_request_get_header (request, "Content-Length");
  GString *out = g_string_sized_new (1024);
  HeadWriter writer = { out, hero_http_request_get_header (request, "Connection") };
  gsize size;

  *body = hero_http_request_get_header (request, "Transfer-Encoding") != NULL ? REQUEST_BODY_CHUNKED
          : length != NULL && strcmp (length, "0") != 0                       ? REQUEST_BODY_LENGTH
                                                                              : REQUEST_BODY_NONE;
  g_string_append_printf (out, "%s %s%s%s HTTP/1.1\r\n", hero_http_request_get_method (request), route->path,
                          query == NULL ? "" : "?", query == NULL ? "" : query);
  add_forwarding (out, request, route);
  hero_http_request_foreach_header (request, copy_field, &writer);
  if (!writer.has_context)
    g_string_append_printf (out, "X-Hero-Context: %u\r\n", router->proxy.default_context);
  add (out, "X-Request-Id", request_id);
  if (*body == REQUEST_BODY_CHUNKED)
    add (out, "Transfer-Encoding", "chunked");
  else if (length != NULL)
    add (out, "Content-Length", length);
  g_string_append (out, "Connection: close\r\n\r\n");
  size = out->len;
  return g_bytes_new_take (g_string_free (out, FALSE), size);
}

/* ------------------------------------------------------------------------------------------------ the answer */

/* Without the directive frame-ancestors: the Preview tab frames these pages. transfer full. */
static char *
without_frame_ancestors (const char *policy)
{
  g_auto (GStrv) directives = g_strsplit (policy, ";", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; directives[i] != NULL; i++)
    {
      const char *directive = g_strstrip (directives[i]);

      if (*directive != '\0' && g_ascii_strncasecmp (directive, "frame-ancestors", strlen ("frame-ancestors")) != 0)
        g_string_append_printf (out, "%s%s", out->len > 0 ? "; " : "", directive);
    }
  return g_string_free (out, FALSE);
}

/* An absolute path of the service gets our prefix in front, unless it leads to the router or another service already. */
static char *
rewrite_location (const char *location, const char *prefix, Scanner *scanner)
{
  g_autofree char *first = NULL;

  if (location[0] != '/' || location[1] == '/' || g_str_has_prefix (location, prefix))
    return g_strdup (location);
  first = g_strndup (location + 1, strcspn (location + 1, "/?#"));
  if (proxy_is_reserved (first) || scanner_find (scanner, first) != NULL)
    return g_strdup (location);
  return g_strconcat (prefix, location, NULL);
}

void
proxy_copy_fields (HeroHttpRequest *request, const HttpHead *head, const char *prefix, Scanner *scanner)
{
  /* Date: the answer is ours by then, and gets one. */
  static const char *const dropped[] = { "Date", "Content-Length", "Content-Type", "X-Frame-Options", "Service-Worker-Allowed", "X-Request-Id", NULL };
  const char *connection = http_head_get (head, "Connection");

  for (guint i = 0; i < head->fields->len; i++)
    {
      const HttpField *field = &g_array_index (head->fields, HttpField, i);
      g_autofree char *value = NULL;

      if (is_hop_by_hop (field->name) || is_one_of (field->name, dropped) || http_list_has (connection, field->name))
        continue;
      if (g_ascii_strcasecmp (field->name, "Content-Security-Policy") == 0)
        value = without_frame_ancestors (field->value);
      else if (g_ascii_strcasecmp (field->name, "Location") == 0)
        value = rewrite_location (field->value, prefix, scanner);
      hero_http_request_add_response_header (request, field->name, value == NULL ? field->value : value);
    }
}
