/* Every subcommand; each is defined in node/cmd_<name>.c. Add a line here and one in commands.c. */
#ifndef FC_NODE_COMMANDS_H
#define FC_NODE_COMMANDS_H

#include "node/cli.h"

extern const struct fc_command fc_command_key;

#endif
