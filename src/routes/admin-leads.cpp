// admin-leads: who began an onboarding, how far they came, writing to them, and making projects of them. Serves /api/admin/leads.
#include <algorithm>
#include <charconv>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/creation.h"
#include "domain/list_file.h"
#include "domain/mails.h"
#include "domain/searching.h"

using namespace core;
using namespace domain;

// Both the list and the file: some drafts, of which $4 status, $5 service, $6 step, $7 words, in one of three orders.
// What is searched for is found first, by its index: PostgreSQL cannot tell a rare word from a common one.
constexpr std::string_view matching = "with matching as materialized (select l.id from leads l where ", some = R"( @@ search_for($7)),
    page as (
        select l.*, )", chosen = R"( as key from leads l
        where ($4 = 'all' or l.status = $4) and ($5::integer is null or l.service_type_id = $5) and ($6::integer is null or l.step = $6)
          and ($7 = '' or l.id in (select id from matching)) and )";
constexpr std::string_view no_key = "''", after_newest = "$1 = '' and l.id < $2::bigint ", by_newest = "order by l.id desc ",
                           after_oldest = "$1 = '' and l.id > $2::bigint ", by_oldest = "order by l.id ",
                           changed_key = "l.updated_at", after_changed = "(l.updated_at, l.id) < ($1::timestamptz, $2::bigint) ", by_changed = "order by l.updated_at desc, l.id desc ";
// What was answered, as people read it: choices, and the names of files.
constexpr std::string_view said_answer = R"(case when q.question_type in ('checkbox', 'file') and r.answer_value like '[%' then (
    select string_agg(coalesce(v ->> 'name', v #>> '{}'), ', ') from json_array_elements(r.answer_value::json) v) else r.answer_value end)";
// A draft in which nothing was written is a mere visit.
constexpr std::string_view as_json = R"(limit $3)
    select l.key, l.id, json_build_object(
               'id', l.id, 'serviceId', l.service_type_id, 'serviceName', s.name, 'name', l.name, 'email', l.email, 'phone', l.phone,
               'description', left(l.description, 200), 'step', l.step, 'status', l.status, 'projectId', l.project_id, 'createdAt', l.created_at,
               'updatedAt', l.updated_at, 'answers', (select count(*) from questionnaire_responses r where r.lead_id = l.id),
               'followUps', (select count(*) from lead_follow_ups f where f.lead_id = l.id))
    from page l left join service_types s on s.id = l.service_type_id )";
constexpr std::string_view cells_before = R"(limit $3)
    select l.key, l.id, l.id, l.status, l.step, s.name, l.name, l.email, l.phone, l.description,
           to_char(l.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(l.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
           (select string_agg(r.question_key || ': ' || )",
                           cells_behind = R"(, E'\n' order by r.question_key)
              from questionnaire_responses r left join questions q on q.service_id = l.service_type_id and q.question_key = r.question_key where r.lead_id = l.id)
    from page l left join service_types s on s.id = l.service_type_id )";
constexpr std::string_view as_cells{Joined<cells_before, said_answer, cells_behind>::text.data()};
constexpr std::string_view lead_before = R"(
    select json_build_object('id', l.id, 'serviceId', l.service_type_id, 'serviceName', s.name, 'name', l.name, 'email', l.email, 'phone', l.phone,
        'description', coalesce(l.description, ''), 'step', l.step, 'status', l.status, 'projectId', l.project_id, 'createdAt', l.created_at,
        'updatedAt', l.updated_at,
        'answers', coalesce((select json_agg(json_build_object('questionKey', r.question_key, 'questionText', coalesce(q.question_text, r.question_key),
                'answerValue', )",
                           lead_behind = R"() order by q.sort_order, r.question_key)
            from questionnaire_responses r left join questions q on q.service_id = l.service_type_id and q.question_key = r.question_key where r.lead_id = l.id), '[]'),
        'missing', coalesce((select json_agg(q.question_text order by q.sort_order, q.id) from questions q where q.service_id = l.service_type_id and q.is_active and q.required
            and q.show_if is null and not exists (select from questionnaire_responses r where r.lead_id = l.id and r.question_key = q.question_key and r.answer_value not in ('', '[]'))), '[]'),
        'views', coalesce((select json_agg(json_build_object('path', v.path, 'referrer', v.referrer, 'at', v.created_at) order by v.id)
            from (select * from lead_page_views where lead_id = l.id order by id limit 100) v), '[]'),
        'followUps', coalesce((select json_agg(json_build_object('subject', f.subject, 'message', f.message, 'to', f.to_addr, 'at', f.created_at,
                'by', (select p.name from people(array[f.actor_id]) p)) order by f.id)
            from (select * from lead_follow_ups where lead_id = l.id order by id desc limit 20) f), '[]'))
    from leads l left join service_types s on s.id = l.service_type_id where l.id = $1)";
constexpr Sql one_lead = Joined<lead_before, said_answer, lead_behind>::sql;
constexpr Sql lead_to_write_to = R"(
    select l.email, l.status, l.service_type_id, l.name, (select max(created_at) > now() - interval '1 day' from lead_follow_ups f where f.lead_id = l.id)
    from leads l where l.id = $1 for update)";
constexpr Sql note_follow_up = "insert into lead_follow_ups (lead_id, to_addr, subject, message, actor_id) values ($1, $2, $3, $4, me())";
constexpr Sql send_follow_up = "select post_letter($1, $2, $3, $4, $5, nullif($6, ''), nullif($7, ''), nullif($8, ''), null)";

struct Filter {
    std::optional<std::int64_t> service, step;
    std::string status, words;
};

template <const Sql& S>
Query drafts(const Filter& f, const Page& p) { return ask<S>(p.key, p.id, p.limit, f.status, f.service, f.step, f.words); }

constexpr By orders[] = {newest, oldest, {"changed", By::Key::moment, "infinity", highest_id}};
using Ask = Query (*)(const Filter&, const Page&);
constexpr Ask rows[] = {drafts<Joined<matching, lead_words, some, no_key, chosen, after_newest, by_newest, as_json, by_newest>::sql>,
                        drafts<Joined<matching, lead_words, some, no_key, chosen, after_oldest, by_oldest, as_json, by_oldest>::sql>,
                        drafts<Joined<matching, lead_words, some, changed_key, chosen, after_changed, by_changed, as_json, by_changed>::sql>};
constexpr Ask cells[] = {drafts<Joined<matching, lead_words, some, no_key, chosen, after_newest, by_newest, as_cells, by_newest>::sql>,
                         drafts<Joined<matching, lead_words, some, no_key, chosen, after_oldest, by_oldest, as_cells, by_oldest>::sql>,
                         drafts<Joined<matching, lead_words, some, changed_key, chosen, after_changed, by_changed, as_cells, by_changed>::sql>};

Filter filter_of(const Request& request) {
    Fields wrong;
    const auto number = [&](const char* name, std::int64_t most) -> std::optional<std::int64_t> {
        const std::string text = request.query_value(name);
        std::int64_t value = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty()) return std::nullopt;
        if (code == std::errc{} && end == text.data() + text.size() && value >= 1 && value <= most) return value;
        wrong[name] = "This is a whole number from 1 to " + std::to_string(most) + ".";
        return std::nullopt;
    };
    Filter filter{number("serviceId", 2'147'483'647), number("step", 3), request.query_value("status"), read_words(request)};
    if (filter.status.empty()) filter.status = "all";
    if (filter.status != "all" && filter.status != "open" && filter.status != "claimed") wrong["status"] = "The status is open, claimed or all.";
    if (!wrong.empty()) throw unprocessable(std::move(wrong));
    return filter;
}

Reply list(Call& call) {
    const Filter filter = filter_of(call.request);
    const Page page = read_page(call.request, orders, 30);
    Writer out;
    write_page(out.object(), "leads", page, page_rows(call, page, rows[page.by](filter, page.plus_one())));
    return ok(out.end_object().take());
}

Reply csv(Call& call) {
    note_at_once(call, "exported", "leads");
    return list_file(call, "leads.csv",
                     {{"Draft"}, {"Status", Cell::code}, {"Step"}, {"Service"}, {"Name"}, {"E-mail"}, {"Phone"}, {"Description"}, {"Started (UTC)"},
                      {"Changed (UTC)"}, {"Answers"}},
                     read_page(call.request, orders, 30), [filter = filter_of(call.request)](const Page& page) { return cells[page.by](filter, page); });
}

Reply one(Call& call, Id lead) {
    const auto row = call.db().last(ask<one_lead>(lead))[0].maybe();
    if (!row) throw not_found("draft");
    return ok(row->text(0));
}

// One mail to the address in the draft. It holds no link to the draft itself: nobody has shown that the address is theirs.
Reply follow_up(Call& call, Id lead) {
    Form form{call.body()};
    const std::string subject = form.text("subject", {3, 150}, "The subject"), message = form.text("message", {20, 4'000}, "The message");
    if (subject.find_first_of("\r\n\t") != subject.npos) form.wrong("subject", "The subject is one line.");
    const bool again = form.value("again").boolean();
    form.check();
    const auto [drafts, agencies] = call.db().all(ask<lead_to_write_to>(lead), agency_query(call.tenant(), call.request.host));
    const auto draft = drafts.maybe();
    if (!draft) throw not_found("draft");
    if (draft->text(1) == "claimed") throw conflict("This draft has become a project. Write to the client on the project's page.");
    const std::string address = trimmed(draft->text(0));
    if (!is_email(address)) throw conflict("This draft has no e-mail address that mail could be sent to.");
    if (draft->truth(4) && !again) throw conflict("A mail went to this person within the last day. Say so if another one shall go out.", {{"again", "A mail went out within the last day."}});
    const Agency agency = read_agency(agencies.one(), call.config.base_url);
    LetterWriter letter{agency.brand, subject, one_line(message, 120)};
    letter.heading(subject);
    for (std::size_t from = 0; from < message.size();) {
        const std::size_t end = std::min(message.find('\n', from), message.size());
        if (const std::string line = trimmed(std::string_view{message}.substr(from, end - from)); !line.empty()) letter.paragraph(line);
        from = end + 1;
    }
    letter.button(agency.brand.say("Go on with my project"), agency.brand.site + (draft->null(2) ? "/#pricing" : "/onboarding?serviceId=" + draft->str(2)));
    const Letter words = letter.end(agency.brand.say("You get this mail because this address was given in a project form at {1} that was not finished.", {one_line(agency.brand.name)}));
    const std::string noted = Writer{}.object().member("to", address).member("subject", subject).end_object().take();
    call.db().all(ask<note_follow_up>(lead, address, subject, message), ask<send_follow_up>(address, words.subject, words.text, words.html, random_token() + "@" + host_in(call.config.base_url),
                                      agency.sender, agency.mail_from, agency.reply_to), audit(call, "lead-written-to", "draft " + std::to_string(lead.value), noted));
    Reply reply = ok(call.db().one<one_lead>(lead).str(0));
    reply.status = 201;
    return reply;
}

Reply convert(Call& call, Id lead) { return convert_lead(call, lead); }

constexpr Route routes[] = {
    get<list>("/api/admin/leads", staff),
    get<csv>("/api/admin/leads/csv", staff),
    get<one>("/api/admin/leads/{id}", staff),
    post<follow_up>("/api/admin/leads/{id}/follow-up", staff),
    post<convert>("/api/admin/leads/{id}/convert", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
