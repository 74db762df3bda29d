/*
 * hero_exec.c: hero_exec SOFT PROGRAM ARGV0 [ARG..]: sets the soft limit of open files to SOFT and becomes PROGRAM
 * under the same pid. What posix_spawn cannot do between fork and exec. Alone in its process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  struct rlimit limit;

  if (argc < 4)
    {
      fputs ("usage: hero_exec SOFT PROGRAM ARGV0 [ARG..]\n", stderr);
      return 2;
    }
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      rlim_t soft = strtoul (argv[1], NULL, 10);

      limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
  for (int tries = 0; tries < 10; tries++)
    {
      execv (argv[2], argv + 3);
      if (errno != ETXTBSY) /* a script file just written may still be open in a process that is about to exec */
        break;
      usleep (5000);
    }
  fprintf (stderr, "%s: cannot be executed: %s\n", argv[2], strerror (errno));
  return errno == ENOENT ? 127 : 126;
}
