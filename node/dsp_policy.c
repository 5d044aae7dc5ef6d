#include "node/dsp_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/document_text.h"

static const char odrl[] = "http://www.w3.org/ns/odrl/2/";

struct writing {
    const struct fc_statement *statement; /* NULL: references are to nothing */
    const struct fc_dsp_own *own;
    struct fc_json *json;
    bool foreign; /* something that cannot be said */
};

/* A word of ODRL's own without its namespace; any other as it is. */
static const char *word(const char *text)
{
    if (text && strncmp(text, odrl, sizeof odrl - 1) == 0) {
        return text + sizeof odrl - 1;
    }
    return text && strncmp(text, "odrl:", 5) == 0 ? text + 5 : text;
}

static const char *word_of(const struct fc_json_value *value)
{
    value = fc_statement_count(value) == 1 ? fc_statement_at(value, 0) : NULL;
    const char *text = fc_statement_id(value);
    return word(text ? text : fc_statement_text(value));
}

static bool is_listed(const char *text, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(text, *list) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether all members of an object are among those named. Keywords about names are no content. */
static bool only(const struct fc_json_value *object, const char *const *names)
{
    const struct fc_json_value *value;
    void *cursor = NULL;
    for (const char *key; (key = fc_json_next(object, &cursor, &value));) {
        const char *local = key[0] == '@' ? key : fc_iri_local(key);
        if (strcmp(key, "@context") != 0 && !is_listed(local, names)) {
            return false;
        }
    }
    return fc_json_kind(object) == FC_JSON_OBJECT;
}

/* -- constraints ------------------------------------------------------------------------------- */

static void write_right_operand(struct writing *w, const struct fc_json_value *value)
{
    struct fc_buf text = {0};
    switch (fc_json_kind(value)) {
    case FC_JSON_TEXT:
        fc_json_text(w->json, "rightOperand", fc_json_as_text(value));
        return;
    case FC_JSON_OBJECT:
    case FC_JSON_ARRAY:
    case FC_JSON_INT:
    case FC_JSON_REAL:
    case FC_JSON_BOOL:
        break;
    case FC_JSON_NONE:
    case FC_JSON_NULL:
        w->foreign = true;
        return;
    }
    bool bare = fc_json_kind(value) != FC_JSON_OBJECT && fc_json_kind(value) != FC_JSON_ARRAY;
    if (fc_json_dump(value, &text) != FC_OK) {
        w->foreign = true;
    } else if (bare) { /* the schema has room for a number only as a JSON-LD value */
        fc_json_object(w->json, "rightOperand");
        fc_json_made(w->json, "@value", fc_buf_span(&text));
        fc_json_end(w->json);
    } else {
        fc_json_made(w->json, "rightOperand", fc_buf_span(&text));
    }
    fc_buf_finish(&text);
}

static void write_atomic(struct writing *w, const struct fc_json_value *constraint)
{
    static const char *const known[] = {
        "@id",          "id",       "uid",  "@type",       "type", "operator",
        "rightOperand", "dataType", "unit", "leftOperand", NULL};
    static const char *const operators[] = {"eq",  "gt",        "gteq",    "lteq",     "hasPart",
                                            "isA", "isAllOf",   "isAnyOf", "isNoneOf", "isPartOf",
                                            "lt",  "term-lteq", "neq",     NULL};
    const char *left = word_of(fc_statement_get(constraint, "leftOperand"));
    const char *op = word_of(fc_statement_get(constraint, "operator"));
    const char *unit = word_of(fc_statement_get(constraint, "unit"));
    const char *type = word_of(fc_statement_get(constraint, "dataType"));
    if (!only(constraint, known) || !left || !op || !is_listed(op, operators)) {
        w->foreign = true;
        return;
    }
    fc_json_text(w->json, "leftOperand", left);
    fc_json_text(w->json, "operator", op);
    write_right_operand(w, fc_statement_get(constraint, "rightOperand"));
    if (unit) {
        fc_json_text(w->json, "unit", unit);
    }
    if (type) {
        fc_json_text(w->json, "dataType", type);
    }
}

static void write_constraints(struct writing *w, const char *key, const struct fc_json_value *list,
                              unsigned depth);

static void write_constraint(struct writing *w, const struct fc_json_value *constraint,
                             unsigned depth)
{
    static const char *const logical[] = {"and", "andSequence", "or", "xone"};
    static const char *const known[] = {"@id", "id",          "uid", "@type", "type",
                                        "and", "andSequence", "or",  "xone",  NULL};
    const struct fc_json_value *list = NULL;
    const char *name = NULL;
    size_t count = 0;
    for (size_t i = 0; i < sizeof logical / sizeof logical[0]; i++) {
        const struct fc_json_value *found = fc_statement_get(constraint, logical[i]);
        list = found ? found : list;
        name = found ? logical[i] : name;
        count += found != NULL;
    }
    fc_json_object(w->json, NULL);
    if (count == 0) {
        write_atomic(w, constraint);
    } else if (count > 1 || !only(constraint, known)) {
        w->foreign = true;
    } else {
        const struct fc_json_value *inner = fc_json_get(list, "@list");
        write_constraints(w, name, inner ? inner : list, depth + 1);
    }
    fc_json_end(w->json);
}

static void write_constraints(struct writing *w, const char *key, const struct fc_json_value *list,
                              unsigned depth)
{
    size_t count = fc_statement_count(list);
    if (count > FC_DSP_CONSTRAINTS_MAX || depth > FC_DSP_CONSTRAINT_DEPTH_MAX) {
        w->foreign = true;
        return;
    }
    fc_json_array(w->json, key);
    for (size_t i = 0; i < count; i++) {
        const struct fc_json_value *one = fc_statement_at(list, i);
        if (w->statement) {
            one = fc_statement_resolve(w->statement, one);
        }
        write_constraint(w, one, depth);
    }
    fc_json_end(w->json);
}

/* -- rules ------------------------------------------------------------------------------------- */

/* A rule is about the dataset it stands in, and says so or not. */
static void check_target(struct writing *w, const struct fc_json_value *target)
{
    for (size_t i = 0; i < fc_statement_count(target); i++) {
        const char *id = fc_statement_id(fc_statement_at(target, i));
        bool own = false;
        for (size_t k = 0; id && k < w->own->count; k++) {
            own = own || strcmp(w->own->ids[k], id) == 0;
        }
        w->foreign = w->foreign || !own;
    }
}

static void write_party(struct writing *w, const struct fc_json_value *from, const char *name)
{
    const struct fc_json_value *party = fc_statement_get(from, name);
    const char *id = word_of(party);
    if (id) {
        fc_json_text(w->json, name, id);
    } else if (party) {
        w->foreign = true;
    }
}

static void write_duties(struct writing *w, const struct fc_json_value *list);

static void write_rule(struct writing *w, const struct fc_json_value *rule, bool may_have_duties)
{
    static const char *const known[] = {"@id",      "id",         "uid",    "@type",
                                        "type",     "target",     "action", "assigner",
                                        "assignee", "constraint", "duty",   NULL};
    const char *action = word_of(fc_statement_get(rule, "action"));
    const struct fc_json_value *constraints = fc_statement_get(rule, "constraint");
    const struct fc_json_value *duties = fc_statement_get(rule, "duty");
    if (!only(rule, known) || !action || (duties && !may_have_duties)) {
        w->foreign = true;
        return;
    }
    check_target(w, fc_statement_get(rule, "target"));
    fc_json_object(w->json, NULL);
    fc_json_text(w->json, "action", action);
    write_party(w, rule, "assigner");
    write_party(w, rule, "assignee");
    if (constraints) {
        write_constraints(w, "constraint", constraints, 0);
    }
    if (duties) {
        fc_json_array(w->json, "duty");
        write_duties(w, duties);
        fc_json_end(w->json);
    }
    fc_json_end(w->json);
}

static void write_duties(struct writing *w, const struct fc_json_value *list)
{
    size_t count = fc_statement_count(list);
    w->foreign = w->foreign || count > FC_DSP_RULES_MAX;
    for (size_t i = 0; i < count && !w->foreign; i++) {
        write_rule(w, fc_statement_at(list, i), false);
    }
}

static void write_rules(struct writing *w, const struct fc_json_value *policy, const char *name)
{
    const struct fc_json_value *list = fc_statement_get(policy, name);
    size_t count = fc_statement_count(list);
    if (count == 0) {
        return;
    }
    w->foreign = w->foreign || count > FC_DSP_RULES_MAX;
    fc_json_array(w->json, name);
    for (size_t i = 0; i < count && !w->foreign; i++) {
        write_rule(w, fc_statement_at(list, i), true);
    }
    fc_json_end(w->json);
}

/* Obligations; a duty that stands beside the permissions is one. */
static void write_obligations(struct writing *w, const struct fc_json_value *policy)
{
    const struct fc_json_value *obligations = fc_statement_get(policy, "obligation");
    const struct fc_json_value *duties = fc_statement_get(policy, "duty");
    if (fc_statement_count(obligations) + fc_statement_count(duties) == 0) {
        return;
    }
    fc_json_array(w->json, "obligation");
    write_duties(w, obligations);
    write_duties(w, duties);
    fc_json_end(w->json);
}

/* -- policies ---------------------------------------------------------------------------------- */

static const char *identifier(const struct fc_json_value *policy)
{
    const char *id = fc_json_get_text(policy, "@id");
    id = id ? id : fc_statement_id(fc_statement_get(policy, "uid"));
    id = id ? id : fc_json_get_text(policy, "id");
    return id && fc_iri_ok(id) ? id : NULL;
}

static void mint(struct fc_span key, const struct fc_json_value *policy, char out[64])
{
    struct fc_buf text = {0};
    char digits[33];
    fc_buf_append(&text, key.data, key.len);
    fc_buf_append(&text, "\n", 1);
    if (fc_json_dump(policy, &text) != FC_OK) {
        fc_buf_clear(&text);
    }
    struct fc_hash hash = fc_hash("fedcat.offer.1", fc_buf_span(&text));
    fc_hex(hash.b, 16, digits);
    snprintf(out, 64, "urn:fedcat:offer:%s", digits);
    fc_buf_finish(&text);
}

static bool is_offer(const struct fc_json_value *policy)
{
    bool typed = fc_json_get(policy, "@type") || fc_json_get(policy, "type");
    return !typed || fc_statement_is(policy, "Offer") || fc_statement_is(policy, "Set") ||
           fc_statement_is(policy, "Policy");
}

static void write_profile(struct writing *w, const struct fc_json_value *policy)
{
    const struct fc_json_value *profile = fc_statement_get(policy, "profile");
    if (!profile) {
        return;
    }
    fc_json_array(w->json, "profile");
    for (size_t i = 0; i < fc_statement_count(profile); i++) {
        const char *id = fc_statement_id(fc_statement_at(profile, i));
        w->foreign = w->foreign || !id;
        fc_json_text(w->json, NULL, id ? id : "");
    }
    fc_json_end(w->json);
}

static void write_policy(struct writing *w, const struct fc_json_value *policy, struct fc_span key)
{
    static const char *const known[] = {
        "@id",         "id",         "uid",  "@type",    "type",     "profile", "permission",
        "prohibition", "obligation", "duty", "assigner", "assignee", "target",  NULL};
    char made[64];
    const char *id = identifier(policy);
    size_t rules = fc_statement_count(fc_statement_get(policy, "permission")) +
                   fc_statement_count(fc_statement_get(policy, "prohibition"));
    if (!only(policy, known) || !is_offer(policy) || rules == 0) {
        w->foreign = true;
        return;
    }
    if (!id) {
        mint(key, policy, made);
        id = made;
    }
    check_target(w, fc_statement_get(policy, "target"));
    fc_json_object(w->json, NULL);
    fc_json_text(w->json, "@id", id);
    fc_json_text(w->json, "@type", "Offer");
    write_profile(w, policy);
    write_party(w, policy, "assigner");
    write_party(w, policy, "assignee");
    write_rules(w, policy, "permission");
    write_rules(w, policy, "prohibition");
    write_obligations(w, policy);
    fc_json_end(w->json);
}

/* A text that says nothing, as some tools fill the field. */
static bool is_blank(const struct fc_json_value *value)
{
    const char *text = fc_statement_text(value);
    return fc_json_kind(value) == FC_JSON_NULL || (text && text[strspn(text, " \t\r\n")] == 0);
}

enum fc_err fc_dsp_policy_write(const struct fc_statement *statement,
                                const struct fc_json_value *node, const struct fc_dsp_own *own,
                                struct fc_span key, struct fc_buf *out, enum fc_dsp_policy *outcome)
{
    static const char *const names[] = {"hasPolicy", "servicePolicy", "policy"};
    struct writing w = {.statement = statement, .own = own, .json = fc_json_create()};
    struct fc_buf made = {0};
    size_t count = 0;
    fc_json_array(w.json, NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct fc_json_value *list = fc_statement_get(node, names[i]);
        for (size_t k = 0; k < fc_statement_count(list) && !w.foreign; k++) {
            const struct fc_json_value *policy = fc_statement_at(list, k);
            if (!is_blank(policy)) {
                w.foreign = count++ == FC_DSP_POLICIES_MAX;
                write_policy(&w, fc_statement_resolve(statement, policy), key);
            }
        }
    }
    enum fc_err err = fc_json_write(w.json, &made);
    if (err == FC_OK && count > 0 && !w.foreign) {
        fc_buf_append(out, made.data, made.len);
        err = fc_buf_check(out);
    }
    *outcome = w.foreign    ? FC_DSP_POLICY_FOREIGN
               : count == 0 ? FC_DSP_POLICY_NONE
                            : FC_DSP_POLICY_OFFERS;
    fc_buf_finish(&made);
    fc_json_destroy(w.json);
    return err;
}

enum fc_err fc_dsp_policy_default(struct fc_span file, struct fc_buf *out, char *fault,
                                  size_t fault_bytes)
{
    struct fc_json_value *value = NULL;
    struct fc_json_fault at = {0};
    struct fc_dsp_own own = {NULL, 0};
    struct writing w = {.own = &own};
    enum fc_err err = fc_json_parse(file, &value, &at);
    if (err != FC_OK) {
        snprintf(fault, fault_bytes, "line %u, column %u: %s", at.line, at.column, at.text);
        return err;
    }
    w.json = fc_json_create();
    fc_json_array(w.json, NULL);
    write_policy(&w, value, fc_span_str("default"));
    struct fc_buf made = {0};
    err = fc_json_write(w.json, &made);
    if (err == FC_OK && w.foreign) {
        snprintf(fault, fault_bytes,
                 "no ODRL offer: give it a permission or prohibition with an action, no target, "
                 "and constraints of leftOperand, operator, rightOperand");
        err = FC_E_FORMAT;
    }
    if (err == FC_OK) {
        fc_buf_append(out, made.data, made.len);
        err = fc_buf_check(out);
    }
    fc_buf_finish(&made);
    fc_json_destroy(w.json);
    fc_json_free(value);
    return err;
}
