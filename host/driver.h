/*
 * driver.h: a way to run a service: on a thread of this process, or in a process of its own. The supervisor knows nothing
 * else about it. Main thread; events come on its loop.
 */
#pragma once

#include "runner.h"

G_BEGIN_DECLS

typedef struct _HeroDriver HeroDriver;

typedef struct
{
  void (*ready) (gpointer data);   /* publish its sockets, then call serve */
  void (*serving) (gpointer data); /* it works */
  void (*degraded) (const char *reason, gpointer data);
  /* The last event: the thread is joined, the child is reaped. error NULL = cleanly. Free the driver now. */
  void (*ended) (const GError *error, gpointer data);
} HeroDriverEvents;

/* What every driver gets. All borrowed. */
typedef struct
{
  HeroPlan *plan;
  HeroLogger *logger;
  HeroSockets *sockets; /* prepared */
  gpointer owner;       /* for a service compiled into the host: hero_context_owner_of */
  guint look_ms;        /* how often the watchdog looks */
  const HeroDriverEvents *events;
  gpointer data;
} HeroDriverArgs;

typedef struct
{
  void (*serve) (HeroDriver *driver);  /* its sockets listen */
  void (*stop) (HeroDriver *driver);   /* asynchronous; ends with `ended` */
  gboolean (*kill) (HeroDriver *driver); /* end it by force: TRUE = `ended` follows, FALSE = impossible */
  void (*kill_now) (HeroDriver *driver); /* the process is about to leave: SIGKILL its children, or itself */
  void (*abort) (HeroDriver *driver);  /* it hangs: leave a core, if possible */
  gboolean (*take_sign_of_life) (HeroDriver *driver); /* since the last call */
  void (*set_degraded) (HeroDriver *driver, const char *reason); /* what /health of the service shall say */
  pid_t (*get_pid) (HeroDriver *driver);
  void (*free) (HeroDriver *driver);
} HeroDriverClass;

struct _HeroDriver
{
  const HeroDriverClass *class;
};

HeroDriver *hero_thread_driver_new (const HeroDriverArgs *args, GError **error);
HeroDriver *hero_process_driver_new (const HeroDriverArgs *args, GError **error);

G_END_DECLS
