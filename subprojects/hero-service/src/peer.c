/*
 * peer.c: who is at the other end of a connection. Any thread. The owner of a TCP peer comes from the kernel's socket
 * table: one netlink question, or /proc/net/tcp where netlink is forbidden (containers, seccomp).
 */
#include "errno-error.h"
#include "process-name.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hero-service/error.h>
#include <hero-service/peer.h>

gboolean
hero_peer_from_unix (int fd, HeroPeer *peer, GError **error)
{
  struct ucred credentials;
  socklen_t size = sizeof credentials;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
    return hero_errno_error (error, errno, "cannot ask who the peer is");
  *peer = (HeroPeer){ .pid = credentials.pid,
                      .uid = credentials.uid,
                      .gid = credentials.gid,
                      .start_time = hero_process_start_time (credentials.pid) };
  return TRUE;
}

/* One end of a TCP connection; IPv4 is kept as IPv4-mapped IPv6, so both families compare alike. */
typedef struct
{
  struct in6_addr ip;
  guint16 port; /* network order */
} End;

/* The connection as the peer sees it: its own end first. family is that of our socket. */
typedef struct
{
  int family;
  End local, remote;
} Pair;

static void
end_set_ipv4 (End *end, guint32 ip)
{
  memset (&end->ip, 0, sizeof end->ip);
  end->ip.s6_addr32[2] = htonl (0xffff);
  end->ip.s6_addr32[3] = ip;
}

static gboolean
end_from_sockaddr (End *end, const struct sockaddr_storage *address)
{
  if (address->ss_family == AF_INET)
    {
      const struct sockaddr_in *in = (const struct sockaddr_in *)address;
      end_set_ipv4 (end, in->sin_addr.s_addr);
      end->port = in->sin_port;
      return TRUE;
    }
  if (address->ss_family == AF_INET6)
    {
      const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
      end->ip = in6->sin6_addr;
      end->port = in6->sin6_port;
      return TRUE;
    }
  return FALSE;
}

static gboolean
end_equal (const End *a, const End *b)
{
  return a->port == b->port && memcmp (&a->ip, &b->ip, sizeof a->ip) == 0;
}

static gboolean
pair_from_fd (int fd, Pair *pair, GError **error)
{
  struct sockaddr_storage ours = { 0 }, theirs = { 0 };
  socklen_t our_size = sizeof ours, their_size = sizeof theirs;

  if (getsockname (fd, (struct sockaddr *)&ours, &our_size) < 0
      || getpeername (fd, (struct sockaddr *)&theirs, &their_size) < 0)
    return hero_errno_error (error, errno, "cannot ask for the peer's address");
  if (end_from_sockaddr (&pair->remote, &ours) && end_from_sockaddr (&pair->local, &theirs))
    {
      pair->family = IN6_IS_ADDR_V4MAPPED (&pair->local.ip) ? AF_INET : AF_INET6;
      return TRUE;
    }
  g_set_error (error, HERO_ERROR, HERO_ERROR_INVALID, "not a TCP connection");
  return FALSE;
}

typedef enum
{
  LOOKUP_FOUND,
  LOOKUP_ABSENT,
  LOOKUP_UNAVAILABLE, /* this way of asking does not work here */
} Lookup;

static void
end_from_diag (End *end, int family, const guint32 ip[4], guint16 port)
{
  if (family == AF_INET)
    end_set_ipv4 (end, ip[0]);
  else
    memcpy (&end->ip, ip, sizeof end->ip);
  end->port = port;
}

static gboolean
send_diag_request (int netlink, const Pair *pair)
{
  struct
  {
    struct nlmsghdr head;
    struct inet_diag_req_v2 request;
  } message = {
    .head = { .nlmsg_len = sizeof message, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST },
    .request = { .sdiag_family = (guint8)pair->family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = ~0u,
                 .id = { .idiag_sport = pair->local.port,
                         .idiag_dport = pair->remote.port,
                         .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
  };
  gsize skip = pair->family == AF_INET ? 12 : 0;

  memcpy (message.request.id.idiag_src, pair->local.ip.s6_addr + skip, 16 - skip);
  memcpy (message.request.id.idiag_dst, pair->remote.ip.s6_addr + skip, 16 - skip);
  return send (netlink, &message, sizeof message, 0) == sizeof message;
}

/*
 * The kernel answers with a listening socket when it has no connection, and counts a socket nobody holds any more
 * (closed, not yet gone) to root: both would let a stranger in, so both ends must fit and the inode must not be 0.
 */
static Lookup
lookup_by_netlink (const Pair *pair, uid_t *uid)
{
  guint64 buffer[512];
  struct nlmsghdr *head = (struct nlmsghdr *)buffer;
  int netlink = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

  if (netlink < 0)
    return LOOKUP_UNAVAILABLE;
  gssize got = send_diag_request (netlink, pair) ? recv (netlink, buffer, sizeof buffer, 0) : -1;
  close (netlink);
  if (got < 0 || !NLMSG_OK (head, (guint)got))
    return LOOKUP_UNAVAILABLE;
  if (head->nlmsg_type == NLMSG_ERROR)
    {
      const struct nlmsgerr *failure = NLMSG_DATA (head);
      return failure->error == -ENOENT ? LOOKUP_ABSENT : LOOKUP_UNAVAILABLE;
    }

  const struct inet_diag_msg *found = NLMSG_DATA (head);
  End local, remote;
  if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || head->nlmsg_len < NLMSG_LENGTH (sizeof *found))
    return LOOKUP_UNAVAILABLE;
  end_from_diag (&local, found->idiag_family, found->id.idiag_src, found->id.idiag_sport);
  end_from_diag (&remote, found->idiag_family, found->id.idiag_dst, found->id.idiag_dport);
  if (!end_equal (&local, &pair->local) || !end_equal (&remote, &pair->remote) || found->idiag_inode == 0)
    return LOOKUP_ABSENT;
  *uid = found->idiag_uid;
  return LOOKUP_FOUND;
}

/* "0100007F:1F90" or 32 digits: words in host order, each printed as %08X; the port in host order. */
static gboolean
end_from_proc (End *end, const char *text)
{
  guint32 words[4];
  guint port;

  if (sscanf (text, "%8x%8x%8x%8x:%x", &words[0], &words[1], &words[2], &words[3], &port) == 5)
    memcpy (&end->ip, words, sizeof words);
  else if (sscanf (text, "%8x:%x", &words[0], &port) == 2)
    end_set_ipv4 (end, words[0]);
  else
    return FALSE;
  end->port = htons ((guint16)port);
  return TRUE;
}

static Lookup
lookup_in_table (const char *table, const Pair *pair, uid_t *uid)
{
  char line[512], local_text[80], remote_text[80];
  Lookup result = LOOKUP_ABSENT;
  FILE *file = fopen (table, "re");

  if (!file)
    return LOOKUP_UNAVAILABLE;
  while (result == LOOKUP_ABSENT && fgets (line, sizeof line, file))
    {
      End local, remote;
      guint owner;
      gulong inode;
      if (sscanf (line, " %*d: %79s %79s %*x %*s %*s %*s %u %*d %lu", local_text, remote_text, &owner, &inode) == 4
          && end_from_proc (&local, local_text) && end_from_proc (&remote, remote_text)
          && end_equal (&local, &pair->local) && end_equal (&remote, &pair->remote) && inode != 0)
        {
          *uid = owner;
          result = LOOKUP_FOUND;
        }
    }
  fclose (file);
  return result;
}

/* A client may reach an IPv4 address through an IPv6 socket; it stands in the table of IPv6 then. */
static Lookup
lookup_in_proc (const Pair *pair, uid_t *uid)
{
  Lookup ipv4 = pair->family == AF_INET ? lookup_in_table ("/proc/net/tcp", pair, uid) : LOOKUP_ABSENT;

  return ipv4 == LOOKUP_FOUND ? ipv4 : lookup_in_table ("/proc/net/tcp6", pair, uid);
}

gboolean
hero_peer_tcp_uid (int fd, uid_t *uid, GError **error)
{
  Pair pair;

  if (!pair_from_fd (fd, &pair, error))
    return FALSE;
  Lookup result = lookup_by_netlink (&pair, uid);
  if (result == LOOKUP_UNAVAILABLE)
    result = lookup_in_proc (&pair, uid);
  if (result == LOOKUP_FOUND)
    return TRUE;

  char ip[INET6_ADDRSTRLEN];
  inet_ntop (AF_INET6, &pair.local.ip, ip, sizeof ip);
  g_set_error (error, HERO_ERROR, HERO_ERROR_NOT_FOUND, "the peer [%s]:%u has no open socket on this host", ip,
               ntohs (pair.local.port));
  return FALSE;
}

gboolean
hero_peer_tcp_is_own (int fd, GError **error)
{
  uid_t uid;

  if (!hero_peer_tcp_uid (fd, &uid, error))
    return FALSE;
  if (uid == 0 || uid == geteuid ())
    return TRUE;
  g_set_error (error, HERO_ERROR, HERO_ERROR_FORBIDDEN, "the peer belongs to uid %u: expected uid %u or root",
               (guint)uid, (guint)geteuid ());
  return FALSE;
}
