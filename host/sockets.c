/* sockets.c: the sockets of one service over the SDK's binder. Main thread. */
#include "sockets.h"

#include <unistd.h>

#include <hero-service/listener.h>

typedef struct
{
  const HeroAddress *address; /* of the plan */
  gboolean tcp, inherited;
  int inherited_fd;       /* until published: -1 = none */
  HeroListener *listener; /* NULL = not prepared, or a TCP address that failed */
} Entry;

struct _HeroSockets
{
  HeroPlan *plan;
  HeroInherited *inherited;
  HeroDirLock *lock;
  GArray *entries;
  GPtrArray *warnings; /* char *, NULL-terminated */
};

static void
add_entries (HeroSockets *self, GPtrArray *addresses, gboolean tcp)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      Entry entry = { .address = g_ptr_array_index (addresses, i), .tcp = tcp, .inherited_fd = -1 };

      if (entry.address->address[0] == '\0')
        continue;
      if (self->inherited != NULL)
        entry.inherited_fd = hero_inherited_take (self->inherited, self->plan->config->name, entry.address->role, tcp);
      entry.inherited = entry.inherited_fd >= 0;
      g_array_append_val (self->entries, entry);
    }
}

HeroSockets *
hero_sockets_new (HeroPlan *plan, HeroInherited *inherited)
{
  HeroSockets *self = g_new0 (HeroSockets, 1);

  self->plan = plan;
  self->inherited = inherited;
  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->warnings, NULL);
  add_entries (self, plan->sockets, FALSE);
  add_entries (self, plan->tcp, TRUE);
  return self;
}

static void
warn (HeroSockets *self, const Entry *entry, GError *error)
{
  g_ptr_array_insert (self->warnings, (int) self->warnings->len - 1,
                      g_strdup_printf ("%s does not listen: %s", entry->address->address, error->message));
  g_error_free (error);
}

/* ------------------------------------------------------------------------------------------------ steps */

static gboolean
needs_directory (HeroSockets *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);

      if (!entry->tcp && !entry->inherited)
        return TRUE;
    }
  return FALSE;
}

static gboolean
prepare_entry (HeroSockets *self, Entry *entry, GError **error)
{
  HeroServiceConfig *config = self->plan->config;
  GError *reason = NULL;

  if (entry->listener != NULL || entry->inherited)
    return TRUE;
  if (!entry->tcp)
    {
      entry->listener = hero_listener_new_unix (entry->address->address, config->socket_mode, config->socket_group, error);
      return entry->listener != NULL;
    }
  entry->listener = hero_listener_new_tcp (entry->address->address, &reason);
  if (entry->listener == NULL)
    warn (self, entry, reason);
  return TRUE;
}

gboolean
hero_sockets_prepare (HeroSockets *self, GError **error)
{
  HeroServiceConfig *config = self->plan->config;

  g_ptr_array_set_size (self->warnings, 0);
  g_ptr_array_add (self->warnings, NULL);
  if (self->lock == NULL && needs_directory (self))
    {
      self->lock = hero_socket_dir_prepare (config->socket_dir, config->name, error);
      if (self->lock == NULL)
        return FALSE;
    }
  for (guint i = 0; i < self->entries->len; i++)
    if (!prepare_entry (self, &g_array_index (self->entries, Entry, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
publish_entry (HeroSockets *self, Entry *entry, GError **error)
{
  GError *reason = NULL;
  gboolean done;

  if (entry->inherited_fd >= 0)
    {
      entry->listener = hero_listener_new_from_fd (entry->inherited_fd, entry->tcp ? NULL : entry->address->address, &reason);
      done = entry->listener != NULL;
      if (!done)
        close (entry->inherited_fd);
      entry->inherited_fd = -1;
    }
  else
    done = entry->listener == NULL || hero_listener_is_published (entry->listener)
           || hero_listener_publish (entry->listener, &reason);

  if (done)
    return TRUE;
  if (!entry->tcp)
    {
      g_propagate_error (error, reason);
      return FALSE;
    }
  warn (self, entry, reason);
  g_clear_pointer (&entry->listener, hero_listener_free);
  return TRUE;
}

gboolean
hero_sockets_publish (HeroSockets *self, GError **error)
{
  for (guint i = 0; i < self->entries->len; i++)
    if (!publish_entry (self, &g_array_index (self->entries, Entry, i), error))
      return FALSE;
  return TRUE;
}

void
hero_sockets_close (HeroSockets *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = &g_array_index (self->entries, Entry, i);

      if (!entry->inherited)
        g_clear_pointer (&entry->listener, hero_listener_free);
    }
  g_clear_pointer (&self->lock, hero_dir_unlock);
}

void
hero_sockets_free (HeroSockets *self)
{
  if (self == NULL)
    return;
  hero_sockets_close (self);
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = &g_array_index (self->entries, Entry, i);

      g_clear_pointer (&entry->listener, hero_listener_free);
      if (entry->inherited_fd >= 0)
        close (entry->inherited_fd);
    }
  g_array_unref (self->entries);
  g_ptr_array_unref (self->warnings);
  g_free (self);
}

/* ------------------------------------------------------------------------------------------------ looking */

char *
hero_sockets_find_lost (HeroSockets *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);

      if (entry->listener != NULL && !hero_listener_is_intact (entry->listener))
        return g_strdup_printf ("%s was removed or replaced by somebody else; host.restart binds it anew",
                                hero_listener_get_address (entry->listener));
    }
  return NULL;
}

void
hero_sockets_drop_lost (HeroSockets *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = &g_array_index (self->entries, Entry, i);

      if (entry->listener != NULL && !entry->inherited && !hero_listener_is_intact (entry->listener))
        g_clear_pointer (&entry->listener, hero_listener_free);
    }
}

const char *const *
hero_sockets_get_warnings (HeroSockets *self)
{
  return (const char *const *) self->warnings->pdata;
}

void
hero_sockets_foreach (HeroSockets *self, HeroSocketFunc func, gpointer data)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      int fd = entry->listener != NULL ? hero_listener_get_fd (entry->listener) : entry->inherited_fd;

      func (entry->address->role, entry->address->protocol, entry->tcp, fd,
            entry->listener != NULL ? hero_listener_get_address (entry->listener) : entry->address->address, data);
    }
}

static void
append_name (const char *role, const char *protocol, gboolean tcp, int fd, const char *address, gpointer data)
{
  GString *text = data;
  g_autofree char *name = tcp ? g_strdup (address) : g_path_get_basename (address);

  if (fd >= 0)
    g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", name);
}

char *
hero_sockets_describe (HeroSockets *self)
{
  GString *text = g_string_new (NULL);

  hero_sockets_foreach (self, append_name, text);
  return g_string_free (text, FALSE);
}
