/* Files that gather signatures: who signed, how many are still missing, what to do next. */
#include <stdlib.h>

#include "node/file.h"
#include "node/governance.h"

static bool governs(const struct fc_charter *charter, const struct fc_key *key)
{
    for (uint32_t i = 0; i < charter->governor_count; i++)
        if (fc_key_eq(&charter->governors[i].key, key))
            return true;
    return false;
}

/* A signature of somebody else is written all the same, for what is known here may be old. */
static void warn_of_stranger(const struct fc_cli *cli, const char *name, const struct fc_key *key,
                             const struct fc_record *record, const struct fc_ledger *ledger)
{
    const struct fc_held *held = ledger ? fc_ledger_charter(ledger, NULL) : NULL;
    struct fc_charter *next = calloc(1, sizeof *next);
    bool is_charter =
        next && record->type == FC_RECORD_CHARTER && fc_charter_parse(record, next) == FC_OK;
    bool known = held || is_charter;
    bool counts = (is_charter && governs(next, key)) || (held && governs(&held->charter, key));
    if (known && !counts)
        fc_cli_warn(cli, "%s is no governor's key in the charter: its signature does not count",
                    name);
    free(next);
}

static enum fc_exit add_signatures(struct fc_cli *cli, const struct fc_governance_input *input,
                                   const struct fc_ledger *ledger, struct fc_buf *record)
{
    for (uint32_t i = 0; i < input->key_count; i++) {
        struct fc_keyfile key;
        struct fc_record parsed;
        struct fc_buf signed_record = {0};
        enum fc_exit status = fc_governance_key(cli, "governor", input->keys[i], &key);
        if (status != FC_EXIT_OK)
            return status;
        enum fc_err err = fc_record_parse(fc_buf_span(record), &parsed);
        if (err == FC_OK) {
            warn_of_stranger(cli, input->keys[i], &key.public_key, &parsed, ledger);
            err = fc_record_cosign(&parsed, &key.sign, &signed_record);
        }
        fc_keyfile_wipe(&key);
        if (err != FC_OK) {
            fc_buf_finish(&signed_record);
            return fc_cli_fail(cli, err, "signing with %s", input->keys[i]);
        }
        fc_buf_finish(record);
        *record = signed_record;
    }
    return FC_EXIT_OK;
}

/* Signatures that count, of how many. A charter after the first needs a quorum of its own governors
 * and one of the governors before it. */
struct tally {
    uint32_t have, need, have_before, need_before;
    bool known;        /* `need` is */
    bool after;        /* the second pair matters */
    bool before_known; /* and `need_before` is */
};

static uint32_t valid_signatures(const struct fc_record *record, const struct fc_charter *charter)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < charter->governor_count; i++)
        count += fc_record_signed_by(record, &charter->governors[i].key);
    return count;
}

static void count_charter(const struct fc_record *record, const struct fc_ledger *ledger,
                          struct tally *tally)
{
    struct fc_charter *charter = calloc(1, sizeof *charter);
    if (charter && fc_charter_parse(record, charter) == FC_OK) {
        tally->known = true;
        tally->have = valid_signatures(record, charter);
        tally->need = charter->quorum;
        tally->after = charter->version > 1;
        const struct fc_held *before =
            ledger && tally->after ? fc_ledger_find(ledger, &charter->previous) : NULL;
        if (before && before->record.type == FC_RECORD_CHARTER) {
            tally->before_known = true;
            tally->have_before = valid_signatures(record, &before->charter);
            tally->need_before = before->charter.quorum;
        }
    }
    free(charter);
}

static struct tally count_signatures(const struct fc_record *record, const struct fc_ledger *ledger)
{
    struct tally tally = {0};
    const struct fc_held *held = ledger ? fc_ledger_charter(ledger, NULL) : NULL;
    if (record->type == FC_RECORD_CHARTER) {
        count_charter(record, ledger, &tally);
    } else if (held) {
        tally.known = true;
        tally.have = valid_signatures(record, &held->charter);
        tally.need = held->charter.admit;
    } else {
        tally.have = record->signature_count;
    }
    return tally;
}

static bool complete(const struct tally *tally)
{
    return tally->known && tally->have >= tally->need &&
           (!tally->after || (tally->before_known && tally->have_before >= tally->need_before));
}

static enum fc_exit report_json(struct fc_cli *cli, const char *path,
                                const struct fc_record *record, const struct tally *tally,
                                bool submitted)
{
    struct fc_json *json = fc_json_create();
    fc_json_object(json, NULL);
    fc_json_text(json, "file", path);
    fc_json_text(json, "type", fc_record_type_name(record->type));
    fc_json_hash(json, "hash", &record->hash);
    fc_json_uint(json, "signatures", tally->have);
    if (tally->known)
        fc_json_uint(json, "needed", tally->need);
    else
        fc_json_null(json, "needed");
    if (tally->before_known) {
        fc_json_uint(json, "signatures_before", tally->have_before);
        fc_json_uint(json, "needed_before", tally->need_before);
    }
    fc_json_bool(json, "complete", complete(tally));
    fc_json_bool(json, "submitted", submitted);
    fc_json_end(json);
    return fc_cli_print_json(cli, json);
}

/* What to do with the file now. */
static void report_next(const char *path, const struct fc_record *record, const struct tally *tally)
{
    const char *verb = record->type == FC_RECORD_CHARTER ? "charter sign" : "cosign";
    uint32_t more = tally->have < tally->need ? tally->need - tally->have : 0;
    uint32_t before =
        tally->have_before < tally->need_before ? tally->need_before - tally->have_before : 0;
    if (complete(tally) && record->type == FC_RECORD_CHARTER && !tally->after)
        printf("  complete      nodes start with it: fedcat join %s\n", path);
    else if (complete(tally))
        printf("  complete      hand it to any node: fedcat submit %s\n", path);
    else if (!tally->known || (tally->after && !tally->before_known && more == 0))
        printf("  next          more may be needed (--records CHARTER tells): fedcat %s %s --key "
               "KEY\n",
               verb, path);
    else
        printf("  next          %u more: fedcat %s %s --key KEY\n", more > before ? more : before,
               verb, path);
}

static enum fc_exit report(struct fc_cli *cli, const char *path, const struct fc_record *record,
                           const struct tally *tally, bool submitted)
{
    char line[FC_RECORD_LINE_BYTES], hex[65];
    if (cli->json)
        return report_json(cli, path, record, tally, submitted);
    fc_hex(record->hash.b, 32, hex);
    printf("%s\n  hash          %s\n  signatures    %u", fc_record_line(record, line), hex,
           tally->have);
    if (tally->known)
        printf(" of %u", tally->need);
    if (tally->before_known)
        printf(", and %u of %u of the governors before", tally->have_before, tally->need_before);
    putchar('\n');
    if (submitted)
        printf("  handed in     yes, this node passes it on\n");
    else
        report_next(path, record, tally);
    return FC_EXIT_OK;
}

/* What goes around the record in its file. */
struct around {
    struct fc_span before, after;
};

static enum fc_exit deliver(struct fc_cli *cli, const struct fc_governance_input *input,
                            const struct fc_ledger *ledger, const struct around *around,
                            const struct fc_buf *record, const char *path)
{
    struct fc_record parsed;
    struct fc_buf all = {0};
    fc_buf_append(&all, around->before.data, around->before.len);
    fc_buf_append(&all, record->data, record->len);
    fc_buf_append(&all, around->after.data, around->after.len);
    enum fc_err err = fc_buf_check(&all);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(record), &parsed);
    if (err == FC_OK)
        err = fc_file_write(path, fc_buf_span(&all), 0644, false);
    enum fc_exit status = FC_EXIT_OK;
    if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "%s", path);
    } else {
        struct tally tally = count_signatures(&parsed, ledger);
        bool ready = complete(&tally);
        if (input->submit && ready)
            status = fc_governance_submit(cli, fc_buf_span(&all));
        if (status == FC_EXIT_OK)
            status = report(cli, path, &parsed, &tally, input->submit && ready);
        if (status == FC_EXIT_OK && input->submit && !ready) {
            fc_cli_warn(cli, "%s is written but not handed in: signatures are missing", path);
            status = FC_EXIT_REFUSED;
        }
    }
    fc_buf_finish(&all);
    return status;
}

enum fc_exit fc_governance_issue(struct fc_cli *cli, const struct fc_governance_input *input,
                                 const struct fc_ledger *ledger, enum fc_record_type type,
                                 struct fc_span body, struct fc_span before, const char *fallback)
{
    struct fc_buf record = {0};
    struct around around = {.before = before};
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_record_write(type, body, NULL, 0, &record);
    if (err != FC_OK)
        status = fc_cli_fail(cli, err, "the record");
    else
        status = add_signatures(cli, input, ledger, &record);
    if (status == FC_EXIT_OK)
        status = deliver(cli, input, ledger, &around, &record, input->out ? input->out : fallback);
    fc_buf_finish(&record);
    return status;
}

static const struct fc_record *to_sign(const struct fc_record_file *file, enum fc_record_type type)
{
    static const enum fc_record_type types[] = {FC_RECORD_CERTIFICATE, FC_RECORD_REVOCATION,
                                                FC_RECORD_TAKEDOWN, FC_RECORD_CHARTER};
    const struct fc_record *found = NULL;
    if (type != 0)
        return fc_record_file_last(file, type);
    for (size_t i = 0; i < sizeof types / sizeof types[0] && !found; i++)
        found = fc_record_file_last(file, types[i]);
    return found;
}

static struct around around_it(const struct fc_record_file *file, const struct fc_record *record)
{
    size_t start = (size_t)(record->bytes.data - file->bytes.data);
    size_t end = start + record->bytes.len;
    return (struct around){.before = fc_span(file->bytes.data, start),
                           .after = fc_span(file->bytes.data + end, file->bytes.len - end)};
}

enum fc_exit fc_governance_cosign(struct fc_cli *cli, const struct fc_governance_input *input,
                                  const char *path, enum fc_record_type type)
{
    struct fc_record_file file;
    struct fc_ledger *ledger = NULL;
    struct fc_buf record = {0};
    enum fc_err err = fc_record_file_read(path, &file);
    if (err != FC_OK)
        return fc_governance_unread(cli, err, path);
    enum fc_exit status = FC_EXIT_OK;
    const struct fc_record *found = to_sign(&file, type);
    if (!found && fc_record_file_last(&file, FC_RECORD_APPLICATION)) {
        fc_cli_warn(cli, "%s is an application; fedcat admit %s makes a certificate of it", path,
                    path);
        status = FC_EXIT_USAGE;
        goto out;
    }
    if (!found || fc_record_check_body(found) != FC_OK) {
        fc_cli_warn(cli, "%s holds no %s to sign", path,
                    type != 0 ? fc_record_type_name(type)
                              : "charter, certificate, revocation or takedown");
        status = FC_EXIT_USAGE;
        goto out;
    }
    fc_governance_try(cli, input->records, &ledger);
    if (!cli->json && !cli->quiet)
        fc_record_print(found, ledger, stderr);
    fc_buf_append(&record, found->bytes.data, found->bytes.len);
    status = add_signatures(cli, input, ledger, &record);
    if (status == FC_EXIT_OK) {
        struct around around = around_it(&file, found);
        status = deliver(cli, input, ledger, &around, &record, input->out ? input->out : path);
    }
out:
    fc_buf_finish(&record);
    fc_ledger_destroy(ledger);
    fc_record_file_finish(&file);
    return status;
}

enum fc_exit fc_governance_lacks(struct fc_cli *cli, const char *path,
                                 const struct fc_record *record, const struct fc_ledger *ledger)
{
    struct tally tally = count_signatures(record, ledger);
    if (complete(&tally) || (tally.have >= tally.need && tally.after && !tally.before_known))
        return FC_EXIT_OK;
    fc_cli_warn(cli, "%s lacks signatures of governors: more sign it with fedcat charter sign %s",
                path, path);
    return FC_EXIT_REFUSED;
}
