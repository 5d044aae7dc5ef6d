/* For views: choosing nodes from the signed registry, and remembering a few for a while. */
#ifndef FC_NET_VIEW_PICK_H
#define FC_NET_VIEW_PICK_H

#include "net/view.h"

/* A node with an endpoint that `usable` takes: an operator first, then one of its nodes, so that an
 * operator with many nodes gets no more weight; a bootstrap peer when the registry has none. False:
 * none was found with a bounded number of tries. */
bool fc_view_pick(const struct fc_view_host *host, bool (*usable)(void *ctx, const struct fc_key *),
                  void *ctx, struct fc_key *out);

/* Keys with an end to each; of too many the oldest gives way. All zero is empty. */
enum { FC_VIEW_NOTES_MAX = 64 };
struct fc_view_note {
    struct fc_key key;
    uint64_t until_us;
};
struct fc_view_notes {
    uint32_t count, cap, next;
    struct fc_view_note *list;
};
void fc_view_notes_finish(struct fc_view_notes *notes);
/* Notes it, or moves its end. Without the memory for one more the oldest gives way; to the first
 * there is none, and it is not noted. */
void fc_view_note(struct fc_view_notes *notes, const struct fc_key *key, uint64_t until_us);
bool fc_view_noted(const struct fc_view_notes *notes, const struct fc_key *key, uint64_t now_us);
/* Takes it out; false when it was not there. */
bool fc_view_unnote(struct fc_view_notes *notes, const struct fc_key *key);

#endif
