// NewPlan made of choices, or of a version that was there before.
#include "domain/chosen_plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "domain/plan.h"
#include "domain/plan_choice.h"

namespace domain {
namespace {

using core::Form;
using core::Json;
using core::Writer;

constexpr const char* words_of_task[] = {"title", "description", "section", "priority"};

// Tasks by the places of the plan and of the proposal.
std::vector<Chosen> read_choice(Form& form, const HeldPlan& plan, const Json& proposed, std::vector<std::int64_t>& retired) {
    const Json keep = form.value("keep"), retire = form.value("retire"), add = form.value("add");
    std::vector<Chosen> chosen;
    std::vector<char> seen(plan.graph.size()), taken(proposed.size());
    const auto there = [&](const Json& one, const char* field) {
        const std::int64_t task = one["task"].integer();
        if (!plan.has(task) || one["version"].integer() != plan.row(task).integer(5)) throw core::conflict("The plan was changed meanwhile. Look at what is there now, then choose again.");
        if (std::exchange(seen[plan.by_id.at(task)], char{1})) form.wrong(field, "A task is there twice.");
        return plan.by_id.at(task);
    };
    const auto place_of = [&](const Json& place, const char* field) -> std::optional<std::size_t> {
        const std::int64_t number = place.integer();
        if (number < 1 || number > static_cast<std::int64_t>(proposed.size()) || std::exchange(taken[static_cast<std::size_t>(number - 1)], char{1})) {
            form.wrong(field, "Each is a place in the proposal, from 1, once.");
            return std::nullopt;
        }
        return static_cast<std::size_t>(number - 1);
    };
    for (std::size_t i = 0; i < keep.size(); ++i) {
        const Json place = keep[i]["proposed"];
        const std::size_t now = there(keep[i], "keep");
        chosen.push_back({now, place && !place.is(Json::Kind::null) ? place_of(place, "keep") : std::nullopt});
    }
    for (std::size_t i = 0; i < retire.size(); ++i) retired.push_back(plan.rows[static_cast<int>(there(retire[i], "retire"))].integer(0));
    for (std::size_t i = 0; i < add.size(); ++i)
        if (const auto place = place_of(add[i], "add")) chosen.push_back({std::nullopt, place});
    const bool whole = std::ranges::all_of(plan.by_id, [&](const auto& one) { return seen[one.second] || !plan.has(one.first); });
    form.check();
    if (!whole) throw core::conflict("The plan has tasks that were not chosen about. Look at what is there now, then choose again.");
    if (chosen.size() < fewest_tasks || chosen.size() > most_tasks)
        throw core::unprocessable({{"keep", "A plan has 15 to 25 tasks; these are " + std::to_string(chosen.size()) + "."}});
    return chosen;
}

}  // namespace

NewPlan chosen_plan(Form& form, const HeldPlan& plan, const Json& tasks) {
    NewPlan next{"applied", {}, {}};
    std::vector<Chosen> chosen = read_choice(form, plan, tasks, next.retired);
    // As they stand now, and what is new where the proposal has it.
    std::ranges::stable_sort(chosen, {}, [](const Chosen& one) { return one.proposed ? static_cast<std::int64_t>(*one.proposed) : std::int64_t{-1}; });
    WaitsFor proposed(tasks.size());
    for (std::size_t t = 0; t < tasks.size(); ++t)
        for (std::size_t d = 0; d < tasks[t]["dependencies"].size(); ++d)
            if (const std::int64_t place = tasks[t]["dependencies"][d].integer(); place >= 1 && place <= static_cast<std::int64_t>(tasks.size())) proposed[t].push_back(static_cast<std::size_t>(place - 1));
    const Arranged arranged = arrange_chosen(chosen, plan.graph, proposed);
    std::vector<std::size_t> place(chosen.size());
    for (std::size_t i = 0; i < arranged.order.size(); ++i) place[arranged.order[i]] = i + 1;
    Writer list;
    list.array();
    for (const std::size_t c : arranged.order) {
        list.object();
        if (chosen[c].now) list.member("id", plan.rows[static_cast<int>(*chosen[c].now)].integer(0));
        if (chosen[c].proposed) {
            const Json task = tasks[*chosen[c].proposed];
            for (const char* text : words_of_task) list.member(text, task[text].text());
            list.member("hours", task["hours"].integer());
        }
        list.key("dependencies").array();
        for (const std::size_t wait : arranged.waits[c]) list.value(static_cast<std::int64_t>(place[wait]));
        list.end_array().end_object();
    }
    next.tasks = list.end_array().take();
    next.count = static_cast<std::int64_t>(chosen.size());
    return next;
}

NewPlan former_plan(const HeldPlan& plan, const Json& content) {
    const Json tasks = content["tasks"];
    std::map<std::int64_t, std::int64_t> place;
    for (std::size_t i = 0; i < tasks.size(); ++i) place[tasks[i]["id"].integer()] = static_cast<std::int64_t>(i + 1);
    Writer list;
    list.array();
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        list.object().member("id", tasks[i]["id"].integer());
        for (const char* text : words_of_task) list.member(text, tasks[i][text].text());
        list.member("hours", tasks[i]["hours"].integer()).key("dependencies").array();
        for (std::size_t d = 0; d < tasks[i]["dependencies"].size(); ++d)
            if (const auto found = place.find(tasks[i]["dependencies"][d].integer()); found != place.end()) list.value(found->second);
        list.end_array().end_object();
    }
    NewPlan next{"restored", list.end_array().take(), {}};
    for (const auto& [task, at] : plan.by_id)
        if (plan.has(task) && !place.contains(task)) next.retired.push_back(task);
    next.document = content["prd"].is(Json::Kind::string) ? std::optional{std::string{content["prd"].text()}} : std::nullopt;
    next.count = static_cast<std::int64_t>(tasks.size());
    return next;
}

}  // namespace domain
