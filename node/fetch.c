#include "node/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "node/address.h"

enum { REDIRECTS_MAX = 5, CONNECT_MS = 15 * 1000 };

struct fc_fetch {
    CURL *curl;
    struct curl_slist *headers;
    size_t bytes_max;
    struct fc_buf *out;
    size_t start;
    bool too_large;
    bool refused; /* the last address, as one that is not asked */
    char error[CURL_ERROR_SIZE];
};

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    struct fc_fetch *fetch = ctx;
    size_t len = size * count;
    if (fetch->out->len - fetch->start + len > fetch->bytes_max) {
        fetch->too_large = true;
        return 0;
    }
    fc_buf_append(fetch->out, bytes, len);
    return fetch->out->failed ? 0 : len;
}

/* Each address of a name is asked for here before it is connected to. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fc_fetch *fetch = ctx;
    (void)purpose;
    fetch->refused = !fc_address_is_public(&address->addr);
    if (fetch->refused) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool keep_public(struct fc_fetch *fetch)
{
    CURL *curl = fetch->curl;
    return !curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") &&
           !curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) &&
           !curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, fetch);
}

static bool set_up(struct fc_fetch *fetch, const struct fc_fetch_setup *setup)
{
    char accept[256];
    CURL *curl = fetch->curl;
    snprintf(accept, sizeof accept, "Accept: %s", setup->accept);
    fetch->headers = curl_slist_append(NULL, accept);
    return fetch->headers && !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fetch->headers) &&
           !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)setup->timeout_ms) &&
           !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
           !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX) &&
           !curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "") &&
           !curl_easy_setopt(curl, CURLOPT_USERAGENT, "fedcat/" FEDCAT_VERSION) &&
           !curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->error) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
}

enum fc_err fc_fetch_create(const struct fc_fetch_setup *setup, struct fc_fetch **out)
{
    struct fc_fetch *fetch = calloc(1, sizeof *fetch);
    *out = NULL;
    if (!fetch) {
        return FC_E_NOMEM;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        free(fetch);
        return FC_E_NOMEM;
    }
    fetch->bytes_max = setup->bytes_max;
    fetch->curl = curl_easy_init();
    if (!fetch->curl || !set_up(fetch, setup) || (setup->public_only && !keep_public(fetch))) {
        fc_fetch_destroy(fetch);
        return FC_E_NOMEM;
    }
    *out = fetch;
    return FC_OK;
}

void fc_fetch_destroy(struct fc_fetch *fetch)
{
    if (fetch) {
        curl_easy_cleanup(fetch->curl);
        curl_slist_free_all(fetch->headers);
        curl_global_cleanup();
        free(fetch);
    }
}

enum fc_err fc_fetch_get(struct fc_fetch *fetch, const char *url, struct fc_buf *out,
                         unsigned *status, char *fault, size_t fault_bytes)
{
    bool secure = strncmp(url, "https:", 6) == 0;
    long code = 0;
    *status = 0;
    fault[0] = 0;
    fetch->out = out;
    fetch->start = out->len;
    fetch->too_large = false;
    fetch->refused = false;
    fetch->error[0] = 0;
    if (curl_easy_setopt(fetch->curl, CURLOPT_URL, url) ||
        curl_easy_setopt(fetch->curl, CURLOPT_REDIR_PROTOCOLS_STR,
                         secure ? "https" : "http,https")) {
        return FC_E_NOMEM;
    }
    CURLcode result = curl_easy_perform(fetch->curl);
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &code);
    *status = code > 0 ? (unsigned)code : 0;
    if (out->failed || result == CURLE_OUT_OF_MEMORY) {
        return FC_E_NOMEM;
    }
    if (fetch->too_large) {
        snprintf(fault, fault_bytes, "the answer is larger than %zu bytes", fetch->bytes_max);
        return FC_E_BOUND;
    }
    if (result != CURLE_OK && fetch->refused) {
        snprintf(fault, fault_bytes, "its address is of this machine or a private network");
        return FC_E_DENIED;
    }
    if (result != CURLE_OK) {
        snprintf(fault, fault_bytes, "%s",
                 fetch->error[0] ? fetch->error : curl_easy_strerror(result));
        return result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL ? FC_E_ARG
                                                                                     : FC_E_IO;
    }
    return FC_OK;
}
