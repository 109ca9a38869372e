// tasks: the work that a plan consists of. Serves /api/tasks.
#include <algorithm>

#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

constexpr Sql set_status = R"(
    with before as (select id, project_id, title, status from tasks where id = $1 for update),
    changed as (update tasks t set status = $2, updated_at = now() from before b where t.id = b.id)
    select case when status <> $2 then note_activity(project_id, 'task-status',
               jsonb_build_object('task', id, 'title', left(title, 300), 'from', status, 'to', $2::text)) end
    from before)";

Reply change(Call& call, Id task) {
    Form form{call.body()};
    const std::string status = form.text("status", {1, 20}, "The status");
    constexpr std::string_view words[] = {"pending", "in-progress", "completed"};
    if (form.right() && std::ranges::find(words, status) == std::end(words))
        form.wrong("status", "The status is one of pending, in-progress and completed.");
    form.check();
    if (!call.db().maybe<set_status>(task, status)) throw not_found("task");
    return ok(Writer{}.object().member("id", task.value).member("status", status).end_object().take());
}

constexpr Route routes[] = {
    patch<change>("/api/tasks/{id}", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
