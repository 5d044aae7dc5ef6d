#include "node/commands.h"

const struct fc_command *const fc_commands[] = {
    &fc_command_key,
    NULL,
};
