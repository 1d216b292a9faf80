/*
 * Everything a person can do in the console: one row an action. Keys, `:` palette, `?` help, the
 * manual page, completion and tests are read from this list. The table widget brings its own rows
 * (tui/table.h); all of them together are the program's actions.
 *
 * X(id, name, scope, keys, flags, summary[, word for the line of keys]). The scope "" is
 * everywhere; "panels" is any dashboard; others are the name of a view.
 */
#ifndef ATRIUM_VIEWS_ACTIONS_H
#define ATRIUM_VIEWS_ACTIONS_H

#include "tui/action.h"
#include "tui/intl.h"

/* clang-format off */
#define ACTIONS(X)                                                                                 \
    /* Going somewhere */                                                                          \
    X(GO_LOOP,       "loop",         "", "1", 0, N_("the membership loop"))                        \
    X(GO_PERCEIVE,   "perceive",     "", "2", 0, N_("who comes, where and when"))                  \
    X(GO_CONVERT,    "convert",      "", "3", 0, N_("who becomes a member, and how"))              \
    X(GO_ACTIVATE,   "activate",     "", "4", 0, N_("who buys, earns and comes again"))            \
    X(GO_COMMUNITY,  "community",    "", "5", 0, N_("who belongs together, and what moves them"))  \
    X(GO_MEMBERS,    "members",      "", "6", 0, N_("all members; find one"))                      \
    X(GO_SHOPS,      "shops",        "", "7", 0, N_("all shops and their score cards"))            \
    X(GO_DATA,       "data",         "", "8", 0, N_("what is in the file; import and check"))      \
    X(GO_SQL,        "sql",          "", "9", 0, N_("read-only SQL"))                              \
    X(GO_FUNNEL,     "funnel",       "", "F", 0, N_("how far people come along steps"))            \
    X(GO_RETENTION,  "retention",    "", "T", 0, N_("who comes back, month by month"))             \
    X(GO_RFM,        "rfm",          "", "M", 0, N_("how lately, how often, for how much"))        \
    X(GO_LIFECYCLE,  "lifecycle",    "", "L", 0, N_("who is new, who comes back, who stays away")) \
    X(GO_AFFINITY,   "affinity",     "", "A", 0, N_("what goes together"))                         \
    X(GO_VALUE,      "value",        "", "V", 0, N_("who still comes, and what to expect"))        \
    X(GO_CLUSTERS,   "clusters",     "", "K", 0, N_("people who are alike"))                       \
    X(GO_SEGMENTS,   "segments",     "", "S", 0, N_("people by an expression; saved segments"))    \
    X(GO_LABELS,     "labels",       "", "B", 0, N_("labels: rules, lists, who carries them"))     \
    X(GO_TASKS,      "tasks",        "", "Y", 0, N_("what staff are asked to do for people"))       \
    X(GO_OUTGOING,   "outgoing",     "", "Z", 0, N_("messages of campaigns: sent, suppressed and why")) \
    X(GO_CAMPAIGNS,  "campaigns",    "", "C", 0, N_("campaigns: set up, approve, run"))            \
    X(GO_CALENDAR,   "calendar",     "", "D", 0, N_("campaigns by day, and occasions that fit"))   \
    X(GO_COUPONS,    "coupons",      "", "O", 0, N_("coupons by campaign, and what became of them"))  \
    X(GO_POINTS,     "points",       "", "E", 0, N_("the ledger of points: what there is, costs, expires")) \
    X(GO_FLEET,      "fleet",        "", "N", 0, N_("devices: how they are, and what to do with them")) \
    X(GO_SYNC,       "sync",         "", "R", 0, N_("the replica and its hub"))                    \
    X(GO_OUTBOX,     "outbox",       "", "U", 0, N_("edits that the hub has not taken"))           \
    X(GO_PRINCIPALS, "people-roles", "", "", 0, N_("who may do what, and come in to this hub"))    \
    X(BACK,          "back",         "", "Esc Backspace", ACTION_LINE, N_("back"))                 \
    X(CLOSE,         "close",        "", "q", ACTION_HIDDEN, N_("close this screen; leave from the first")) \
    X(QUIT,          "quit",         "", "Q", 0, N_("leave atrium"))                               \
    X(RESUME,        "resume",       "", ".", 0, N_("go to where you stopped last time"))          \
    /* On every screen */                                                                          \
    X(PALETTE,       "actions",      "", ":", ACTION_LINE | ACTION_HIDDEN, N_("actions"))          \
    X(HELP,          "keys",         "", "? F1", ACTION_LINE | ACTION_FIRST, N_("keys"))                          \
    X(MENU,          "menu",         "", "x", 0, N_("what can be done here"))                       \
    X(PERIOD,        "period",       "", "p", ACTION_LINE, N_("period"))                           \
    X(PERIOD_EARLIER,"earlier",      "", "{", 0, N_("the period before"))                          \
    X(PERIOD_LATER,  "later",        "", "}", 0, N_("the period after"))                           \
    X(COMPARE,       "compare",      "", "c", 0, N_("what the period is compared with"))           \
    X(REFRESH,       "refresh",      "", "Ctrl-r", 0, N_("ask again"))                             \
    X(CANCEL,        "cancel",       "", "Ctrl-c", 0, N_("stop the questions that run"))           \
    X(REDRAW,        "redraw",       "", "Ctrl-l", 0, N_("paint the screen anew"))                 \
    X(SUSPEND,       "suspend",      "", "Ctrl-z", 0, N_("to the shell; fg comes back"))           \
    X(MALL_SWITCH,   "mall-switch",  "", "Ctrl-o", 0, N_("another mall; with a path: that file"))  \
    X(UNDO,          "undo",         "", "u", ACTION_CHANGES, N_("undo your last change"))         \
    X(PORTRAIT,      "portrait",     "", "P", 0, N_("the portrait of these people"))               \
    X(PORTRAIT_PEOPLE, "portrait-people", "portrait", "l", ACTION_LINE, N_("the people of this portrait"), N_("list")) \
    /* Dashboards */                                                                               \
    X(PANEL_UP,      "up",           "panels", "Up k", ACTION_HIDDEN, N_("up"))                    \
    X(PANEL_DOWN,    "down",         "panels", "Down j", ACTION_HIDDEN, N_("down"))                \
    X(PANEL_LEFT,    "left",         "panels", "Left h", ACTION_HIDDEN, N_("left"))                \
    X(PANEL_RIGHT,   "right",        "panels", "Right l", ACTION_HIDDEN, N_("right"))              \
    X(PANEL_NEXT,    "next",         "panels", "Tab", ACTION_HIDDEN, N_("the next panel"))         \
    X(PANEL_PREVIOUS,"previous",     "panels", "BackTab", ACTION_HIDDEN, N_("the panel before"))   \
    X(PANEL_FIRST,   "first",        "panels", "Home g", ACTION_HIDDEN, N_("the first figure"))    \
    X(PANEL_LAST,    "last",         "panels", "End G", ACTION_HIDDEN, N_("the last panel"))       \
    X(PANEL_PAGE_UP, "page-up",      "panels", "PgUp Ctrl-b", ACTION_HIDDEN, N_("a page up"))      \
    X(PANEL_PAGE_DOWN,"page-down",   "panels", "PgDn Ctrl-f", ACTION_HIDDEN, N_("a page down"))    \
    X(PANEL_OPEN,    "open",         "panels", "Enter", ACTION_LINE, N_("open"))                   \
    X(PANEL_INFO,    "info",         "panels", "i", ACTION_LINE, N_("what this figure means"), N_("info"))     \
    X(PANEL_TABLE,   "table",        "panels", "t", ACTION_LINE, N_("this chart as a table"), N_("table"))      \
    /* Lists of what is behind a figure */                                                         \
    X(LIST_INFO,     "list-info",    "list", "i", 0, N_("what this list is"))                      \
    /* Members */                                                                                  \
    X(MEMBERS_FIND,  "find",         "members", "f", ACTION_LINE, N_("find by name, card or phone"), N_("find")) \
    X(MEMBER_CONSENT,"consent",      "member", "c", ACTION_LINE | ACTION_CHANGES, N_("give or withdraw consent"), N_("consent")) \
    X(MEMBER_COUPONS,"member-coupons", "member", "o", ACTION_LINE, N_("this person's coupons"), N_("coupons")) \
    X(MEMBER_POINTS, "member-points", "member", "l", ACTION_LINE, N_("this person's ledger of points"), N_("points")) \
    X(MEMBERS_WHO,   "who",          "members", "W", 0, N_("who may be one person; contradictions")) \
    X(MEMBER_REVEAL, "reveal",       "member", "R", ACTION_CHANGES, N_("show in full, with a reason")) \
    X(MEMBER_JOIN,   "join",         "member", "J", ACTION_CHANGES, N_("join with another contact of the same person")) \
    X(MEMBER_PART,   "take-apart",   "member", "U", ACTION_CHANGES, N_("take apart what was joined by mistake")) \
    X(MEMBER_ERASE,  "erase",        "member", "X", ACTION_CHANGES, N_("erase this person for good")) \
    X(WHO_JOIN,      "who-join",     "who", "J", ACTION_LINE | ACTION_CHANGES, N_("join this pair"), N_("join")) \
    X(WHO_SETTLE,    "settle",       "who", "S", ACTION_LINE | ACTION_CHANGES, N_("this is fine as it is"), N_("settle")) \
    X(WHO_OTHER,     "who-other",    "who", "Tab", ACTION_LINE, N_("candidates or contradictions"), N_("other list")) \
    /* Funnel; grids of retention and RFM */                                                       \
    X(FUNNEL_UP,     "step-up",      "funnel", "Up k", ACTION_HIDDEN, N_("the step before"))       \
    X(FUNNEL_DOWN,   "step-down",    "funnel", "Down j", ACTION_HIDDEN, N_("the next step"))       \
    X(FUNNEL_OPEN,   "step-open",    "funnel", "Enter", ACTION_LINE, N_("who made this step"), N_("list")) \
    X(FUNNEL_DROP,   "step-drop",    "funnel", "d", ACTION_LINE, N_("who came to the step before and no further"), N_("drop")) \
    X(FUNNEL_BY,     "by",           "funnel", "b", ACTION_LINE, N_("groups by shop, category, channel, label …"), N_("by")) \
    X(FUNNEL_EDIT,   "funnel-edit",  "funnel", "e", ACTION_LINE, N_("edit the funnel in a form"), N_("edit")) \
    X(FUNNEL_LIST,   "funnel-list",  "funnel", "f", ACTION_LINE, N_("choose a saved funnel"), N_("funnels")) \
    X(FUNNEL_TIMES,  "times",        "funnel", "t", ACTION_LINE, N_("how long the steps took"), N_("times")) \
    X(FUNNEL_SEGMENT,"funnel-segment","funnel", "s", ACTION_LINE | ACTION_CHANGES, N_("keep these people under a name"), N_("segment")) \
    X(FUNNEL_GROUPS, "groups",       "funnel", "g", 0, N_("all groups as a table"))                \
    X(FUNNEL_HOLD,   "hold",         "funnel", "H", 0, N_("all steps share a shop, a zone, a coupon …")) \
    X(FUNNEL_MEASURE,"measure",      "funnel", "m", 0, N_("count people, turns or money"))         \
    X(FUNNEL_WITHIN, "within",       "funnel", "o", 0, N_("only the people of a segment or label"))           \
    X(FUNNEL_VERSUS, "versus",       "funnel", "v", 0, N_("beside the people of a segment or label"))         \
    X(FUNNEL_STEPS,  "steps",        "funnel", "a", 0, N_("write the funnel as a line"))           \
    X(FUNNEL_SAVED,  "saved",        "funnel", "Tab", 0, N_("the next saved funnel"))              \
    X(FUNNEL_SAVE,   "funnel-save",  "funnel", "S", ACTION_CHANGES, N_("save this funnel under a name")) \
    X(FUNNEL_DELETE, "funnel-delete","funnel", "X", ACTION_CHANGES, N_("delete this saved funnel")) \
    X(FUNNEL_DIALECT,"dialect",      "funnel", "D", 0, N_("whose rules"))                          \
    X(TIMES_UP,      "times-up",     "funnel-times", "Up k", ACTION_HIDDEN, N_("the way before"))  \
    X(TIMES_DOWN,    "times-down",   "funnel-times", "Down j", ACTION_HIDDEN, N_("the next way"))  \
    X(CROWD_WHY,     "why",          "crowd", "w", ACTION_LINE, N_("why this person dropped"), N_("why")) \
    X(CROWD_SEGMENT, "keep",         "crowd", "s", ACTION_LINE | ACTION_CHANGES, N_("keep these people under a name"), N_("segment")) \
    X(GRID_UP,       "grid-up",      "grid", "Up k", ACTION_HIDDEN, N_("up"))                      \
    X(GRID_DOWN,     "grid-down",    "grid", "Down j", ACTION_HIDDEN, N_("down"))                  \
    X(GRID_LEFT,     "grid-left",    "grid", "Left h", ACTION_HIDDEN, N_("left"))                  \
    X(GRID_RIGHT,    "grid-right",   "grid", "Right l", ACTION_HIDDEN, N_("right"))                \
    X(GRID_OPEN,     "grid-open",    "rfm", "Enter", ACTION_LINE, N_("the people of this cell"), N_("list")) \
    X(RFM_GROUP,     "rfm-group",    "rfm", "g", ACTION_LINE, N_("the people of this cell's group"), N_("whole group")) \
    X(RETENTION_OPEN,"cell-open",    "retention", "Enter", ACTION_LINE, N_("the people of this cell"), N_("list")) \
    X(RETENTION_BY,  "by",           "retention", "b", ACTION_LINE, N_("groups by shop, category, channel, label …"), N_("by")) \
    X(RETENTION_GROUPS,"groups",     "retention", "g", 0, N_("all groups again")) \
    X(RETENTION_MODE,"mode",         "retention", "m", ACTION_LINE, N_("on a period, or on it or after"), N_("mode")) \
    X(RETENTION_MEASURE,"measure",   "retention", "v", ACTION_LINE, N_("people or money"), N_("money")) \
    X(RETENTION_ROLLING,"rolling",   "retention", "r", ACTION_LINE, N_("calendar periods, or from each one's own start"), N_("rolling")) \
    X(RETENTION_LENGTH,"length",     "retention", "w", ACTION_LINE, N_("by day, week, month"), N_("length")) \
    X(RETENTION_FIRST,"first-time",  "retention", "f", 0, N_("the first start only, or every one")) \
    X(RETENTION_EVENTS,"events",     "retention", "a", ACTION_LINE, N_("what begins and what comes back"), N_("events")) \
    X(LIFECYCLE_OPEN,"state-open",   "lifecycle", "Enter", ACTION_LINE, N_("the people of this state"), N_("list")) \
    X(LIFECYCLE_LENGTH,"lifecycle-length", "lifecycle", "w", ACTION_LINE, N_("by day, week, month"), N_("length")) \
    X(LIFECYCLE_EVENT,"active",      "lifecycle", "a", ACTION_LINE, N_("what counts as active"), N_("event")) \
    /* Affinity, expected value, clusters */                                                        \
    X(AFFINITY_OF,   "of",           "affinity", "o", ACTION_LINE, N_("shops, brands, categories, items"), N_("what")) \
    X(AFFINITY_BY,   "by",           "affinity", "b", ACTION_LINE, N_("by people, visits or baskets"), N_("by")) \
    X(AFFINITY_MAP,  "map",          "affinity", "m", ACTION_LINE, N_("the map of categories, or the list"), N_("map")) \
    X(VALUE_HORIZON, "horizon",      "value", "n", ACTION_LINE, N_("look further ahead"), N_("ahead")) \
    X(CLUSTERS_UP,   "cluster-up",   "clusters", "Up k", ACTION_HIDDEN, N_("the cluster before"))  \
    X(CLUSTERS_DOWN, "cluster-down", "clusters", "Down j", ACTION_HIDDEN, N_("the next cluster"))  \
    X(CLUSTERS_PEOPLE, "cluster-people", "clusters", "Enter", ACTION_LINE, N_("the people of this cluster"), N_("list")) \
    X(CLUSTERS_FEATURES, "features", "clusters", "f", ACTION_LINE, N_("by what people are compared"), N_("features")) \
    X(CLUSTERS_NUMBER, "number",     "clusters", "n", ACTION_LINE, N_("how many clusters; found, or two to eight"), N_("number")) \
    X(CLUSTERS_SAVE, "keep",         "clusters", "w", ACTION_LINE | ACTION_CHANGES, N_("keep the clusters as labels"), N_("keep")) \
    /* Segments and labels */                                                                      \
    X(SEGMENT_WRITE, "write",        "segments", "a", ACTION_LINE, N_("write an expression"), N_("write")) \
    X(SEGMENT_EDIT,  "edit",         "segments", "e", ACTION_LINE, N_("edit the selected segment"), N_("edit")) \
    X(SEGMENT_SAVE,  "save",         "segments", "s", ACTION_LINE | ACTION_CHANGES, N_("save under a name"), N_("save")) \
    X(SEGMENT_FREEZE,"freeze",       "segments", "z", ACTION_LINE | ACTION_CHANGES, N_("keep the people as they are now"), N_("freeze")) \
    X(SEGMENT_DROP,  "remove",       "segments", "d", ACTION_CHANGES, N_("remove the selected segment"), N_("remove")) \
    X(SEGMENT_APART, "apart",        "segments", "v", ACTION_LINE, N_("what sets it apart from another"), N_("apart")) \
    X(LABEL_WRITE,   "write-rule",   "labels", "a", ACTION_LINE, N_("write a rule"), N_("write"))  \
    X(LABEL_EDIT,    "edit-rule",    "labels", "e", ACTION_LINE, N_("edit the selected label's rule"), N_("edit")) \
    X(LABEL_SAVE,    "save-rule",    "labels", "s", ACTION_LINE | ACTION_CHANGES, N_("save the rule under a name"), N_("save")) \
    X(LABEL_RUN,     "run",          "labels", "r", ACTION_LINE | ACTION_CHANGES, N_("run all rules where something changed"), N_("run")) \
    X(LABEL_HISTORY, "history",      "labels", "h", ACTION_LINE, N_("who changed this label when"), N_("history")) \
    X(LABEL_DROP,    "remove-label", "labels", "d", ACTION_CHANGES, N_("remove the selected label"), N_("remove")) \
    /* Tasks */                                                                                    \
    X(TASK_TAKE,     "take-task",    "tasks", "a", ACTION_LINE | ACTION_CHANGES, N_("take this task"), N_("take")) \
    X(TASK_DONE,     "task-done",    "tasks", "d", ACTION_LINE | ACTION_CHANGES, N_("it is done"), N_("finish")) \
    X(TASK_DROP,     "drop-task",    "tasks", "n", ACTION_LINE | ACTION_CHANGES, N_("drop it, with a note"), N_("give up")) \
    X(TASK_BACK,     "task-back",    "tasks", "b", ACTION_CHANGES, N_("give a taken task back"))     \
    X(TASK_ALL,      "task-all",     "tasks", "o", ACTION_LINE, N_("closed ones too, or open ones"), N_("others")) \
    /* Campaigns */                                                                                \
    X(CAMPAIGNS_NEW, "new-campaign", "campaigns", "n", ACTION_LINE, N_("set up a new campaign"), N_("new")) \
    X(CAMPAIGNS_STATE, "state",      "campaigns", "s", ACTION_LINE, N_("only campaigns in one state"), N_("state")) \
    X(CAMPAIGN_UP,   "campaign-up",  "campaign", "Up k", ACTION_HIDDEN, N_("up"))                  \
    X(CAMPAIGN_DOWN, "campaign-down","campaign", "Down j", ACTION_HIDDEN, N_("down"))              \
    X(CAMPAIGN_PAGE_UP, "campaign-page-up", "campaign", "PgUp", ACTION_HIDDEN, N_("a page up"))    \
    X(CAMPAIGN_PAGE_DOWN, "campaign-page-down", "campaign", "PgDn", ACTION_HIDDEN, N_("a page down")) \
    X(CAMPAIGN_OPEN, "campaign-open","campaign", "Enter", ACTION_LINE, N_("the people of this figure"), N_("list")) \
    X(CAMPAIGN_ACT,  "act",          "campaign", "a", ACTION_LINE | ACTION_CHANGES, N_("submit, approve, start, pause, end …"), N_("act")) \
    X(CAMPAIGN_EDIT, "campaign-edit","campaign", "e", ACTION_LINE, N_("change it in the form"), N_("edit")) \
    X(CAMPAIGN_CLONE,"clone",        "campaign", "y", ACTION_LINE, N_("the same as a new draft"), N_("clone")) \
    X(CAMPAIGN_COMPARE, "compare-with", "campaign", "v", ACTION_LINE, N_("what is different from another"), N_("compare")) \
    X(CAMPAIGN_RESULT, "campaign-result", "campaign", "r", 0, N_("what it did"))                   \
    X(CAMPAIGN_SIMULATE, "campaign-simulate", "campaign", "s", 0, N_("try it on the mall's own past")) \
    X(CALENDAR_LEFT, "day-before",   "month", "Left h", ACTION_HIDDEN, N_("the day before"))    \
    X(CALENDAR_RIGHT,"day-after",    "month", "Right l", ACTION_HIDDEN, N_("the next day"))     \
    X(CALENDAR_UP,   "week-before",  "month", "Up k", ACTION_HIDDEN, N_("a week before"))       \
    X(CALENDAR_DOWN, "week-after",   "month", "Down j", ACTION_HIDDEN, N_("a week later"))      \
    X(CALENDAR_EARLIER, "month-before", "month", "PgUp [", ACTION_LINE, N_("the month before"), N_("earlier")) \
    X(CALENDAR_LATER, "month-after", "month", "PgDn ]", ACTION_LINE, N_("the next month"), N_("later")) \
    X(CALENDAR_OPEN, "day-open",     "month", "Enter", ACTION_LINE, N_("the campaign of this day"), N_("open")) \
    X(CALENDAR_OCCASIONS, "occasions", "calendar", "Tab", ACTION_LINE, N_("the occasions that fit, or the month"), N_("occasions")) \
    X(CALENDAR_NEW,  "new-for-day",  "calendar", "n", ACTION_LINE, N_("a campaign for this day or occasion"), N_("new")) \
    /* Results and simulations of campaigns */                                                      \
    X(RESULTS,       "results",      "", "", 0, N_("what campaigns did; with a code: that one"))   \
    X(SIMULATE,      "simulation",   "", "", 0, N_("with a code: that campaign tried on the past")) \
    X(RESULT_BY,     "by",           "campaign-result", "b", ACTION_LINE, N_("by crowd, shop, brand, contact, day"), N_("by")) \
    X(RESULT_REPORT, "report",       "campaign-result", "r", ACTION_LINE, N_("the report of a page"), N_("report")) \
    X(RESULT_SAVE,   "save-report",  "campaign-result", "w", ACTION_LINE, N_("write the report to a file"), N_("save")) \
    X(RESULT_SIMULATE, "simulate",   "campaign-result", "s", 0, N_("what history would have said before")) \
    X(SIMULATE_BY,   "by",           "campaign-simulate", "b", ACTION_LINE, N_("by balance or crowd"), N_("by")) \
    X(SIMULATE_SEED, "anew",         "campaign-simulate", "n", ACTION_LINE, N_("draw anew with another seed"), N_("draw anew")) \
    /* Coupons */                                                                                  \
    X(COUPONS_REDEEM, "redeem",      "coupons", "r", ACTION_LINE | ACTION_CHANGES, N_("redeem a coupon by hand"), N_("redeem")) \
    X(COUPONS_WHICH, "which",        "coupons", "w", ACTION_LINE, N_("which of the campaign's coupons"), N_("which")) \
    X(COUPONS_ISSUE, "issue",        "coupons", "a", ACTION_LINE | ACTION_CHANGES, N_("issue one, or one to everybody of a segment"), N_("issue")) \
    X(COUPONS_DISPUTES, "disputes",  "coupons", "d", ACTION_LINE, N_("redemptions of tills that do not hold"), N_("disputes")) \
    X(COUPONS_RUN,   "settle-coupons", "coupons", "n", ACTION_CHANGES, N_("settle what tills reported, mark what ran out")) \
    X(COUPON_REDEEM, "redeem-this",  "coupon-list", "r", ACTION_LINE | ACTION_CHANGES, N_("redeem the selected coupon"), N_("redeem")) \
    X(COUPON_WHICH,  "which-coupons", "coupon-list", "w", ACTION_LINE, N_("all of them, or the redeemed, open … ones"), N_("which")) \
    X(COUPON_VOID,   "void",         "coupon-list", "V", ACTION_LINE | ACTION_CHANGES, N_("make the marked coupons void"), N_("void")) \
    /* Points */                                                                                   \
    X(POINTS_RULES,  "points-rules", "points", "r", ACTION_LINE, N_("how points are earned and how long they live"), N_("rules")) \
    X(POINTS_EXPIRE, "points-expire", "points", "X", ACTION_LINE | ACTION_CHANGES, N_("expire what is past its time"), N_("expire")) \
    X(POINTS_OF,     "points-of",    "points", "l", 0, N_("a member's ledger: of a card that is named, or of one from the list")) \
    X(POINTS_EARN,   "points-earn",  "points-member", "e", ACTION_LINE | ACTION_CHANGES, N_("give points"), N_("give")) \
    X(POINTS_BURN,   "points-burn",  "points-member", "b", ACTION_LINE | ACTION_CHANGES, N_("burn points"), N_("burn")) \
    X(POINTS_ADJUST, "points-adjust", "points-member", "a", ACTION_LINE | ACTION_CHANGES, N_("adjust points, with a reason"), N_("adjust")) \
    X(POINTS_REVERSE, "points-reverse", "points-member", "R", ACTION_LINE | ACTION_CHANGES, N_("reverse the selected entry"), N_("reverse")) \
    X(POINTS_RULE_NEW, "rule-new",   "points-rules", "a", ACTION_LINE | ACTION_CHANGES, N_("write a rule"), N_("rule")) \
    X(POINTS_TERMS_NEW, "terms-new", "points-rules", "m", ACTION_LINE | ACTION_CHANGES, N_("write terms of how long points live"), N_("terms")) \
    X(POINTS_RULE_DROP, "rule-drop", "points-rules", "d", ACTION_LINE | ACTION_CHANGES, N_("remove the selected rule or terms"), N_("remove")) \
    /* Devices */                                                                                  \
    X(FLEET_FILTER,  "devices-filter", "fleet", "f", ACTION_LINE, N_("only devices that an expression selects"), N_("select")) \
    X(FLEET_BY,      "by",           "fleet", "b", ACTION_LINE, N_("by floor, shop, kind, model, version, zone"), N_("by")) \
    X(FLEET_ASK,     "ask-devices",  "fleet", "a", ACTION_LINE, N_("ask the marked devices, or those shown, how they are"), N_("ask")) \
    X(FLEET_RUN,     "run-on",       "fleet", "r", ACTION_LINE | ACTION_CHANGES, N_("run a command on the marked devices, or those shown"), N_("run")) \
    X(FLEET_ROUTINE, "routine-on",   "fleet", "m", 0, N_("a routine command on the marked devices, or those shown")) \
    X(FLEET_LAST,    "last-run",     "fleet", "w", 0, N_("what came of the last command"))         \
    X(FLEET_MAP,     "floor-map",    "fleet", "M", ACTION_LINE, N_("a map of the floors, a sign for each device; or the list"), N_("map")) \
    X(FLEET_ROLLOUTS, "rollouts",    "fleet", "R", ACTION_LINE, N_("versions of the application that go to devices in waves"), N_("roll-outs")) \
    X(FLEET_ROLLOUT, "rollout-new",  "fleet", "v", ACTION_LINE | ACTION_CHANGES, N_("plan a roll-out to the marked devices, or those shown"), N_("roll out")) \
    X(ROLLOUTS_NEW,  "rollout-plan", "rollouts", "n", ACTION_LINE | ACTION_CHANGES, N_("plan a roll-out: archive, devices, waves"), N_("plan one")) \
    X(ROLLOUT_ACT,   "rollout-act",  "rollout", "a", ACTION_LINE | ACTION_CHANGES, N_("approve, start, pause, roll back: what can be done now"), N_("act")) \
    X(ROLLOUT_PAUSE, "rollout-pause", "rollout", "P", ACTION_LINE | ACTION_CHANGES, N_("pause it, or let it go on"), N_("pause")) \
    X(ROLLOUT_START, "rollout-start", "rollout", "s", ACTION_LINE | ACTION_CHANGES, N_("start it; the number of its devices is typed"), N_("start now")) \
    X(ROLLOUT_DRIVE, "rollout-drive", "rollout", "d", ACTION_LINE | ACTION_CHANGES, N_("drive it from this console, or leave it to others"), N_("drive")) \
    X(ROLLOUT_REST,  "rollout-rest", "rollout", "f", ACTION_LINE, N_("only devices that are not ok, or all of them"), N_("not ok")) \
    X(FLEET_LOG,     "logs",         "fleet", "o", ACTION_LINE, N_("follow the logs of the marked devices, or those shown"), N_("logs")) \
    X(LOG_FILTER,    "log-only",     "device-log", "f", ACTION_LINE, N_("only lines that a pattern finds"), N_("only")) \
    X(LOG_FIND,      "log-find",     "device-log", "/", ACTION_LINE, N_("look for a pattern, and mark it"), N_("find")) \
    X(LOG_NEXT,      "log-next",     "device-log", "n", ACTION_LINE, N_("the next line it finds"), N_("next")) \
    X(LOG_PREVIOUS,  "log-previous", "device-log", "N", 0, N_("the line before that it finds"))    \
    X(LOG_PAUSE,     "log-pause",    "device-log", "Space", ACTION_LINE, N_("stand still, or follow again"), N_("pause")) \
    X(LOG_TIME,      "log-time",     "device-log", "t", ACTION_LINE, N_("go to a time"), N_("time")) \
    X(LOG_RAW,       "log-raw",      "device-log", "v", 0, N_("lines of JSON as they are, or as a person reads them")) \
    X(LOG_UP,        "log-up",       "device-log", "Up k", ACTION_HIDDEN, N_("the line above"))    \
    X(LOG_DOWN,      "log-down",     "device-log", "Down j", ACTION_HIDDEN, N_("the line below"))  \
    X(LOG_PAGE_UP,   "log-page-up",  "device-log", "PgUp Ctrl-b", ACTION_HIDDEN, N_("a page up"))  \
    X(LOG_PAGE_DOWN, "log-page-down", "device-log", "PgDn Ctrl-f", ACTION_HIDDEN, N_("a page down")) \
    X(LOG_FIRST,     "log-first",    "device-log", "Home g", ACTION_HIDDEN, N_("the first line that is kept")) \
    X(LOG_LAST,      "log-last",     "device-log", "End G", ACTION_HIDDEN, N_("the last line, and on with what comes")) \
    X(LOG_LEFT,      "log-left",     "device-log", "Left h", ACTION_HIDDEN, N_("to the left in long lines")) \
    X(LOG_RIGHT,     "log-right",    "device-log", "Right l", ACTION_HIDDEN, N_("to the right in long lines")) \
    X(FLEET_PUT,     "put-file",     "fleet", "p", ACTION_CHANGES, N_("put a file on the marked devices, or those shown")) \
    X(FLEET_GET,     "get-file",     "fleet", "d", ACTION_CHANGES, N_("get a file from the marked devices, or those shown")) \
    X(FLEET_CONFIG,  "configuration", "fleet", "c", ACTION_LINE, N_("what the marked devices, or those shown, should have"), N_("config")) \
    X(FLEET_FILES,   "last-files",   "fleet", "W", 0, N_("files on their way"))                    \
    X(FLEET_KEYS,    "device-keys",  "fleet", "y", ACTION_LINE | ACTION_CHANGES, N_("the keys of devices without a pin, or with another than theirs"), N_("host keys")) \
    X(KEYS_ACCEPT,   "accept-keys",  "fleet-keys", "a", ACTION_LINE | ACTION_CHANGES, N_("the new keys that are marked are the devices' own: keep them as pins"), N_("accept")) \
    X(RUN_CANCEL,    "run-cancel",   "fleet-run", "c", ACTION_LINE, N_("end the command everywhere"), N_("cancel")) \
    X(DEVICE_ASK,    "ask-device",   "device", "a", ACTION_LINE, N_("ask this device how it is"), N_("ask")) \
    X(DEVICE_RUN,    "run-here",     "device", "r", ACTION_LINE | ACTION_CHANGES, N_("run a command on it"), N_("run")) \
    X(DEVICE_ROUTINE, "routine-here", "device", "m", 0, N_("a routine command on it"))  \
    X(DEVICE_LOG,    "log",          "device", "o", ACTION_LINE, N_("follow its log"), N_("log")) \
    X(DEVICE_SHELL,  "shell",        "device", "s", ACTION_LINE | ACTION_CHANGES, N_("a shell on it, recorded"), N_("shell")) \
    X(DEVICE_KEY,    "host-key",     "device", "y", ACTION_LINE | ACTION_CHANGES, N_("the host key it shows, beside its pin"), N_("key")) \
    X(DEVICE_QUARANTINE, "quarantine", "device", "z", ACTION_LINE | ACTION_CHANGES, N_("into quarantine, or out of it"), N_("quarantine")) \
    X(DEVICE_EDIT,   "device-edit",  "device", "e", ACTION_LINE | ACTION_CHANGES, N_("edit shop, floor, address, note"), N_("edit")) \
    X(DEVICE_PUT,    "put-here",     "device", "p", ACTION_LINE | ACTION_CHANGES, N_("put a file on it"), N_("put")) \
    X(DEVICE_GET,    "get-here",     "device", "d", ACTION_LINE | ACTION_CHANGES, N_("get a file from it"), N_("get")) \
    X(DEVICE_CONFIG, "config-here",  "device", "c", ACTION_LINE, N_("what it should have, and what it has"), N_("config")) \
    X(DEVICE_FILES,  "files-here",   "device", "W", 0, N_("files on their way"))                   \
    X(DEVICE_FOLDER, "folder-here",  "device", "f", ACTION_LINE, N_("look into its folders; get and put files"), N_("folders")) \
    X(FOLDER_UP,     "folder-up",    "folder", "-", ACTION_LINE, N_("the folder above"), N_("up"))  \
    X(FOLDER_GO,     "folder-go",    "folder", "", 0, N_("a folder by its path: folder-go /var/log")) \
    X(FOLDER_GET,    "folder-get",   "folder", "d", ACTION_LINE | ACTION_CHANGES, N_("get this file"), N_("get")) \
    X(FOLDER_PUT,    "folder-put",   "folder", "p", ACTION_LINE | ACTION_CHANGES, N_("put a file into this folder"), N_("put")) \
    X(FOLDER_FILES,  "folder-files", "folder", "W", 0, N_("files on their way"))                   \
    X(DEVICE_RECORDINGS, "recordings-here", "device", "v", ACTION_LINE, N_("recorded shells on it"), N_("recordings")) \
    X(RECORDINGS, "recordings-all", "fleet", "", 0, N_("recorded shells on all devices")) \
    X(RECORDING_PLAY, "recording-play", "recording", "Space", ACTION_LINE, N_("play, or stand still"), N_("play")) \
    X(RECORDING_EARLIER, "recording-earlier", "recording", "Left h", ACTION_HIDDEN, N_("five seconds back")) \
    X(RECORDING_LATER, "recording-later", "recording", "Right l", ACTION_HIDDEN, N_("five seconds on")) \
    X(RECORDING_BEFORE, "recording-before", "recording", ",", 0, N_("one event back")) \
    X(RECORDING_NEXT, "recording-next", "recording", ".", 0, N_("one event on")) \
    X(RECORDING_FIRST, "recording-first", "recording", "Home g", ACTION_HIDDEN, N_("to the beginning")) \
    X(RECORDING_LAST, "recording-last", "recording", "End G", ACTION_HIDDEN, N_("to the end")) \
    X(RECORDING_TIME, "recording-time", "recording", "t", ACTION_LINE, N_("go to a time"), N_("time")) \
    X(RECORDING_FASTER, "recording-faster", "recording", "+", 0, N_("twice as fast")) \
    X(RECORDING_SLOWER, "recording-slower", "recording", "-", 0, N_("half as fast")) \
    X(RECORDING_HURRY, "recording-hurry", "recording", "i", 0, N_("pauses of a second at most, or as they were")) \
    X(RECORDING_FIND, "recording-find", "recording", "/", ACTION_LINE, N_("look for what the screen showed"), N_("find")) \
    X(RECORDING_FIND_NEXT, "recording-find-next", "recording", "n", 0, N_("the next time it was shown")) \
    X(RECORDING_FIND_BEFORE, "recording-find-before", "recording", "N", 0, N_("the time before that it was shown")) \
    X(RECORDING_BACK, "recording-back", "recording", "PgUp", ACTION_HIDDEN, N_("look back at what left the screen")) \
    X(RECORDING_FORTH, "recording-forth", "recording", "PgDn", ACTION_HIDDEN, N_("and forth again")) \
    X(RECORDING_PART_LEFT, "recording-left", "recording", "H", ACTION_HIDDEN, N_("the part on the left of a larger screen")) \
    X(RECORDING_PART_DOWN, "recording-down", "recording", "J", ACTION_HIDDEN, N_("the part below")) \
    X(RECORDING_PART_UP, "recording-up", "recording", "K", ACTION_HIDDEN, N_("the part above")) \
    X(RECORDING_PART_RIGHT, "recording-right", "recording", "L", ACTION_HIDDEN, N_("the part on the right")) \
    X(FILES_CANCEL,  "files-cancel", "files", "c", ACTION_LINE, N_("end what is on its way"), N_("cancel")) \
    X(CONFIG_ASK,    "config-ask",   "config", "a", ACTION_LINE, N_("ask the devices for their configurations, and compare"), N_("compare")) \
    X(CONFIG_SET,    "config-set",   "config", "s", ACTION_LINE | ACTION_CHANGES, N_("set one key of what is desired"), N_("set")) \
    X(CONFIG_LOAD,   "config-load",  "config", "t", ACTION_LINE | ACTION_CHANGES, N_("take what is desired from a file"), N_("from file")) \
    X(CONFIG_DROP,   "config-drop",  "config", "d", ACTION_CHANGES, N_("desire nothing any more")) \
    X(CONFIG_APPLY,  "config-apply", "config", "p", ACTION_LINE | ACTION_CHANGES, N_("bring it to the devices of the marked rows, or all"), N_("apply")) \
    X(CONFIG_HISTORY,"config-history","config", "h", ACTION_LINE, N_("who changed what is desired when"), N_("history")) \
    X(KEY_ACCEPT,    "accept-key",   "device-key", "a", ACTION_LINE | ACTION_CHANGES, N_("the key that is shown is its own: keep it as the pin"), N_("accept")) \
    /* Hub and replicas */                                                                         \
    X(SYNC_NOW,      "sync-now",     "sync", "s", ACTION_LINE, N_("a session with the hub now"), N_("sync now")) \
    X(SYNC_OUTBOX,   "waiting",      "sync", "o", ACTION_LINE, N_("what waits for the hub"), N_("outbox")) \
    X(SYNC_ACCEPT,   "accept-hub",   "sync", "a", ACTION_CHANGES, N_("the host key that is shown is the hub's")) \
    X(OUTBOX_DROP,   "drop-edit",    "outbox", "d", ACTION_LINE | ACTION_CHANGES, N_("give this edit up"), N_("give up")) \
    X(OUTBOX_ALL,    "all-edits",    "outbox", "o", ACTION_LINE, N_("those that are done too, or only what waits"), N_("others")) \
    X(CONFLICT_TAKE, "take",         "conflict", "t", ACTION_LINE | ACTION_CHANGES, N_("take the hub's version"), N_("take theirs")) \
    X(CONFLICT_KEEP, "keep-mine",    "conflict", "k", ACTION_LINE | ACTION_CHANGES, N_("keep mine over the hub's"), N_("keep mine")) \
    X(CONFLICT_TURN, "turn",         "conflict", "v", ACTION_LINE, N_("the other side for this field"), N_("turn")) \
    X(CONFLICT_MERGE,"merge",        "conflict", "m", ACTION_LINE | ACTION_CHANGES, N_("set what is chosen, field by field"), N_("merge")) \
    X(PRINCIPALS_ADD,"add-person",   "people-roles", "a", ACTION_LINE | ACTION_CHANGES, N_("add a person, or give another key"), N_("add")) \
    X(PRINCIPALS_ROLE,"change-role", "people-roles", "e", ACTION_LINE | ACTION_CHANGES, N_("give another role"), N_("role")) \
    X(PRINCIPALS_REVOKE,"revoke",    "people-roles", "d", ACTION_LINE | ACTION_CHANGES, N_("revoke, at once"), N_("revoke")) \
    /* SQL */                                                                                      \
    X(SQL_EDIT,      "query",        "sql", "a", ACTION_LINE, N_("write the query"), N_("query")) \
    /* Data */                                                                                     \
    X(DATA_IMPORT,   "import",       "data", "I", ACTION_LINE | ACTION_CHANGES, N_("import a file"), N_("import")) \
    X(DATA_VERIFY,   "verify",       "data", "v", ACTION_LINE, N_("run all checks"), N_("verify"))

/* clang-format on */

enum action_id {
    ACTION_NONE,
#define X(id, ...) ACTION_##id,
    ACTIONS(X)
#undef X
        ACTION_END
};

/* All actions of the program, the table's included; n is their number. */
const struct action *actions_all(size_t *n);

#endif
