/* surface.c: one symbol through which abidiff sees every type of the plugin ABI. */
#ifdef ABI_HEADER
#include ABI_HEADER
#else
#include <hero-bundle/plugin.h>
#endif

void hero_abi_surface (const HeroServicePlugin *plugin, HeroServiceContext *ctx, HeroPluginError error,
                       HeroReportSeverity severity, HeroLogLevel level, HeroSocketFlags socket_flags, HeroConfigType type,
                       HeroConfigFlags config_flags);

void
hero_abi_surface (const HeroServicePlugin *plugin, HeroServiceContext *ctx, HeroPluginError error,
                  HeroReportSeverity severity, HeroLogLevel level, HeroSocketFlags socket_flags, HeroConfigType type,
                  HeroConfigFlags config_flags)
{
}
