/* Inside the service: one request being answered. */
#ifndef FC_NODE_SERVICE_CALL_H
#define FC_NODE_SERVICE_CALL_H

#include "node/message.h"
#include "node/service.h"

struct fc_call {
    struct fc_service *service;
    struct fc_replica *replica;
    uint64_t now_ms;
    struct fc_unpack in; /* the arguments, past their array header */
    uint32_t arguments;  /* how many */
    struct fc_buf body;
    char text[240]; /* what to say beside the code */
};

/* Handlers, by verb: read the arguments, call fc_call_ready, append the body. */
#define FC_HANDLER(name) enum fc_err fc_service_##name(struct fc_call *call)
FC_HANDLER(status);
FC_HANDLER(peers);
FC_HANDLER(digest);
FC_HANDLER(participants);
FC_HANDLER(participant);
FC_HANDLER(by_feed_key);
FC_HANDLER(list);
FC_HANDLER(find);
FC_HANDLER(content);
FC_HANDLER(history);
FC_HANDLER(prove);
FC_HANDLER(records);
FC_HANDLER(record);
FC_HANDLER(charter);
FC_HANDLER(bootstrap);
FC_HANDLER(submit_record);
FC_HANDLER(submit_delta);
FC_HANDLER(author);
FC_HANDLER(prepare);
FC_HANDLER(takedown_local);
FC_HANDLER(pin);
FC_HANDLER(verify);
FC_HANDLER(backup);
FC_HANDLER(search);
FC_HANDLER(reindex);

/* FC_OK when the arguments were whole and well-formed. */
FC_MUST_USE enum fc_err fc_call_ready(struct fc_call *call);

/* A page of an answer: items until it is full. */
struct fc_page {
    struct fc_call *call;
    struct fc_buf items;
    uint32_t count, max;
    bool more; /* stopped before the end */
};
/* True when one more item may go in; else marks the page as having more. */
bool fc_page_room(struct fc_page *page);
/* Writes [[items...], more] as the body, and frees the items. `err` of FC_E_AGAIN is how a callback
 * says that the page is full, and counts as FC_OK. */
FC_MUST_USE enum fc_err fc_page_end(struct fc_page *page, enum fc_err err);

#endif
