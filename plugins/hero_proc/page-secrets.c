/* page-secrets.c: the tab Secrets on admin.sock: everything about them but their values, which the page asks for one at
 * a time by secret.get. Service thread. */
#include "page-parts.h"

static void
write_key (HeroProc *self, HeroPage *page, gboolean may_rotate)
{
  const char *id = proc_secrets_get_key_id (self->secrets);

  hero_page_heading (page, "Key");
  hero_page_text (page,
                  "Secrets are sealed with the key %s in the file %s. Keep a copy of it apart from the data: "
                  "without it the values are gone.",
                  id != NULL ? id : "", proc_secrets_get_key_file (self->secrets));
  if (may_rotate)
    hero_page_cell_action (page, "Rotate key", "secret.rotate_key", "{\"confirm\":true}",
                           "A new key is made and every secret sealed with it; copies of the old key file are of no "
                           "use any more.");
}

static void
write_row (HeroProc *self, HeroPage *page, const ProcSecret *secret, gboolean locked)
{
  g_autofree char *context = g_strdup_printf ("%u", secret->context);
  g_autofree char *id = g_strconcat (context, ":", secret->key, NULL);
  const char *name = proc_contexts_get_name (self->contexts, secret->context);

  hero_page_row_begin (page, id);
  hero_page_cell (page, "%s", secret->key);
  hero_page_cell (page, "%s", *name != '\0' ? name : context);
  hero_page_cell_int (page, (gint64)proc_secret_get_length (secret));
  hero_page_cell_int (page, secret->version);
  hero_page_cell_int (page, secret->updated_at);
  hero_page_cell (page, "%s", secret->description);
  if (!locked)
    hero_page_action (page, "Reveal", "secret.get", NULL, "key", secret->key, "context", context, NULL);
  hero_page_action (page, "Delete", "secret.delete", "The value is gone for good; jobs that need it fail to start.",
                    "key", secret->key, "context", context, NULL);
  hero_page_row_end (page);
}

/* Like the form of secret.set that hero_page_form would make, with a number for the context instead of JSON. */
static void
write_form (HeroPage *page)
{
  hero_page_heading (page, "Set a secret");
  hero_page_html (
      page,
      "<form class=\"rpc needs-js\" data-method=\"secret.set\">"
      "<div class=\"field\"><label for=\"secret-key\">key<span class=\"type\">string, required</span></label>"
      "<input id=\"secret-key\" name=\"key\" data-type=\"string\" required maxlength=\"128\" "
      "pattern=\"[A-Za-z0-9_][A-Za-z0-9_.:\\/\\-]*\" type=\"text\" autocomplete=\"off\" spellcheck=\"false\">"
      "<span class=\"help\">Such as db/password. One that is there gets a new version.</span></div>"
      "<div class=\"field\"><label for=\"secret-context\">context<span class=\"type\">number</span></label>"
      "<input id=\"secret-context\" name=\"context\" data-type=\"integer\" type=\"number\" min=\"0\" "
      "max=\"4294967295\" step=\"1\" placeholder=\"your own\">"
      "<span class=\"help\">Only jobs of this context find it by its key alone.</span></div>"
      "<div class=\"field\"><label for=\"secret-description\">description<span class=\"type\">string</span></label>"
      "<input id=\"secret-description\" name=\"description\" data-type=\"string\" type=\"text\" autocomplete=\"off\">"
      "<span class=\"help\">What it is for; not secret.</span></div>"
      "<div class=\"field wide\"><label for=\"secret-value\">value<span class=\"type\">string, required</span></label>"
      "<textarea id=\"secret-value\" name=\"value\" data-type=\"string\" required autocomplete=\"off\" "
      "spellcheck=\"false\"></textarea></div>"
      "<div class=\"row\"><button type=\"submit\" class=\"primary\">Set secret</button></div></form>");
}

void
hero_proc_render_secrets (gpointer data, HeroPage *page)
{
  HeroProc *self = data;
  guint32 own = proc_page_get_context (page);
  g_autoptr (GPtrArray) secrets = proc_secrets_list (self->secrets, own == 0, own, NULL);
  const char *locked = proc_secrets_why_locked (self->secrets);

  hero_page_heading (page, "Secrets");
  if (locked != NULL)
    hero_page_note (page, "bad", "Locked, no value can be read or set: %s.", locked);
  hero_page_table_begin (page, "secrets", "Key$|Context|Length~|Version#|Changed@|Description|",
                         locked != NULL ? "No secret is stored." : "No secret yet: set the first one below.");
  for (guint i = 0; i < secrets->len; i++)
    write_row (self, page, secrets->pdata[i], locked != NULL);
  hero_page_table_end (page);
  if (locked == NULL)
    write_form (page);
  write_key (self, page, own == 0 && locked == NULL);
  hero_page_done (page);
}
