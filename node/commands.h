/* Every subcommand; each is defined in node/cmd_<name>.c. Add a line here and one in commands.c. */
#ifndef FC_NODE_COMMANDS_H
#define FC_NODE_COMMANDS_H

#include "node/cli.h"

extern const struct fc_command fc_command_key;
extern const struct fc_command fc_command_manual;
extern const struct fc_command fc_command_completion;

extern const struct fc_command fc_command_federation;
extern const struct fc_command fc_command_charter;
extern const struct fc_command fc_command_apply;
extern const struct fc_command fc_command_admit;
extern const struct fc_command fc_command_cosign;
extern const struct fc_command fc_command_submit;
extern const struct fc_command fc_command_revoke;
extern const struct fc_command fc_command_takedown;
extern const struct fc_command fc_command_recover;
extern const struct fc_command fc_command_log;
extern const struct fc_command fc_command_show;

#endif
