// Generation: the writing of one project's requirements document and tasks, as its rows record it.
// Each function is one transaction of the tenant that takes effect only while the job's claim is the caller's (jobs.h).
// Functions use the Db of the calling thread and throw what core::Db throws.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/db.h"
#include "domain/jobs.h"
#include "domain/planner.h"

namespace domain {

// What an agency's own key for Gemini is sealed for (settings.ai_key).
inline std::string ai_key_context(std::string_view tenant) { return "ai-key " + std::string{tenant}; }

// Names of the rows, from the job's payload.
struct GenerationIds {
    std::int64_t generation, project;
};

struct Generation {
    GenerationIds ids;
    bool has_prd;       // stage one is over: `prd` is whole
    std::string prd, model;  // model: the one that is asked, empty at first
    std::chrono::seconds age;  // since work on it began for the first time
    Brief brief;
    bool proposal;  // for staff to choose from: the project stays as it is
    std::string scope, wishes, mark;  // both, prd or tasks; what staff wish; what the client's text stands between
};

// What asking cost since it was last written down; counts are added to the row's.
struct Spent {
    std::int64_t prompt = 0, output = 0, thought = 0;  // tokens
    std::int64_t micros = 0;                           // USD millionths
    std::chrono::milliseconds time{0};
    int asks = 0;
    std::string model;  // empty: leave it
};

// What the prompts are made of, and the project's document. Nothing: there is no such project.
std::optional<std::pair<Brief, std::string>> brief_of(core::Transaction& transaction, std::int64_t project);

// Notes the start, and reads what the work needs. Nothing when there is nothing left to do: the job is then finished.
std::optional<Generation> begin(core::Db& db, const Claim& job, GenerationIds ids);
// The document as far as it has grown. Progress never goes back.
void grow(core::Db& db, const Claim& job, GenerationIds ids, std::string_view prd, int progress);
// Stage one is over: whoever takes over goes on with the tasks.
void keep_prd(core::Db& db, const Claim& job, GenerationIds ids, std::string_view prd, const Spent& spent);

struct Written {
    Plan plan;
    std::optional<std::string> prd;  // where it was not kept by keep_prd
    bool draft = false;              // by the built-in planner
    std::string error;               // why it is a draft, for people; empty: none
    bool proposal = false;
};
// Tasks in, those of an earlier draft out, generation ready, job finished: all or nothing.
void finish(core::Db& db, const Claim& job, GenerationIds ids, const Written& written, const Spent& spent);

// Queued until `delay` is over; `why` is for people, `log` for the job's row.
void put_off(core::Db& db, const Claim& job, GenerationIds ids, std::chrono::milliseconds delay, int attempts,
             std::string_view why, std::string_view log, const Spent& spent);
void hand_back(core::Db& db, const Claim& job, GenerationIds ids, const Spent& spent);
void fail(core::Db& db, const Claim& job, GenerationIds ids, std::string_view why, std::string_view log, const Spent& spent);

}  // namespace domain
