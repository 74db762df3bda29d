/* page-form.c: a form for one method, made from its object in the OpenRPC document. Service thread. */
#include <string.h>

#include "page-internal.h"

static const char *
schema_type (JsonObject *schema)
{
  return json_object_get_string_member_with_default (schema, "type", "");
}

static gboolean
is_integer_member (JsonObject *schema, const char *name)
{
  return json_object_has_member (schema, name) && json_node_get_value_type (json_object_get_member (schema, name)) == G_TYPE_INT64;
}

/* "1..200", "at least 1", "at most 9", or nothing. */
static void
append_range (GString *out, JsonObject *schema, const char *low_name, const char *high_name, const char *unit)
{
  gint64 low = json_object_get_int_member_with_default (schema, low_name, 0);
  gint64 high = json_object_get_int_member_with_default (schema, high_name, 0);
  gboolean has_low = is_integer_member (schema, low_name) && (low != 0 || strcmp (unit, "") == 0);

  if (has_low && is_integer_member (schema, high_name))
    g_string_append_printf (out, " %" G_GINT64_FORMAT "..%" G_GINT64_FORMAT "%s", low, high, unit);
  else if (has_low)
    g_string_append_printf (out, " at least %" G_GINT64_FORMAT "%s", low, unit);
  else if (is_integer_member (schema, high_name))
    g_string_append_printf (out, " up to %" G_GINT64_FORMAT "%s", high, unit);
}

char *
hero_schema_describe (JsonObject *schema)
{
  const char *type = schema_type (schema);
  GString *out = g_string_new (NULL);

  if (json_object_has_member (schema, "enum"))
    {
      JsonArray *words = json_object_get_array_member (schema, "enum");

      g_string_append (out, "one of ");
      for (guint i = 0; i < json_array_get_length (words); i++)
        g_string_append_printf (out, "%s%s", i > 0 ? ", " : "", json_array_get_string_element (words, i));
    }
  else if (json_object_has_member (schema, "$ref"))
    {
      const char *ref = json_object_get_string_member (schema, "$ref");
      const char *name = strrchr (ref, '/');

      g_string_append (out, name != NULL ? name + 1 : ref);
    }
  else if (strcmp (type, "array") == 0)
    {
      JsonNode *items = json_object_get_member (schema, "items");
      g_autofree char *of = items != NULL && JSON_NODE_HOLDS_OBJECT (items) ? hero_schema_describe (json_node_get_object (items)) : NULL;

      g_string_append_printf (out, "array of %s", of == NULL ? "any value" : of);
      append_range (out, schema, "minItems", "maxItems", " elements");
    }
  else
    {
      g_string_append (out, *type == '\0' ? "any value" : type);
      append_range (out, schema, "minimum", "maximum", "");
      append_range (out, schema, "minLength", "maxLength", " characters");
    }
  return g_string_free (out, FALSE);
}

/* ------------------------------------------------------------------------------------------------ fields */

static gboolean
is_string_array (JsonObject *schema)
{
  JsonNode *items = strcmp (schema_type (schema), "array") == 0 ? json_object_get_member (schema, "items") : NULL;

  return items != NULL && JSON_NODE_HOLDS_OBJECT (items) && strcmp (schema_type (json_node_get_object (items)), "string") == 0;
}

/* A text of more than a line, an array or an object: it gets the whole width. */
static gboolean
is_long (JsonObject *schema)
{
  const char *type = schema_type (schema);

  if (strcmp (type, "string") == 0)
    return json_object_get_int_member_with_default (schema, "maxLength", 0) > 1000;
  return strcmp (type, "integer") != 0 && strcmp (type, "number") != 0 && strcmp (type, "boolean") != 0;
}

/* The attributes every kind of control has; leaves the tag open. */
static void
control_begin (HeroPage *page, const char *tag, const char *name, const char *type, gboolean required)
{
  g_string_append_printf (page->out, "<%s id=\"field-%u\" data-type=\"%s\" name=\"", tag, page->n_fields, type);
  hero_format_escape (page->out, name);
  g_string_append_printf (page->out, "\"%s", required ? " required" : "");
}

static void
placeholder (HeroPage *page, const char *before, JsonNode *fallback, const char *otherwise)
{
  g_autofree char *text = fallback == NULL ? NULL : json_to_string (fallback, FALSE);

  if (text == NULL && otherwise == NULL)
    return;
  g_string_append (page->out, " placeholder=\"");
  hero_format_escape (page->out, text == NULL ? otherwise : before);
  hero_format_escape (page->out, text);
  g_string_append_c (page->out, '"');
}

static void
write_choice (HeroPage *page, const char *name, const char *type, JsonArray *words, gboolean required, JsonNode *fallback)
{
  g_autofree char *unset = fallback == NULL                                    ? g_strdup (required ? "choose" : "–")
                           : json_node_get_value_type (fallback) == G_TYPE_STRING ? json_node_dup_string (fallback)
                                                                               : json_to_string (fallback, FALSE);

  control_begin (page, "select", name, type, required);
  g_string_append (page->out, "><option value=\"\">");
  hero_format_escape (page->out, unset);
  g_string_append (page->out, fallback == NULL ? "</option>" : " (default)</option>");
  for (guint i = 0; i < json_array_get_length (words); i++)
    {
      g_string_append (page->out, "<option>");
      hero_format_escape (page->out, json_array_get_string_element (words, i));
      g_string_append (page->out, "</option>");
    }
  g_string_append (page->out, "</select>");
}

static void
write_number (HeroPage *page, const char *name, const char *type, JsonObject *schema, gboolean required, JsonNode *fallback)
{
  control_begin (page, "input", name, type, required);
  g_string_append_printf (page->out, " type=\"number\" step=\"%s\"", strcmp (type, "integer") == 0 ? "1" : "any");
  if (is_integer_member (schema, "minimum"))
    g_string_append_printf (page->out, " min=\"%" G_GINT64_FORMAT "\"", json_object_get_int_member (schema, "minimum"));
  if (is_integer_member (schema, "maximum"))
    g_string_append_printf (page->out, " max=\"%" G_GINT64_FORMAT "\"", json_object_get_int_member (schema, "maximum"));
  placeholder (page, "default ", fallback, NULL);
  g_string_append_c (page->out, '>');
}

static void
write_text (HeroPage *page, const char *name, const char *type, JsonObject *schema, gboolean required, JsonNode *fallback)
{
  gboolean lines = is_long (schema);

  control_begin (page, lines ? "textarea" : "input", name, type, required);
  if (!lines)
    g_string_append (page->out, " type=\"text\" autocomplete=\"off\" spellcheck=\"false\"");
  placeholder (page, "default ", fallback, NULL);
  g_string_append (page->out, lines ? "></textarea>" : ">");
}

static void
write_control (HeroPage *page, const char *name, JsonObject *schema, gboolean required)
{
  JsonNode *fallback = json_object_get_member (schema, "default");
  const char *type = schema_type (schema);

  if (json_object_has_member (schema, "enum"))
    write_choice (page, name, "string", json_object_get_array_member (schema, "enum"), required, fallback);
  else if (strcmp (type, "boolean") == 0)
    {
      g_autoptr (JsonArray) words = json_array_new ();

      json_array_add_string_element (words, "true");
      json_array_add_string_element (words, "false");
      write_choice (page, name, "boolean", words, required, fallback);
    }
  else if (strcmp (type, "integer") == 0 || strcmp (type, "number") == 0)
    write_number (page, name, type, schema, required, fallback);
  else if (strcmp (type, "string") == 0)
    write_text (page, name, "string", schema, required, fallback);
  else
    {
      gboolean lines = is_string_array (schema);

      control_begin (page, "textarea", name, lines ? "strings" : "json", required);
      placeholder (page, "default ", fallback, lines ? "one a line" : "JSON");
      g_string_append (page->out, "></textarea>");
    }
}

static void
write_field (HeroPage *page, JsonObject *param)
{
  const char *name = json_object_get_string_member_with_default (param, "name", "");
  const char *description = json_object_get_string_member_with_default (param, "description", "");
  gboolean required = json_object_get_boolean_member_with_default (param, "required", FALSE);
  g_autoptr (JsonObject) none = json_object_new ();
  JsonObject *schema = json_object_has_member (param, "schema") ? json_object_get_object_member (param, "schema") : none;
  g_autofree char *type = hero_schema_describe (schema);

  page->n_fields++;
  g_string_append_printf (page->out, "<div class=\"field%s\"><label for=\"field-%u\">", is_long (schema) ? " wide" : "", page->n_fields);
  hero_format_escape (page->out, name);
  g_string_append (page->out, "<span class=\"type\">");
  hero_format_escape (page->out, type);
  g_string_append (page->out, required ? ", required</span></label>" : "</span></label>");
  write_control (page, name, schema, required);
  if (*description != '\0')
    {
      g_string_append (page->out, "<span class=\"help\">");
      hero_format_escape (page->out, description);
      g_string_append (page->out, "</span>");
    }
  g_string_append (page->out, "</div>\n");
}

void
hero_page_write_form (HeroPage *page, JsonObject *method, const char *verb, gboolean try_it)
{
  JsonArray *params = json_object_has_member (method, "params") ? json_object_get_array_member (method, "params") : NULL;

  g_string_append (page->out, try_it ? "<form class=\"rpc needs-js\" data-show=\"answer\" data-method=\"" : "<form class=\"rpc needs-js\" data-method=\"");
  hero_format_escape (page->out, json_object_get_string_member_with_default (method, "name", ""));
  g_string_append (page->out, "\">\n");
  for (guint i = 0; params != NULL && i < json_array_get_length (params); i++)
    write_field (page, json_array_get_object_element (params, i));
  g_string_append_printf (page->out, "<div class=\"row\"><button type=\"submit\"%s>", try_it ? "" : " class=\"primary\"");
  hero_format_escape (page->out, verb);
  g_string_append (page->out, try_it ? "</button></div><div class=\"answer\" hidden></div></form>\n" : "</button></div></form>\n");
}

void
hero_page_form (HeroPage *page, const char *method, const char *verb)
{
  JsonObject *object = hero_page_find_method (page->shell, method);

  if (object == NULL)
    {
      g_critical ("page \"%s\": there is no method \"%s\"", page->tab->id, method);
      return;
    }
  hero_page_write_form (page, object, verb, FALSE);
}
