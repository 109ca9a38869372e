// cms-landing: the sections of the landing page, as staff edit them. Serves /api/admin/cms/landing.
#include <algorithm>
#include <vector>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/content.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

constexpr Sql all_sections = R"(
    select json_build_object('sections', coalesce(json_agg(content_of('section', l.id) || jsonb_build_object(
               'id', l.id, 'version', version_of('section', l.id), 'updatedAt', l.updated_at) order by l.sort_order, l.id), '[]'),
           'version', version_of('sections', 0))
    from (select * from landing_page_content order by sort_order, id limit 100) l)";
// A row a text, in the order of the page; what a list holds is numbered. A section's lines are told apart behind its id.
constexpr Sql as_cells = R"(
    select s.place, s.id * 100000 + s.line, s.key, s.title, s.active, s.part, s.number, s.what, s.text, s.changed from (
        select l.sort_order::text as place, l.sort_order, l.id, l.key, l.title, case when l.is_active then 'yes' else 'no' end as active, t.part, t.number, t.what, t.text,
               row_number() over (partition by l.id order by t.number nulls first, t.part, t.what) as line, to_char(l.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as changed
        from landing_page_content l left join lateral (
            select p.name as part, null::bigint as number, null as what, p.value #>> '{}' as text from jsonb_each(l.content) p (name, value) where jsonb_typeof(p.value) not in ('array', 'object')
            union all
            select p.name, i.place, o.name, o.value #>> '{}'
            from jsonb_each(l.content) p (name, value), jsonb_array_elements(case when jsonb_typeof(p.value) = 'array' then p.value when jsonb_typeof(p.value) = 'object' then jsonb_build_array(p.value) else '[]' end)
                 with ordinality i (item, place), jsonb_each(case when jsonb_typeof(i.item) = 'object' then i.item else jsonb_build_object('text', i.item) end) o (name, value)) t on true) s
    where (s.sort_order, s.id * 100000 + s.line) > ($1::bigint, $2::bigint) order by s.sort_order, s.id * 100000 + s.line limit $3)";
constexpr Sql one_section = R"(
    select content_of('section', l.id) || jsonb_build_object('id', l.id, 'version', version_of('section', l.id), 'updatedAt', l.updated_at)
    from landing_page_content l where l.id = $1)";
constexpr Sql add_section = R"(
    insert into landing_page_content (key, title, content, is_active, sort_order)
    select $1, $2, $3, $4, coalesce(max(sort_order), 0) + 10 from landing_page_content returning id)";
constexpr Sql key_of = "select key from landing_page_content where id = $1";
constexpr Sql key_taken = "select 1 from landing_page_content where key = $1";
constexpr Sql change_section = "update landing_page_content set title = $2, content = $3, is_active = $4, updated_at = now() where id = $1";
constexpr Sql order_sections = R"(
    update landing_page_content l set sort_order = 10 * o.place, updated_at = now() from unnest($1::bigint[]) with ordinality o (id, place)
    where l.id = o.id and l.sort_order <> 10 * o.place)";
constexpr Sql order_now = "select content_of('sections', 0) -> 'ids', version_of('sections', 0)";

// What a section consists of. A list has items of parts, and of these the needed ones.
struct Part {
    std::string_view name, label;
    std::size_t most;
    bool needed = true;
};
struct List {
    std::string_view name, label;
    std::vector<Part> parts;
};
struct Shape {
    std::string_view key;
    std::vector<Part> parts;
    std::vector<List> lists;
};

const std::vector<Shape>& shapes() {
    static const std::vector<Shape> all = {
        {"hero", {{"headline", "The headline", 120}, {"subheadline", "The text below it", 400, false}, {"ctaLabel", "The button", 40, false}}, {}},
        {"features", {{"intro", "The introduction", 300, false}}, {{"items", "feature", {{"title", "The title", 80}, {"text", "The text", 400}}}}},
        {"how-it-works", {{"intro", "The introduction", 300, false}}, {{"steps", "step", {{"title", "The title", 80}, {"text", "The text", 400}}}}},
        {"social-proof", {{"intro", "The introduction", 300, false}},
         {{"items", "figure", {{"value", "The figure", 30}, {"label", "What it counts", 120}}},
          {"quotes", "quote", {{"quote", "The quote", 600}, {"name", "Who said it", 80}, {"role", "Their role", 80, false}}}}},
        {"faq", {{"intro", "The introduction", 300, false}}, {{"items", "question", {{"question", "The question", 200}, {"answer", "The answer", 1'500}}}}},
        {"cta", {{"headline", "The headline", 120}, {"text", "The text", 400, false}, {"ctaLabel", "The button", 40, false}}, {}},
        {"pricing", {{"intro", "The introduction", 300, false}}, {}},
    };
    return all;
}

constexpr std::size_t items_limit = 20, content_limit = 64'000;

// Trims each text; what is wrong gets the name content.LIST.N.PART.
void copy_parts(Form& form, Writer& out, const Json& from, const std::vector<Part>& parts, const std::string& prefix) {
    for (const Part& part : parts) {
        const Json given = from[part.name];
        const std::string field = prefix + "." + std::string{part.name}, text = trimmed(given.text());
        if (given && !given.is(Json::Kind::string) && !given.is(Json::Kind::null)) form.wrong(field, std::string{part.label} + " must be text.");
        else if (text.empty() && part.needed) form.wrong(field, std::string{part.label} + " is needed.");
        else if (characters(text) > part.most)
            form.wrong(field, std::string{part.label} + " may have at most " + std::to_string(part.most) + " characters; it has " + std::to_string(characters(text)) + ".");
        if (!text.empty()) out.member(part.name, text);
    }
}

std::string content_of(Form& form, std::string_view key) {
    const Json content = form.value("content");
    if (!content.is(Json::Kind::object)) {
        form.wrong("content", "The content is an object.");
        return "{}";
    }
    const auto shape = std::ranges::find(shapes(), key, &Shape::key);
    if (shape == shapes().end()) {  // made by hand for a page of one's own: kept as it is
        if (content.dump().size() > content_limit) form.wrong("content", "The content is too long.");
        return content.dump();
    }
    Writer out;
    out.object();
    copy_parts(form, out, content, shape->parts, "content");
    for (const List& list : shape->lists) {
        const Json items = content[list.name];
        const std::string field = "content." + std::string{list.name};
        if (!items || items.is(Json::Kind::null)) continue;
        if (!items.is(Json::Kind::array) || items.size() > items_limit) {
            form.wrong(field, "This is a list of at most " + std::to_string(items_limit) + ".");
            continue;
        }
        out.key(list.name).array();
        for (std::size_t i = 0; i < items.size(); ++i) {
            out.object();
            copy_parts(form, out, items[i], list.parts, field + "." + std::to_string(i));
            out.end_object();
        }
        out.end_array();
    }
    return out.end_object().take();
}

struct Section {
    std::string title, content;
    bool active;
};

Section section_of(Form& form, std::string_view key) {
    Section section;
    section.title = form.text("title", {1, 120}, "The title");
    section.content = content_of(form, key);
    section.active = flag(form, "active", "Active");
    form.check();
    return section;
}

Reply shown(Call& call, Id section, int status = 200) {
    Reply reply = ok(call.db().one<one_section>(section).str(0));
    reply.status = status;
    return reply;
}

Reply list(Call& call) { return ok(call.db().last(ask<all_sections>())[0].one().text(0)); }

Reply csv(Call& call) {
    constexpr By as_on_the_page[] = {{"order", By::Key::number, "-2147483649", 0}};
    const Page page = read_page(call.request, as_on_the_page, 50);
    note_at_once(call, "exported", "landing sections");
    return list_file(call, "landing-page.csv",
                     {{"Section", Cell::code}, {"Title"}, {"On the page", Cell::code}, {"Part", Cell::field}, {"Number"}, {"What", Cell::field},
                      {"Text"}, {"Changed (UTC)"}}, page,
                    [](const Page& now) { return ask<as_cells>(now.key, now.id, now.limit); });
}

// A section that the page knows and this agency has not yet.
Reply add(Call& call) {
    Form form{call.body()};
    const std::string key = form.text("key", {1, 40}, "The section");
    const auto shape = std::ranges::find(shapes(), key, &Shape::key);
    if (shape == shapes().end()) form.wrong("key", "The section is hero, features, how-it-works, social-proof, faq, cta or pricing.");
    form.check();
    const Section s = section_of(form, key);
    if (call.db().list<key_taken>(key).size() > 0) throw conflict("The page has this section already.");
    const Id id{call.db().one<add_section>(key, s.title, s.content, s.active).integer(0)};
    call.db().all(note_version("section", id.value, "created"), note_version("sections", 0, "ordered"), audit_edit(call, "section", id.value));
    return shown(call, id, 201);
}

Reply change(Call& call, Id section) {
    const Held held = hold_content(call, "section", section.value, call.body(), "section");
    Form form{held.wanted};
    const Section s = section_of(form, call.db().one<key_of>(section).text(0));
    call.db().all(ask<change_section>(section, s.title, s.content, s.active), note_edit("section", section.value, held), audit_edit(call, "section", section.value));
    return shown(call, section);
}

Reply reorder(Call& call) {
    const Held held = hold_content(call, "sections", 0, call.body(), "order");
    const Json now = Json::parse(call.db().one<order_now>().text(0));
    call.db().all(ask<order_sections>(new_order(held.wanted["ids"], now, held.restore.has_value())), note_edit("sections", 0, held), audit_edit(call, "sections", 0));
    const Row after = call.db().one<order_now>();
    return ok(Writer{}.object().member_raw("ids", after.text(0)).member("version", after.integer(1)).end_object().take());
}

constexpr Route routes[] = {
    get<list>("/api/admin/cms/landing", staff),
    get<csv>("/api/admin/cms/landing/csv", staff),
    post<add>("/api/admin/cms/landing", staff),
    post<reorder>("/api/admin/cms/landing/order", staff),
    patch<change>("/api/admin/cms/landing/{id}", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
