/* listeners.c: see listeners.h. The tables are described in proc(5). Worker thread. */
#include "listeners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum
{
  TCP_LISTENS = 0x0a,
  UNIX_LISTENS = 0x10000, /* __SO_ACCEPTCON */
};

ProcListeners *
proc_listeners_new (void)
{
  return g_hash_table_new (NULL, NULL);
}

static gboolean
add (ProcListeners *self, unsigned long inode, guint index)
{
  return g_hash_table_insert (self, GSIZE_TO_POINTER (inode), GUINT_TO_POINTER (index));
}

static gboolean
add_port_of (ProcListeners *self, const char *table, int port, guint index)
{
  FILE *file = fopen (table, "re");
  char line[512];
  gboolean found = FALSE;
  unsigned int own, state;
  unsigned long inode;

  while (file != NULL && fgets (line, sizeof line, file) != NULL)
    if (sscanf (line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u %lu", &own, &state, &inode) == 3
        && state == TCP_LISTENS && (int)own == port)
      found |= add (self, inode, index);
  if (file != NULL)
    fclose (file);
  return found;
}

gboolean
proc_listeners_add_port (ProcListeners *self, int port, guint index)
{
  gboolean four = add_port_of (self, "/proc/net/tcp", port, index);

  return add_port_of (self, "/proc/net/tcp6", port, index) || four;
}

gboolean
proc_listeners_add_path (ProcListeners *self, const char *path, guint index)
{
  FILE *file = fopen ("/proc/net/unix", "re");
  char line[512];
  gboolean found = FALSE;
  unsigned int flags;
  unsigned long inode;
  int at;

  while (file != NULL && fgets (line, sizeof line, file) != NULL)
    {
      line[strcspn (line, "\n")] = '\0';
      if (sscanf (line, "%*x: %*x %*x %x %*x %*x %lu %n", &flags, &inode, &at) == 2 && (flags & UNIX_LISTENS) != 0
          && strcmp (line + at, path) == 0)
        found |= add (self, inode, index);
    }
  if (file != NULL)
    fclose (file);
  return found;
}

gboolean
proc_listeners_find_held (ProcListeners *self, pid_t pid, gboolean *held)
{
  gboolean found = FALSE;
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", pid);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *link = g_build_filename (path, name, NULL);
      char target[64];
      gssize length = readlink (link, target, sizeof target - 1);
      unsigned long inode;
      gpointer value;

      target[MAX (length, 0)] = '\0';
      if (sscanf (target, "socket:[%lu]", &inode) == 1
          && g_hash_table_lookup_extended (self, GSIZE_TO_POINTER (inode), NULL, &value))
        found = held[GPOINTER_TO_UINT (value)] = TRUE;
    }
  return found;
}

/* A connection, not waited for. served: whether there is somebody; TRUE with -1: he takes none now. */
static int
dial (const char *path, gboolean *served)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;

  *served = FALSE;
  if (strlen (path) >= sizeof address.sun_path)
    return -1;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -1;
  memcpy (address.sun_path, path, strlen (path) + 1);
  if (connect (fd, (struct sockaddr *)&address, sizeof address) == 0)
    {
      *served = TRUE;
      return fd;
    }
  /* A full backlog (EAGAIN) and a socket of another type (EPROTOTYPE) have somebody behind them. */
  *served = errno != ECONNREFUSED && errno != ENOENT && errno != ENOTDIR;
  close (fd);
  return -1;
}

gboolean
proc_path_is_served (const char *path)
{
  gboolean served;
  int fd = dial (path, &served);

  if (fd >= 0)
    close (fd);
  return served;
}

pid_t
proc_path_get_server (const char *path)
{
  struct ucred peer = { 0 };
  socklen_t size = sizeof peer;
  gboolean served;
  int fd = dial (path, &served);

  if (fd < 0)
    return 0;
  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    peer.pid = 0;
  close (fd);
  return peer.pid;
}
