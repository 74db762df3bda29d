/* popped.h: a popped message whose answer is not yet with the client (rule B9), for both skins. Service thread. */
#pragma once

#include "node.h"

/* For hero_rpc_call_on_written and hero_http_request_on_finished; popped_written takes what popped_new gives. */
gpointer popped_new (Node *node, Message *message);
/* Not written: the message goes back to the head of its queue. */
void popped_written (gpointer popped, gboolean written);
