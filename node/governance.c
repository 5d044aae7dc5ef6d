#include "node/governance.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/client.h"
#include "node/file.h"
#include "node/passphrase.h"
#include "store/pack.h"

error_t fc_governance_parse(int key, char *arg, struct fc_governance_input *input)
{
    switch (key) {
    case 'k':
        if (input->key_count == FC_GOVERNANCE_KEYS_MAX)
            return E2BIG;
        input->keys[input->key_count++] = arg;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case FC_OPTION_RECORDS:
        input->records = arg;
        return 0;
    case FC_OPTION_SUBMIT:
        input->submit = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

/* Adds records until nothing more is taken: a file may hold them in any order. */
static enum fc_err fill(struct fc_ledger *ledger, const struct fc_record_file *file)
{
    bool *taken = calloc(file->count, 1);
    bool again = taken != NULL;
    enum fc_err err = taken ? FC_OK : FC_E_NOMEM;
    while (again) {
        again = false;
        for (size_t i = 0; i < file->count; i++) {
            struct fc_ledger_change change = {0};
            const struct fc_record *record = &file->records[i];
            if (taken[i] || record->type == FC_RECORD_HEAD || record->type == FC_RECORD_APPLICATION)
                continue;
            enum fc_err added = fc_ledger_add(ledger, record, &change);
            fc_buf_finish(&change.evidence);
            taken[i] = added == FC_OK;
            again = again || taken[i];
            if (added == FC_E_NOMEM)
                err = added;
        }
    }
    free(taken);
    return err;
}

static enum fc_err open_file(const char *path, struct fc_ledger **ledger)
{
    struct fc_record_file file;
    struct fc_hash federation = {{0}};
    enum fc_err err = fc_record_file_read(path, &file);
    if (err != FC_OK)
        return err;
    for (size_t i = 0; i < file.count; i++) {
        struct fc_charter charter;
        if (file.records[i].type == FC_RECORD_CHARTER &&
            fc_charter_parse(&file.records[i], &charter) == FC_OK && charter.version == 1)
            federation = file.records[i].hash;
    }
    err = fc_hash_is_zero(&federation) ? FC_E_UNKNOWN
                                       : fc_ledger_create(&federation, fc_verifier_plain(), ledger);
    if (err == FC_OK)
        err = fill(*ledger, &file);
    fc_record_file_finish(&file);
    return err;
}

static enum fc_err keep(void *ctx, uint64_t index, const struct fc_record *record)
{
    struct fc_buf *bytes = ctx;
    (void)index;
    if (record->type != FC_RECORD_HEAD)
        fc_buf_append(bytes, record->bytes.data, record->bytes.len);
    return fc_buf_check(bytes);
}

/* What this node's operators settled between rival charters shows in the one in force there. */
static enum fc_err follow_pins(struct fc_client *client, struct fc_ledger *ledger)
{
    struct fc_buf charter = {0};
    struct fc_record record;
    enum fc_err err = fc_client_charter(client, 0, &charter, NULL);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&charter), &record);
    struct fc_hash at = err == FC_OK ? record.hash : (struct fc_hash){{0}};
    while (err == FC_OK) {
        const struct fc_held *held = fc_ledger_find(ledger, &at);
        if (!held || held->record.type != FC_RECORD_CHARTER || held->charter.version == 1)
            break;
        struct fc_hash before = held->charter.previous;
        err = fc_ledger_pin(ledger, &at);
        at = before;
    }
    fc_buf_finish(&charter);
    return err == FC_E_MISSING ? FC_OK : err;
}

enum fc_exit fc_governance_from(struct fc_cli *cli, struct fc_client *client,
                                struct fc_ledger **ledger)
{
    struct fc_buf charter = {0};
    struct fc_record_file file = {0};
    struct fc_record first;
    enum fc_exit status = FC_EXIT_OK;
    *ledger = NULL;
    enum fc_err err = fc_client_charter(client, 1, &charter, NULL);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&charter), &first);
    if (err == FC_OK)
        err = fc_client_records(client, keep, &file.bytes);
    if (err == FC_OK)
        err = fc_record_file_split(&file);
    if (err == FC_OK)
        err = fc_ledger_create(&first.hash, fc_verifier_plain(), ledger);
    if (err == FC_OK)
        err = fill(*ledger, &file);
    if (err == FC_OK)
        err = follow_pins(client, *ledger);
    if (err != FC_OK) {
        status = fc_client_fail(cli, client, err, "this node's records");
        fc_ledger_destroy(*ledger);
        *ledger = NULL;
    }
    fc_record_file_finish(&file);
    fc_buf_finish(&charter);
    return status;
}

static enum fc_exit from_node(struct fc_cli *cli, struct fc_ledger **ledger)
{
    struct fc_client *client = NULL;
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    enum fc_exit status = fc_governance_from(cli, client, ledger);
    fc_client_close(client);
    return status;
}

enum fc_exit fc_governance_submit(struct fc_cli *cli, struct fc_span records)
{
    struct fc_client *client = NULL;
    enum fc_exit status = FC_EXIT_OK;
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    struct fc_unpack in;
    fc_unpack_init(&in, records);
    while (status == FC_EXIT_OK && in.pos < in.len) {
        struct fc_hash hash;
        struct fc_record record;
        char line[FC_RECORD_LINE_BYTES] = "record";
        struct fc_span bytes = fc_unpack_any(&in);
        enum fc_err err = in.err != FC_OK ? in.err : fc_record_parse(bytes, &record);
        if (err == FC_OK) {
            fc_record_line(&record, line);
            err = fc_client_submit_record(client, bytes, &hash);
        }
        if (err == FC_E_KNOWN)
            fc_cli_note(cli, "%s: held already", line);
        else if (err != FC_OK)
            status = fc_client_fail(cli, client, err, line);
    }
    fc_client_close(client);
    return status;
}

enum fc_exit fc_governance_open(struct fc_cli *cli, const char *records, struct fc_ledger **ledger)
{
    *ledger = NULL;
    if (!records)
        return from_node(cli, ledger);
    enum fc_err err = open_file(records, ledger);
    if (err == FC_OK)
        return FC_EXIT_OK;
    fc_ledger_destroy(*ledger);
    *ledger = NULL;
    return fc_cli_fail(cli, err, err == FC_E_UNKNOWN ? "%s has no charter of version 1" : "%s",
                       records);
}

void fc_governance_try(struct fc_cli *cli, const char *records, struct fc_ledger **ledger)
{
    *ledger = NULL;
    if (!records) {
        char *store = fc_home_path(&cli->home, "store/data.mdb");
        if (store && access(store, F_OK) == 0)
            (void)from_node(cli, ledger);
        free(store);
        return;
    }
    if (open_file(records, ledger) != FC_OK) {
        fc_ledger_destroy(*ledger);
        *ledger = NULL;
    }
}

enum fc_exit fc_governance_key(struct fc_cli *cli, const char *kind, const char *name,
                               struct fc_keyfile *key)
{
    char *path = NULL;
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = FC_OK;
    if (strchr(name, '/') || access(name, F_OK) == 0)
        path = strdup(name);
    else
        err = fc_home_key_path(&cli->home, kind, name, &path);
    if (err != FC_OK || !path)
        return fc_cli_fail(cli, err != FC_OK ? err : FC_E_NOMEM, "key \"%s\"", name);
    if (fc_passphrase_open_key(cli, path, key, &status) == FC_OK &&
        strcmp(fc_key_kind_name(key->kind), kind) != 0) {
        fc_cli_warn(cli, "%s is a %s key; this takes a %s key", path, fc_key_kind_name(key->kind),
                    kind);
        fc_keyfile_wipe(key);
        status = FC_EXIT_USAGE;
    }
    free(path);
    return status;
}

static enum fc_exit add_signatures(struct fc_cli *cli, const struct fc_governance_input *input,
                                   struct fc_buf *record)
{
    for (uint32_t i = 0; i < input->key_count; i++) {
        struct fc_keyfile key;
        struct fc_record parsed;
        struct fc_buf signed_record = {0};
        enum fc_exit status = fc_governance_key(cli, "governor", input->keys[i], &key);
        if (status != FC_EXIT_OK)
            return status;
        enum fc_err err = fc_record_parse(fc_buf_span(record), &parsed);
        if (err == FC_OK)
            err = fc_record_cosign(&parsed, &key.sign, &signed_record);
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

static uint32_t valid_signatures(const struct fc_record *record, const struct fc_charter *charter)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < charter->governor_count; i++)
        count += fc_record_signed_by(record, &charter->governors[i].key);
    return count;
}

/* How many signatures of governors a record has, and how many are still missing. A charter after
 * the first needs a quorum of its own governors and of the charter's before it. */
static uint32_t missing(const struct fc_record *record, const struct fc_ledger *ledger,
                        uint32_t *have, uint32_t *need)
{
    const struct fc_held *held = ledger ? fc_ledger_charter(ledger, NULL) : NULL;
    *have = *need = 0;
    if (record->type == FC_RECORD_CHARTER) {
        struct fc_charter *charter = calloc(1, sizeof *charter);
        uint32_t lacking = UINT32_MAX;
        if (charter && fc_charter_parse(record, charter) == FC_OK) {
            *have = valid_signatures(record, charter);
            *need = charter->quorum;
            lacking = *have < *need ? *need - *have : 0;
            if (charter->version > 1 && held) {
                uint32_t before = valid_signatures(record, &held->charter);
                uint32_t lacking_before =
                    before < held->charter.quorum ? held->charter.quorum - before : 0;
                lacking = lacking > lacking_before ? lacking : lacking_before;
            }
        }
        free(charter);
        return lacking;
    }
    if (!held)
        return UINT32_MAX;
    *have = valid_signatures(record, &held->charter);
    *need = held->charter.admit;
    return *have < *need ? *need - *have : 0;
}

static enum fc_exit report(struct fc_cli *cli, const char *path, const struct fc_record *record,
                           uint32_t have, uint32_t need, uint32_t lacking, bool submitted)
{
    char line[FC_RECORD_LINE_BYTES], hex[65];
    fc_hex(record->hash.b, 32, hex);
    if (cli->json) {
        struct fc_json *json = fc_json_create();
        fc_json_object(json, NULL);
        fc_json_text(json, "file", path);
        fc_json_text(json, "type", fc_record_type_name(record->type));
        fc_json_hash(json, "hash", &record->hash);
        fc_json_uint(json, "signatures", have);
        fc_json_uint(json, "needed", need);
        fc_json_bool(json, "complete", lacking == 0);
        fc_json_bool(json, "submitted", submitted);
        fc_json_end(json);
        return fc_cli_print_json(cli, json);
    }
    printf("%s\n  hash          %s\n  signatures    %u of %u\n", fc_record_line(record, line), hex,
           have, need);
    if (submitted)
        printf("  handed in     yes, this node passes it on\n");
    else if (lacking == 0 && record->type == FC_RECORD_CHARTER &&
             fc_hash_is_zero(&record->federation))
        printf("  complete      nodes start with it: fedcat join %s\n", path);
    else if (lacking == 0)
        printf("  complete      hand it to any node: fedcat submit %s\n", path);
    else if (lacking == UINT32_MAX)
        printf("  next          sign it: fedcat cosign %s --key KEY\n", path);
    else
        printf("  next          %u more: fedcat cosign %s --key KEY\n", lacking, path);
    return FC_EXIT_OK;
}

static enum fc_exit deliver(struct fc_cli *cli, const struct fc_governance_input *input,
                            const struct fc_ledger *ledger, struct fc_span before,
                            const struct fc_buf *record, const char *path)
{
    struct fc_record parsed;
    struct fc_buf all = {0};
    uint32_t have, need;
    bool submitted = false;
    fc_buf_append(&all, before.data, before.len);
    fc_buf_append(&all, record->data, record->len);
    enum fc_err err = fc_buf_check(&all);
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(record), &parsed);
    if (err == FC_OK && path)
        err = fc_file_write(path, fc_buf_span(&all), 0644, false);
    enum fc_exit status = FC_EXIT_OK;
    if (err != FC_OK) {
        status = fc_cli_fail(cli, err, "%s", path ? path : "record");
    } else {
        uint32_t lacking = missing(&parsed, ledger, &have, &need);
        if (input->submit && lacking == 0) {
            status = fc_governance_submit(cli, fc_buf_span(&all));
            submitted = status == FC_EXIT_OK;
        } else if (input->submit) {
            fc_cli_note(cli, "not handed in: signatures are missing");
        }
        if (status == FC_EXIT_OK)
            status = report(cli, path, &parsed, have, need, lacking, submitted);
    }
    fc_buf_finish(&all);
    return status;
}

enum fc_exit fc_governance_issue(struct fc_cli *cli, const struct fc_governance_input *input,
                                 const struct fc_ledger *ledger, enum fc_record_type type,
                                 struct fc_span body, struct fc_span before, const char *fallback)
{
    struct fc_buf record = {0};
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_record_write(type, body, NULL, 0, &record);
    if (err != FC_OK)
        status = fc_cli_fail(cli, err, "the record");
    else
        status = add_signatures(cli, input, &record);
    if (status == FC_EXIT_OK)
        status = deliver(cli, input, ledger, before, &record, input->out ? input->out : fallback);
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

enum fc_exit fc_governance_cosign(struct fc_cli *cli, const struct fc_governance_input *input,
                                  const char *path, enum fc_record_type type)
{
    struct fc_record_file file;
    struct fc_ledger *ledger = NULL;
    struct fc_buf record = {0};
    enum fc_err err = fc_record_file_read(path, &file);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "%s", path);
    enum fc_exit status = FC_EXIT_OK;
    const struct fc_record *found = to_sign(&file, type);
    if (!found) {
        fc_cli_warn(cli, "%s holds no %s to sign", path,
                    type != 0 ? fc_record_type_name(type) : "record");
        status = FC_EXIT_USAGE;
        goto out;
    }
    fc_governance_try(cli, input->records, &ledger);
    if (!cli->json && !cli->quiet)
        fc_record_print(found, ledger, stderr);
    fc_buf_append(&record, found->bytes.data, found->bytes.len);
    status = add_signatures(cli, input, &record);
    if (status == FC_EXIT_OK) {
        struct fc_span before =
            fc_span(file.bytes.data, (size_t)(found->bytes.data - file.bytes.data));
        status = deliver(cli, input, ledger, before, &record, input->out ? input->out : path);
    }
out:
    fc_buf_finish(&record);
    fc_ledger_destroy(ledger);
    fc_record_file_finish(&file);
    return status;
}

enum fc_exit fc_governance_participant(struct fc_cli *cli, const struct fc_ledger *ledger,
                                       const char *name, struct fc_participant *out)
{
    size_t found = 0;
    size_t len = strlen(name);
    for (size_t i = 0; i < fc_ledger_participant_count(ledger); i++) {
        struct fc_participant participant;
        char hex[65];
        fc_ledger_participant_at(ledger, i, &participant);
        fc_hex(participant.id.b, 32, hex);
        bool by_id = len >= 4 && len <= 64 && strncmp(hex, name, len) == 0;
        bool by_name = participant.certificate &&
                       fc_span_eq(participant.certificate->certificate.name, fc_span_str(name));
        if (by_id || by_name) {
            *out = participant;
            found++;
        }
    }
    if (found == 1)
        return FC_EXIT_OK;
    fc_cli_warn(cli,
                found == 0 ? "no participant is called \"%s\"; see fedcat participants"
                           : "more than one participant is called \"%s\"; give the whole id",
                name);
    return found == 0 ? FC_EXIT_MISSING : FC_EXIT_USAGE;
}

enum fc_exit fc_governance_governor(struct fc_cli *cli, char *text, struct fc_governor *out)
{
    char *last = strrchr(text, ',');
    char *middle = NULL;
    if (last) {
        *last = 0;
        middle = strrchr(text, ',');
    }
    if (!middle || middle == text) {
        fc_cli_warn(cli, "a governor is given as NAME,COUNTRY,KEY, not \"%s\"", text);
        return FC_EXIT_USAGE;
    }
    *middle = 0;
    out->name = fc_span_str(text);
    out->country = fc_span_str(middle + 1);
    if (fc_cli_key(last + 1, &out->key) == FC_OK)
        return FC_EXIT_OK;
    struct fc_keyfile key;
    enum fc_err err = fc_keyfile_read(last + 1, &key);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "governor %s: key %s", text, last + 1);
    out->key = key.public_key;
    return FC_EXIT_OK;
}
