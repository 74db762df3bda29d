/* scanner.c: the registry of services. Service thread. */
#include "scanner.h"

#include <hero-service/edit-distance.h>
#include <string.h>

#include "proxy-route.h"
#include "socket-root.h"

#define BLIND_INTERVAL_S 5 /* without inotify */

typedef struct
{
  Scanner *scanner;
  RouterService *service;
  ProbeSubject *subject; /* NULL for hero_router itself: never over its own sockets */
  gboolean present;      /* seen in the listing under way */
} Entry;

typedef struct
{
  ScannerDone done;
  gpointer data;
} ScanWaiter;

struct _Scanner
{
  HeroServiceContext *ctx;
  ScannerOptions options;
  ScannerEvent event;
  gpointer data;
  SocketRoot *root;
  Prober *prober;
  GHashTable *entries; /* name -> Entry */
  guint interval;

  GArray *scan_waiters; /* ScanWaiter */
  gint64 scan_begun_us;
  guint scan_added, scan_removed, scan_updated;
};

static void
emit (Scanner *scanner, const char *event, JsonObject *detail)
{
  scanner->event (scanner->data, event, detail);
}

/* ------------------------------------------------------------------------------------------------ what probes find */

static void
on_status (gpointer data, RouterService *service, RouterStatus status, const char *reason)
{
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
  emit (data, "service.status", detail);
}

static void
on_document_changed (gpointer data, RouterService *service, const char *previous)
{
  Scanner *scanner = data;
  JsonObject *detail = json_object_new ();
  JsonArray *domains = json_array_new ();

  scanner->scan_updated++;
  for (char **domain = service->domains; *domain != NULL; domain++)
    json_array_add_string_element (domains, *domain);
  json_object_set_string_member (detail, "service_id", service->id);
  json_object_set_string_member (detail, "name", service->name);
  json_object_set_array_member (detail, "domains", domains);
  json_object_set_string_member (detail, "fingerprint", service->fingerprint);
  json_object_set_string_member (detail, "previous", previous);
  emit (scanner, "spec.changed", detail);
}

/* ------------------------------------------------------------------------------------------------ entries */

static void
entry_free (Entry *entry)
{
  g_clear_pointer (&entry->subject, prober_remove);
  router_service_free (entry->service);
  g_free (entry);
}

static Entry *
entry_new (Scanner *scanner, const char *name)
{
  g_autofree char *dir = socket_root_get_dir (scanner->root, name);
  Entry *entry = g_new0 (Entry, 1);

  entry->scanner = scanner;
  entry->service = router_service_new (dir, name);
  if (!g_str_equal (name, hero_service_get_name (scanner->ctx)))
    entry->subject = prober_add (scanner->prober, entry->service);
  if (proxy_is_reserved (name))
    g_ptr_array_add (entry->service->warnings, g_strdup ("the name is reserved by the router: it is listed, not proxied"));
  return entry;
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
  on_status (entry->scanner, service, STATUS_HEALTHY, "");
}

static void
probe_all (Scanner *scanner, ProbeKind kind)
{
  g_autoptr (GPtrArray) services = scanner_list (scanner);

  for (guint i = 0; i < services->len; i++)
    {
      Entry *entry = g_hash_table_lookup (scanner->entries, ((RouterService *) services->pdata[i])->name);

      if (entry->subject != NULL)
        prober_probe (entry->subject, kind);
      else
        refresh_own (entry);
    }
}

void
scanner_suspect (Scanner *scanner, RouterService *service)
{
  Entry *entry = g_hash_table_lookup (scanner->entries, service->name);

  if (entry != NULL && entry->subject != NULL)
    prober_suspect (entry->subject);
}

void
scanner_probe (Scanner *scanner, RouterService *service, void (*done) (gpointer data), gpointer data)
{
  Entry *entry = g_hash_table_lookup (scanner->entries, service->name);

  if (entry->subject == NULL)
    {
      refresh_own (entry);
      done (data);
      return;
    }
  prober_wait (entry->subject, done, data);
  prober_probe (entry->subject, PROBE_WHOLE);
}

/* ------------------------------------------------------------------------------------------------ listing */

static void
sockets_changed (Entry *entry)
{
  if (entry->subject != NULL)
    prober_sockets_changed (entry->subject);
  else
    refresh_own (entry);
}

static void
on_found (gpointer data, const char *name, GPtrArray *sockets)
{
  Scanner *scanner = data;
  Entry *entry = g_hash_table_lookup (scanner->entries, name);
  gboolean added = entry == NULL && sockets->len > 0;

  if (added)
    {
      entry = entry_new (scanner, name);
      g_hash_table_insert (scanner->entries, g_strdup (name), entry);
    }
  if (entry == NULL)
    {
      g_ptr_array_unref (sockets);
      return;
    }
  entry->present = TRUE;
  if (sockets->len > 0)
    entry->service->gone_since_us = 0;
  if (router_service_set_sockets (entry->service, sockets))
    {
      if (added)
        {
          scanner->scan_added++;
          emit (scanner, "service.added", router_service_to_item (entry->service));
        }
      sockets_changed (entry);
    }
}

static void
forget (Scanner *scanner, Entry *entry)
{
  scanner->scan_removed++;
  emit (scanner, "service.removed", router_service_to_item (entry->service));
  g_hash_table_remove (scanner->entries, entry->service->name);
}

/* Services whose directory or sockets are gone stay for a while as inactive. */
static void
forget_gone (Scanner *scanner)
{
  g_autoptr (GPtrArray) services = scanner_list (scanner);
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < services->len; i++)
    {
      RouterService *service = services->pdata[i];
      Entry *entry = g_hash_table_lookup (scanner->entries, service->name);

      if (!entry->present && service->sockets->len > 0)
        {
          g_ptr_array_set_size (service->sockets, 0);
          sockets_changed (entry);
        }
      if (service->sockets->len > 0)
        continue;
      if (service->gone_since_us == 0)
        service->gone_since_us = now;
      else if (now - service->gone_since_us > (gint64) scanner->options.forget_after_s * G_USEC_PER_SEC
               && (entry->subject == NULL || !prober_is_busy (entry->subject)))
        forget (scanner, entry);
    }
}

static void
list (Scanner *scanner)
{
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, scanner->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    entry->present = FALSE;
  socket_root_list (scanner->root, on_found, scanner);
  forget_gone (scanner);
}

static void
on_root_changed (gpointer data)
{
  list (data);
}

static void wait_interval (Scanner *scanner);

static gboolean
on_interval (gpointer data)
{
  Scanner *scanner = data;

  list (scanner);
  probe_all (scanner, PROBE_SHORT);
  wait_interval (scanner);
  return G_SOURCE_REMOVE;
}

static void
wait_interval (Scanner *scanner)
{
  gboolean watched = socket_root_is_watched (scanner->root);
  guint interval_s = watched ? scanner->options.interval_s : MIN (scanner->options.interval_s, BLIND_INTERVAL_S);

  hero_service_set_warning (scanner->ctx, "inotify", watched ? NULL : "no inotify: services are looked for every 5 s only");
  scanner->interval = hero_service_timeout_add_seconds (scanner->ctx, interval_s, on_interval, scanner);
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

/* Nothing is probed any more: a scan that was asked for is over. */
static void
on_idle (gpointer data)
{
  Scanner *scanner = data;
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
  list (scanner);
  probe_all (scanner, PROBE_WHOLE);
  if (prober_is_idle (scanner->prober))
    on_idle (scanner);
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
      guint d = hero_edit_distance (name, known);

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
  static const ProberEvents events = { on_status, on_document_changed, on_idle };
  Scanner *scanner = g_new0 (Scanner, 1);

  scanner->ctx = ctx;
  scanner->options = *options;
  scanner->event = event;
  scanner->data = data;
  scanner->root = socket_root_new (ctx, reactor, options->allow_foreign, on_root_changed, scanner);
  scanner->prober = prober_new (ctx, reactor, &options->limits, options->parallel, &events, scanner);
  scanner->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
  scanner->scan_waiters = g_array_new (FALSE, FALSE, sizeof (ScanWaiter));
  return scanner;
}

void
scanner_start (Scanner *scanner)
{
  list (scanner);
  wait_interval (scanner);
}

void
scanner_free (Scanner *scanner)
{
  if (scanner->interval != 0)
    hero_service_source_remove (scanner->ctx, scanner->interval);
  g_hash_table_unref (scanner->entries);
  prober_free (scanner->prober);
  socket_root_free (scanner->root);
  g_array_unref (scanner->scan_waiters);
  g_free (scanner);
}
