// timeline: when each task of a project is done and when all is finished, and what the client is asked for. Serves
// /api/projects/{id}/timeline and /api/projects/{id}/asks.
#include <algorithm>
#include <unordered_map>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"
#include "domain/task_graph.h"
#include "domain/timeline.h"

using namespace core;
using namespace domain;

constexpr Sql project_facts = R"(
    select p.status, (select m.state from project_parts m where m.project_id = p.id and m.part = 'deposit'), p.price > 0,
           (p.created_at at time zone s.time_zone)::date, (p.start_date at time zone s.time_zone)::date,
           (p.end_date at time zone s.time_zone)::date, (p.completed_at at time zone s.time_zone)::date, (now() at time zone s.time_zone)::date,
           s.hours_per_day, to_json(s.working_days), s.parallel_tasks, s.time_zone,
           (select min((l.created_at at time zone s.time_zone)::date) from ledger l where l.project_id = p.id and l.part = 'deposit' and l.amount > 0),
           exists (select from payments y where y.project_id = p.id and y.stage in ('submitted', 'reviewed')),
           (select max(day) from public.holidays),
           (select m.state from project_parts m where m.project_id = p.id and m.part = 'balance'),
           (coalesce(p.balance_requested_at, p.completed_at) at time zone s.time_zone)::date
    from projects p, settings s where p.id = $1)";
// A plan has at most 25 tasks; older projects may have any number, and the first 500 of them are enough for a picture.
constexpr Sql task_facts = R"(
    select t.id, t.title, t.section, t.status, t.estimated_hours, t.dependencies, (t.started_at at time zone s.time_zone)::date,
           (t.completed_at at time zone s.time_zone)::date
    from tasks t, settings s where t.project_id = $1 and t.retired_at is null order by t."order" limit 500)";
constexpr Sql deadlines = "select section, due from section_deadlines where project_id = $1 order by section limit 100";
constexpr Sql asked = R"(
    select a.id, a.kind, a.title, a.task_id, (a.asked_at at time zone s.time_zone)::date, (a.done_at at time zone s.time_zone)::date
    from asks a, settings s where a.project_id = $1 order by a.done_at desc nulls first, a.id limit 60)";
constexpr Sql asked_as_cells = R"(
    with page as (select * from asks where $1 = '' and id > $2 and project_id = $4 order by id limit $3),
    known as (select * from people(array(select asked_by from page union select done_by from page where done_by is not null)))
    select '', a.id, a.id, a.kind, a.title, t.title, coalesce(k.name, a.asked_by), to_char(a.asked_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
           coalesce(d.name, a.done_by), to_char(a.done_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from page a left join tasks t on t.id = a.task_id left join known k on k.id = a.asked_by left join known d on d.id = a.done_by order by a.id)";
// What the page shows, which is computed and not stored: milestones, then tasks, each with its place as the key of its row.
constexpr Sql dates_as_cells = R"(
    with line as (select $4::jsonb as l),
    lines as (
        select m.n, m.one->>'key' as kind, m.one->>'title' as title, null as section, case when (m.one->>'done')::boolean then 'completed' else 'pending' end as status,
               null as hours, null as begins, m.one->>'date' as ends, m.one->>'promised' as promised, null as critical, null as slack
        from line, jsonb_array_elements(l->'milestones') with ordinality m (one, n)
        union all
        select 1000 + t.n, 'task', t.one->>'title', t.one->>'section', t.one->>'status', t.one->>'estimatedHours', t.one->>'start', t.one->>'end', null,
               case when t.one->>'status' <> 'completed' then case when (t.one->>'critical')::boolean then 'yes' else 'no' end end,
               case when t.one->>'status' <> 'completed' then t.one->>'slackDays' end
        from line, jsonb_array_elements(l->'tasks') with ordinality t (one, n))
    select '', n, kind, title, section, status, hours, begins, ends, promised, critical, slack from lines where $1 = '' and n > $2 order by n limit $3)";
// Days off from when the project was made; a holiday that the agency works through is none.
constexpr Sql free_days = R"(
    select day, name, kind, confirmed from (
        select day, name, kind, confirmed from public.holidays h where not exists (select from days_off d where d.day = h.day)
        union all select day, name, 'agency', true from days_off where closed) f
    where day >= (select created_at::date - 7 from projects where id = $1) order by day, name limit 3000)";

constexpr Sql ask_open = "select count(*) from asks where project_id = $1 and done_at is null";
constexpr Sql ask_task = "select 1 from tasks where id = $1 and project_id = $2 and retired_at is null";
constexpr Sql ask_client = R"(
    with made as (insert into asks (project_id, task_id, kind, title, asked_by) select id, $2, $3, $4, me() from projects where id = $1
                  returning id, project_id)
    select id, note_activity(project_id, 'asked-for', jsonb_build_object('ask', id, 'kind', $3::text, 'title', $4::text)),
           tell_client('message', project_id, jsonb_build_object('author', (select name from people(array[me()])),
                       'excerpt', 'We need this from you: ' || $4::text, 'path', '/projects/' || project_id || '#now')) from made)";
constexpr Sql settle_ask = R"(
    with before as (select * from asks where id = $2 and project_id = $1 for update),
    changed as (update asks a set done_at = case when $3 then now() end, done_by = case when $3 then me() end
                from before b where a.id = b.id and (b.done_at is not null) <> $3)
    select case when (done_at is not null) <> $3 then note_activity(project_id, case when $3 then 'given' else 'asked-again' end,
               jsonb_build_object('ask', id, 'kind', kind, 'title', title)) end from before)";

std::optional<Day> day_of(const Row& row, int column) { return row.null(column) ? std::nullopt : read_day(row.text(column)); }

void day_member(Writer& out, const char* name, std::optional<Day> day) {
    out.key(name);
    day ? out.value(write_day(*day)) : out.null();
}

struct Tasks {
    std::vector<TaskFacts> facts;
    WaitsFor waits_for;
    std::vector<std::string> sections;  // as they first appear
    std::unordered_map<std::int64_t, std::size_t> by_id;
};

Tasks read_tasks(const Result& rows) {
    Tasks tasks;
    for (int i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        tasks.by_id.emplace(row.integer(0), tasks.facts.size());
        auto section = std::ranges::find(tasks.sections, row.text(2));
        if (section == tasks.sections.end()) section = tasks.sections.insert(section, row.str(2));
        tasks.facts.push_back({static_cast<int>(row.integer(4)), day_of(row, 6), day_of(row, 7), static_cast<std::size_t>(section - tasks.sections.begin())});
    }
    tasks.waits_for.resize(tasks.facts.size());
    for (std::size_t t = 0; t < tasks.facts.size(); ++t) {
        const auto list = Json::try_parse(rows[static_cast<int>(t)].text(5)).value_or(Json{});
        auto& own = tasks.waits_for[t];
        for (std::size_t d = 0; d < list.size(); ++d)
            if (const auto found = tasks.by_id.find(list[d].integer()); found != tasks.by_id.end() && found->second != t && std::ranges::find(own, found->second) == own.end())
                own.push_back(found->second);
    }
    break_cycles(tasks.waits_for);  // older projects may have some
    return tasks;
}

void write_awaited(Writer& out, const char* kind, const Awaited& one) {
    out.object().member("kind", kind);
    day_member(out, "since", one.since);
    out.member("waitedDays", one.waited).member("movedDays", one.moved).member("weekLaterDays", one.week_later);
}

void milestone(Writer& out, const char* key, std::string_view title, std::optional<Day> day, bool done, std::optional<Day> promised = {}) {
    out.object().member("key", key).member("title", title);
    day_member(out, "date", day);
    out.member("done", done);
    day_member(out, "promised", promised);
    out.member("late", day && promised && *day > *promised).end_object();
}

Reply show(Call& call, Id id) {
    const auto [projects, task_rows, due, ask_rows, off] =
        call.db().last(ask<project_facts>(id), ask<task_facts>(id), ask<deadlines>(id), ask<asked>(id), ask<free_days>(id));
    const Row p = projects.one();
    const Day today = day_of(p, 7).value();
    Tasks tasks = read_tasks(task_rows);
    std::vector<int> weekdays;
    const Json days = Json::parse(p.text(9));
    for (std::size_t i = 0; i < days.size(); ++i) weekdays.push_back(static_cast<int>(days[i].integer()));
    std::vector<Day> closed;
    for (int i = 0; i < off.size(); ++i)
        if (const auto day = day_of(off[i], 0)) closed.push_back(*day);
    const WorkCalendar calendar{weekdays, std::move(closed)};

    const bool completed = p.text(0) == "completed", owes = p.text(1) == "due", owes_balance = p.text(15) == "due";
    const bool begun = std::ranges::any_of(tasks.facts, [](const TaskFacts& task) { return task.started.has_value(); });
    std::vector<Awaited> awaited;
    std::vector<int> of_row;  // which ask each is; −1 the deposit, −2 the balance
    if (owes) {
        awaited.push_back({day_of(p, 3).value(), std::nullopt, !begun && !completed});
        of_row.push_back(-1);
    }
    if (owes_balance) {
        awaited.push_back({day_of(p, 16).value_or(today), std::nullopt, false});
        of_row.push_back(-2);
    }
    for (int i = 0; i < ask_rows.size() && !completed; ++i) {
        if (!ask_rows[i].null(5)) continue;
        const auto task = ask_rows[i].null(3) ? tasks.by_id.end() : tasks.by_id.find(ask_rows[i].integer(3));
        awaited.push_back({day_of(ask_rows[i], 4).value(), task == tasks.by_id.end() ? std::nullopt : std::optional{task->second}});
        of_row.push_back(i);
    }
    const Team team{std::max(static_cast<int>(p.real(8) * 60 + 0.5), 1), static_cast<std::size_t>(p.integer(10))};
    const Timeline line = make_timeline(tasks.facts, tasks.waits_for, tasks.sections.size(), awaited, today, day_of(p, 4), calendar, team);

    Writer out;
    out.object();
    day_member(out, "today", today);
    out.member_raw("hoursPerDay", p.text(8)).member_raw("workingDays", p.text(9)).member_raw("parallelTasks", p.text(10)).member("timeZone", p.text(11));
    day_member(out, "holidaysUntil", day_of(p, 14));
    out.member("status", p.text(0)).member("begun", line.begun);
    day_member(out, "plannedStart", day_of(p, 4));
    day_member(out, "deadline", day_of(p, 5));

    const bool planned = !tasks.facts.empty();
    const auto finish = completed ? day_of(p, 6) : planned ? std::optional{line.finish} : std::nullopt;
    out.key("finish");
    if (finish) {
        out.object();
        day_member(out, "date", finish);
        day_member(out, "earliest", completed ? finish : line.earliest);
        day_member(out, "latest", completed ? finish : line.latest);
        out.member("certain", completed).end_object();
    } else {
        out.null();
    }
    out.key("milestones").array();
    if (p.truth(2)) milestone(out, "deposit", "Deposit", owes ? std::nullopt : day_of(p, 12), !owes);
    if (planned) milestone(out, "start", "Work begins", line.start, line.begun);
    std::vector<std::size_t> by_end(tasks.sections.size());
    for (std::size_t s = 0; s < by_end.size(); ++s) by_end[s] = s;
    std::ranges::stable_sort(by_end, {}, [&](std::size_t s) { return line.sections[s]; });
    for (const std::size_t s : by_end) {
        std::optional<Day> promised;
        for (int i = 0; i < due.size(); ++i)
            if (due[i].text(0) == tasks.sections[s]) promised = day_of(due[i], 1);
        bool done = true;
        for (const TaskFacts& task : tasks.facts) done = done && (task.section != s || task.completed);
        milestone(out, "section", tasks.sections[s], line.sections[s], done, promised);
    }
    if (finish) milestone(out, "completion", "Completion", finish, completed, day_of(p, 5));
    out.end_array().key("tasks").array();
    for (std::size_t t = 0; t < tasks.facts.size(); ++t) {
        const Row row = task_rows[static_cast<int>(t)];
        const TaskDates& dates = line.tasks[t];
        out.object().member_raw("id", row.text(0)).member("title", row.text(1)).member("section", row.text(2)).member("status", row.text(3));
        out.member_raw("estimatedHours", row.text(4));
        day_member(out, "start", dates.start);
        day_member(out, "end", dates.end);
        out.member("critical", dates.critical).member("slackDays", dates.slack).key("after").array();
        for (const std::size_t d : tasks.waits_for[t]) out.raw(task_rows[static_cast<int>(d)].text(0));
        out.end_array().end_object();
    }
    out.end_array().key("waiting").array();
    for (std::size_t i = 0; i < awaited.size(); ++i) {
        if (of_row[i] < 0) {
            write_awaited(out, of_row[i] == -1 ? "deposit" : "balance", awaited[i]);
            out.member("title", of_row[i] == -1 ? "Deposit" : "Balance").member("underway", p.truth(13)).end_object();
            continue;
        }
        const Row row = ask_rows[of_row[i]];
        write_awaited(out, row.str(1).c_str(), awaited[i]);
        out.member_raw("id", row.text(0)).member("title", row.text(2)).key("taskId");
        row.null(3) ? out.null() : out.raw(row.text(3));
        out.end_object();
    }
    out.end_array().key("given").array();
    for (int i = 0; i < ask_rows.size(); ++i) {
        if (ask_rows[i].null(5)) continue;
        out.object().member_raw("id", ask_rows[i].text(0)).member("kind", ask_rows[i].text(1)).member("title", ask_rows[i].text(2));
        day_member(out, "doneOn", day_of(ask_rows[i], 5));
        out.end_object();
    }
    // Those within the picture, with two weeks around it.
    const Day last = std::max(finish.value_or(today), line.latest) + std::chrono::days{14};
    out.end_array().key("daysOff").array();
    for (int i = 0, written = 0; i < off.size() && written < 200; ++i) {
        const auto day = day_of(off[i], 0);
        if (!day || *day > last) continue;
        ++written;
        out.object();
        day_member(out, "date", day);
        out.member("name", off[i].text(1)).member("kind", off[i].text(2)).member("confirmed", off[i].truth(3)).end_object();
    }
    return ok(out.end_array().end_object().take());
}

Reply ask_for(Call& call, Id project) {
    Form form{call.body()};
    const std::string kind = form.text("kind", {1, 20}, "The kind"), title = form.text("title", {3, 200}, "What you ask for");
    constexpr std::string_view kinds[] = {"file", "approval", "answer"};
    if (!kind.empty() && std::ranges::find(kinds, kind) == std::end(kinds)) form.wrong("kind", "The kind is one of file, approval and answer.");
    const auto task = form.id("taskId", false);
    form.check();
    if (task && !call.db().maybe<ask_task>(*task, project)) throw unprocessable({{"taskId", "This project has no such task. Choose one of its tasks, or none."}});
    if (call.db().one<ask_open>(project).integer(0) >= 40)
        throw conflict("The client is asked for 40 things already. Settle some of them first.");
    const auto made = call.db().maybe<ask_client>(project, task, kind, title);
    if (!made) throw not_found("project");
    call.db().run(audit(call, "client-asked", "project " + std::to_string(project.value), Writer{}.object().member_raw("ask", made->text(0)).member("kind", kind).member("title", title).end_object().take()));
    return created(Writer{}.object().member_raw("id", made->text(0)).end_object().take());
}

Reply settle(Call& call, Id project, Id id) {
    const Json done = call.body()["done"];
    if (!done.is(Json::Kind::boolean)) throw unprocessable({{"done", "Say true when it was given, and false when it is needed again."}});
    const auto settled = call.db().maybe<settle_ask>(project, id, done.boolean());
    if (!settled) throw not_found("request");
    if (!settled->null(0)) note_by_staff(call, done.boolean() ? "ask-settled" : "ask-reopened", "project " + std::to_string(project.value), Writer{}.object().member("ask", id.value).end_object().take());
    return ok(Writer{}.object().member("id", id.value).member("done", done.boolean()).end_object().take());
}

Reply asks_csv(Call& call, Id project) {
    constexpr By orders[] = {oldest};
    const Page page = read_page(call.request, orders, 50);
    note_export(call, "asks", project);
    return list_file(call, "asks-" + std::to_string(project.value) + ".csv",
                     {{"Request"}, {"Kind", Cell::code}, {"What"}, {"Task"}, {"Asked by"}, {"Asked (UTC)"}, {"Settled by"}, {"Settled (UTC)"}}, page,
                    [project](const Page& now) { return ask<asked_as_cells>(now.key, now.id, now.limit, project); });
}

Reply dates_csv(Call& call, Id project) {
    constexpr By orders[] = {oldest};
    const Page page = read_page(call.request, orders, 50);
    note_export(call, "timeline", project);
    const std::string line = show(call, project).body;
    call.restart();  // those were its last statements; the file is read by others
    return list_file(call, "timeline-" + std::to_string(project.value) + ".csv",
                     {{"Kind", Cell::code}, {"What", Cell::code}, {"Section"}, {"Status", Cell::code}, {"Hours"}, {"Begins"}, {"Ends"}, {"Promised"},
                      {"Moves the finish", Cell::code}, {"Room (working days)"}}, page,
                    [line](const Page& now) { return ask<dates_as_cells>(now.key, now.id, now.limit, line); });
}

constexpr Route routes[] = {
    get<show>("/api/projects/{id}/timeline", member),
    get<dates_csv>("/api/projects/{id}/timeline/csv", staff),
    get<asks_csv>("/api/projects/{id}/asks/csv", staff),
    post<ask_for>("/api/projects/{id}/asks", staff),
    patch<settle>("/api/projects/{id}/asks/{ask}", member),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
