// Generation: rows of generations, projects and tasks.
#include "domain/generation.h"

#include "core/json.h"

namespace domain {
namespace {

using core::ask;
using core::Db;
using core::Json;
using core::Query;
using core::Result;
using core::Row;
using core::Sql;
using core::Transaction;

constexpr Sql begin_generation = R"(
    update generations
    set state = 'running', stage = case stage when 'queued' then 'prd' else stage end, progress = greatest(progress, 2),
        error = null, fence = $3, started_at = coalesce(started_at, now()), updated_at = now()
    where id = $1 and project_id = $2 and state in ('queued', 'running')
    returning stage = 'tasks', coalesce(model, ''), extract(epoch from now() - started_at)::bigint, proposal, scope, wishes, coalesce(mark, ''), coalesce(prd, ''))";
constexpr Sql project_brief = R"(
    select p.service, coalesce(p.description, ''), p.client_name, coalesce(s.timeline, ''), coalesce(s.plan_template, ''),
           p.price, coalesce(p.prd, ''), a.language
    from settings a, projects p left join service_types s on s.id = p.service_type_id where p.id = $1)";
constexpr Sql project_answers = R"(
    select a.question_key, q.question_text,
           case when q.question_type = 'file' and a.answer_value like '[%' then coalesce((select string_agg(f ->> 'name', ', ') from json_array_elements(a.answer_value::json) f), '')
                else a.answer_value end
    from project_answers a join questions q on q.id = a.question_id where a.project_id = $1 order by q.sort_order, q.id)";

constexpr Sql grow_prd = "update generations set prd = $2, progress = greatest(progress, $3), updated_at = now() where id = $1";
constexpr Sql add_spent = R"(
    update generations
    set prompt_tokens = prompt_tokens + $2, output_tokens = output_tokens + $3, thought_tokens = thought_tokens + $4,
        cost_micros = cost_micros + $5, duration_ms = duration_ms + $6, attempts = attempts + $7, model = coalesce(nullif($8, ''), model)
    where id = $1)";
constexpr Sql end_stage_one = R"(
    update generations set stage = 'tasks', prd = $2, progress = greatest(progress, 60), updated_at = now() where id = $1)";
constexpr Sql keep_project_prd = "update projects set prd = $2, updated_at = now() where id = $1 and not exists (select from generations where id = $3 and proposal)";
constexpr Sql note_version = "select note_plan($1::integer, $2, $3::bigint)";
constexpr Sql keep_proposal = "update generations set prd = coalesce($2, prd), proposed = $3::jsonb where id = $1";
constexpr Sql note_proposal = R"(
    select note_activity($1::integer, 'plan-proposed', jsonb_build_object('draft', $2::boolean, 'tasks', $3::integer), internal => true))";

constexpr Sql remove_tasks = "delete from tasks where project_id = $1 returning status";
// Dependencies come as places from 1 and become ids; a task waits only for earlier ones.
constexpr Sql insert_tasks = R"(
    with given as materialized (
        select t.place::integer as place, nextval(pg_get_serial_sequence('tasks', 'id')) as id, t.task
        from jsonb_array_elements($2::jsonb) with ordinality as t (task, place))
    insert into tasks (id, project_id, title, description, section, priority, status, estimated_hours, dependencies, "order")
    select g.id, $1, g.task->>'title', g.task->>'description', g.task->>'section', g.task->>'priority', 'pending', (g.task->>'hours')::integer,
           coalesce((select jsonb_agg(d.id order by d.place) from given d
                     where d.place in (select p::integer from jsonb_array_elements_text(g.task->'dependencies') p)), '[]'), g.place
    from given g order by g.place)";
constexpr Sql end_generation = R"(
    update generations
    set state = 'ready', stage = 'done', progress = 100, draft = $2, notes = $3::jsonb, error = nullif($4, ''), finished_at = now(), updated_at = now()
    where id = $1)";
constexpr Sql note_ready = R"(
    select note_activity($2::integer, 'plan-ready', jsonb_build_object('draft', $3::boolean, 'tasks', $4::integer)),
           tell_client('plan-ready', $2::integer, jsonb_build_object('draft', $3::boolean, 'tasks', $4::integer), 'generation:' || $1::bigint))";
constexpr Sql note_failed = R"(
    select note_activity($2::integer, 'plan-failed', jsonb_build_object('reason', $3::text), internal => (select proposal from generations where id = $1::bigint)),
           tell_staff('plan-failed', $2::integer, jsonb_build_object('reason', $3::text), 'generation:' || $1::bigint))";
constexpr Sql queue_generation = "update generations set state = 'queued', error = nullif($2, ''), updated_at = now() where id = $1";
constexpr Sql fail_generation = R"(
    update generations set state = 'failed', error = $2, finished_at = now(), updated_at = now() where id = $1)";

Query with(GenerationIds ids, const Spent& spent) {
    return ask<add_spent>(ids.generation, spent.prompt, spent.output, spent.thought, spent.micros, spent.time.count(), spent.asks, spent.model);
}

// One transaction of the tenant under an entry that guards the claim.
template <class... Q>
void change(Db& db, const Claim& job, Query entry, const Q&... queries) {
    Transaction transaction{db, job.tenant, std::move(entry)};
    transaction.all(queries...);
    transaction.commit();
}

// Lists are kept as JSON arrays; people read them joined by commas.
std::string readable(std::string_view value) {
    if (!value.starts_with('[')) return std::string{value};
    const auto list = Json::try_parse(value);
    if (!list || !list->is(Json::Kind::array)) return std::string{value};
    std::string text;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const Json one = (*list)[i];
        text += (text.empty() ? "" : ", ") + (one.is(Json::Kind::string) ? std::string{one.text()} : one.dump());
    }
    return text;
}

std::string json_of(const std::vector<Task>& tasks) {
    core::Writer out;
    out.array();
    for (const Task& task : tasks) {
        out.object().member("title", task.title).member("description", task.description).member("section", task.section);
        out.member("priority", task.priority).member("hours", task.hours).key("dependencies").array();
        for (const std::size_t index : task.depends_on) out.value(static_cast<std::int64_t>(index + 1));
        out.end_array().end_object();
    }
    return out.end_array().take();
}

std::string json_of(const std::vector<Note>& notes, std::string_view also) {
    core::Writer out;
    out.array();
    for (const Note& note : notes) out.object().member("kind", note.kind).member("detail", note.detail).end_object();
    if (!also.empty()) out.object().member("kind", "replaced").member("detail", also).end_object();
    return out.end_array().take();
}

std::string replaced(const Result& removed) {
    int begun = 0;
    for (int i = 0; i < removed.size(); ++i) begun += removed[i].text(0) != "pending" ? 1 : 0;
    if (removed.size() == 0) return {};
    return std::to_string(removed.size()) + " tasks of the earlier plan, " + std::to_string(begun) + " of them begun";
}

}  // namespace

Brief read_brief(const Row& row, const Result& answers) {
    Brief brief;
    brief.service = row.text(0);
    brief.description = row.text(1);
    brief.client = row.text(2);
    brief.timeline = row.text(3);
    brief.plan_template = row.text(4);
    brief.price = row.integer(5);
    brief.language = row.text(7);
    for (int i = 0; i < answers.size(); ++i) brief.answers.push_back({answers[i].str(0), answers[i].str(1), readable(answers[i].text(2))});
    return brief;
}

std::optional<std::pair<Brief, std::string>> brief_of(Transaction& transaction, std::int64_t project) {
    const auto [rows, answers] = transaction.all(ask<project_brief>(project), ask<project_answers>(project));
    const auto row = rows.maybe();
    if (!row) return std::nullopt;
    return std::pair{read_brief(*row, answers), row->str(6)};
}

std::optional<Generation> begin(Db& db, const Claim& job, GenerationIds ids) {
    {
        Transaction transaction{db, job.tenant, hold(job)};
        const auto [started, project, answers] = transaction.all(
            ask<begin_generation>(ids.generation, ids.project, job.fence), ask<project_brief>(ids.project), ask<project_answers>(ids.project));
        const auto state = started.maybe();
        const auto row = project.maybe();
        transaction.commit();
        if (state && row) {
            const bool proposal = state->truth(3);
            Generation generation{ids, state->truth(0), proposal ? state->str(7) : row->str(6), state->str(1), std::chrono::seconds{state->integer(2)}, {},
                                  proposal, state->str(4), state->str(5), state->str(6)};
            generation.brief = read_brief(*row, answers);
            generation.has_prd = generation.has_prd && !generation.prd.empty();
            return generation;
        }
    }
    Transaction transaction{db, ""};  // finished by somebody before, or its project is gone
    transaction.run(finish(job));
    transaction.commit();
    return std::nullopt;
}

void grow(Db& db, const Claim& job, GenerationIds ids, std::string_view prd, int progress) {
    change(db, job, hold(job), ask<grow_prd>(ids.generation, prd, progress));
}

void keep_prd(Db& db, const Claim& job, GenerationIds ids, std::string_view prd, const Spent& spent) {
    change(db, job, hold(job), ask<note_version>(ids.project, "found", std::optional<std::int64_t>{}), ask<end_stage_one>(ids.generation, prd), ask<keep_project_prd>(ids.project, prd, ids.generation), with(ids, spent));
}

void finish(Db& db, const Claim& job, GenerationIds ids, const Written& written, const Spent& spent) {
    Transaction transaction{db, job.tenant, finish(job)};
    if (written.proposal) {
        transaction.all(ask<keep_proposal>(ids.generation, written.prd, json_of(written.plan.tasks)),
                        ask<end_generation>(ids.generation, written.draft, json_of(written.plan.notes, {}), written.error), with(ids, spent),
                        ask<note_proposal>(ids.project, written.draft, static_cast<std::int64_t>(written.plan.tasks.size())));
        transaction.commit();
        return;
    }
    const auto [found, removed] = transaction.all(ask<note_version>(ids.project, "found", std::optional<std::int64_t>{}), ask<remove_tasks>(ids.project));
    if (written.prd) transaction.run(ask<keep_project_prd>(ids.project, *written.prd, ids.generation));
    transaction.all(ask<insert_tasks>(ids.project, json_of(written.plan.tasks)),
                    ask<end_generation>(ids.generation, written.draft, json_of(written.plan.notes, replaced(removed)), written.error),
                    with(ids, spent), ask<note_version>(ids.project, "written", std::optional{ids.generation}),
                    ask<note_ready>(ids.generation, ids.project, written.draft, static_cast<std::int64_t>(written.plan.tasks.size())));
    transaction.commit();
}

void put_off(Db& db, const Claim& job, GenerationIds ids, std::chrono::milliseconds delay, int attempts, std::string_view why,
             std::string_view log, const Spent& spent) {
    change(db, job, put_off(job, delay, attempts, log), ask<queue_generation>(ids.generation, why), with(ids, spent));
}

void hand_back(Db& db, const Claim& job, GenerationIds ids, const Spent& spent) {
    change(db, job, hand_back(job), ask<queue_generation>(ids.generation, ""), with(ids, spent));
}

void fail(Db& db, const Claim& job, GenerationIds ids, std::string_view why, std::string_view log, const Spent& spent) {
    change(db, job, fail(job, log), ask<fail_generation>(ids.generation, why), with(ids, spent), ask<note_failed>(ids.generation, ids.project, why));
}

}  // namespace domain
