#include "node/dsp_dataset.h"

#include <ctype.h>
#include <string.h>

#include "store/document_text.h"

enum { DISTRIBUTIONS_MAX = 64, FORMAT_BYTES_MAX = 256, IRI_BYTES_MAX = 2048 };

void fc_dsp_context(struct fc_json *json)
{
    fc_json_array(json, "@context");
    fc_json_text(json, NULL, "https://w3id.org/dspace/2025/1/context.jsonld");
    fc_json_end(json);
}

/* -- reading ----------------------------------------------------------------------------------- */

static bool is_offered(const char *kind)
{
    static const char *const kinds[] = {"service", "dataset", "data service", "resource"};
    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

enum fc_err fc_dsp_offer_read(struct fc_span key, const struct fc_hash *participant,
                              struct fc_span content, struct fc_dsp_offer *out,
                              enum fc_dsp_outcome *outcome)
{
    *out = (struct fc_dsp_offer){.key = key, .participant = *participant};
    enum fc_err err = fc_document_read(content, &out->document, NULL);
    *outcome = err == FC_OK && is_offered(out->document.kind) ? FC_DSP_DATASET : FC_DSP_OTHER;
    return err == FC_E_NOMEM ? err : FC_OK;
}

void fc_dsp_offer_finish(struct fc_dsp_offer *offer)
{
    fc_document_finish(&offer->document);
}

/* -- distributions ----------------------------------------------------------------------------- */

static const char *iri_of(const struct fc_json_value *value)
{
    value = fc_statement_at(value, 0);
    const char *text = fc_statement_id(value);
    text = text ? text : fc_statement_text(value);
    return text && strlen(text) <= IRI_BYTES_MAX && fc_iri_ok(text) ? text : NULL;
}

static void write_format(struct fc_json *json, const struct fc_json_value *distribution,
                         const char *endpoint)
{
    static const char *const names[] = {"format", "mediaType", "encodingFormat"};
    char scheme[32];
    size_t len = strcspn(endpoint, ":");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct fc_json_value *value =
            fc_statement_at(fc_statement_get(distribution, names[i]), 0);
        const char *text = fc_statement_id(value);
        text = text ? text : fc_statement_text(value);
        if (text && text[0] && strlen(text) <= FORMAT_BYTES_MAX) {
            fc_json_text(json, "format", text);
            return;
        }
    }
    len = len < sizeof scheme ? len : sizeof scheme - 1;
    for (size_t i = 0; i < len; i++) {
        scheme[i] = (char)tolower((unsigned char)endpoint[i]);
    }
    fc_json_span(json, "format", fc_span(scheme, len));
}

/* A service is another thing than the dataset it gives access to: where it has no identifier, or
 * the dataset's, it gets one that follows from the dataset's. */
static void write_service_id(struct fc_json *json, struct fc_span key, const char *id)
{
    struct fc_buf own = {0};
    if (id && !fc_span_eq(fc_span_str(id), key)) {
        fc_json_text(json, "@id", id);
        return;
    }
    const char *ending = key.len > 0 && memchr(key.data, '#', key.len) ? "-access" : "#access";
    fc_buf_append(&own, key.data, key.len);
    fc_buf_append(&own, ending, strlen(ending));
    fc_json_span(json, "@id", own.failed ? key : fc_buf_span(&own));
    fc_buf_finish(&own);
}

static void write_service(struct fc_json *json, struct fc_span key, const char *id,
                          const char *endpoint)
{
    fc_json_object(json, "accessService");
    write_service_id(json, key, id);
    fc_json_text(json, "@type", "DataService");
    fc_json_text(json, "endpointURL", endpoint);
    fc_json_end(json);
}

/* False when it says nowhere where it is to be had. */
static bool write_distribution(struct fc_json *json, const struct fc_statement *statement,
                               const struct fc_json_value *distribution, struct fc_span key)
{
    const struct fc_json_value *service =
        fc_statement_at(fc_statement_get(distribution, "accessService"), 0);
    if (service && !fc_statement_get(service, "endpointURL")) {
        service = fc_statement_resolve(statement, service); /* a reference */
    }
    const char *endpoint = iri_of(fc_statement_get(service, "endpointURL"));
    const char *id = endpoint ? iri_of(service) : NULL;
    static const char *const names[] = {"accessURL", "downloadURL"};
    for (size_t i = 0; !endpoint && i < sizeof names / sizeof names[0]; i++) {
        endpoint = iri_of(fc_statement_get(distribution, names[i]));
    }
    if (!endpoint) {
        return false;
    }
    fc_json_object(json, NULL);
    fc_json_text(json, "@type", "Distribution");
    write_format(json, distribution, endpoint);
    write_service(json, key, id ? id : endpoint, endpoint);
    fc_json_end(json);
    return true;
}

/* Those the document lists; else, of a service, its address. False when there is none. */
static bool write_distributions(struct fc_json *json, const struct fc_statement *statement,
                                const struct fc_json_value *node, const struct fc_dsp_offer *offer)
{
    const struct fc_json_value *list = fc_statement_get(node, "distribution");
    const char *endpoint = offer->document.endpoint;
    size_t count = fc_statement_count(list), written = 0;
    fc_json_array(json, "distribution");
    for (size_t i = 0; i < count && i < DISTRIBUTIONS_MAX; i++) {
        const struct fc_json_value *one = fc_statement_at(list, i);
        written +=
            write_distribution(json, statement, fc_statement_resolve(statement, one), offer->key);
    }
    if (written == 0 && endpoint && fc_iri_ok(endpoint) && strlen(endpoint) <= IRI_BYTES_MAX) {
        fc_json_object(json, NULL);
        fc_json_text(json, "@type", "Distribution");
        write_format(json, node, endpoint);
        write_service(json, offer->key, NULL, endpoint);
        fc_json_end(json);
        written++;
    }
    fc_json_end(json);
    return written > 0;
}

/* -- the rest ---------------------------------------------------------------------------------- */

static void write_text(struct fc_json *json, const char *name, const char *text)
{
    if (text && text[0]) {
        fc_json_text(json, name, text);
    }
}

static void write_iri(struct fc_json *json, const char *name, const char *iri)
{
    if (iri && fc_iri_ok(iri)) {
        fc_json_object(json, name);
        fc_json_text(json, "@id", iri);
        fc_json_end(json);
    }
}

/* DCAT's own words: the protocol's context has its prefixes. */
static void write_about(struct fc_json *json, const struct fc_dsp_offer *offer)
{
    const struct fc_document *document = &offer->document;
    char urn[96] = "urn:fedcat:participant:";
    fc_hex(offer->participant.b, 32, urn + strlen(urn));
    write_text(json, "dct:title", document->name);
    write_text(json, "dct:description", document->description);
    write_iri(json, "dct:publisher", document->provider);
    write_iri(json, "dct:license", document->license);
    write_text(json, "dct:language", document->language);
    if (document->keyword_count > 0) {
        fc_json_array(json, "dcat:keyword");
        for (uint32_t i = 0; i < document->keyword_count; i++) {
            fc_json_text(json, NULL, document->keywords[i]);
        }
        fc_json_end(json);
    }
    write_iri(json, "dct:provenance", urn);
}

static enum fc_err write_policies(struct fc_json *json, const struct fc_statement *statement,
                                  const struct fc_json_value *node,
                                  const struct fc_dsp_offer *offer, struct fc_span default_policy,
                                  enum fc_dsp_outcome *outcome)
{
    const char *ids[FC_DOCUMENT_SUBJECTS_MAX + 1];
    struct fc_dsp_own own = {.ids = ids};
    struct fc_buf policies = {0};
    enum fc_dsp_policy found = FC_DSP_POLICY_NONE;
    ids[own.count++] = offer->document.key;
    for (uint32_t i = 0; i < offer->document.subject_count; i++) {
        ids[own.count++] = offer->document.subjects[i];
    }
    enum fc_err err = fc_dsp_policy_write(statement, node, &own, offer->key, &policies, &found);
    if (found == FC_DSP_POLICY_OFFERS) {
        fc_json_made(json, "hasPolicy", fc_buf_span(&policies));
    } else if (found == FC_DSP_POLICY_NONE && default_policy.len > 0) {
        fc_json_made(json, "hasPolicy", default_policy);
    } else {
        *outcome = found == FC_DSP_POLICY_NONE ? FC_DSP_NO_POLICY : FC_DSP_FOREIGN;
    }
    fc_buf_finish(&policies);
    return err;
}

enum fc_err fc_dsp_dataset_write(const struct fc_dsp_offer *offer, struct fc_span content,
                                 struct fc_span default_policy, bool root, struct fc_buf *out,
                                 enum fc_dsp_outcome *outcome)
{
    struct fc_statement statement;
    struct fc_json *json = fc_json_create();
    struct fc_buf made = {0};
    *outcome = FC_DSP_DATASET;
    enum fc_err err = fc_statement_read(content, &statement);
    const struct fc_json_value *node = err == FC_OK ? fc_statement_main(&statement, NULL) : NULL;
    if (!node) {
        *outcome = FC_DSP_OTHER;
        err = err == FC_E_NOMEM ? err : FC_OK;
        goto out;
    }
    fc_json_object(json, NULL);
    if (root) {
        fc_dsp_context(json);
    }
    fc_json_span(json, "@id", offer->key);
    fc_json_text(json, "@type", "Dataset");
    write_about(json, offer);
    err = write_policies(json, &statement, node, offer, default_policy, outcome);
    if (*outcome == FC_DSP_DATASET && !write_distributions(json, &statement, node, offer)) {
        *outcome = FC_DSP_NO_ENDPOINT;
    }
    if (err == FC_OK) {
        err = fc_json_write(json, &made);
    }
    if (err == FC_OK && *outcome == FC_DSP_DATASET) {
        fc_buf_append(out, made.data, made.len);
        err = fc_buf_check(out);
    }
out:
    fc_statement_finish(&statement);
    fc_buf_finish(&made);
    fc_json_destroy(json);
    return err;
}
