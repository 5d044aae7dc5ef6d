#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/network_priv.h"

enum { PPM = 1000000 };

static struct fc_network_link *link_at(struct fc_network *network, uint32_t index)
{
    return &network->links[index];
}

/* -- link records ----------------------------------------------------------------------------- */

static void grow(struct fc_network *network)
{
    uint32_t cap = network->link_cap ? 2 * network->link_cap : 64;
    struct fc_network_link *links = aligned_alloc(sizeof *links, cap * sizeof *links);
    assert(links && cap < FC_NONE / 2);
    if (network->links)
        memcpy(links, network->links, network->link_count * sizeof *links);
    free(network->links);
    network->links = links;
    network->link_cap = cap;
    if (network->config.bandwidth_bps == 0)
        return;
    network->free_ns = realloc(network->free_ns, cap * sizeof *network->free_ns);
    assert(network->free_ns);
}

static uint32_t new_link(struct fc_network *network)
{
    uint32_t index = network->free_first;
    if (index != FC_NONE) {
        network->free_first = network->links[index].end[0].next;
        if (network->free_first == FC_NONE)
            network->free_last = FC_NONE;
    } else {
        if (network->link_count == network->link_cap)
            grow(network);
        index = network->link_count++;
    }
    if (++network->stats.links > network->stats.links_max)
        network->stats.links_max = network->stats.links;
    network->links[index] = (struct fc_network_link){0};
    if (network->free_ns)
        network->free_ns[index][0] = network->free_ns[index][1] = 0;
    return index;
}

static void join_node(struct fc_network *network, uint32_t index, int end, uint32_t node)
{
    struct fc_network_end *at = &network->links[index].end[end];
    struct fc_network_node *owner = &network->nodes[node];
    at->node = node;
    at->listed = true;
    at->prev = FC_NONE;
    at->next = owner->first;
    if (at->next != FC_NONE)
        network->links[at->next / 2].end[at->next % 2].prev = 2 * index + (uint32_t)end;
    owner->first = 2 * index + (uint32_t)end;
    owner->degree++;
}

void fc_network_leave_link(struct fc_network *network, uint32_t index, int end)
{
    struct fc_network_end *at = &network->links[index].end[end];
    if (!at->listed)
        return;
    at->listed = at->open = false;
    if (at->next != FC_NONE)
        network->links[at->next / 2].end[at->next % 2].prev = at->prev;
    if (at->prev != FC_NONE)
        network->links[at->prev / 2].end[at->prev % 2].next = at->next;
    else
        network->nodes[at->node].first = at->next;
    network->nodes[at->node].degree--;
}

/* A record is another's when neither end knows its number and nothing refers to it. The one unused
 * for longest goes first, so that a number is not soon seen again. */
static void release(struct fc_network *network, uint32_t index)
{
    struct fc_network_link *link = link_at(network, index);
    if (link->end[0].listed || link->end[1].listed || link->end[0].pending != 0 ||
        link->end[1].pending != 0 || link->end[0].queued != 0 || link->end[1].queued != 0 ||
        link->end[0].node == FC_NONE)
        return;
    link->end[0].node = link->end[1].node = FC_NONE;
    link->end[0].next = FC_NONE;
    if (network->free_last != FC_NONE)
        network->links[network->free_last].end[0].next = index;
    else
        network->free_first = index;
    network->free_last = index;
    network->stats.links--;
}

static void put(struct fc_network *network, enum fc_network_kind kind, uint32_t index, int end,
                uint64_t at_us)
{
    assert(network->links[index].end[end].pending < FC_NETWORK_PENDING_MAX);
    network->links[index].end[end].pending++;
    fc_network_put(network, &(struct fc_happening){.at_us = at_us,
                                                   .kind = (uint16_t)kind,
                                                   .flags = (uint16_t)end,
                                                   .node = network->links[index].end[end].node,
                                                   .link = index});
}

void fc_network_lose_link(struct fc_network *network, uint32_t index, uint64_t noticed_us)
{
    struct fc_network_link *link = link_at(network, index);
    if (!link->end[0].cut) {
        link->end[0].cut = true;
        for (int end = 0; end < 2; end++)
            if (link->end[end].open)
                put(network, FC_HAPPENS_DOWN, index, end, network->now_us + noticed_us);
    }
    release(network, index);
}

void fc_network_lose_links(struct fc_network *network, uint32_t node, bool unreached_only)
{
    for (uint32_t at = network->nodes[node].first, next; at != FC_NONE; at = next) {
        const struct fc_network_link *link = link_at(network, at / 2);
        const struct fc_network_end *far = &link->end[1 - at % 2];
        next = link->end[at % 2].next;
        if (!unreached_only)
            fc_network_lose_link(network, at / 2, far->latency_us);
        else if (!fc_network_reaches(network, node, far->node))
            fc_network_lose_link(network, at / 2, network->config.silence_us);
    }
}

/* -- on the wire ------------------------------------------------------------------------------ */

/* Even over 0..below-1 for all that matters here, without a division for each message. */
static uint64_t draw(struct fc_network *network, uint64_t below)
{
    if (below > UINT32_MAX)
        return fc_rng_below(&network->rng, below);
    return (fc_rng_next(&network->rng) >> 32) * below >> 32;
}

static bool chance(struct fc_network *network, uint64_t ppm)
{
    return ppm != 0 && draw(network, PPM) < ppm;
}

static uint64_t latency(struct fc_network *network, uint32_t from, uint32_t to)
{
    const struct fc_network_config *config = &network->config;
    uint64_t way_us =
        config->latency_us ? config->latency_us(config->ctx, from, to) : config->latency_same_us;
    return way_us < UINT32_MAX ? way_us : UINT32_MAX;
}

static uint64_t factor_milli(const struct fc_network *network, const struct fc_network_link *link)
{
    uint32_t here = network->nodes[link->end[0].node].factor_milli;
    uint32_t there = network->nodes[link->end[1].node].factor_milli;
    return here > there ? here : there;
}

/* One way towards an end, as it comes out this time. */
static uint64_t way_us(struct fc_network *network, const struct fc_network_link *link, int end)
{
    uint64_t factor = factor_milli(network, link);
    uint64_t us = link->end[end].latency_us;
    if (network->config.jitter_us != 0)
        us += draw(network, network->config.jitter_us + 1);
    return factor == 1000 ? us : us * factor / 1000;
}

static uint64_t loss_ppm(const struct fc_network *network, const struct fc_network_link *link)
{
    if (!network->uneven)
        return network->config.loss_ppm;
    return (uint64_t)network->config.loss_ppm + network->nodes[link->end[0].node].loss_ppm +
           network->nodes[link->end[1].node].loss_ppm;
}

/* What its losses delay something by; false: it was given up after that. */
static bool resend(struct fc_network *network, const struct fc_network_link *link,
                   uint64_t *delay_us)
{
    uint64_t ppm = loss_ppm(network, link);
    uint64_t timeout_us = 2 * ((uint64_t)link->end[0].latency_us + link->end[1].latency_us);
    *delay_us = 0;
    if (ppm == 0)
        return true;
    if (timeout_us < FC_NETWORK_RESEND_MIN_US)
        timeout_us = FC_NETWORK_RESEND_MIN_US;
    for (int losses = 0; chance(network, ppm); losses++) {
        if (losses == FC_NETWORK_RESENDS_MAX)
            return false;
        network->stats.lost++;
        *delay_us += timeout_us;
        timeout_us *= 2;
        if (timeout_us > FC_NETWORK_RESEND_MAX_US)
            timeout_us = FC_NETWORK_RESEND_MAX_US;
    }
    return true;
}

static void pass_line(uint64_t *free_ns, uint64_t *at_ns, uint64_t bytes, uint64_t bps)
{
    if (bps == 0)
        return;
    if (*free_ns < *at_ns)
        *free_ns = *at_ns;
    *free_ns += bytes * 8 * 1000000 / (bps / 1000 ? bps / 1000 : 1);
    *at_ns = *free_ns;
}

/* When the last bit of a message leaves towards `end`. */
static uint64_t departure_us(struct fc_network *network, uint32_t index, int end, uint64_t bytes)
{
    const struct fc_network_config *config = &network->config;
    if (config->access_bps == 0 && config->bandwidth_bps == 0)
        return network->now_us;
    uint64_t at_ns = network->now_us * 1000;
    uint32_t from = network->links[index].end[1 - end].node;
    pass_line(&network->nodes[from].line_free_ns, &at_ns, bytes, config->access_bps);
    if (network->free_ns)
        pass_line(&network->free_ns[index][end], &at_ns, bytes, config->bandwidth_bps);
    return (at_ns + 999) / 1000;
}

/* -- sending ---------------------------------------------------------------------------------- */

/* The end of the link that is the node's, or -1. */
static int end_of(const struct fc_network *network, uint32_t node, uint32_t number)
{
    if (number == 0 || number > network->link_count)
        return -1;
    const struct fc_network_link *link = &network->links[number - 1];
    for (int end = 0; end < 2; end++)
        if (link->end[end].node == node && link->end[end].open)
            return end;
    return -1;
}

static void give_up(struct fc_network *network, uint32_t index, uint64_t after_us)
{
    network->stats.dropped++;
    fc_network_lose_link(network, index, after_us);
}

/* On its way as a stream's next message. */
static bool stream(struct fc_network *network, struct fc_happening *message, int end,
                   uint64_t bytes)
{
    struct fc_network_link *link = link_at(network, message->link);
    struct fc_network_end *to = &link->end[end];
    uint64_t delay_us;
    uint64_t at_us = departure_us(network, message->link, end, bytes) + way_us(network, link, end);
    if (!resend(network, link, &delay_us)) {
        give_up(network, message->link, delay_us);
        return false;
    }
    if (chance(network, network->config.reorder_ppm)) {
        network->stats.reordered++;
        delay_us += draw(network, (uint64_t)to->latency_us + 1);
    }
    if (chance(network, network->config.duplicate_ppm))
        network->stats.duplicated++; /* the far end drops the copy */
    at_us += delay_us;
    message->at_us = at_us > to->last_us ? at_us : to->last_us;
    to->last_us = message->at_us;
    assert(to->queued < FC_NETWORK_QUEUED_MAX);
    to->queued++;
    fc_network_put(network, message);
    return true;
}

static void put_datagram(struct fc_network *network, struct fc_happening *message, int end,
                         uint64_t departure)
{
    struct fc_network_link *link = link_at(network, message->link);
    uint64_t at_us = departure + way_us(network, link, end);
    if (chance(network, network->config.reorder_ppm)) {
        network->stats.reordered++;
        at_us += draw(network, (uint64_t)link->end[end].latency_us + 1);
    }
    message->at_us = at_us > link->end[end].last_us ? at_us : link->end[end].last_us;
    assert(link->end[end].queued < FC_NETWORK_QUEUED_MAX);
    link->end[end].queued++;
    fc_network_put(network, message);
}

static void copy_bytes(struct fc_happening *message, const void *bytes)
{
    message->data = malloc(message->size ? message->size : 1);
    assert(message->data);
    if (message->size)
        memcpy(message->data, bytes, message->size);
}

static bool datagram(struct fc_network *network, struct fc_happening *message, int end,
                     uint64_t bytes)
{
    struct fc_network_link *link = link_at(network, message->link);
    uint64_t departure = departure_us(network, message->link, end, bytes);
    struct fc_happening again = *message;
    if (chance(network, loss_ppm(network, link))) {
        network->stats.lost++;
        return false;
    }
    put_datagram(network, message, end, departure);
    if (chance(network, network->config.duplicate_ppm)) {
        network->stats.duplicated++;
        if (again.kind == FC_HAPPENS_MESSAGE)
            copy_bytes(&again, message->data);
        put_datagram(network, &again, end, departure);
    }
    return true;
}

static enum fc_err may_send(struct fc_network *network, uint32_t from, uint32_t number, int *out)
{
    int own = end_of(network, from, number);
    if (own < 0)
        return FC_E_CLOSED;
    struct fc_network_link *link = link_at(network, number - 1);
    *out = 1 - own;
    if (!link->end[0].cut && network->config.queue_max != 0 &&
        link->end[*out].queued >= network->config.queue_max) {
        link->end[*out].blocked = true;
        network->stats.blocked++;
        return FC_E_AGAIN;
    }
    return FC_OK;
}

static void transmit(struct fc_network *network, struct fc_happening *message, int end)
{
    bool sent = false;
    message->flags = (uint16_t)end;
    message->node = network->links[message->link].end[end].node;
    if (network->links[message->link].end[0].cut)
        network->stats.dropped++;
    else if (network->config.datagrams)
        sent = datagram(network, message, end, message->size);
    else
        sent = stream(network, message, end, message->size);
    if (!sent)
        fc_network_forget(message);
}

enum fc_err fc_network_send(struct fc_network *network, uint32_t from, uint32_t number,
                            struct fc_span bytes)
{
    struct fc_happening message = {.kind = FC_HAPPENS_MESSAGE, .link = number - 1};
    int end;
    enum fc_err err = may_send(network, from, number, &end);
    if (err != FC_OK)
        return err;
    assert(bytes.len <= UINT32_MAX);
    message.size = (uint32_t)bytes.len;
    copy_bytes(&message, bytes.data);
    transmit(network, &message, end);
    return FC_OK;
}

enum fc_err fc_network_post(struct fc_network *network, uint32_t from, uint32_t number,
                            uint64_t tag, uint32_t wire_bytes)
{
    struct fc_happening message = {
        .kind = FC_HAPPENS_POSTED, .link = number - 1, .number = tag, .size = wire_bytes};
    int end;
    enum fc_err err = may_send(network, from, number, &end);
    if (err == FC_OK)
        transmit(network, &message, end);
    return err;
}

/* -- making and ending links ------------------------------------------------------------------ */

static void fail_dial(struct fc_network *network, uint32_t from, uint32_t to, uint64_t after_us)
{
    fc_network_put(network, &(struct fc_happening){.at_us = network->now_us + after_us,
                                                   .kind = FC_HAPPENS_UNREACHED,
                                                   .node = from,
                                                   .link = to,
                                                   .size = network->nodes[from].life});
}

void fc_network_dial(struct fc_network *network, uint32_t from, uint32_t to)
{
    uint64_t delay_us;
    if (!network->nodes[from].up)
        return;
    if (from == to || to >= network->node_count || !fc_network_reaches(network, from, to)) {
        fail_dial(network, from, to, network->config.silence_us);
        return;
    }
    uint32_t index = new_link(network);
    struct fc_network_link *link = link_at(network, index);
    join_node(network, index, 0, from);
    join_node(network, index, 1, to);
    link->end[0].latency_us = (uint32_t)latency(network, to, from);
    link->end[1].latency_us = (uint32_t)latency(network, from, to);
    uint64_t there_us = network->now_us + way_us(network, link, 1);
    uint64_t back_us = there_us + way_us(network, link, 0);
    if (!resend(network, link, &delay_us)) {
        fc_network_leave_link(network, index, 0);
        fc_network_leave_link(network, index, 1);
        release(network, index);
        fail_dial(network, from, to, delay_us);
        return;
    }
    link->end[0].last_us = back_us + delay_us;
    link->end[1].last_us = there_us + delay_us;
    put(network, FC_HAPPENS_DIALLED, index, 1, link->end[1].last_us);
}

void fc_network_close(struct fc_network *network, uint32_t from, uint32_t number)
{
    int own = end_of(network, from, number);
    if (own < 0)
        return;
    struct fc_network_link *link = link_at(network, number - 1);
    const struct fc_network_end *far = &link->end[1 - own];
    fc_network_leave_link(network, number - 1, own);
    if (!link->end[0].cut && far->listed) {
        uint64_t at_us = network->now_us + way_us(network, link, 1 - own);
        put(network, FC_HAPPENS_DOWN, number - 1, 1 - own,
            at_us > far->last_us ? at_us : far->last_us);
    }
    release(network, number - 1);
}

void fc_network_cut(struct fc_network *network, uint32_t a, uint32_t b)
{
    uint32_t node = network->nodes[a].degree < network->nodes[b].degree ? a : b;
    uint32_t other = node == a ? b : a;
    for (uint32_t at = network->nodes[node].first, next; at != FC_NONE; at = next) {
        const struct fc_network_end *far = &network->links[at / 2].end[1 - at % 2];
        next = network->links[at / 2].end[at % 2].next;
        if (far->node == other)
            fc_network_lose_link(network, at / 2, far->latency_us);
    }
}

void fc_network_cut_all(struct fc_network *network, uint32_t node)
{
    fc_network_lose_links(network, node, false);
}

uint32_t fc_network_link(const struct fc_network *network, uint32_t node, uint32_t peer)
{
    uint32_t owner = network->nodes[node].degree < network->nodes[peer].degree ? node : peer;
    uint32_t other = owner == node ? peer : node;
    for (uint32_t at = network->nodes[owner].first; at != FC_NONE;) {
        const struct fc_network_link *link = &network->links[at / 2];
        if (link->end[1 - at % 2].node == other && link->end[0].open && link->end[1].open &&
            !link->end[0].cut)
            return at / 2 + 1;
        at = link->end[at % 2].next;
    }
    return 0;
}

uint32_t fc_network_peer(const struct fc_network *network, uint32_t node, uint32_t number)
{
    int own = end_of(network, node, number);
    return own < 0 ? FC_NONE : network->links[number - 1].end[1 - own].node;
}

void fc_network_mark(struct fc_network *network, uint32_t node, uint32_t number, uint32_t mark)
{
    int own = end_of(network, node, number);
    if (own >= 0)
        network->links[number - 1].end[own].mark = mark;
}

void fc_network_fetch(const struct fc_network *network, uint32_t number)
{
    if (number != 0)
        __builtin_prefetch(&network->links[number - 1], 1);
}

uint64_t fc_network_round_trip_us(const struct fc_network *network, uint32_t node, uint32_t number)
{
    int own = end_of(network, node, number);
    assert(own >= 0);
    const struct fc_network_link *link = &network->links[number - 1];
    uint64_t us = (uint64_t)link->end[0].latency_us + link->end[1].latency_us;
    return us * factor_milli(network, link) / 1000;
}

/* -- what happens ----------------------------------------------------------------------------- */

static void tell(struct fc_network *network, enum fc_news_kind kind, uint32_t index, int end)
{
    const struct fc_network_link *link = &network->links[index];
    fc_network_tell(network, &(struct fc_news){.kind = kind,
                                               .node = link->end[end].node,
                                               .link = index + 1,
                                               .peer = link->end[1 - end].node,
                                               .inbound = end == 1,
                                               .mark = link->end[end].mark});
}

static void deliver(struct fc_network *network, const struct fc_happening *at, int end)
{
    const struct fc_network_link *link = &network->links[at->link];
    struct fc_buf bytes = {0};
    struct fc_news news = {.kind = FC_NEWS_MESSAGE,
                           .node = link->end[end].node,
                           .link = at->link + 1,
                           .peer = link->end[1 - end].node,
                           .inbound = end == 1,
                           .mark = link->end[end].mark};
    network->stats.messages++;
    network->stats.bytes += at->size;
    if (at->kind == FC_HAPPENS_POSTED) {
        news.tag = at->number;
        fc_network_tell(network, &news);
        return;
    }
    bytes = (struct fc_buf){.data = at->data, .len = at->size, .cap = at->size ? at->size : 1};
    news.bytes = &bytes;
    if (network->config.delivered)
        network->config.delivered(network->config.ctx, news.peer, news.node, fc_buf_span(&bytes));
    fc_network_tell(network, &news);
    fc_buf_finish(&bytes);
}

static void on_message(struct fc_network *network, struct fc_happening at)
{
    struct fc_network_link *link = link_at(network, at.link);
    int end = at.flags & FC_HAPPENS_AT_END;
    link->end[end].queued--;
    if (!link->end[0].cut && link->end[end].open) {
        deliver(network, &at, end);
    } else {
        network->stats.dropped++;
        fc_network_forget(&at);
    }
    link = link_at(network, at.link); /* the list may have moved */
    if (link->end[end].blocked && link->end[end].queued <= network->config.queue_max / 2) {
        link->end[end].blocked = false;
        if (link->end[1 - end].open)
            tell(network, FC_NEWS_WRITABLE, at.link, 1 - end);
    }
    release(network, at.link);
}

static void on_dialled(struct fc_network *network, uint32_t index)
{
    struct fc_network_link *link = link_at(network, index);
    const struct fc_network_config *config = &network->config;
    uint64_t back_us = link->end[0].last_us;
    bool taken = !link->end[0].cut;
    if (link->end[0].cut)
        back_us += network->config.silence_us;
    else if (config->accepts)
        taken = config->accepts(config->ctx, link->end[0].node, link->end[1].node);
    link = link_at(network, index);
    if (link->end[0].listed)
        put(network, FC_HAPPENS_ANSWERED, index, 0, back_us);
    if (taken) {
        link->end[1].open = true;
        tell(network, FC_NEWS_UP, index, 1);
    } else {
        link->end[0].cut = true;
        fc_network_leave_link(network, index, 1);
    }
    release(network, index);
}

static void on_answered(struct fc_network *network, uint32_t index)
{
    struct fc_network_link *link = link_at(network, index);
    if (link->end[0].cut && link->end[0].listed) {
        fc_network_leave_link(network, index, 0);
        tell(network, FC_NEWS_DIAL_FAILED, index, 0);
    } else if (link->end[0].listed) {
        link->end[0].open = true;
        tell(network, FC_NEWS_UP, index, 0);
    }
    release(network, index);
}

static void on_down(struct fc_network *network, uint32_t index, int end)
{
    if (network->links[index].end[end].open) {
        fc_network_leave_link(network, index, end);
        tell(network, FC_NEWS_DOWN, index, end);
    }
    release(network, index);
}

void fc_network_on_link(struct fc_network *network, const struct fc_happening *at)
{
    if (at->kind == FC_HAPPENS_MESSAGE || at->kind == FC_HAPPENS_POSTED) {
        on_message(network, *at);
        return;
    }
    network->links[at->link].end[at->flags & FC_HAPPENS_AT_END].pending--;
    if (at->kind == FC_HAPPENS_DIALLED)
        on_dialled(network, at->link);
    else if (at->kind == FC_HAPPENS_ANSWERED)
        on_answered(network, at->link);
    else
        on_down(network, at->link, at->flags & FC_HAPPENS_AT_END);
}
