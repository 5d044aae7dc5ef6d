/* Where the HTTP server listens: addresses good and bad, what it calls itself, files of TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/file.h"
#include "node/http_listen.h"
#include "tests/support/tempdir.h"

static enum fc_err listen_on(const char *address, bool given, int *fd, char fault[200])
{
    char *text = strdup(address);
    struct fc_config_http config = {.listen = text, .listen_given = given};
    assert_non_null(text);
    fault[0] = 0;
    enum fc_err err = fc_http_listen(&config, fd, fault, 200);
    free(text);
    return err;
}

static void addresses_are_listened_on(void **state)
{
    static const char *const good[] = {"127.0.0.1:0", "localhost:0", ":0"};
    char fault[200], url[128];
    int fd;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(listen_on(good[i], true, &fd, fault), FC_OK);
        assert_true(fd >= 0);
        fc_http_listen_url(fd, i == 1, url, sizeof url);
        assert_int_equal(strncmp(url, i == 1 ? "https://" : "http://", i == 1 ? 8 : 7), 0);
        assert_true(strtol(strrchr(url, ':') + 1, NULL, 10) > 0);
        assert_int_equal(fc_http_listen_is_loopback(fd), i < 2);
        close(fd);
    }
}

static void other_texts_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "127.0.0.1",
                                      "127.0.0.1:12345678",
                                      "[::1:7480",
                                      "300.1.1.1:7480",
                                      "127.0.0.1:port",
                                      "203.0.113.1:7480" /* of nobody: TEST-NET-3 */};
    char fault[200];
    int fd;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (listen_on(bad[i], true, &fd, fault) != FC_E_ARG)
            fail_msg("\"%s\" is listened on", bad[i]);
        assert_true(fault[0] != 0 && fd == -1);
    }
}

/* Several nodes on one machine: only the first has the usual port. */
static void a_taken_port_is_left_to_its_owner(void **state)
{
    char fault[200], url[128];
    int first, second;
    (void)state;
    assert_int_equal(listen_on("127.0.0.1:0", true, &first, fault), FC_OK);
    fc_http_listen_url(first, false, url, sizeof url);
    assert_int_equal(listen_on(url + strlen("http://"), true, &second, fault), FC_E_LOCKED);
    assert_non_null(strstr(fault, url + strlen("http://")));
    assert_int_equal(listen_on(url + strlen("http://"), false, &second, fault), FC_OK);
    close(second);
    close(first);
}

static void files_of_tls_are_bounded(void **state)
{
    enum { BYTES_MAX = 1024 * 1024 };
    char *directory = tempdir_create(), *text = malloc(BYTES_MAX + 1), *read = NULL;
    char path[512], fault[200];
    (void)state;
    assert_non_null(text);
    memset(text, 'p', BYTES_MAX + 1);
    snprintf(path, sizeof path, "%s/key.pem", directory);
    assert_int_equal(fc_http_pem_read(path, &read, fault, sizeof fault), FC_E_MISSING);
    assert_non_null(strstr(fault, path));
    for (size_t extra = 0; extra < 2; extra++) {
        assert_int_equal(fc_file_write(path, fc_span(text, BYTES_MAX + extra), 0600, false), FC_OK);
        assert_int_equal(fc_http_pem_read(path, &read, fault, sizeof fault),
                         extra ? FC_E_BOUND : FC_OK);
        if (!extra) {
            assert_int_equal(strlen(read), BYTES_MAX);
            free(read);
        }
    }
    free(text);
    tempdir_destroy(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_listened_on),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(a_taken_port_is_left_to_its_owner),
        cmocka_unit_test(files_of_tls_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
