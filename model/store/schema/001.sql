-- The mall file, version 1. Money is in fen, points are integers, times are UTC seconds, days are
-- days since 1970-01-01, a person is a number assigned once and never reused (0: nobody).
-- `version` counts the changes of a row; operations name the version they were made against.

create table setting (
    name text primary key,
    value text not null,
    version integer not null default 1
) strict, without rowid;

-- Counters that questions compare: 'events' and 'rows' grow with every committed change; 'person'
-- is the highest number given; 'audit' is the number of audit records.
create table counter (name text primary key, value integer not null) strict, without rowid;
insert into counter values ('events', 0), ('rows', 0), ('person', 0), ('batch', 0),
    ('search', 0), ('search_person', 0), ('search_audit', 0), ('search_round', 0);
insert into counter values ('audit', 0), ('coupon_batch', 0), ('coupon_seq', 0);

-- Dictionaries: what event columns refer to by number. 0 stands for none and has no row.
create table kind (id integer primary key, name text not null unique) strict;
create table channel (id integer primary key, name text not null unique) strict;
create table zone (
    id integer primary key,
    code text not null unique,
    name text not null default '',
    floor text not null default '',
    version integer not null default 1
) strict;
create table tenant (
    id integer primary key,
    code text not null unique,
    name text not null default '',
    category text not null default '',
    floor text not null default '',
    zone integer not null default 0,
    smart_pos integer not null default 0,
    brand text not null default '',
    note text not null default '',
    version integer not null default 1
) strict;
create table device (
    id integer primary key,
    code text not null unique,
    kind text not null default '',
    host text not null default '',
    port integer not null default 0,
    user text not null default '',
    model text not null default '',
    tenant integer not null default 0,
    zone integer not null default 0,
    floor text not null default '',
    pin text not null default '',        -- 'SHA256:…' of its host key; '': not seen yet
    quarantine text not null default '', -- why no credential is given to it
    identity text not null default '',   -- file of the user key for it alone
    bastion integer not null default 0,  -- the device that it is reached over
    note text not null default '',
    version integer not null default 1
) strict;
-- What a device last said of itself (model/fleet/status.h). Observed, not edited.
create table device_state (
    device integer primary key,
    time integer not null,               -- when it was asked
    seen integer not null default 0,     -- when it last answered
    state text not null,                 -- as in JSON: 'ok', 'failed', 'unknown', 'offline', ...
    phase text not null default '',      -- where it stopped
    reason text not null default '',     -- cleaned
    milliseconds integer not null default 0,
    offered text not null default '',    -- a host key that is not the pin's
    app text not null default '',        -- version of the application
    config text not null default '',     -- hash of its configuration
    wanted text not null default '',     -- hash of what that should have been then; '': nothing
    load integer not null default -1,    -- hundredths; -1: unknown
    disk integer not null default -1,    -- percent used
    clock integer not null default 0,    -- its time - ours, in milliseconds
    spool integer not null default -1    -- bytes it holds that were not collected
) strict;
-- What was done to devices, act by act; the audit has the act, this has its outcome by device.
create table device_act (
    id integer primary key,
    device integer not null,
    time integer not null,
    act text not null,                   -- 'run', 'put', 'config', ...
    actor text not null,
    detail text not null default '',     -- the command, the file
    state text not null,
    exit integer,                        -- of the remote process, where it is known
    milliseconds integer not null default 0
) strict;
create index device_act_device on device_act (device, id);
-- A roll-out of a version of the application to devices (model/fleet/rollout.h). What its people set
-- up are the columns up to `back`; what follows from its moves those up to `version`; how far it
-- has come, written by whoever drives it, the rest.
create table rollout (
    id integer primary key,
    code text not null unique,           -- 'R1'
    app text not null default '',        -- the version
    file text not null default '',       -- name of the archive
    size integer not null default 0,
    sha256 text not null default '',     -- of the archive
    selection text not null default '',  -- the expression that chose its devices
    devices integer not null default 0,  -- how many those were
    canary integer not null default 0,   -- devices
    waves text not null default '',      -- '10%,50%,100%'
    threshold text not null default '',  -- failures of a wave that stop it: '3', '5%'
    coverage integer not null default 0, -- percent of a wave that must be ok before the next
    soak integer not null default 0,     -- seconds after each wave
    trial integer not null default 0,    -- seconds of the dead man's timer
    expires integer not null default 0,  -- seconds that what does not answer is waited for
    window_from integer not null default 0, -- minutes of the day; the same twice: always
    window_to integer not null default 0,
    weekdays integer not null default 0, -- bit 0 Monday; 0: every day
    back integer not null default 0,     -- where it stops it goes back
    state text not null default 'planned',
    author text not null default '',
    approved_by text not null default '',
    started integer,
    ended integer,
    why text not null default '',        -- why it stopped, goes back or was cancelled
    version integer not null default 1,
    wave integer not null default 0,     -- that devices are switched in, from 0
    soaking integer not null default 0,  -- since when that wave is through; 0: it is not
    driver text not null default '',     -- who drives it: one at a time
    lease integer not null default 0     -- until when
) strict;
-- Its devices, chosen when it was made. A step is written before it is taken: whoever comes next
-- asks the device what is true and goes on (model/fleet/rollout_plan.h).
create table rollout_device (
    rollout integer not null,
    device integer not null,
    wave integer not null,
    step text not null default 'waiting',
    goal text not null default 'new',    -- 'old': it is to go back
    fault integer not null default 0,    -- it counts as a failure of its wave
    had integer not null default 0,      -- it ran the version before
    wait text not null default '',       -- why the last attempt came to nothing
    attempts integer not null default 0, -- that came to nothing in this step
    since integer not null default 0,    -- when the step began
    due integer not null default 0,      -- not before
    switched integer not null default 0, -- when the switch was decided
    looked integer not null default 0,   -- when it was last seen to run the version for good
    old text not null default '',        -- what it ran before
    app text not null default '',        -- what it ran when it last said so
    reason text not null default '',     -- cleaned
    primary key (rollout, device)
) strict, without rowid;
create index rollout_device_device on rollout_device (device);
-- Archives of versions, in pieces, so that any console on the mall file can send them.
create table archive (
    sha256 text not null,
    piece integer not null,              -- from 0
    bytes blob not null,
    primary key (sha256, piece)
) strict;

-- How far a spool of a device was collected (model/fleet/collect.h): changed with the events that
-- came from it, in one transaction.
create table collect (
    device integer not null,
    spool text not null,                 -- 'receipts', 'sightings'
    offset integer not null default 0,   -- of the first byte that is not in the events yet
    marked integer not null default 0,   -- bytes before it that `mark` is the SHA-256 of
    mark text not null default '',
    size integer not null default 0,     -- of the spool, as the device last said
    resets integer not null default 0,   -- how often it was found to be another spool
    time integer not null default 0,     -- when something last came
    primary key (device, spool)
) strict, without rowid;

-- What a device reported, by mall day of what it reported: no people.
create table collect_day (
    device integer not null,
    day integer not null,
    receipts integer not null default 0,
    amount integer not null default 0,   -- fen, refunds taken off
    card_receipts integer not null default 0, -- of those, with a member's card
    card_amount integer not null default 0,
    sightings integer not null default 0,
    random integer not null default 0,   -- of those, of made-up addresses
    duplicates integer not null default 0,
    refused integer not null default 0,
    clocked integer not null default 0,  -- rows whose time was set right by the clock's offset
    primary key (device, day)
) strict, without rowid;
-- How devices were, one sample an hour for seven days (model/fleet/history.h).
create table device_sample (
    device integer not null,
    hour integer not null,               -- hours since 1970
    asked integer not null default 0,    -- times
    answered integer not null default 0,
    load integer not null default -1,    -- hundredths, the highest of the hour; -1: unknown
    disk integer not null default -1,    -- percent, the highest
    clock integer not null default 0,    -- milliseconds, the farthest off
    primary key (device, hour)
) strict, without rowid;
-- Configurations that devices should have (model/fleet/config.h); their versions are the audit's.
create table config (
    id integer primary key,
    key text not null unique,            -- 'kind:pos': of all of a kind; 'device:P2-0147': its own
    text text not null default '',
    version integer not null default 1
) strict;
-- Devices that get theirs when they answer again.
create table config_queue (
    device integer primary key,
    actor text not null,
    time integer not null,
    expires integer not null
) strict;
-- A campaign. What its people set up are the columns up to `priority`, one for each key of a
-- campaign file (model/campaign/campaign.h); what became of it are the rest. One that only events
-- name, from an import, has a code and the state ''.
create table campaign (
    id integer primary key,
    code text not null unique,
    name text not null default '',
    kind text not null default '',       -- 'coupon', 'points-cash', ...
    goal text not null default '',
    audience text not null default '',   -- expression of the people language
    holdout integer not null default 1000, -- of 10,000 people of the audience
    value integer not null default 0,    -- fen off, of a coupon or benefit
    minimum integer not null default 0,  -- fen that must be spent
    points integer not null default 0,   -- points a yuan costs, or points given
    factor integer not null default 0,   -- of points earned, in hundredths: 200 doubles them
    gift text not null default '',       -- what is given where it is neither money nor points
    shops text not null default '',      -- expression over shops; '': all
    valid integer not null default 0,    -- seconds a coupon is good for; 0: to the end
    stock integer not null default 0,    -- coupons at most; 0: no limit
    stacking integer not null default 0, -- may be used with other coupons on a receipt
    from_day integer,                    -- days, the last one too
    to_day integer,
    weekdays integer not null default 0, -- bit 0 Monday; 0: every day
    hour_from integer not null default 0, -- minutes of the day; from = to: all day
    hour_to integer not null default 0,
    blackout text not null default '',   -- '2017-10-01..2017-10-08 2017-10-20'
    contacts text not null default '',   -- in order: 'pos app sms wifi screen staff'
    message text not null default '',    -- template
    per_person integer not null default 0, -- messages of all campaigns a person gets in
    per_window integer not null default 0, -- so many seconds; 0: no cap
    quiet_from integer not null default 0, -- minutes of the day; from = to: none
    quiet_to integer not null default 0,
    budget integer not null default 0,   -- fen; 0: none set
    priority integer not null default 0, -- the higher goes first
    state text not null default '',      -- of model/campaign/state.h
    author text not null default '',
    approved_by text not null default '',
    approved text not null default '',   -- the definition that was approved, as a campaign file
    started integer not null default 0,  -- times; 0: not yet
    ended integer not null default 0,
    edition integer not null default 0,  -- of people_set: the audience when it started
    version integer not null default 1
) strict;
create table item (
    id integer primary key,
    name text not null,
    brand text not null default '',
    category text not null default '',
    color text not null default '',
    unique (name, brand, category, color)
) strict;

-- People. An identity is one contact of one person: 'card' (also any subject an event names),
-- 'phone', 'app', 'wifi', 'payment'. There are more of them than of anything else with a row of its
-- own, so the table has the kind as a number and is written; the view has its name and is read.
create table contact_kind (id integer primary key, name text not null unique) strict;
insert into contact_kind values (1, 'card'), (2, 'phone'), (3, 'app'), (4, 'wifi'), (5, 'payment');
create table contact (
    kind integer not null,
    value text not null,
    person integer not null,
    primary key (person, kind, value)
) strict, without rowid;
create unique index contact_value on contact (kind, value);
create view identity (kind, value, person) as
    select k.name, c.value, c.person from contact c join contact_kind k on k.id = c.kind;

create table member (
    person integer primary key,
    card text not null,
    name text not null default '',
    phone text not null default '',
    gender text not null default '',
    birth integer,                       -- day
    joined integer,                      -- time
    channel integer not null default 0,  -- of the registration
    tier text not null default '',
    income text not null default '',
    community text not null default '',
    car text not null default '',
    house text not null default '',
    consent_sms integer not null default 0,
    consent_app integer not null default 0,
    consent_wifi integer not null default 0,
    app integer not null default 0,      -- has the phone app: an address for app messages
    version integer not null default 1
) strict;
create unique index member_card on member (card);
create index member_phone on member (phone) where phone <> '';
-- Who can be reached, without reading the members: 2 by SMS or the app, 1 by Wi-Fi if there is a
-- device of theirs, 0 not.
create index member_reachable on member (
    (case when consent_sms <> 0 and phone <> '' or consent_app <> 0 and app <> 0 then 2
          when consent_wifi <> 0 then 1 else 0 end)
);

-- The members' fields once more as columns, for questions that look at everybody
-- (model/people/profile.h). place: field << 20 | block of people. The writer notes a block whose
-- members changed since in profile_stale. A word's number stands in the columns.
create table profile (place integer primary key, data blob not null) strict;
create table profile_word (id integer primary key, word text not null unique) strict;
create table profile_stale (block integer primary key) strict;
create table attribute (
    person integer not null,
    name text not null,
    value text not null,
    primary key (person, name)
) strict, without rowid;

create table interest (
    person integer not null,
    topic text not null,
    weight integer not null default 1,
    primary key (person, topic)
) strict, without rowid;

create table relation (
    person integer not null,
    other integer not null,
    kind text not null,                  -- 'family', 'friend', 'referred', ...
    since integer,
    primary key (person, other, kind)
) strict, without rowid;

create table crowd (                     -- a group people belong to ("group" is a word of SQL)
    id integer primary key,
    code text not null unique,
    name text not null default '',
    topic text not null default '',
    version integer not null default 1
) strict;
create table crowd_member (
    crowd integer not null,
    person integer not null,
    role text not null default '',
    joined integer,
    primary key (crowd, person)
) strict, without rowid;
create index crowd_member_person on crowd_member (person);

create table label (
    id integer primary key,
    name text not null unique,
    rule text not null default '',       -- '' : a hand-kept list, in label_member
    author text not null default '',
    note text not null default '',
    as_of integer not null default 0,    -- when its people were last found
    version integer not null default 1
) strict;
-- Of a label with a rule: who it has, by block of people (model/people/people_set.h), and how they
-- were found (model/segment/label.h).
create table label_people (
    label integer not null,
    block integer not null,
    people blob not null,
    primary key (label, block)
) strict, without rowid;
create table label_state (
    label integer primary key,
    version integer not null,            -- of the label whose rule this was
    rule text not null,
    people integer not null,             -- how many
    batch integer not null,              -- what was seen of the events: chunks of batches up to
    tail integer not null,               -- here, and the tail up to here
    rows integer not null,               -- counter 'rows' after it was written
    day integer not null,                -- mall day of the present
    as_of integer not null,              -- the latest event
    time integer not null,               -- when
    milliseconds integer not null,
    blocks integer not null,             -- looked at the last time
    spans integer not null,              -- hash of what its behaviour looks at, with the
    tables blob not null,                -- dictionaries' sizes it was made with
    seen blob not null,                  -- by block a hash of what it is built from but events
    error text not null default ''       -- why it could not be run
) strict;
create table label_member (
    label integer not null,
    person integer not null,
    primary key (label, person)
) strict, without rowid;

-- Lists kept by hand once more as sets (model/people/label_list.h), but for the blocks of which
-- label_stale says that their rows changed since; the writer notes them there.
create table label_list (
    label integer not null,
    block integer not null,
    people blob not null,
    primary key (label, block)
) strict, without rowid;
create table label_stale (
    label integer not null,
    block integer not null,
    primary key (label, block)
) strict, without rowid;

-- Saved segments: an expression of the people language; of a frozen one also who was in it when it
-- was frozen: the edition of people_set that holds them (0: none).
create table segment (
    id integer primary key,
    name text not null unique,
    expression text not null default '',
    kind text not null default 'live',   -- 'live', 'frozen'
    author text not null default '',
    note text not null default '',
    as_of integer not null default 0,    -- of the frozen people
    edition integer not null default 0,
    version integer not null default 1
) strict;
-- Sets of people by block (model/people/people_set.h). An edition is never changed once it is made.
create table people_set (
    edition integer not null,
    block integer not null,
    people blob not null,
    primary key (edition, block)
) strict, without rowid;

-- Persons that turned out to be one (doc/people.md): what `person` had is `target`'s as long as
-- `undone` is 0. What a link moved or put aside is kept, so that it can be taken back exactly.
create table link (
    id integer primary key,
    person integer not null,
    target integer not null,
    evidence text not null,
    confidence real not null,            -- 0 to 1
    actor text not null,
    time integer not null,
    undone integer not null default 0,   -- time
    undone_by text not null default ''
) strict;
create index link_person on link (person);
create index link_target on link (target);
create table link_row (                  -- a row that `person` had, or ('fill') fields that the
    id integer primary key,              -- target's member row took over
    link integer not null,
    place text not null,                 -- the table
    moved integer not null,              -- the target has it now; 0: it had one of its own
    row text not null                    -- JSON
) strict;
create index link_row_link on link_row (link);
create table link_identity (             -- contacts that came by a link
    link integer not null,
    kind integer not null,               -- as in contact
    value text not null,
    primary key (link, kind, value)
) strict, without rowid;
create index link_identity_value on link_identity (value);
create table link_event (                -- events that came by a link, then or since, as in chunks
    id integer primary key,
    link integer not null,
    month integer not null,
    head blob not null,
    data blob not null
) strict;
create index link_event_link on link_event (link);
create table conflict_settled (          -- conflicts and candidates that somebody looked at
    what text primary key,               -- as in model/people/conflict.h
    verdict text not null,
    reason text not null,
    actor text not null,
    time integer not null
) strict, without rowid;

-- Law. Every change of a consent, the latest last; the member's row has how it stands.
create table consent (
    id integer primary key,
    person integer not null,
    contact text not null,               -- 'sms', 'app', 'wifi'
    given integer not null,
    time integer not null,
    source text not null,                -- 'form', 'sms reply', an import's file, ...
    actor text not null
) strict;
create index consent_person on consent (person, contact, id);
-- Who was erased: keyed hashes of their contacts, so that no import brings them back, and the
-- receipts. The key is in `secret`, which no role may read.
create table erased (hash blob primary key) strict, without rowid;
create table erasure (
    id text primary key,                 -- of the receipt
    time integer not null,
    actor text not null,
    reason text not null,
    receipt text not null,               -- JSON: what went from where, counts only
    seq integer not null default 0       -- the hub's number before it: replicas beyond it know
) strict, without rowid;
create table secret (name text primary key, value blob not null) strict, without rowid;
create table funnel (                    -- saved by hand
    id integer primary key,
    name text not null unique,
    definition text not null default '', -- a line as model/loop/funnel_plan.h has it
    author text not null default '',
    version integer not null default 1
) strict;

create table principal (
    name text primary key,
    role text not null,
    key text not null default '',        -- fingerprint of the SSH key that a hub knows it by
    version integer not null default 1
) strict, without rowid;

-- What was done. An operation's id makes it idempotent; the audit is a chain of SHA-256.
create table operation (
    id text primary key,
    seq integer not null,                -- of its audit record
    entity text not null,
    target text not null,
    result_version integer not null,
    undone_by text not null default ''
) strict, without rowid;
create index operation_target on operation (entity, target, seq);
create table audit (
    seq integer primary key,
    time integer not null,
    actor text not null,
    act text not null,
    entity text not null default '',
    target text not null default '',
    before text not null default '',     -- JSON
    after text not null default '',      -- JSON
    reason text not null default '',
    operation text not null default '',
    salt blob not null default x'',      -- of the payload; empty: what is personal was removed
    payload blob not null default x'',   -- hash of salt, target, before, after and reason
    hash blob not null                   -- of the hash before, the record and its payload
) strict;

-- Events. A batch makes its chunks visible at once; see doc/events.md.
create table batch (
    id integer primary key,
    state text not null,                 -- 'staged', 'done'
    source text not null default '',
    time integer not null default 0,
    rows integer not null default 0,
    imported integer not null default 0,
    duplicates integer not null default 0,
    refused integer not null default 0
) strict;
create table import (                    -- files that were read
    id integer primary key,
    kind text not null,                  -- 'members', 'events', ...
    source text not null,                -- the file's name
    actor text not null,
    time integer not null,
    rows integer not null,
    imported integer not null,
    duplicates integer not null,
    refused integer not null,
    erased integer not null default 0,   -- rows of people who were erased, left out
    milliseconds integer not null
) strict;
create table refused (                   -- rows that an import under --skip-bad left out
    import integer not null,
    line integer not null,
    message text not null,
    primary key (import, line)
) strict, without rowid;
create table chunk (
    id integer primary key,
    batch integer not null,
    block integer not null,              -- of people; -1: events of nobody
    month integer not null,              -- year * 12 + month - 1 of the mall day; of nobody the day
    events integer not null,
    lines integer not null,              -- of the events, receipt lines
    first integer not null,              -- time of the first and last event
    last integer not null,
    head blob not null,                  -- directory of its segments
    data blob not null
) strict;
create index chunk_place on chunk (block, month, batch, id, events, lines, first, last);
create index chunk_last on chunk (last, batch);
create table tail (                      -- events since the last folding
    seq integer primary key autoincrement, -- never given twice: replicas know how far they got
    time integer not null,
    person integer not null,
    kind integer not null,
    channel integer not null default 0,
    tenant integer not null default 0,
    zone integer not null default 0,
    device integer not null default 0,
    campaign integer not null default 0,
    item integer not null default 0,
    value integer not null default 0,
    amount integer not null default 0,
    address integer not null default 0,
    ref text not null default ''
) strict;
create unique index tail_ref on tail (kind, ref) where ref <> '';
-- Which (kind, ref) the chunks hold: sorted keys in leaves, a layer a batch. A layer counts when it
-- is in ref_layer; later batches merge small layers into their own.
create table ref_layer (batch integer primary key, keys integer not null) strict;
create table ref_leaf (
    batch integer not null,
    family integer not null,             -- kind and form of the references
    first integer not null,              -- least key of the leaf
    keys blob not null,
    primary key (batch, family, first)
) strict;
-- Of the rows of one place (block, day) that of the latest batch that is done counts.
create table person_block (
    block integer not null,
    batch integer not null,
    columns blob not null,
    primary key (block, batch)
) strict, without rowid;
-- What the people of a block did lately (model/event/recent.h).
create table person_recent (
    place integer primary key,           -- block << 32 | batch: found without reading other rows
    presence blob not null,              -- the day each was last there
    tills blob not null                  -- purchases and refunds by day of the last months
) strict;
create table rollup_day (
    day integer not null,
    batch integer not null,
    cells blob not null,
    primary key (day, batch)
) strict;
create table rollup_hour (
    day integer not null,
    batch integer not null,
    cells blob not null,
    primary key (day, batch)
) strict, without rowid;

-- What a person left open, so that the next start can offer it.
create table session (
    principal text primary key,
    state text not null,                 -- JSON
    time integer not null
) strict, without rowid;

-- Instant search (model/people/search.h): posting lists of short pieces of names, cards and phones.
-- key: lists in use or being built (1 bit), part of 262,144 people (14), piece (45). Of the counters,
-- 'search' counts the builds, 'search_person' and 'search_audit' say how far the last one saw, and
-- 'search_round' tells changes before a build from those during it.
create table search_part (key integer primary key, people blob not null) strict;
create table search_tail (               -- people whose rows imports changed since the last build
    person integer primary key,
    round integer not null
) strict;

-- ---- Campaigns at work ----

-- Messages: one row for each person a campaign looked at, by contact, so that nobody gets it twice
-- (model/campaign/send.h). What was sent is an event as well.
create table message (
    campaign integer not null,
    person integer not null,
    contact integer not null,            -- enum contact
    state integer not null,              -- enum message_state
    reason integer not null default 0,   -- enum suppression
    due integer not null default 0,      -- not before this time
    tried integer not null default 0,    -- how often
    time integer not null default 0,     -- of the last change
    cost integer not null default 0,     -- fen
    note text not null default '',       -- what the other side said, cleaned
    key text not null default '',        -- idempotency key
    body text not null default '',       -- what is sent, as long as it may be sent again
    primary key (campaign, person, contact)
) strict, without rowid;
create index message_due on message (campaign, due) where state = 1;
create index message_intent on message (campaign, due) where state = 2;
create index message_person on message (person, time);

-- What members of staff are asked to do for a person.
create table task (
    id integer primary key,
    campaign integer not null,
    person integer not null,
    tenant integer not null default 0,
    text text not null,
    state text not null default 'open',  -- 'open', 'taken', 'done', 'dropped'
    due integer not null default 0,
    made integer not null default 0,
    actor text not null default '',      -- who took or closed it
    note text not null default '',
    version integer not null default 1
) strict;
create index task_state on task (state, due);
create index task_person on task (person);

-- What the fleet takes to POS terminals and screens (read by model/fleet).
create table device_queue (
    id integer primary key,
    device integer not null default 0,   -- 0: any of the kind that serves the shop
    kind text not null,                  -- 'pos', 'screen'
    tenant integer not null default 0,
    campaign integer not null default 0,
    person integer not null default 0,
    key text not null unique,            -- idempotency
    payload text not null,               -- JSON
    expires integer not null default 0,
    -- 'waiting'; 'taken': on its way to devices; 'done': those that serve the shop have it;
    -- 'expired', 'failed' (reason)
    state text not null default 'waiting',
    reason text not null default '',
    had integer not null default 0,      -- devices that have it
    time integer not null default 0
) strict;
create table device_offered (            -- up to which row of device_queue a device was served
    device integer primary key,
    row integer not null,
    tries integer not null default 0     -- of the next one, in vain
) strict;
create index device_queue_state on device_queue (state, device);
create index device_queue_person on device_queue (person) where person <> 0;

-- Coupons (model/campaign/coupon.h, doc/coupons.md). A group-buying list is a campaign's codes
-- without a person.
create table coupon (
    id integer primary key,              -- in the order they were issued
    code text not null unique,           -- as it is read, without spaces and dashes
    own integer not null default 1,      -- made here, with a check letter; 0: from a list
    campaign integer not null,
    person integer not null default 0,   -- 0: the bearer's
    state integer not null,              -- enum coupon_state
    value integer not null,              -- fen
    minimum integer not null default 0,
    issued integer not null,             -- times
    expires integer not null,            -- 0: never
    claimed integer not null default 0,  -- 0: it was not
    expired integer not null default 0,  -- the engine found that it ran out
    used integer not null default 0,     -- when it was redeemed or voided
    tenant integer not null default 0,   -- where it was redeemed
    amount integer not null default 0,   -- fen of that receipt; 0: not known
    given integer not null default 0,    -- fen taken off it
    touched integer not null default 0,  -- the amount, once for each receipt and campaign
    issue_ref text,
    redeem_ref text                      -- of the receipt; with the shop it tells which
) strict;
create index coupon_campaign on coupon (campaign, state, claimed, given, touched);
create index coupon_person on coupon (person) where person <> 0;
create index coupon_expires on coupon (expires) where state in (1, 2) and expires <> 0;
create unique index coupon_issue_ref on coupon (issue_ref) where issue_ref is not null;
create index coupon_receipt on coupon (redeem_ref, tenant) where redeem_ref is not null;
-- Redemptions that tills reported and that do not hold. Counters 'coupon_batch' and 'coupon_seq'
-- say which events were looked at.
create table coupon_dispute (
    ref text primary key,                -- of the event
    code text not null,
    campaign integer not null,
    reason text not null,                -- 'used', 'void', 'expired', 'shop', ...
    time integer not null,
    tenant integer not null,
    value integer not null               -- fen that the till says it gave
) strict, without rowid;
create index coupon_dispute_code on coupon_dispute (code);
create index coupon_dispute_campaign on coupon_dispute (campaign);

-- What a campaign has given so far, kept in the transactions that give: so a budget and a stock are
-- checked without counting.
create table campaign_sum (
    campaign integer not null,
    name text not null,                  -- 'issued', 'redeemed', 'given' (fen), 'points' (burned), 'sent', 'messages' (fen)
    value integer not null,
    primary key (campaign, name)
) strict, without rowid;

-- Points (model/campaign/ledger.h, doc/points.md). The entries of the ledger are events; here
-- stands what events cannot say.
create table points_terms (              -- how long points live that were earned from then on
    id integer primary key,
    since text not null unique,          -- mall day, '2024-01-01'
    months integer not null default 0,   -- to the end of that month after; 0: for ever
    version integer not null default 1
) strict;
create table points_hold (               -- reserved, to be settled or released
    ref text primary key,
    person integer not null,
    points integer not null,
    campaign integer not null default 0,
    tenant integer not null default 0,
    made integer not null,
    expires integer not null,
    state text not null                  -- 'held', 'settled', 'released', 'expired'
) strict, without rowid;
create index points_hold_person on points_hold (person) where state = 'held';
create index points_hold_all on points_hold (person);
create table points_rule (               -- how points are earned (model/campaign/points_rules.h)
    id integer primary key,
    name text not null unique,
    shops text not null default '',      -- expression over shops; '': all
    tier text not null default '',       -- '': all
    per_yuan integer not null default 0, -- points for 100 yuan; 0: it multiplies what others give
    factor integer not null default 100, -- in hundredths
    weekdays integer not null default 0, -- bit 0 Monday; 0: every day
    from_day integer,                    -- days, the last one too
    to_day integer,
    priority integer not null default 0, -- of rules that give points the highest counts
    version integer not null default 1
) strict;

-- ---- Hub and replicas (doc/sync.md) ----

-- What this file is besides a mall: a hub has 'epoch' and 'seq', the number of its last transaction
-- that replicas are told of; a replica has 'hub', 'principal', 'position' and more
-- (model/sync/replica.h). An ordinary mall has no rows.
create table sync (name text primary key, value text not null) strict, without rowid;

-- On a hub: the transaction that wrote a thing last. Which table a place is and what its keys are
-- is in model/store/change.c.
create table change (
    place integer not null,
    key integer not null,
    seq integer not null,
    primary key (place, key)
) strict, without rowid;
create index change_seq on change (seq, place, key);
-- Where one transaction wrote very many: those of a block of 16,384 keys as bits.
create table change_set (
    place integer not null,
    block integer not null,
    seq integer not null,
    keys blob not null,
    primary key (place, block, seq)
) strict, without rowid;
create index change_set_seq on change_set (seq, place, block);
-- What became of events, batch by batch, and what each batch added to places that had events
-- before; what it put into empty ones is the chunk itself, as long as that is there.
create table event_log (
    batch integer primary key,
    seq integer not null,
    act text not null,                   -- 'append', 'fold', 'move', 'other'
    tail integer not null default 0,     -- fold: of the tail up to here
    source integer not null default 0,   -- move: whose events
    target integer not null default 0,   -- and who has them now
    events blob not null default x''     -- move of some: those, as model/event/move.h packs them
) strict;
create index event_log_seq on event_log (seq);
create table event_delta (
    id integer primary key,
    batch integer not null,
    block integer not null,
    month integer not null,
    head blob not null,
    data blob not null
) strict;
create unique index event_delta_place on event_delta (batch, block, month);
-- Who has replicas, one on each machine, and how far each got. While a first copy is under way, what
-- events were as of `batch` is kept.
create table replica (
    principal text not null,
    id text not null,                    -- made with the first copy
    machine text not null default '',    -- its name
    program text not null default '',
    position text not null default '',   -- JSON, see model/sync/position.h
    seq integer not null default 0,      -- of it: nothing up to here is needed any more
    batch integer not null default 0,    -- 0: no first copy
    heard integer not null default 0,    -- time
    revoked integer not null default 0,  -- time; 0: it may come in
    primary key (principal, id)
) strict, without rowid;

-- On a replica: edits that were made here (model/sync/outbox.h), and the hub's rows under those that
-- it has not answered.
create table outbox (
    number integer primary key autoincrement,
    id text not null unique,
    verb text not null,                  -- 'operation', or what outbox_verb_register was given
    entity text not null default '',
    target text not null,
    actor text not null,
    made integer not null,
    base integer not null default -1,    -- version it was made against
    detail text not null,                -- JSON: verb, fields and reason of an operation
    before text not null default '{}',   -- JSON: the fields as they were
    state text not null default 'pending',
    version integer not null default 0,  -- at the hub, when it is done
    reason text not null default '',
    theirs text not null default '',     -- JSON: the hub's fields, where they differ
    by text not null default '',
    at integer not null default 0,
    answered integer not null default 0, -- time
    seq integer not null default 0       -- of the hub's change, when it is done
) strict;
create index outbox_target on outbox (entity, target, number);
create index outbox_state on outbox (state, number);
create table outbox_base (
    place integer not null,
    key integer not null,
    rows blob not null,                  -- the hub's, as they come over the wire; empty: none
    primary key (place, key)
) strict, without rowid;
