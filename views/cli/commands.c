/* Every command of the program, in the order help lists them. */
#include "views/cli/commands.h"

/* A line each. */
/* clang-format off */
const struct cli_command *const cli_commands[] = {
    &cli_init,
    &cli_demo,
    &cli_import,
    &cli_export,
    &cli_status,
    &cli_loop,
    &cli_visits,
    &cli_funnel,
    &cli_retention,
    &cli_lifecycle,
    &cli_rfm,
    &cli_affinity,
    &cli_cluster,
    &cli_value_command,
    &cli_calc,
    &cli_segment,
    &cli_label,
    &cli_member,
    &cli_portrait,
    &cli_campaign,
    &cli_coupon,
    &cli_points,
    &cli_tenant,
    &cli_device,
    &cli_sql,
    &cli_principal,
    &cli_verify,
    &cli_keys,
    &cli_actions,
    &cli_play,
    &cli_manual,
    &cli_completion,
    NULL,
};
/* clang-format on */
