/* Every subcommand; each is defined in node/cmd_<name>.c. Add a line here and one in commands.c. */
#ifndef FC_NODE_COMMANDS_H
#define FC_NODE_COMMANDS_H

#include "node/cli.h"

extern const struct fc_command fc_command_key;
extern const struct fc_command fc_command_init;
extern const struct fc_command fc_command_join;
extern const struct fc_command fc_command_bootstrap;
extern const struct fc_command fc_command_run;
extern const struct fc_command fc_command_status;
extern const struct fc_command fc_command_peers;
extern const struct fc_command fc_command_publish;
extern const struct fc_command fc_command_follow;
extern const struct fc_command fc_command_delete;
extern const struct fc_command fc_command_set_status;
extern const struct fc_command fc_command_get;
extern const struct fc_command fc_command_list;
extern const struct fc_command fc_command_search;
extern const struct fc_command fc_command_history;
extern const struct fc_command fc_command_participants;
extern const struct fc_command fc_command_prove;
extern const struct fc_command fc_command_check_proof;
extern const struct fc_command fc_command_export;
extern const struct fc_command fc_command_import;
extern const struct fc_command fc_command_verify;
extern const struct fc_command fc_command_reindex;
extern const struct fc_command fc_command_backup;
extern const struct fc_command fc_command_restore;
extern const struct fc_command fc_command_digest;
extern const struct fc_command fc_command_prepare;
extern const struct fc_command fc_command_sign;
extern const struct fc_command fc_command_token;
extern const struct fc_command fc_command_manual;
extern const struct fc_command fc_command_completion;

extern const struct fc_command fc_command_federation;
extern const struct fc_command fc_command_charter;
extern const struct fc_command fc_command_apply;
extern const struct fc_command fc_command_applications;
extern const struct fc_command fc_command_admit;
extern const struct fc_command fc_command_cosign;
extern const struct fc_command fc_command_submit;
extern const struct fc_command fc_command_revoke;
extern const struct fc_command fc_command_takedown;
extern const struct fc_command fc_command_recover;
extern const struct fc_command fc_command_log;
extern const struct fc_command fc_command_show;

#endif
