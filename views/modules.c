#include "views/modules.h"

#include "model/campaign/coupon.h"
#include "model/campaign/message_verify.h"
#include "model/campaign/points_outbox.h"
#include "model/campaign/points_rules.h"
#include "model/campaign/points_verify.h"
#include "model/campaign/state.h"
#include "model/event/verify.h"
#include "model/fleet/config.h"
#include "model/fleet/rollout.h"
#include "model/segment/verify.h"
#include "model/sync/outbox.h"

void modules_start(void)
{
    event_verify_register();
    coupon_verify_register();
    message_verify_register();
    segment_verify_register();
    points_verify_register();
    points_register();
    campaign_register();
    sync_register();
    sync_verify_register();
    points_outbox_register();
    rollout_register();
    config_register();
}
