/* The daemon's log: lines of text, or JSON objects one a line, on standard error. */
#ifndef FC_NODE_LOG_H
#define FC_NODE_LOG_H

#include "node/config.h"

struct fc_log {
    enum fc_log_format format;
    enum fc_log_level level; /* what is less urgent is left out */
    bool journal;            /* standard error goes to journald: priorities, no time of our own */
};
void fc_log_init(struct fc_log *log, const struct fc_config_log *config);
void fc_log_say(const struct fc_log *log, enum fc_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
