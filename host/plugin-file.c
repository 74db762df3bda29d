/*
 * plugin-file.c: find, open and validate one plugin. Nothing of a plugin runs before its path is vetted, and nothing but
 * its describe function before the descriptor is. Main thread.
 */
#include "plugin-file.h"

#include <dlfcn.h>
#include <string.h>

#include "plugin-elf.h"
#include "plugin-vet.h"

G_DEFINE_QUARK (hero-plugin-file-error-quark, hero_plugin_file_error)

/* Majors looked for when ours is absent, so that the message can name the one the plugin has. */
#define OTHER_MAJORS 32

typedef const HeroServicePlugin *(*DescribeFunc) (void);

/* ------------------------------------------------------------------------------------------------ the descriptor */

static gboolean
refuse (const char *path, HeroPluginFileError code, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, HERO_PLUGIN_FILE_ERROR, code, "%s: %s", path, text);
  return FALSE;
}

static gboolean
is_word (const char *text, const char *more)
{
  gsize n = 0;

  if (text == NULL || !g_ascii_islower (text[0]))
    return FALSE;
  for (; text[n] != '\0'; n++)
    if (!g_ascii_islower (text[n]) && !g_ascii_isdigit (text[n]) && strchr (more, text[n]) == NULL)
      return FALSE;
  return n <= 32;
}

static gboolean
check_numbers (const HeroServicePlugin *found, const char *path, GError **error)
{
  if (found == NULL || found->magic != HERO_PLUGIN_MAGIC)
    return refuse (path, HERO_PLUGIN_FILE_ERROR_MAGIC, error,
                   "its descriptor begins with %08x, expected %08x: this is not a hero_bundle plugin, or it was built "
                   "without HERO_SERVICE_PLUGIN; rebuild it from the headers of hero-bundle",
                   found != NULL ? found->magic : 0, HERO_PLUGIN_MAGIC);

  if (found->abi_major != HERO_ABI_MAJOR)
    return refuse (path, HERO_PLUGIN_FILE_ERROR_MAJOR, error,
                   "it was built for plugin ABI %u.%u, this host speaks %d.%d: install hero-bundle %u.x or the plugin "
                   "package for ABI %d",
                   found->abi_major, found->abi_minor, HERO_ABI_MAJOR, HERO_ABI_MINOR, found->abi_major, HERO_ABI_MAJOR);

  if (found->abi_minor > HERO_ABI_MINOR)
    return refuse (path, HERO_PLUGIN_FILE_ERROR_MINOR, error,
                   "it needs plugin ABI %u.%u, this host speaks %d.%d: update hero-bundle, or rebuild the plugin with the "
                   "older headers",
                   found->abi_major, found->abi_minor, HERO_ABI_MAJOR, HERO_ABI_MINOR);

  if (found->struct_size < HERO_PLUGIN_SIZE_1_0 || found->struct_size > sizeof (HeroServicePlugin))
    return refuse (path, HERO_PLUGIN_FILE_ERROR_SIZE, error,
                   "its descriptor has %u bytes, expected %u to %zu for ABI %d.%d: rebuild it from the headers of "
                   "hero-bundle",
                   found->struct_size, HERO_PLUGIN_SIZE_1_0, sizeof (HeroServicePlugin), HERO_ABI_MAJOR, HERO_ABI_MINOR);
  return TRUE;
}

static gboolean
check_members (const HeroServicePlugin *plugin, const char *path, GError **error)
{
  const struct
  {
    const char *name;
    gboolean present;
  } required[] = {
    { "title", plugin->title != NULL && plugin->title[0] != '\0' },
    { "version", plugin->version != NULL && plugin->version[0] != '\0' },
    { "description", plugin->description != NULL && plugin->description[0] != '\0' },
    { "domains", plugin->domains != NULL && plugin->domains[0] != '\0' },
    { "sockets", plugin->sockets != NULL },
    { "create", plugin->create != NULL },
    { "start", plugin->start != NULL },
    { "serve", plugin->serve != NULL },
    { "stop", plugin->stop != NULL },
    { "destroy", plugin->destroy != NULL },
  };

  if (!is_word (plugin->name, "_"))
    return refuse (path, HERO_PLUGIN_FILE_ERROR_MEMBER, error,
                   "its name is `%s`, expected [a-z][a-z0-9_]* of at most 32 bytes: correct .name in the plugin",
                   plugin->name != NULL ? plugin->name : "(none)");
  for (guint i = 0; i < G_N_ELEMENTS (required); i++)
    if (!required[i].present)
      return refuse (path, HERO_PLUGIN_FILE_ERROR_MEMBER, error,
                     "the descriptor of %s has no .%s, which ABI %d requires: set it in the plugin", plugin->name,
                     required[i].name, HERO_ABI_MAJOR);

  if (plugin->flags != 0)
    return refuse (path, HERO_PLUGIN_FILE_ERROR_MEMBER, error,
                   "the descriptor of %s sets flags %#x, expected 0: this host knows none of them; update hero-bundle",
                   plugin->name, plugin->flags);
  if (plugin->socket_size < sizeof (HeroSocketSpec) || (plugin->socket_size % sizeof (void *)) != 0)
    return refuse (path, HERO_PLUGIN_FILE_ERROR_MEMBER, error, ".socket_size of %s is %u, expected at least %zu: use "
                   "HERO_SERVICE_PLUGIN, which fills it in", plugin->name, plugin->socket_size, sizeof (HeroSocketSpec));
  if (plugin->config_keys != NULL
      && (plugin->config_key_size < sizeof (HeroConfigKey) || (plugin->config_key_size % sizeof (void *)) != 0))
    return refuse (path, HERO_PLUGIN_FILE_ERROR_MEMBER, error, ".config_key_size of %s is %u, expected at least %zu: use "
                   "HERO_SERVICE_PLUGIN, which fills it in", plugin->name, plugin->config_key_size, sizeof (HeroConfigKey));
  return TRUE;
}

static const HeroSocketSpec *
socket_at (const HeroServicePlugin *plugin, guint index)
{
  return (const HeroSocketSpec *) ((const char *) plugin->sockets + (gsize) index * plugin->socket_size);
}

static gboolean
check_sockets (const HeroServicePlugin *plugin, const char *path, GError **error)
{
  for (guint i = 0; socket_at (plugin, i)->role != NULL; i++)
    {
      const HeroSocketSpec *spec = socket_at (plugin, i);

      if (!is_word (spec->role, "_") || spec->protocol == NULL)
        return refuse (path, HERO_PLUGIN_FILE_ERROR_MEMBER, error,
                       "socket %u of %s has role `%s`, protocol `%s`; expected [a-z][a-z0-9_]* and a protocol: correct "
                       ".sockets in the plugin",
                       i + 1, plugin->name, spec->role, spec->protocol != NULL ? spec->protocol : "(none)");
      for (guint j = 0; j < i; j++)
        if (g_str_equal (socket_at (plugin, j)->role, spec->role))
          return refuse (path, HERO_PLUGIN_FILE_ERROR_MEMBER, error,
                         "%s has the socket `%s` twice, expected once: correct .sockets in the plugin", plugin->name,
                         spec->role);
    }
  return TRUE;
}

gboolean
hero_plugin_descriptor_copy (const HeroServicePlugin *found, const char *path, const char *service, HeroServicePlugin *copy,
                             GError **error)
{
  HeroServicePlugin newest = { 0 };

  if (!check_numbers (found, path, error))
    return FALSE;

  memcpy (&newest, found, found->struct_size);
  if (!check_members (&newest, path, error) || !check_sockets (&newest, path, error))
    return FALSE;

  if (service != NULL && !g_str_equal (newest.name, service))
    return refuse (path, HERO_PLUGIN_FILE_ERROR_NAME, error,
                   "it is the plugin of %s, expected %s: correct the key `plugin` of [%s]", newest.name, service, service);
  *copy = newest;
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------ the file */

/* "hero_db" or "hero_db.so" in plugin_dir, then, as in a build tree, one folder below. */
static char *
find (const char *plugin_dir, const char *name, GError **error)
{
  g_autofree char *base = g_str_has_suffix (name, ".so") ? g_strdup (name) : g_strconcat (name, ".so", NULL);
  g_autofree char *flat = g_build_filename (plugin_dir, base, NULL);
  g_autoptr (GDir) dir = NULL;
  const char *entry;

  if (g_file_test (flat, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&flat);

  dir = g_dir_open (plugin_dir, 0, NULL);
  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *nested = g_build_filename (plugin_dir, entry, base, NULL);

      if (g_file_test (nested, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&nested);
    }
  g_set_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_MISSING,
               "%s: no such file; install the plugin's package, or set `plugin_dir` to where it is", flat);
  return NULL;
}

static char *
locate (const char *plugin_dir, const char *file, GError **error)
{
  if (g_path_is_absolute (file))
    return g_strdup (file);
  if (strchr (file, '/') == NULL)
    return find (plugin_dir, file, error);
  g_set_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_UNSAFE,
               "%s: a relative path, expected an absolute path or a bare name in %s: write it in full", file, plugin_dir);
  return NULL;
}

static DescribeFunc
describe_of (void *library, const char *path, GError **error)
{
  DescribeFunc describe = (DescribeFunc) dlsym (library, HERO_PLUGIN_SYMBOL);

  for (guint major = 0; describe == NULL && major < OTHER_MAJORS; major++)
    {
      g_autofree char *symbol = g_strdup_printf ("hero_service_describe_v%u", major);

      if (dlsym (library, symbol) != NULL)
        {
          refuse (path, HERO_PLUGIN_FILE_ERROR_SYMBOL, error,
                  "it exports %s, expected " HERO_PLUGIN_SYMBOL ": it was built for plugin ABI %u, this host speaks %d.%d; "
                  "install hero-bundle %u.x or the plugin package for ABI %d",
                  symbol, major, HERO_ABI_MAJOR, HERO_ABI_MINOR, major, HERO_ABI_MAJOR);
          return NULL;
        }
    }
  if (describe == NULL)
    refuse (path, HERO_PLUGIN_FILE_ERROR_SYMBOL, error,
            "it exports no " HERO_PLUGIN_SYMBOL ", expected that one symbol: this is no hero_bundle plugin, or it lacks "
            "HERO_SERVICE_PLUGIN");
  return describe;
}

static HeroPluginFile *
file_new (const char *path, const HeroServicePlugin *plugin)
{
  HeroPluginFile *file = g_new0 (HeroPluginFile, 1);

  file->path = g_strdup (path);
  file->descriptor = *plugin;
  file->sockets = g_array_new (FALSE, TRUE, sizeof (HeroSocketSpec));
  for (guint i = 0; socket_at (plugin, i)->role != NULL; i++)
    g_array_append_vals (file->sockets, socket_at (plugin, i), 1);
  return file;
}

HeroPluginFile *
hero_plugin_file_open (const char *plugin_dir, const char *file, const char *service, GError **error)
{
  g_autofree char *found = locate (plugin_dir, file, error), *path = NULL;
  HeroServicePlugin plugin;
  DescribeFunc describe;
  void *library;

  if (found == NULL)
    return NULL;
  path = hero_plugin_vet (found, error);
  if (path == NULL || !hero_plugin_elf_is_whole (path, error))
    return NULL;

  library = dlopen (path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == NULL)
    {
      g_set_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_OPEN,
                   "cannot open the plugin: %s; a library it needs is missing or older than the plugin", dlerror ());
      return NULL;
    }
  describe = describe_of (library, path, error);
  if (describe == NULL || !hero_plugin_descriptor_copy (describe (), path, service, &plugin, error))
    return NULL;
  return file_new (path, &plugin);
}

HeroPluginFile *
hero_plugin_file_new_builtin (const HeroServicePlugin *descriptor)
{
  return file_new ("(built in)", descriptor);
}

void
hero_plugin_file_free (HeroPluginFile *file)
{
  if (file == NULL)
    return;
  g_array_unref (file->sockets);
  g_free (file->path);
  g_free (file);
}
