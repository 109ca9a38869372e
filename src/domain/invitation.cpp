// Invitations live in public.invitations, their links as SHA-256; public.invite() and its like hold what must be true of them.
#include "domain/invitation.h"

#include "core/crypto.h"
#include "domain/audit.h"
#include "domain/mails.h"

namespace domain {
namespace {

using core::ask;
using core::Bytes;
using core::Sql;

constexpr Sql invite_sql = "select invitation, outcome from invite($1, $2, $3, $4, $5, $6, $7, $8)";
constexpr Sql again_sql = "select outcome, email, role, project_name, project_role from send_again($1, $2, $3, $4, $5)";
constexpr Sql withdraw_sql = "select outcome, email from withdraw_invitation($1, $2, $3)";

constexpr int usual_days = 7, most_days = 30;

std::string to_work(const Brand& brand, const std::string& who, std::string_view role) {
    const std::string agency = one_line(brand.name);
    if (role == "owner") return brand.say("{1} invites you to work at {2}, as an owner.", {who, agency});
    if (role == "admin") return brand.say("{1} invites you to work at {2}, as an administrator.", {who, agency});
    if (role == "viewer") return brand.say("{1} invites you to work at {2}, as a viewer, who sees everything and changes nothing.", {who, agency});
    return brand.say("{1} invites you to work at {2}, as a member of the team.", {who, agency});
}

std::string to_follow(const Brand& brand, const std::string& who, const Offer& offer, bool named) {
    const std::string agency = one_line(brand.name), project = one_line(*offer.project_name, 100);
    const bool works = *offer.project_role == "work";
    if (named && works) return brand.say("{1} invites you to the project “{2}” at {3}: to follow it, write messages, send files and pay.", {who, project, agency});
    if (named) return brand.say("{1} invites you to the project “{2}” at {3}: to follow it, with its messages and files.", {who, project, agency});
    if (works) return brand.say("{1} invites you to a project at {2}: to follow it, write messages, send files and pay.", {who, agency});
    return brand.say("{1} invites you to a project at {2}: to follow it, with its messages and files.", {who, agency});
}

std::string noted(const Offer& offer) {
    core::Writer data;
    data.object().member("email", offer.email).member("role", offer.role);
    if (offer.project) data.member("project", *offer.project).member("may", *offer.project_role);
    return data.end_object().take();
}

void post(core::Call& call, const Person& by, const Offer& offer, const std::string& token, int days) {
    const Agency agency = read_agency(call.db().run(agency_query(call.tenant(), call.request.host, offer.email)).one(), call.config.base_url);
    post_to(call, offer.email, agency, invitation_letter(agency.brand, offer, by, agency.brand.site + "/invitation?token=" + token, days));
}

[[noreturn]] void refuse(std::string_view outcome) {
    if (outcome == "open") throw core::conflict("This address has an invitation that is still open. Send it again or withdraw it.", {{"email", "There is an open invitation to this address."}});
    if (outcome == "here") throw core::conflict("Who has this address works here already. Change their role in the list of people.", {{"email", "This person works here already."}});
    if (outcome == "full") throw core::conflict("There are too many open invitations. Withdraw some of them first.");
    if (outcome == "full-address") throw core::too_many("This address was written to often enough for one day. Try again tomorrow.", std::chrono::hours{24});
    throw core::too_many("These are all the invitations that may be sent in one day. Try again tomorrow.", std::chrono::hours{24});
}

}  // namespace

int read_days(core::Form& form) {
    if (!form.has("days")) return usual_days;
    const auto days = form.id("days", true);
    if (days && *days > most_days) form.wrong("days", "A link works for 1 to 30 days.");
    return static_cast<int>(days && *days <= most_days ? *days : usual_days);
}

Letter invitation_letter(const Brand& brand, const Offer& offer, const Person& by, std::string_view link, int days) {
    const std::string who = by.works_here() ? one_line(by.name, 80) : by.email, agency = one_line(brand.name);
    const std::string what = offer.project ? to_follow(brand, who, offer, by.works_here()) : to_work(brand, who, offer.role);
    LetterWriter letter{brand, offer.project ? brand.say("Follow a project at {1}", {agency}) : brand.say("Work with us at {1}", {agency}), what};
    letter.paragraph(brand.say("Hello,")).paragraph(what)
        .paragraph(days == 1 ? brand.say("Open this link to see the invitation and to accept it. It works once, within one day.")
                             : brand.say("Open this link to see the invitation and to accept it. It works once, within {1} days.", {std::to_string(days)}))
        .button(brand.say("See the invitation"), link).copy_of(link);
    return letter.end(brand.say("It was sent to this address only. If you do not know what this is about, you can ignore this mail: nothing happens then."));
}

std::int64_t invite(core::Call& call, const Person& by, const Offer& offer, int days) {
    const std::string token = core::random_token(), hash = core::sha256(token);
    const core::Row made = call.db().one<invite_sql>(call.tenant(), offer.email, offer.role, offer.project, offer.project_name, offer.project_role, Bytes{hash}, days);
    const std::string outcome = made.str(1);
    if (outcome != "sent") refuse(outcome);
    const std::int64_t id = made.integer(0);
    post(call, by, offer, token, days);
    call.db().run(audit(call, "invited", std::to_string(id), noted(offer)));
    return id;
}

void send_again(core::Call& call, const Person& by, std::int64_t invitation, std::optional<std::int64_t> project, int days) {
    const std::string token = core::random_token(), hash = core::sha256(token);
    const core::Row row = call.db().one<again_sql>(call.tenant(), invitation, project, Bytes{hash}, days);
    if (row.null(0)) throw core::not_found("invitation");
    const std::string outcome = row.str(0);
    if (outcome == "accepted") throw core::conflict("This invitation was accepted.");
    if (outcome == "withdrawn") throw core::conflict("This invitation was withdrawn. Send a new one instead.");
    if (outcome != "sent") refuse(outcome);
    const auto maybe = [&](int column) { return row.null(column) ? std::nullopt : std::optional{row.str(column)}; };
    const Offer offer{row.str(1), row.str(2), project, maybe(3), maybe(4)};
    post(call, by, offer, token, days);
    call.db().run(audit(call, "invitation-sent-again", std::to_string(invitation), noted(offer)));
}

void withdraw(core::Call& call, std::int64_t invitation, std::optional<std::int64_t> project) {
    const core::Row row = call.db().one<withdraw_sql>(call.tenant(), invitation, project);
    if (row.null(0)) throw core::not_found("invitation");
    const std::string outcome = row.str(0), email = row.str(1);
    if (outcome == "accepted") throw core::conflict("This invitation was accepted. What the person may do is changed where they are listed.");
    if (outcome == "withdrawn") call.db().run(audit(call, "invitation-withdrawn", std::to_string(invitation), core::Writer{}.object().member("email", email).end_object().take()));
}

}  // namespace domain
