/* socket-root.c: reads directories, and hears of changes in them. Service thread. */
#include "socket-root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy-route.h"

#define SETTLE_MS 200 /* changes are collected so long */
#define MISSING_S 1
#define ROOT_EVENTS (IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_ONLYDIR)
#define SERVICE_EVENTS (ROOT_EVENTS | IN_ATTRIB)

struct _SocketRoot
{
  HeroServiceContext *ctx;
  char *path;
  gboolean allow_foreign;
  void (*changed) (gpointer data);
  gpointer data;
  int inotify; /* -1: the system has none left */
  HeroReactorWatch *watch;
  gboolean blind; /* a directory could not be watched */
  guint timer; /* until changes are told, or a missing root is looked for again */
};

/* ------------------------------------------------------------------------------------------------ what is there */

static gboolean
is_socket_name (const char *name)
{
  return g_str_has_suffix (name, ".sock") && proxy_is_name (name, strlen (name)) && strlen (name) > strlen (".sock");
}

static int
by_file (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(RouterSocket *const *) a)->file, (*(RouterSocket *const *) b)->file);
}

static RouterSocket *
make_socket (SocketRoot *root, const char *dir, const char *file, const struct stat *info)
{
  RouterSocket *socket = router_socket_new (dir, file, info->st_ino);

  socket->changed_ns = info->st_ctim.tv_sec * G_GINT64_CONSTANT (1000000000) + info->st_ctim.tv_nsec;
  if (info->st_uid != 0 && info->st_uid != getuid () && !root->allow_foreign)
    {
      socket->state = SOCKET_FOREIGN;
      socket->error = g_strdup_printf ("belongs to user %u", info->st_uid);
    }
  return socket;
}

/* transfer full */
static GPtrArray *
list_sockets (SocketRoot *root, const char *dir)
{
  GPtrArray *sockets = g_ptr_array_new_with_free_func ((GDestroyNotify) router_socket_free);
  DIR *stream = opendir (dir);
  struct dirent *file;
  struct stat info;

  while (stream != NULL && (file = readdir (stream)) != NULL)
    if (is_socket_name (file->d_name) && fstatat (dirfd (stream), file->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0
        && S_ISSOCK (info.st_mode))
      g_ptr_array_add (sockets, make_socket (root, dir, file->d_name, &info));
  if (stream != NULL)
    closedir (stream);
  g_ptr_array_sort (sockets, by_file);
  return sockets;
}

static void
watch_dir (SocketRoot *root, const char *path, guint32 events)
{
  /* The same directory again is the same watch. One that is gone is no fault. */
  if (root->watch == NULL || (inotify_add_watch (root->inotify, path, events) < 0 && (errno == ENOSPC || errno == ENOMEM)))
    root->blind = TRUE;
}

char *
socket_root_get_dir (SocketRoot *root, const char *service)
{
  return g_build_filename (root->path, service, NULL);
}

static void tell_after (SocketRoot *root, guint ms);

void
socket_root_list (SocketRoot *root, void (*found) (gpointer data, const char *service, GPtrArray *sockets), gpointer data)
{
  DIR *stream;
  struct dirent *file;

  /* Watched first, then read: what comes between is seen twice, never missed. */
  root->blind = FALSE;
  watch_dir (root, root->path, ROOT_EVENTS);
  stream = opendir (root->path);
  while (stream != NULL && (file = readdir (stream)) != NULL)
    if (proxy_is_name (file->d_name, strlen (file->d_name)) && file->d_type != DT_SOCK && file->d_type != DT_REG)
      {
        g_autofree char *dir = socket_root_get_dir (root, file->d_name);

        watch_dir (root, dir, SERVICE_EVENTS);
        found (data, file->d_name, list_sockets (root, dir));
      }
  if (stream != NULL)
    closedir (stream);
  else
    tell_after (root, MISSING_S * 1000);
}

/* ------------------------------------------------------------------------------------------------ what changes */

gboolean
socket_root_is_watched (SocketRoot *root)
{
  return !root->blind;
}

static gboolean
on_timer (gpointer data)
{
  SocketRoot *root = data;

  root->timer = 0;
  root->changed (root->data);
  return G_SOURCE_REMOVE;
}

static void
tell_after (SocketRoot *root, guint ms)
{
  if (root->timer == 0)
    root->timer = hero_service_timeout_add (root->ctx, ms, on_timer, root);
}

static void
on_inotify (int fd, guint32 events, gpointer data)
{
  char buffer[4096];

  /* What changed does not matter: the listing is short and always right, also after an overflow. */
  while (read (fd, buffer, sizeof buffer) > 0)
    continue;
  tell_after (data, SETTLE_MS);
}

SocketRoot *
socket_root_new (HeroServiceContext *ctx, HeroReactor *reactor, gboolean allow_foreign, void (*changed) (gpointer data), gpointer data)
{
  SocketRoot *root = g_new0 (SocketRoot, 1);

  root->ctx = ctx;
  root->path = g_strdup (hero_service_get_socket_root (ctx));
  root->allow_foreign = allow_foreign;
  root->changed = changed;
  root->data = data;
  root->inotify = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  if (root->inotify >= 0)
    root->watch = hero_reactor_add (reactor, root->inotify, EPOLLIN, on_inotify, root, NULL);
  return root;
}

void
socket_root_free (SocketRoot *root)
{
  if (root->watch != NULL)
    hero_reactor_remove (root->watch);
  if (root->inotify >= 0)
    close (root->inotify);
  if (root->timer != 0)
    hero_service_source_remove (root->ctx, root->timer);
  g_free (root->path);
  g_free (root);
}
