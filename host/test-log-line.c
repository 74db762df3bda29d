/* test-log-line.c: one message in its three forms, and back from JSON. */
#include "log-line.h"

#define TIME G_GINT64_CONSTANT (1778402198123456) /* 2026-05-10T08:36:38.123456Z */

static const struct
{
  HeroLogLevel level;
  const char *message, *fields;
  const char *plain, *json, *file;
} rows[] = {
  { HERO_LOG_INFO, "started", NULL, "2026-05-10T08:36:38.123Z INFO  hero_db: started\n",
    "{\"ts\":\"2026-05-10T08:36:38.123Z\",\"level\":\"info\",\"service\":\"hero_db\",\"msg\":\"started\",\"pid\":7,"
    "\"context\":0}\n",
    "1778402198\t0\t0\t10\t-\tstarted\n" },
  { HERO_LOG_WARN, "a\tb\nc", "{'key': <'value'>, 'two': <'two \"words\"'>, 'n': <int64 -3>}",
    "2026-05-10T08:36:38.123Z WARN  hero_db: a\tb\\nc key=value two=\"two \\\"words\\\"\" n=-3\n",
    "{\"ts\":\"2026-05-10T08:36:38.123Z\",\"level\":\"warn\",\"service\":\"hero_db\",\"msg\":\"a\\tb\\nc\",\"pid\":7,"
    "\"context\":0,"
    "\"key\":\"value\",\"two\":\"two \\\"words\\\"\",\"n\":-3}\n",
    "1778402198\t0\t0\t30\tkey:value,two:two \"words\",n:-3\ta b[BR]c\n" },
  { HERO_LOG_ERROR, "lost", "{'context': <uint32 5>, 'job_id': <int64 12>, 'why': <'a,b'>}",
    "2026-05-10T08:36:38.123Z ERROR hero_db: lost context=5 job_id=12 why=a,b\n",
    "{\"ts\":\"2026-05-10T08:36:38.123Z\",\"level\":\"error\",\"service\":\"hero_db\",\"msg\":\"lost\",\"pid\":7,"
    "\"context\":5,"
    "\"job_id\":12,\"why\":\"a,b\"}\n",
    "1778402198\t5\t12\t254\twhy:a;b\tlost\n" },
  { HERO_LOG_DEBUG, "\x1b[31mred\x7f \xc3\xa4", "{'empty': <''>, 'pid': <true>}",
    "2026-05-10T08:36:38.123Z DEBUG hero_db: \\u001b[31mred\\u007f \xc3\xa4 empty=\"\" pid=true\n",
    "{\"ts\":\"2026-05-10T08:36:38.123Z\",\"level\":\"debug\",\"service\":\"hero_db\",\"msg\":\"\\u001b[31mred\\u007f "
    "\xc3\xa4\",\"pid\":7,"
    "\"context\":0,\"empty\":\"\",\"pid_\":true}\n",
    "1778402198\t0\t0\t0\tempty:,pid:true\t\x1b[31mred\x7f \xc3\xa4\n" },
  { HERO_LOG_TRACE, "bad \xff byte", NULL, "2026-05-10T08:36:38.123Z TRACE hero_db: bad \xef\xbf\xbd byte\n",
    "{\"ts\":\"2026-05-10T08:36:38.123Z\",\"level\":\"trace\",\"service\":\"hero_db\",\"msg\":\"bad \xef\xbf\xbd "
    "byte\",\"pid\":7,\"context\":0}\n",
    "1778402198\t0\t0\t0\t-\tbad \xef\xbf\xbd byte\n" },
};

static HeroLogEntry
entry_of (gsize i, GVariant *fields)
{
  return (HeroLogEntry){ TIME, rows[i].level, "hero_db", rows[i].message, fields, 7 };
}

static GVariant *
parse_fields (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *fields = text != NULL ? g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error) : NULL;

  g_assert_no_error (error);
  return fields;
}

static void
test_forms (void)
{
  static void (*const forms[]) (const HeroLogEntry *, GString *)
      = { hero_log_line_plain, hero_log_line_json, hero_log_line_file };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *expected[] = { rows[i].plain, rows[i].json, rows[i].file };
      g_autoptr (GVariant) fields = parse_fields (rows[i].fields);
      HeroLogEntry entry = entry_of (i, fields);

      for (gsize k = 0; k < G_N_ELEMENTS (forms); k++)
        {
          g_autoptr (GString) line = g_string_new (NULL);

          forms[k](&entry, line);
          g_assert_cmpstr (line->str, ==, expected[k]);
        }
    }
}

static void
test_back (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GVariant) fields = NULL;
      g_autofree char *message = NULL;
      g_autoptr (GString) again = g_string_new (NULL);
      HeroLogEntry entry = { TIME, 0, "hero_db", NULL, NULL, 0 };

      if (g_strcmp0 (rows[i].message, "bad \xff byte") == 0 || strstr (rows[i].json, "pid_") != NULL)
        continue;
      g_assert_true (hero_log_line_parse_json (rows[i].json, &entry.level, &message, &entry.pid, &fields));
      entry.message = message;
      entry.fields = fields;
      hero_log_line_json (&entry, again);
      g_assert_cmpstr (again->str, ==, rows[i].json);
    }
}

static void
test_no_json (void)
{
  static const char *const lines[] = { "",
                                       "plain",
                                       "{",
                                       "{}",
                                       "[1]",
                                       "{\"msg\":1,\"level\":\"info\"}",
                                       "{\"msg\":\"x\"}",
                                       "{\"msg\":\"x\",\"level\":\"loud\"}",
                                       "{\"msg\":\"x\",\"level\":\"off\"}" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GVariant) fields = NULL;
      g_autofree char *message = NULL;
      HeroLogLevel level;
      gint64 pid;

      g_assert_false (hero_log_line_parse_json (lines[i], &level, &message, &pid, &fields));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log-line/forms", test_forms);
  g_test_add_func ("/log-line/back", test_back);
  g_test_add_func ("/log-line/no-json", test_no_json);
  return g_test_run ();
}
