/* The notes of when heads came (store/news.h): in pairs, and the held head of each feed among them.
 */
#include <string.h>

#include "store/news.h"
#include "store/verify_priv.h"

/* The other row of a pair; FC_E_MISSING: the row is none of ours, or alone. */
static enum fc_err find_other(struct fc_verify *verify, struct fc_span key, struct fc_span value)
{
    uint8_t other[41] = {'P'};
    struct fc_span found;
    if (key.len == 9 && key.data[0] == 'I' && value.len == 32) {
        memcpy(other + 1, value.data, 32);
        memcpy(other + 33, key.data + 1, 8);
        enum fc_err err =
            fc_kv_get(verify->txn, FC_TABLE_STEP, fc_span(other, sizeof other), &found);
        return err == FC_OK && found.len != 24 ? FC_E_MISSING : err;
    }
    if (key.len == 41 && key.data[0] == 'P' && value.len == 24) {
        other[0] = 'I';
        memcpy(other + 1, key.data + 33, 8);
        enum fc_err err = fc_kv_get(verify->txn, FC_TABLE_STEP, fc_span(other, 9), &found);
        bool same = err == FC_OK && fc_span_eq(found, fc_span(key.data + 1, 32));
        return err == FC_OK && !same ? FC_E_MISSING : err;
    }
    return FC_E_MISSING;
}

static enum fc_err check_step(void *ctx, struct fc_span key, struct fc_span value)
{
    struct fc_verify *verify = ctx;
    enum fc_err err = find_other(verify, key, value);
    if (err != FC_E_MISSING)
        return err;
    fc_verify_report(verify, "a note of when a head came stands alone", NULL, NULL, true);
    return fc_verify_fix(verify, FC_FIX_DELETE, FC_TABLE_STEP, key);
}

/* Whatever is held came at some time. */
static enum fc_err check_feed(void *ctx, const struct fc_replica_row *row)
{
    struct fc_verify *verify = ctx;
    const struct fc_feed *feed = &row->feed;
    struct fc_head head = {.version = feed->version, .time_ms = feed->time_ms};
    struct fc_news news;
    uint64_t index;
    if (feed->damaged || feed->version == 0)
        return FC_OK;
    enum fc_err err =
        fc_replica_news_arrival(verify->replica, &feed->participant, feed->version, &news);
    if (err != FC_E_MISSING && err != FC_E_CORRUPT)
        return err;
    fc_verify_report(verify, "it is not noted when a head came", &feed->participant, NULL, true);
    if (!verify->repair)
        return FC_OK;
    err = fc_replica_arrival_index(verify->txn, &feed->participant, &index);
    return err == FC_OK ? fc_replica_step_add(verify->replica, &feed->participant, index, &head,
                                              feed->accepted_ms)
                        : err;
}

enum fc_err fc_verify_steps(struct fc_verify *verify)
{
    const struct fc_span all = {0};
    if (verify->replica->shared)
        return FC_OK; /* keeps none */
    enum fc_err err = fc_verify_scan(verify, FC_TABLE_STEP, all, check_step, verify);
    if (err == FC_OK)
        err = fc_verify_apply_fixes(verify, NULL);
    return err == FC_OK ? fc_replica_rows_each(verify->replica, check_feed, verify) : err;
}
