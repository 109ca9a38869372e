-- The days on which nobody works: national holidays, and what each agency adds to them or works through.
-- migrate:up scope:public
-- Special non-working days are days off as regular holidays are; they differ in what is paid. What is not confirmed is
-- where the law or custom puts it until the year's proclamation comes: Eid'l Fitr and Eid'l Adha are proclaimed shortly before.
create table holidays (
    day        date not null,
    name       text not null check (name <> ''),
    kind       text not null check (kind in ('regular', 'special')),
    confirmed  boolean not null,
    source     text not null check (source <> ''),
    primary key (day, name)
);
comment on table holidays is 'Philippines, nationwide: regular holidays and special non-working days. Special working days are not here.';
comment on column holidays.confirmed is 'False: expected, and not proclaimed when this was written (November 2026).';
insert into holidays (day, name, kind, confirmed, source) values
    ('2025-01-01', 'New Year''s Day', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-01-29', 'Chinese New Year', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2025-04-01', 'Eid''l Fitr', 'regular', true, 'Proclamation No. 839, s. 2025; RA 9177'),
    ('2025-04-09', 'Araw ng Kagitingan', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-04-17', 'Maundy Thursday', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-04-18', 'Good Friday', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-04-19', 'Black Saturday', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2025-05-01', 'Labor Day', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-05-12', 'National and local elections', 'special', true, 'Proclamation No. 878, s. 2025'),
    ('2025-06-06', 'Eid''l Adha', 'regular', true, 'Proclamation of May 2025; RA 9849'),
    ('2025-06-12', 'Independence Day', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-07-27', 'Founding anniversary of the Iglesia ni Cristo', 'special', true, 'Proclamation No. 729, s. 2024'),
    ('2025-08-21', 'Ninoy Aquino Day', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2025-08-25', 'National Heroes Day', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-10-31', 'All Saints'' Day Eve', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2025-11-01', 'All Saints'' Day', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2025-11-30', 'Bonifacio Day', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-12-08', 'Feast of the Immaculate Conception of Mary', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2025-12-24', 'Christmas Eve', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2025-12-25', 'Christmas Day', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-12-30', 'Rizal Day', 'regular', true, 'Proclamation No. 727, s. 2024'),
    ('2025-12-31', 'Last Day of the Year', 'special', true, 'Proclamation No. 727, s. 2024'),
    ('2026-01-01', 'New Year''s Day', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-02-17', 'Chinese New Year', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-03-20', 'Eid''l Fitr', 'regular', true, 'Declared on 12 March 2026; RA 9177'),
    ('2026-04-02', 'Maundy Thursday', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-04-03', 'Good Friday', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-04-04', 'Black Saturday', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-04-09', 'Araw ng Kagitingan', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-05-01', 'Labor Day', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-05-27', 'Eid''l Adha', 'regular', true, 'Proclamation No. 1264, s. 2026; RA 9849'),
    ('2026-06-12', 'Independence Day', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-08-21', 'Ninoy Aquino Day', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-08-31', 'National Heroes Day', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-11-01', 'All Saints'' Day', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-11-02', 'All Souls'' Day', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-11-30', 'Bonifacio Day', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-12-08', 'Feast of the Immaculate Conception of Mary', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-12-24', 'Christmas Eve', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-12-25', 'Christmas Day', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-12-30', 'Rizal Day', 'regular', true, 'Proclamation No. 1006, s. 2025'),
    ('2026-12-31', 'Last Day of the Year', 'special', true, 'Proclamation No. 1006, s. 2025'),
    ('2027-01-01', 'New Year''s Day', 'regular', true, 'RA 9492'),
    ('2027-02-06', 'Chinese New Year', 'special', false, 'Lunar calendar; to be proclaimed'),
    ('2027-03-10', 'Eid''l Fitr', 'regular', false, 'RA 9177; tabular Islamic calendar, to be proclaimed'),
    ('2027-03-25', 'Maundy Thursday', 'regular', true, 'RA 9492; Easter 2027-03-28'),
    ('2027-03-26', 'Good Friday', 'regular', true, 'RA 9492; Easter 2027-03-28'),
    ('2027-03-27', 'Black Saturday', 'special', false, 'As in earlier years; to be proclaimed'),
    ('2027-04-09', 'Araw ng Kagitingan', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2027-05-01', 'Labor Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2027-05-17', 'Eid''l Adha', 'regular', false, 'RA 9849; tabular Islamic calendar, to be proclaimed'),
    ('2027-06-12', 'Independence Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2027-08-21', 'Ninoy Aquino Day', 'special', false, 'RA 9256, RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2027-08-30', 'National Heroes Day', 'regular', true, 'RA 9492; last Monday of August'),
    ('2027-11-01', 'All Saints'' Day', 'special', true, 'RA 9492'),
    ('2027-11-02', 'All Souls'' Day', 'special', false, 'As in earlier years; to be proclaimed'),
    ('2027-11-30', 'Bonifacio Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2027-12-08', 'Feast of the Immaculate Conception of Mary', 'special', true, 'RA 10966'),
    ('2027-12-24', 'Christmas Eve', 'special', false, 'As in earlier years; to be proclaimed'),
    ('2027-12-25', 'Christmas Day', 'regular', true, 'RA 9492'),
    ('2027-12-30', 'Rizal Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2027-12-31', 'Last Day of the Year', 'special', true, 'RA 9492'),
    ('2028-01-01', 'New Year''s Day', 'regular', true, 'RA 9492'),
    ('2028-01-26', 'Chinese New Year', 'special', false, 'Lunar calendar; to be proclaimed'),
    ('2028-02-27', 'Eid''l Fitr', 'regular', false, 'RA 9177; tabular Islamic calendar, to be proclaimed'),
    ('2028-04-09', 'Araw ng Kagitingan', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2028-04-13', 'Maundy Thursday', 'regular', true, 'RA 9492; Easter 2028-04-16'),
    ('2028-04-14', 'Good Friday', 'regular', true, 'RA 9492; Easter 2028-04-16'),
    ('2028-04-15', 'Black Saturday', 'special', false, 'As in earlier years; to be proclaimed'),
    ('2028-05-01', 'Labor Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2028-05-05', 'Eid''l Adha', 'regular', false, 'RA 9849; tabular Islamic calendar, to be proclaimed'),
    ('2028-05-08', 'National and local elections', 'special', false, 'RA 7166, second Monday of May; to be proclaimed'),
    ('2028-06-12', 'Independence Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2028-08-21', 'Ninoy Aquino Day', 'special', false, 'RA 9256, RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2028-08-28', 'National Heroes Day', 'regular', true, 'RA 9492; last Monday of August'),
    ('2028-11-01', 'All Saints'' Day', 'special', true, 'RA 9492'),
    ('2028-11-02', 'All Souls'' Day', 'special', false, 'As in earlier years; to be proclaimed'),
    ('2028-11-30', 'Bonifacio Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2028-12-08', 'Feast of the Immaculate Conception of Mary', 'special', true, 'RA 10966'),
    ('2028-12-24', 'Christmas Eve', 'special', false, 'As in earlier years; to be proclaimed'),
    ('2028-12-25', 'Christmas Day', 'regular', true, 'RA 9492'),
    ('2028-12-30', 'Rizal Day', 'regular', false, 'RA 9492; the day itself, as proclaimed for 2025 and 2026'),
    ('2028-12-31', 'Last Day of the Year', 'special', true, 'RA 9492');
grant select on holidays to public;  -- the same for everybody, and no secret

-- migrate:up scope:tenant
create table days_off (
    day         date primary key check (day between '2000-01-01' and '2100-12-31'),
    name        text not null check (name ~ '[^[:space:]]' and length(name) <= 100),
    closed      boolean not null default true,
    created_by  text,
    created_at  timestamptz not null default now()
);
comment on column days_off.closed is 'False: the agency works on this day although it is a holiday.';

alter table settings add column parallel_tasks integer not null default 1 check (parallel_tasks between 1 and 20);
comment on column settings.parallel_tasks is 'Tasks of one project that are worked on at the same time. The hours of plans fit one.';

-- migrate:down scope:tenant
alter table settings drop column parallel_tasks;
drop table days_off;

-- migrate:down scope:public
drop table holidays;

-- migrate:verify scope:public
do $$ begin
    assert (select count(*) >= 18 and bool_and(source <> '') from holidays where extract(year from day) = 2026), 'holidays of 2026 are missing';
    assert (select count(distinct extract(year from day)) >= 4 from holidays), 'a year has no holidays';
end $$;

-- migrate:verify scope:tenant
select day, name, closed, created_by, created_at from days_off limit 0;
select parallel_tasks from settings limit 0;
