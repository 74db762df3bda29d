/* scanner.c: the registry of services, and what makes it look again. Service thread; directory reads are short. */
#include "scanner.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy-route.h"

#define SETTLE_MS 200        /* changes are collected so long */
#define MISSING_ROOT_S 1
#define SUSPECT_MS 2000
#define RETRY_S 2            /* a failure is tried again before it counts */

typedef struct
{
  void (*done) (gpointer data);
  gpointer data;
} Waiter;

typedef struct
{
  Scanner *scanner;
  RouterService *service;
  gboolean own;     /* hero_router itself: never over its own sockets */
  gboolean present; /* seen in the listing under way */
  Probe *probe;     /* running */
  gboolean queued;  /* waits for its turn */
  guint timer;      /* next probe of its own */
  guint failures;   /* in a row */
  char *previous;   /* fingerprint when the probe began */
  gint64 suspected_us;
  GArray *waiters;  /* Waiter */
  int hold_fd;      /* an open connection whose end tells that the service went; -1 */
  HeroReactorWatch *hold;
} Entry;

struct _Scanner
{
  HeroServiceContext *ctx;
  HeroReactor *reactor;
  ScannerOptions options;
  ScannerEvent event;
  gpointer data;
  char *root;
  GHashTable *entries; /* name -> Entry */
  GQueue queue;        /* Entry, to be probed */
  guint running;

  int inotify;
  HeroReactorWatch *inotify_watch;
  guint settle, interval, missing;

  GArray *scan_waiters; /* ScanWaiter */
  gint64 scan_begun_us;
  guint scan_added, scan_removed, scan_updated;
};

typedef struct
{
  ScannerDone done;
  gpointer data;
} ScanWaiter;

static void list_root (Scanner *scanner);
static void probe_soon (Entry *entry);

static void
emit (Scanner *scanner, const char *event, JsonObject *detail)
{
  scanner->event (scanner->data, event, detail);
}

/* ------------------------------------------------------------------------------------------------ an open connection to each service */

static void
let_go (Entry *entry)
{
  if (entry->hold != NULL)
    hero_reactor_remove (g_steal_pointer (&entry->hold));
  if (entry->hold_fd >= 0)
    close (entry->hold_fd);
  entry->hold_fd = -1;
}

static void
on_hold_end (int fd, guint32 events, gpointer data)
{
  Entry *entry = data;

  let_go (entry);
  probe_soon (entry);
}

/* Opened when a probe found the service well. It says nothing; a service that is killed closes it. */
static void
hold_on (Entry *entry)
{
  RouterSocket *rpc = router_service_find_socket (entry->service, "rpc.sock");
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (rpc == NULL || entry->hold_fd >= 0)
    return;
  g_strlcpy (address.sun_path, rpc->path, sizeof address.sun_path);
  entry->hold_fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (entry->hold_fd >= 0 && connect (entry->hold_fd, (struct sockaddr *) &address, sizeof address) == 0)
    entry->hold = hero_reactor_add (entry->scanner->reactor, entry->hold_fd, EPOLLRDHUP, on_hold_end, entry, NULL);
  if (entry->hold == NULL)
    let_go (entry);
}

/* ------------------------------------------------------------------------------------------------ entries */

static void
entry_free (Entry *entry)
{
  Scanner *scanner = entry->scanner;

  let_go (entry);
  if (entry->probe != NULL)
    {
      probe_cancel (entry->probe);
      scanner->running--;
    }
  g_queue_remove (&scanner->queue, entry);
  if (entry->timer != 0)
    hero_service_source_remove (scanner->ctx, entry->timer);
  g_array_unref (entry->waiters);
  router_service_free (entry->service);
  g_free (entry->previous);
  g_free (entry);
}

static Entry *
entry_new (Scanner *scanner, const char *name)
{
  g_autofree char *dir = g_build_filename (scanner->root, name, NULL);
  Entry *entry = g_new0 (Entry, 1);

  entry->scanner = scanner;
  entry->service = router_service_new (dir, name);
  entry->own = g_str_equal (name, hero_service_get_name (scanner->ctx));
  entry->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  entry->hold_fd = -1;
  if (proxy_is_reserved (name))
    g_ptr_array_add (entry->service->warnings, g_strdup ("the name is reserved by the router: it is listed, not proxied"));
  return entry;
}

static void
set_status (Entry *entry, RouterStatus status, const char *reason)
{
  RouterService *service = entry->service;
  RouterStatus before = service->status;
  JsonObject *detail;

  g_free (service->reason);
  service->reason = g_strdup (reason);
  service->status = status;
  if (before == status)
    return;
  detail = json_object_new ();
  json_object_set_string_member (detail, "service_id", service->id);
  json_object_set_string_member (detail, "name", service->name);
  json_object_set_string_member (detail, "from", router_status_name (before));
  json_object_set_string_member (detail, "to", router_status_name (status));
  json_object_set_string_member (detail, "reason", reason);
  emit (entry->scanner, "service.status", detail);
}

static void
answer_waiters (Entry *entry)
{
  g_autoptr (GArray) waiters = g_steal_pointer (&entry->waiters);

  entry->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (waiters, Waiter, i);

      waiter->done (waiter->data);
    }
}

/* ------------------------------------------------------------------------------------------------ probing */

static void start_queued (Scanner *scanner);
static void finish_scan (Scanner *scanner);

static gboolean
on_entry_timer (gpointer data)
{
  Entry *entry = data;

  entry->timer = 0;
  probe_soon (entry);
  return G_SOURCE_REMOVE;
}

static void
probe_after (Entry *entry, guint seconds)
{
  if (entry->timer != 0)
    hero_service_source_remove (entry->scanner->ctx, entry->timer);
  entry->timer = hero_service_timeout_add_seconds (entry->scanner->ctx, seconds, on_entry_timer, entry);
}

static void
spec_changed (Entry *entry, const char *previous)
{
  RouterService *service = entry->service;
  JsonObject *detail = json_object_new ();
  JsonArray *domains = json_array_new ();

  for (char **domain = service->domains; *domain != NULL; domain++)
    json_array_add_string_element (domains, *domain);
  json_object_set_string_member (detail, "service_id", service->id);
  json_object_set_string_member (detail, "name", service->name);
  json_object_set_array_member (detail, "domains", domains);
  json_object_set_string_member (detail, "fingerprint", service->fingerprint);
  json_object_set_string_member (detail, "previous", previous);
  emit (entry->scanner, "spec.changed", detail);
}

/* A failure is tried again after RETRY_S before the status changes; what is certain, and success, count at once. */
static void
judge (Entry *entry, guint ms)
{
  static const guint waits[] = { RETRY_S, 5, 10, 20 };
  RouterService *service = entry->service;
  g_autofree char *reason = NULL;
  RouterStatus status = router_service_judge (service, &reason);
  gboolean first = entry->failures == 0 && (service->status == STATUS_HEALTHY || service->status == STATUS_NON_RPC);

  router_service_add_probe (service, status == STATUS_HEALTHY || status == STATUS_NON_RPC, ms, reason);
  if (status == STATUS_UNHEALTHY)
    {
      if (!first)
        set_status (entry, status, reason);
      probe_after (entry, entry->failures < G_N_ELEMENTS (waits) ? waits[entry->failures] : 30);
      entry->failures++;
      return;
    }
  entry->failures = 0;
  set_status (entry, status, reason);
  if (status == STATUS_HEALTHY)
    hold_on (entry);
}

static void
on_probed (gpointer data, gboolean document_changed)
{
  Entry *entry = data;
  Scanner *scanner = entry->scanner;

  entry->probe = NULL;
  scanner->running--;
  judge (entry, entry->service->latency_ms);
  if (document_changed)
    {
      scanner->scan_updated++;
      spec_changed (entry, entry->previous);
    }
  answer_waiters (entry);
  start_queued (scanner);
}

static void
start_queued (Scanner *scanner)
{
  while (scanner->running < scanner->options.parallel && !g_queue_is_empty (&scanner->queue))
    {
      Entry *entry = g_queue_pop_head (&scanner->queue);

      entry->queued = FALSE;
      scanner->running++;
      g_free (entry->previous);
      entry->previous = g_strdup (entry->service->fingerprint);
      entry->probe = probe_start (scanner->ctx, scanner->reactor, entry->service, &scanner->options.limits, on_probed, entry);
    }
  if (scanner->running == 0 && g_queue_is_empty (&scanner->queue))
    finish_scan (scanner);
}

static void
refresh_own (Entry *entry)
{
  RouterService *service = entry->service;
  HeroServiceContext *ctx = entry->scanner->ctx;
  g_autoptr (GBytes) document = hero_service_get_openrpc (ctx);

  g_free (service->title);
  service->title = g_strdup (hero_service_get_title (ctx));
  g_free (service->version);
  service->version = g_strdup (hero_service_get_version (ctx));
  g_free (service->description);
  service->description = g_strdup (hero_service_describe_v1 ()->description);
  if (*service->domains == NULL)
    {
      g_strfreev (service->domains);
      service->domains = g_strsplit ("main", "|", -1);
    }
  for (guint i = 0; i < service->sockets->len; i++)
    ((RouterSocket *) service->sockets->pdata[i])->state = SOCKET_OK;
  router_service_set_document (service, document);
  router_service_add_probe (service, TRUE, 0, "");
  set_status (entry, STATUS_HEALTHY, "");
  answer_waiters (entry);
}

static void
probe_soon (Entry *entry)
{
  Scanner *scanner = entry->scanner;

  if (entry->own)
    refresh_own (entry);
  else if (entry->probe == NULL && !entry->queued)
    {
      entry->queued = TRUE;
      g_queue_push_tail (&scanner->queue, entry);
    }
  start_queued (scanner);
}

void
scanner_suspect (Scanner *scanner, RouterService *service)
{
  Entry *entry = g_hash_table_lookup (scanner->entries, service->name);
  gint64 now = g_get_monotonic_time ();

  if (entry == NULL || now - entry->suspected_us < SUSPECT_MS * 1000)
    return;
  entry->suspected_us = now;
  probe_soon (entry);
}

void
scanner_probe (Scanner *scanner, RouterService *service, void (*done) (gpointer data), gpointer data)
{
  Entry *entry = g_hash_table_lookup (scanner->entries, service->name);
  Waiter waiter = { done, data };

  g_array_append_val (entry->waiters, waiter);
  probe_soon (entry);
}

/* ------------------------------------------------------------------------------------------------ directories */

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

/* The sockets of a directory as they are now; transfer full. */
static GPtrArray *
list_sockets (Scanner *scanner, const char *dir)
{
  GPtrArray *sockets = g_ptr_array_new_with_free_func ((GDestroyNotify) router_socket_free);
  DIR *stream = opendir (dir);
  struct dirent *file;

  while (stream != NULL && (file = readdir (stream)) != NULL)
    {
      struct stat info;
      RouterSocket *socket;

      if (!is_socket_name (file->d_name) || fstatat (dirfd (stream), file->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0
          || !S_ISSOCK (info.st_mode))
        continue;
      socket = router_socket_new (dir, file->d_name, info.st_ino);
      socket->changed_ns = info.st_ctim.tv_sec * G_GINT64_CONSTANT (1000000000) + info.st_ctim.tv_nsec;
      if (info.st_uid != 0 && info.st_uid != getuid () && !scanner->options.allow_foreign)
        {
          socket->state = SOCKET_FOREIGN;
          socket->error = g_strdup_printf ("belongs to user %u", info.st_uid);
        }
      g_ptr_array_add (sockets, socket);
    }
  if (stream != NULL)
    closedir (stream);
  g_ptr_array_sort (sockets, by_file);
  return sockets;
}

/* Takes the listing over, keeping what is known of sockets that are still the same. TRUE if something changed. */
static gboolean
merge_sockets (RouterService *service, GPtrArray *now)
{
  gboolean changed = now->len != service->sockets->len;

  for (guint i = 0; i < now->len; i++)
    {
      RouterSocket *socket = now->pdata[i];
      RouterSocket *old = router_service_find_socket (service, socket->file);

      if (old == NULL || old->inode != socket->inode || old->changed_ns != socket->changed_ns)
        {
          changed = TRUE;
          continue;
        }
      socket->state = old->state;
      socket->was_ok = old->was_ok;
      socket->http_status = old->http_status;
      socket->latency_ms = old->latency_ms;
      g_free (socket->error);
      socket->error = g_strdup (old->error);
    }
  g_ptr_array_unref (service->sockets);
  service->sockets = g_ptr_array_ref (now);
  return changed;
}

static void
list_service (Scanner *scanner, const char *name)
{
  Entry *entry = g_hash_table_lookup (scanner->entries, name);
  g_autofree char *dir = g_build_filename (scanner->root, name, NULL);
  g_autoptr (GPtrArray) sockets = list_sockets (scanner, dir);
  gboolean changed;

  if (scanner->inotify >= 0)
    inotify_add_watch (scanner->inotify, dir, IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR);
  if (entry == NULL)
    {
      if (sockets->len == 0)
        return;
      entry = entry_new (scanner, name);
      g_hash_table_insert (scanner->entries, g_strdup (name), entry);
      merge_sockets (entry->service, sockets);
      entry->present = TRUE;
      scanner->scan_added++;
      emit (scanner, "service.added", router_service_to_item (entry->service));
      probe_soon (entry);
      return;
    }
  entry->present = TRUE;
  changed = merge_sockets (entry->service, sockets);
  entry->service->gone_since_us = sockets->len > 0 ? 0 : entry->service->gone_since_us;
  if (changed)
    {
      let_go (entry);
      probe_soon (entry);
    }
}

/* Services whose directory or sockets are gone stay for a while as inactive. */
static void
forget_gone (Scanner *scanner)
{
  GHashTableIter iter;
  Entry *entry;
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GPtrArray) gone = g_ptr_array_new ();

  g_hash_table_iter_init (&iter, scanner->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    {
      if (entry->present && entry->service->sockets->len > 0)
        continue;
      if (!entry->present && entry->service->sockets->len > 0)
        {
          g_ptr_array_set_size (entry->service->sockets, 0);
          probe_soon (entry);
        }
      if (entry->service->gone_since_us == 0)
        entry->service->gone_since_us = now;
      else if (now - entry->service->gone_since_us > (gint64) scanner->options.forget_after_s * G_USEC_PER_SEC)
        g_ptr_array_add (gone, entry);
    }
  for (guint i = 0; i < gone->len; i++)
    {
      JsonObject *item;

      entry = gone->pdata[i];
      item = router_service_to_item (entry->service);
      scanner->scan_removed++;
      emit (scanner, "service.removed", item);
      answer_waiters (entry);
      g_hash_table_remove (scanner->entries, entry->service->name);
    }
}

static gboolean
on_missing_timer (gpointer data)
{
  Scanner *scanner = data;

  scanner->missing = 0;
  list_root (scanner);
  return G_SOURCE_REMOVE;
}

static void
list_root (Scanner *scanner)
{
  DIR *stream = opendir (scanner->root);
  GHashTableIter iter;
  Entry *entry;
  struct dirent *file;

  if (scanner->inotify >= 0)
    inotify_add_watch (scanner->inotify, scanner->root, IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_ONLYDIR);
  g_hash_table_iter_init (&iter, scanner->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    entry->present = FALSE;
  while (stream != NULL && (file = readdir (stream)) != NULL)
    if (proxy_is_name (file->d_name, strlen (file->d_name)) && file->d_type != DT_SOCK && file->d_type != DT_REG)
      list_service (scanner, file->d_name);
  if (stream != NULL)
    closedir (stream);
  else if (scanner->missing == 0)
    scanner->missing = hero_service_timeout_add_seconds (scanner->ctx, MISSING_ROOT_S, on_missing_timer, scanner);
  forget_gone (scanner);
}

/* ------------------------------------------------------------------------------------------------ what makes it look */

static gboolean
on_settled (gpointer data)
{
  Scanner *scanner = data;

  scanner->settle = 0;
  list_root (scanner);
  return G_SOURCE_REMOVE;
}

static void
on_inotify (int fd, guint32 events, gpointer data)
{
  Scanner *scanner = data;
  char buffer[4096];

  /* What changed does not matter: the listing is short and always right, also after an overflow. */
  while (read (fd, buffer, sizeof buffer) > 0)
    continue;
  if (scanner->settle == 0)
    scanner->settle = hero_service_timeout_add (scanner->ctx, SETTLE_MS, on_settled, scanner);
}

static void
probe_all (Scanner *scanner)
{
  g_autoptr (GPtrArray) services = scanner_list (scanner);

  for (guint i = 0; i < services->len; i++)
    probe_soon (g_hash_table_lookup (scanner->entries, ((RouterService *) services->pdata[i])->name));
}

static gboolean
on_interval (gpointer data)
{
  Scanner *scanner = data;

  list_root (scanner);
  probe_all (scanner);
  return G_SOURCE_CONTINUE;
}

/* ------------------------------------------------------------------------------------------------ scans that somebody asked for */

static JsonObject *
count (Scanner *scanner)
{
  JsonObject *counts = json_object_new ();
  JsonArray *dead = json_array_new (), *errors = json_array_new ();
  guint by_status[N_STATUS] = { 0 };
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, scanner->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    {
      by_status[entry->service->status]++;
      for (guint i = 0; i < entry->service->sockets->len; i++)
        {
          RouterSocket *socket = entry->service->sockets->pdata[i];

          if (socket->state == SOCKET_DEAD)
            json_array_add_string_element (dead, socket->path);
          if (socket->error != NULL)
            {
              JsonObject *error = json_object_new ();

              json_object_set_string_member (error, "service", entry->service->name);
              json_object_set_string_member (error, "socket", socket->file);
              json_object_set_string_member (error, "error", socket->error);
              json_array_add_object_element (errors, error);
            }
        }
    }
  json_object_set_int_member (counts, "discovered", by_status[STATUS_HEALTHY] + by_status[STATUS_UNHEALTHY] + by_status[STATUS_NON_RPC]);
  json_object_set_int_member (counts, "services", g_hash_table_size (scanner->entries));
  json_object_set_int_member (counts, "added", scanner->scan_added);
  json_object_set_int_member (counts, "updated", scanner->scan_updated);
  json_object_set_int_member (counts, "removed", scanner->scan_removed);
  for (guint i = 0; i < N_STATUS; i++)
    json_object_set_int_member (counts, router_status_name (i), by_status[i]);
  json_object_set_int_member (counts, "duration_ms", (g_get_monotonic_time () - scanner->scan_begun_us) / 1000);
  json_object_set_array_member (counts, "dead_sockets", dead);
  json_object_set_array_member (counts, "errors", errors);
  return counts;
}

static void
finish_scan (Scanner *scanner)
{
  g_autoptr (GArray) waiters = NULL;
  g_autoptr (JsonObject) counts = NULL;
  JsonObject *event;

  if (scanner->scan_waiters->len == 0)
    return;
  waiters = g_steal_pointer (&scanner->scan_waiters);
  scanner->scan_waiters = g_array_new (FALSE, FALSE, sizeof (ScanWaiter));
  counts = count (scanner);
  event = count (scanner);
  json_object_remove_member (event, "errors");
  emit (scanner, "scan.finished", event);
  for (guint i = 0; i < waiters->len; i++)
    {
      ScanWaiter *waiter = &g_array_index (waiters, ScanWaiter, i);

      waiter->done (waiter->data, json_object_ref (counts));
    }
}

void
scanner_scan (Scanner *scanner, ScannerDone done, gpointer data)
{
  ScanWaiter waiter = { done, data };

  if (scanner->scan_waiters->len == 0)
    {
      scanner->scan_begun_us = g_get_monotonic_time ();
      scanner->scan_added = scanner->scan_removed = scanner->scan_updated = 0;
    }
  g_array_append_val (scanner->scan_waiters, waiter);
  if (scanner->scan_waiters->len > 1)
    return;
  list_root (scanner);
  probe_all (scanner);
  start_queued (scanner);
}

/* ------------------------------------------------------------------------------------------------ looking up */

RouterService *
scanner_find (Scanner *scanner, const char *name_or_id)
{
  Entry *entry = g_hash_table_lookup (scanner->entries, name_or_id);
  GHashTableIter iter;

  if (entry != NULL)
    return entry->service;
  if (!g_uuid_string_is_valid (name_or_id))
    return NULL;
  g_hash_table_iter_init (&iter, scanner->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    if (g_ascii_strcasecmp (entry->service->id, name_or_id) == 0)
      return entry->service;
  return NULL;
}

/* How many letters differ at least: good enough to find a typing error. */
static guint
distance (const char *a, const char *b)
{
  gsize n = strlen (a), m = strlen (b);
  g_autofree guint *row = g_new (guint, m + 1);

  for (gsize j = 0; j <= m; j++)
    row[j] = (guint) j;
  for (gsize i = 1; i <= n; i++)
    {
      guint diagonal = row[0];

      row[0] = (guint) i;
      for (gsize j = 1; j <= m; j++)
        {
          guint above = row[j];

          row[j] = MIN (MIN (row[j], row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
          diagonal = above;
        }
    }
  return row[m];
}

const char *
scanner_nearest (Scanner *scanner, const char *name)
{
  const char *best = NULL, *known;
  guint least = 4;
  GHashTableIter iter;

  if (strlen (name) > 64)
    return NULL;
  g_hash_table_iter_init (&iter, scanner->entries);
  while (g_hash_table_iter_next (&iter, (gpointer *) &known, NULL))
    {
      guint d = distance (name, known);

      if (d < least)
        {
          least = d;
          best = known;
        }
    }
  return best;
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(RouterService *const *) a)->name, (*(RouterService *const *) b)->name);
}

GPtrArray *
scanner_list (Scanner *scanner)
{
  GPtrArray *services = g_ptr_array_new ();
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, scanner->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    g_ptr_array_add (services, entry->service);
  g_ptr_array_sort (services, by_name);
  return services;
}

/* ------------------------------------------------------------------------------------------------ life */

Scanner *
scanner_new (HeroServiceContext *ctx, HeroReactor *reactor, const ScannerOptions *options, ScannerEvent event, gpointer data)
{
  Scanner *scanner = g_new0 (Scanner, 1);

  scanner->ctx = ctx;
  scanner->reactor = reactor;
  scanner->options = *options;
  scanner->event = event;
  scanner->data = data;
  scanner->root = g_strdup (hero_service_get_socket_root (ctx));
  scanner->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
  scanner->scan_waiters = g_array_new (FALSE, FALSE, sizeof (ScanWaiter));
  scanner->inotify = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  g_queue_init (&scanner->queue);
  return scanner;
}

void
scanner_start (Scanner *scanner)
{
  guint interval_s = scanner->options.interval_s;

  if (scanner->inotify >= 0)
    scanner->inotify_watch = hero_reactor_add (scanner->reactor, scanner->inotify, EPOLLIN, on_inotify, scanner, NULL);
  if (scanner->inotify_watch == NULL)
    {
      interval_s = MIN (interval_s, 5);
      hero_service_set_warning (scanner->ctx, "inotify", "no inotify: services are looked for every 5 s only");
    }
  scanner->interval = hero_service_timeout_add_seconds (scanner->ctx, interval_s, on_interval, scanner);
  list_root (scanner);
}

void
scanner_free (Scanner *scanner)
{
  if (scanner->inotify_watch != NULL)
    hero_reactor_remove (scanner->inotify_watch);
  if (scanner->inotify >= 0)
    close (scanner->inotify);
  for (guint i = 0; i < 3; i++)
    {
      guint source = (const guint[]) { scanner->settle, scanner->interval, scanner->missing }[i];

      if (source != 0)
        hero_service_source_remove (scanner->ctx, source);
    }
  g_hash_table_unref (scanner->entries);
  g_array_unref (scanner->scan_waiters);
  g_free (scanner->root);
  g_free (scanner);
}
