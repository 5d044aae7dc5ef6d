/* A running node: poll, step the core, commit, send. */
#ifndef FC_NODE_DAEMON_H
#define FC_NODE_DAEMON_H

#include "node/cli.h"
#include "node/config.h"
#include "node/log.h"

/* Runs in the foreground until SIGTERM or SIGINT. What keeps it from starting is printed. */
enum fc_exit fc_daemon_run(struct fc_cli *cli, const struct fc_config *config);

#endif
