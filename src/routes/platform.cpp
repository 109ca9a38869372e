// platform: the tenants of this installation, for who owns it. Serves /api/platform.
// What needs rights that no program has (a schema, a role, a dump) is ordered here and done by `scripts/migrate tenants work`.
#include <algorithm>
#include <vector>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/file_store.h"
#include "domain/hosts.h"
#include "domain/list_file.h"
#include "domain/mails.h"
#include "domain/wording.h"

using namespace core;
using namespace domain;

constexpr std::string_view as_json = "select '', (t ->> 'id')::bigint, t", as_cells = R"(
    select '', (t ->> 'id')::bigint, t ->> 'slug', t ->> 'name', (select string_agg(h, ' ') from json_array_elements_text(t -> 'hosts') h), t ->> 'status',
           case when (t ->> 'isDefault')::boolean then 'yes' else 'no' end, t ->> 'people', t ->> 'projects', t ->> 'bytes', left(replace(t ->> 'createdAt', 'T', ' '), 19),
           t -> 'hostRequest' ->> 'host')",
    // The function reads one row more than it is asked for, to say whether there are more: here paging.h does.
    of_tenants = " from json_array_elements(platform_tenants($4, $5, $2, $3::integer) -> 'tenants') t where $1 = ''";
constexpr std::string_view job_json = "select '', (j ->> 'id')::bigint, j", job_cells = R"(
    select '', (j ->> 'id')::bigint, j ->> 'id', j ->> 'kind', j ->> 'slug', j ->> 'name', j ->> 'state', left(replace(j ->> 'createdAt', 'T', ' '), 19),
           left(replace(j ->> 'startedAt', 'T', ' '), 19), left(replace(j ->> 'finishedAt', 'T', ' '), 19), j ->> 'size', j ->> 'error', j ->> 'kept', j ->> 'failure')",
    of_jobs = " from json_array_elements(platform_jobs_page(null, $2, $3::integer) -> 'jobs') j where $1 = ''";
constexpr Sql one_job = "select platform_jobs_page($1, null, 1)->'jobs'->0";
constexpr Sql order_for = "select order_platform_job($1, (select slug from tenants where id = $2), $3)";
constexpr Sql order_new = "select order_platform_job('create', $1, $2)";
constexpr Sql host_of_another = "select h from tenants t, unnest(t.hosts) h where h = any($1::text[]) and t.id <> $2 limit 1";
constexpr Sql slug_there = "select 1 from tenants where slug = $1 or schema_name = $1";
constexpr Sql slug_of = "select slug from tenants where id = $1";
// As the audit log of that tenant has it, before and after.
constexpr Sql tenant_facts = "select json_build_object('name', name, 'hosts', hosts, 'status', status) from tenants where id = $1";
constexpr Sql change = "select change_tenant($1, $2, $3::text[], $4, $5)";
constexpr Sql export_of = "select file, slug from platform_export($1)";
constexpr Sql asked_among = "select host, schema_name, coalesce(email, '') from waiting_host_request($1, $2::text[])";
constexpr Sql asked_for = "select host, schema_name, coalesce(email, '') from waiting_host_request($1, array[$2])";
constexpr Sql hosts_with = "select array_append(hosts, $2)::text, cardinality(hosts) from tenants where id = $1";
constexpr Sql decline_sql = "select decline_host_request($1, $2)";

constexpr By orders[] = {newest};
constexpr int page_size = 30;
constexpr std::size_t hosts_limit = 20;

// One line, without control characters.
std::string line_of(Form& form, const char* field, Length length, const char* what) {
    std::string line = form.text(field, length, what);
    if (std::ranges::any_of(line, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; })) form.wrong(field, std::string{what} + " is one line without control characters.");
    return line;
}

// The hosts, in small letters; what each must be, PostgreSQL says (is_host_name).
std::vector<std::string> hosts_of(Form& form) {
    const Json list = form.value("hosts");
    if (!list.is(Json::Kind::array) || list.size() == 0 || list.size() > hosts_limit) {
        form.wrong("hosts", "Name one to " + std::to_string(hosts_limit) + " hosts: without one nobody finds the tenant.");
        return {};
    }
    std::vector<std::string> hosts;
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto host = host_of(form, "hosts", list[i]);
        if (!host) return {};
        hosts.push_back(std::move(*host));
    }
    return hosts;
}

// What only the database can say of hosts: whether each is a name, and whether it is free.
void check_hosts(Call& call, Form& form, const std::string& hosts, std::int64_t tenant) {
    const auto [wrong, taken] = call.db().all(misnamed(hosts), ask<host_of_another>(hosts, tenant));
    if (wrong.size() > 0) form.wrong("hosts", misnamed_words(wrong[0].str(0)));
    else if (taken.size() > 0) form.wrong("hosts", taken[0].str(0) + " belongs to another tenant.");
}

struct Filter {
    std::string words, status;
};

Filter filter_of(const Request& request) {
    Filter filter{read_words(request), request.query_value("status")};
    if (!filter.status.empty() && filter.status != "active" && filter.status != "suspended" && filter.status != "asking")
        throw unprocessable({{"status", "The status is active, suspended or asking."}});
    return filter;
}

template <const Sql& S>
Query tenants(const Filter& f, const Page& p) { return ask<S>(p.key, p.id, p.limit, f.words, f.status); }

Reply list(Call& call) {
    const Page page = read_page(call.request, orders, page_size);
    Writer out;
    write_page(out.object(), "tenants", page, page_rows(call, page, tenants<Joined<as_json, of_tenants>::sql>(filter_of(call.request), page.plus_one())));
    return ok(out.end_object().take());
}

Reply csv(Call& call) {
    const Page page = read_page(call.request, orders, page_size);
    const Filter filter = filter_of(call.request);
    note_at_once(call, "exported", "tenants");
    return list_file(call, "tenants.csv",
                     {{"Short name"}, {"Name"}, {"Hosts"}, {"Status", Cell::code}, {"Default", Cell::code}, {"People"}, {"Projects"}, {"Bytes"},
                      {"Made (UTC)"}, {"Asks for"}}, page,
                    [filter](const Page& now) { return tenants<Joined<as_cells, of_tenants>::sql>(filter, now); });
}

Reply ordered(Call& call, const Row& order) {
    Reply reply = ok(call.db().one<one_job>(order.integer(0)).text(0));
    reply.status = 202;
    log(Level::info, "platform job ordered", {{"job", order.integer(0)}, {"by", person(call).id}});
    return reply;
}

// What is done to an agency stands in that agency's own log. What makes one writes its first row there (`migrate tenants work`).
std::string job_data(const Row& order) { return Writer{}.object().member("job", order.integer(0)).end_object().take(); }

Reply create(Call& call) {
    Form form{call.body()};
    const std::string slug = form.text("slug", {1, 63}, "The short name"), name = line_of(form, "name", {1, 100}, "The name");
    const std::string email = form.email("ownerEmail"), owner = line_of(form, "ownerName", {1, 100}, "The owner's name");
    const std::vector<std::string> hosts = hosts_of(form);
    const std::string language{form.has("language") ? form.value("language").text() : "en"};
    if (!is_shipped(language)) form.wrong("language", "There are English (en) and Filipino (fil).");
    const bool plain = !slug.empty() && slug[0] >= 'a' && slug[0] <= 'z' && slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == slug.npos;
    if (!slug.empty() && (!plain || slug.starts_with("pg_") || slug == "public" || slug == "information_schema"))
        form.wrong("slug", "The short name has small letters, digits and _, begins with a letter, and is none of PostgreSQL's own.");
    if (form.right()) {
        check_hosts(call, form, array_of_hosts(hosts), 0);
        if (call.db().maybe<slug_there>(slug)) form.wrong("slug", "There is a tenant of this short name already.");
    }
    form.check();
    Writer request;
    request.object().member("name", name).member("ownerEmail", email).member("ownerName", owner).member("demo", form.value("demo").boolean()).member("language", language);
    request.key("hosts").array();
    for (const std::string& host : hosts) request.value(host);
    request.end_array().end_object();
    return ordered(call, call.db().one<order_new>(slug, request.take()));
}

// What an agency asks for: the host, the agency's schema, and the address of who asked, empty where nobody is to be written to.
struct HostRequest {
    std::string host, schema, email;
};

std::optional<HostRequest> asked(const std::optional<Row>& row) {
    if (!row) return std::nullopt;
    return HostRequest{row->str(0), row->str(1), row->str(2)};
}

Error no_such_request() { return conflict("This agency does not ask for that domain any more. Load the page again."); }

template <class Words>
void tell(Call& call, const HostRequest& request, Words words) {
    if (request.email.empty()) return;
    const Agency agency = read_agency(call.db().run(agency_query(request.schema, call.request.host, request.email)).one(), call.config.base_url);
    post_to(call, request.email, agency, words(agency.brand), request.schema);
}

// However an agency comes to a host: from the form, or because it asked for it, of which who asked is told.
Reply changed(Call& call, Id tenant, const std::optional<std::string>& name, const std::optional<std::string>& hosts, const std::optional<std::string>& status) {
    const auto request = hosts ? asked(call.db().maybe<asked_among>(tenant, *hosts)) : std::nullopt;
    const auto [before, done, after] = call.db().all(ask<tenant_facts>(tenant), ask<change>(tenant, name, hosts, status, call.tenant()), ask<tenant_facts>(tenant));
    if (!done.one().truth(0)) throw not_found("tenant");
    if (request) tell(call, *request, [&](const Brand& brand) { return host_given_letter(brand, request->host, site_address(call.config.base_url, request->host)); });
    call.db().run(audit_change_at(call, tenant, "agency-changed", "agency", before.one().text(0), after.one().text(0)));
    log(Level::info, "tenant changed", {{"tenant", tenant.value}, {"status", status.value_or("-")}, {"by", person(call).id}});
    return no_content();
}

Reply edit(Call& call, Id tenant) {
    Form form{call.body()};
    std::optional<std::string> name, hosts, status;
    if (form.has("name")) name = line_of(form, "name", {1, 100}, "The name");
    if (form.has("hosts")) hosts = array_of_hosts(hosts_of(form));
    if (form.has("status")) status = std::string{form.value("status").text()};
    if (status && *status != "active" && *status != "suspended") form.wrong("status", "The status is active or suspended.");
    if (!name && !hosts && !status) form.wrong("name", "Nothing is to be changed: send name, hosts or status.");
    if (hosts && form.right()) check_hosts(call, form, *hosts, tenant.value);
    form.check();
    return changed(call, tenant, name, hosts, status);
}

Reply confirm_host(Call& call, Id tenant) {
    Form form{call.body()};
    const std::string host = form.text("host", {1, 253}, "The host");
    form.check();
    if (!asked(call.db().maybe<asked_for>(tenant, host))) throw no_such_request();
    const Row with = call.db().one<hosts_with>(tenant, host);
    const std::string hosts = with.str(0);
    if (with.integer(1) >= static_cast<std::int64_t>(hosts_limit)) form.wrong("hosts", "Name one to " + std::to_string(hosts_limit) + " hosts: without one nobody finds the tenant.");
    else check_hosts(call, form, hosts, tenant.value);
    form.check();
    return changed(call, tenant, std::nullopt, hosts, std::nullopt);
}

Reply decline_host(Call& call, Id tenant) {
    Form form{call.body()};
    const std::string host = form.text("host", {1, 253}, "The host"), reason = form.text("reason", {1, 500}, "The reason");
    form.check();
    const auto request = asked(call.db().maybe<asked_for>(tenant, host));
    if (!request) throw no_such_request();
    call.db().one<decline_sql>(tenant, reason);
    tell(call, *request, [&](const Brand& brand) { return host_declined_letter(brand, host, reason); });
    call.db().run(audit_at(call, tenant, "host-declined", "agency", Writer{}.object().member("host", host).member("reason", reason).end_object().take()));
    log(Level::info, "host declined", {{"tenant", tenant.value}, {"by", person(call).id}});
    return no_content();
}

Reply take_out(Call& call, Id tenant) {
    const Row order = call.db().one<order_for>("export", tenant, "{}");
    call.db().run(audit_at(call, tenant, "agency-export-ordered", "agency", job_data(order)));
    return ordered(call, order);
}

Reply remove_tenant(Call& call, Id tenant) {
    Form form{call.body()};
    const std::string typed = form.text("confirm", {1, 63}, "The short name");
    form.check();
    const auto slug = call.db().maybe<slug_of>(tenant);
    if (!slug) throw not_found("tenant");
    if (typed != slug->text(0)) throw unprocessable({{"confirm", "Type the short name of the tenant that is to be deleted: " + slug->str(0) + "."}});
    const Row order = call.db().one<order_for>("delete", tenant, "{}");
    call.db().run(audit_at(call, tenant, "agency-deletion-ordered", "agency", job_data(order)));
    return ordered(call, order);
}

Reply jobs(Call& call) {
    const Page page = read_page(call.request, orders, page_size), more = page.plus_one();
    Writer out;
    write_page(out.object(), "jobs", page, page_rows(call, page, ask<Joined<job_json, of_jobs>::sql>(more.key, more.id, more.limit)));
    return ok(out.end_object().take());
}

Reply jobs_csv(Call& call) {
    const Page page = read_page(call.request, orders, page_size);
    note_at_once(call, "exported", "platform jobs");
    return list_file(call, "jobs.csv",
                     {{"Job"}, {"What", Cell::code}, {"Short name"}, {"Name"}, {"State", Cell::code}, {"Ordered (UTC)"}, {"Begun (UTC)"},
                      {"Ended (UTC)"}, {"Bytes"}, {"Error"}, {"Kept in"}, {"Failure", Cell::code}}, page,
                    [](const Page& now) { return ask<Joined<job_cells, of_jobs>::sql>(now.key, now.id, now.limit); });
}

Reply job(Call& call, Id number) {
    const Row row = call.db().last(ask<one_job>(number))[0].one();
    if (row.null(0)) throw not_found("job");
    return ok(row.text(0));
}

Reply download(Call& call, Id number) {
    const auto row = call.db().maybe<export_of>(number);
    if (!row || row->text(0).find('/') != std::string_view::npos) throw Error{404, "There is no such export, or its seven days are over. Make another."};
    note_at_once(call, "exported", "agency of job " + std::to_string(number.value));
    log(Level::info, "export downloaded", {{"job", number.value}, {"by", person(call).id}});
    Reply reply = FileStore{call.config, call.tenant()}.send(call.request, call.config.files_dir + "/.platform/" + row->str(0), row->text(0), "application/x-tar");
    return std::move(reply).with("Content-Disposition", "attachment; filename=\"" + row->str(0) + "\"");
}

constexpr Route routes[] = {
    get<list>("/api/platform/tenants", platform_owner).platform(),
    get<list>("/api/admin/tenants", platform_owner).platform(),  // the list's other name, beside those of the agency's lists
    get<csv>("/api/platform/tenants/csv", platform_owner).platform(),
    post<create>("/api/platform/tenants", platform_owner).platform(),
    patch<edit>("/api/platform/tenants/{id}", platform_owner).platform(),
    post<confirm_host>("/api/platform/tenants/{id}/host-request/confirm", platform_owner).platform(),
    post<decline_host>("/api/platform/tenants/{id}/host-request/decline", platform_owner).platform(),
    post<take_out>("/api/platform/tenants/{id}/export", platform_owner).platform(),
    post<remove_tenant>("/api/platform/tenants/{id}/deletion", platform_owner).platform(),
    get<jobs>("/api/platform/jobs", platform_owner).platform(),
    get<jobs_csv>("/api/platform/jobs/csv", platform_owner).platform(),
    get<job>("/api/platform/jobs/{id}", platform_owner).platform(),
    get<download>("/api/platform/exports/{id}", platform_owner).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
