/* http-stream.c: see http-stream.h. An input filter and the stream around it; output goes straight to the socket. */
#include "http-stream.h"

/* ------------------------------------------------------------------------------------------------ input */

#define HERO_TYPE_HTTP_INPUT (hero_http_input_get_type ())
G_DECLARE_FINAL_TYPE (HeroHttpInput, hero_http_input, HERO, HTTP_INPUT, GFilterInputStream)

struct _HeroHttpInput
{
  GFilterInputStream parent;
  const gboolean *busy;
  gboolean ended; /* the byte before the end was given */
};

static void hero_http_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (HeroHttpInput, hero_http_input, G_TYPE_FILTER_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, hero_http_input_pollable_init))

static GPollableInputStream *
base_of (gpointer self)
{
  return G_POLLABLE_INPUT_STREAM (G_FILTER_INPUT_STREAM (self)->base_stream);
}

static gssize
read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  HeroHttpInput *self = HERO_HTTP_INPUT (stream);
  g_autoptr (GError) failure = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (base_of (self), buffer, count, NULL, &failure);

  if (n > 0 || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) || *self->busy || self->ended)
    {
      if (failure != NULL)
        g_propagate_error (error, g_steal_pointer (&failure));
      return n;
    }
  self->ended = TRUE;
  *(char *)buffer = 'G';
  return 1;
}

static gboolean
is_readable (GPollableInputStream *stream)
{
  return HERO_HTTP_INPUT (stream)->ended || g_pollable_input_stream_is_readable (base_of (stream));
}

/* The base's own source: libsoup takes it as the child of another, so nobody sees whose stream it names. */
static GSource *
create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return g_pollable_input_stream_create_source (base_of (stream), cancellable);
}

static void
hero_http_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->read_nonblocking = read_nonblocking;
  iface->is_readable = is_readable;
  iface->create_source = create_source;
}

static void
hero_http_input_class_init (HeroHttpInputClass *klass)
{
}

static void
hero_http_input_init (HeroHttpInput *self)
{
}

/* ------------------------------------------------------------------------------------------------ both ways */

#define HERO_TYPE_HTTP_STREAM (hero_http_stream_get_type ())
G_DECLARE_FINAL_TYPE (HeroHttpStream, hero_http_stream, HERO, HTTP_STREAM, GIOStream)

struct _HeroHttpStream
{
  GIOStream parent;
  GIOStream *base;
  GInputStream *input;
  gboolean detached;
};

G_DEFINE_TYPE (HeroHttpStream, hero_http_stream, G_TYPE_IO_STREAM)

static GInputStream *
get_input_stream (GIOStream *stream)
{
  return HERO_HTTP_STREAM (stream)->input;
}

static GOutputStream *
get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (HERO_HTTP_STREAM (stream)->base);
}

static gboolean
close_base (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  HeroHttpStream *self = HERO_HTTP_STREAM (stream);

  return self->detached || g_io_stream_close (self->base, cancellable, error);
}

static void
finalize (GObject *object)
{
  HeroHttpStream *self = HERO_HTTP_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->base);
  G_OBJECT_CLASS (hero_http_stream_parent_class)->finalize (object);
}

static void
hero_http_stream_class_init (HeroHttpStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = finalize;
  stream_class->get_input_stream = get_input_stream;
  stream_class->get_output_stream = get_output_stream;
  stream_class->close_fn = close_base;
}

static void
hero_http_stream_init (HeroHttpStream *self)
{
}

GIOStream *
hero_http_stream_new (GIOStream *base, const gboolean *busy)
{
  HeroHttpStream *self = g_object_new (HERO_TYPE_HTTP_STREAM, NULL);
  HeroHttpInput *input = g_object_new (HERO_TYPE_HTTP_INPUT, "base-stream", g_io_stream_get_input_stream (base),
                                       "close-base-stream", FALSE, NULL);

  input->busy = busy;
  self->base = g_object_ref (base);
  self->input = G_INPUT_STREAM (input);
  return G_IO_STREAM (self);
}

void
hero_http_stream_detach (GIOStream *stream)
{
  HERO_HTTP_STREAM (stream)->detached = TRUE;
}
