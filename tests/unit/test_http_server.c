/* Questions between the HTTP threads and the daemon: answered, never begun, not finished in time,
 * too many, and when the server stops. The test is the daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/http.h"
#include "node/http_address.h"
#include "node/http_asks.h"
#include "node/http_rate.h"
#include "node/http_server.h"
#include "store/kv_lmdb.h"
#include "tests/support/keys.h"
#include "tests/support/replica.h"
#include "tests/support/tempdir.h"

enum { PATIENCE_US = 400 * 1000, ANSWER_BYTES = 4096 };

static void ok(enum fc_err err)
{
    assert_string_equal(fc_err_text(err), fc_err_text(FC_OK));
}

/* -- a group of its own ------------------------------------------------------------------------ */

static void answered(struct fc_http_call *call, enum fc_err code, struct fc_span text,
                     struct fc_span body)
{
    (void)text, (void)body;
    fc_http_reply_static(call, code == FC_OK ? 200 : 500, "text/plain", fc_span_str("answered\n"));
}

static void ask(struct fc_http_call *call)
{
    fc_http_ask(call, FC_VERB_STATUS, fc_span("\x90", 1), answered);
}

static const struct fc_http_route routes[] = {{FC_HTTP_GET, "/ask", ask, 0, 0}};
static const struct fc_http_group group = {"test", routes, 1};
static const struct fc_http_group *const groups[] = {&group, NULL};

/* -- a server ---------------------------------------------------------------------------------- */

struct world {
    char *dir;
    struct fc_test_federation fed;
    struct fc_replica *replica;
    struct fc_readers *readers;
    struct fc_config *config;
    struct fc_log log;
    struct fc_http *http;
    uint16_t port;
    unsigned served;
    uint64_t slow_us; /* what the daemon takes for an answer */
};

static void serve_with(struct world *world, uint64_t ask_us)
{
    char fault[200] = "";
    const struct fc_http_setup setup = {.config = &world->config->http,
                                        .log = &world->log,
                                        .readers = world->readers,
                                        .groups = groups,
                                        .ask_us = ask_us};
    fc_http_destroy(world->http);
    ok(fc_http_create(&setup, &world->http, fault, sizeof fault));
    world->port = (uint16_t)atoi(strrchr(fc_http_url(world->http), ':') + 1);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->dir = tempdir_create();
    fc_test_federation_init(&world->fed, "http", 3);
    char *path = tempdir_path(world->dir, "store");
    const struct fc_kv_lmdb_config store = {.path = path, .create = true};
    struct fc_replica_config config = {
        .verifier = fc_verifier_plain(), .federation = world->fed.id, .create = true};
    ok(fc_kv_lmdb_open(&store, &config.kv));
    ok(fc_replica_open(&config, &world->replica));
    free(path);
    ok(fc_readers_create(world->replica, &world->readers));
    ok(fc_config_default(&world->config));
    free(world->config->http.listen);
    world->config->http.listen = strdup("127.0.0.1:0");
    fc_log_init(&world->log, &world->config->log);
    serve_with(world, PATIENCE_US);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    fc_http_destroy(world->http);
    fc_config_free(world->config);
    fc_readers_destroy(world->readers);
    fc_replica_close(world->replica);
    fc_test_federation_finish(&world->fed);
    tempdir_destroy(world->dir);
    free(world);
    return 0;
}

static void answer(void *ctx, struct fc_span request, struct fc_buf *response)
{
    struct world *world = ctx;
    assert_true(request.len > 0);
    world->served++;
    usleep((useconds_t)world->slow_us);
    fc_service_response(FC_OK, "", fc_span("\x90", 1), response);
}

/* The daemon's thread: until `served` questions were answered. */
static void be_daemon(struct world *world, unsigned served)
{
    for (int left = 2000; world->served < served; left--) {
        assert_true(left > 0);
        if (!fc_http_serve(world->http, world, answer))
            usleep(5000);
    }
}

static void wait_for_questions(struct world *world, uint64_t count)
{
    struct fc_http_stats stats;
    for (int left = 2000; left > 0; left--) {
        fc_http_get_stats(world->http, &stats);
        if (stats.asked >= count)
            return;
        usleep(5000);
    }
    fail_msg("no question came");
}

/* -- a client ---------------------------------------------------------------------------------- */

static int send_question(const struct world *world)
{
    static const char request[] = "GET /ask HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(world->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    return fd;
}

static unsigned read_answer(int fd, char text[ANSWER_BYTES])
{
    size_t len = 0;
    ssize_t got;
    while ((got = recv(fd, text + len, ANSWER_BYTES - 1 - len, 0)) > 0)
        len += (size_t)got;
    close(fd);
    text[len] = 0;
    assert_true(len > 12 && memcmp(text, "HTTP/1.1 ", 9) == 0);
    return (unsigned)atoi(text + 9);
}

/* -- what happens ------------------------------------------------------------------------------ */

static void a_question_is_answered(void **state)
{
    struct world *world = *state;
    char text[ANSWER_BYTES];
    int fd = send_question(world);
    be_daemon(world, 1);
    assert_int_equal(read_answer(fd, text), 200);
    assert_non_null(strstr(text, "answered\n"));
}

static void what_was_not_begun_is_never_begun(void **state)
{
    struct world *world = *state;
    char text[ANSWER_BYTES];
    uint64_t start_us = fc_clock_mono_us();
    assert_int_equal(read_answer(send_question(world), text), 503);
    assert_true(fc_clock_mono_us() - start_us >= PATIENCE_US);
    assert_non_null(strstr(text, "nothing was begun"));
    assert_non_null(strstr(text, "Retry-After: 5"));
    assert_false(fc_http_serve(world->http, world, answer));
    assert_int_equal(world->served, 0);
}

static void what_takes_too_long_is_said_to_be_unfinished(void **state)
{
    struct world *world = *state;
    char text[ANSWER_BYTES];
    int fd = send_question(world);
    world->slow_us = 3 * PATIENCE_US;
    be_daemon(world, 1);
    assert_int_equal(read_answer(fd, text), 504);
    assert_non_null(strstr(text, "\"code\":\"UNFINISHED\""));
    assert_non_null(strstr(text, "look whether it was done"));
    world->slow_us = 0;
    fd = send_question(world); /* the next one is not meant */
    be_daemon(world, 2);
    assert_int_equal(read_answer(fd, text), 200);
}

static void more_than_may_wait_are_turned_away(void **state)
{
    struct world *world = *state;
    char text[ANSWER_BYTES];
    int fds[FC_ASKS_MAX + 1];
    unsigned good = 0, busy = 0;
    serve_with(world, 30 * 1000 * 1000);
    for (unsigned i = 0; i <= FC_ASKS_MAX; i++)
        fds[i] = send_question(world);
    wait_for_questions(world, FC_ASKS_MAX + 1);
    be_daemon(world, FC_ASKS_MAX);
    for (unsigned i = 0; i <= FC_ASKS_MAX; i++) {
        unsigned status = read_answer(fds[i], text);
        good += status == 200;
        busy += status == 503;
    }
    assert_int_equal(good, FC_ASKS_MAX);
    assert_int_equal(busy, 1);
}

static void a_stop_answers_those_who_wait(void **state)
{
    struct world *world = *state;
    char text[ANSWER_BYTES];
    serve_with(world, 30 * 1000 * 1000);
    int fd = send_question(world);
    wait_for_questions(world, 1);
    fc_http_stop(world->http, 5000);
    assert_int_equal(read_answer(fd, text), 503);
    assert_non_null(strstr(text, "is stopping; nothing was begun"));
    assert_int_equal(world->served, 0);
}

/* -- the rate ---------------------------------------------------------------------------------- */

static unsigned taken(struct fc_http_rate *rate, uint32_t address, unsigned tries, uint64_t now_us)
{
    unsigned count = 0;
    for (unsigned i = 0; i < tries; i++)
        count += fc_http_rate_take(rate, fc_span(&address, sizeof address), now_us);
    return count;
}

static void an_address_has_its_rate(void **state)
{
    const struct fc_http_rate_setup setup = {10, 1, 20, {{7}}};
    struct fc_http_rate *rate;
    const uint64_t second_us = 1000000;
    (void)state;
    ok(fc_http_rate_create(&setup, &rate));
    assert_int_equal(taken(rate, 1, 100, second_us), 20);
    assert_int_equal(taken(rate, 1, 1, second_us + second_us / 10 - 1), 0);
    assert_int_equal(taken(rate, 1, 2, second_us + second_us / 10), 1);
    assert_int_equal(taken(rate, 1, 100, 3 * second_us), 19); /* 19 of 20 came back by then */
    assert_int_equal(taken(rate, 2, 100, 3 * second_us), 20); /* another's is its own */
    /* a flood of addresses takes the places of those that were quiet, not of one that asks on */
    unsigned passed = 0;
    for (uint32_t other = 100; other < 20100; other++) {
        (void)taken(rate, other, 20, 3 * second_us + other);
        passed += taken(rate, 1, 1, 3 * second_us + other);
    }
    assert_in_range(passed, 0, 1);
    fc_http_rate_destroy(rate);
}

static void a_share_comes_back_by_the_hour(void **state)
{
    const struct fc_http_rate_setup setup = {1, 3600, 16, {{7}}};
    struct fc_http_rate *rate;
    const uint64_t hour_us = 3600ULL * 1000000;
    (void)state;
    ok(fc_http_rate_create(&setup, &rate));
    assert_int_equal(taken(rate, 1, 100, hour_us), 16);
    assert_int_equal(taken(rate, 1, 100, 2 * hour_us - 3600), 0);
    assert_int_equal(taken(rate, 1, 100, 2 * hour_us), 1);
    assert_int_equal(taken(rate, 1, 100, 5 * hour_us), 3);
    assert_int_equal(taken(rate, 1, 100, 100 * hour_us), 16);
    fc_http_rate_destroy(rate);
}

/* -- addresses --------------------------------------------------------------------------------- */

static void forwarded(const char *text, const char *address, size_t len, bool loopback)
{
    struct fc_http_address out;
    assert_int_equal(fc_http_address_forwarded(fc_span_str(text), &out), address != NULL);
    if (address) {
        struct fc_span network = fc_http_address_network(&out, 6);
        assert_int_equal(network.len, len);
        assert_memory_equal(network.data, address, len);
        assert_int_equal(out.loopback, loopback);
    }
}

static void an_address_is_read(void **state)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr none = {.sa_family = AF_UNIX};
    struct fc_http_address out;
    (void)state;
    forwarded("192.0.2.1", "\xc0\0\2\1", 4, false);
    forwarded("10.0.0.1, 192.0.2.1:5000 ", "\xc0\0\2\1", 4, false);
    forwarded("127.0.0.1", "\x7f\0\0\1", 4, true);
    forwarded("2001:db8:7::1", "\x20\1\x0d\xb8\0\7", 6, false);
    forwarded("a,[2001:db8:7::1]:80", "\x20\1\x0d\xb8\0\7", 6, false);
    forwarded("::ffff:192.0.2.1", "\xc0\0\2\1", 4, false);
    forwarded("::1", "\0\0\0\0\0\0", 6, true);
    forwarded("192.0.2.1, unknown", NULL, 0, false);
    forwarded("", NULL, 0, false);
    forwarded("1.2.3", NULL, 0, false);
    forwarded("1234567890123456789012345678901234567890123456789012345678901234567890", NULL, 0,
              false);
    assert_int_equal(inet_pton(AF_INET6, "::ffff:127.0.0.9", &six.sin6_addr), 1);
    assert_true(fc_http_address_read((const struct sockaddr *)&six, &out));
    assert_true(out.loopback && !out.six);
    assert_false(fc_http_address_read(&none, &out));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_begun_is_never_begun, setup, teardown),
        cmocka_unit_test_setup_teardown(what_takes_too_long_is_said_to_be_unfinished, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(more_than_may_wait_are_turned_away, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_answers_those_who_wait, setup, teardown),
        cmocka_unit_test(an_address_has_its_rate),
        cmocka_unit_test(a_share_comes_back_by_the_hour),
        cmocka_unit_test(an_address_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
