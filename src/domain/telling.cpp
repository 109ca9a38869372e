// Telling: notices of one person become one mail in the outbox, in one transaction with the end of their job.
#include "core/crypto.h"
#include "core/http.h"
#include "domain/mails.h"
#include "domain/notices.h"

namespace domain {
namespace {

using core::ask;
using core::Db;
using core::Row;
using core::Sql;
using core::Transaction;

constexpr Sql unsubscribe_key = "select key from signing_keys where purpose = 'unsubscribe'";
constexpr Sql one_notice = R"(
    select user_id, coalesce(batch = 'daily', false), notice_topic(kind), created_at < now() - interval '7 days'
    from notices where id = $1 and settled_at is null)";
constexpr Sql all_of_the_mail = R"(
    select n.id, coalesce(n.project_id, 0), n.kind, coalesce(p.name, ''), n.data, coalesce(c.delivery = 'off', false)
    from notices one
    join notices n on n.user_id = one.user_id and (n.id = one.id or n.batch = one.batch) and n.settled_at is null
    left join projects p on p.id = n.project_id
    left join notification_preferences c on c.user_id = n.user_id and c.topic = notice_topic(n.kind)
    where one.id = $1 order by n.id limit 200)";
constexpr Sql who_reads = "select r.name, r.email, r.verified, r.role <> 'client' from notices n, recipient(n.user_id) r where n.id = $1";
constexpr Sql in_which_language = "select w.language from notices n, wording(reader => n.user_id) w where n.id = $1";
constexpr Sql hold_notices = "select id from notices where id = any($1::bigint[]) and settled_at is null order by id for update";
constexpr Sql post_them = R"(
    with mail as (select post_letter($2, $3, $4, $5, $6, $7, $8, $9, $10) as id)
    update notices n set settled_at = now(), outcome = 'mailed', mail_id = mail.id
    from mail where n.id = any($1::bigint[]))";
constexpr Sql drop_them = "update notices set settled_at = now(), outcome = $2 where id = any($1::bigint[]) and settled_at is null";

// A key is told once for as long as this.
constexpr Sql forget_settled = R"(
    delete from notices where id in (
        select id from notices where settled_at < now() - interval '180 days' order by settled_at limit 100 for update skip locked))";

constexpr auto until_verified = std::chrono::hours{1};  // verifying wakes it earlier

struct Pile {
    std::string user_id, topic, email;
    bool daily = false, verified = false, old = false;
    Reader reader;
    Agency agency;
    std::vector<Notice> wanted;
    std::string ids, unwanted_ids = "{";  // as PostgreSQL's bigint[]
};

void append(std::string& array, std::int64_t id) { array += (array.size() > 1 ? "," : "") + std::to_string(id); }

std::string read_key(Db& db) {
    Transaction transaction{db, ""};
    std::string key = transaction.one<unsubscribe_key>().bytes(0);
    transaction.finish_reading();
    return key;
}

// Nothing where the notice was settled before.
std::optional<Pile> read_pile(Db& db, const Claim& job, std::int64_t notice, const core::Config& config) {
    Transaction transaction{db, job.tenant};
    const auto [one, all, reader, language, agency] =
        transaction.last(ask<one_notice>(notice), ask<all_of_the_mail>(notice), ask<who_reads>(notice), ask<in_which_language>(notice), agency_query(job.tenant, host_in(config.base_url)));
    const auto first = one.maybe();
    if (!first) return std::nullopt;
    Pile pile;
    pile.user_id = first->text(0);
    pile.daily = first->truth(1);
    pile.topic = first->text(2);
    pile.old = first->truth(3);
    if (const auto row = reader.maybe()) {
        pile.reader.name = row->text(0);
        pile.email = row->text(1);
        pile.verified = row->truth(2);
        pile.reader.staff = row->truth(3);
    }
    pile.agency = read_agency(agency.one(), config.base_url);
    pile.agency.brand.language = language.one().str(0);
    pile.ids = "{";
    for (int i = 0; i < all.size(); ++i) {
        const Row row = all[i];
        append(row.truth(5) ? pile.unwanted_ids : pile.ids, row.integer(0));
        if (!row.truth(5)) pile.wanted.push_back({row.integer(0), row.integer(1), row.str(2), row.str(3), core::Json::parse(row.text(4))});
    }
    pile.ids += "}";
    pile.unwanted_ids += "}";
    return pile;
}

void settle(Db& db, core::Query job_ends) {
    Transaction transaction{db, "", std::move(job_ends)};
    transaction.entered();
    transaction.commit();
}

// False: somebody settled one of them meanwhile, and nothing was done.
bool post(Db& db, const Claim& job, Pile& pile, const core::Config& config) {
    const std::string topic = pile.daily ? "digest" : pile.topic;
    const std::string& site = pile.agency.brand.site;
    const std::string query = "?user=" + core::url_encoded(pile.user_id) + "&topic=" + topic +
                              "&signature=" + unsubscribe_signature(read_key(db), job.tenant, pile.user_id, topic);
    pile.reader.preferences = site + "/account#notifications";
    pile.reader.unsubscribe = site + "/unsubscribe" + query;
    const Letter letter = notice_letter(pile.agency.brand, pile.reader, pile.wanted, pile.daily);
    Transaction transaction{db, job.tenant, finish(job)};
    if (transaction.list<hold_notices>(pile.ids).size() != static_cast<int>(pile.wanted.size())) return false;
    const auto none = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional{text}; };
    transaction.all(ask<post_them>(pile.ids, pile.email, letter.subject, letter.text, letter.html,
                                   core::random_token() + "@" + host_in(config.base_url), none(pile.agency.sender),
                                   none(pile.agency.mail_from), none(pile.agency.reply_to), site + "/api/notifications/unsubscribe" + query),
                    ask<drop_them>(pile.unwanted_ids, "off"), ask<forget_settled>());
    transaction.commit();
    return true;
}

}  // namespace

Told tell(Db& db, const Claim& job, std::int64_t notice, const core::Config& config) {
    for (int tries = 0;; ++tries) {
        auto pile = read_pile(db, job, notice, config);
        if (!pile) {
            settle(db, finish(job));
            return Told::nothing_to_tell;
        }
        const bool nobody = pile->email.empty() || (!pile->verified && pile->old);
        if (nobody || pile->wanted.empty()) {
            Transaction transaction{db, job.tenant, finish(job)};
            if (nobody) transaction.run(ask<drop_them>(pile->ids, "nobody"));
            transaction.run(ask<drop_them>(pile->unwanted_ids, "off"));
            transaction.commit();
            return Told::nothing_to_tell;
        }
        // Strangers may sign up with any address: their words are mailed only to one that has answered.
        if (!pile->verified) {
            settle(db, put_off(job, until_verified, 0, "the address is not verified yet"));
            return Told::waits_for_verification;
        }
        if (post(db, job, *pile, config)) return Told::mailed;
        if (tries == 5) {
            settle(db, put_off(job, std::chrono::seconds{1}, job.attempts, "its notices keep changing"));
            return Told::nothing_to_tell;
        }
    }
}

}  // namespace domain
