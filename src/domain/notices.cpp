// Notices: the words of each kind.
#include "domain/notices.h"

#include <algorithm>
#include <array>

#include "core/crypto.h"
#include "core/form.h"
#include "domain/money.h"

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

std::string money(const Json& data, std::string_view name) {
    return data[name].is(Json::Kind::integer) ? pesos(data[name].integer()) : std::string{};
}

std::string with(std::string_view before, const std::string& text, std::string_view after = "") {
    return text.empty() ? std::string{} : std::string{before}.append(text).append(after);
}

std::string status_word(std::string_view status) {
    if (status == "in-progress") return "in progress";
    if (status == "on-hold") return "on hold";
    if (status.empty()) return "changed";
    return one_line(status);
}

std::string part_word(const Json& data) {
    const std::string part = word(data, "part");
    return part == "deposit" || part == "balance" ? part : "payment";
}

std::string method_word(std::string_view method) {
    constexpr std::array<std::array<std::string_view, 2>, 5> words{{
        {"card", "Card"}, {"gcash", "GCash"}, {"paymaya", "PayMaya"}, {"bank", "Bank transfer"}, {"manual", "Bank or e-wallet transfer"}}};
    const auto* found = std::ranges::find(words, method, [](const auto& one) { return one[0]; });
    return found == words.end() ? one_line(method) : std::string{(*found)[1]};
}

void add(Words& words, const char* label, std::string value) {
    if (!value.empty()) words.facts.emplace_back(label, std::move(value));
}

void payment_facts(Words& words, const Json& data) {
    add(words, "Amount", money(data, "amount"));
    add(words, "Paid by", method_word(data["method"].text()));
    add(words, "Reference", word(data, "reference"));
    add(words, "Receipt", word(data, "receipt"));
    if (data["remaining"].integer() > 0) add(words, "Still to be paid", money(data, "remaining"));
}

// Paths lead to our own pages only.
std::string path_of(const Json& data, std::string fallback) {
    const std::string_view path = data["path"].text();
    return path.starts_with('/') && !path.starts_with("//") && path.find_first_of("\\\r\n\"<> ") == path.npos ? std::string{path} : fallback;
}

Words words_of(const Notice& notice, bool staff) {
    const Json& data = notice.data;
    const std::string project = notice.project_name.empty() ? "your project" : one_line(notice.project_name, 120);
    const std::string page = notice.project > 0 ? "/projects/" + std::to_string(notice.project) : "/dashboard";
    const std::string amount = money(data, "amount"), reason = word(data, "reason", 600), who = word(data, "author", 100);
    const std::string& kind = notice.kind;
    Words w;
    w.button = "Open the project";
    w.path = page;
    if (kind == "plan-ready") {
        const bool draft = data["draft"].boolean();
        w.subject = "The plan for " + project + " is ready";
        w.summary = "The requirements document and the task plan are ready to read.";
        w.paragraph = "The requirements document and the task plan of " + project + " are ready for you to read." +
                      (draft ? " They are a first draft, made from our template and your answers; we will go through it with you." : "");
        if (data["tasks"].integer() > 0) add(w, "Tasks", std::to_string(data["tasks"].integer()));
        w.button = "Read the plan";
    } else if (kind == "plan-failed") {
        w.subject = "The plan for " + project + " could not be written";
        w.summary = "The plan could not be written." + with(" ", reason);
        w.paragraph = "The plan for " + project + " could not be written." + with(" ", reason) + " It can be asked for again on the project's page.";
    } else if (kind == "message") {
        w.subject = "New message about " + project;
        w.summary = with("", who, " wrote: ") + word(data, "excerpt", 160);
        w.button = "Read and answer";
        w.path = page + "#messages";
    } else if (kind == "payment-received") {
        w.subject = with("We received ", amount, " for ") + (amount.empty() ? "We received your payment for " : "") + project;
        w.summary = "Your " + part_word(data) + with(" of ", amount) + " has arrived. Thank you.";
        w.paragraph = "Your " + part_word(data) + " for " + project + " has arrived. Thank you.";
        payment_facts(w, data);
        w.button = word(data, "receipt").empty() ? "See your payments" : "See the receipt";
        w.path = page + "/payment";
    } else if (kind == "payment-due") {
        w.subject = "The " + part_word(data) + " for " + project + " is due";
        w.summary = "The " + part_word(data) + with(" of ", amount) + " is due" + with(" by ", word(data, "due")) + ".";
        w.paragraph = "The " + part_word(data) + " for " + project + " is due" + with(" by ", word(data, "due")) + "." + with(" ", reason);
        payment_facts(w, data);
        w.button = "Pay now";
        w.path = page + "/payment";
    } else if (kind == "payment-rejected") {
        w.subject = "We could not confirm your payment for " + project;
        w.summary = "The payment" + with(" of ", amount) + " could not be confirmed." + with(" ", reason);
        w.paragraph = "We could not confirm your payment for " + project + "." + with(" ", reason) +
                      " Please look at what was sent and try again, or write to us on the project's page.";
        payment_facts(w, data);
        w.button = "Look at the payment";
        w.path = page + "/payment";
    } else if (kind == "payment-refunded") {
        w.subject = with("We returned ", amount, " for ") + (amount.empty() ? "We returned a payment for " : "") + project;
        w.summary = "A payment" + with(" of ", amount) + " was returned." + with(" ", reason);
        w.paragraph = "We returned a payment for " + project + "." + with(" ", reason);
        payment_facts(w, data);
        w.button = "See your payments";
        w.path = page + "/payment";
    } else if (kind == "proof-submitted") {
        w.subject = "Proof of payment for " + project;
        w.summary = with("", who, " sent proof of ") + (who.empty() ? "Proof was sent of " : "") + (amount.empty() ? "a payment" : amount) + ".";
        w.paragraph = w.summary + " Please check that the money has arrived, and confirm or refuse the payment.";
        payment_facts(w, data);
        w.button = "Check the payment";
        w.path = page + "/payment";
    } else if (kind == "project-created") {
        w.subject = "New project: " + project;
        w.summary = with("", word(data, "client", 100), " asked for ") + (word(data, "client").empty() ? "Somebody asked for " : "") +
                    (word(data, "service").empty() ? "a project" : word(data, "service", 100)) + ".";
        w.paragraph = w.summary + " The plan is being written.";
    } else if (kind == "project-completed") {
        w.subject = project + " is completed";
        w.summary = "The project is completed.";
        w.paragraph = project + " is completed. Thank you for working with us." +
                      (data["remaining"].integer() > 0 ? " What is still to be paid is " + money(data, "remaining") + "." : "");
    } else if (kind == "project-status") {
        w.subject = project + " is " + status_word(data["status"].text());
        w.summary = "The project is " + status_word(data["status"].text()) + " now.";
        w.paragraph = project + " is " + status_word(data["status"].text()) + " now." + with(" ", reason);
    } else if (kind == "file-uploaded") {
        w.subject = "New file for " + project;
        const std::string name = word(data, "name", 120);
        w.summary = (who.empty() ? "A file was added" : who + (name.empty() ? " added a file" : " added " + name)) +
                    (who.empty() ? with(": ", name) : "") + ".";
        w.paragraph = w.summary;
        w.path = page + "#files";
    } else {
        w.subject = "News about " + project;
        w.summary = w.paragraph = "There is something new about " + project + ".";
    }
    if (staff && kind == "payment-received") {
        w.summary = "The " + part_word(data) + with(" of ", amount) + " has arrived.";
        w.paragraph = "The " + part_word(data) + " for " + project + " has arrived.";
    }
    w.path = path_of(data, w.path);
    return w;
}

std::string greeting(const Reader& reader) { return "Hello " + one_line(reader.name, 100) + ","; }

std::string why(const Brand& brand, const Reader& reader) {
    return reader.staff ? "You get this mail because you work for " + brand.name + "." :
                          "You get this mail because you have a project with " + brand.name + ".";
}

constexpr std::size_t most_listed = 40;

Letter messages(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices) {
    Words first = words_of(notices.front(), reader.staff);
    const std::string project = one_line(notices.front().project_name, 120);
    if (notices.size() > 1) first.subject = std::to_string(notices.size()) + " new messages about " + project;
    LetterWriter letter{brand, first.subject, first.summary};
    letter.paragraph(greeting(reader));
    for (std::size_t i = 0; i < notices.size() && i < most_listed; ++i) {
        const Json& data = notices[i].data;
        std::string text{data["excerpt"].text()};
        if (core::characters(text) > 1500) text = one_line(text, 1500);
        const std::string who = word(data, "author", 100);
        letter.quote(who.empty() ? "Somebody" : who, text.empty() ? "(a message without text)" : text);
    }
    if (notices.size() > most_listed) letter.paragraph("… and " + std::to_string(notices.size() - most_listed) + " more.");
    return letter.button(first.button, brand.site + first.path).end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

// Several of one kind about one project, as they follow one another when somebody is at work.
Letter several(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices) {
    const Words first = words_of(notices.front(), reader.staff);
    const std::string count = std::to_string(notices.size()), project = one_line(notices.front().project_name, 120);
    LetterWriter letter{brand, notices.front().kind == "file-uploaded" ? count + " new files for " + project : first.subject + " (" + count + ")", first.summary};
    letter.paragraph(greeting(reader));
    for (std::size_t i = 0; i < notices.size() && i < most_listed; ++i) letter.paragraph(words_of(notices[i], reader.staff).summary);
    if (notices.size() > most_listed) letter.paragraph("… and " + std::to_string(notices.size() - most_listed) + " more.");
    return letter.button(first.button, brand.site + first.path).end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

Letter digest_letter(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices) {
    const std::string count = std::to_string(notices.size()) + (notices.size() == 1 ? " piece of news" : " pieces of news");
    LetterWriter letter{brand, "Your day with " + brand.name + ": " + count, words_of(notices.front(), reader.staff).summary};
    letter.paragraph(greeting(reader)).paragraph("Here is what is new since your last digest.");
    std::vector<const Notice*> order;
    for (const Notice& notice : notices) order.push_back(&notice);
    std::ranges::stable_sort(order, {}, &Notice::project);
    std::size_t listed = 0;
    for (std::size_t i = 0; i < order.size() && listed < most_listed;) {
        const std::int64_t project = order[i]->project;
        letter.heading(order[i]->project_name.empty() ? "Your account" : order[i]->project_name);
        for (; i < order.size() && order[i]->project == project && listed < most_listed; ++i, ++listed)
            letter.paragraph(words_of(*order[i], reader.staff).summary);
        if (project > 0) letter.button("Open the project", brand.site + "/projects/" + std::to_string(project));
    }
    if (listed < order.size()) letter.paragraph("… and " + std::to_string(order.size() - listed) + " more, on your dashboard.");
    return letter.end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

}  // namespace

Letter notice_letter(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices, bool digest) {
    if (digest) return digest_letter(brand, reader, notices);
    if (notices.front().kind == "message") return messages(brand, reader, notices);
    if (notices.size() > 1) return several(brand, reader, notices);
    const Words words = words_of(notices.front(), reader.staff);
    LetterWriter letter{brand, words.subject, words.summary};
    letter.paragraph(greeting(reader)).paragraph(words.paragraph).facts(words.facts);
    return letter.button(words.button, brand.site + words.path).end(why(brand, reader), reader.preferences, reader.unsubscribe);
}

std::string unsubscribe_signature(std::string_view key, std::string_view tenant, std::string_view user_id, std::string_view topic) {
    // No part can hold a line feed: a schema's name, an id that the URL gave back the same, one of five words.
    std::string text{tenant};
    text.append("\n").append(topic).append("\n").append(user_id);
    return core::hex(core::hmac_sha256(key, text));
}

}  // namespace domain
