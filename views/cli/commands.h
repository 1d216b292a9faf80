/* The commands, one file each. A new one gets a line here and one in commands.c. */
#ifndef ATRIUM_CLI_COMMANDS_H
#define ATRIUM_CLI_COMMANDS_H

#include "views/cli/cli.h"

extern const struct cli_command cli_init;
extern const struct cli_command cli_demo;
extern const struct cli_command cli_import;
extern const struct cli_command cli_export;
extern const struct cli_command cli_status;
extern const struct cli_command cli_loop;
extern const struct cli_command cli_visits;
extern const struct cli_command cli_funnel;
extern const struct cli_command cli_retention;
extern const struct cli_command cli_lifecycle;
extern const struct cli_command cli_rfm;
extern const struct cli_command cli_coupon;
extern const struct cli_command cli_segment;
extern const struct cli_command cli_label;
extern const struct cli_command cli_affinity;
extern const struct cli_command cli_calc;
extern const struct cli_command cli_cluster;
extern const struct cli_command cli_value_command;
extern const struct cli_command cli_member;
extern const struct cli_command cli_points;
extern const struct cli_command cli_portrait;
extern const struct cli_command cli_campaign;
extern const struct cli_command cli_tenant;
extern const struct cli_command cli_device;
extern const struct cli_command cli_sql;
extern const struct cli_command cli_principal;
extern const struct cli_command cli_task;
extern const struct cli_command cli_message;
extern const struct cli_command cli_setting;
extern const struct cli_command cli_run;
extern const struct cli_command cli_hub;
extern const struct cli_command cli_serve;
extern const struct cli_command cli_sync;
extern const struct cli_command cli_outbox;
extern const struct cli_command cli_conflict;
extern const struct cli_command cli_verify;
extern const struct cli_command cli_keys;
extern const struct cli_command cli_actions;
extern const struct cli_command cli_play;
extern const struct cli_command cli_manual;
extern const struct cli_command cli_completion;

#endif
