// tasks: the work that a plan consists of. Serves /api/tasks.
#include <algorithm>

#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

constexpr Sql set_status = "update tasks set status = $2, updated_at = now() where id = $1 returning id";

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
