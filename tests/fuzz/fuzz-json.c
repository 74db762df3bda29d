/*
 * fuzz-json.c: the JSON reader and printer. Checking and parsing must agree, what is printed must be read again, and the
 * second print must equal the first.
 */
#include <hero-service/json.h>

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_memdup2 (data, size), *first = NULL, *second = NULL; /* ends where the input ends */
  const char *start = text != NULL ? text : "";
  g_autoptr (JsonNode) node = hero_json_parse (start, (gssize) size, NULL), again = NULL;

  g_assert_true (hero_json_check (start, (gssize) size, NULL) == (node != NULL));
  if (node == NULL)
    return 0;
  first = hero_json_print (node, NULL);
  again = hero_json_parse (first, -1, NULL);
  g_assert_nonnull (again);
  second = hero_json_print (again, NULL);
  g_assert_cmpstr (first, ==, second);
  return 0;
}
