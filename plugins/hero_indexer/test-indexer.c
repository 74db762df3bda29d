/* test-indexer.c: the service over its sockets: databases, documents, commits, searches, selection, stop and start. */
#include "indexer.h"

#include <test-host.h>
#include <unistd.h>

#define SCHEMA "{\"fields\":[{\"name\":\"t\",\"type\":\"text\"},{\"name\":\"k\",\"type\":\"u64\"}]}"

static GVariant *
configuration (const char *first_key, ...)
{
  GVariantDict dict;
  va_list args;

  g_variant_dict_init (&dict, NULL);
  for (const HeroConfigKey *key = indexer_config_keys; key->name != NULL; key++)
    {
      g_autoptr (GVariant) value = g_variant_parse (NULL, key->fallback, NULL, NULL, NULL);

      g_assert_nonnull (value);
      if (key->type == HERO_CONFIG_INT)
        g_variant_dict_insert (&dict, key->name, "x", g_ascii_strtoll (key->fallback, NULL, 10));
      else
        g_variant_dict_insert_value (&dict, key->name, value);
    }
  va_start (args, first_key);
  for (const char *key = first_key; key != NULL; key = va_arg (args, const char *))
    g_variant_dict_insert (&dict, key, "x", va_arg (args, gint64));
  va_end (args);
  return g_variant_dict_end (&dict);
}

static HeroTestHost *
start (GVariant *config)
{
  HeroTestHost *host = hero_test_host_new (hero_service_describe_v1 (), config != NULL ? config : configuration (NULL));
  g_autoptr (GError) error = NULL;

  hero_test_host_start (host, &error);
  g_assert_no_error (error);
  return host;
}

static void
call (HeroTestHost *host, const char *method, const char *params, const char *path, const char *expected)
{
  g_autoptr (JsonNode) result = hero_test_call (host, method, params);
  g_autofree char *value = hero_test_json_get (result, path);

  g_assert_cmpstr (value, ==, expected);
}

static void
fail (HeroTestHost *host, const char *method, const char *params, int code, const char *part)
{
  g_autofree char *message = NULL;

  g_assert_cmpint (hero_test_call_error (host, method, params, &message), ==, code);
  g_test_message ("%s", message);
  g_assert_nonnull (strstr (message, part));
}

/* One call on a connection that stays open; the answer's body. */
static char *
call_on (int fd, const char *head, const char *method, const char *params)
{
  g_autofree char *body
      = g_strdup_printf ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
  g_autofree char *request = g_strdup_printf (
      "POST /rpc HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", head,
      strlen (body), body);
  g_autoptr (HeroTestAnswer) answer = NULL;

  hero_test_send (fd, request);
  answer = hero_test_receive (fd);
  return g_steal_pointer (&answer->body);
}

static void
assert_on (int fd, const char *head, const char *method, const char *params, const char *part)
{
  g_autofree char *body = call_on (fd, head, method, params);

  g_test_message ("%s", body);
  g_assert_nonnull (strstr (body, part));
}

/* The answer as it is on the wire: json-glib prints numbers in its own way. */
static void
assert_answer (HeroTestHost *host, const char *method, const char *params, const char *part)
{
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int fd = hero_test_connect (path);

  assert_on (fd, "", method, params, part);
  close (fd);
}

static void
test_databases (void)
{
  HeroTestHost *host = start (NULL);

  call (host, "db.list", NULL, "databases", "[]");
  call (host, "db.create", "{\"name\":\"b\",\"schema\":" SCHEMA "}", "created", "true");
  fail (host, "db.create", "{\"name\":\"b\",\"schema\":" SCHEMA "}", -32002, "Database already exists: b");
  call (host, "db.create", "{\"name\":\"b\",\"schema\":" SCHEMA ",\"if_not_exists\":true}", "created", "false");
  call (host, "db.create", "[\"a b \303\274\"," SCHEMA "]", "success", "true");
  call (host, "db.exists", "[\"b\"]", "exists", "true");
  call (host, "db.exists", "[\"c\"]", "exists", "false");
  fail (host, "db.select", "{\"name\":\"c\"}", -32001, "Database not found: c");
  fail (host, "db.create", "{\"name\":\"c\",\"schema\":{\"fields\":[{\"name\":\"x\",\"type\":\"no\"}]}}", -32004,
        "unknown type");
  call (host, "db.exists", "[\"c\"]", "exists", "false");
  call (host, "schema.get", "{\"db\":\"b\"}", "fields",
        "[{\"name\":\"t\",\"type\":\"text\",\"stored\":true,\"indexed\":true,\"fast\":false,\"tokenizer\":\"default\"},"
        "{\"name\":\"k\",\"type\":\"u64\",\"stored\":true,\"indexed\":true,\"fast\":false}]");
  call (host, "db.close", "[\"b\"]", "was_open", "true");
  call (host, "db.close", "[\"b\"]", "was_open", "false");
  call (host, "db.delete", "[\"b\"]", "success", "true");
  fail (host, "db.delete", "[\"b\"]", -32001, "Database not found: b");
  call (host, "db.create", "{\"name\":\"b\",\"schema\":" SCHEMA "}", "created", "true");
  call (host, "db.info", "{\"db\":\"b\"}", "doc_count", "0");
  hero_test_host_free (host);
}

static void
test_bad_names (void)
{
  static const char *const names[] = { "", ".", "..", "a/b", "/abs", ".x", "a\\\\b", "a\\nb", " a", "a ", NULL };
  HeroTestHost *host = start (NULL);
  g_autofree char *name = g_strnfill (201, 'x');
  g_autofree char *params = g_strdup_printf ("{\"name\":\"%s\",\"schema\":" SCHEMA "}", name);

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *create = g_strdup_printf ("{\"name\":\"%s\",\"schema\":" SCHEMA "}", names[i]);
      g_autofree char *remove = g_strdup_printf ("{\"name\":\"%s\"}", names[i]);

      fail (host, "db.create", create, -32602, "parameter 'name'");
      fail (host, "db.delete", remove, -32602, "parameter 'name'");
    }
  fail (host, "db.create", params, -32602, "1..200 bytes");
  hero_test_host_free (host);
}

static void
test_documents (void)
{
  HeroTestHost *host = start (NULL);

  call (host, "db.create", "{\"name\":\"d\",\"schema\":" SCHEMA "}", "success", "true");
  call (host, "doc.add", "{\"db\":\"d\",\"document\":{\"t\":\"a b\",\"k\":1}}", "opstamp", "0");
  call (host, "doc.add_batch", "{\"database\":\"d\",\"documents\":[{\"t\":\"a a c\",\"k\":2},{\"t\":\"d\",\"k\":3}]}",
        "opstamp", "2");
  call (host, "doc.add_batch", "{\"db\":\"d\",\"documents\":[]}", "opstamp", "0");
  call (host, "search.count", "{\"db\":\"d\",\"query\":{\"type\":\"all\"}}", "count", "0"); /* not committed */
  call (host, "db.info", "{\"db\":\"d\"}", "pending", "3");
  call (host, "index.commit", "{\"db\":\"d\"}", "opstamp", "3");
  call (host, "db.info", "{\"db\":\"d\"}", "pending", "0");
  call (host, "index.reload", "{\"db\":\"d\"}", "success", "true");
  assert_answer (host, "search.query",
                 "{\"db\":\"d\",\"query\":{\"type\":\"match\",\"field\":\"t\",\"value\":\"a c\"}}",
                 "\"hits\":[{\"score\":1.3808529,\"doc\":{\"t\":\"a a "
                 "c\",\"k\":2}},{\"score\":0.47000363,\"doc\":{\"t\":\"a b\",\"k\":1}}]");
  call (host, "search.query", "{\"db\":\"d\",\"query\":{\"type\":\"all\"},\"limit\":1,\"offset\":1}", "hits",
        "[{\"score\":1.0,\"doc\":{\"t\":\"a a c\",\"k\":2}}]");
  call (host, "search.query", "{\"db\":\"d\",\"query\":{\"type\":\"all\"},\"limit\":0}", "total_hits", "3");
  call (host, "search.query", "{\"db\":\"d\",\"query\":{\"type\":\"all\"},\"limit\":1000000000000,\"offset\":2}",
        "hits", "[{\"score\":1.0,\"doc\":{\"t\":\"d\",\"k\":3}}]");
  call (host, "search.query", "{\"db\":\"d\",\"query\":{\"type\":\"all\"},\"offset\":9223372036854775807}", "hits",
        "[]");
  call (host, "search.query", "{\"db\":\"d\",\"query\":{\"type\":\"all\",\"x\":1}}", "warnings",
        "[\"query: key 'x' is ignored\"]");
  hero_test_host_free (host);
}

static void
test_bad_documents (void)
{
  HeroTestHost *host = start (NULL);

  call (host, "db.create", "{\"name\":\"d\",\"schema\":" SCHEMA "}", "success", "true");
  fail (host, "doc.add", "{\"db\":\"d\",\"document\":[]}", -32006, "Invalid document: Document must be a JSON object");
  fail (host, "doc.add", "{\"db\":\"d\",\"document\":{\"x\":1}}", -32007, "Field not found: x");
  fail (host, "doc.add", "{\"db\":\"d\"}", -32602, "parameter 'document'");
  fail (host, "doc.add_batch", "{\"db\":\"d\",\"documents\":[{\"t\":\"x\"},{\"z\":1}]}", -32007, "Field not found: z");
  call (host, "index.commit", "{\"db\":\"d\"}", "doc_count", "0"); /* the batch was all or nothing */
  call (host, "doc.add", "{\"db\":\"d\",\"document\":{\"t\":5,\"k\":\"5\"}}", "skipped",
        "[{\"index\":0,\"field\":\"t\",\"expected\":\"a string\",\"got\":\"integer\"},"
        "{\"index\":0,\"field\":\"k\",\"expected\":\"an integer from 0\",\"got\":\"string\"}]");
  fail (host, "search.query", "{\"db\":\"d\",\"query\":{\"type\":\"fuzzy\"}}", -32602, "expected all, match or term");
  fail (host, "search.query", "{\"db\":\"d\",\"query\":{\"type\":\"term\",\"field\":\"k\",\"value\":\"x\"}}", -32005,
        "Invalid query: Expected unsigned integer value");
  fail (host, "doc.delete", "{\"db\":\"d\",\"field\":\"t\",\"value\":\"x\"}", -32601, "Method not found");
  hero_test_host_free (host);
}

/* Many commits, and documents beyond the writer's memory, end as one whole. */
static void
test_spill (void)
{
  HeroTestHost *host = start (configuration ("writer_memory_bytes", (gint64)65536, NULL));
  g_autofree char *word = g_strnfill (2000, 'x');
  g_autofree char *add = g_strdup_printf ("{\"db\":\"d\",\"document\":{\"t\":\"word %s\"}}", word);

  call (host, "db.create", "{\"name\":\"d\",\"schema\":" SCHEMA "}", "success", "true");
  for (guint i = 0; i < 200; i++)
    call (host, "doc.add", add, "success", "true");
  call (host, "search.count", "{\"db\":\"d\",\"query\":{\"type\":\"all\"}}", "count", "0");
  call (host, "index.commit", "{\"db\":\"d\"}", "doc_count", "200");
  for (guint i = 0; i < 50; i++)
    {
      call (host, "doc.add", add, "success", "true");
      call (host, "index.commit", "{\"db\":\"d\"}", "success", "true");
    }
  call (host, "search.count", "{\"db\":\"d\",\"query\":{\"type\":\"match\",\"field\":\"t\",\"value\":\"word\"}}",
        "count", "250");
  call (host, "db.close", "[\"d\"]", "was_open", "true");
  call (host, "search.count", "{\"db\":\"d\",\"query\":{\"type\":\"match\",\"field\":\"t\",\"value\":\"word\"}}",
        "count", "250");
  hero_test_host_free (host);
}

static void
wait_for_one_open (HeroTestHost *host)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (JsonNode) stats = hero_test_call (host, "server.stats", NULL);
      g_autofree char *n = hero_test_json_get (stats, "open_databases");

      if (g_str_equal (n, "1"))
        return;
      g_usleep (10000);
    }
  g_assert_not_reached ();
}

/* Without a commit: closing makes one. A stop with pending writes is clean. */
static void
test_life (void)
{
  HeroTestHost *host = start (configuration ("max_open", (gint64)1, NULL));
  g_autoptr (GError) error = NULL;

  call (host, "db.create", "{\"name\":\"d\",\"schema\":" SCHEMA "}", "success", "true");
  call (host, "db.create", "{\"name\":\"e\",\"schema\":" SCHEMA "}", "success", "true");
  call (host, "doc.add", "{\"db\":\"d\",\"document\":{\"t\":\"one\"}}", "success", "true");
  call (host, "db.close", "[\"d\"]", "was_open", "true");
  call (host, "search.count", "{\"db\":\"d\",\"query\":{\"type\":\"all\"}}", "count", "1");
  call (host, "db.info", "{\"db\":\"e\"}", "doc_count", "0"); /* the second open one closes the first */
  wait_for_one_open (host);
  call (host, "doc.add", "{\"db\":\"d\",\"document\":{\"t\":\"two\"}}", "success", "true");

  g_assert_true (hero_test_host_stop (host, &error));
  g_assert_no_error (error);
  hero_test_host_free (host);
}

static void
test_selection (void)
{
  HeroTestHost *host = start (configuration ("selection_ttl_s", (gint64)0, NULL));
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int one = hero_test_connect (path), two = hero_test_connect (path);

  call (host, "db.create", "{\"name\":\"d\",\"schema\":" SCHEMA "}", "success", "true");
  call (host, "db.create", "{\"name\":\"e\",\"schema\":" SCHEMA "}", "success", "true");
  assert_on (one, "", "db.info", "{}", "-32003");
  assert_on (one, "", "db.select", "[\"d\"]", "\"selected\":true");
  assert_on (one, "", "db.info", "{}", "\"name\":\"d\"");
  assert_on (one, "", "db.info", "{\"db\":\"e\"}", "\"name\":\"e\"");
  assert_on (one, "", "db.info", "{\"db\":\"\"}", "\"name\":\"d\"");
  assert_on (one, "", "db.select", "[\"none\"]", "-32001"); /* keeps the one before */
  assert_on (one, "", "db.info", "{}", "\"name\":\"d\"");
  assert_on (two, "", "db.info", "{}", "-32003");
  assert_on (one, "Via: 1.1 router\r\n", "db.info", "{}", "-32003");
  assert_on (two, "Via: 1.1 router\r\n", "db.select", "[\"d\"]", "\"selected\":false");
  assert_on (two, "", "db.info", "{}", "-32003");
  assert_on (one, "", "db.delete", "[\"d\"]", "true");
  assert_on (one, "", "db.info", "{}", "-32003");
  close (one);
  close (two);
  hero_test_host_free (host);
}

static void
test_selection_of_process (void)
{
  HeroTestHost *host = start (NULL);
  g_autofree char *path = hero_test_host_get_socket (host, "rpc");
  int one = hero_test_connect (path), two = hero_test_connect (path);

  call (host, "db.create", "{\"name\":\"d\",\"schema\":" SCHEMA "}", "success", "true");
  assert_on (one, "", "db.select", "[\"d\"]", "\"selected\":true");
  assert_on (two, "", "db.info", "{}", "\"name\":\"d\""); /* another connection of the same process */
  close (one);
  close (two);
  hero_test_host_free (host);
}

/* ---- many creators of one name */

typedef struct
{
  HeroTestHost *host;
  guint created, existed, added;
  GMutex lock;
} Race;

static gpointer
race_thread (gpointer data)
{
  Race *race = data;
  g_autofree char *path = hero_test_host_get_socket (race->host, "rpc");
  int fd = hero_test_connect (path);

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *create = g_strdup_printf ("{\"name\":\"r%u\",\"schema\":" SCHEMA "}", i);
      g_autofree char *add = g_strdup_printf ("{\"db\":\"r%u\",\"document\":{\"t\":\"x\"}}", i);
      g_autofree char *commit = g_strdup_printf ("{\"db\":\"r%u\"}", i);
      g_autofree char *created = call_on (fd, "", "db.create", create);
      g_autofree char *added = call_on (fd, "", "doc.add", add);
      g_autofree char *committed = call_on (fd, "", "index.commit", commit);

      g_assert_nonnull (strstr (committed, "\"success\":true"));
      g_mutex_lock (&race->lock);
      race->created += strstr (created, "\"created\":true") != NULL;
      race->existed += strstr (created, "-32002") != NULL;
      race->added += strstr (added, "\"success\":true") != NULL;
      g_mutex_unlock (&race->lock);
    }
  close (fd);
  return NULL;
}

static void
test_race (void)
{
  Race race = { start (NULL) };
  GThread *threads[8];

  g_mutex_init (&race.lock);
  for (guint i = 0; i < 8; i++)
    threads[i] = g_thread_new ("client", race_thread, &race);
  for (guint i = 0; i < 8; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (race.created, ==, 20);
  g_assert_cmpuint (race.existed, ==, 140);
  g_assert_cmpuint (race.added, ==, 160);
  call (race.host, "server.stats", NULL, "total_docs", "160");
  g_mutex_clear (&race.lock);
  hero_test_host_free (race.host);
}

static void
test_pages (void)
{
  static const struct
  {
    const char *path, *part;
  } pages[] = {
    { "/databases", "a&lt;b" },
    { "/databases/a%3Cb", "Tokenizer" },
    { "/query", "<form" },
    { "/query?db=a%3Cb&q=hello", "&quot;hello &lt;world&gt;&quot;" },
    { "/query?db=a%3Cb&q=%7B%22type%22:%22all%22%7D", "&lt;world&gt;" },
    { "/query?db=a%3Cb&q=x&field=nope", "Field not found: nope" },
    { "/query?db=none&q=x", "Database not found: none" },
  };
  HeroTestHost *host = start (NULL);

  call (host, "db.create", "{\"name\":\"a<b\",\"schema\":" SCHEMA "}", "success", "true");
  call (host, "doc.add", "{\"db\":\"a<b\",\"document\":{\"t\":\"hello <world>\"}}", "success", "true");
  call (host, "index.commit", "{\"db\":\"a<b\"}", "doc_count", "1");
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autoptr (HeroTestAnswer) answer = hero_test_http (host, "admin", "GET", pages[i].path, NULL, NULL);

      g_test_message ("%s", pages[i].path);
      g_assert_cmpuint (answer->status, ==, 200);
      g_assert_null (strstr (answer->body, "<world>"));
      g_assert_nonnull (g_strrstr (answer->body, pages[i].part));
    }
  hero_test_host_free (host);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/indexer/databases", test_databases);
  g_test_add_func ("/indexer/bad-names", test_bad_names);
  g_test_add_func ("/indexer/documents", test_documents);
  g_test_add_func ("/indexer/bad-documents", test_bad_documents);
  g_test_add_func ("/indexer/spill", test_spill);
  g_test_add_func ("/indexer/life", test_life);
  g_test_add_func ("/indexer/selection", test_selection);
  g_test_add_func ("/indexer/selection-of-process", test_selection_of_process);
  g_test_add_func ("/indexer/race", test_race);
  g_test_add_func ("/indexer/pages", test_pages);
  return g_test_run ();
}
