/* proxy-headers.h: the heads of proxied requests and answers (contract 5.2, 5.3). Service thread. */
#pragma once

#include "http-head.h"
#include "proxy-route.h"
#include "router.h"

G_BEGIN_DECLS

typedef enum
{
  REQUEST_BODY_NONE,
  REQUEST_BODY_LENGTH,
  REQUEST_BODY_CHUNKED,
} RequestBody;

/* The head that the backend gets; *body: how the body is framed. request_id: of this request. transfer full. */
GBytes *proxy_make_head (Router *router, HeroHttpRequest *request, const ProxyRoute *route, const char *request_id, RequestBody *body);
/* The X-Request-Id of the client if it is a good one, else a new one; transfer full. */
char *proxy_request_id (HeroHttpRequest *request);
/* TRUE if the request passed the router too often. */
gboolean proxy_is_loop (HeroHttpRequest *request);
/* Copies what may pass of the answer's fields. */
void proxy_copy_fields (HeroHttpRequest *request, const HttpHead *head, const char *prefix, Scanner *scanner);

G_END_DECLS
