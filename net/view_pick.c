#include "net/view_pick.h"

#include <stdlib.h>

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

static bool draw(const struct wish *wish, struct fc_key *out)
{
    struct fc_view_node node;
    if (!wish->host->draw_node(wish->host->ctx, &node))
        return false;
    *out = node.key;
    return node.can_dial && fits(wish, &node.key);
}

/* Where few are left that fit. */
static bool scan(const struct wish *wish, struct fc_key *out)
{
    size_t count = wish->host->node_count(wish->host->ctx);
    size_t start = (size_t)wish->host->random(wish->host->ctx, count);
    for (size_t i = 0; i < count && i < SCANNED_MAX; i++) {
        struct fc_view_node node;
        wish->host->node_at(wish->host->ctx, (start + i) % count, &node);
        *out = node.key;
        if (node.can_dial && fits(wish, &node.key))
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
    for (int i = 0; i < TRIES; i++)
        if (draw(&wish, out))
            return true;
    return scan(&wish, out) || pick_bootstrap(&wish, out);
}

void fc_view_notes_finish(struct fc_view_notes *notes)
{
    free(notes->list);
    *notes = (struct fc_view_notes){0};
}

static uint32_t place_of(const struct fc_view_notes *notes, const struct fc_key *key)
{
    uint32_t at = 0;
    while (at < notes->count && !fc_key_eq(&notes->list[at].key, key))
        at++;
    return at;
}

static bool notes_room(struct fc_view_notes *notes)
{
    if (notes->count < notes->cap)
        return true;
    uint32_t cap = notes->cap ? 2 * notes->cap : 4;
    struct fc_view_note *list =
        cap <= FC_VIEW_NOTES_MAX ? realloc(notes->list, cap * sizeof *list) : NULL;
    if (!list)
        return false;
    notes->list = list;
    notes->cap = cap;
    return true;
}

void fc_view_note(struct fc_view_notes *notes, const struct fc_key *key, uint64_t until_us)
{
    uint32_t at = place_of(notes, key);
    if (at == notes->count && notes_room(notes)) {
        notes->count++;
    } else if (at == notes->count) {
        if (notes->count == 0)
            return;
        at = notes->next;
        notes->next = (notes->next + 1) % notes->count;
    }
    notes->list[at] = (struct fc_view_note){.key = *key, .until_us = until_us};
}

bool fc_view_noted(const struct fc_view_notes *notes, const struct fc_key *key, uint64_t now_us)
{
    uint32_t at = place_of(notes, key);
    return at < notes->count && notes->list[at].until_us > now_us;
}

bool fc_view_unnote(struct fc_view_notes *notes, const struct fc_key *key)
{
    uint32_t at = place_of(notes, key);
    if (at == notes->count)
        return false;
    notes->list[at] = notes->list[--notes->count];
    if (notes->next >= notes->count)
        notes->next = 0;
    return true;
}
