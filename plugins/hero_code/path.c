/* path.c: what a path in a request may look like. Any thread. */
#include "path.h"

#include <string.h>

#define MAX_PATH 4096
#define MAX_PART 255

static const char *
find_fault (const char *path)
{
  gsize length = strlen (path);

  if (length > MAX_PATH)
    return "at most 4096 bytes";
  if (path[0] == '/')
    return "a path without leading '/'";
  for (const char *part = path; *path != 0;)
    {
      gsize n = strcspn (part, "/");

      if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
        return "a path without empty, '.' or '..' parts";
      if (n > MAX_PART)
        return "at most 255 bytes in a part";
      if (part[n] == 0)
        break;
      part += n + 1;
    }
  return NULL;
}

gboolean
code_path_check (const char *parameter, const char *path, GError **error)
{
  const char *fault = find_fault (path);

  if (fault == NULL)
    return TRUE;
  g_set_error (error, CODE_ERROR, CODE_INVALID_PARAMS, "parameter '%s': expected %s, got '%.80s'", parameter, fault,
               path);
  code_error_add_text (error, "code_name", "invalid_params");
  code_error_add_text (error, "param", parameter);
  code_error_add_text (error, "expected", fault);
  return FALSE;
}

gboolean
code_path_enters_git (const char *path)
{
  while (*path != 0)
    {
      gsize n = strcspn (path, "/");

      if (n == 4 && g_ascii_strncasecmp (path, ".git", 4) == 0)
        return TRUE;
      path += n + (path[n] == '/');
    }
  return FALSE;
}

char *
code_path_join (const char *base, const char *name)
{
  return *base == 0 ? g_strdup (name) : g_strconcat (base, "/", name, NULL);
}

char *
code_path_display (const char *path)
{
  return g_utf8_make_valid (path, -1);
}
