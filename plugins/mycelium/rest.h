/* rest.h: what the parts of /api/v1 share: answers, and what they read of a request. Service thread. */
#pragma once

#include "mycelium.h"
#include "shapes.h"

/* ---- answers */
void rest_error (HeroHttpRequest *request, guint status, const char *code_name, const char *text);
void rest_failure (HeroHttpRequest *request, GError *error); /* takes error */
void rest_object (HeroHttpRequest *request, guint status, JsonObject *object);
void rest_array (HeroHttpRequest *request, JsonArray *array);

/* ---- requests: NULL = answered already; transfer full */
JsonNode *rest_get_body (HeroHttpRequest *request); /* an object */
GBytes *rest_get_path_topic (HeroHttpRequest *request);
/* NULL = it is no topic; nothing is answered. */
GBytes *rest_parse_topic (const char *text);

/* ---- rest-topic.c: handlers */
void rest_on_get_default (gpointer self, HeroHttpRequest *request);
void rest_on_put_default (gpointer self, HeroHttpRequest *request);
void rest_on_get_topics (gpointer self, HeroHttpRequest *request);
void rest_on_add_topic (gpointer self, HeroHttpRequest *request);
void rest_on_delete_topic (gpointer self, HeroHttpRequest *request);
void rest_on_get_sources (gpointer self, HeroHttpRequest *request);
void rest_on_add_source (gpointer self, HeroHttpRequest *request);
void rest_on_delete_source (gpointer self, HeroHttpRequest *request);
