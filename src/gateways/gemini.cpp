// Gemini: requests of v1beta, and the judgement of what comes back.
#include "gateways/gemini.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/crypto.h"
#include "core/json.h"
#include "core/sse.h"

namespace gateways {
namespace {

using core::Incoming;
using core::Json;
using std::chrono::seconds;

constexpr std::size_t longest_text = 512 * 1024;        // 32,768 tokens are about 130 kB
constexpr std::size_t longest_answer = 4 * 1024 * 1024;  // with what JSON, SSE and usage add to each chunk

// "38s", "38.25s": whole seconds, rounded up.
seconds duration(std::string_view text) {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || !(value > 0)) return seconds{0};
    return seconds{static_cast<std::int64_t>(std::ceil(std::min(value, 86'400.0)))};
}

Reply failure(Next next, const char* people, std::string why) {
    Reply reply;
    reply.next = next;
    reply.people = people;
    reply.why = std::move(why);
    return reply;
}

constexpr const char* busy = "Gemini is busy";
constexpr const char* away = "Gemini cannot be reached";
constexpr const char* unusable = "Gemini's answer could not be used";
constexpr const char* declined = "Gemini declined to write about this project";
constexpr const char* refused = "Gemini refused the request";
constexpr const char* used_up = "Gemini's quota for today is used up";

// google.rpc.Status, as an HTTP error's body or in the middle of a stream.
Reply judged_error(std::int64_t code, const Json& error) {
    const std::string why = "HTTP " + std::to_string(code) + " " + std::string{error["status"].text()};
    seconds wait{0};
    bool per_day = false;
    const Json details = error["details"];
    for (std::size_t i = 0; i < details.size() && i < 20; ++i) {
        const std::string_view type = details[i]["@type"].text();
        if (type.ends_with("google.rpc.RetryInfo")) wait = std::max(wait, duration(details[i]["retryDelay"].text()));
        if (!type.ends_with("google.rpc.QuotaFailure")) continue;
        const Json violations = details[i]["violations"];
        for (std::size_t k = 0; k < violations.size() && k < 20; ++k)
            per_day = per_day || violations[k]["quotaId"].text().find("PerDay") != std::string_view::npos;
    }
    if (code == 429 && per_day) return failure(Next::tomorrow, used_up, why + " per day");
    if (code == 429 || code == 408 || code >= 500) {
        Reply reply = failure(Next::wait, busy, why);
        reply.wait = wait;
        return reply;
    }
    if (code == 404) return failure(Next::other_model, "Gemini's model is not available", why);
    return failure(Next::give_up, refused, why);
}

Reply judged_transport(const Incoming& answer) {
    switch (answer.fault) {
        case Incoming::Fault::cancelled: return failure(Next::cancelled, "", "cancelled");
        case Incoming::Fault::too_large: return failure(Next::again, unusable, answer.why);
        case Incoming::Fault::timeout: return failure(Next::wait, "Gemini did not answer in time", answer.why);
        default: return failure(Next::wait, away, answer.why);
    }
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// A word that came from outside, fit for the log.
std::string word(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 40))
        out += (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ? c : '?';
    return out;
}

}  // namespace

Usage& Usage::operator+=(const Usage& more) {
    prompt += more.prompt;
    output += more.output;
    thought += more.thought;
    return *this;
}

void Reading::take(std::string_view json) {
    if (over_) return;
    const auto read = Json::try_parse(json);
    if (!read || !read->is(Json::Kind::object)) {
        unreadable_ = over_ = true;
        return;
    }
    seen_ = true;
    if (const Json error = (*read)["error"]) {
        error_ = error.dump();
        over_ = true;
        return;
    }
    if (const Json usage = (*read)["usageMetadata"]) {  // each chunk counts from the answer's beginning
        const auto tokens = [&](const char* name) { return std::clamp<std::int64_t>(usage[name].integer(), 0, 100'000'000); };
        usage_.prompt = std::max(usage_.prompt, tokens("promptTokenCount"));
        usage_.output = std::max(usage_.output, tokens("candidatesTokenCount"));
        usage_.thought = std::max(usage_.thought, tokens("thoughtsTokenCount"));
    }
    if (const Json block = (*read)["promptFeedback"]["blockReason"]) block_ = word(block.text());
    const Json candidate = (*read)["candidates"][std::size_t{0}];
    const Json parts = candidate["content"]["parts"];
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (!parts[i]["thought"].boolean()) text_ += parts[i]["text"].text();
    if (const Json finish = candidate["finishReason"]) finish_ = word(finish.text());
    if (text_.size() > longest_text) too_long_ = over_ = true;
}

Reply Reading::judged(const Incoming& answer) {
    Reply reply;
    const int status = answer.status;
    if (!error_.empty()) {
        const Json error = Json::parse(error_);
        const std::int64_t code = error["code"].integer();
        reply = judged_error(code >= 400 ? code : 500, error);
    } else if (too_long_) {
        reply = failure(Next::again, unusable, "the text is too long");
    } else if (unreadable_) {
        reply = failure(Next::again, unusable, "what came is not JSON of an answer");
    } else if (answer.fault != Incoming::Fault::none && finish_.empty()) {  // once it has finished, a lost connection loses nothing
        reply = judged_transport(answer);
    } else if (status < 200 || status > 299) {
        const auto body = Json::try_parse(answer.body);
        reply = judged_error(status, body ? (*body)["error"] : Json{});
        if (const auto after = duration(answer.header("retry-after")); reply.next == Next::wait) reply.wait = std::max(reply.wait, after);
    } else if (!block_.empty()) {
        reply = failure(Next::give_up, declined, "blocked: " + block_);
    } else if (finish_ == "STOP") {
        const bool blank = text_.find_first_not_of(" \t\r\n") == text_.npos;
        if (blank) reply = failure(Next::again, unusable, "STOP without a text");
    } else if (finish_ == "MAX_TOKENS") {
        reply = failure(Next::again, "Gemini's answer was cut short", "MAX_TOKENS");
        reply.cut = true;
    } else if (is_one_of(finish_, {"SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"})) {
        reply = failure(Next::give_up, declined, "finished: " + finish_);
    } else if (finish_.empty()) {
        reply = failure(Next::again, "Gemini's answer was cut short", seen_ ? "no finishReason" : "an empty answer");
    } else {  // RECITATION, LANGUAGE, OTHER, MALFORMED_RESPONSE, and what is not invented yet
        reply = failure(Next::again, unusable, "finished: " + finish_);
    }
    reply.text = std::move(text_);
    reply.usage = usage_;
    return reply;
}

std::chrono::system_clock::time_point next_pacific_midnight(std::chrono::system_clock::time_point now) {
    using namespace std::chrono;
    const auto offset = [](system_clock::time_point when) {  // PDT from the second Sunday of March to the first of November
        const auto year = year_month_day{floor<days>(when)}.year();
        const auto begins = sys_days{year / March / Sunday[2]} + hours{10};   // 02:00 PST
        const auto ends = sys_days{year / November / Sunday[1]} + hours{9};   // 02:00 PDT
        return when >= begins && when < ends ? hours{-7} : hours{-8};
    };
    const auto midnight = floor<days>(now + offset(now)) + days{1};
    return midnight - offset(midnight + hours{8});
}

std::int64_t cost_micros(std::string_view prices, std::string_view model, const Usage& usage) {
    const auto table = Json::try_parse(prices);
    if (!table) return 0;
    const Json price = (*table)[model];
    const double micros = static_cast<double>(usage.prompt) * price["input"].number() +
                          static_cast<double>(usage.output + usage.thought) * price["output"].number();
    return micros > 0 && micros < 9e15 ? std::llround(micros) : 0;
}

core::Outgoing Gemini::request(const Model& model, const Prompt& prompt, const char* action) const {
    core::Writer body;
    const auto text = [&](std::string_view said) { body.key("parts").array().object().member("text", said).end_object().end_array(); };
    body.object().key("systemInstruction").object();
    text(prompt.instruction);
    body.end_object().key("contents").array();
    for (const Turn& turn : prompt.turns) {
        body.object().member("role", turn.by_model ? "model" : "user");
        text(turn.text);
        body.end_object();
    }
    body.end_array().key("generationConfig").object().member("maxOutputTokens", prompt.most_tokens);
    if (prompt.schema) body.member("responseMimeType", "application/json").member_raw("responseJsonSchema", prompt.schema);
    // 2.5 takes a budget of tokens, 3.x a level; of others nothing is known, so they think as they like.
    if (model.name.starts_with("gemini-2.5")) body.key("thinkingConfig").object().member("thinkingBudget", 1024).end_object();
    if (model.name.starts_with("gemini-3")) body.key("thinkingConfig").object().member("thinkingLevel", "low").end_object();
    body.end_object().end_object();

    core::Outgoing request;
    request.method = "POST";
    request.url = config_.gemini_base_url + "/v1beta/models/" + model.name + ":" + action;
    request.headers = {{"x-goog-api-key", model.key}, {"content-type", "application/json"}};
    request.body = body.take();
    request.limit = seconds{config_.gemini_timeout_seconds};
    request.silence_limit = std::min<std::chrono::milliseconds>(seconds{60}, request.limit);
    request.size_limit = longest_answer;
    return request;
}

Reply Gemini::write(core::Fetcher& fetcher, const Model& model, const Prompt& prompt,
                    const std::function<bool(const std::string&)>& on_text) {
    Reply reply;
    if (is_parked(model, reply)) return reply;
    Reading reading;
    core::SseReader events{longest_answer, [&](std::string_view data) { reading.take(data); }};
    bool wanted = true, fits = true;
    Incoming answer = fetcher.stream(request(model, prompt, "streamGenerateContent?alt=sse"), [&](std::string_view bytes) {
        const std::size_t before = reading.text().size();
        fits = events.feed(bytes);
        if (reading.text().size() != before && !reading.over()) wanted = on_text(reading.text());
        return wanted && fits && !reading.over();
    });
    // Ended by ourselves because the judgement is clear already: that is no cancelling.
    if (!fits) answer.fault = Incoming::Fault::too_large;
    else if (wanted && reading.over()) answer.fault = Incoming::Fault::none;
    reply = reading.judged(answer);
    park(model, reply);
    return reply;
}

Reply Gemini::ask(core::Fetcher& fetcher, const Model& model, const Prompt& prompt) {
    Reply reply;
    if (is_parked(model, reply)) return reply;
    Reading reading;
    const Incoming answer = fetcher.fetch(request(model, prompt, "generateContent"));
    if (answer.fault == Incoming::Fault::none && answer.status / 100 == 2 && !answer.body.empty()) reading.take(answer.body);
    reply = reading.judged(answer);
    park(model, reply);
    return reply;
}

// Quotas are a key's: another agency's own key is not parked with it.
static std::string account(const Model& model) { return core::hex(core::sha256(model.key)) + " " + model.name; }

bool Gemini::is_parked(const Model& model, Reply& reply) {
    const std::lock_guard lock{mutex_};
    const auto found = parked_.find(account(model));
    if (found == parked_.end() || found->second <= std::chrono::system_clock::now()) return false;
    reply = failure(Next::tomorrow, used_up, "parked until midnight Pacific");
    return true;
}

void Gemini::park(const Model& model, const Reply& reply) {
    if (reply.next != Next::tomorrow) return;
    const std::lock_guard lock{mutex_};
    parked_[account(model)] = next_pacific_midnight(std::chrono::system_clock::now());
}

}  // namespace gateways
