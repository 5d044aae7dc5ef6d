/* Ledgers for tests: records in, everything a ledger can be asked out. Aborts on what must not
 * fail. */
#ifndef FC_TESTS_SUPPORT_LEDGER_H
#define FC_TESTS_SUPPORT_LEDGER_H

#include "store/ledger.h"
#include "tests/support/keys.h"

struct fc_ledger *fc_test_ledger(const struct fc_test_federation *fed);
/* Adds a record, and then the evidence that revealed. */
enum fc_err fc_test_ledger_add(struct fc_ledger *ledger, const struct fc_buf *record);
/* Adds records in the order given by `order` (NULL: as they stand), and again those that wait,
 * until nothing changes. */
void fc_test_ledger_fill(struct fc_ledger *ledger, const struct fc_buf *records, size_t count,
                         const size_t *order);

/* The party's certificate as it stands in the struct, signed by these keys; the party keeps what
 * it had. */
void fc_test_certificate_by(const struct fc_test_party *party, const struct fc_test_key *signers,
                            uint32_t count, struct fc_buf *out);
/* A head as it stands in the struct, under a certificate and a feed key. */
void fc_test_head_by(const struct fc_head *head, const struct fc_test_key *feed,
                     struct fc_buf *out);
/* The verdict on a head. */
enum fc_err fc_test_ledger_judge(const struct fc_ledger *ledger, const struct fc_buf *head);

/* What is asked of a ledger besides what it lists itself. */
struct fc_test_question {
    struct fc_buf heads[8]; /* to judge */
    size_t head_count;
    struct fc_hash takedowns[4][3]; /* participant, H(key), commitment */
    size_t takedown_count;
};
/* Every answer, one after the other, as text. */
void fc_test_ledger_dump(const struct fc_ledger *ledger, const struct fc_test_question *question,
                         struct fc_buf *out);

#endif
