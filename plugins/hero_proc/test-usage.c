/* test-usage.c: finding the processes of jobs, and what they use, over real ones. */
#include "usage.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that leads its own group, and one of it that has left the group. */
typedef struct
{
  pid_t main, other;
  GArray *roots;
} Fixture;

static pid_t
read_pid (int fd)
{
  pid_t pid = 0;

  g_assert_cmpint (read (fd, &pid, sizeof pid), ==, sizeof pid);
  return pid;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  ProcUsageRoot root = { .job_id = 7 };
  ProcStat stat;
  int fds[2];

  g_assert_cmpint (pipe (fds), ==, 0);
  f->main = fork ();
  if (f->main == 0)
    {
      pid_t child;

      setpgid (0, 0);
      child = fork ();
      if (child == 0)
        {
          pid_t self = getpid ();

          setsid ();
          if (write (fds[1], &self, sizeof self) != sizeof self)
            _exit (1);
        }
      for (;;)
        pause ();
    }
  f->other = read_pid (fds[0]);
  close (fds[0]);
  close (fds[1]);
  g_assert_true (proc_stat_read (f->main, &stat));
  root.pid = f->main;
  root.start_ticks = stat.start_ticks;
  f->roots = g_array_new (FALSE, FALSE, sizeof root);
  g_array_append_val (f->roots, root);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kill (f->other, SIGKILL);
  kill (f->main, SIGKILL);
  waitpid (f->main, NULL, 0);
  g_array_unref (f->roots);
}

static void
assert_both (const Fixture *f, const GArray *members)
{
  const ProcUsage *main = &g_array_index (members, ProcUsage, 0), *other = &g_array_index (members, ProcUsage, 1);

  g_assert_cmpuint (members->len, ==, 2);
  g_assert_cmpint (main->stat.pid, ==, f->main);
  g_assert_cmpint (other->stat.pid, ==, f->other);
  g_assert_cmpint (other->stat.ppid, ==, f->main);
  g_assert_cmpint (other->stat.sid, ==, f->other);
  g_assert_cmpuint (main->job_id, ==, 7);
  g_assert_cmpuint (other->job_id, ==, 7);
  g_assert_cmpuint (main->stat.rss_bytes, >, 0);
  g_assert_cmpuint (main->stat.threads, ==, 1);
  g_assert_true (g_str_has_prefix (main->stat.comm, "hero_proc-test-"));
}

static void
test_walk (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) members = proc_usage_walk (f->roots);

  assert_both (f, members);
}

/* Without known members, and with one of them that is another process by now. */
static void
test_look (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) known = g_array_new (FALSE, FALSE, sizeof (ProcUsage));
  g_autoptr (GArray) fresh = proc_usage_look (f->roots, known);
  g_autoptr (GArray) again = NULL;
  ProcUsage reused = { .job_id = 7, .stat = { .pid = getpid (), .start_ticks = 1 } };

  assert_both (f, fresh);
  g_array_append_vals (known, fresh->data, fresh->len);
  g_array_append_val (known, reused);
  again = proc_usage_look (f->roots, known);
  assert_both (f, again);
}

/* The number of the main process belongs to a stranger now: neither that nor its children are ours. */
static void
test_reused_pid (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (ProcUsage));
  g_autoptr (GArray) walked = NULL, looked = NULL;

  g_array_index (f->roots, ProcUsageRoot, 0).start_ticks--;
  looked = proc_usage_look (f->roots, none);
  g_assert_cmpuint (looked->len, ==, 0);
  walked = proc_usage_walk (f->roots);
  g_assert_cmpuint (walked->len, ==, 0);
}

static void
test_detail (void)
{
  ProcUsageDetail detail = { 0 };

  proc_usage_read_detail (getpid (), &detail);
  g_assert_nonnull (strstr (detail.cmdline, "hero_proc-test-usage --tap"));
  g_assert_cmpint (detail.fds, >=, 3);
  g_assert_cmpint (detail.peak_bytes, >, 100000);
  g_assert_cmpint (detail.read_bytes, >=, 0);
  proc_usage_detail_clear (&detail);

  proc_usage_read_detail (0, &detail);
  g_assert_cmpstr (detail.cmdline, ==, "");
  g_assert_cmpint (detail.fds, ==, -1);
  g_assert_cmpint (detail.peak_bytes, ==, -1);
  proc_usage_detail_clear (&detail);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/usage/walk", Fixture, NULL, set_up, test_walk, tear_down);
  g_test_add ("/usage/look", Fixture, NULL, set_up, test_look, tear_down);
  g_test_add ("/usage/reused-pid", Fixture, NULL, set_up, test_reused_pid, tear_down);
  g_test_add_func ("/usage/detail", test_detail);
  return g_test_run ();
}
