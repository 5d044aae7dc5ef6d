#include "node/governance.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/client.h"
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
    if (err != FC_E_UNKNOWN)
        return fc_governance_unread(cli, err, records);
    fc_cli_warn(cli,
                "%s has no charter of version 1; the federation's first one goes before others",
                records);
    return FC_EXIT_USAGE;
}

const struct fc_held *fc_governance_charter(struct fc_cli *cli, const struct fc_ledger *ledger,
                                            enum fc_exit *status)
{
    bool disputed = false;
    const struct fc_held *held = fc_ledger_charter(ledger, &disputed);
    if (!held && disputed)
        *status = fc_cli_fail(cli, FC_E_DISPUTED, "no charter is in force");
    else if (!held) {
        fc_cli_warn(cli, "no charter is in force: it lacks signatures of its governors (fedcat "
                         "charter sign FILE)");
        *status = FC_EXIT_REFUSED;
    } else if (disputed)
        fc_cli_warn(cli, "governance is halted by two rival charters: what is signed now counts "
                         "only until they are settled (fedcat charter show)");
    return held;
}

enum fc_exit fc_governance_unread(struct fc_cli *cli, enum fc_err err, const char *path)
{
    if (err != FC_E_FORMAT)
        return fc_cli_fail(cli, err, "%s", path);
    fc_cli_warn(cli, "%s: empty, damaged or cut short: no file of records as fedcat writes them",
                path);
    return FC_EXIT_USAGE;
}

void fc_governance_try(struct fc_cli *cli, const char *records, struct fc_ledger **ledger)
{
    *ledger = NULL;
    if (!records) {
        char *store = fc_home_path(&cli->home, "store/data.mdb");
        if (store && access(store, F_OK) == 0 && from_node(cli, ledger) != FC_EXIT_OK)
            fc_cli_note(cli, "going on without this node's records");
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
    enum fc_exit status = fc_governance_text(cli, "a governor's name", text);
    if (status == FC_EXIT_OK)
        status = fc_governance_country(cli, middle + 1);
    if (status != FC_EXIT_OK || fc_cli_key(last + 1, &out->key) == FC_OK)
        return status;
    struct fc_keyfile key;
    enum fc_err err = fc_keyfile_read(last + 1, &key);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "governor %s: key %s", text, last + 1);
    if (key.kind != FC_KEY_GOVERNOR) {
        fc_cli_warn(cli, "governor %s: %s is a %s key, not a governor's", text, last + 1,
                    fc_key_kind_name(key.kind));
        return FC_EXIT_USAGE;
    }
    out->key = key.public_key;
    return FC_EXIT_OK;
}

enum fc_exit fc_governance_text(struct fc_cli *cli, const char *what, const char *text)
{
    if (fc_text_valid(fc_span_str(text), 1, FC_TEXT_BYTES_MAX))
        return FC_EXIT_OK;
    fc_cli_warn(cli, "%s is 1 to %d bytes of text without control characters", what,
                FC_TEXT_BYTES_MAX);
    return FC_EXIT_USAGE;
}

enum fc_exit fc_governance_country(struct fc_cli *cli, const char *text)
{
    if (text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' && !text[2])
        return FC_EXIT_OK;
    fc_cli_warn(cli, "a country is two capital letters, as DE, not \"%.40s\"", text);
    return FC_EXIT_USAGE;
}

enum fc_exit fc_governance_terms(struct fc_cli *cli, const struct fc_charter *charter)
{
    for (uint32_t i = 0; i + 1 < charter->governor_count; i++) {
        const struct fc_governor *one = &charter->governors[i], *other = one + 1;
        if (fc_key_eq(&one->key, &other->key)) {
            fc_cli_warn(cli, "%.*s and %.*s have the same key: each governor needs their own",
                        (int)one->name.len, (const char *)one->name.data, (int)other->name.len,
                        (const char *)other->name.data);
            return FC_EXIT_USAGE;
        }
    }
    if (charter->governor_count == 0) {
        fc_cli_warn(cli, "a charter needs at least one governor");
    } else if (2 * charter->quorum <= charter->governor_count ||
               charter->quorum > charter->governor_count) {
        fc_cli_warn(cli, "a quorum of %u of %u governors cannot be: more than half, at most all",
                    charter->quorum, charter->governor_count);
    } else if (charter->admit == 0 || charter->admit > charter->governor_count) {
        fc_cli_warn(cli, "%u of %u governors to admit cannot be: from 1 to all", charter->admit,
                    charter->governor_count);
    } else {
        return FC_EXIT_OK;
    }
    return FC_EXIT_USAGE;
}
