#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/scratch.h"
#include "tests/support/tempdir.h"

static void fill(const char *path)
{
    char file[4096];
    snprintf(file, sizeof file, "%s/data", path);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_true(fputs("replica", out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void it_is_gone_when_it_is_destroyed(void **state)
{
    struct fc_scratch scratch, none = {0};
    char path[4096];
    (void)state;
    assert_int_equal(fc_scratch_create(&scratch), FC_OK);
    snprintf(path, sizeof path, "%s", scratch.path);
    fill(path);
    fc_scratch_destroy(&scratch);
    assert_int_equal(access(path, F_OK), -1);
    assert_null(scratch.path);
    fc_scratch_destroy(&scratch);
    fc_scratch_destroy(&none);
}

static void it_goes_with_a_process_that_is_killed(void **state)
{
    int said[2];
    char path[4096] = "";
    (void)state;
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    if (child == 0) {
        struct fc_scratch scratch;
        close(said[0]);
        if (fc_scratch_create(&scratch) != FC_OK)
            _exit(1);
        fill(scratch.path);
        if (write(said[1], scratch.path, strlen(scratch.path)) < 0)
            _exit(2);
        raise(SIGKILL);
    }
    close(said[1]);
    assert_true(read(said[0], path, sizeof path - 1) > 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(strstr(path, "/fedcat-sim-") != NULL);
    for (int i = 0; i < 500 && access(path, F_OK) == 0; i++)
        usleep(20000);
    assert_int_equal(access(path, F_OK), -1);
    close(said[0]);
}

static void a_place_that_is_not_there_is_an_error(void **state)
{
    struct fc_scratch scratch;
    char *dir = tempdir_create(), *missing = tempdir_path(dir, "missing");
    char *held = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    (void)state;
    assert_int_equal(setenv("TMPDIR", missing, 1), 0);
    assert_int_equal(fc_scratch_create(&scratch), FC_E_IO);
    assert_int_equal(errno, ENOENT);
    assert_null(scratch.path);
    if (held)
        setenv("TMPDIR", held, 1);
    else
        unsetenv("TMPDIR");
    free(held);
    free(missing);
    tempdir_destroy(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_gone_when_it_is_destroyed),
                                       cmocka_unit_test(it_goes_with_a_process_that_is_killed),
                                       cmocka_unit_test(a_place_that_is_not_there_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
