#include "tests/support/two_days.h"

static const struct test_member people[] = {
    {1, "C0000001", "王小明", "13812341234", "gold", "m", 1729130400},
    {2, "C0000002", "Anna Wang", "13900005678", "silver", "f", 1729132800},
    {4, "C0000004", "李芳", "", "gold", "f", 1700000000},
};

struct temp_mall two_days_mall(void)
{
    struct temp_mall t = temp_mall_new();
    test_members_add(&t, people, 3);
    test_run(&t, "insert into contact values (4, 'a4:83:e7:01:02:03', 3);"
                 "update counter set value = 4 where name = 'person';"
                 "insert into tenant (id, code, name, category, smart_pos) values"
                 " (1, 'T1', 'Muji', 'home', 1), (2, 'T2', 'Uniqlo', 'fashion', 0),"
                 " (3, 'T3', 'Zara', 'fashion', 0);"
                 "insert into relation values (1, 2, 'friend', 1700000000);"
                 "insert into attribute values (1, 'e_mail', 'wang@example.com');"
                 "insert into interest values (1, 'coffee', 3);"
                 "insert into crowd (id, code, name) values (1, 'G1', 'Runners');"
                 "insert into crowd_member values (1, 1, 'head', 1700000000);"
                 "insert into label (id, name) values (1, 'vip');"
                 "insert into label_member values (1, 1)");
    const struct test_event events[] = {
        {test_time(2023, 10, 17, 12, 0), 1, "purchase", "T1", .amount = 8000},
        {A(10, 0), 1, "register", "T1", .channel = "pos"},
        {A(11, 0), 1, "purchase", "T1", .amount = 10000, .ref = "R-secret-1"},
        {A(11, 0), 1, "points_earn", "T1", .amount = 100},
        {A(11, 20), 1, "purchase", "T2", .amount = 5000},
        {B(12, 0), 1, "purchase", "T1", .amount = 2000},
        {B(12, 0), 1, "points_burn", "T1", .amount = 30},
        {B(12, 10), 1, "refund", "T1", .amount = 500},
        {A(10, 30), 2, "purchase", "T1", .amount = 3000},
        {A(10, 40), 2, "register", "T2", .channel = "app"},
        {B(20, 0), 2, "purchase", "T2", .amount = 7000},
        {A(10, 0), 3, "sighting", .zone = "Z1", .device = "D1"},
        {A(10, 10), 3, "sighting", .zone = "Z1", .device = "D1"},
        {A(10, 20), 3, "sighting", .zone = "Z2", .device = "D2"},
        {A(10, 50), 3, "sighting", .zone = "Z2", .device = "D2"},
        {A(11, 21), 3, "sighting", .zone = "Z2", .device = "D2"},
        {B(13, 0), 3, "purchase", "T3", .amount = 4000},
        {A(15, 0), 0, "purchase", "T1", .amount = 6000},
    };
    test_events_add(&t, events, sizeof events / sizeof *events);
    return t;
}
