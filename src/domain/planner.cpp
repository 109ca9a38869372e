// Writes the draft document and plan: template, wishes and answers put together.
#include "domain/planner.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/form.h"
#include "domain/plan_parts.h"
#include "domain/prd.h"
#include "domain/task_graph.h"
#include "domain/task_words.h"
#include "domain/templates.h"
#include "domain/unicode.h"
#include "domain/wording.h"

namespace domain {
namespace {

// Pesos for an hour of an agency's work: what makes 44 hours of the landing page's template cost its usual 15,000.
constexpr double hourly_rate = 350;
// A price far from the template's scales its hours only this far: the work does not shrink with the price.
constexpr double least_scale = 0.5, most_scale = 3;
constexpr int longest_task = 80;
constexpr std::size_t longest_quote = 400;  // of one answer in a task's description
constexpr std::size_t most_quotes = 4;
constexpr std::size_t most_part_tasks = 3, most_parts = 12, longest_part = 40;

// ---- What the client said

bool any_of_words(const std::vector<std::string>& said, std::string_view list) {
    return std::any_of(said.begin(), said.end(), [&](const std::string& word) {
        for (std::size_t at = list.find(word); at != list.npos; at = list.find(word, at + 1))
            if ((at == 0 || list[at - 1] == ' ') && (at + word.size() == list.size() || list[at + word.size()] == ' ')) return true;
        return false;
    });
}

// What an answer is about: by its key, which is written for machines, before its question.
About about(const Answer& answer) {
    static constexpr struct {
        About about;
        std::string_view words;
    } signs[] = {
        {About::audience, "audience audiences customer customers visitor visitors persona personas market demographic who whom reader readers"},
        {About::design, "design style styles color colors colour colours brand branding logo font fonts typography look feel mood theme inspiration tone layout "
                        "photos pictures images visual content"},
        {About::success, "goal goals success metric metrics kpi kpis objective objectives measure conversion outcome outcomes result results purpose action"},
        {About::technical, "domain hosting host platform integration integrations technology tech stack system systems existing current cms browser browsers device "
                           "devices security data performance api shipping access built plugin plugins count visitors languages language expected number personal"},
        {About::features, "feature features section sections page pages function functions functionality module modules product products catalog catalogue form "
                          "payment payments booking include included kind type variants event changes"},
    };
    const auto key = words(answer.key);
    if (any_of_words(key, "count number expected")) return About::technical;
    for (const auto& sign : signs)
        if (any_of_words(key, sign.words)) return sign.about;
    const auto question = words(answer.question);
    for (const auto& sign : signs)
        if (any_of_words(question, sign.words)) return sign.about;
    return any_of_words(key, "user users role roles") ? About::audience : About::general;
}

// A text of the templates or of this file in the agency's language.
std::string told(const Brief& brief, std::string_view text, std::initializer_list<std::string_view> values = {}) { return say(brief.language, text, values, Words::plans); }

// Whether the words hold the phrase, and not within five words after a "no" or "without".
bool says(const std::vector<std::string>& said, const std::vector<std::string>& phrase, bool ending) {
    static constexpr std::string_view denials = "no not without never none don doesn isn needn wont won exclude excluding except skip walang wala hindi";
    for (std::size_t i = 0; !phrase.empty() && i + phrase.size() <= said.size(); ++i) {
        bool same = true;
        for (std::size_t k = 0; same && k < phrase.size(); ++k)
            same = ending && k + 1 == phrase.size() ? said[i + k].starts_with(phrase[k]) : said[i + k] == phrase[k];
        if (!same) continue;
        bool denied = false;
        for (std::size_t k = i > 5 ? i - 5 : 0; k < i; ++k) {
            if (any_of_words({said[k]}, denials)) denied = true;
            else if (any_of_words({said[k]}, "but just only instead however")) denied = false;
        }
        if (!denied) return true;
    }
    return false;
}

bool wished(const Wish& wish, const std::vector<std::vector<std::string>>& clauses) {
    for (std::size_t begin = 0; begin <= wish.said_as.size();) {
        const std::size_t end = std::min(wish.said_as.find('|', begin), wish.said_as.size());
        const std::string_view phrase = wish.said_as.substr(begin, end - begin);
        const auto parts = words(phrase);
        if (std::any_of(clauses.begin(), clauses.end(), [&](const auto& clause) { return says(clause, parts, phrase.ends_with('*')); })) return true;
        begin = end + 1;
    }
    return false;
}

void add_clauses(std::vector<std::vector<std::string>>& clauses, std::string_view text, std::string_view ends) {
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find_first_of(ends, begin), text.size());
        if (auto clause = words(text.substr(begin, end - begin)); !clause.empty()) clauses.push_back(std::move(clause));
        begin = end + 1;
    }
}

std::vector<const Wish*> wishes_of(const Brief& brief) {
    std::vector<std::vector<std::string>> clauses;
    add_clauses(clauses, brief.description, ".;!?\n");
    for (const Answer& answer : brief.answers) {
        add_clauses(clauses, answer.value, ".;!?\n,");
        const auto value = words(answer.value.substr(0, 100));
        if (!value.empty() && any_of_words({value[0]}, "yes oo opo true required needed sure")) add_clauses(clauses, answer.question, ".;!?\n");
    }
    std::vector<const Wish*> found;
    for (const Wish& wish : wishes())
        if (wished(wish, clauses)) found.push_back(&wish);
    return found;
}

bool lists(std::string_view ids, std::string_view id) { return any_of_words({std::string{id}}, ids); }

// The parts (sections, pages, features) that the client ticked or listed, without those that a wish stands for.
std::vector<std::string> parts_of(const Brief& brief, const std::vector<const Wish*>& wanted) {
    std::vector<std::string> parts;
    for (const Answer& answer : brief.answers) {
        if (!any_of_words(words(answer.key), "sections pages features modules screens functions")) continue;
        for (std::size_t begin = 0; begin <= answer.value.size();) {
            const std::size_t end = std::min(answer.value.find(", ", begin), answer.value.size());
            const std::string part = one_line(answer.value.substr(begin, end - begin));
            begin = end + 2;
            const auto said = words(part);
            const bool covered = any_of_words(said, "hero") || (any_of_words(said, "contact") && said.size() <= 2) ||
                                 std::any_of(wanted.begin(), wanted.end(), [&](const Wish* wish) { return wished(*wish, {said}); });
            if (!said.empty() && !covered && core::characters(part) <= longest_part && parts.size() < most_parts &&
                std::find(parts.begin(), parts.end(), part) == parts.end())
                parts.push_back(part);
        }
    }
    return parts.size() >= 2 ? parts : std::vector<std::string>{};
}

// ---- Tasks

std::string with_answers(const TaskPattern& pattern, const Brief& brief) {
    std::string text = told(brief, pattern.description);
    std::size_t quotes = 0;
    for (const Answer& answer : brief.answers) {
        const std::string value = shortened(one_line(answer.value), longest_quote);
        const About kind = about(answer);
        if (value.empty() || pattern.answers == About::nothing || quotes == most_quotes) continue;
        if (kind != pattern.answers && !(kind == About::general && pattern.id == "scope")) continue;
        text += (quotes++ == 0 ? "\n" + told(brief, "Answered at onboarding:") + " " : "; ") + shortened(one_line(answer.question.empty() ? answer.key : answer.question), 150) + " – " + value;
    }
    return text;
}

std::vector<std::string> ids_in(std::string_view list) {
    std::vector<std::string> ids;
    for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find(' ', begin), list.size());
        ids.emplace_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return ids;
}

class Draft {
public:
    explicit Draft(const Brief& brief) : brief_{brief}, template_{template_for(brief.plan_template, brief.service)} {}

    Plan write() {
        const auto wanted = wishes_of(brief_);
        for (const TaskPattern& pattern : template_.tasks) {
            if (pattern.id == "test") add_wishes(wanted);
            if (pattern.id == "parts") add_parts(pattern, parts_of(brief_, wanted));
            else add(pattern, with_answers(pattern, brief_));
        }
        connect();
        scale();
        Notebook notes;
        tell_of_wishes(notes);
        arrange(tasks_, notes);
        merge_down(tasks_, notes);
        return {std::move(tasks_), notes.take()};
    }

private:
    void add(const TaskPattern& pattern, const std::string& description) {
        called_[std::string{pattern.id}].push_back(tasks_.size());
        patterns_.push_back(&pattern);
        tasks_.push_back({told(brief_, pattern.title), shortened(description, 2000), std::string{pattern.section}, std::string{pattern.priority}, pattern.hours, {}});
    }

    void add_parts(const TaskPattern& pattern, const std::vector<std::string>& parts) {
        const std::size_t count = std::min(most_part_tasks, (parts.size() + 1) / 2);
        if (count < 2) return add(pattern, with_answers(pattern, brief_));
        for (std::size_t i = 0; i < count; ++i) {
            std::string names;
            const std::size_t end = parts.size() * (i + 1) / count;
            for (std::size_t k = parts.size() * i / count; k < end; ++k) {
                const std::string part = "“" + parts[k] + "”";
                names = names.empty() ? part : k + 1 == end ? told(brief_, "{1} and {2}", {names, part}) : names + ", " + part;
            }
            add(pattern, told(brief_, pattern.description) + "\n" + told(brief_, "This task: {1}.", {names}));
            tasks_.back().title = shortened(told(brief_, "Build {1}", {names}), 160);
            tasks_.back().hours = (pattern.hours + static_cast<int>(count) - 1) / static_cast<int>(count);
        }
    }

    void add_wishes(const std::vector<const Wish*>& wanted) {
        for (const Wish* wish : wanted) {
            if (lists(template_.covers, wish->id)) continue;
            for (const TaskPattern& pattern : wish->tasks) {
                if (called_.contains(std::string{pattern.id})) continue;
                wishes_.push_back(tasks_.size());
                add(pattern, with_answers(pattern, brief_));
            }
        }
    }

    // What was wished for is done before the test, whatever else waits for it.
    void connect() {
        for (std::size_t t = 0; t < tasks_.size(); ++t) {
            std::set<std::size_t> after;
            for (const auto& id : ids_in(patterns_[t]->after))
                if (const auto known = called_.find(id); known != called_.end()) after.insert(known->second.begin(), known->second.end());
            if (patterns_[t]->id == "test") after.insert(wishes_.begin(), wishes_.end());
            tasks_[t].depends_on.assign(after.begin(), after.end());
        }
    }

    // To the price, as far as the scale allows.
    void scale() {
        double hours = 0;
        for (const TaskPattern& pattern : template_.tasks) hours += pattern.hours;
        const double factor = brief_.price > 0 ? std::clamp(static_cast<double>(brief_.price) / (hours * hourly_rate), least_scale, most_scale) : 1;
        for (Task& task : tasks_) task.hours = std::clamp(static_cast<int>(std::lround(task.hours * factor)), 1, longest_task);
    }

    void tell_of_wishes(Notebook& notes) const {
        std::string names;
        int hours = 0;
        for (const std::size_t t : wishes_) {
            names += (names.empty() ? "" : ", ") + tasks_[t].title;
            hours += tasks_[t].hours;
        }
        if (hours > 0) notes.note("wish", "Asked for beyond the service's usual scope, " + plural(static_cast<std::size_t>(hours), "hour") + ": " + names + ".");
    }

    const Brief& brief_;
    const Template& template_;
    std::vector<Task> tasks_;
    std::vector<const TaskPattern*> patterns_;                   // of each task
    std::map<std::string, std::vector<std::size_t>> called_;     // id → tasks
    std::vector<std::size_t> wishes_;
};

// ---- The document

// Client text within a line of Markdown: nothing in it is markup, but web addresses stay links.
std::string inline_text(std::string_view text) {
    const std::string line = one_line(text);
    std::string safe;
    for (std::size_t begin = 0; begin < line.size();) {
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        std::string_view word{line.data() + begin, end - begin};
        if (begin > 0) safe += ' ';
        begin = end + 1;
        std::string_view after;
        if (word.starts_with("http://") || word.starts_with("https://")) {
            std::size_t size = std::min(word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#@!$'()*+,;=%"), word.size());
            while (size > 0 && std::string_view{".,;:!?)'"}.find(word[size - 1]) != std::string_view::npos) --size;
            if (size > 10 && word.find_first_not_of(".,;:!?)'\"", size) == word.npos) {
                after = word.substr(size);
                safe += '<';
                safe += word.substr(0, size);
                safe += '>';
                word = after;
            }
        }
        // Marks of blocks count only where a line begins; there they are escaped as well.
        const bool number = safe.empty() && !word.empty() && word.find_first_not_of("0123456789") == word.size() - 1 && (word.back() == '.' || word.back() == ')');
        for (std::size_t i = 0; i < word.size(); ++i) {
            const bool block = safe.empty() && i == 0 && std::string_view{"+-=:"}.find(word[0]) != std::string_view::npos;
            if (block || std::string_view{"\\`*_[]<>|~&#"}.find(word[i]) != std::string_view::npos || (number && i + 1 == word.size())) safe += '\\';
            safe += word[i];
        }
    }
    return safe;
}

std::string pesos(std::int64_t amount) {
    std::string digits = std::to_string(amount);
    for (std::size_t at = digits.size(); at > 3 && digits[at - 4] != '-'; at -= 3) digits.insert(at - 3, ",");
    return "₱" + digits;
}

class Document {
public:
    explicit Document(const Brief& brief) : brief_{brief}, template_{template_for(brief.plan_template, brief.service)} {}

    std::string write() {
        const auto wanted = wishes_of(brief_);
        std::vector<std::string_view> features{template_.features.begin(), template_.features.end()};
        std::vector<std::string_view> technical{template_.technical.begin(), template_.technical.end()};
        for (const Wish* wish : wanted) {
            if (lists(template_.covers, wish->id)) continue;
            features.push_back(wish->feature);
            if (!wish->technical.empty()) technical.push_back(wish->technical);
        }
        text_ = told(brief_, "> **Draft, made without AI** from the service's template and the answers given at onboarding, for the agency to review.") + "\n\n";
        text_ += "# " + told(brief_, "{1} for {2}", {inline_text(brief_.service), inline_text(brief_.client)}) + "\n";
        section(0);
        overview();
        section(1);
        answers(About::audience, "What the client says about the people whom this is for:");
        list("People whom such a project usually serves, to be confirmed:", {template_.audience.begin(), template_.audience.end()});
        section(2);
        answers(About::features, "What the client asks for:");
        list("What belongs to it:", features, true);
        section(3);
        answers(About::technical, "What the client says about the surroundings:");
        list("What it has to meet:", technical);
        section(4);
        answers(About::design, "What the client wishes for:");
        list("What holds for every screen:", {template_.design.begin(), template_.design.end()});
        section(5);
        answers(About::success, "What the client wants to reach:");
        list("What will be measured, with figures to be confirmed:", {template_.success.begin(), template_.success.end()});
        return std::move(text_);
    }

private:
    void section(std::size_t which) {
        text_ += "\n## ";
        text_ += prd_sections[which];
        text_ += "\n\n";
    }

    void overview() {
        const std::string client = inline_text(brief_.client);
        text_ += told(brief_, "{1} asks for {2}. In the client's own words:", {client.empty() ? told(brief_, "The client") : client, told(brief_, template_.is)}) + "\n\n";
        const std::string description = lines(brief_.description);
        for (std::size_t begin = 0; begin <= description.size();) {
            const std::size_t end = std::min(description.find('\n', begin), description.size());
            const std::string line = inline_text(std::string_view{description}.substr(begin, end - begin));
            const bool broken = !line.empty() && end + 1 < description.size() && description[end + 1] != '\n';
            text_ += line.empty() ? ">\n" : "> " + line + (broken ? "\\\n" : "\n");
            begin = end + 1;
        }
        text_ += "\n- **" + told(brief_, "Service") + ":** " + inline_text(brief_.service) + "\n";
        if (brief_.price > 0) text_ += "- **" + told(brief_, "Price") + ":** " + pesos(brief_.price) + "\n";
        if (!brief_.timeline.empty()) text_ += "- **" + told(brief_, "Time") + ":** " + inline_text(brief_.timeline) + "\n";
        answers(About::general, "What else the client told us:");
    }

    void answers(About kind, std::string_view heading) {
        bool first = true;
        for (const Answer& answer : brief_.answers) {
            const std::string value = inline_text(answer.value);
            if (value.empty() || about(answer) != kind) continue;
            if (first) text_ += (kind == About::general ? "\n" : "") + told(brief_, heading) + "\n\n";
            first = false;
            text_ += "- **" + inline_text(answer.question.empty() ? answer.key : answer.question) + "** " + value + "\n";
        }
        if (!first && kind != About::general) text_ += "\n";
    }

    void list(std::string_view heading, const std::vector<std::string_view>& items, bool numbered = false) {
        text_ += told(brief_, heading) + "\n\n";
        for (std::size_t i = 0; i < items.size(); ++i) text_ += (numbered ? std::to_string(i + 1) + ". " : "- ") + told(brief_, items[i]) + "\n";
    }

    const Brief& brief_;
    const Template& template_;
    std::string text_;
};

}  // namespace

std::string draft_prd(const Brief& brief) { return Document{brief}.write(); }

Plan draft_plan(const Brief& brief) { return Draft{brief}.write(); }

}  // namespace domain
