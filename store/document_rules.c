#include "store/document_rules.h"

#include <string.h>
#include <strings.h>

static const struct fc_document_rule rules[FC_FIELD_COUNT] = {
    [FC_FIELD_NAME] = {.names = {"legalName", "name", "title", "serviceTitle", "prefLabel", "label",
                                 "displayName"}},
    [FC_FIELD_DESCRIPTION] = {.names = {"description", "serviceDescription", "abstract", "comment",
                                        "definition"}},
    [FC_FIELD_PROVIDER] = {.names = {"providedBy", "provider", "publisher", "producedBy",
                                     "maintainedBy", "maintainer", "offeredBy", "operatedBy",
                                     "ownedBy", "copyrightOwnedBy", "tenantOwnedBy",
                                     "participantId", "creator", "manufacturedBy"},
                           .iris = true},
    [FC_FIELD_COUNTRY] = {.names = {"legalAddress", "headquartersAddress", "headquarterAddress",
                                    "legalAddress.countryCode", "headquarterAddress.countryCode",
                                    "headquartersAddress.countryCode", "countryCode", "country",
                                    "addressCountryCode", "address", "hasAddress", "location",
                                    "vatID-countryCode"},
                          .inside = {"countryCode", "addressCountryCode", "country", "country-name",
                                     "countrySubdivisionCode", "addressCode", "addressCountry"},
                          .via = {"providedBy", "publisher"},
                          .iris = true},
    [FC_FIELD_TERMS] = {.names = {"termsAndConditions", "serviceOfferingTermsAndConditions",
                                  "serviceTermsAndConditions", "usageTermsAndConditions",
                                  "termsOfService"},
                        .inside = {"url", "URL", "content", "value"},
                        .iris = true},
    [FC_FIELD_ENDPOINT] = {.names = {"endpoint", "endpointURL", "serviceAccessPoint",
                                     "defaultEndpoint", "serviceEndpoint", "edc_endpoint",
                                     "openAPI", "accessURL", "downloadURL", "landingPage"},
                           .inside = {"endpointURL", "url", "URL", "openAPI", "host", "accessURL",
                                      "serviceEndpoint", "uri"},
                           .via = {"service", "distribution", "accessService", "exposedThrough"},
                           .iris = true},
    [FC_FIELD_LICENSE] = {.names = {"license", "licence", "licenses", "dataLicense"},
                          .inside = {"identifier", "url", "name"},
                          .via = {"distribution", "aggregationOf", "aggregationOfResources"},
                          .iris = true},
    [FC_FIELD_LANGUAGE] = {.names = {"language", "inLanguage", "languages"}, .iris = true},
    [FC_FIELD_VALID_FROM] = {.names = {"validFrom", "issuanceDate", "issued", "startDate"}},
    [FC_FIELD_VALID_UNTIL] = {.names = {"validUntil", "expirationDate", "expirationDateTime",
                                        "endDate"}},
    [FC_FIELD_KEYWORDS] = {.names = {"keyword", "keywords", "tags", "tag"}},
    [FC_FIELD_THEMES] = {.names = {"theme", "themes", "category", "domain", "dataDomain",
                                   "serviceType", "subject", "hvdCategory"},
                         .inside = {"prefLabel", "name"},
                         .iris = true},
    [FC_FIELD_LABELS] = {.names = {"labelLevel", "complianceLabel", "certifications",
                                   "certification", "complianceReferenceTitle", "schemeName"},
                         .inside = {"text", "title", "name", "description", "meaning"},
                         .iris = true},
    [FC_FIELD_STANDARDS] = {.names = {"conformsTo", "standardConformity"},
                            .inside = {"title", "name", "description"},
                            .iris = true},
};

/* Ranks: what is offered before who offers it, that before statements about either. */
static const struct fc_document_kind kinds[] = {
    {"Catalog", "dataset", 2, false, true},
    {"Catalogue", "dataset", 2, false, true},
    {"Dataset", "dataset", 3, false, true},
    {"DatasetSeries", "dataset", 3, false, true},
    {"DataProduct", "dataset", 3, false, false},
    {"DataProductCatalogue", "service", 1, false, false},
    {"DataService", "data service", 4, false, true},
    {"DataSpaceConnector", "data service", 4, false, false},
    {"DataExchangeComponent", "data service", 4, false, false},
    {"Distribution", "other", 9, false, true},
    {"CatalogRecord", "other", 9, false, true},
    {"SoftwareOffering", "service", 1, false, false},
    {"ServiceOfferingExperimental", "service", 1, false, false},
    {"ServiceOffering", "service", 1, true, false},
    {"ServiceAccessPoint", "resource", 6, false, false},
    {"Datacenter", "resource", 5, false, false},
    {"AvailabilityZone", "resource", 5, false, false},
    {"Region", "resource", 5, false, false},
    {"PointOfPresence", "resource", 5, false, false},
    {"InternetExchangePoint", "resource", 5, false, false},
    {"CodeArtifact", "resource", 5, false, false},
    {"ComputeFunctionTemplate", "resource", 5, false, false},
    {"Hypervisor", "resource", 5, false, false},
    {"OperatingSystem", "resource", 5, false, false},
    {"Image", "resource", 5, true, false},
    {"Resource", "resource", 5, true, false},
    {"LegalPerson", "participant", 7, false, false},
    {"LegalParticipant", "participant", 7, false, false},
    {"NaturalPerson", "participant", 7, false, false},
    {"NaturalParticipant", "participant", 7, false, false},
    {"Participant", "participant", 7, false, false},
    {"InternetServiceProvider", "participant", 7, false, false},
    {"Organization", "participant", 7, false, false},
    {"LegalEntity", "participant", 7, false, false},
    {"Provider", "participant", 7, false, false},
    {"Agent", "participant", 7, false, false},
    {"ComplianceCredential", "compliance", 8, false, false},
    {"LabelCredential", "compliance", 8, false, false},
    {"CompliantCredential", "compliance", 8, false, false},
    {"compliance", "compliance", 8, false, false},
    {"gaiaxCompliance", "compliance", 8, false, false},
    {"RegistrationNumber", "credential", 10, true, false},
    {"VatID", "credential", 10, false, false},
    {"LeiCode", "credential", 10, false, false},
    {"EORI", "credential", 10, false, false},
    {"EUID", "credential", 10, false, false},
    {"TaxID", "credential", 10, false, false},
    {"CountryCompanyNumber", "credential", 10, false, false},
    {"TermsAndConditions", "credential", 10, true, false},
    {"Issuer", "credential", 10, false, false},
};
static const struct fc_document_kind unknown = {"", "other", 9, false, false};

const struct fc_document_rule *fc_document_rule(enum fc_document_field field)
{
    return &rules[field];
}

static bool matches(const struct fc_document_kind *kind, const char *type)
{
    size_t len = strlen(type), want = strlen(kind->type);
    if (len < want || (!kind->suffix && len != want))
        return false;
    return strcasecmp(type + (len - want), kind->type) == 0;
}

const struct fc_document_kind *fc_document_kind(const char *local_type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (matches(&kinds[i], local_type))
            return &kinds[i];
    return &unknown;
}

bool fc_document_is_offer(struct fc_span kind)
{
    static const char *const offers[] = {"service", "data service", "dataset", "resource"};
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++)
        if (fc_span_eq(kind, fc_span_str(offers[i])))
            return true;
    return false;
}

static const char *const themes[][2] = {
    {"agri", "Agriculture, fisheries, forestry and food"},
    {"econ", "Economy and finance"},
    {"educ", "Education, culture and sport"},
    {"ener", "Energy"},
    {"envi", "Environment"},
    {"gove", "Government and public sector"},
    {"heal", "Health"},
    {"intr", "International issues"},
    {"just", "Justice, legal system and public safety"},
    {"regi", "Regions and cities"},
    {"soci", "Population and society"},
    {"tech", "Science and technology"},
    {"tran", "Transport"},
};

const char *fc_document_theme(struct fc_span code)
{
    for (size_t i = 0; i < sizeof themes / sizeof themes[0]; i++)
        if (fc_span_eq(code, fc_span_str(themes[i][0])))
            return themes[i][1];
    return NULL;
}

static const char *const countries[][2] = {
    {"AUT", "AT"}, {"BEL", "BE"}, {"BGR", "BG"}, {"CHE", "CH"}, {"CYP", "CY"}, {"CZE", "CZ"},
    {"DEU", "DE"}, {"DNK", "DK"}, {"ESP", "ES"}, {"EST", "EE"}, {"FIN", "FI"}, {"FRA", "FR"},
    {"GBR", "GB"}, {"GRC", "GR"}, {"HRV", "HR"}, {"HUN", "HU"}, {"IRL", "IE"}, {"ISL", "IS"},
    {"ITA", "IT"}, {"LIE", "LI"}, {"LTU", "LT"}, {"LUX", "LU"}, {"LVA", "LV"}, {"MLT", "MT"},
    {"NLD", "NL"}, {"NOR", "NO"}, {"POL", "PL"}, {"PRT", "PT"}, {"ROU", "RO"}, {"SRB", "RS"},
    {"SVK", "SK"}, {"SVN", "SI"}, {"SWE", "SE"}, {"TUR", "TR"}, {"UKR", "UA"},
};

const char *fc_document_country(const char *alpha3)
{
    for (size_t i = 0; i < sizeof countries / sizeof countries[0]; i++)
        if (strcmp(countries[i][0], alpha3) == 0)
            return countries[i][1];
    return NULL;
}

static const char *const languages[][2] = {
    {"bul", "bg"}, {"ces", "cs"}, {"cze", "cs"}, {"dan", "da"}, {"deu", "de"}, {"ger", "de"},
    {"ell", "el"}, {"gre", "el"}, {"eng", "en"}, {"spa", "es"}, {"est", "et"}, {"fin", "fi"},
    {"fra", "fr"}, {"fre", "fr"}, {"gle", "ga"}, {"hrv", "hr"}, {"hun", "hu"}, {"isl", "is"},
    {"ice", "is"}, {"ita", "it"}, {"lav", "lv"}, {"lit", "lt"}, {"mlt", "mt"}, {"nld", "nl"},
    {"dut", "nl"}, {"nob", "nb"}, {"nno", "nn"}, {"nor", "no"}, {"pol", "pl"}, {"por", "pt"},
    {"ron", "ro"}, {"rum", "ro"}, {"slk", "sk"}, {"slo", "sk"}, {"slv", "sl"}, {"sqi", "sq"},
    {"srp", "sr"}, {"swe", "sv"}, {"tur", "tr"}, {"ukr", "uk"},
};

const char *fc_document_language(const char *alpha3)
{
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (strcasecmp(languages[i][0], alpha3) == 0)
            return languages[i][1];
    return NULL;
}
