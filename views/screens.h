/* Every screen of the console. A new one gets a line here and one in screens.c. */
#ifndef ATRIUM_VIEWS_SCREENS_H
#define ATRIUM_VIEWS_SCREENS_H

#include "views/view.h"

extern const struct view_ops view_loop, view_perceive, view_convert, view_activate, view_community;
extern const struct view_ops view_members, view_shops, view_data, view_sql;
extern const struct view_ops view_chart, view_behind, view_member, view_timeline, view_who;
extern const struct view_ops view_shop, view_shop_table;
extern const struct view_ops view_funnel_edit, view_funnel_times, view_funnel_groups;
extern const struct view_ops view_funnel_why;
extern const struct view_ops view_funnel, view_crowd, view_retention, view_rfm;
extern const struct view_ops view_lifecycle, view_portrait;
extern const struct view_ops view_affinity, view_value, view_value_people, view_clusters;
extern const struct view_ops view_campaigns, view_campaign, view_campaign_form, view_calendar;
extern const struct view_ops view_campaign_result, view_campaign_groups, view_campaign_simulate;
extern const struct view_ops view_campaign_results;
extern const struct view_ops view_segments, view_labels, view_apart;
extern const struct view_ops view_tasks, view_outgoing;
extern const struct view_ops view_coupons, view_coupon_list, view_coupon_disputes;
extern const struct view_ops view_coupon_redeem;
extern const struct view_ops view_points, view_points_member, view_points_post, view_points_rules;
extern const struct view_ops view_points_rule;
extern const struct view_ops view_sync, view_outbox, view_conflict, view_principals;
extern const struct view_ops view_rollouts, view_rollout, view_rollout_form;
extern const struct view_ops view_fleet, view_fleet_run, view_fleet_output;
extern const struct view_ops view_fleet_transfer, view_config, view_config_text;
extern const struct view_ops view_config_history;
extern const struct view_ops view_fleet, view_fleet_run, view_fleet_output, view_fleet_keys;
extern const struct view_ops view_device, view_device_log, view_device_key, view_device_edit;
extern const struct view_ops view_shell, view_folder, view_recording, view_recordings;

/* NULL-terminated. */
extern const struct view_ops *const screens[];

/* NULL: there is no such screen. */
const struct view_ops *screen_find(const char *name);

#endif
