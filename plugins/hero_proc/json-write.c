/* json-write.c: see json-write.h. Pure; any thread. */
#include "json-write.h"

void
proc_json_set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}

void
proc_json_set_number (JsonObject *object, const char *name, gint64 value, gint64 none)
{
  if (value != none)
    json_object_set_int_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

JsonArray *
proc_json_from_texts (char *const *texts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; texts[i] != NULL; i++)
    json_array_add_string_element (array, texts[i]);
  return array;
}

JsonArray *
proc_json_from_names (const GPtrArray *names)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; names != NULL && i < names->len; i++)
    json_array_add_string_element (array, names->pdata[i]);
  return array;
}
