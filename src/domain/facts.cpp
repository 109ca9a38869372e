// Facts in words.
#include "domain/facts.h"

#include <algorithm>

#include "domain/money.h"
#include "domain/wording.h"

namespace domain {
namespace {

using core::Json;

// Fields whose values are words of ours; those of the others are somebody's own.
constexpr std::string_view coded[] = {"channel", "currencyDisplay", "from", "how", "kind", "language", "languages", "may", "method", "part", "paymentMethod", "planTemplate", "priority", "provider",
                                      "questionType", "role", "scope", "stage", "state", "status", "to", "why"};

constexpr std::string_view moments[] = {"at", "createdAt", "paidAt", "setAt"};
constexpr std::string_view money[] = {"amount", "refunded"};  // in centavos

template <std::size_t N>
bool among(const std::string_view (&fields)[N], std::string_view field) { return std::ranges::find(fields, field) != std::end(fields); }

std::string code_in(std::string_view language, std::string_view code) { return std::string{word_in(language, Words::codes, code)}; }

// What one word of ours means in one field only stands in the catalogue with the field before it.
std::string value_in(std::string_view language, std::string_view field, std::string_view value) {
    if (value.empty()) return code_in(language, "nothing");
    if (field == "fields") return std::string{word_in(language, Words::fields, value)};
    if (among(moments, field) && value.size() > 19 && value[10] == 'T') return std::string{value.substr(0, 10)}.append(" ").append(value.substr(11, 8)).append(value.ends_with("+00:00") ? " UTC" : "");
    if (!among(coded, field)) return std::string{value};
    const std::string own = std::string{field}.append(" ").append(value);
    const std::string_view said = word_in(language, Words::codes, own);
    return said == own ? code_in(language, value) : std::string{said};
}

bool is_change(const Json& value) { return value.is(Json::Kind::object) && value["from"] && value["to"] && value.size() == 2; }

}  // namespace

std::string fact_in(std::string_view language, std::string_view field, const Json& value) {
    std::string all;
    switch (value.kind()) {
        case Json::Kind::none:
        case Json::Kind::null: return code_in(language, "nothing");
        case Json::Kind::boolean: return code_in(language, value.boolean() ? "yes" : "no");
        case Json::Kind::string: return value_in(language, field, value.text());
        case Json::Kind::integer: return among(money, field) ? pesos(value.integer()) : value.dump();
        case Json::Kind::array:
            for (std::size_t i = 0; i < value.size(); ++i) all.append(i > 0 ? value[i].is(Json::Kind::object) ? " / " : ", " : "").append(fact_in(language, field, value[i]));
            break;
        case Json::Kind::object:
            for (const std::string& name : value.keys()) all.append(all.empty() ? "" : "; ").append(word_in(language, Words::fields, name)).append(": ").append(fact_in(language, name, value[name]));
            break;
        case Json::Kind::real: return value.dump();
    }
    return all.empty() ? code_in(language, "nothing") : all;
}

std::string facts_in(std::string_view language, const Json& facts) {
    std::string lines;
    const auto line = [&](std::string_view name, std::string_view what) { lines.append(lines.empty() ? "" : "\n").append(word_in(language, Words::fields, name)).append(": ").append(what); };
    const auto change = [&](std::string_view field, const Json& of) { return fact_in(language, field, of["from"]) + " → " + fact_in(language, field, of["to"]); };
    const bool whole = facts["from"] && facts["to"];  // of a role, say
    if (whole) line("fields", change("from", facts));
    for (const std::string& field : facts.keys()) {
        const Json value = facts[field];
        if (value.is(Json::Kind::null) || (whole && (field == "from" || field == "to"))) continue;
        line(field, is_change(value) ? change(field, value) : fact_in(language, field, value));
    }
    return lines;
}

}  // namespace domain
