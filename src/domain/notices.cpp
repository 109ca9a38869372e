// Notices: the words of each kind.
#include "domain/notices.h"

#include <algorithm>
#include <array>

#include "core/crypto.h"
#include "core/form.h"

namespace domain {
namespace {

using core::Json;

struct Words {
    std::string subject, summary, paragraph;
    std::vector<std::pair<std::string, std::string>> facts;
    std::string button, path;
};

// A word of the data: one line, none where it is absent.
std::string word(const Json& data, std::string_view name, std::size_t most = 200) { return one_line(data[name].text(), most); }

std::string money(const Brand& brand, const Json& data, std::string_view name) {
    return data[name].is(Json::Kind::integer) ? brand.pesos(data[name].integer()) : std::string{};
}

// A sentence more, where there is one.
std::string and_then(std::string text, const std::string& more) { return more.empty() ? text : text + " " + more; }

std::string status_word(const Brand& brand, std::string_view status) {
    if (status == "in-progress") return brand.say("in progress");
    if (status == "on-hold") return brand.say("on hold");
    if (status == "pending") return brand.say("pending");
    if (status == "completed") return brand.say("completed");
    if (status.empty()) return brand.say("changed");
    return one_line(status);
}

std::string part_word(const Brand& brand, const Json& data) {
    const std::string_view part = data["part"].text();
    return part == "deposit" ? brand.say("deposit") : part == "balance" ? brand.say("balance") : brand.say("payment");
}

std::string method_word(const Brand& brand, std::string_view method) {
    if (method == "card") return brand.say("Card");
    if (method == "gcash") return "GCash";
    if (method == "paymaya") return "PayMaya";
    if (method == "bank") return brand.say("Bank transfer");
    if (method == "manual") return brand.say("Bank or e-wallet transfer");
    return one_line(method);
}

void add(Words& words, std::string label, std::string value) {
    if (!value.empty()) words.facts.emplace_back(std::move(label), std::move(value));
}

void payment_facts(const Brand& brand, Words& words, const Json& data) {
    add(words, brand.say("Amount"), money(brand, data, "amount"));
    add(words, brand.say("Paid by"), method_word(brand, data["method"].text()));
    add(words, brand.say("Reference"), word(data, "reference"));
    add(words, brand.say("Receipt"), word(data, "receipt"));
    add(words, brand.say("Credit note"), word(data, "creditNote"));
    if (data["remaining"].integer() > 0) add(words, brand.say("Still to be paid"), money(brand, data, "remaining"));
}

// Paths lead to our own pages only.
std::string path_of(const Json& data, std::string fallback) {
    const std::string_view path = data["path"].text();
    return path.starts_with('/') && !path.starts_with("//") && path.find_first_of("\\\r\n\"<> ") == path.npos ? std::string{path} : fallback;
}

Words payment_words(const Brand& brand, const Notice& notice, const std::string& project, bool staff) {
    const Json& data = notice.data;
    const std::string amount = money(brand, data, "amount"), reason = word(data, "reason", 600), due = word(data, "due"), part = part_word(brand, data);
    const std::string sum = amount.empty() ? part : brand.say("{1} of {2}", {part, amount});
    Words w;
    w.button = brand.say("See your payments");
    if (notice.kind == "payment-received") {
        w.subject = amount.empty() ? brand.say("We received your payment for {1}", {project}) : brand.say("We received {1} for {2}", {amount, project});
        w.summary = staff ? brand.say("The {1} has arrived.", {sum}) : brand.say("Your {1} has arrived. Thank you.", {sum});
        w.paragraph = staff ? brand.say("The {1} for {2} has arrived.", {part, project}) : brand.say("Your {1} for {2} has arrived. Thank you.", {part, project});
        if (!word(data, "receipt").empty()) w.button = brand.say("See the receipt");
    } else if (notice.kind == "payment-due") {
        w.subject = brand.say("The {1} for {2} is due", {part, project});
        w.summary = due.empty() ? brand.say("The {1} is due.", {sum}) : brand.say("The {1} is due by {2}.", {sum, due});
        w.paragraph = and_then(due.empty() ? brand.say("The {1} for {2} is due.", {part, project}) : brand.say("The {1} for {2} is due by {3}.", {part, project, due}), reason);
        w.button = brand.say("Pay now");
    } else if (notice.kind == "payment-rejected") {
        w.subject = brand.say("We could not confirm your payment for {1}", {project});
        w.summary = and_then(amount.empty() ? brand.say("The payment could not be confirmed.") : brand.say("The payment of {1} could not be confirmed.", {amount}), reason);
        w.paragraph = and_then(and_then(brand.say("We could not confirm your payment for {1}.", {project}), reason),
                               brand.say("Please look at what was sent and try again, or write to us on the project's page."));
        w.button = brand.say("Look at the payment");
    } else if (notice.kind == "payment-refunded") {
        w.subject = amount.empty() ? brand.say("We returned a payment for {1}", {project}) : brand.say("We returned {1} for {2}", {amount, project});
        w.summary = and_then(amount.empty() ? brand.say("A payment was returned.") : brand.say("A payment of {1} was returned.", {amount}), reason);
        w.paragraph = and_then(brand.say("We returned a payment for {1}.", {project}), reason);
    } else {  // proof-submitted
        const std::string who = word(data, "author", 100), of = amount.empty() ? brand.say("a payment") : amount;
        w.subject = brand.say("Proof of payment for {1}", {project});
        w.summary = who.empty() ? brand.say("Proof was sent of {1}.", {of}) : brand.say("{1} sent proof of {2}.", {who, of});
        w.paragraph = and_then(w.summary, brand.say("Please check that the money has arrived, and confirm or refuse the payment."));
        w.button = brand.say("Check the payment");
    }
    payment_facts(brand, w, data);
    return w;
}

std::string file_sentence(const Brand& brand, const std::string& who, const std::string& name) {
    if (who.empty()) return name.empty() ? brand.say("A file was added.") : brand.say("A file was added: {1}.", {name});
    return name.empty() ? brand.say("{1} added a file.", {who}) : brand.say("{1} added {2}.", {who, name});
}

Words words_of(const Brand& brand, const Notice& notice, bool staff) {
    const Json& data = notice.data;
    const std::string project = notice.project_name.empty() ? brand.say("your project") : one_line(notice.project_name, 120);
    const std::string page = notice.project > 0 ? "/projects/" + std::to_string(notice.project) : "/dashboard";
    const std::string reason = word(data, "reason", 600), who = word(data, "author", 100);
    const std::string& kind = notice.kind;
    Words w;
    if (kind.starts_with("payment-") || kind == "proof-submitted") {
        w = payment_words(brand, notice, project, staff);
        w.path = path_of(data, page + "/payment");
        return w;
    }
    w.button = brand.say("Open the project");
    w.path = page;
    if (kind == "plan-ready") {
        w.subject = brand.say("The plan for {1} is ready", {project});
        w.summary = brand.say("The requirements document and the task plan are ready to read.");
        w.paragraph = and_then(brand.say("The requirements document and the task plan of {1} are ready for you to read.", {project}),
                               data["draft"].boolean() ? brand.say("They are a first draft, made from our template and your answers; we will go through it with you.") : "");
        if (data["tasks"].integer() > 0) add(w, brand.say("Tasks"), std::to_string(data["tasks"].integer()));
        w.button = brand.say("Read the plan");
    } else if (kind == "plan-failed") {
        w.subject = brand.say("The plan for {1} could not be written", {project});
        // The worker's reason says the same in English; what the log has of it is not for a mail.
        w.summary = brand.say("The plan could not be written.");
        w.paragraph = and_then(brand.say("The plan for {1} could not be written.", {project}), brand.say("It can be asked for again on the project's page."));
    } else if (kind == "message") {
        w.subject = brand.say("New message about {1}", {project});
        const std::string excerpt = word(data, "excerpt", 160);
        w.summary = who.empty() ? excerpt : brand.say("{1} wrote: {2}", {who, excerpt});
        w.button = brand.say("Read and answer");
        w.path = page + "#messages";
    } else if (kind == "project-created") {
        const std::string client = word(data, "client", 100), named = word(data, "service", 100), service = named.empty() ? brand.say("a project") : named;
        w.subject = brand.say("New project: {1}", {project});
        w.summary = client.empty() ? brand.say("Somebody asked for {1}.", {service}) : brand.say("{1} asked for {2}.", {client, service});
        w.paragraph = and_then(w.summary, brand.say("The plan is being written."));
    } else if (kind == "project-completed") {
        w.subject = brand.say("{1} is completed", {project});
        w.summary = brand.say("The project is completed.");
        w.paragraph = and_then(brand.say("{1} is completed. Thank you for working with us.", {project}),
                               data["remaining"].integer() > 0 ? brand.say("What is still to be paid is {1}.", {money(brand, data, "remaining")}) : "");
    } else if (kind == "project-status") {
        const std::string status = status_word(brand, data["status"].text());
        w.subject = brand.say("{1} is {2}", {project, status});
        w.summary = brand.say("The project is {1} now.", {status});
        w.paragraph = and_then(brand.say("{1} is {2} now.", {project, status}), reason);
    } else if (kind == "file-uploaded") {
        w.subject = brand.say("New file for {1}", {project});
        w.summary = w.paragraph = file_sentence(brand, who, word(data, "name", 120));
        w.path = page + "#files";
    } else {
        w.subject = brand.say("News about {1}", {project});
        w.summary = w.paragraph = brand.say("There is something new about {1}.", {project});
    }
    w.path = path_of(data, w.path);
    return w;
}

std::string greeting(const Brand& brand, const Reader& reader) { return brand.say("Hello {1},", {one_line(reader.name, 100)}); }

std::string why(const Brand& brand, const Reader& reader) {
    return reader.staff ? brand.say("You get this mail because you work for {1}.", {brand.name}) : brand.say("You get this mail because you have a project with {1}.", {brand.name});
}

constexpr std::size_t most_listed = 40;

std::string and_more(const Brand& brand, std::size_t count) { return brand.say("… and {1} more.", {std::to_string(count - most_listed)}); }

Letter messages(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices) {
    Words first = words_of(brand, notices.front(), reader.staff);
    const std::string project = one_line(notices.front().project_name, 120);
    if (notices.size() > 1) first.subject = brand.say("{1} new messages about {2}", {std::to_string(notices.size()), project});
    LetterWriter letter{brand, first.subject, first.summary};
    letter.paragraph(greeting(brand, reader));
    for (std::size_t i = 0; i < notices.size() && i < most_listed; ++i) {
        const Json& data = notices[i].data;
        std::string text{data["excerpt"].text()};
        if (core::characters(text) > 1500) text = one_line(text, 1500);
        const std::string who = word(data, "author", 100);
        letter.quote(who.empty() ? brand.say("Somebody") : who, text.empty() ? brand.say("(a message without text)") : text);
    }
    if (notices.size() > most_listed) letter.paragraph(and_more(brand, notices.size()));
    return letter.button(first.button, brand.site + first.path).end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

// Several of one kind about one project, as they follow one another when somebody is at work.
Letter several(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices) {
    const Words first = words_of(brand, notices.front(), reader.staff);
    const std::string count = std::to_string(notices.size()), project = one_line(notices.front().project_name, 120);
    const bool files = notices.front().kind == "file-uploaded";
    LetterWriter letter{brand, files ? brand.say("{1} new files for {2}", {count, project}) : first.subject + " (" + count + ")", first.summary};
    letter.paragraph(greeting(brand, reader));
    for (std::size_t i = 0; i < notices.size() && i < most_listed; ++i) letter.paragraph(words_of(brand, notices[i], reader.staff).summary);
    if (notices.size() > most_listed) letter.paragraph(and_more(brand, notices.size()));
    return letter.button(first.button, brand.site + first.path).end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

Letter digest_letter(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices) {
    const std::string count = std::to_string(notices.size());
    LetterWriter letter{brand, notices.size() == 1 ? brand.say("Your day with {1}: {2} piece of news", {brand.name, count}) : brand.say("Your day with {1}: {2} pieces of news", {brand.name, count}),
                        words_of(brand, notices.front(), reader.staff).summary};
    letter.paragraph(greeting(brand, reader)).paragraph(brand.say("Here is what is new since your last digest."));
    std::vector<const Notice*> order;
    for (const Notice& notice : notices) order.push_back(&notice);
    std::ranges::stable_sort(order, {}, &Notice::project);
    std::size_t listed = 0;
    for (std::size_t i = 0; i < order.size() && listed < most_listed;) {
        const std::int64_t project = order[i]->project;
        letter.heading(order[i]->project_name.empty() ? brand.say("Your account") : order[i]->project_name);
        for (; i < order.size() && order[i]->project == project && listed < most_listed; ++i, ++listed)
            letter.paragraph(words_of(brand, *order[i], reader.staff).summary);
        if (project > 0) letter.button(brand.say("Open the project"), brand.site + "/projects/" + std::to_string(project));
    }
    if (listed < order.size()) letter.paragraph(brand.say("… and {1} more, on your dashboard.", {std::to_string(order.size() - listed)}));
    return letter.end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

}  // namespace

Letter notice_letter(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices, bool digest) {
    if (digest) return digest_letter(brand, reader, notices);
    if (notices.front().kind == "message") return messages(brand, reader, notices);
    if (notices.size() > 1) return several(brand, reader, notices);
    const Words words = words_of(brand, notices.front(), reader.staff);
    LetterWriter letter{brand, words.subject, words.summary};
    letter.paragraph(greeting(brand, reader)).paragraph(words.paragraph).facts(words.facts);
    return letter.button(words.button, brand.site + words.path).end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

std::string unsubscribe_signature(std::string_view key, std::string_view tenant, std::string_view user_id, std::string_view topic) {
    // No part can hold a line feed: a schema's name, an id that the URL gave back the same, one of five words.
    std::string text{tenant};
    text.append("\n").append(topic).append("\n").append(user_id);
    return core::hex(core::hmac_sha256(key, text));
}

}  // namespace domain
