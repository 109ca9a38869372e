// HeldPlan: rows of a project's tasks, their graph, and what an edit is held against.
#include "domain/held_plan.h"

#include <algorithm>

namespace domain {

using namespace core;

namespace {

constexpr Sql plan_facts = R"(
    select coalesce((select state from generations where project_id = $1 and not proposal order by id desc limit 1), 'none'),
           (select (select name from people(array[a.actor_id])) from activity a where a.project_id = $1 and a.data ->> 'task' = $2::text order by a.id desc limit 1))";
constexpr Sql plan_tasks = R"(
    select id, title, section, status, dependencies, version, retired_at is not null from tasks where project_id = $1 order by "order", id)";

std::string quoted(std::string_view title) { return "“" + std::string{title} + "”"; }

}  // namespace

std::size_t HeldPlan::size() const {
    return static_cast<std::size_t>(std::ranges::count_if(by_id, [&](const auto& one) { return !row(one.first).truth(6); }));
}

std::vector<std::int64_t> ids_in(std::string_view list) {
    const Json json = Json::try_parse(list).value_or(Json{});
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < json.size(); ++i) ids.push_back(json[i].integer());
    return ids;
}

std::string list_of(const std::vector<std::int64_t>& ids) {
    Writer out;
    out.array();
    for (const std::int64_t id : ids) out.value(id);
    return out.end_array().take();
}

HeldPlan read_plan(Call& call, const std::optional<Row>& held, std::int64_t task) {
    if (!held) throw not_found(task ? "task" : "project");
    HeldPlan plan{held->integer(0), {}, {}, {}, {}, {}};
    const auto [facts, rows] = call.db().all(ask<plan_facts>(plan.project, std::to_string(task)), ask<plan_tasks>(plan.project));
    plan.state = facts.one().text(0);
    plan.last = facts.one().text(1);
    plan.rows = rows;
    for (int i = 0; i < rows.size(); ++i) plan.by_id.emplace(rows[i].integer(0), static_cast<std::size_t>(i));
    plan.graph.resize(plan.by_id.size());
    for (int i = 0; i < rows.size(); ++i)
        for (const std::int64_t id : ids_in(rows[i].text(4)))
            if (plan.has(id) && id != rows[i].integer(0)) plan.graph[static_cast<std::size_t>(i)].push_back(plan.by_id.at(id));
    if (plan.state == "queued" || plan.state == "running") throw conflict("The plan is being written at the moment. Wait until it is there, then change it.");
    return plan;
}

void hold_version(Form& form, const HeldPlan& plan, std::int64_t task, bool needed) {
    const Row row = plan.row(task);
    const auto version = form.id("version", needed);
    form.check();
    if (!version || *version == row.integer(5)) return;
    throw conflict((plan.last.empty() ? "Somebody" : plan.last) + " changed this task meanwhile. Look at what is there now, then do it again.");
}

std::optional<std::vector<std::int64_t>> waited_for(Form& form, const HeldPlan& plan, std::optional<std::int64_t> task) {
    if (!form.has("dependencies")) return std::nullopt;
    const Json given = form.value("dependencies");
    std::vector<std::int64_t> ids;
    if (!given.is(Json::Kind::array) || given.size() > 100) {
        form.wrong("dependencies", "Send a list of at most 100 tasks, by their numbers.");
        return ids;
    }
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::int64_t id = given[i].integer();
        if (id == task) form.wrong("dependencies", "A task cannot wait for itself.");
        else if (!plan.has(id)) form.wrong("dependencies", "The task " + given[i].dump().substr(0, 30) + " is not one of this plan.");
        else if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    }
    for (std::size_t i = 0; task && form.right() && i < ids.size(); ++i) {
        const auto way = waits_through(plan.graph, plan.by_id.at(ids[i]), plan.by_id.at(*task));
        if (way.empty()) continue;
        std::string path = quoted(plan.row(*task).text(1));
        for (const std::size_t step : way) path += (step == way.front() ? " would wait for " : ", which waits for ") + quoted(plan.rows[static_cast<int>(step)].text(1));
        form.wrong("dependencies", "This would be a circle: " + path + ". Take one of these away first.");
    }
    return ids;
}

}  // namespace domain
