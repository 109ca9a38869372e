// SoundPlan: what always holds for a plan, whatever it was read from; for the import's fuzz target and tests.
#pragma once
#include <algorithm>
#include <set>
#include <string>

#include "domain/plan.h"
#include "domain/unicode.h"

namespace fuzz {

// Well formed UTF-8 without controls, line feeds only where they may be, from `least` to `most` characters.
inline bool good_text(const std::string& text, std::size_t least, std::size_t most, bool many_lines) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count) {
        const auto [c, size] = domain::code_point(text, i);
        if (c == 0xFFFD && text.compare(i, 3, "\xEF\xBF\xBD") != 0) return false;
        if (domain::is_control(c) && !(many_lines && c == '\n')) return false;
        i += size;
    }
    return count >= least && count <= most && (text.empty() || (text.front() != ' ' && text.back() != ' '));
}

// What is wrong first, or nothing.
inline std::string wrong_in_plan(const domain::Plan& plan) {
    static const std::set<std::string> sections = {"Frontend", "Backend", "Database", "Design", "Testing", "Deployment"};
    static const std::set<std::string> priorities = {"low", "medium", "high"};
    if (plan.tasks.size() < 15 || plan.tasks.size() > 25) return std::to_string(plan.tasks.size()) + " tasks";
    std::set<std::string> titles;
    for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
        const auto& task = plan.tasks[t];
        const std::string name = "task " + std::to_string(t) + " (" + task.title + "): ";
        if (!good_text(task.title, 3, 160, false)) return name + "title";
        if (!titles.insert(domain::folded(task.title)).second) return name + "title twice";
        if (!good_text(task.description, 10, 2000, true)) return name + "description: " + task.description;
        if (!sections.contains(task.section)) return name + "section " + task.section;
        if (!priorities.contains(task.priority)) return name + "priority " + task.priority;
        if (task.hours < 1 || task.hours > 200) return name + "hours " + std::to_string(task.hours);
        if (!std::is_sorted(task.depends_on.begin(), task.depends_on.end())) return name + "dependencies out of order";
        if (std::adjacent_find(task.depends_on.begin(), task.depends_on.end()) != task.depends_on.end()) return name + "dependency twice";
        for (const std::size_t d : task.depends_on)
            if (d >= t) return name + "waits for what comes later";
    }
    if (plan.notes.size() > 1001) return "too many notes";
    for (const auto& note : plan.notes)
        if (note.kind.empty() || !good_text(note.detail, 1, 2000, false)) return "note " + note.kind + ": " + note.detail;
    return {};
}

}  // namespace fuzz
