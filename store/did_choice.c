#include "store/did_choice.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The host of did:web:host or did:web:host%3A8080:path, its port written as in a URL. */
static bool web_host(const char *did, char out[256])
{
    static const char method[] = "did:web:";
    size_t len = 0;
    if (strncmp(did, method, strlen(method)) != 0)
        return false;
    for (const char *c = did + strlen(method); *c && *c != ':' && len < 255; c++) {
        if (strncasecmp(c, "%3a", 3) == 0) {
            out[len++] = ':';
            c += 2;
        } else {
            out[len++] = *c;
        }
    }
    out[len] = '\0';
    return len > 0 && len < 255;
}

bool fc_did_is_vouched(const char *did, struct fc_span url)
{
    static const char scheme[] = "https://";
    char host[256];
    if (fc_span_eq(fc_span_str(did), url))
        return true;
    if (!web_host(did, host) || url.len <= strlen(scheme) ||
        strncasecmp((const char *)url.data, scheme, strlen(scheme)) != 0)
        return false;
    const char *at = (const char *)url.data + strlen(scheme);
    size_t left = url.len - strlen(scheme), len = strlen(host);
    return left >= len && strncasecmp(at, host, len) == 0 &&
           (left == len || at[len] == '/' || at[len] == '?' || at[len] == '#');
}

void fc_did_choice_init(struct fc_did_choice *choice, const char *did)
{
    *choice = (struct fc_did_choice){.did = did};
}

void fc_did_choice_finish(struct fc_did_choice *choice)
{
    fc_buf_finish(&choice->document);
}

enum fc_err fc_did_choice_add(struct fc_did_choice *choice, struct fc_span document,
                              struct fc_span name, struct fc_span certificate_url)
{
    bool vouched = fc_did_is_vouched(choice->did, certificate_url);
    if (choice->any && choice->source.vouched && !vouched)
        return FC_OK;
    if (choice->any && choice->source.vouched == vouched) {
        if (!fc_span_eq(document, fc_buf_span(&choice->document)))
            choice->clash = true;
        return FC_OK;
    }
    choice->any = true;
    choice->clash = false;
    choice->source.vouched = vouched;
    snprintf(choice->source.text, sizeof choice->source.text, "%.*s", (int)name.len,
             (const char *)name.data);
    fc_buf_clear(&choice->document);
    fc_buf_append(&choice->document, document.data, document.len);
    return fc_buf_check(&choice->document);
}

enum fc_err fc_did_choice_take(const struct fc_did_choice *choice, struct fc_buf *out,
                               struct fc_credential_source *source)
{
    if (!choice->any)
        return FC_E_MISSING;
    if (choice->clash)
        return FC_E_CONTESTED;
    *source = choice->source;
    fc_buf_append(out, choice->document.data, choice->document.len);
    return fc_buf_check(out);
}
