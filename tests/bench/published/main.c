#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/published/published.h"

static const char usage[] =
    "usage: published hyparview|plumtree [--nodes N] [--seed S] [--messages M] [--cycles C]\n"
    "Makes a published table again and prints it beside the published figures.\n";

static bool number(const char *text, uint64_t *out)
{
    char *end;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

int main(int argc, char **argv)
{
    struct published options = {.nodes = 10000, .messages = 1000, .cycles = 50, .seed = 1};
    bool fine = argc >= 2;
    for (int i = 2; fine && i < argc; i += 2) {
        uint64_t value = 0;
        fine = i + 1 < argc && number(argv[i + 1], &value) && value <= 1000000;
        if (strcmp(argv[i], "--nodes") == 0 && value >= 100)
            options.nodes = (uint32_t)value;
        else if (strcmp(argv[i], "--messages") == 0 && value >= 1)
            options.messages = (uint32_t)value;
        else if (strcmp(argv[i], "--cycles") == 0 && value >= 3)
            options.cycles = (uint32_t)value;
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = value;
        else
            fine = false;
    }
    if (fine && strcmp(argv[1], "hyparview") == 0) {
        published_hyparview(&options);
        return 0;
    }
    if (fine && strcmp(argv[1], "plumtree") == 0) {
        published_plumtree(&options);
        return 0;
    }
    fputs(usage, stderr);
    return 2;
}
