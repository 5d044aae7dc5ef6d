/* Works out what entries of a load say, on all cores: entries go in one after another and come out
 * in the same order, while the caller's own thread reads the next ones or keeps the last.
 *
 * A small load is worked out by the caller alone. */
#ifndef FC_STORE_INDEX_TEAM_H
#define FC_STORE_INDEX_TEAM_H

#include "store/index_priv.h"

struct fc_team;
/* `threads` at most, the caller's among them; 0: one for each online core. `own` is the caller's
 * and outlives the team. NULL without memory. */
struct fc_team *fc_team_create(uint32_t threads, struct fc_sayer *own);
void fc_team_destroy(struct fc_team *team); /* NULL is fine; what is within is lost */

struct fc_team_entry {
    uint32_t doc, generation;
    struct fc_hash key_hash;
    struct fc_span row;   /* as fc_entry_parse takes it */
    struct fc_span frame; /* of its content; empty: there is none */
};
bool fc_team_full(const struct fc_team *team); /* take until it is not */
/* Copies; it is not full. FC_E_NOMEM. */
FC_MUST_USE enum fc_err fc_team_put(struct fc_team *team, const struct fc_team_entry *entry);

struct fc_team_said {
    uint32_t doc, generation;
    struct fc_hash key_hash;
    uint32_t languages;
    struct fc_span said, words; /* these three of fc_say_apart; until the next call */
};
/* Of the entry that was put first among those within; waits for it. FC_E_MISSING: there is none;
 * FC_E_NOMEM; FC_E_CORRUPT for a row that is none. */
FC_MUST_USE enum fc_err fc_team_take(struct fc_team *team, struct fc_team_said *said);

#endif
