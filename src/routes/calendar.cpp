// calendar: on which days and how many hours the agency works, its holidays and days off. Serves /api/calendar.
#include <charconv>
#include <cmath>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"
#include "domain/work_calendar.h"

using namespace core;
using namespace domain;

// A year's days, holidays and the agency's own; `open` says that a holiday is worked through.
constexpr Sql one_year = R"(
    select json_build_object(
        'year', y.year, 'today', (now() at time zone s.time_zone)::date, 'timeZone', s.time_zone,
        'hoursPerDay', s.hours_per_day, 'workingDays', s.working_days, 'parallelTasks', s.parallel_tasks,
        'holidays', (select coalesce(json_agg(json_build_object('date', h.day, 'name', h.name, 'kind', h.kind, 'confirmed', h.confirmed,
                            'source', h.source, 'open', exists (select from days_off d where d.day = h.day and not d.closed)) order by h.day, h.name), '[]')
                     from public.holidays h where extract(year from h.day) = y.year),
        'daysOff', (select coalesce(json_agg(json_build_object('date', d.day, 'name', d.name) order by d.day), '[]')
                    from days_off d where d.closed and extract(year from d.day) = y.year))
    from settings s, (select coalesce($1::integer, extract(year from now() at time zone s2.time_zone)::integer) as year from settings s2) y)";
// The same days as rows; of all years where none is asked for.
constexpr Sql as_cells = R"(
    select f.key, 1, f.day, f.name, f.kind, f.worked, f.confirmed, f.source from (
        select h.day || '|' || h.name as key, h.day, h.name, case h.kind when 'regular' then 'regular holiday' else 'special non-working day' end as kind,
               case when exists (select from days_off d where d.day = h.day and not d.closed) then 'yes' else 'no' end as worked,
               case when h.confirmed then 'yes' else 'no' end as confirmed, h.source
        from public.holidays h
        union all select d.day || '|', d.day, d.name, 'day off of the agency', 'no', 'yes', null from days_off d where d.closed) f
    where $2 > 0 and f.key collate "C" > $1 and ($4::integer is null or extract(year from f.day) = $4) order by f.key collate "C" limit $3)";
constexpr Sql hours_now = R"(
    select json_build_object('hoursPerDay', hours_per_day, 'workingDays', working_days, 'parallelTasks', parallel_tasks) from settings for update)";
constexpr Sql set_hours = R"(
    update settings set hours_per_day = coalesce($1::numeric, hours_per_day),
        working_days = coalesce((select array_agg(d::integer order by d::integer) from json_array_elements_text($2::json) d), working_days),
        parallel_tasks = coalesce($3::integer, parallel_tasks), updated_at = now()
    returning json_build_object('hoursPerDay', hours_per_day, 'workingDays', working_days, 'parallelTasks', parallel_tasks))";
constexpr Sql is_holiday = "select 1 where exists (select from public.holidays where day = $1::date)";
constexpr Sql full_year = "select count(*) from days_off where extract(year from day) = extract(year from $1::date)";
constexpr Sql put_day = R"(
    insert into days_off (day, name, closed, created_by) values ($1, $2, $3, me())
    on conflict (day) do update set name = excluded.name, closed = excluded.closed, created_by = excluded.created_by, created_at = now())";
constexpr Sql drop_day = "delete from days_off where day = $1::date returning json_build_object('date', day, 'name', name, 'closed', closed)";

std::optional<std::int64_t> year_of(const Request& request) {
    const std::string text = request.query_value("year");
    if (text.empty()) return std::nullopt;
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size() || number < 2000 || number > 2100) throw bad_request("year must be one from 2000 to 2100.", {{"year", "This is a year from 2000 to 2100."}});
    return number;
}

Reply show(Call& call) { return ok(call.db().one<one_year>(year_of(call.request)).text(0)); }

Reply csv(Call& call) {
    constexpr By by_day[] = {{"day", By::Key::text, "", 1}};
    const Page page = read_page(call.request, by_day, 50);
    const auto year = year_of(call.request);
    note_at_once(call, "exported", "days off");
    return list_file(call, "days-off.csv",
                     {{"Day"}, {"Name", Cell::code}, {"Kind", Cell::code}, {"Worked on", Cell::code}, {"Confirmed", Cell::code}, {"Source"}}, page,
                    [year](const Page& now) { return ask<as_cells>(now.key, now.id, now.limit, year); });
}

Reply change(Call& call) {
    Form form{call.body()};
    std::optional<double> hours;
    std::optional<std::string> days;
    std::optional<std::int64_t> parallel;
    if (const Json given = form.value("hoursPerDay")) {
        hours = given.number();
        if (!(*hours >= 1 && *hours <= 24) || std::fabs(*hours * 4 - std::round(*hours * 4)) > 1e-9) form.wrong("hoursPerDay", "A day has 1 to 24 hours of work, in quarters of an hour.");
    }
    if (const Json given = form.value("workingDays")) {
        bool right = given.is(Json::Kind::array) && given.size() >= 1 && given.size() <= 7;
        for (std::size_t i = 0; right && i < given.size(); ++i) {
            right = given[i].is(Json::Kind::integer) && given[i].integer() >= 1 && given[i].integer() <= 7;
            for (std::size_t j = 0; right && j < i; ++j) right = given[i].integer() != given[j].integer();
        }
        if (!right) form.wrong("workingDays", "List the days of the week that are worked on, 1 for Monday to 7 for Sunday, at least one, each once.");
        days = given.dump();
    }
    if (const Json given = form.value("parallelTasks")) {
        parallel = given.integer();
        if (!given.is(Json::Kind::integer) || *parallel < 1 || *parallel > 20) form.wrong("parallelTasks", "1 to 20 tasks of a project are worked on at the same time.");
    }
    if (form.right() && !hours && !days && !parallel) form.wrong("hoursPerDay", "Say what changes: hoursPerDay, workingDays or parallelTasks.");
    form.check();
    const auto [before, after] = call.db().all(ask<hours_now>(), ask<set_hours>(hours, days, parallel));
    call.db().run(audit_change(call, "calendar-changed", "calendar", before.one().text(0), after.one().text(0)));
    return ok(after.one().text(0));
}

// closed: a day off of the agency's own; not closed: a holiday that it works through.
Reply put(Call& call) {
    Form form{call.body()};
    const std::string day = form.text("date", {1, 20}, "The day");
    const std::string name = form.text("name", {1, 100}, "The name");
    if (!day.empty() && !read_day(day)) form.wrong("date", "Write the day as YYYY-MM-DD, for example 2027-01-15.");
    const Json closed = form.value("closed");
    if (closed && !closed.is(Json::Kind::boolean)) form.wrong("closed", "True for a day off, false for a holiday on which you work.");
    form.check();
    const bool off = !closed || closed.boolean();
    if (!off && !call.db().maybe<is_holiday>(day)) throw unprocessable({{"date", "This day is no holiday. To work on it, remove it from the days off."}});
    if (call.db().one<full_year>(day).integer(0) >= 366) throw conflict("Every day of that year is in the list already.");
    std::string made = Writer{}.object().member("date", day).member("name", name).member("closed", off).end_object().take();
    call.db().all(ask<put_day>(day, name, off), audit(call, "day-off-set", "day " + day, made));
    return created(std::move(made));
}

Reply drop(Call& call, Token day) {
    if (!read_day(day.value)) throw not_found("day");
    const auto dropped = call.db().maybe<drop_day>(day.value);
    if (!dropped) throw not_found("day off");
    call.db().run(audit(call, "day-off-removed", "day " + std::string{day.value}, dropped->str(0)));
    return no_content();
}

constexpr Route routes[] = {
    get<show>("/api/calendar", staff),
    get<csv>("/api/calendar/csv", staff),
    patch<change>("/api/calendar", admin),
    post<put>("/api/calendar/days", admin),
    remove<drop>("/api/calendar/days/{date}", admin),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
