#include "tests/bench/daemons.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        bench_die("no free port");
    close(fd);
    return ntohs(address.sin_port);
}

static pid_t spawn(const struct federation *fed, char **argv, const char *log)
{
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        execv(fed->bench->fedcat, argv);
        _exit(127);
    }
    if (pid < 0)
        bench_die("a process cannot be made");
    return pid;
}

static void show(const char *path)
{
    char line[512];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        fprintf(stderr, "  | %s", line);
    if (file)
        fclose(file);
}

void fedcat(const struct federation *fed, const struct daemon *daemon, ...)
{
    char *argv[32] = {(char[]){"fedcat"}};
    char log[128];
    int argc = 1, status;
    char *argument;
    va_list list;
    va_start(list, daemon);
    while (argc < 29 && (argument = va_arg(list, char *)))
        argv[argc++] = argument;
    va_end(list);
    char option[] = "--home", home[160];
    snprintf(home, sizeof home, "%s", daemon->home);
    argv[argc++] = option;
    argv[argc++] = home;
    snprintf(log, sizeof log, "%s/command.log", fed->folder);
    unlink(log);
    pid_t pid = spawn(fed, argv, log);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        show(log);
        bench_die("fedcat %s failed", argv[1]);
    }
}

static void admit(const struct federation *fed, const struct daemon *daemon, const char *keys,
                  const char *name, const char *endpoint)
{
    char charter[128], application[128], certificate[128], key[128];
    snprintf(charter, sizeof charter, "%s/charter.fcr", fed->folder);
    snprintf(key, sizeof key, "%s/governor.key", fed->folder);
    snprintf(application, sizeof application, "%s/application.fcr", fed->folder);
    snprintf(certificate, sizeof certificate, "%s/certificate.fcr", fed->folder);
    if (endpoint)
        fedcat(fed, daemon, "apply", "--name", name, "--country", "FR", "--url",
               "https://bench.example", "--keys", keys, "--federation", charter, "-o", application,
               "--endpoint", endpoint, NULL);
    else
        fedcat(fed, daemon, "apply", "--name", name, "--country", "FR", "--url",
               "https://bench.example", "--keys", keys, "--federation", charter, "-o", application,
               "--node-key", "none", NULL);
    fedcat(fed, daemon, "admit", application, "--records", charter, "--key", key, "-o", certificate,
           NULL);
    fedcat(fed, &fed->a, "submit", certificate, NULL);
}

static void make_node(struct federation *fed, struct daemon *daemon, const char *name)
{
    char endpoint[64];
    snprintf(daemon->home, sizeof daemon->home, "%s/%s", fed->folder, name);
    daemon->port = free_port();
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", daemon->port);
    fedcat(fed, daemon, "init", "--listen", endpoint, NULL);
}

void federation_init(struct federation *fed, const struct bench *bench, unsigned hosted)
{
    char governor[192], key[128], charter[128], boot[128], endpoint[64];
    *fed = (struct federation){.bench = bench, .folder = "/var/tmp/fedcat-bench-XXXXXX"};
    if (!mkdtemp(fed->folder))
        bench_die("no folder under /var/tmp");
    make_node(fed, &fed->a, "a");
    make_node(fed, &fed->b, "b");
    snprintf(key, sizeof key, "%s/governor.key", fed->folder);
    snprintf(charter, sizeof charter, "%s/charter.fcr", fed->folder);
    snprintf(boot, sizeof boot, "%s/bootstrap.json", fed->folder);
    snprintf(governor, sizeof governor, "Bench,FR,%s", key);
    fedcat(fed, &fed->a, "key", "new", "governor", "-o", key, NULL);
    fedcat(fed, &fed->a, "federation", "new", "--name", "Bench", "--governor", governor, "--key",
           key, "-o", charter, NULL);
    fedcat(fed, &fed->a, "join", charter, NULL);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", fed->a.port);
    admit(fed, &fed->a, "operator", "Bench A", endpoint);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", fed->b.port);
    admit(fed, &fed->b, "operator", "Bench B", endpoint);
    for (unsigned i = 0; i < hosted; i++) {
        char keys[16], name[32];
        snprintf(keys, sizeof keys, "p%u", i);
        snprintf(name, sizeof name, "Participant %u", i);
        fedcat(fed, &fed->a, "key", "new", "feed", keys, NULL);
        fedcat(fed, &fed->a, "key", "new", "recovery", keys, NULL);
        admit(fed, &fed->a, keys, name, NULL);
    }
    fedcat(fed, &fed->a, "bootstrap", "--out", boot, NULL);
    fedcat(fed, &fed->b, "join", boot, NULL);
}

void federation_finish(struct federation *fed)
{
    char command[128];
    daemon_stop(&fed->a);
    daemon_stop(&fed->b);
    snprintf(command, sizeof command, "rm -rf '%s'", fed->folder);
    if (system(command) != 0)
        bench_note(fed->bench, "%s stays behind", fed->folder);
}

void daemon_start(const struct federation *fed, struct daemon *daemon)
{
    char log[200], fedcat_name[] = "fedcat", run[] = "run", option[] = "--home", home[160];
    char *argv[] = {fedcat_name, run, option, home, NULL};
    snprintf(log, sizeof log, "%s.log", daemon->home);
    snprintf(home, sizeof home, "%s", daemon->home);
    daemon->pid = spawn(fed, argv, log);
    daemon->peak_anon_mb = 0;
}

void daemon_stop(struct daemon *daemon)
{
    int status;
    fc_client_close(daemon->client);
    daemon->client = NULL;
    fc_home_finish(&daemon->cli.home);
    if (daemon->pid == 0)
        return;
    kill(daemon->pid, SIGTERM);
    if (waitpid(daemon->pid, &status, 0) != daemon->pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0)
        fprintf(stderr, "bench: the node in %s did not stop cleanly\n", daemon->home);
    daemon->pid = 0;
}

void daemon_open(struct daemon *daemon)
{
    static const struct fc_command command = {.name = "bench"};
    char path[200];
    snprintf(path, sizeof path, "%s/fedcat.sock", daemon->home);
    double until = bench_now_s() + 20;
    daemon->cli = (struct fc_cli){.command = &command, .quiet = true};
    bench_check(fc_home_init(&daemon->cli.home, daemon->home), "home");
    while (access(path, F_OK) != 0 && bench_now_s() < until)
        usleep(500);
    if (fc_client_open(&daemon->cli, &daemon->client) != FC_OK ||
        !fc_client_running(daemon->client)) {
        char log[200];
        snprintf(log, sizeof log, "%s.log", daemon->home);
        show(log);
        bench_die("the node in %s does not answer", daemon->home);
    }
}

struct fc_digest daemon_digest(struct daemon *daemon)
{
    struct fc_buf arguments = {0};
    struct fc_span body;
    struct fc_digest digest = {0};
    struct fc_unpack in;
    fc_pack_array(&arguments, 0);
    bench_check(fc_client_call(daemon->client, FC_VERB_DIGEST, fc_buf_span(&arguments), &body),
                "digest");
    fc_unpack_init(&in, body);
    fc_unpack_array(&in, 4, 4);
    fc_unpack_fixed(&in, digest.hash.b, 32);
    digest.feeds = fc_unpack_uint(&in, UINT64_MAX);
    digest.entries = fc_unpack_uint(&in, UINT64_MAX);
    digest.bytes = fc_unpack_uint(&in, UINT64_MAX);
    bench_check(fc_unpack_end(&in), "digest");
    fc_buf_finish(&arguments);
    return digest;
}

static double status_mb(const struct daemon *daemon, const char *field)
{
    char path[64], line[256];
    unsigned long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)daemon->pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtoul(line + strlen(field) + 1, NULL, 10);
    if (file)
        fclose(file);
    return (double)kib * 1024 / 1e6;
}

void daemon_sample(struct daemon *daemon)
{
    double anon = status_mb(daemon, "RssAnon");
    if (anon > daemon->peak_anon_mb)
        daemon->peak_anon_mb = anon;
}

double daemon_peak_rss_mb(const struct daemon *daemon)
{
    return status_mb(daemon, "VmHWM");
}

double daemon_cpu_s(const struct daemon *daemon)
{
    char path[64], line[1024];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)daemon->pid);
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof line, file)) {
        const char *at = strrchr(line, ')');
        if (at)
            sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    }
    if (file)
        fclose(file);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}
