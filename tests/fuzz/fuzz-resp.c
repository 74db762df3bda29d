/*
 * fuzz-resp.c: the RESP parser. The first byte says how large the pieces are in which the rest comes; the commands must not
 * depend on it.
 */
#include "resp-parser.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A digest of all commands and of the error, if there is one. */
static guint
parse (const char *text, gsize size, gsize piece)
{
  g_autoptr (RespParser) parser = resp_parser_new (1 << 20);
  guint digest = 0;

  for (gsize at = 0; at < size; at += piece)
    {
      gsize length = MIN (piece, size - at), argc;
      g_autofree char *copy = g_memdup2 (text + at, length);
      const Slice *argv;
      RespStatus status;

      resp_parser_feed (parser, copy, length);
      while ((status = resp_parser_next (parser, &argv, &argc)) == RESP_COMMAND)
        for (gsize i = 0; i < argc; i++)
          {
            digest = digest * 31 + (guint) argv[i].length;
            for (gsize j = 0; j < argv[i].length; j++)
              digest = digest * 31 + (guint8) argv[i].data[j];
          }
      if (status == RESP_ERROR)
        return digest * 31 + g_str_hash (resp_parser_get_error (parser));
    }
  return digest;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data + 1;

  if (size < 2)
    return 0;
  g_assert_cmpuint (parse (text, size - 1, size), ==, parse (text, size - 1, data[0] % 64 + 1));
  return 0;
}
