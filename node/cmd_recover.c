#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/client.h"
#include "node/commands.h"
#include "node/file.h"
#include "node/governance.h"
#include "node/passphrase.h"

/* `recover`: the recovery key opens a new incarnation of the feed under a new feed key. */
struct input {
    const char *participant, *recovery, *name, *feed, *out;
    bool seal;
};
enum { RECOVERY = 0x6601, FEED };

static const struct argp_option options[] = {
    {"recovery", RECOVERY, "KEY", 0, "The recovery key: a file, or a name in keys/", 0},
    {"name", 'n', "NAME", 0,
     "Name of the new feed key in keys/ (default: that of the key it replaces)", 0},
    {"feed", FEED, "FILE", 0, "Take this feed key instead of making one", 0},
    {"seal", 's', NULL, 0, "Seal the new feed key under a passphrase", 0},
    {"out", 'o', "FILE", 0, "Write the certificate there as well", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct input *input = state->input;
    switch (key) {
    case RECOVERY:
        input->recovery = arg;
        return 0;
    case FEED:
        input->feed = arg;
        return 0;
    case 'n':
        input->name = arg;
        return 0;
    case 's':
        input->seal = true;
        return 0;
    case 'o':
        input->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        return fc_cli_argument(state, arg, (const char **[]){&input->participant}, 1);
    case ARGP_KEY_END:
        if (!input->participant)
            argp_error(state, "which participant?");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

/* Whether a new key may go by that name: it is free, or what lies there is the key that is
 * replaced, or no key at all. Never puts another participant's key away. */
static bool may_take(const struct fc_cli *cli, const char *name, const struct fc_key *replaced)
{
    struct fc_keyfile file;
    char *path = NULL;
    enum fc_err err = fc_home_key_path(&cli->home, "feed", name, &path);
    if (err == FC_OK)
        err = fc_keyfile_read(path, &file);
    free(path);
    return err == FC_E_MISSING || err == FC_E_FORMAT ||
           (err == FC_OK && fc_key_eq(&file.public_key, replaced));
}

/* The name the replaced key has in keys/, or NULL; on the heap. */
static char *name_of(const struct fc_cli *cli, const struct fc_key *replaced)
{
    char **names = NULL, *found = NULL;
    size_t count = 0;
    if (fc_home_keys(&cli->home, "feed", &names, &count) != FC_OK)
        count = 0;
    for (size_t i = 0; i < count && !found; i++) {
        struct fc_keyfile file;
        char *path = NULL;
        if (fc_home_key_path(&cli->home, "feed", names[i], &path) == FC_OK &&
            fc_keyfile_read(path, &file) == FC_OK && fc_key_eq(&file.public_key, replaced))
            found = strdup(names[i]);
        free(path);
    }
    fc_home_keys_free(names, count);
    return found;
}

static enum fc_exit choose_name(struct fc_cli *cli, struct input *input,
                                const struct fc_key *replaced, char **owned)
{
    if (input->feed)
        return FC_EXIT_OK;
    if (!input->name) {
        *owned = name_of(cli, replaced);
        /* Its recovery key's name says whose it is when the feed key itself is gone. */
        input->name = *owned ? *owned : strchr(input->recovery, '/') ? NULL : input->recovery;
    }
    if (input->name && may_take(cli, input->name, replaced))
        return FC_EXIT_OK;
    if (input->name)
        fc_cli_warn(cli,
                    "keys/feed-%s.key is not the key to replace; say with --name what to call "
                    "the new one",
                    input->name);
    else
        fc_cli_warn(cli,
                    "the key to replace is not here; say with --name what to call the new one");
    return FC_EXIT_USAGE;
}

static void next_name(const struct input *input, uint16_t incarnation,
                      char name[FC_HOME_NAME_BYTES_MAX])
{
    snprintf(name, FC_HOME_NAME_BYTES_MAX, "%.40s-next-%u", input->name, incarnation);
}

/* A key made elsewhere; `key` is the one it replaces. */
static enum fc_exit given_feed_key(struct fc_cli *cli, const char *path, struct fc_key *key)
{
    struct fc_keyfile file;
    enum fc_err err = fc_keyfile_read(path, &file);
    if (err != FC_OK)
        return fc_cli_fail(cli, err, "%s", path);
    if (file.kind != FC_KEY_FEED) {
        fc_cli_warn(cli, "%s is a %s key, not a feed key", path, fc_key_kind_name(file.kind));
        return FC_EXIT_USAGE;
    }
    if (fc_key_eq(&file.public_key, key)) {
        fc_cli_warn(cli,
                    "%s is the key the feed has now; a new one takes its place (fedcat key "
                    "new feed)",
                    path);
        return FC_EXIT_USAGE;
    }
    *key = file.public_key;
    return FC_EXIT_OK;
}

static enum fc_exit new_feed_key(struct fc_cli *cli, const struct input *input,
                                 uint16_t incarnation, struct fc_key *key)
{
    char name[FC_HOME_NAME_BYTES_MAX];
    char *path = NULL;
    enum fc_exit status = FC_EXIT_OK;
    if (input->feed)
        return given_feed_key(cli, input->feed, key);
    next_name(input, incarnation, name);
    enum fc_err err = fc_home_key_path(&cli->home, "feed", name, &path);
    if (err == FC_OK)
        err = fc_home_create(&cli->home);
    if (err != FC_OK)
        status = fc_cli_fail(cli, err, "feed key %s", name);
    else if (access(path, F_OK) == 0) {
        struct fc_keyfile file; /* of an attempt that was cut off: it may be in use already */
        err = fc_keyfile_read(path, &file);
        if (err == FC_OK)
            *key = file.public_key;
        else
            status = fc_cli_fail(cli, err, "%s", path);
    } else
        (void)!fc_passphrase_create_key(cli, path, FC_KEY_FEED, input->seal, key, &status);
    free(path);
    return status;
}

static enum fc_err rename_key(const char *from, const char *to)
{
    static const char *const parts[] = {"", ".count0", ".count1"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char *old_path = NULL, *new_path = NULL;
        bool made = asprintf(&old_path, "%s%s", from, parts[i]) >= 0 &&
                    asprintf(&new_path, "%s%s", to, parts[i]) >= 0;
        int failed = made ? rename(old_path, new_path) : -1;
        free(old_path);
        free(new_path);
        if (!made)
            return FC_E_NOMEM;
        if (failed && errno != ENOENT)
            return FC_E_IO;
    }
    return fc_file_sync_directory(to);
}

/* The new key takes the old one's name, so that publishing goes on as before; the old one is kept
 * beside it. Its counter goes with it: it may never sign for this feed again. */
static enum fc_exit take_over(struct fc_cli *cli, const struct input *input, uint16_t incarnation)
{
    char name[FC_HOME_NAME_BYTES_MAX];
    char *made = NULL, *path = NULL, *retired = NULL;
    if (input->feed)
        return FC_EXIT_OK;
    next_name(input, incarnation, name);
    enum fc_err err = fc_home_key_path(&cli->home, "feed", name, &made);
    if (err == FC_OK)
        err = fc_home_key_path(&cli->home, "feed", input->name, &path);
    if (err == FC_OK && asprintf(&retired, "%s.retired-%u", path, incarnation - 1u) < 0)
        err = FC_E_NOMEM;
    if (err == FC_OK)
        err = rename_key(path, retired);
    if (err == FC_OK)
        err = rename_key(made, path);
    enum fc_exit status = FC_EXIT_OK;
    if (err == FC_OK && access(retired, F_OK) == 0)
        fc_cli_note(cli, "new feed key in %s, the old one in %s", path, retired);
    else if (err == FC_OK)
        fc_cli_note(cli, "new feed key in %s", path);
    else
        status = fc_cli_fail(cli, err, "%s", path ? path : name);
    free(made);
    free(path);
    free(retired);
    return status;
}

static enum fc_exit issue(struct fc_cli *cli, const struct input *input,
                          const struct fc_certificate *certificate,
                          const struct fc_keyfile *recovery)
{
    struct fc_buf body = {0}, record = {0};
    enum fc_exit status = FC_EXIT_OK;
    enum fc_err err = fc_certificate_body(certificate, &body);
    if (err == FC_OK)
        err = fc_record_sign(FC_RECORD_CERTIFICATE, fc_buf_span(&body), &recovery->sign, &record);
    if (err == FC_OK && input->out)
        err = fc_file_write(input->out, fc_buf_span(&record), 0644, false);
    if (err != FC_OK)
        status = fc_cli_fail(cli, err, "the recovery certificate");
    if (status == FC_EXIT_OK)
        status = fc_governance_submit(cli, fc_buf_span(&record));
    struct fc_record parsed;
    if (status == FC_EXIT_OK && fc_record_parse(fc_buf_span(&record), &parsed) == FC_OK) {
        if (cli->json) {
            struct fc_json *json = fc_json_create();
            fc_record_json(json, NULL, &parsed, NULL);
            status = fc_cli_print_json(cli, json);
        } else {
            printf("incarnation %u of the feed is open: the next publish signs with the new key\n",
                   certificate->incarnation);
        }
    }
    fc_buf_finish(&body);
    fc_buf_finish(&record);
    return status;
}

static enum fc_exit run(struct fc_cli *cli, int argc, char **argv)
{
    struct input input = {.recovery = "operator"};
    char *name = NULL;
    struct fc_client *client = NULL;
    struct fc_hash id;
    struct fc_message_participant held;
    struct fc_record record;
    struct fc_certificate certificate;
    struct fc_buf copy = {0};
    struct fc_keyfile recovery = {0};
    enum fc_exit status = fc_cli_parse(cli, argc, argv, &input);
    if (status != FC_EXIT_OK)
        return status;
    if (fc_client_open(cli, &client) != FC_OK)
        return cli->status;
    if (fc_client_find_participant(cli, client, input.participant, &id) != FC_OK) {
        status = cli->status;
        goto out;
    }
    enum fc_err err = fc_client_participant(client, &id, &held);
    if (err == FC_OK) {
        fc_buf_append(&copy, held.certificate.data, held.certificate.len);
        err = fc_buf_check(&copy);
    }
    if (err == FC_OK)
        err = fc_record_parse(fc_buf_span(&copy), &record);
    if (err == FC_OK)
        err = fc_certificate_parse(&record, &certificate);
    if (err != FC_OK) {
        status = fc_client_fail(cli, client, err, input.participant);
        goto out;
    }
    fc_client_close(client);
    client = NULL;
    status = fc_governance_key(cli, "recovery", input.recovery, &recovery);
    if (status == FC_EXIT_OK && !fc_key_eq(&recovery.public_key, &certificate.recovery_key)) {
        fc_cli_warn(cli, "%s is not the recovery key in the certificate", input.recovery);
        status = FC_EXIT_REFUSED;
    }
    if (status == FC_EXIT_OK)
        status = choose_name(cli, &input, &certificate.feed_key, &name);
    if (status == FC_EXIT_OK) {
        certificate.r++;
        certificate.incarnation++;
        certificate.floor = fc_version_seq(held.feed.version);
        status = new_feed_key(cli, &input, certificate.incarnation, &certificate.feed_key);
    }
    if (status == FC_EXIT_OK)
        status = issue(cli, &input, &certificate, &recovery);
    if (status == FC_EXIT_OK)
        status = take_over(cli, &input, certificate.incarnation);
out:
    free(name);
    fc_keyfile_wipe(&recovery);
    fc_buf_finish(&copy);
    fc_client_close(client);
    return status;
}

const struct fc_command fc_command_recover = {
    .name = "recover",
    .family = "governance",
    .args = "PARTICIPANT",
    .summary = "Open a new incarnation of a feed with the recovery key",
    .help = "For a feed key that was lost, stolen, restored without its counter, or signed twice. "
            "The new key takes the old one's place in keys/; entries stay, and the next publish "
            "signs them with it.",
    .example = "fedcat recover \"Nimbus Cloud SAS\" --recovery operator",
    .options = options,
    .parse = parse,
    .run = run,
};
