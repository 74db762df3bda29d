/* page-api.c: the API tab: every method of the live OpenRPC document, with a form to try it. Service thread. */
#include <string.h>

#include "page-internal.h"

static const char *
method_domain (JsonObject *method)
{
  JsonArray *tags = json_object_has_member (method, "tags") ? json_object_get_array_member (method, "tags") : NULL;

  if (tags == NULL || json_array_get_length (tags) == 0)
    return "";
  return json_object_get_string_member_with_default (json_array_get_object_element (tags, 0), "name", "");
}

/* What the form says, for a reader without JavaScript. */
static void
write_params (HeroPage *page, JsonArray *params)
{
  g_string_append (page->out, "<noscript>");
  if (params == NULL || json_array_get_length (params) == 0)
    g_string_append (page->out, "<p class=\"muted\">Takes no parameters.</p>");
  for (guint i = 0; params != NULL && i < json_array_get_length (params); i++)
    {
      JsonObject *param = json_array_get_object_element (params, i);
      JsonObject *schema = json_object_has_member (param, "schema") ? json_object_get_object_member (param, "schema") : NULL;
      g_autofree char *type = schema == NULL ? g_strdup ("any value") : hero_schema_describe (schema);

      hero_page_htmlf (page, "<p><code>%s</code> <span class=\"muted\">%s%s</span> %s</p>",
                       json_object_get_string_member_with_default (param, "name", ""), type,
                       json_object_get_boolean_member_with_default (param, "required", FALSE) ? ", required" : "",
                       json_object_get_string_member_with_default (param, "description", ""));
    }
  g_string_append (page->out, "</noscript>\n");
}

static void
write_result (HeroPage *page, JsonObject *method)
{
  JsonObject *result = json_object_has_member (method, "result") ? json_object_get_object_member (method, "result") : NULL;
  JsonNode *schema = result == NULL ? NULL : json_object_get_member (result, "schema");
  g_autofree char *type = schema == NULL || !JSON_NODE_HOLDS_OBJECT (schema) ? NULL : hero_schema_describe (json_node_get_object (schema));

  if (type != NULL)
    hero_page_htmlf (page, "<p><span class=\"muted\">Result:</span> <code>%s</code></p>\n", type);
}

static void
write_errors (HeroPage *page, JsonObject *method)
{
  JsonArray *errors = json_object_has_member (method, "errors") ? json_object_get_array_member (method, "errors") : NULL;

  if (errors == NULL || json_array_get_length (errors) == 0)
    return;
  g_string_append (page->out, "<p><span class=\"muted\">Errors:</span> ");
  for (guint i = 0; i < json_array_get_length (errors); i++)
    {
      JsonObject *error = json_array_get_object_element (errors, i);

      hero_page_htmlf (page, "%s<code>%" G_GINT64_FORMAT "</code> %s", i > 0 ? ", " : "",
                       json_object_get_int_member_with_default (error, "code", 0),
                       json_object_get_string_member_with_default (error, "message", ""));
    }
  g_string_append (page->out, "</p>\n");
}

static void
write_method (HeroPage *page, JsonObject *method)
{
  const char *name = json_object_get_string_member_with_default (method, "name", "");
  const char *summary = json_object_get_string_member_with_default (method, "summary", "");
  const char *description = json_object_get_string_member_with_default (method, "description", "");

  hero_page_htmlf (page, "<details class=\"method\" id=\"%s\"><summary><code>%s</code><span>%s</span></summary><div class=\"inside\">\n",
                   name, name, summary);
  if (*description != '\0' && !g_str_equal (description, summary))
    hero_page_htmlf (page, "<p>%s</p>\n", description);
  write_params (page, json_object_has_member (method, "params") ? json_object_get_array_member (method, "params") : NULL);
  write_result (page, method);
  write_errors (page, method);
  hero_page_write_form (page, method, "Call", TRUE);
  g_string_append (page->out, "</div></details>\n");
}

/* A domain whose methods are yet to come has no heading. */
static void
write_domain (HeroPage *page, JsonArray *methods, const char *domain, const char *heading)
{
  gboolean begun = FALSE;

  for (guint i = 0; i < json_array_get_length (methods); i++)
    {
      JsonObject *method = json_array_get_object_element (methods, i);

      if (!g_str_equal (method_domain (method), domain))
        continue;
      if (!begun)
        hero_page_heading (page, heading);
      begun = TRUE;
      write_method (page, method);
    }
}

void
hero_page_show_api (HeroPage *page)
{
  char **domains = hero_sdk_get (page->shell->ctx)->domains;
  JsonArray *methods;

  hero_page_find_method (page->shell, "");
  if (page->shell->document == NULL)
    {
      hero_page_heading (page, "Methods");
      hero_page_text (page, "This service has no methods of its own.");
      return;
    }
  methods = json_object_get_array_member (json_node_get_object (page->shell->document), "methods");
  hero_page_html (page, "<div class=\"grid-bar needs-js\"><input type=\"search\" data-filter=\"details.method\" placeholder=\"Filter methods\" "
                        "aria-label=\"Filter methods\" autocomplete=\"off\"><span class=\"grid-count\" role=\"status\"></span></div>\n");
  for (guint i = 0; domains[i] != NULL; i++)
    write_domain (page, methods, domains[i], g_strv_length (domains) > 1 ? domains[i] : "Methods");
  hero_page_close (page);
  hero_page_htmlf (page, "<p class=\"muted\">JSON-RPC 2.0 by POST to <code>%s/rpc</code>; the whole document: ", page->base);
  hero_page_link (page, "/openrpc.json", "openrpc.json");
  hero_page_html (page, "</p>\n");
}

void
hero_page_render_api (gpointer shell, HeroPage *page)
{
  hero_page_show_api (page);
  hero_page_done (page);
}
