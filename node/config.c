#include "node/config.h"

#include <ctype.h>
#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/file.h"

enum { FILE_BYTES_MAX = 64 * 1024, CHECKPOINT_SECONDS = 600 };
enum {
    HTTP_THREADS = 2,
    HTTP_THREADS_MAX = 64,
    HTTP_CONNECTIONS = 1024,
    HTTP_CONNECTIONS_MAX = 65536,
    HTTP_REQUEST_SECONDS = 30,
    HTTP_REQUEST_SECONDS_MAX = 3600,
    HTTP_CORS_MAX = 32,
};
static const char http_listen[] = "127.0.0.1:7480";

static const cyaml_strval_t formats[] = {{"text", FC_LOG_TEXT}, {"json", FC_LOG_JSON}};
static const cyaml_strval_t levels[] = {{"error", FC_LOG_ERROR},
                                        {"warning", FC_LOG_WARNING},
                                        {"info", FC_LOG_INFO},
                                        {"debug", FC_LOG_DEBUG}};

static const cyaml_schema_field_t log_fields[] = {
    CYAML_FIELD_ENUM("format", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct fc_config_log,
                     format, formats, CYAML_ARRAY_LEN(formats)),
    CYAML_FIELD_ENUM("level", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct fc_config_log, level,
                     levels, CYAML_ARRAY_LEN(levels)),
    CYAML_FIELD_END};

static const cyaml_schema_value_t endpoint_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 256)};

struct file_http {
    char *listen, *tls_certificate, *tls_key, *dsp_default_policy;
    char **cors;
    uint32_t cors_count;
    uint32_t threads, connections_max, connections_per_address_max, request_seconds;
    uint32_t rate_per_second;
};
static const cyaml_schema_value_t origin_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 256)};
enum { HTTP_TEXT = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL };
static const cyaml_schema_field_t http_fields[] = {
    CYAML_FIELD_STRING_PTR("listen", HTTP_TEXT, struct file_http, listen, 0, 256),
    CYAML_FIELD_STRING_PTR("tls_certificate", HTTP_TEXT, struct file_http, tls_certificate, 0,
                           4096),
    CYAML_FIELD_STRING_PTR("tls_key", HTTP_TEXT, struct file_http, tls_key, 0, 4096),
    CYAML_FIELD_STRING_PTR("dsp_default_policy", HTTP_TEXT, struct file_http, dsp_default_policy, 0,
                           4096),
    CYAML_FIELD_SEQUENCE("cors", HTTP_TEXT, struct file_http, cors, &origin_schema, 1,
                         HTTP_CORS_MAX),
    CYAML_FIELD_UINT("threads", CYAML_FLAG_OPTIONAL, struct file_http, threads),
    CYAML_FIELD_UINT("connections_max", CYAML_FLAG_OPTIONAL, struct file_http, connections_max),
    CYAML_FIELD_UINT("connections_per_address_max", CYAML_FLAG_OPTIONAL, struct file_http,
                     connections_per_address_max),
    CYAML_FIELD_UINT("request_seconds", CYAML_FLAG_OPTIONAL, struct file_http, request_seconds),
    CYAML_FIELD_UINT("rate_per_second", CYAML_FLAG_OPTIONAL, struct file_http, rate_per_second),
    CYAML_FIELD_END};

/* Absent numbers read as 0, so those whose default is not 0 are kept as pointers while reading. */
struct file {
    char **listen;
    uint32_t listen_count;
    char **announce;
    uint32_t announce_count;
    char *region;
    char *operator_name;
    struct fc_config_log *log;
    struct file_http *http;
    uint32_t *checkpoint_seconds;
    uint32_t peers_max;
};

static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_SEQUENCE("listen", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, listen,
                         &endpoint_schema, 0, FC_ENDPOINTS_MAX),
    CYAML_FIELD_SEQUENCE("announce", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file,
                         announce, &endpoint_schema, 0, FC_ENDPOINTS_MAX),
    CYAML_FIELD_STRING_PTR("region", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, region,
                           0, 64),
    CYAML_FIELD_STRING_PTR("operator", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file,
                           operator_name, 1, FC_HOME_NAME_BYTES_MAX),
    CYAML_FIELD_MAPPING_PTR("log", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, log,
                            log_fields),
    CYAML_FIELD_MAPPING_PTR("http", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, http,
                            http_fields),
    CYAML_FIELD_UINT_PTR("checkpoint_seconds", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct file, checkpoint_seconds),
    CYAML_FIELD_UINT("peers_max", CYAML_FLAG_OPTIONAL, struct file, peers_max),
    CYAML_FIELD_END};

static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, file_fields)};

struct complaint {
    char *text;
    size_t bytes;
    char first[200], where[200];
};

/* The first line says what, the first one with a place says where. */
static void complain(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    struct complaint *complaint = ctx;
    char line[200];
    (void)level;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(line, sizeof line, format, args);
#pragma GCC diagnostic pop
    line[strcspn(line, "\n")] = 0;
    const char *place = strstr(line, "line:");
    if (!complaint->first[0]) {
        const char *text = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;
        snprintf(complaint->first, sizeof complaint->first, "%s", text);
    }
    if (place && !complaint->where[0]) {
        unsigned number = (unsigned)strtoul(place + 5, NULL, 10);
        snprintf(complaint->where, sizeof complaint->where, "line %u: ", number);
    }
}

/* libcyaml places an unexpected key at the start of its mapping; a person looks for its own line.
 */
static void find_key(struct fc_span text, struct complaint *complaint)
{
    static const char lead[] = "Unexpected key: ";
    if (strncmp(complaint->first, lead, sizeof lead - 1) != 0) {
        return;
    }
    const char *key = complaint->first + sizeof lead - 1;
    size_t len = strlen(key);
    unsigned line = 1;
    bool fresh = true; /* nothing but space on this line so far */
    for (size_t i = 0; i < text.len; i++) {
        if (fresh && text.len - i > len && memcmp(text.data + i, key, len) == 0 &&
            strchr(": \t", text.data[i + len])) {
            snprintf(complaint->where, sizeof complaint->where, "line %u: ", line);
            return;
        }
        fresh = text.data[i] == '\n' || (fresh && isspace(text.data[i]));
        line += text.data[i] == '\n';
    }
}

bool fc_config_endpoint_fits(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (strncmp(text, "tcp://", 6) != 0 || !colon || colon <= text + 6 || !colon[1]) {
        return false;
    }
    if (strcmp(colon + 1, "*") == 0) {
        return true;
    }
    char *end = NULL;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return isdigit((unsigned char)colon[1]) && *end == 0 && port <= 65535;
}

static const char *check_endpoints(char *const *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!fc_config_endpoint_fits(list[i])) {
            return list[i];
        }
    }
    return NULL;
}

/* What is wrong with the section; NULL when nothing is. */
static const char *check_http(const struct file_http *http)
{
    bool certificate = http->tls_certificate && http->tls_certificate[0];
    bool key = http->tls_key && http->tls_key[0];
    if (http->listen && http->listen[0] && !strchr(http->listen, ':')) {
        return "http: listen takes an address and a port, like 127.0.0.1:7480";
    }
    if (certificate != key) {
        return "http: tls_certificate and tls_key go together";
    }
    if (http->threads > HTTP_THREADS_MAX) {
        return "http: threads is at most 64";
    }
    if (http->connections_max > HTTP_CONNECTIONS_MAX) {
        return "http: connections_max is at most 65536";
    }
    if (http->request_seconds > HTTP_REQUEST_SECONDS_MAX) {
        return "http: request_seconds is at most 3600";
    }
    return NULL;
}

static enum fc_err check(const struct file *file, char *fault, size_t fault_bytes)
{
    const char *http = file->http ? check_http(file->http) : NULL;
    if (http) {
        snprintf(fault, fault_bytes, "%s", http);
        return FC_E_FORMAT;
    }
    const char *bad = check_endpoints(file->listen, file->listen_count);
    if (!bad) {
        bad = check_endpoints(file->announce, file->announce_count);
    }
    if (bad) {
        snprintf(fault, fault_bytes, "\"%s\" is no endpoint; one looks like tcp://host:7400", bad);
        return FC_E_FORMAT;
    }
    return FC_OK;
}

static char **copy_list(char *const *list, uint32_t count)
{
    char **copy = calloc(count ? count : 1, sizeof *copy);
    for (uint32_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(list[i]);
        if (!copy[i]) {
            while (i > 0) {
                free(copy[--i]);
            }
            free(copy);
            return NULL;
        }
    }
    return copy;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

/* False when out of memory; what is there is freed with the configuration. */
static bool http_from_file(const struct file_http *file, struct fc_config_http *out)
{
    static const struct file_http none;
    static const char *const everyone[] = {"*"};
    file = file ? file : &none;
    out->listen_given = file->listen != NULL;
    out->listen = strdup(file->listen ? file->listen : http_listen);
    out->tls_certificate = strdup(file->tls_certificate ? file->tls_certificate : "");
    out->tls_key = strdup(file->tls_key ? file->tls_key : "");
    out->dsp_default_policy = strdup(file->dsp_default_policy ? file->dsp_default_policy : "");
    out->cors_count = file->cors ? file->cors_count : 1;
    out->cors =
        copy_list(file->cors ? file->cors : (char *const *)(uintptr_t)everyone, out->cors_count);
    out->cors_count = out->cors ? out->cors_count : 0;
    out->threads = or_default(file->threads, HTTP_THREADS);
    out->connections_max = or_default(file->connections_max, HTTP_CONNECTIONS);
    out->connections_per_address_max = file->connections_per_address_max;
    out->request_seconds = or_default(file->request_seconds, HTTP_REQUEST_SECONDS);
    out->rate_per_second = file->rate_per_second;
    return out->listen && out->tls_certificate && out->tls_key && out->dsp_default_policy &&
           out->cors;
}

static enum fc_err from_file(const struct file *file, struct fc_config **out)
{
    struct fc_config *config = calloc(1, sizeof *config);
    *out = config;
    if (!config) {
        return FC_E_NOMEM;
    }
    config->log = file->log ? *file->log : (struct fc_config_log){FC_LOG_TEXT, FC_LOG_INFO};
    config->checkpoint_seconds =
        file->checkpoint_seconds ? *file->checkpoint_seconds : CHECKPOINT_SECONDS;
    config->peers_max = file->peers_max;
    config->region = strdup(file->region ? file->region : "");
    config->operator_name = strdup(file->operator_name ? file->operator_name : "operator");
    config->listen = copy_list(file->listen, file->listen_count);
    config->listen_count = config->listen ? file->listen_count : 0;
    config->announce = copy_list(file->announce, file->announce_count);
    config->announce_count = config->announce ? file->announce_count : 0;
    bool http = http_from_file(file->http, &config->http);
    if (http && config->region && config->operator_name && config->listen && config->announce) {
        return FC_OK;
    }
    fc_config_free(config);
    *out = NULL;
    return FC_E_NOMEM;
}

enum fc_err fc_config_default(struct fc_config **config)
{
    const struct file empty = {0};
    return from_file(&empty, config);
}

/* Nothing but space and comments. */
static bool is_empty(struct fc_span text)
{
    bool comment = false;
    for (size_t i = 0; i < text.len; i++) {
        comment = text.data[i] == '#' || (comment && text.data[i] != '\n');
        if (!comment && !isspace(text.data[i])) {
            return false;
        }
    }
    return true;
}

enum fc_err fc_config_parse(struct fc_span text, struct fc_config **config, char *fault,
                            size_t fault_bytes)
{
    struct complaint complaint = {0};
    const cyaml_config_t cyaml = {
        .log_fn = complain,
        .log_ctx = &complaint,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
    };
    struct file *file = NULL;
    *config = NULL;
    fault[0] = 0;
    if (is_empty(text)) {
        return fc_config_default(config);
    }
    cyaml_err_t result =
        cyaml_load_data(text.data, text.len, &cyaml, &file_schema, (cyaml_data_t **)&file, NULL);
    if (result == CYAML_ERR_OOM) {
        return FC_E_NOMEM;
    }
    if (result != CYAML_OK) {
        find_key(text, &complaint);
        snprintf(fault, fault_bytes, "%s%s", complaint.where,
                 complaint.first[0] ? complaint.first : cyaml_strerror(result));
        return FC_E_FORMAT;
    }
    if (!file) { /* no document at all: a byte order mark, and comments after it */
        return fc_config_default(config);
    }
    enum fc_err err = check(file, fault, fault_bytes);
    if (err == FC_OK) {
        err = from_file(file, config);
    }
    cyaml_free(&cyaml, &file_schema, file, 0);
    return err;
}

enum fc_err fc_config_load(const struct fc_home *home, struct fc_config **config, char *fault,
                           size_t fault_bytes)
{
    struct fc_buf text = {0};
    char *path = fc_home_path(home, "fedcat.yaml");
    *config = NULL;
    fault[0] = 0;
    enum fc_err err = path ? fc_file_read(path, FILE_BYTES_MAX, &text) : FC_E_NOMEM;
    if (err == FC_E_MISSING) {
        err = fc_config_default(config);
    } else if (err == FC_OK) {
        err = fc_config_parse(fc_buf_span(&text), config, fault, fault_bytes);
    }
    free(path);
    fc_buf_finish(&text);
    return err;
}

void fc_config_free(struct fc_config *config)
{
    if (!config) {
        return;
    }
    for (uint32_t i = 0; i < config->listen_count; i++) {
        free(config->listen[i]);
    }
    for (uint32_t i = 0; i < config->announce_count; i++) {
        free(config->announce[i]);
    }
    for (uint32_t i = 0; i < config->http.cors_count; i++) {
        free(config->http.cors[i]);
    }
    free(config->http.cors);
    free(config->http.listen);
    free(config->http.tls_certificate);
    free(config->http.tls_key);
    free(config->http.dsp_default_policy);
    free(config->listen);
    free(config->announce);
    free(config->region);
    free(config->operator_name);
    free(config);
}

static void append(struct fc_buf *out, const char *text)
{
    fc_buf_append(out, text, strlen(text));
}

/* A character of valid UTF-8, and on to the next. */
static uint32_t next_character(const char **text)
{
    const uint8_t *at = (const uint8_t *)*text;
    unsigned more = at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
    uint32_t c = more ? at[0] & (0x3fu >> more) : at[0];
    unsigned i = 1;
    for (; i <= more && at[i]; i++) {
        c = c << 6 | (at[i] & 0x3f);
    }
    *text += i;
    return c;
}

/* Controls, ends of lines and marks are lost or no YAML between single quotes. */
static bool is_plain(uint32_t c)
{
    return c >= ' ' && (c < 0x7f || c >= 0xa0) && c != 0x2028 && c != 0x2029 && c != 0xfeff &&
           c != 0xfffe && c != 0xffff;
}

static bool all_plain(const char *text)
{
    while (*text) {
        if (!is_plain(next_character(&text))) {
            return false;
        }
    }
    return true;
}

static void append_escaped(struct fc_buf *out, const char *text)
{
    append(out, "\"");
    while (*text) {
        char escape[16];
        uint32_t c = next_character(&text);
        bool as_is = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
        snprintf(escape, sizeof escape, as_is ? "%c" : "\\U%08x", (unsigned)c);
        append(out, escape);
    }
    append(out, "\"");
}

/* A quoted YAML scalar. */
static void append_quoted(struct fc_buf *out, const char *text)
{
    if (!all_plain(text)) {
        append_escaped(out, text);
        return;
    }
    append(out, "'");
    for (; *text; text++) {
        fc_buf_append(out, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
    }
    append(out, "'");
}

static void append_list(struct fc_buf *out, const char *name, char *const *list, uint32_t count)
{
    append(out, name);
    append(out, count ? ":\n" : ": []\n");
    for (uint32_t i = 0; i < count; i++) {
        append(out, "    - ");
        append_quoted(out, list[i]);
        append(out, "\n");
    }
}

static void append_http(struct fc_buf *out, const struct fc_config_http *http)
{
    char numbers[256];
    if (http->listen_given) {
        append(out, "  listen: ");
        append_quoted(out, http->listen);
        append(out, "\n");
    }
    if (http->tls_certificate[0]) {
        append(out, "  tls_certificate: ");
        append_quoted(out, http->tls_certificate);
        append(out, "\n  tls_key: ");
        append_quoted(out, http->tls_key);
        append(out, "\n");
    }
    if (http->dsp_default_policy[0]) {
        append(out, "  dsp_default_policy: ");
        append_quoted(out, http->dsp_default_policy);
        append(out, "\n");
    }
    append_list(out, "  cors", http->cors, http->cors_count);
    snprintf(numbers, sizeof numbers,
             "  threads: %u\n  connections_max: %u\n  connections_per_address_max: %u # 0: no "
             "limit\n  request_seconds: %u\n  rate_per_second: %u # 0: the default\n",
             http->threads, http->connections_max, http->connections_per_address_max,
             http->request_seconds, http->rate_per_second);
    append(out, numbers);
}

enum fc_err fc_config_write(const struct fc_config *config, struct fc_buf *out)
{
    char number[128];
    append(out, "# A fedcat node. fedcat.yaml(5) explains every line.\n\n"
                "# Where it takes connections; empty: it only dials out.\n");
    append_list(out, "listen", config->listen, config->listen_count);
    append(out, "# As others reach it, when that differs (behind a gateway, or a wildcard).\n");
    append_list(out, "announce", config->announce, config->announce_count);
    append(out, "region: ");
    append_quoted(out, config->region);
    append(out, "\n# Its operator's feed key: keys/feed-<operator>.key\noperator: ");
    append_quoted(out, config->operator_name);
    append(out, "\nlog:\n  format: ");
    append(out, formats[config->log.format].str);
    append(out, "        # text or json\n  level: ");
    append(out, levels[config->log.level].str);
    append(out, "         # error, warning, info or debug\n");
    append(out, "\n# The API; by default at 127.0.0.1:7480. listen '': none. For others than this "
                "machine's\n# own it wants TLS, or a proxy in front.\nhttp:\n");
    append_http(out, &config->http);
    snprintf(number, sizeof number,
             "checkpoint_seconds: %u # between signed checkpoints at least; 0: none\n"
             "peers_max: %u         # 0: the default\n",
             config->checkpoint_seconds, config->peers_max);
    append(out, number);
    return fc_buf_check(out);
}
