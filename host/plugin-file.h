/*
 * plugin-file.h: find, vet, open and validate one plugin (architecture 3). The only user of dlopen. Files are never
 * unloaded; the same file opened twice gives the same descriptor. Main thread.
 */
#pragma once

#include <hero-bundle/plugin.h>

G_BEGIN_DECLS

#define HERO_PLUGIN_FILE_ERROR (hero_plugin_file_error_quark ())
GQuark hero_plugin_file_error_quark (void);
typedef enum
{
  HERO_PLUGIN_FILE_ERROR_MISSING,
  HERO_PLUGIN_FILE_ERROR_UNSAFE, /* owner, mode, type of the file or of a directory above */
  HERO_PLUGIN_FILE_ERROR_OPEN,   /* dlopen */
  HERO_PLUGIN_FILE_ERROR_SYMBOL,
  HERO_PLUGIN_FILE_ERROR_MAGIC,
  HERO_PLUGIN_FILE_ERROR_MAJOR,
  HERO_PLUGIN_FILE_ERROR_MINOR,
  HERO_PLUGIN_FILE_ERROR_SIZE,
  HERO_PLUGIN_FILE_ERROR_MEMBER, /* a required member is missing or malformed, an unknown flag is set */
  HERO_PLUGIN_FILE_ERROR_NAME,
} HeroPluginFileError;

typedef struct
{
  char *path;
  HeroServicePlugin descriptor; /* our newest struct, zero beyond what the plugin had */
  GArray *sockets;              /* HeroSocketSpec, of our size, without the end mark */
} HeroPluginFile;

/*
 * file: absolute path, or a bare name ("hero_db.so", "hero_db") sought in plugin_dir and plugin_dir/<any>/.
 * service: the name it must have; NULL = any. The error's text names file, expected, found and what to do.
 */
HeroPluginFile *hero_plugin_file_open (const char *plugin_dir, const char *file, const char *service, GError **error);
/* A descriptor compiled in (the host's own service). */
HeroPluginFile *hero_plugin_file_new_builtin (const HeroServicePlugin *descriptor);
void hero_plugin_file_free (HeroPluginFile *file); /* forgets; the library stays */
/* The checks alone, over a descriptor in memory. Pure. */
gboolean hero_plugin_descriptor_copy (const HeroServicePlugin *found, const char *path, const char *service,
                                      HeroServicePlugin *copy, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeroPluginFile, hero_plugin_file_free)

G_END_DECLS
