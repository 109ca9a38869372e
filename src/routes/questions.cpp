// questions: what a service asks of a client. Serves /api/questions.
#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;
using namespace std::chrono_literals;

constexpr Sql service_questions = R"(
    select (select json_build_object('questions', coalesce(json_agg(json_build_object(
                'id', q.id, 'questionKey', q.question_key, 'questionText', q.question_text,
                'questionType', q.question_type, 'required', q.required, 'placeholder', q.placeholder,
                'sortOrder', q.sort_order, 'showIf', q.show_if,
                'options', coalesce((select json_agg(o.option_value order by o.sort_order, o.id)
                                     from question_options o where o.question_id = q.id), '[]')) order by q.sort_order, q.id), '[]'))
            from questions q where q.service_id = s.id)
    from service_types s where s.id = $1 and s.is_active)";

Reply list(Call& call, Id service) {
    const auto row = call.db().maybe<service_questions>(service);
    if (!row) throw not_found("service");
    return ok(row->text(0)).cache(1s);
}

constexpr Route routes[] = {
    get<list>("/api/questions/{serviceId}", anyone),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
