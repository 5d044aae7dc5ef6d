#include "tests/bench/limits.h"

#include <lmdb.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/bench/bench.h"

enum { VERIFY_ROUNDS = 20000, MESSAGE_BYTES = 64 * 1024, PINGS = 500 };

static void *verify_loop(void *unused)
{
    unsigned char seed[32] = {7}, pub[32], secret[64], message[32] = {1}, sig[64];
    crypto_sign_seed_keypair(pub, secret, seed);
    crypto_sign_detached(sig, NULL, message, sizeof message, secret);
    for (int i = 0; i < VERIFY_ROUNDS; i++)
        if (crypto_sign_verify_detached(sig, message, sizeof message, pub) != 0)
            abort();
    return unused;
}

double limit_verify_per_s(unsigned threads)
{
    pthread_t ids[64];
    if (threads > 64)
        threads = 64;
    double start = bench_now_s();
    for (unsigned i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, verify_loop, NULL) != 0)
            bench_die("a thread cannot be made");
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return VERIFY_ROUNDS * threads / (bench_now_s() - start);
}

static void lmdb_check(int code, const char *what)
{
    if (code != 0)
        bench_die("LMDB, %s: %s", what, mdb_strerror(code));
}

static void put_batch(MDB_env *env, MDB_dbi dbi, uint32_t from, uint32_t to, const size_t *sizes,
                      size_t size_count, unsigned char *bytes)
{
    MDB_txn *txn;
    lmdb_check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    for (uint32_t i = from; i < to; i++) {
        unsigned char key_bytes[36] = {0};
        crypto_generichash(key_bytes + 4, 32, (unsigned char *)&i, sizeof i, NULL, 0);
        MDB_val key = {sizeof key_bytes, key_bytes};
        MDB_val value = {sizes[i % size_count], bytes + i % 4096};
        lmdb_check(mdb_put(txn, dbi, &key, &value, 0), "put");
    }
    lmdb_check(mdb_txn_commit(txn), "commit");
}

double limit_lmdb_puts_per_s(const char *path, uint32_t count, uint32_t batch, const size_t *sizes,
                             size_t size_count)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    unsigned char *bytes = malloc(1 << 20);
    if (!bytes || mkdir(path, 0700) != 0)
        bench_die("%s cannot be made", path);
    randombytes_buf_deterministic(bytes, 1 << 20, (const unsigned char[32]){3});
    lmdb_check(mdb_env_create(&env), "create");
    lmdb_check(mdb_env_set_mapsize(env, (size_t)8 << 30), "map size");
    lmdb_check(mdb_env_open(env, path, MDB_NOTLS, 0600), "open");
    lmdb_check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    lmdb_check(mdb_dbi_open(txn, NULL, 0, &dbi), "open table");
    lmdb_check(mdb_txn_commit(txn), "commit");
    double start = bench_now_s();
    for (uint32_t i = 0; i < count; i += batch)
        put_batch(env, dbi, i, i + batch < count ? i + batch : count, sizes, size_count, bytes);
    double wall = bench_now_s() - start;
    mdb_env_close(env);
    free(bytes);
    return count / wall;
}

uint64_t loopback_bytes(void)
{
    char line[512];
    unsigned long long sent = 0;
    FILE *file = fopen("/proc/net/dev", "r");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (colon && strstr(line, "lo:"))
            sscanf(colon + 1, " %*u %*u %*u %*u %*u %*u %*u %*u %llu", &sent);
    }
    if (file)
        fclose(file);
    return sent;
}

static void must(int ok, const char *what)
{
    if (!ok)
        bench_die("ZeroMQ, %s: %s", what, zmq_strerror(zmq_errno()));
}

/* The far end: echoes small messages, swallows large ones, answers the last with one byte. */
static void sink(const unsigned char *public, const unsigned char *secret, int out)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_PAIR);
    int yes = 1;
    char endpoint[256];
    size_t len = sizeof endpoint;
    must(zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0, "server");
    must(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 32) == 0, "key");
    must(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    must(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0, "endpoint");
    if (write(out, endpoint, len) != (ssize_t)len)
        _exit(1);
    (void)public;
    for (;;) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        must(zmq_msg_recv(&message, socket, 0) >= 0, "receive");
        size_t size = zmq_msg_size(&message);
        zmq_msg_close(&message);
        if (size == 1) {
            must(zmq_send(socket, "!", 1, 0) == 1, "send");
            break;
        }
        if (size < 1024)
            must(zmq_send(socket, "?", 1, 0) == 1, "send");
    }
    usleep(100000);
    _exit(0);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double ping(void *socket)
{
    static double times[PINGS];
    char small[200] = {0}, answer[8];
    for (int i = 0; i < PINGS; i++) {
        double start = bench_now_s();
        must(zmq_send(socket, small, sizeof small, 0) == sizeof small, "send");
        must(zmq_recv(socket, answer, sizeof answer, 0) == 1, "receive");
        times[i] = (bench_now_s() - start) * 1e3;
    }
    qsort(times, PINGS, sizeof times[0], by_value);
    return times[PINGS / 2];
}

struct limit_copy limit_curve_copy(uint64_t bytes)
{
    unsigned char server_public[32], server_secret[32], client_public[32], client_secret[32];
    int pipe_fds[2];
    char endpoint[256] = {0};
    struct limit_copy copy = {0};
    crypto_box_keypair(server_public, server_secret);
    crypto_box_keypair(client_public, client_secret);
    if (pipe(pipe_fds) != 0)
        bench_die("a pipe cannot be made");
    pid_t child = fork();
    if (child == 0)
        sink(server_public, server_secret, pipe_fds[1]);
    if (child < 0 || read(pipe_fds[0], endpoint, sizeof endpoint) <= 0)
        bench_die("the far end did not start");
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_PAIR);
    must(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, 32) == 0, "server key");
    must(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client_public, 32) == 0, "public key");
    must(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client_secret, 32) == 0, "secret key");
    must(zmq_connect(socket, endpoint) == 0, "connect");
    copy.round_trip_ms = ping(socket);
    unsigned char *block = calloc(1, MESSAGE_BYTES);
    uint64_t before = loopback_bytes();
    double start = bench_now_s();
    for (uint64_t sent = 0; sent < bytes; sent += MESSAGE_BYTES)
        must(zmq_send(socket, block, MESSAGE_BYTES, 0) == MESSAGE_BYTES, "send");
    char answer;
    must(zmq_send(socket, ".", 1, 0) == 1, "send");
    must(zmq_recv(socket, &answer, 1, 0) == 1, "receive");
    copy.wall_s = bench_now_s() - start;
    copy.wire_mb = (double)(loopback_bytes() - before) / 1e6;
    free(block);
    zmq_close(socket);
    zmq_ctx_term(context);
    waitpid(child, NULL, 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return copy;
}
