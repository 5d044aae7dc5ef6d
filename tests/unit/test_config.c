/* The node's directory, its configuration, and the bootstrap file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/bootfile.h"
#include "node/config.h"
#include "node/file.h"
#include "tests/support/keys.h"
#include "tests/support/tempdir.h"

static enum fc_err parse(const char *text, struct fc_config **config, char fault[200])
{
    return fc_config_parse(fc_span_str(text), config, fault, 200);
}

static void defaults_and_a_round_trip(void **state)
{
    (void)state;
    struct fc_config *config = NULL, *again = NULL;
    struct fc_buf text = {0}, second = {0};
    char fault[200];
    assert_int_equal(parse("# nothing\n\n", &config, fault), FC_OK);
    assert_int_equal(config->listen_count, 0);
    assert_string_equal(config->operator_name, "operator");
    assert_int_equal(config->checkpoint_seconds, 600);
    assert_int_equal(config->log.level, FC_LOG_INFO);
    fc_config_free(config);
    assert_int_equal(parse("\xef\xbb\xbf# nothing\n", &config, fault), FC_OK);
    assert_int_equal(config->listen_count, 0);
    fc_config_free(config);
    assert_int_equal(parse("listen: ['tcp://0.0.0.0:7400', 'tcp://[::1]:7400']\n"
                           "announce:\n  - tcp://node.example:7400\n"
                           "region: \"l'été\"\noperator: \"a\\n\\\"c\\u2028é\\e\"\n"
                           "log:\n  format: json\n  level: debug\n"
                           "checkpoint_seconds: 0\npeers_max: 12\n",
                           &config, fault),
                     FC_OK);
    assert_int_equal(config->listen_count, 2);
    assert_string_equal(config->announce[0], "tcp://node.example:7400");
    assert_int_equal(config->log.format, FC_LOG_JSON);
    assert_int_equal(config->checkpoint_seconds, 0);
    assert_int_equal(config->peers_max, 12);
    assert_int_equal(fc_config_write(config, &text), FC_OK);
    assert_int_equal(fc_config_parse(fc_buf_span(&text), &again, fault, sizeof fault), FC_OK);
    assert_string_equal(again->region, "l'été");
    assert_string_equal(again->operator_name, config->operator_name);
    assert_int_equal(fc_config_write(again, &second), FC_OK);
    assert_true(fc_span_eq(fc_buf_span(&text), fc_buf_span(&second)));
    fc_buf_finish(&text);
    fc_buf_finish(&second);
    fc_config_free(config);
    fc_config_free(again);
}

static void faults_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"listen: []\nlistne: []\n", "line 2: "},
        {"region: DE\nlog:\n  level: loud\n", "line 3: "},
        {"region: DE\npeers_max: many\n", "line 2: "},
        {"region: [\n", "line "},
        {"listen: [http://x:1]\n", "no endpoint"},
        {"announce: [tcp://host]\n", "no endpoint"},
        {"announce: [tcp://host:70000]\n", "no endpoint"},
        {"- a\n- b\n", "MAPPING"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fc_config *config = NULL;
        char fault[200];
        assert_int_equal(parse(cases[i].text, &config, fault), FC_E_FORMAT);
        assert_null(config);
        if (!strstr(fault, cases[i].says)) {
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, fault, cases[i].says);
        }
    }
}

static void a_home_is_made_and_found(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *path = tempdir_path(dir, "deep/home");
    struct fc_home home;
    struct stat about;
    char *key = NULL, **names = NULL;
    size_t count = 0;
    struct fc_config *config = NULL;
    char fault[200];
    assert_int_equal(fc_home_init(&home, path), FC_OK);
    assert_int_equal(fc_home_create(&home), FC_OK);
    assert_int_equal(fc_home_create(&home), FC_OK); /* again */
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_false(fc_home_exists(&home));
    assert_int_equal(fc_config_load(&home, &config, fault, sizeof fault), FC_OK);
    fc_config_free(config);
    static const char *const bad[] = {"", ".", "../x", "a/b", ".hidden", "-x", "a b", "ü"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(fc_home_key_path(&home, "feed", bad[i], &key), FC_E_ARG);
    }
    static const char *const good[] = {"b", "a", "c-1_2.x"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fc_home_key_path(&home, "feed", good[i], &key), FC_OK);
        assert_int_equal(fc_file_write(key, fc_span_str("x"), 0600, true), FC_OK);
        assert_int_equal(fc_file_write(key, fc_span_str("y"), 0600, true), FC_E_KNOWN);
        free(key);
    }
    assert_int_equal(fc_home_keys(&home, "feed", &names, &count), FC_OK);
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[2], "c-1_2.x");
    fc_home_keys_free(names, count);
    assert_int_equal(fc_home_keys(&home, "recovery", &names, &count), FC_OK);
    assert_int_equal(count, 0);
    fc_home_keys_free(names, count);
    fc_home_finish(&home);

    setenv("FEDCAT_HOME", "/somewhere/else", 1);
    assert_int_equal(fc_home_init(&home, NULL), FC_OK);
    assert_string_equal(home.path, "/somewhere/else");
    fc_home_finish(&home);
    unsetenv("FEDCAT_HOME");
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(fc_home_init(&home, NULL), FC_OK);
    assert_string_equal(home.path, "/data/fedcat");
    fc_home_finish(&home);
    unsetenv("XDG_DATA_HOME");
    free(path);
    tempdir_destroy(dir);
}

static void files_are_read_under_a_bound(void **state)
{
    (void)state;
    char *dir = tempdir_create(), *path = tempdir_path(dir, "file");
    struct fc_buf bytes = {0};
    assert_int_equal(fc_file_write(path, fc_span_str("0123456789"), 0600, false), FC_OK);
    assert_int_equal(fc_file_read(path, 10, &bytes), FC_OK);
    assert_int_equal(bytes.len, 10);
    fc_buf_clear(&bytes);
    assert_int_equal(fc_file_read(path, 9, &bytes), FC_E_BOUND);
    fc_buf_clear(&bytes);
    assert_int_equal(fc_file_read(dir, 10, &bytes), FC_E_IO);
    fc_buf_clear(&bytes);
    assert_int_equal(fc_file_read("/nonexistent/file", 10, &bytes), FC_E_MISSING);
    fc_buf_finish(&bytes);
    free(path);
    tempdir_destroy(dir);
}

static void a_bootstrap_file_is_checked(void **state)
{
    (void)state;
    struct fc_test_federation fed, other;
    struct fc_bootfile boot, back;
    char fault[200], *text = NULL, *dir = tempdir_create();
    size_t len = 0;
    struct fc_home home;
    fc_test_federation_init(&fed, "boot", 3);
    fc_test_federation_init(&other, "another", 3);
    /* a bare charter gives the id */
    assert_int_equal(fc_bootfile_parse(fc_buf_span(&fed.charter_record), &boot, fault, 200), FC_OK);
    assert_true(fc_hash_eq(&boot.federation, &fed.id));
    struct fc_key key = {{1, 2}};
    assert_int_equal(fc_bootfile_add(&boot, &key, fc_span_str("tcp://a.example:1")), FC_OK);
    assert_int_equal(fc_bootfile_add(&boot, &key, fc_span_str("tcp://a.example:1")), FC_OK);
    assert_int_equal(boot.node_count, 1);
    FILE *memory = open_memstream(&text, &len);
    assert_int_equal(fc_bootfile_print(&boot, memory), FC_OK);
    fclose(memory);
    assert_int_equal(fc_bootfile_parse(fc_span(text, len), &back, fault, 200), FC_OK);
    assert_true(fc_hash_eq(&back.federation, &fed.id));
    assert_int_equal(back.node_count, 1);
    assert_string_equal(back.nodes[0].endpoint, "tcp://a.example:1");
    assert_true(fc_span_eq(fc_buf_span(&back.charter), fc_buf_span(&fed.charter_record)));
    /* another federation's id over this charter */
    char id[65], *at;
    fc_hex(fed.id.b, 32, id);
    at = strstr(text, id);
    assert_non_null(at);
    at[0] = at[0] == '0' ? '1' : '0';
    fc_bootfile_finish(&back);
    assert_int_equal(fc_bootfile_parse(fc_span(text, len), &back, fault, 200), FC_E_FEDERATION);
    free(text);

    /* kept in the home; joining again adds nodes */
    assert_int_equal(fc_home_init(&home, dir), FC_OK);
    assert_int_equal(fc_bootfile_load(&home, &back), FC_E_MISSING);
    assert_int_equal(fc_bootfile_save(&home, &boot), FC_OK);
    fc_bootfile_finish(&boot);
    char endpoint[300], digits[65];
    fc_hex(key.b, 32, digits);
    snprintf(endpoint, sizeof endpoint, "tcp://b.example:2#%s@%s", digits, id);
    assert_int_equal(fc_bootfile_from_endpoint(endpoint, &boot), FC_OK);
    assert_true(fc_hash_eq(&boot.federation, &fed.id));
    assert_int_equal(fc_bootfile_save(&home, &boot), FC_OK);
    assert_int_equal(fc_bootfile_load(&home, &back), FC_OK);
    assert_int_equal(back.node_count, 2);
    assert_true(back.charter.len > 0);
    fc_bootfile_finish(&back);
    fc_bootfile_finish(&boot);
    endpoint[strlen(endpoint) - 1] = 0;
    assert_int_equal(fc_bootfile_from_endpoint(endpoint, &boot), FC_E_FORMAT);
    fc_home_finish(&home);
    tempdir_destroy(dir);
    fc_test_federation_finish(&fed);
    fc_test_federation_finish(&other);
}

static void a_bootstrap_file_has_bounds(void **state)
{
    (void)state;
    struct fc_bootfile boot = {0};
    struct fc_key key = {{1}};
    char fault[200], endpoint[64];
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"fedcat\": 2}",
                                      "{\"fedcat\": 1}",
                                      "{\"fedcat\": 1, \"federation\": \"\"}",
                                      "{\"fedcat\": 1, \"fedcat\": 1}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(fc_bootfile_parse(fc_span_str(bad[i]), &boot, fault, 200), FC_OK);
        assert_true(strlen(fault) > 0);
    }
    for (unsigned i = 0; i < FC_BOOTFILE_NODES_MAX; i++) {
        snprintf(endpoint, sizeof endpoint, "tcp://h:%u", i);
        assert_int_equal(fc_bootfile_add(&boot, &key, fc_span_str(endpoint)), FC_OK);
    }
    assert_int_equal(fc_bootfile_add(&boot, &key, fc_span_str("tcp://one:2")), FC_E_BOUND);
    fc_bootfile_finish(&boot);
    char *large = calloc(1, FC_BOOTFILE_BYTES_MAX + 1);
    assert_int_equal(
        fc_bootfile_parse(fc_span(large, FC_BOOTFILE_BYTES_MAX + 1), &boot, fault, 200),
        FC_E_BOUND);
    free(large);
}

/* The section as it is read, with what is wrong said in one line. */
static void the_http_section(void **state)
{
    (void)state;
    struct fc_config *config = NULL, *again = NULL;
    struct fc_buf text = {0};
    char fault[200];
    assert_int_equal(parse("# nothing", &config, fault), FC_OK);
    assert_string_equal(config->http.listen, "127.0.0.1:7480");
    assert_false(config->http.listen_given);
    assert_int_equal(config->http.cors_count, 1);
    assert_string_equal(config->http.cors[0], "*");
    assert_int_equal(config->http.threads, 2);
    fc_config_free(config);
    assert_int_equal(parse("http:\n  listen: ''\n  cors: [none]\n  threads: 64\n"
                           "  tls_certificate: /c\n  tls_key: /k\n  request_seconds: 3600\n"
                           "  dsp_default_policy: /p\n",
                           &config, fault),
                     FC_OK);
    assert_string_equal(config->http.listen, "");
    assert_int_equal(config->http.cors_count, 1);
    assert_int_equal(fc_config_write(config, &text), FC_OK);
    assert_int_equal(fc_config_parse(fc_buf_span(&text), &again, fault, sizeof fault), FC_OK);
    assert_true(again->http.listen_given);
    assert_string_equal(again->http.tls_key, "/k");
    assert_string_equal(again->http.dsp_default_policy, "/p");
    assert_int_equal(again->http.threads, 64);
    assert_int_equal(again->http.request_seconds, 3600);
    assert_string_equal(again->http.cors[0], "none");
    fc_config_free(config);
    fc_config_free(again);
    fc_buf_finish(&text);
    static const char *const bad[] = {"http:\n  listen: nowhere\n",
                                      "http:\n  tls_key: /k\n",
                                      "http:\n  threads: 65\n",
                                      "http:\n  request_seconds: 3601\n",
                                      "http:\n  connections_max: 65537\n",
                                      "http:\n  port: 1\n",
                                      "http:\n  cors: []\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(bad[i], &config, fault), FC_E_FORMAT);
        assert_null(config);
        assert_true(strlen(fault) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_a_round_trip),
        cmocka_unit_test(the_http_section),
        cmocka_unit_test(faults_name_their_line),
        cmocka_unit_test(a_home_is_made_and_found),
        cmocka_unit_test(files_are_read_under_a_bound),
        cmocka_unit_test(a_bootstrap_file_is_checked),
        cmocka_unit_test(a_bootstrap_file_has_bounds),
    };
    return fc_crypto_init() == FC_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
