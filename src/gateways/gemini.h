// Gemini: asks Google's model for a text as it grows, or for JSON by a schema, and says what to do about each failure.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/fetch.h"

namespace gateways {

struct Usage {
    std::int64_t prompt = 0, output = 0, thought = 0;  // tokens
    Usage& operator+=(const Usage& more);
};

struct Turn {
    bool by_model;
    std::string text;
};

struct Prompt {
    std::string instruction;     // the system's
    std::vector<Turn> turns;     // the last one is the user's
    const char* schema = nullptr;  // responseJsonSchema; there: the answer is JSON
    int most_tokens = 32'768;    // thinking counts
};

// What a failure asks for. Kept apart from how often that was done already, which the caller counts.
enum class Next {
    none,         // no failure: the text is whole
    again,        // the answer was unusable: once more, at once
    wait,         // busy or out of reach: back off, at least Reply::wait
    tomorrow,     // the day's quota is used up: this model is parked until midnight Pacific
    other_model,  // this model is not there
    give_up,      // asking again cannot help: refused, blocked, a wrong key
    cancelled,
};

struct Reply {
    Next next = Next::none;
    std::string text;        // with none: all of it; else what came
    std::string people;      // begins a sentence for the client: "Gemini is busy"
    std::string why;         // for the log; holds no client text
    bool cut = false;        // ended by the token limit: ask for more tokens
    std::chrono::seconds wait{0};
    Usage usage;             // failed answers cost too
};

// Takes one answer's parts as they come (GenerateContentResponse, or an error among them) and judges the whole.
// Pure: speaks to nobody. One thread owns it.
class Reading {
public:
    void take(std::string_view json);
    bool over() const { return over_; }  // what follows cannot change the judgement
    const std::string& text() const { return text_; }  // grows; thoughts are left out
    Reply judged(const core::Incoming& answer);        // answer.body is looked at where the status is not 2xx

private:
    std::string text_, finish_, block_, error_;
    bool over_ = false, unreadable_ = false, too_long_ = false, seen_ = false;
    Usage usage_;
};

// Quotas of a day end at midnight in Los Angeles (US daylight-saving rule since 2007).
std::chrono::system_clock::time_point next_pacific_midnight(std::chrono::system_clock::time_point now);

// USD millionths by GEMINI_PRICES; 0 for a model that is not in the table. USD a million tokens are millionths a token.
std::int64_t cost_micros(std::string_view prices, std::string_view model, const Usage& usage);

// Who is asked, and on whose account.
struct Model {
    std::string key, name;
};

// Any thread may use it; each brings its own Fetcher.
class Gemini {
public:
    explicit Gemini(const core::Config& config) : config_{config} {}

    // Streams; on_text gets the whole text so far and answers whether to go on.
    Reply write(core::Fetcher& fetcher, const Model& model, const Prompt& prompt,
                const std::function<bool(const std::string&)>& on_text);
    // Waits for the whole answer.
    Reply ask(core::Fetcher& fetcher, const Model& model, const Prompt& prompt);

private:
    core::Outgoing request(const Model& model, const Prompt& prompt, const char* action) const;
    bool is_parked(const Model& model, Reply& reply);
    void park(const Model& model, const Reply& reply);
    const core::Config& config_;
    std::mutex mutex_;
    std::map<std::string, std::chrono::system_clock::time_point> parked_;  // by key (its digest) and model; learnt again after a restart
};

}  // namespace gateways
