/* popped.c: what is popped stays ours until the client has it. Service thread. */
#include "popped.h"

typedef struct
{
  Node *node;
  Message *message;
} Popped;

gpointer
popped_new (Node *node, Message *message)
{
  Popped *self = g_new (Popped, 1);

  *self = (Popped){ node_ref (node), message_ref (message) };
  return self;
}

void
popped_written (gpointer popped, gboolean written)
{
  Popped *self = popped;

  if (!written)
    node_put_back (self->node, self->message);
  message_unref (self->message);
  node_unref (self->node);
  g_free (self);
}
