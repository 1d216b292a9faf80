#include "views/screens.h"

#include <string.h>

const struct view_ops *const screens[] = {
    &view_loop,
    &view_perceive,
    &view_convert,
    &view_activate,
    &view_community,
    &view_members,
    &view_shops,
    &view_data,
    &view_sql,
    &view_funnel,
    &view_retention,
    &view_rfm,
    &view_lifecycle,
    &view_affinity,
    &view_value,
    &view_clusters,
    &view_segments,
    &view_labels,
    &view_tasks,
    &view_outgoing,
    &view_campaigns,
    &view_calendar,
    &view_coupons,
    &view_points,
    &view_fleet,
    /* Opened from others: */
    &view_chart,
    &view_behind,
    &view_member,
    &view_shop,
    &view_shop_table,
    &view_timeline,
    &view_who,
    &view_crowd,
    &view_apart,
    &view_funnel_edit,
    &view_funnel_times,
    &view_funnel_groups,
    &view_funnel_why,
    &view_portrait,
    &view_value_people,
    &view_campaign,
    &view_campaign_form,
    &view_campaign_results,
    &view_campaign_result,
    &view_campaign_groups,
    &view_campaign_simulate,
    &view_coupon_list,
    &view_coupon_disputes,
    &view_coupon_redeem,
    &view_points_member,
    &view_points_post,
    &view_points_rules,
    &view_points_rule,
    &view_rollouts,
    &view_rollout,
    &view_fleet_run,
    &view_shell,
    &view_fleet_output,
    &view_device,
    &view_device_log,
    &view_device_key,
    &view_device_edit,
    NULL,
};

const struct view_ops *screen_find(const char *name)
{
    for (const struct view_ops *const *screen = screens; *screen; screen++)
        if (strcmp((*screen)->name, name) == 0)
            return *screen;
    return NULL;
}
