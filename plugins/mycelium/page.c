/* page.c: the tabs of the node: who it is, its queues, what became of sent messages, its topics. Service thread. */
#include "shapes.h"

#include <string.h>

#include "mycelium.h"

#define SHOWN 200

/* Text where the bytes are text, else base64. */
static char *
show_topic (GBytes *topic)
{
  gsize length;
  const char *text = g_bytes_get_data (topic, &length);

  if (length == 0)
    return g_strdup ("(none)");
  if (g_utf8_validate_len (text, length, NULL) && !memchr (text, '\0', length))
    return g_strndup (text, length);
  return base64_print (topic);
}

/* ------------------------------------------------------------------------------------------------ overview */

static void
show_overview (gpointer data, HeroPage *page)
{
  Node *node = ((Mycelium *)data)->node;
  g_autofree char *ip = address_print_ip (node->key.address.ip);
  g_autofree char *subnet = address_print_subnet (node->key.address.ip);
  g_autofree char *key = hex_print (node->key.address.key, KEY_BYTES);
  guint topics, waiters;
  guint64 messages, bytes;

  inbox_count (node->inbox, &topics, &messages, &bytes, &waiters);
  hero_page_heading (page, "This node");
  hero_page_facts_begin (page);
  hero_page_fact (page, "Address", "%s", ip);
  hero_page_fact (page, "Subnet", "%s", subnet);
  hero_page_fact (page, "Public key", "%s", key);
  hero_page_fact (page, "Other nodes", "%s", "not connected: messages stay on this node");
  hero_page_facts_end (page);
  hero_page_heading (page, "Messages");
  hero_page_facts_begin (page);
  hero_page_fact_int (page, "Sent", (gint64)node->counts.pushed);
  hero_page_fact_int (page, "Taken", (gint64)node->counts.popped);
  hero_page_fact_int (page, "Replied to", (gint64)node->counts.replied);
  hero_page_fact_int (page, "Refused", (gint64)node->counts.rejected);
  hero_page_fact_int (page, "Not delivered", (gint64)node->counts.aborted);
  hero_page_fact_int (page, "In the inbox", (gint64)messages);
  hero_page_fact_bytes (page, "Payload in the inbox", bytes);
  hero_page_fact_int (page, "Clients waiting", waiters);
  hero_page_facts_end (page);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ queues */

static void
add_queue_row (const InboxQueue *queue, gpointer data)
{
  HeroPage *page = data;
  g_autofree char *key = base64_print (queue->topic);
  g_autofree char *topic = show_topic (queue->topic);
  g_autofree char *question = g_strdup_printf ("%u messages are dropped unread.", queue->messages);

  hero_page_row_begin (page, key[0] ? key : "-");
  hero_page_cell (page, "%s", topic);
  hero_page_cell (page, "%s", key);
  hero_page_cell_int (page, queue->messages);
  hero_page_cell_int (page, (gint64)queue->bytes);
  hero_page_cell_int (page, g_get_real_time () / 1000 - queue->oldest_ms);
  hero_page_cell_int (page, queue->waiters);
  hero_page_action (page, "Purge", "purgeTopic", question, "topic", key, NULL);
  hero_page_row_end (page);
}

static gboolean
add_message_row (Message *message, gpointer data)
{
  HeroPage *page = data;
  g_autofree char *id = id_print (message->id);
  g_autofree char *topic = show_topic (message->topic);
  g_autofree char *source = address_print_ip (message->source.ip);

  hero_page_row_begin (page, id);
  hero_page_cell (page, "%s", id);
  hero_page_cell (page, "%s", topic);
  hero_page_cell (page, "%s", source);
  hero_page_cell_int (page, (gint64)message_get_length (message));
  hero_page_cell_int (page, message->received_ms);
  hero_page_row_end (page);
  return TRUE;
}

typedef struct
{
  HeroPage *page;
  guint shown;
} MessageRows;

static gboolean
add_some_messages (Message *message, gpointer data)
{
  MessageRows *rows = data;

  return ++rows->shown <= SHOWN && add_message_row (message, rows->page);
}

static void
show_queues (gpointer data, HeroPage *page)
{
  Node *node = ((Mycelium *)data)->node;
  MessageRows rows = { page, 0 };

  hero_page_heading (page, "Queues");
  hero_page_table_begin (page, "queues", "Topic|Base64$|Messages#|Payload~|Oldest@|Waiting#|",
                         "No message waits. Send one on the tab Outbox.");
  inbox_foreach_queue (node->inbox, add_queue_row, page);
  hero_page_table_end (page);
  hero_page_heading (page, "Messages, oldest first");
  hero_page_table_begin (page, "messages", "Id$|Topic|From$|Payload~|Received@", "The inbox is empty.");
  inbox_foreach (node->inbox, NULL, add_some_messages, &rows);
  hero_page_table_end (page);
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ outbox */

typedef struct
{
  HeroPage *page;
  guint shown;
} OutboxRows;

static gboolean
add_outbox_row (OutboxEntry *entry, gpointer data)
{
  OutboxRows *rows = data;
  HeroPage *page = rows->page;
  g_autofree char *id = id_print (entry->id);
  g_autofree char *ip = address_print_ip (entry->destination.ip);

  hero_page_row_begin (page, id);
  hero_page_cell (page, "%s", id);
  hero_page_cell (page, "%s", entry->local ? "this node" : ip);
  hero_page_cell (page, "%s", message_state_name (entry->state));
  hero_page_cell (page, "%s", entry->reason ? entry->reason : "");
  hero_page_cell (page, "%s", entry->replied ? "yes" : "");
  hero_page_cell_int (page, (gint64)entry->length);
  hero_page_cell_int (page, entry->created_s * 1000);
  hero_page_row_end (page);
  return ++rows->shown < SHOWN;
}

static void
show_outbox (gpointer data, HeroPage *page)
{
  Node *node = ((Mycelium *)data)->node;
  OutboxRows rows = { page, 0 };
  g_autofree char *key = hex_print (node->key.address.key, KEY_BYTES);

  hero_page_heading (page, "Sent messages");
  hero_page_table_begin (page, "outbox", "Id$|To$|State!|Reason|Reply|Payload~|Sent@",
                         "Nothing was sent in the last 10 minutes.");
  outbox_foreach (node->outbox, add_outbox_row, &rows);
  hero_page_table_end (page);
  hero_page_heading (page, "Send a message");
  hero_page_text (
      page, "To this node itself: {\"dst\":{\"pk\":\"%s\"},\"topic\":\"dGVzdA==\",\"payload\":\"aGVsbG8=\"}", key);
  hero_page_form (page, "pushMessage", "Send");
  hero_page_done (page);
}

/* ------------------------------------------------------------------------------------------------ topics */

static void
add_topic_row (Node *node, HeroPage *page, GBytes *topic)
{
  g_autofree char *key = base64_print (topic);
  g_autofree char *text = show_topic (topic);
  g_auto (GStrv) sources = acl_get_sources (node->acl, topic);
  g_autofree char *list = g_strjoinv (", ", sources);

  hero_page_row_begin (page, key[0] ? key : "-");
  hero_page_cell (page, "%s", text);
  hero_page_cell (page, "%s", key);
  hero_page_cell (page, "%s", list[0] ? list : "blocked: no sources");
  hero_page_action (page, "Remove", "removeTopic", "Its sources are forgotten; then the default action holds.", "topic",
                    key, NULL);
  hero_page_row_end (page);
}

static void
show_topics (gpointer data, HeroPage *page)
{
  Node *node = ((Mycelium *)data)->node;
  g_autoptr (GPtrArray) topics = acl_get_topics (node->acl);

  hero_page_heading (page, "Topics");
  hero_page_text (page, "Messages of topics that are not in this list are %s.",
                  acl_get_default (node->acl) ? "accepted" : "refused");
  hero_page_form (page, "setDefaultTopicAction", "Set");
  hero_page_table_begin (page, "topics", "Topic|Base64$|Accepted from|", "No topic is configured. Add one below.");
  for (guint i = 0; i < topics->len; i++)
    add_topic_row (node, page, topics->pdata[i]);
  hero_page_table_end (page);
  hero_page_heading (page, "Accept a topic from a network");
  hero_page_form (page, "addTopicSource", "Accept");
  hero_page_done (page);
}

void
mycelium_register_page (Mycelium *self)
{
  static const HeroPageTab tabs[] = {
    { "queues", "Queues", show_queues, .events = "message.*" },
    { "outbox", "Outbox", show_outbox, .events = "message.state" },
    { "topics", "Topics", show_topics, .events = "topic.changed" },
    { NULL },
  };
  static const HeroPageSpec spec = HERO_PAGE_SPEC (.tabs = tabs, .overview = show_overview, .events = "message.*");

  hero_service_set_page (self->ctx, &spec, NULL, self);
}
