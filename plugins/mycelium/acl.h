/*
 * acl.h: which topics are configured and from where each is accepted (contract 9). Judged by any thread, under a lock
 * of its own; changed on the service thread. What is stored is the caller's business: topics have a text form.
 */
#pragma once

#include "address.h"

/* A network; IPv4 is mapped, so its prefix counts from 96. */
typedef struct
{
  guint8 ip[IP_BYTES];
  guint prefix;
} Subnet;

gboolean subnet_parse (const char *text, Subnet *subnet); /* "400::/7", "10.0.0.0/8"; a bare address is one host */
char *subnet_print (const Subnet *subnet);

typedef struct _Acl Acl;

Acl *acl_new (void);
void acl_free (Acl *self);
gboolean acl_get_default (Acl *self);
void acl_set_default (Acl *self, gboolean accept);
/* Any thread. */
gboolean acl_accepts (Acl *self, GBytes *topic, const guint8 ip[IP_BYTES]);

gboolean acl_has_topic (Acl *self, GBytes *topic);
/* FALSE with HERO_ERROR_LIMIT if there are max topics; there already: TRUE. */
gboolean acl_add_topic (Acl *self, GBytes *topic, guint max, GError **error);
void acl_remove_topic (Acl *self, GBytes *topic);
/* The topic is there. Doubles are not kept. */
void acl_add_source (Acl *self, GBytes *topic, const Subnet *subnet);
void acl_remove_source (Acl *self, GBytes *topic, const Subnet *subnet);
GPtrArray *acl_get_topics (Acl *self);             /* GBytes, by bytes; transfer full */
char **acl_get_sources (Acl *self, GBytes *topic); /* CIDR, in the order they were added; NULL = no such topic */
