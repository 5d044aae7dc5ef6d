/* Names for blank nodes that follow from what surrounds them: colours are refined until they tell
 * no more apart, then one of the nodes that are alike is set apart and it begins anew. */
#include <stdlib.h>
#include <string.h>

#include "node/rdf_write.h"
#include "store/crypto.h"

/* In all; then nodes that are alike keep their order of arrival. */
enum {
    ROUNDS_MAX = 1024,
    ROUNDS_MIN = 16,            /* of any graph, however large */
    WORK_MAX = 4 * 1024 * 1024, /* statements and nodes looked at */
};

struct naming {
    const struct fc_rdf *rdf;
    const struct fc_rdf_triple *triples;
    size_t triple_count;
    uint64_t *hashes;  /* of each term's text; of blank nodes, 0 */
    uint64_t *colours; /* of blank nodes */
    uint64_t *next;
    fc_rdf_id *blanks;
    size_t blank_count;
    unsigned rounds, rounds_max;
};

static uint64_t mix(const void *data, size_t len)
{
    static const struct fc_sip_key key = {{0}}; /* names must be the same everywhere */
    return fc_sip(&key, fc_span(data, len));
}

static uint64_t hash_term(const struct fc_rdf_term *term)
{
    static const struct fc_sip_key key = {{1}};
    uint64_t parts[] = {term->kind, fc_sip(&key, term->text), fc_sip(&key, term->datatype),
                        fc_sip(&key, term->language)};
    return mix(parts, sizeof parts);
}

static bool is_blank(const struct naming *n, fc_rdf_id id)
{
    return n->hashes[id] == 0;
}

static uint64_t seen_as(const struct naming *n, fc_rdf_id id)
{
    return is_blank(n, id) ? n->colours[id] : n->hashes[id];
}

static int by_colour(const void *a, const void *b, void *ctx)
{
    const struct naming *n = ctx;
    fc_rdf_id x = *(const fc_rdf_id *)a, y = *(const fc_rdf_id *)b;
    if (n->colours[x] != n->colours[y])
        return n->colours[x] < n->colours[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static size_t count_colours(struct naming *n)
{
    size_t count = n->blank_count > 0;
    qsort_r(n->blanks, n->blank_count, sizeof *n->blanks, by_colour, n);
    for (size_t i = 1; i < n->blank_count; i++)
        count += n->colours[n->blanks[i]] != n->colours[n->blanks[i - 1]];
    return count;
}

/* One round: a node's colour takes in those of its neighbours, whatever their order. */
static void round_of(struct naming *n)
{
    for (size_t i = 0; i < n->blank_count; i++)
        n->next[n->blanks[i]] = 0;
    for (size_t i = 0; i < n->triple_count; i++) {
        const struct fc_rdf_triple *t = &n->triples[i];
        uint64_t out[] = {1, n->hashes[t->p], seen_as(n, t->o)};
        uint64_t in[] = {2, n->hashes[t->p], seen_as(n, t->s)};
        if (is_blank(n, t->s))
            n->next[t->s] += mix(out, sizeof out);
        if (is_blank(n, t->o))
            n->next[t->o] += mix(in, sizeof in);
    }
    for (size_t i = 0; i < n->blank_count; i++) {
        fc_rdf_id id = n->blanks[i];
        uint64_t both[] = {n->colours[id], n->next[id]};
        n->colours[id] = mix(both, sizeof both);
    }
    n->rounds++;
}

static size_t refine(struct naming *n)
{
    size_t colours = count_colours(n), before = 0;
    while (colours > before && colours < n->blank_count && n->rounds < n->rounds_max) {
        before = colours;
        round_of(n);
        colours = count_colours(n);
    }
    return colours;
}

static void set_one_apart(struct naming *n)
{
    for (size_t i = 1; i < n->blank_count; i++) {
        if (n->colours[n->blanks[i]] != n->colours[n->blanks[i - 1]])
            continue;
        uint64_t apart[] = {3, n->colours[n->blanks[i - 1]]};
        n->colours[n->blanks[i - 1]] = mix(apart, sizeof apart);
        return;
    }
}

static enum fc_err prepare(struct naming *n)
{
    uint32_t terms = fc_rdf_term_count(n->rdf);
    n->triples = fc_rdf_all(n->rdf, &n->triple_count);
    n->hashes = calloc(terms + 1, sizeof *n->hashes);
    n->colours = calloc(terms + 1, sizeof *n->colours);
    n->next = calloc(terms + 1, sizeof *n->next);
    n->blanks = calloc(terms + 1, sizeof *n->blanks);
    if (!n->hashes || !n->colours || !n->next || !n->blanks)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < terms; i++) {
        struct fc_rdf_term term = fc_rdf_term(n->rdf, i);
        if (term.kind == FC_RDF_BLANK)
            n->blanks[n->blank_count++] = i;
        else
            n->hashes[i] = hash_term(&term) | 1;
    }
    size_t rounds = WORK_MAX / (n->triple_count + n->blank_count + 1);
    n->rounds_max = rounds > ROUNDS_MAX   ? ROUNDS_MAX
                    : rounds < ROUNDS_MIN ? ROUNDS_MIN
                                          : (unsigned)rounds;
    return FC_OK;
}

enum fc_err fc_rdf_blank_names(const struct fc_rdf *rdf, uint32_t **names, uint64_t *work)
{
    struct naming n = {.rdf = rdf};
    uint32_t terms = fc_rdf_term_count(rdf);
    enum fc_err err = prepare(&n);
    *names = err == FC_OK ? malloc((terms + 1) * sizeof **names) : NULL;
    if (!*names)
        err = FC_E_NOMEM;
    if (err == FC_OK) {
        memset(*names, 0xff, (terms + 1) * sizeof **names);
        while (refine(&n) < n.blank_count && n.rounds < n.rounds_max)
            set_one_apart(&n);
        for (size_t i = 0; i < n.blank_count; i++)
            (*names)[n.blanks[i]] = (uint32_t)i;
        if (work)
            *work += (uint64_t)n.rounds * (n.triple_count + n.blank_count);
    }
    free(n.hashes);
    free(n.colours);
    free(n.next);
    free(n.blanks);
    return err;
}
