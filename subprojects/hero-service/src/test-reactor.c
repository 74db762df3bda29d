/* test-reactor.c: events, turns, and everything that may be removed while events are handed out. */
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hero-service/reactor.h>

typedef struct
{
  GMainContext *context;
  HeroReactor *reactor;
  int ends[8][2]; /* socket pairs: [i][0] is watched */
  HeroReactorWatch *watches[8];
  guint fired[8];
  guint turns;
  guint32 last_events;
} Fixture;

static void
fixture_set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->context = g_main_context_new ();
  f->reactor = hero_reactor_new (f->context, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, f->ends[i]), ==, 0);
}

static void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  hero_reactor_free (f->reactor);
  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    {
      close (f->ends[i][0]);
      close (f->ends[i][1]);
    }
  g_main_context_unref (f->context);
}

static guint
index_of (Fixture *f, int fd)
{
  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    if (f->ends[i][0] == fd)
      return i;
  g_assert_not_reached ();
}

static void
watch_all (Fixture *f, HeroReactorFunc func, guint32 events)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    {
      f->watches[i] = hero_reactor_add (f->reactor, f->ends[i][0], events, func, f, &error);
      g_assert_no_error (error);
    }
}

static void
poke (Fixture *f, guint i)
{
  g_assert_cmpint (write (f->ends[i][1], "x", 1), ==, 1);
}

static void
on_read (int fd, guint32 events, gpointer data)
{
  Fixture *f = data;
  char buffer[16];

  f->last_events = events;
  f->fired[index_of (f, fd)]++;
  (void)!read (fd, buffer, sizeof buffer);
}

static void
on_turn (gpointer data)
{
  ((Fixture *)data)->turns++;
}

static void
test_events (Fixture *f, gconstpointer data)
{
  watch_all (f, on_read, EPOLLIN);
  hero_reactor_on_turn (f->reactor, on_turn, f);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  g_assert_cmpuint (f->turns, ==, 0);

  poke (f, 1);
  poke (f, 4);
  g_assert_true (g_main_context_iteration (f->context, FALSE));
  g_assert_cmpuint (f->fired[1] + f->fired[4], ==, 2);
  g_assert_cmpuint (f->turns, ==, 1);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  g_assert_cmpuint (f->fired[0] + f->fired[2], ==, 0);

  hero_reactor_modify (f->watches[1], EPOLLIN | EPOLLOUT);
  g_assert_true (g_main_context_iteration (f->context, FALSE));
  g_assert_true (f->last_events & EPOLLOUT);
  hero_reactor_modify (f->watches[1], EPOLLIN);
  g_assert_false (g_main_context_iteration (f->context, FALSE));

  close (f->ends[4][1]);
  f->ends[4][1] = -1;
  g_assert_true (g_main_context_iteration (f->context, FALSE));
  g_assert_true (f->last_events & EPOLLHUP);
}

static void
on_remove_all (int fd, guint32 events, gpointer data)
{
  Fixture *f = data;

  f->fired[index_of (f, fd)]++;
  for (guint i = 0; i < G_N_ELEMENTS (f->watches); i++)
    {
      hero_reactor_remove (f->watches[i]);
      /* Frees would make this memory the new watch's: its neighbour's event must not reach it. */
      g_autoptr (GError) error = NULL;
      f->watches[i] = hero_reactor_add (f->reactor, f->ends[i][0], EPOLLIN, on_read, f, &error);
      g_assert_no_error (error);
    }
}

static void
test_remove_inside (Fixture *f, gconstpointer data)
{
  guint total = 0;

  watch_all (f, on_remove_all, EPOLLIN);
  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    poke (f, i);
  g_assert_true (g_main_context_iteration (f->context, FALSE));
  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    total += f->fired[i];
  g_assert_cmpuint (total, ==, 1);

  g_assert_true (g_main_context_iteration (f->context, FALSE));
  total = 0;
  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    total += f->fired[i];
  g_assert_cmpuint (total, ==, 1 + G_N_ELEMENTS (f->ends));
}

static void
on_free_reactor (int fd, guint32 events, gpointer data)
{
  Fixture *f = data;

  f->fired[0]++;
  hero_reactor_free (g_steal_pointer (&f->reactor));
}

static void
test_free_inside (Fixture *f, gconstpointer data)
{
  watch_all (f, on_free_reactor, EPOLLIN);
  hero_reactor_on_turn (f->reactor, on_turn, f);
  for (guint i = 0; i < G_N_ELEMENTS (f->ends); i++)
    poke (f, i);
  g_assert_true (g_main_context_iteration (f->context, FALSE));
  g_assert_cmpuint (f->fired[0], ==, 1);
  g_assert_cmpuint (f->turns, ==, 0);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
}

static void
test_bad_fd (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (hero_reactor_add (f->reactor, 9999, EPOLLIN, on_read, f, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/reactor/events", Fixture, NULL, fixture_set_up, test_events, fixture_tear_down);
  g_test_add ("/reactor/remove-inside", Fixture, NULL, fixture_set_up, test_remove_inside, fixture_tear_down);
  g_test_add ("/reactor/free-inside", Fixture, NULL, fixture_set_up, test_free_inside, fixture_tear_down);
  g_test_add ("/reactor/bad-fd", Fixture, NULL, fixture_set_up, test_bad_fd, fixture_tear_down);
  return g_test_run ();
}
