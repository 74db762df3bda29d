/* page-assets.c: the files below /static, from the SDK's GResource and the plugin's, with the hash of each. Service thread. */
#include <string.h>

#include "hero-shared-resource.h"
#include "page-internal.h"

#define SHARED_PREFIX "/hero/shared/"

struct _HeroPageAssets
{
  GResource *own;   /* or NULL */
  char *own_prefix; /* without a slash at the end */
  GHashTable *etags; /* name -> hash, made when first asked for */
};

HeroPageAssets *
hero_page_assets_new (GResource *own, const char *own_prefix)
{
  HeroPageAssets *assets = g_new0 (HeroPageAssets, 1);

  assets->own = own == NULL ? NULL : g_resource_ref (own);
  assets->own_prefix = g_strdup (own_prefix);
  assets->etags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return assets;
}

void
hero_page_assets_free (HeroPageAssets *assets)
{
  if (assets == NULL)
    return;
  g_clear_pointer (&assets->own, g_resource_unref);
  g_free (assets->own_prefix);
  g_hash_table_unref (assets->etags);
  g_free (assets);
}

static const char *
type_of (const char *name)
{
  static const struct
  {
    const char *suffix, *type;
  } types[] = {
    { ".css", "text/css; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" }, { ".svg", "image/svg+xml" },
    { ".png", "image/png" },               { ".woff2", "font/woff2" },                  { ".json", "application/json" },
    { ".html", "text/html; charset=utf-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (name, types[i].suffix))
      return types[i].type;
  return "application/octet-stream";
}

GBytes *
hero_page_assets_lookup (HeroPageAssets *assets, const char *name, const char **content_type, const char **etag)
{
  gboolean shared = g_str_has_prefix (name, "shared/");
  g_autofree char *path = shared ? g_strconcat (SHARED_PREFIX, name + strlen ("shared/"), NULL)
                                 : g_strconcat (assets->own_prefix == NULL ? "" : assets->own_prefix, "/", name, NULL);
  GResource *resource = shared ? hero_shared_get_resource () : assets->own;
  GBytes *bytes = resource == NULL ? NULL : g_resource_lookup_data (resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  char *known;

  if (bytes == NULL)
    return NULL;
  known = g_hash_table_lookup (assets->etags, name);
  if (known == NULL)
    {
      known = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
      known[16] = '\0';
      g_hash_table_insert (assets->etags, g_strdup (name), known);
    }
  *content_type = type_of (name);
  *etag = known;
  return bytes;
}

void
hero_page_assets_serve (HeroPageAssets *assets, HeroHttpRequest *request, const char *name)
{
  const char *type, *etag, *wanted, *known = hero_http_request_get_header (request, "If-None-Match");
  GBytes *bytes = hero_page_assets_lookup (assets, name, &type, &etag);
  g_autofree char *quoted = NULL;

  if (bytes == NULL)
    {
      hero_http_respond_error (request, 404, NULL, "There is no file \"/static/%s\"", name);
      return;
    }
  quoted = g_strdup_printf ("\"%s\"", etag);
  wanted = hero_http_request_get_query (request, "v");
  hero_http_request_set_response_header (request, "ETag", quoted);
  hero_http_request_set_response_header (request, "X-Content-Type-Options", "nosniff");
  /* Asked for by its hash, the file never changes; else the browser asks each time and gets 304. */
  hero_http_request_set_response_header (request, "Cache-Control",
                                         g_strcmp0 (wanted, etag) == 0 ? "public, max-age=31536000, immutable" : "no-cache");
  if (known != NULL && strstr (known, quoted) != NULL)
    {
      g_bytes_unref (bytes);
      hero_http_respond (request, 304, NULL, NULL);
      return;
    }
  hero_http_respond (request, 200, type, bytes);
}
