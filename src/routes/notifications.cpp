// notifications: which mails somebody wants, and the link in each that ends them. Serves /api/notifications.
#include <algorithm>
#include <array>

#include "core/app.h"
#include "core/crypto.h"
#include "domain/access.h"
#include "domain/notices.h"

using namespace core;
using namespace domain;

constexpr std::array<std::string_view, 4> topics{"plan", "messages", "payments", "project"};

constexpr Sql preferences = R"(
    select json_build_object('topics', json_object_agg(t.topic, coalesce(p.delivery, 'now') order by t.place),
                             'digestHour', (select digest_hour from settings), 'timeZone', (select time_zone from settings))
    from unnest($1::text[]) with ordinality as t (topic, place)
    left join notification_preferences p on p.topic = t.topic and p.user_id = me())";
constexpr Sql prefer = R"(
    insert into notification_preferences as p (user_id, topic, delivery) values (me(), $1, $2)
        on conflict (user_id, topic) do update set delivery = excluded.delivery, updated_at = now() where p.delivery <> excluded.delivery)";
constexpr Sql unsubscribe_key = "select key from signing_keys where purpose = 'unsubscribe'";
constexpr Sql end_topic = R"(
    insert into notification_preferences as p (user_id, topic, delivery) values ($1, $2, 'off')
        on conflict (user_id, topic) do update set delivery = 'off', updated_at = now() where p.delivery <> 'off')";
constexpr Sql end_digest = R"(
    update notification_preferences set delivery = 'off', updated_at = now() where user_id = $1 and delivery = 'daily')";

constexpr const char* all_topics = "{plan,messages,payments,project}";

Reply show(Call& call) { return ok(call.db().one<preferences>(all_topics).text(0)); }

Reply change(Call& call) {
    Form form{call.body()};
    constexpr std::string_view deliveries[] = {"now", "daily", "off"};
    std::vector<std::pair<std::string_view, std::string>> wanted;
    for (const std::string_view topic : topics) {
        if (!form.has(topic)) continue;
        const std::string delivery{form.value(topic).text()};
        if (std::ranges::find(deliveries, delivery) == std::end(deliveries)) form.wrong(topic, "This is one of now, daily and off.");
        else wanted.emplace_back(topic, delivery);
    }
    if (form.right() && wanted.empty()) form.wrong("topics", "Name at least one of plan, messages, payments and project.");
    form.check();
    for (const auto& [topic, delivery] : wanted) call.db().change<prefer>(topic, delivery);
    return ok(call.db().one<preferences>(all_topics).text(0));
}

// Whoever follows the link with a browser comes to the page, which asks: programs that look at links must end nothing.
Reply ask_first(Call& call) { return redirect("/unsubscribe?" + call.request.query); }

// RFC 8058: a mail program posts here, without cookies and from anywhere; the signature says that the link is ours.
Reply unsubscribe(Call& call) {
    const std::string user = call.request.query_value("user"), topic = call.request.query_value("topic");
    Transaction platform{call.desk().db, ""};
    const std::string key = platform.one<unsubscribe_key>().bytes(0);
    platform.finish_reading();
    if (user.empty() || !equal(unsubscribe_signature(key, call.tenant(), user, topic), call.request.query_value("signature")))
        throw unprocessable({{"signature", "This link is not complete. Copy all of it from the mail."}});
    if (topic == "digest") call.db().change<end_digest>(user);
    else call.db().change<end_topic>(user, topic);
    return ok(Writer{}.object().member("topic", topic).end_object().take());
}

constexpr Route routes[] = {
    get<show>("/api/notifications", user),
    patch<change>("/api/notifications", user),
    get<ask_first>("/api/notifications/unsubscribe", anyone),
    post<unsubscribe>("/api/notifications/unsubscribe", anyone).any_origin(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }
