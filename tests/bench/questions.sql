-- The questions of `make bench` as DuckDB answers them fastest, to our knowledge. Table: event, made by
-- duckdb.mjs, sorted by (subject, time), the small vocabularies as ENUM. Two threads, nothing cached
-- but what the buffer manager holds.
--
-- Funnels. What they assume, and what would make them slower if it did not hold: nobody registers
-- twice, and nobody has two receipts in one second. (A wrong answer would stop the bench.) So the
-- first step is a hash join that keeps only what lies within 30 days of the registration, an eighth
-- of the rows; of these one list for each person and kind is gone through. Tried and slower: a join
-- for each step (1.9 times the time), ASOF joins of what is near (2.6), window functions over it
-- (1.9), cumulative windows over the sorted table (2.3), each step's join after the other step's
-- aggregate (1.5). Subjects as whole numbers in place of text changed it by less than a tenth.

-- Segment. Members with their tiers are a table of their own, and so is the label: people who ever
-- bought in ten shops, found beforehand (as atrium's label is). Spans are mall days, which begin at
-- 04:00. Whether semi-joins follow one another, candidates come first or everything is one pass over
-- the last 90 days makes no difference beyond the noise; this is the first.

-- === prepare
create or replace table member as
select member as subject,
       tier::enum('basic', 'silver', 'gold', 'platinum', 'black', 'diamond') as tier
from read_csv('$MEMBERS', header = true, columns = {member: 'VARCHAR', tier: 'VARCHAR'})
order by subject;
create or replace table label as
select distinct 'coffee'::enum('coffee') as label, subject from event
where kind = 'purchase' and subject <> '-' and
      tenant in ('T001', 'T002', 'T003', 'T004', 'T005', 'T006', 'T007', 'T008', 'T009', 'T010')
order by subject;
checkpoint

-- === funnel
with entry as (
    select subject, time as t1 from event where kind = 'register' and subject <> '-'),
near as (
    select e.subject, t1, e.time, e.kind from event e join entry r
    on e.subject = r.subject and e.time >= t1 and e.time <= t1 + interval 30 day
    where e.kind in ('purchase', 'points_earn')),
person as (
    select any_value(t1) as t1, min(time) filter (kind = 'purchase') as t2,
           list(time) filter (kind = 'purchase') as purchases,
           list(time) filter (kind = 'points_earn') as points
    from near group by subject),
third as (
    select t1, t2, purchases, list_min(list_filter(points, x -> x >= t2)) as t3
    from person where t2 is not null),
way as (
    select t2 - t1 as d2, t3 - t2 as d3,
           list_min(list_filter(purchases, x -> x >= t3 and x > t2)) - t3 as d4
    from third)
select '' as shop, (select count(*) from entry) as n1, count(*) as n2, count(d3) as n3,
       count(d4) as n4,
       avg(epoch(d2)) as mean2, avg(epoch(d3)) as mean3, avg(epoch(d4)) as mean4,
       median(epoch(d2)::integer) as median2, median(epoch(d3)::integer) as median3,
       median(epoch(d4)::integer) as median4
from way

-- === funnel_by_shop
with entry as (
    select subject, time as t1, tenant from event where kind = 'register' and subject <> '-'),
near as (
    select e.subject, t1, r.tenant, e.time, e.kind from event e join entry r
    on e.subject = r.subject and e.time >= t1 and e.time <= t1 + interval 30 day
    where e.kind in ('purchase', 'points_earn')),
person as (
    select any_value(t1) as t1, any_value(tenant) as tenant,
           min(time) filter (kind = 'purchase') as t2,
           list(time) filter (kind = 'purchase') as purchases,
           list(time) filter (kind = 'points_earn') as points
    from near group by subject),
third as (
    select t1, t2, tenant, purchases, list_min(list_filter(points, x -> x >= t2)) as t3
    from person where t2 is not null),
way as (
    select tenant, t2 - t1 as d2, t3 - t2 as d3,
           list_min(list_filter(purchases, x -> x >= t3 and x > t2)) - t3 as d4
    from third),
made as (
    select tenant, count(*) as n2, count(d3) as n3, count(d4) as n4,
           avg(epoch(d2)) as mean2, avg(epoch(d3)) as mean3, avg(epoch(d4)) as mean4,
           median(epoch(d2)::integer) as median2, median(epoch(d3)::integer) as median3,
           median(epoch(d4)::integer) as median4
    from way group by tenant),
begun as (select tenant, count(*) as n1 from entry group by tenant)
select coalesce(b.tenant::varchar, '') as shop, n1, coalesce(n2, 0) as n2, coalesce(n3, 0) as n3,
       coalesce(n4, 0) as n4, mean2, mean3, mean4, median2, median3, median4
from begun b left join made m on b.tenant is not distinct from m.tenant

-- === segment
with day as (select (max(time) - interval 4 hour)::date as today from event),
spent as (
    select subject from event
    where kind in ('purchase', 'refund') and time >= (select today - 89 + interval 4 hour from day)
    group by subject
    having sum(case kind when 'refund' then -amount else amount end) >= 300),
visited as (
    select subject from event
    where kind in ('sighting', 'door', 'visit', 'purchase', 'refund', 'points_burn',
                   'coupon_redeem')
          and time >= (select today - 29 + interval 4 hour from day))
select count(*) as count from member
where tier in ('gold', 'platinum', 'black', 'diamond')
      and subject in (select subject from label where label = 'coffee')
      and subject in (select subject from spent) and subject not in (select subject from visited)

-- Labels. All 50 from one pass over the last year, one over the shops, and the label above once more:
-- what people did is summed up once, and a threshold is a number of rows made of a sum. The answer
-- goes into a temporary table in memory; atrium keeps it in the file.

-- === labels
create or replace temp table marked as
with day as (select (max(time) - interval 4 hour)::date + interval 4 hour as today from event),
did as (
    select subject,
        sum(case kind when 'purchase' then amount when 'refund' then -amount end)
            filter (time >= (select today - interval 89 day from day)) as spent90,
        sum(case kind when 'purchase' then amount when 'refund' then -amount end)
            filter (time >= (select today - interval 29 day from day)) as spent30,
        count(*) filter (kind = 'app_open' and
                         time >= (select today - interval 29 day from day)) as opened30,
        count(*) filter (kind = 'purchase') as bought365,
        coalesce(bool_or(kind <> 'app_open' and
                         time >= (select today - interval 6 day from day)), false) as seen7
    from event
    where kind in ('app_open', 'sighting', 'door', 'visit', 'purchase', 'refund', 'points_burn',
                   'coupon_redeem')
          and subject <> '-' and time >= (select today - interval 364 day from day)
    group by subject),
person as (select d.*, tier from did d join member using (subject)),
shop as (
    select distinct tenant, subject from event semi join member using (subject)
    where kind = 'purchase' and
          tenant in ('T001', 'T002', 'T003', 'T004', 'T005', 'T006', 'T007', 'T008', 'T009',
                     'T010', 'T011', 'T012', 'T013', 'T014', 'T015', 'T016', 'T017', 'T018',
                     'T019'))
select 'spent' || i as label, subject from (
    select subject, unnest(range(1, least(10, floor(coalesce(spent90, 0) / 100))::integer + 1)) as i from person)
union all select 'gone' || i, subject from (
    select subject, unnest(range(1, least(10, floor(coalesce(spent30, 0) / 50))::integer + 1)) as i
    from person where not seen7)
union all select 'open' || i, subject from (
    select subject, unnest(range(1, least(10, opened30)::integer + 1)) as i from person)
union all select 'good' || i, subject from (
    select subject, unnest(range(1, least(10, bought365)::integer + 1)) as i from person
    where tier in ('gold', 'platinum', 'black', 'diamond'))
union all select 'shop' || tenant::varchar, subject from shop where tenant >= 'T011'::varchar
union all select distinct 'coffee', subject from shop where tenant <= 'T010'::varchar;
select label, count(*) as n from marked group by label
