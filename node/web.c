/* The page: its one document under every address a reader may have, and its files under the version
 * of them all, so that a browser keeps them for good. Everything it shows comes from /v1. */
#include <string.h>

#include "node/http.h"

#include FC_WEB_VERSION_FILE

/* The build lists the files of node/web as FC_WEB(number, name, path, media type). */
#define FC_WEB(number, name, path, media_type)                                                     \
    __asm__(".pushsection .rodata\n"                                                               \
            "fc_web_" #number "_first:\n"                                                          \
            ".incbin \"" path "\"\n"                                                               \
            "fc_web_" #number "_last:\n"                                                           \
            ".byte 0\n"                                                                            \
            ".popsection\n"                                                                        \
            ".globl fc_web_" #number "_first\n"                                                    \
            ".globl fc_web_" #number "_last\n");                                                   \
    extern const uint8_t fc_web_##number##_first[], fc_web_##number##_last[];
#include FC_WEB_FILES
FC_WEB(page, "", FC_WEB_PAGE, "")
#undef FC_WEB

struct asset {
    const char *name, *media_type;
    const uint8_t *first, *last;
};
#define FC_WEB(number, name, path, media_type)                                                     \
    {name, media_type, fc_web_##number##_first, fc_web_##number##_last},
static const struct asset assets[] = {
#include FC_WEB_FILES
};
#undef FC_WEB

/* Nothing from elsewhere, no script but ours, no markup out of text. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static void reply_page(struct fc_http_call *call, unsigned status)
{
    fc_http_reply_static(
        call, status, "text/html; charset=utf-8",
        fc_span(fc_web_page_first, (size_t)(fc_web_page_last - fc_web_page_first)));
}

static void set_policies(struct fc_http_call *call)
{
    fc_http_set(call, "Content-Security-Policy", policy);
    fc_http_set(call, "Referrer-Policy", "no-referrer");
    fc_http_set(call, "Cross-Origin-Opener-Policy", "same-origin");
    fc_http_set(call, "Cache-Control", "no-cache");
}

static void get_page(struct fc_http_call *call)
{
    set_policies(call);
    if (!fc_http_etag(call, FC_WEB_VERSION)) {
        reply_page(call, 200);
    }
}

/* The page says that there is nothing at this address, and where else to go. */
static void get_nowhere(struct fc_http_call *call)
{
    set_policies(call);
    reply_page(call, 404);
}

static void get_asset(struct fc_http_call *call)
{
    struct fc_span name = fc_http_param(call, "name");
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++) {
        const struct asset *asset = &assets[i];
        if (fc_span_eq(name, fc_span_str(asset->name))) {
            fc_http_set(call, "Cache-Control", "public, max-age=31536000, immutable");
            if (!fc_http_etag(call, FC_WEB_VERSION)) {
                fc_http_reply_static(call, 200, asset->media_type,
                                     fc_span(asset->first, (size_t)(asset->last - asset->first)));
            }
            return;
        }
    }
    fc_http_fail(call, 404, "MISSING", "The page has no such file; load it anew.");
}

static const struct fc_http_route routes[] = {
    {FC_HTTP_GET, "/", get_page, 0, 0},
    {FC_HTTP_GET, "/search", get_page, 0, 0},
    {FC_HTTP_GET, "/entry/{participant}/{key}", get_page, 0, 0},
    {FC_HTTP_GET, "/participants", get_page, 0, 0},
    {FC_HTTP_GET, "/participants/{participant}", get_page, 0, 0},
    {FC_HTTP_GET, "/federation", get_page, 0, 0},
    {FC_HTTP_GET, "/changes", get_page, 0, 0},
    {FC_HTTP_GET, "/check", get_page, 0, 0},
    {FC_HTTP_GET, "/help", get_page, 0, 0},
    {FC_HTTP_GET, "/assets/" FC_WEB_VERSION "/{name*}", get_asset, 0, 0},
};
static const struct fc_http_route nowhere = {FC_HTTP_GET, "/{rest*}", get_nowhere, 0, 0};
const struct fc_http_group fc_web = {"web", routes, sizeof routes / sizeof routes[0], &nowhere};
