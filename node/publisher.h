/* A command's hand on one feed: which key signs, and how its operations reach the node. A key that
 * lies open in the node's home is used by the node itself, in one transaction; any other is used
 * here: the node prepares, this process signs under the key's counter, the node takes it in. */
#ifndef FC_NODE_PUBLISHER_H
#define FC_NODE_PUBLISHER_H

#include "node/author.h"
#include "node/client.h"

struct fc_publisher {
    struct fc_cli *cli;
    struct fc_client *client;
    struct fc_hash participant;
    char name[FC_TEXT_BYTES_MAX + 1]; /* of the participant */
    uint32_t ops_max;                 /* in one delta */
    struct fc_key feed_key;
    bool own;                 /* signs here */
    struct fc_author_key key; /* open when `own` */
    fc_version version;       /* of the last delta; 0: nothing was signed yet in this run */
};

/* Options that every command which signs shares: FC_PUBLISHER_OPTIONS in its argp_option list. */
struct fc_publisher_options {
    const char *as;       /* name of the feed key in keys/; NULL: the node's operator */
    const char *key_file; /* a key file elsewhere */
};
enum { FC_PUBLISHER_OPTION_AS = 0x2000, FC_PUBLISHER_OPTION_KEY };
#define FC_PUBLISHER_OPTIONS                                                                       \
    {"as",                                                                                         \
     FC_PUBLISHER_OPTION_AS,                                                                       \
     "NAME",                                                                                       \
     0,                                                                                            \
     "Sign with keys/feed-NAME.key (default: the node's operator)",                                \
     10},                                                                                          \
    {                                                                                              \
        "key", FC_PUBLISHER_OPTION_KEY, "FILE", 0,                                                 \
            "Sign with this key file; its counter lies beside it", 10                              \
    }
/* True when it took the option. */
bool fc_publisher_parse(struct fc_publisher_options *options, int key, const char *arg);

/* The path of the key that is meant; free it. Prints what is wrong and sets cli->status. */
FC_MUST_USE enum fc_err fc_publisher_key_path(struct fc_cli *cli,
                                              const struct fc_publisher_options *options,
                                              char **path);
/* Finds the key and its participant. Prints what is wrong and sets cli->status. */
FC_MUST_USE enum fc_err fc_publisher_open(struct fc_cli *cli, struct fc_client *client,
                                          const struct fc_publisher_options *options,
                                          struct fc_publisher *out);
void fc_publisher_close(struct fc_publisher *publisher);
/* One delta; whole or nothing. `*changed` is how many operations it holds: entries that are the
 * same already are left out, and when none is left nothing is signed. */
FC_MUST_USE enum fc_err fc_publisher_send(struct fc_publisher *publisher, const struct fc_op *ops,
                                          uint32_t op_count, const struct fc_content *contents,
                                          uint32_t content_count, uint32_t *changed);

#endif
