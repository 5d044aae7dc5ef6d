#include "net/view_pick.h"

enum { TRIES = 24, SCANNED_MAX = 256 };

struct wish {
    const struct fc_view_host *host;
    bool (*usable)(void *ctx, const struct fc_key *key);
    void *ctx;
};

static bool fits(const struct wish *wish, const struct fc_key *key)
{
    return !fc_key_eq(key, &wish->host->self) && wish->usable(wish->ctx, key);
}

static bool pick_operator(const struct wish *wish, const struct fc_ledger *ledger,
                          struct fc_key *out)
{
    struct fc_participant operator;
    struct fc_node node;
    size_t count = fc_ledger_participant_count(ledger);
    if (count == 0)
        return false;
    fc_ledger_participant_at(ledger, wish->host->random(wish->host->ctx, count), &operator);
    size_t nodes = fc_ledger_participant_node_count(ledger, &operator.id);
    if (nodes == 0)
        return false;
    fc_ledger_participant_node_at(ledger, &operator.id, wish->host->random(wish->host->ctx, nodes),
                                  &node);
    *out = node.key;
    return node.endpoint_count != 0 && fits(wish, &node.key);
}

/* Where few are left that fit. */
static bool scan(const struct wish *wish, const struct fc_ledger *ledger, struct fc_key *out)
{
    size_t count = fc_ledger_node_count(ledger);
    size_t start = (size_t)wish->host->random(wish->host->ctx, count);
    for (size_t i = 0; i < count && i < SCANNED_MAX; i++) {
        struct fc_node node;
        fc_ledger_node_at(ledger, (start + i) % count, &node);
        *out = node.key;
        if (node.endpoint_count != 0 && fits(wish, &node.key))
            return true;
    }
    return false;
}

static bool pick_bootstrap(const struct wish *wish, struct fc_key *out)
{
    uint32_t count = wish->host->bootstrap_count;
    uint32_t start = (uint32_t)wish->host->random(wish->host->ctx, count);
    for (uint32_t i = 0; i < count; i++) {
        *out = wish->host->bootstrap[(start + i) % count].key;
        if (fits(wish, out))
            return true;
    }
    return false;
}

bool fc_view_pick(const struct fc_view_host *host, bool (*usable)(void *ctx, const struct fc_key *),
                  void *ctx, struct fc_key *out)
{
    struct wish wish = {host, usable, ctx};
    const struct fc_ledger *ledger = host->ledger(host->ctx);
    for (int i = 0; i < TRIES; i++)
        if (pick_operator(&wish, ledger, out))
            return true;
    return scan(&wish, ledger, out) || pick_bootstrap(&wish, out);
}

static uint32_t place_of(const struct fc_view_notes *notes, const struct fc_key *key)
{
    uint32_t at = 0;
    while (at < notes->count && !fc_key_eq(&notes->keys[at], key))
        at++;
    return at;
}

void fc_view_note(struct fc_view_notes *notes, const struct fc_key *key, uint64_t until_us)
{
    uint32_t at = place_of(notes, key);
    if (at == notes->count && at < FC_VIEW_NOTES_MAX) {
        notes->count++;
    } else if (at == notes->count) {
        at = notes->next;
        notes->next = (notes->next + 1) % FC_VIEW_NOTES_MAX;
    }
    notes->keys[at] = *key;
    notes->until_us[at] = until_us;
}

bool fc_view_noted(const struct fc_view_notes *notes, const struct fc_key *key, uint64_t now_us)
{
    uint32_t at = place_of(notes, key);
    return at < notes->count && notes->until_us[at] > now_us;
}

bool fc_view_unnote(struct fc_view_notes *notes, const struct fc_key *key)
{
    uint32_t at = place_of(notes, key);
    if (at == notes->count)
        return false;
    notes->count--;
    notes->keys[at] = notes->keys[notes->count];
    notes->until_us[at] = notes->until_us[notes->count];
    if (notes->next >= notes->count)
        notes->next = 0;
    return true;
}
