#include "node/commands.h"

const struct fc_command *const fc_commands[] = {
    &fc_command_init,       &fc_command_join,        &fc_command_run,          &fc_command_status,
    &fc_command_peers,      &fc_command_bootstrap,   &fc_command_key,          &fc_command_manual,
    &fc_command_completion,

    &fc_command_publish,    &fc_command_delete,      &fc_command_set_status,   &fc_command_get,
    &fc_command_list,       &fc_command_history,     &fc_command_participants, &fc_command_digest,
    &fc_command_prove,      &fc_command_check_proof, &fc_command_export,       &fc_command_verify,
    &fc_command_backup,     &fc_command_restore,     &fc_command_prepare,      &fc_command_sign,

    &fc_command_federation, &fc_command_charter,     &fc_command_apply,        &fc_command_admit,
    &fc_command_cosign,     &fc_command_submit,      &fc_command_revoke,       &fc_command_takedown,
    &fc_command_recover,    &fc_command_log,         &fc_command_show,         NULL,
};
