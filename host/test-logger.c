/* test-logger.c: who is heard at which level, in which form, where; GLib's messages; lines of children. */
#include "logger.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *top;

/* A logger over a configuration of one line each, with standard output caught in a file. */
typedef struct
{
  HeroConfig *config;
  HeroLogger *logger;
  int saved;
  char *caught, *log_dir;
} Fixture;

static void
begin (Fixture *f, const char *text, const char *rust_log)
{
  g_autofree char *path = g_build_filename (top, "c.toml", NULL);
  g_autofree char *template = g_build_filename (top, "var-XXXXXX", NULL),
                  *var = g_mkdtemp (g_steal_pointer (&template));
  g_auto (GStrv) environment = g_environ_setenv (NULL, "PATH_VAR", var, TRUE);
  int fd;

  if (rust_log != NULL)
    environment = g_environ_setenv (environment, "RUST_LOG", rust_log, TRUE);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_chmod (path, 0600);
  f->config = hero_config_load (path, environment, NULL);
  f->caught = g_build_filename (top, "out", NULL);
  f->log_dir = g_strdup (f->config->log_dir);
  fflush (stdout);
  f->saved = dup (STDOUT_FILENO);
  fd = open (f->caught, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  dup2 (fd, STDOUT_FILENO);
  close (fd);
  f->logger = hero_logger_new (f->config, "prog");
}

/* What was written, with the time and the pid blotted out. */
static char *
end (Fixture *f)
{
  g_autofree char *text = NULL, *plain = NULL;
  g_autoptr (GRegex) stamp = g_regex_new ("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z", 0, 0, NULL);
  g_autoptr (GRegex) pid = g_regex_new ("\"pid\":\\d+", 0, 0, NULL);

  hero_logger_free (f->logger);
  dup2 (f->saved, STDOUT_FILENO);
  close (f->saved);
  g_file_get_contents (f->caught, &text, NULL, NULL);
  hero_config_free (f->config);
  g_free (f->caught);
  plain = g_regex_replace (stamp, text, -1, 0, "T", 0, NULL);
  return g_regex_replace (pid, plain, -1, 0, "\"pid\":P", 0, NULL);
}

static void
say_all (HeroLogger *logger)
{
  static const char *const services[] = { NULL, "hero_db", "hero_code" };

  for (guint i = 0; i < G_N_ELEMENTS (services); i++)
    for (guint level = HERO_LOG_ERROR; level <= HERO_LOG_TRACE; level++)
      {
        g_autofree char *text = g_strdup_printf ("%u", level);

        hero_logger_write (logger, services[i], level, text, NULL);
      }
}

static void
test_levels (void)
{
  static const struct
  {
    const char *text, *rust_log;
    guint host, db, code;
  } rows[] = {
    { "", NULL, 3, 3, 3 },
    { "log_level = \"warn\"\n", NULL, 2, 2, 2 },
    { "log_level = \"warn\"\n", "debug", 4, 4, 4 },
    { "log_level = \"warn,hero_db=trace\"\n[hero_code]\nlog_level=\"error\"\n", NULL, 2, 5, 1 },
    { "[hero_code]\nlog_level=\"off\"\n", NULL, 3, 3, 0 },
    { "[hero_code]\nlog_level=\"off\"\n", "error,hero_code_server=debug", 1, 1, 4 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint counts[3] = { 0 };
      g_autofree char *text = NULL;
      g_auto (GStrv) lines = NULL;
      Fixture f;

      begin (&f, rows[i].text, rows[i].rust_log);
      say_all (f.logger);
      text = end (&f);
      g_free (f.log_dir);
      lines = g_strsplit (text, "\n", -1);
      for (char **line = lines; *line != NULL; line++)
        {
          counts[0] += strstr (*line, " hero_bundle: ") != NULL;
          counts[1] += strstr (*line, " hero_db: ") != NULL;
          counts[2] += strstr (*line, " hero_code: ") != NULL;
        }
      g_assert_cmpuint (counts[0], ==, rows[i].host);
      g_assert_cmpuint (counts[1], ==, rows[i].db);
      g_assert_cmpuint (counts[2], ==, rows[i].code);
    }
}

static char *
read_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
test_forms (void)
{
  g_autofree char *plain = NULL, *json = NULL, *db = NULL, *host = NULL;
  Fixture f;

  begin (&f, "log_file = false\n", NULL);
  hero_logger_write (f.logger, "hero_db", HERO_LOG_INFO, "hello", g_variant_new_parsed ("{'a': <'b c'>}"));
  hero_logger_printf (f.logger, HERO_LOG_WARN, "n = %d", 3);
  hero_logger_printf (f.logger, HERO_LOG_DEBUG, "not heard");
  plain = end (&f);
  g_assert_cmpstr (plain, ==, "T INFO  hero_db: hello a=\"b c\"\nT WARN  hero_bundle: n = 3\n");
  g_assert_false (g_file_test (f.log_dir, G_FILE_TEST_EXISTS));
  g_free (f.log_dir);

  begin (&f, "log_format = \"json\"\n", NULL);
  hero_logger_write (f.logger, "hero_db", HERO_LOG_INFO, "hello", NULL);
  hero_logger_printf (f.logger, HERO_LOG_WARN, "n = %d", 3);
  json = end (&f);
  g_assert_cmpstr (
      json, ==,
      "{\"ts\":\"T\",\"level\":\"info\",\"service\":\"hero_db\",\"msg\":\"hello\",\"pid\":P,\"context\":0}\n"
      "{\"ts\":\"T\",\"level\":\"warn\",\"service\":\"hero_bundle\",\"msg\":\"n = 3\",\"pid\":P,\"context\":0}\n");
  db = read_file (f.log_dir, "prog/hero_db.log");
  g_assert_true (g_str_has_suffix (db, "\t0\t0\t10\t-\thello\n"));
  host = read_file (f.log_dir, "prog/host.log");
  g_assert_true (g_str_has_suffix (host, "\t0\t0\t30\t-\tn = 3\n"));
  g_free (f.log_dir);
}

static gpointer
complain (gpointer data)
{
  hero_logger_set_thread_service (data);
  for (guint i = 0; i < 50; i++)
    g_log_structured ("Lib", G_LOG_LEVEL_CRITICAL, "MESSAGE", "bad");
  g_log_structured ("Lib", G_LOG_LEVEL_MESSAGE, "MESSAGE", "fine %d", 1);
  return NULL;
}

static void
test_glib (void)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  g_autofree char *text = NULL;
  Fixture f;

  begin (&f, "log_file = false\n", NULL);
  hero_logger_install (f.logger);
  g_thread_join (g_thread_new ("t", complain, "hero_db"));
  g_log_structured ("Lib", G_LOG_LEVEL_WARNING, "MESSAGE", "from main");
  text = end (&f);
  g_free (f.log_dir);
  g_log_set_always_fatal (fatal);
  g_assert_cmpstr (text, ==,
                   "T ERROR hero_db: bad domain=Lib\nT INFO  hero_db: fine 1 domain=Lib\n"
                   "T WARN  hero_bundle: from main domain=Lib\n");
}

static void
test_forward (void)
{
  g_autofree char *text = NULL;
  Fixture f;

  begin (&f, "log_file = false\nlog_format = \"json\"\n", NULL);
  hero_logger_forward_json (f.logger, "hero_db",
                            "{\"ts\":\"x\",\"level\":\"warn\",\"service\":\"other\",\"msg\":\"m\",\"pid\":42,"
                            "\"context\":3,\"k\":\"v\"}");
  hero_logger_forward_json (f.logger, "hero_db", "{\"level\":\"debug\",\"msg\":\"not heard\"}");
  hero_logger_forward_json (f.logger, "hero_db", "a bare line");
  text = end (&f);
  g_free (f.log_dir);
  g_assert_nonnull (
      strstr (text, "\"level\":\"warn\",\"service\":\"hero_db\",\"msg\":\"m\",\"pid\":P,\"context\":3,\"k\":\"v\"}\n"));
  g_assert_nonnull (
      strstr (text, "\"level\":\"info\",\"service\":\"hero_db\",\"msg\":\"a bare line\",\"pid\":P,\"context\":0}\n"));
  g_assert_null (strstr (text, "not heard"));
}

static void
remove_all (const char *path)
{
  const char *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  top = g_dir_make_tmp ("hero-logger-XXXXXX", NULL);
  g_test_add_func ("/logger/levels", test_levels);
  g_test_add_func ("/logger/forms", test_forms);
  g_test_add_func ("/logger/glib", test_glib);
  g_test_add_func ("/logger/forward", test_forward);
  result = g_test_run ();
  remove_all (top);
  g_free (top);
  return result;
}
