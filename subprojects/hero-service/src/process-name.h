/* process-name.h: what to call another process in a message. Any thread; reads /proc. */
#pragma once

#include <gio/gio.h>

/* "pid 4711 (hero_db_server)", the name from /proc/PID/exe, else comm; "another process" for pid 0. transfer full */
char *hero_process_describe (pid_t pid);
/* Field 22 of /proc/PID/stat, in clock ticks since boot: with the pid it names a process for good. 0 = unknown. */
guint64 hero_process_start_time (pid_t pid);
