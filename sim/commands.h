/* The commands of fedcat-sim. Each gets the words from its own name on, prints its faults itself
 * and returns the exit status: 0, 1 when it could not be done, 2 when it was not understood. */
#ifndef FC_SIM_COMMANDS_H
#define FC_SIM_COMMANDS_H

int fc_cmd_run(int argc, char **argv);
int fc_cmd_sweep(int argc, char **argv);
int fc_cmd_check(int argc, char **argv);
int fc_cmd_replay(int argc, char **argv);
int fc_cmd_report(int argc, char **argv);
int fc_cmd_topology(int argc, char **argv);
int fc_cmd_list(int argc, char **argv);

#endif
