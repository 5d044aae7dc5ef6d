#include "tests/bench/offers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OFFER_BYTES = 2084 };

static const char *const words[] = {
    "managed",     "storage",   "regional",  "hospital",   "imaging",   "forecast",  "grid",
    "tariff",      "archive",   "container", "cluster",    "encrypted", "retention", "harvest",
    "soil",        "moisture",  "vehicle",   "telemetry",  "platform",  "ledger",    "invoice",
    "payment",     "municipal", "permit",    "registry",   "warehouse", "robotics",  "assembly",
    "sensor",      "gateway",   "latency",   "analytics",  "notebook",  "pipeline",  "metadata",
    "catalogue",   "consent",   "patient",   "pathology",  "triage",    "charging",  "station",
    "timetable",   "freight",   "customs",   "parcel",     "elevator",  "heating",   "insulation",
    "household",   "metering",  "balancing", "turbine",    "offshore",  "biomass",   "crop",
    "vineyard",    "livestock", "traceable", "certified",  "sovereign", "federated", "portable",
    "compliance",  "audit",     "identity",  "credential", "wallet",    "signature", "timestamp",
    "replica",     "snapshot",  "restore",   "failover",   "bandwidth", "peering",   "anycast",
    "translation", "speech",    "document",  "extraction", "inference", "training",  "accelerator",
    "simulation",  "twin",      "geometry",  "topography", "satellite", "imagery",   "weather",
    "alert",       "flood",     "wildfire",  "mobility",   "ticketing", "parking",   "cycling",
};
static const char *const joins[] = {"for", "with", "and", "of", "in", "under", "across", "beside"};
static const char *const openings[] = {"Our", "A", "The", "Every", "Your", "This"};
static const char *const countries[] = {"FR", "DE", "IT", "ES", "NL", "BE", "PL", "FI", "PT", "AT"};
static const char *const domains[] = {"health",       "industry-4-0", "finance",  "public-sector",
                                      "smart-living", "energy",       "mobility", "agriculture"};

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static const char *word(uint64_t *state)
{
    return words[next(state) % (sizeof words / sizeof words[0])];
}

__attribute__((format(printf, 2, 3))) static void say(struct fc_buf *out, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    int len = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fc_buf_append(out, text, (size_t)len);
}

void offer_key(uint64_t number, struct fc_buf *out)
{
    uint64_t state = number * 7919 + 11;
    unsigned provider = (unsigned)(number % 997);
    say(out, "https://provider-%03u.example/offers/%s-%s-%06x", provider, word(&state),
        word(&state), (unsigned)number);
}

static void prose(struct fc_buf *out, uint64_t *state, size_t until)
{
    bool first = true;
    unsigned run = 0;
    while (out->len < until) {
        if (first)
            say(out, "%s %s", openings[next(state) % 6], word(state));
        else if (run % 4 == 3)
            say(out, " %s %s", joins[next(state) % 8], word(state));
        else
            say(out, " %s", word(state));
        first = false;
        if (++run == 11) {
            say(out, ". ");
            run = 0;
            first = true;
        }
    }
}

static void head(struct fc_buf *out, uint64_t number, uint32_t revision, uint64_t *state)
{
    unsigned provider = (unsigned)(number % 997);
    say(out, "{\"@context\":[\"https://www.w3.org/ns/credentials/v2\","
             "\"https://w3id.org/gaia-x/2511#\"],\"id\":\"");
    offer_key(number, out);
    say(out,
        "\",\"type\":[\"VerifiableCredential\",\"gx:ServiceOffering\"],\"issuer\":"
        "\"did:web:provider-%03u.example\",\"validFrom\":\"20%02u-%02u-%02uT%02u:%02u:00Z\","
        "\"validUntil\":\"20%02u-12-31T23:59:59Z\",",
        provider, 24 + (unsigned)(next(state) % 3), 1 + (unsigned)(next(state) % 12),
        1 + (unsigned)(next(state) % 28), (unsigned)(next(state) % 24),
        (unsigned)(next(state) % 60), 28 + (unsigned)(next(state) % 3));
    say(out, "\"credentialSubject\":{\"id\":\"");
    offer_key(number, out);
    say(out,
        "#cs\",\"type\":\"gx:ServiceOffering\",\"gx:providedBy\":{\"id\":"
        "\"https://provider-%03u.example/participant.json#cs\"},",
        provider);
    say(out, "\"gx:name\":\"%s %s %s %u\",\"gx:version\":\"%u.%u.%u\",", word(state), word(state),
        word(state), (unsigned)(next(state) % 9000), 1 + revision, (unsigned)(next(state) % 20),
        (unsigned)(next(state) % 40));
    say(out, "\"gx:keyword\":[\"%s\",\"%s\",\"%s\",\"%s\"],\"dcat:theme\":\"%s\",", word(state),
        word(state), word(state), word(state), domains[next(state) % 8]);
}

static void terms(struct fc_buf *out, uint64_t *state)
{
    say(out,
        "\"gx:serviceOfferingTermsAndConditions\":{\"type\":\"gx:TermsAndConditions\","
        "\"gx:url\":\"https://legal.example/%s/%s-%u\",\"gx:hash\":\"%016llx%016llx\"},",
        word(state), word(state), (unsigned)(next(state) % 900), (unsigned long long)next(state),
        (unsigned long long)next(state));
    say(out,
        "\"gx:dataAccountExport\":{\"type\":\"gx:DataAccountExport\",\"gx:requestType\":\"API\","
        "\"gx:accessType\":\"digital\",\"gx:formatType\":\"application/json\"},"
        "\"gx:endpoint\":{\"type\":\"gx:Endpoint\",\"gx:endpointURL\":"
        "\"https://api.%s.example/v%u/%s\",\"gx:standardConformity\":\"https://%s.example/std\"},"
        "\"gx:legalAddress\":{\"type\":\"gx:Address\",\"gx:countryCode\":\"%s\"},",
        word(state), 1 + (unsigned)(next(state) % 4), word(state), word(state),
        countries[next(state) % 10]);
    say(out,
        "\"gx:servicePolicy\":{\"@type\":\"odrl:Offer\",\"odrl:permission\":[{\"odrl:action\":"
        "\"odrl:use\",\"odrl:constraint\":{\"odrl:leftOperand\":\"odrl:spatial\","
        "\"odrl:operator\":\"odrl:eq\",\"odrl:rightOperand\":\"%s\"}}]},",
        countries[next(state) % 10]);
}

void offer_write(uint64_t number, uint32_t revision, struct fc_buf *out)
{
    uint64_t state = number * 1000003 + revision;
    size_t start = out->len;
    size_t goal = OFFER_BYTES - 120 + next(&state) % 241;
    head(out, number, revision, &state);
    terms(out, &state);
    say(out, "\"gx:integrity\":\"sha256-");
    for (int i = 0; i < 4; i++)
        say(out, "%016llx", (unsigned long long)next(&state));
    say(out, "\",\"gx:serial\":\"%016llx%08x\",", (unsigned long long)next(&state),
        (unsigned)next(&state));
    say(out, "\"gx:description\":{\"@language\":\"en\",\"@value\":\"");
    prose(out, &state, start + goal - 8);
    say(out, "\"}}}");
}
