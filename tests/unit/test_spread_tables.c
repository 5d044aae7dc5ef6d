#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/spread_groups.h"
#include "net/spread_recent.h"

enum { SECOND_US = 1000000 };

static void groups_are_found_again(void **state)
{
    (void)state;
    struct fc_groups groups = {0};
    assert_null(fc_groups_find(&groups, 1, 0));
    for (uint32_t i = 1; i <= 5000; i++) {
        struct fc_group *group = fc_groups_add(&groups, i * 2654435761u, true, i);
        assert_non_null(group);
        assert_int_equal(group->parent, FC_GROUP_NONE);
        group->far = (uint16_t)i;
    }
    uint32_t found = 0, seen = 0, at = 0;
    for (uint32_t i = 1; i <= 5000; i++) {
        const struct fc_group *group = fc_groups_find(&groups, i * 2654435761u, i);
        if (!group)
            continue;
        assert_int_equal(group->far, i);
        found++;
    }
    while (fc_groups_next(&groups, &at))
        seen++;
    assert_in_range(found, 4950, 5000); /* a crowded set loses one now and then */
    assert_int_equal(seen, found);
    assert_int_equal(groups.count, found);
    assert_in_range(groups.cap, 5000, 32768);
    fc_groups_finish(&groups);
}

/* The bound holds whatever the ids; who was used lately stays. */
static void groups_are_bounded(void **state)
{
    (void)state;
    struct fc_groups groups = {0};
    const uint32_t kept = 0xdeadbeef;
    assert_non_null(fc_groups_add(&groups, kept, true, 0));
    for (uint32_t i = 1; i <= 4 * FC_GROUPS_MAX; i++) {
        uint64_t now_us = (uint64_t)i * SECOND_US;
        assert_non_null(fc_groups_find(&groups, kept, now_us));
        assert_non_null(fc_groups_add(&groups, i * 40503u * 65537u | 1, true, now_us));
    }
    assert_true(groups.cap <= FC_GROUPS_MAX);
    assert_true(groups.count <= groups.cap);
    fc_groups_finish(&groups);
}

static void a_group_takes_no_place_unless_it_may(void **state)
{
    (void)state;
    struct fc_groups groups = {0};
    uint32_t refused = 0, added = 0;
    for (uint32_t i = 1; i <= 4 * FC_GROUPS_MAX; i++) {
        struct fc_group *group = fc_groups_add(&groups, i, false, i);
        added += group != NULL;
        refused += group == NULL;
    }
    assert_int_equal(groups.count, added);
    assert_true(refused > 0);
    fc_groups_finish(&groups);
}

static void recents_go_oldest_first(void **state)
{
    (void)state;
    struct fc_recents recents = {0};
    for (uint64_t i = 0; i < 3 * FC_RECENTS_MAX; i++) {
        const struct fc_recent *victim = fc_recents_victim(&recents, i);
        if (i < FC_RECENTS_MAX)
            assert_null(victim);
        else
            assert_true(victim && victim->id == (i - FC_RECENTS_MAX) * 977);
        struct fc_recent *recent = fc_recents_add(&recents, i * 977, i);
        assert_non_null(recent);
        recent->at_us = i;
    }
    assert_int_equal(recents.count, FC_RECENTS_MAX);
    assert_null(fc_recents_find(&recents, 977));
    uint64_t id = (3ull * FC_RECENTS_MAX - 1) * 977;
    const struct fc_recent *recent = NULL;
    for (uint32_t i = 0; i < FC_RECENTS_MAX; i++, id -= 977) {
        recent = fc_recents_before(&recents, recent);
        assert_true(recent && recent->id == id);
        assert_ptr_equal(fc_recents_find(&recents, id), recent);
    }
    assert_null(fc_recents_before(&recents, recent));
    fc_recents_finish(&recents);
}

static void what_is_touched_stays(void **state)
{
    (void)state;
    struct fc_recents recents = {0};
    for (uint64_t i = 0; i < 2 * FC_RECENTS_MAX; i++) {
        assert_non_null(fc_recents_add(&recents, i, i));
        fc_recents_touch(&recents, fc_recents_find(&recents, 0));
    }
    assert_non_null(fc_recents_find(&recents, 0));
    fc_recents_finish(&recents);
}

/* An old entry gives its place up before the table grows, unless something hangs on it. */
static void old_places_are_used_again(void **state)
{
    (void)state;
    struct fc_recents recents = {0};
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t now_us = i * 10 * SECOND_US;
        struct fc_recent *recent = fc_recents_add(&recents, i, now_us);
        assert_non_null(recent);
        recent->at_us = now_us;
    }
    assert_int_equal(recents.cap, 16);
    fc_recents_find(&recents, 984)->announce = 1;
    assert_null(fc_recents_victim(&recents, UINT64_MAX / 2));
    fc_recents_finish(&recents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_found_again),
        cmocka_unit_test(groups_are_bounded),
        cmocka_unit_test(a_group_takes_no_place_unless_it_may),
        cmocka_unit_test(recents_go_oldest_first),
        cmocka_unit_test(what_is_touched_stays),
        cmocka_unit_test(old_places_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
