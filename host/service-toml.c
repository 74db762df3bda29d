/*
 * service-toml.c: writes, at build time, the service.toml of a program: what others read about it without starting it.
 * usage: service-toml PROGRAM
 */
#include <stdio.h>

#include <hero-toml.h>

#include "config-keys.h"
#include "program.h"

static void
print_pair (const char *key, const char *value)
{
  g_autofree char *quoted = hero_toml_quote (value);

  printf ("%s = %s\n", key, quoted);
}

int
main (int argc, char **argv)
{
  const HeroProgram *program = argc == 2 ? hero_program_find (argv[1]) : NULL;

  if (program == NULL)
    return 2;
  print_pair ("category", program->category);
  for (const HeroHostVariable *variable = hero_host_variables; variable->name != NULL; variable++)
    {
      puts ("\n[[env]]");
      print_pair ("name", variable->name);
      print_pair ("default", variable->fallback);
      print_pair ("description", variable->meaning);
    }
  puts ("\n[[binaries]]");
  print_pair ("name", program->name);
  print_pair ("kind", "server");
  print_pair ("desc", program->description);
  return 0;
}
