#include "store/query_members.h"

#include <stdlib.h>
#include <string.h>

struct fc_members {
    uint64_t number;   /* of the commit they were compared with last; 0: of that run alone */
    struct fc_hash of; /* the certificates */
    struct fc_member_word *list;
    uint32_t count;
    struct fc_buf text;
};

void fc_members_destroy(struct fc_members *members)
{
    if (!members)
        return;
    free(members->list);
    fc_buf_finish(&members->text);
    free(members);
}

/* -- gathering --------------------------------------------------------------------------------- */

static struct fc_hash certificates_of(const struct fc_ledger *ledger)
{
    struct fc_hasher hasher;
    fc_hasher_init(&hasher, "fedcat.members.1");
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant who;
        fc_ledger_participant_at(ledger, i, &who);
        fc_hasher_add(&hasher, fc_span(who.certificate->record.hash.b,
                                       sizeof who.certificate->record.hash.b));
    }
    return fc_hasher_end(&hasher);
}

/* Until all have come, a word's text is its place in what may move yet. */
struct gathered {
    size_t at;
    uint32_t len, participant;
};

static void gather_word(struct fc_members *members, struct fc_buf *list, struct fc_span word,
                        uint32_t participant)
{
    const struct gathered gathered = {members->text.len, (uint32_t)word.len, participant};
    fc_buf_append(&members->text, word.data, word.len);
    fc_buf_append(list, &gathered, sizeof gathered);
}

static void gather_name(struct fc_run *run, struct fc_members *members, struct fc_buf *list,
                        struct fc_span name, uint32_t participant)
{
    struct fc_word_reader reader = fc_word_reader(name);
    struct fc_word word;
    while (fc_word_next(&reader, &word)) {
        struct fc_span text = fc_span(word.text, word.len);
        struct fc_span stem = fc_stem(run->index->sayer->stemmer, fc_stem_language(NULL), text);
        gather_word(members, list, text, participant);
        if (!fc_span_eq(stem, text))
            gather_word(members, list, stem, participant);
    }
}

static int compare_words(const void *a, const void *b)
{
    const struct fc_member_word *left = a, *right = b;
    int order = fc_span_cmp(left->text, right->text);
    return order ? order
                 : (left->participant > right->participant) -
                       (left->participant < right->participant);
}

static enum fc_err put_in_order(struct fc_members *members, const struct fc_buf *list)
{
    const struct gathered *gathered = (const struct gathered *)(const void *)list->data;
    members->count = (uint32_t)(list->len / sizeof *gathered);
    members->list = calloc(members->count + 1u, sizeof *members->list);
    if (!members->list)
        return FC_E_NOMEM;
    for (uint32_t i = 0; i < members->count; i++)
        members->list[i] = (struct fc_member_word){
            fc_span(members->text.data + gathered[i].at, gathered[i].len), gathered[i].participant};
    if (members->count > 0)
        qsort(members->list, members->count, sizeof *members->list, compare_words);
    return FC_OK;
}

static enum fc_err gather(struct fc_run *run, struct fc_members *members)
{
    const struct fc_ledger *ledger = run->replica->ledger;
    struct fc_buf list = {0};
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant who;
        fc_ledger_participant_at(ledger, i, &who);
        gather_name(run, members, &list, who.certificate->certificate.name, (uint32_t)i);
    }
    enum fc_err err = fc_buf_check(&list);
    if (err == FC_OK)
        err = fc_buf_check(&members->text);
    if (err == FC_OK)
        err = put_in_order(members, &list);
    fc_buf_finish(&list);
    return err;
}

static enum fc_err get(struct fc_run *run, const struct fc_members **out)
{
    struct fc_index *index = run->index;
    struct fc_members *members = index->members;
    if (members && (run->has_members || (run->number > 0 && members->number == run->number)))
        goto out;
    struct fc_hash of = certificates_of(run->replica->ledger);
    if (!members || !fc_hash_eq(&members->of, &of)) {
        members = calloc(1, sizeof *members);
        enum fc_err err = members ? gather(run, members) : FC_E_NOMEM;
        if (err != FC_OK) {
            fc_members_destroy(members);
            return err;
        }
        fc_members_destroy(index->members);
        index->members = members;
        members->of = of;
    }
    members->number = run->number;
    run->has_members = true;
out:
    *out = members;
    return FC_OK;
}

/* -- asking ------------------------------------------------------------------------------------ */

enum fc_err fc_run_member_words(struct fc_run *run, struct fc_span prefix,
                                const struct fc_member_word **words, uint32_t *count)
{
    const struct fc_members *members;
    *count = 0;
    enum fc_err err = get(run, &members);
    if (err != FC_OK)
        return err;
    uint32_t low = 0, high = members->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (fc_span_cmp(members->list[middle].text, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *words = members->list + low;
    while (low + *count < members->count &&
           fc_span_begins(members->list[low + *count].text, prefix))
        ++*count;
    return FC_OK;
}

enum fc_err fc_run_member_docs(struct fc_run *run, uint32_t participant, struct fc_docs *docs)
{
    struct fc_participant who;
    struct fc_feed feed;
    struct fc_docs *theirs = NULL;
    fc_ledger_participant_at(run->replica->ledger, participant, &who);
    enum fc_err err = fc_replica_feed(run->replica, &who.id, &feed);
    if (err != FC_OK)
        return err == FC_E_MISSING ? FC_OK : err;
    static const uint8_t nobody = FC_TERM_NOBODY;
    if (!run->nobodys) {
        run->nobodys = fc_docs_create();
        err = run->nobodys ? fc_run_item(run, FC_TIER_PROVIDER, fc_span(&nobody, 1), run->nobodys)
                           : FC_E_NOMEM;
    }
    if (err != FC_OK || fc_docs_count(run->nobodys) == 0)
        return err;
    theirs = fc_docs_create();
    err = theirs ? fc_run_generation(run, feed.generation, theirs) : FC_E_NOMEM;
    if (err == FC_OK) {
        fc_docs_and(theirs, run->nobodys);
        fc_docs_or(docs, theirs);
    }
    fc_docs_destroy(theirs);
    return err;
}

enum fc_err fc_run_member_name(struct fc_run *run, uint32_t generation, struct fc_span *name)
{
    struct fc_index_generation of;
    struct fc_participant who;
    *name = (struct fc_span){0};
    enum fc_err err = fc_index_generation_get(run->txn, generation, &of);
    if (err != FC_OK)
        return err;
    if (fc_ledger_participant(run->replica->ledger, &of.participant, &who) == FC_OK)
        *name = who.certificate->certificate.name;
    return FC_OK;
}
