/* plugin-elf.c: see plugin-elf.h. Reads the program headers of a file that is not opened yet. Main thread. */
#include "plugin-elf.h"

#include <link.h>
#include <string.h>

#include "plugin-file.h"

#define NATIVE_CLASS (sizeof (gpointer) == 8 ? ELFCLASS64 : ELFCLASS32)

/* The first byte behind all that is loaded, or 0 if that cannot be told. */
static guint64
end_of_segments (const guint8 *data, gsize size)
{
  ElfW (Ehdr) head;
  guint64 end = 0;

  if (size < sizeof head)
    return 0;
  memcpy (&head, data, sizeof head);
  if (memcmp (head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != NATIVE_CLASS
      || head.e_phentsize != sizeof (ElfW (Phdr)))
    return 0;
  for (guint i = 0; i < head.e_phnum; i++)
    {
      guint64 at = head.e_phoff + (guint64) i * sizeof (ElfW (Phdr));
      ElfW (Phdr) segment;

      if (at < head.e_phoff || at > size || size - at < sizeof segment)
        return G_MAXUINT64;
      memcpy (&segment, data + at, sizeof segment);
      if (segment.p_type != PT_LOAD)
        continue;
      if (segment.p_filesz > G_MAXUINT64 - segment.p_offset)
        return G_MAXUINT64;
      end = MAX (end, segment.p_offset + segment.p_filesz);
    }
  return end;
}

gboolean
hero_plugin_elf_is_whole (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  gsize size;

  if (file == NULL) /* cannot be read: dlopen will say it */
    return TRUE;
  size = g_mapped_file_get_length (file);
  if (end_of_segments ((const guint8 *) g_mapped_file_get_contents (file), size) <= size)
    return TRUE;
  g_set_error (error, HERO_PLUGIN_FILE_ERROR, HERO_PLUGIN_FILE_ERROR_OPEN,
               "%s: the file is cut off after %zu bytes, expected the whole shared object: install the plugin's package again",
               path, size);
  return FALSE;
}
