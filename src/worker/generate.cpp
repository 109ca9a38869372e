// Generate: the two stages, what to do when Gemini fails, and how the job ends.
#include "worker/generate.h"

#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"
#include "domain/generation.h"
#include "domain/plan.h"
#include "domain/prd.h"
#include "worker/prompts.h"

namespace worker {
namespace {

using namespace std::chrono_literals;
using core::Level;
using gateways::Next;
using gateways::Prompt;
using gateways::Reply;
using Clock = std::chrono::steady_clock;

// A person watches: after this long Gemini is not waited for any more, and the built-in planner writes.
constexpr auto patience = 10min;
constexpr auto between_writes = 600ms;  // of the growing text
constexpr int more_tokens = 65'536;     // for the second try of an answer that was cut

constexpr core::Sql own_key = "select ai_key from settings where ai_key is not null";

class Generating {
public:
    Generating(const domain::Job& job, Desk& desk) : job_{job}, desk_{desk}, tries_{job.attempts} {}
    void run();

private:
    // What came of asking: an answer, or the last failure when nothing more can be had, or neither: the job is settled.
    struct Asked {
        std::optional<Reply> answer, failure;
    };
    using Call = std::function<Reply(const Prompt&)>;

    void write();
    bool write_prd();
    void write_tasks();
    Asked ask(Prompt& prompt, const Call& call);
    Reply write_text(const Prompt& prompt);
    bool show(const std::string& text);
    void finish(domain::Plan plan);
    void draft(std::string_view reason);
    void draft_instead();
    void wait(const Reply& reply, std::chrono::milliseconds delay);
    void hand_back();
    void end_after(const char* why);
    bool other_model();
    bool find_key();
    std::chrono::seconds age() const { return generation_->age + std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - began_); }
    template <class Change>
    void settle(Change change);
    void log(Level level, const char* event, std::string_view why) const;

    const domain::Job& job_;
    Desk& desk_;
    domain::GenerationIds ids_{};
    std::optional<domain::Generation> generation_;
    domain::Spent spent_;
    std::string model_, key_;
    int tries_;  // of this model, this one counts
    const Clock::time_point began_ = Clock::now();
    Clock::time_point counted_ = began_, shown_{};
    std::optional<std::string> prd_;   // written here and not kept yet
    std::vector<domain::Note> notes_;  // on the document
    std::string trouble_;              // why the plan is a draft, for people
    bool is_draft_ = false;
};

void Generating::log(Level level, const char* event, std::string_view why) const {
    core::log(level, event, {{"job", job_.id}, {"tenant", job_.tenant}, {"project", ids_.project}, {"model", model_},
                             {"attempt", tries_}, {"why", why}});
}

// Writes down what was spent together with the change that it belongs to.
template <class Change>
void Generating::settle(Change change) {
    const auto now = Clock::now();
    spent_.time = std::chrono::duration_cast<std::chrono::milliseconds>(now - counted_);
    spent_.model = model_;
    desk_.persist([&](core::Db& db) {
        change(db);
        return true;
    });
    spent_ = {};
    counted_ = now;
}

void Generating::run() {
    try {
        const auto payload = core::Json::try_parse(job_.payload);
        if (payload) ids_ = {(*payload)["generation"].integer(), (*payload)["project"].integer()};
        generation_ = desk_.persist([&](core::Db& db) { return domain::begin(db, job_, ids_); });
        if (!generation_) return log(Level::info, "generation was over", "");
        write();
    } catch (const core::Error& error) {
        if (domain::lease_lost(error)) return log(Level::warn, "generation taken over", error.what());
        if (error.status == 503 || !generation_ || is_draft_) return end_after(error.what());
        // The database refuses what Gemini wrote: the built-in planner's it will take.
        log(Level::error, "generation refused", error.what());
        draft_instead();
    } catch (const std::exception& error) {
        end_after(error.what());
    }
}

void Generating::draft_instead() {
    try {
        draft("Gemini's plan could not be kept");
    } catch (const std::exception& error) {
        end_after(error.what());
    }
}

void Generating::write() {
    const core::Config& config = desk_.config;
    // Whoever took this job so often did not come back: the fault may be in the job.
    if (job_.attempts > 2 * job_.most_attempts) {
        settle([&](core::Db& db) {
            domain::fail(db, job_, ids_, "The plan could not be written. You can ask for it again.", "interrupted too often", spent_);
        });
        return log(Level::error, "generation failed", "interrupted too often");
    }
    if (!find_key()) return draft("The agency's own AI key cannot be read");
    if (key_.empty()) return draft("");
    if (job_.attempts > job_.most_attempts) return draft("The work was interrupted too often");
    model_ = generation_->model == config.gemini_fallback_model && !generation_->model.empty() ? config.gemini_fallback_model : config.gemini_model;
    if (!generation_->has_prd && !write_prd()) return;
    if (generation_->scope == "prd") finish({});
    else write_tasks();
}

// The agency's own key, else the installation's. False: there is one that SECRET_KEY does not open, and another's is not used instead.
bool Generating::find_key() {
    const auto sealed = desk_.persist([&](core::Db& db) {
        core::Transaction transaction{db, job_.tenant, domain::hold(job_)};
        auto row = transaction.maybe<own_key>();
        std::string bytes = row ? row->bytes(0) : "";
        transaction.commit();
        return bytes;
    });
    key_ = desk_.config.gemini_api_key;
    if (sealed.empty()) return true;
    const auto own = core::open_sealed(desk_.config.secret_key, domain::ai_key_context(job_.tenant), sealed);
    if (own) key_ = *own;
    else log(Level::error, "ai key cannot be read", "SECRET_KEY is not the one that the agency's key was encrypted with");
    return own.has_value();
}

// Asks as often as the failures allow; waiting gives the thread back, and somebody asks again from this stage on.
Generating::Asked Generating::ask(Prompt& prompt, const Call& call) {
    for (bool again = true;;) {
        Reply reply = call(prompt);
        spent_.prompt += reply.usage.prompt;
        spent_.output += reply.usage.output;
        spent_.thought += reply.usage.thought;
        spent_.micros += gateways::cost_micros(desk_.config.gemini_prices, model_, reply.usage);
        ++spent_.asks;
        if (reply.next == Next::none) return {std::move(reply), {}};
        if (reply.next == Next::cancelled) {
            hand_back();
            return {};
        }
        log(Level::warn, "gemini failed", reply.why);
        if (reply.next == Next::give_up) return {{}, std::move(reply)};
        if (reply.next == Next::again && std::exchange(again, false)) {
            if (reply.cut) prompt.most_tokens = more_tokens;
            continue;
        }
        if (reply.next == Next::wait && tries_ < job_.most_attempts) {
            const auto delay = domain::back_off(tries_, 1s, 60s, reply.wait, chance());
            if (age() + delay < patience) {
                wait(reply, delay);
                return {};
            }
        }
        if (!other_model()) return {{}, std::move(reply)};
        again = true;
    }
}

bool Generating::other_model() {
    const std::string& fallback = desk_.config.gemini_fallback_model;
    if (fallback.empty() || model_ == fallback || age() > patience) return false;
    model_ = fallback;
    tries_ = 1;
    return true;
}

// False: the job is settled.
bool Generating::write_prd() {
    const Call call = [this](const Prompt& p) { return write_text(p); };
    Prompt prompt = prd_prompt(generation_->brief, generation_->wishes, generation_->mark);
    Asked asked = ask(prompt, call);
    if (asked.failure) draft(asked.failure->people);
    if (!asked.answer) return false;

    std::string text = domain::tidied_prd(asked.answer->text);
    auto missing = domain::missing_sections(text);
    if (!missing.empty()) {
        std::vector<std::string> faults;
        for (const std::string_view section : missing) faults.push_back("the section " + std::string{section} + " is missing");
        send_back(prompt, text, faults, "Write the whole document again, with all six headings.");
        asked = ask(prompt, call);
        if (!asked.answer && !asked.failure) return false;
        if (asked.answer) {
            std::string second = domain::tidied_prd(asked.answer->text);
            const auto still = domain::missing_sections(second);
            if (still.size() < missing.size()) {
                text = std::move(second);
                missing = still;
            }
        }
        if (missing.size() == domain::prd_sections.size()) {  // not a document of the kind at all
            draft("Gemini did not write a requirements document");
            return false;
        }
        for (const std::string_view section : missing)
            notes_.push_back({"filled", "the section " + std::string{section} + " of the requirements is the built-in planner's"});
        text = domain::completed_prd(std::move(text), domain::draft_prd(generation_->brief));
    }
    settle([&](core::Db& db) { domain::keep_prd(db, job_, ids_, text, spent_); });
    generation_->prd = std::move(text);
    generation_->has_prd = true;
    tries_ = 1;
    return true;
}

Reply Generating::write_text(const Prompt& prompt) {
    shown_ = Clock::now();
    return desk_.gemini.write(desk_.fetcher, {key_, model_}, prompt, [this](const std::string& text) { return show(text); });
}

// Lets the client watch. Only a lost lease ends the stream: a database that is away for a moment does not.
bool Generating::show(const std::string& text) {
    const auto now = Clock::now();
    if (now - shown_ < between_writes) return true;
    shown_ = now;
    // Nobody knows how long it gets: fast at first, never at the end before the end.
    const int progress = 5 + static_cast<int>(54 * (1 - std::exp(-static_cast<double>(text.size()) / 5000)));
    try {
        desk_.databases.with([&](core::Db& db) { domain::grow(db, job_, ids_, text, progress); });
    } catch (const core::Error& error) {
        if (domain::lease_lost(error)) throw;
        log(Level::debug, "progress not shown", error.what());
    }
    return true;
}

void Generating::write_tasks() {
    const Call call = [this](const Prompt& p) { return desk_.gemini.ask(desk_.fetcher, {key_, model_}, p); };
    Prompt prompt = tasks_prompt(generation_->brief, generation_->prd, generation_->wishes, generation_->mark);
    Asked asked = ask(prompt, call);
    if (asked.failure) return draft(asked.failure->people);
    if (!asked.answer) return;

    domain::Import import = domain::import_plan(asked.answer->text);
    if (import.plan) return finish(*std::move(import.plan));
    log(Level::info, "tasks sent back", std::to_string(import.faults.size()) + " faults");
    std::string text = std::move(asked.answer->text);
    send_back(prompt, text, import.faults, "Answer with the whole list again, as JSON by the schema.");
    asked = ask(prompt, call);
    if (!asked.answer && !asked.failure) return;
    if (asked.answer) {
        text = std::move(asked.answer->text);
        import = domain::import_plan(text);
        if (import.plan) return finish(*std::move(import.plan));
    }
    domain::Plan plan = domain::settle_plan(text, generation_->brief);
    for (const domain::Note& note : plan.notes) is_draft_ = is_draft_ || note.kind == "template";
    if (is_draft_) trouble_ = "Gemini's tasks could not be used";
    finish(std::move(plan));
}

void Generating::draft(std::string_view reason) {
    is_draft_ = true;
    trouble_ = reason;
    if (!generation_->has_prd) prd_ = domain::draft_prd(generation_->brief);
    domain::Plan plan = generation_->scope == "prd" ? domain::Plan{} : domain::draft_plan(generation_->brief);
    plan.notes.push_back({"template", reason.empty() ? "no Gemini key is set" : std::string{reason}});
    finish(std::move(plan));
}

void Generating::finish(domain::Plan plan) {
    domain::Written written{std::move(plan), std::move(prd_), is_draft_, {}, generation_->proposal};
    written.plan.notes.insert(written.plan.notes.begin(), notes_.begin(), notes_.end());
    if (!trouble_.empty()) written.error = trouble_ + ". The built-in planner wrote this draft; you can ask for another plan later.";
    const std::int64_t tokens = spent_.prompt + spent_.output + spent_.thought;
    settle([&](core::Db& db) { domain::finish(db, job_, ids_, written, spent_); });
    core::log(Level::info, "generation ready", {{"job", job_.id}, {"tenant", job_.tenant}, {"project", ids_.project}, {"model", model_},
        {"draft", is_draft_}, {"tasks", static_cast<std::int64_t>(written.plan.tasks.size())},
        {"notes", static_cast<std::int64_t>(written.plan.notes.size())}, {"tokens", tokens}, {"why", trouble_}});
}

void Generating::wait(const Reply& reply, std::chrono::milliseconds delay) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(delay).count();
    const std::string people = reply.people + "; the next try is in " + std::to_string(seconds) + (seconds == 1 ? " second." : " seconds.");
    settle([&](core::Db& db) { domain::put_off(db, job_, ids_, delay, tries_, people, reply.why, spent_); });
}

// The worker stops, or the lease is somebody else's: then this raises, and nothing is written.
void Generating::hand_back() {
    settle([&](core::Db& db) { domain::hand_back(db, job_, ids_, spent_); });
    log(Level::info, "generation handed back", "");
}

// Something that nobody foresaw: try again later, in the end visibly fail.
void Generating::end_after(const char* why) {
    log(Level::error, "generation broke off", why);
    try {
        const bool last = tries_ >= job_.most_attempts;
        const auto delay = domain::back_off(tries_, 5s, 5min, 0s, chance());
        try {
            settle([&](core::Db& db) {
                if (desk_.stopping) domain::hand_back(db, job_, ids_, spent_);
                else if (last) domain::fail(db, job_, ids_, "The plan could not be written. You can ask for it again.", why, spent_);
                else domain::put_off(db, job_, ids_, delay, tries_, "Something went wrong; it is tried again in a moment.", why, spent_);
            });
        } catch (const core::Error& error) {
            if (domain::lease_lost(error) || error.status == 503) throw;
            // The tenant itself is the trouble: its schema or role is not as it should be. The job's row is all there is.
            desk_.persist([&](core::Db& db) {
                core::Transaction transaction{db, ""};
                transaction.run(last ? domain::fail(job_, why) : domain::put_off(job_, delay, tries_, why));
                transaction.commit();
            });
        }
    } catch (const std::exception& error) {  // the lease runs out, and somebody takes over
        log(Level::error, "generation left", error.what());
    }
}

}  // namespace

void generate(const domain::Job& job, Desk& desk) noexcept {
    core::set_log_request("job-" + std::to_string(job.id));
    Generating{job, desk}.run();
}

}  // namespace worker
