// Planner: drafts without AI are complete, use what the client said, and cannot be broken by it.
#include "domain/planner.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "../../fuzz/safe_html.h"
#include "../../fuzz/sound_plan.h"
#include "core/form.h"
#include "domain/markdown.h"
#include "domain/prd.h"
#include "domain/templates.h"
#include "domain/wording.h"

namespace {

using domain::Answer;
using domain::Brief;
using domain::draft_plan;
using domain::draft_prd;
using domain::Plan;

Brief landing() {
    return {"Landing Page",
            "We bake bread in Iloilo.\nWe want a page for our opening, without chat.",
            "Ana Reyes",
            "1-2 weeks",
            "landing-page",
            15'000,
            {{"page_type", "What is the page for?", "Product Launch"},
             {"call_to_action", "What is the one thing a visitor should do?", "order a box"},
             {"target_audience", "Who is it for?", "families in Jaro"},
             {"design_style", "Which style is closest to your brand?", "Bold & Colorful"},
             {"required_sections", "Which sections should the page have?", "Hero Section, Features, How It Works, Pricing, FAQ, Contact Form"},
             {"expected_visitors", "About how many visitors do you expect in a month?", "5000"},
             {"launch_date", "Is there a date?", "1 November"}}};
}

bool has(const Plan& plan, std::string_view title) {
    for (const auto& task : plan.tasks)
        if (task.title == title) return true;
    return false;
}

std::string described(const Plan& plan, std::string_view title) {
    for (const auto& task : plan.tasks)
        if (task.title == title) return task.description;
    return {};
}

// Everything under a heading of the document, up to the next.
std::string section(const std::string& prd, std::string_view name) {
    const std::size_t begin = prd.find("\n## " + std::string{name} + "\n");
    if (begin == prd.npos) return {};
    return prd.substr(begin, prd.find("\n## ", begin + 1) - begin);
}

TEST(Document, SaysFirstThatItIsADraftAndHasItsSixSections) {
    for (const auto& one : domain::templates()) {
        Brief brief = landing();
        brief.plan_template = one.name;
        const std::string prd = draft_prd(brief);
        EXPECT_EQ(prd.find("> **Draft, made without AI**"), 0U);
        EXPECT_NE(prd.find("# Landing Page for Ana Reyes\n"), prd.npos);
        EXPECT_TRUE(domain::missing_sections(prd).empty()) << one.name;
        for (const auto name : domain::prd_sections) EXPECT_GE(section(prd, name).size(), 150U) << one.name << " " << name;
        EXPECT_EQ(fuzz::wrong_in_html(domain::render_markdown(prd), 24), "");
    }
}

TEST(Document, AndPlanAreWrittenInTheAgencysLanguageWithNothingOfTheTemplatesLeftInEnglish) {
    const auto in_filipino = [](std::string_view text) {
        const std::string_view other = domain::word_in("fil", domain::Words::plans, text);
        EXPECT_TRUE(text.empty() || other != text) << text;
        return other;
    };
    for (const auto& wish : domain::wishes()) {
        in_filipino(wish.feature);
        in_filipino(wish.technical);
        for (const auto& pattern : wish.tasks) in_filipino(pattern.title), in_filipino(pattern.description);
    }
    for (const auto& one : domain::templates()) {
        Brief brief = landing();
        brief.plan_template = one.name;
        const Plan english = draft_plan(brief);
        brief.language = "fil";
        const Plan filipino = draft_plan(brief);
        ASSERT_EQ(filipino.tasks.size(), english.tasks.size()) << one.name;
        for (std::size_t t = 0; t < english.tasks.size(); ++t) {
            const auto &task = filipino.tasks[t], &same = english.tasks[t];
            EXPECT_NE(task.title, same.title);
            EXPECT_EQ(std::tie(task.section, task.priority, task.hours, task.depends_on), std::tie(same.section, same.priority, same.hours, same.depends_on)) << task.title;
            EXPECT_EQ(task.description.find("Answered at onboarding"), task.description.npos);
        }
        const std::string prd = draft_prd(brief);
        EXPECT_EQ(prd.find("> **Draft, ginawa nang walang AI**"), 0U);
        EXPECT_NE(prd.find("# Landing Page para kay Ana Reyes\n"), prd.npos);
        EXPECT_TRUE(domain::missing_sections(prd).empty()) << one.name;
        EXPECT_NE(prd.find(in_filipino(one.is)), prd.npos);
        for (const auto lines : {one.audience, one.features, one.technical, one.design, one.success})
            for (const auto line : lines) EXPECT_TRUE(prd.find(in_filipino(line)) != prd.npos && prd.find(line) == prd.npos) << line;
        for (const char* phrase : {"the client says", "In the client's", "\nWhat ", "**Price", "**Service", "**Time"}) EXPECT_EQ(prd.find(phrase), prd.npos) << phrase << "\n" << prd;
        EXPECT_EQ(fuzz::wrong_in_html(domain::render_markdown(prd), 24), "");
    }
}

TEST(Document, PutsEachAnswerWhereItBelongs) {
    const std::string prd = draft_prd(landing());
    EXPECT_NE(section(prd, "Target Audience").find("- **Who is it for?** families in Jaro\n"), prd.npos);
    EXPECT_NE(section(prd, "Core Features").find("Hero Section, Features, How It Works, Pricing, FAQ, Contact Form"), prd.npos);
    EXPECT_NE(section(prd, "Technical Requirements").find("5000"), prd.npos);
    EXPECT_NE(section(prd, "Design Specifications").find("Bold \\& Colorful"), prd.npos);
    EXPECT_NE(section(prd, "Success Metrics").find("order a box"), prd.npos);
    EXPECT_NE(section(prd, "Project Overview").find("1 November"), prd.npos);
    EXPECT_NE(section(prd, "Project Overview").find("> We bake bread in Iloilo.\\\n> We want a page"), prd.npos);
    EXPECT_NE(section(prd, "Project Overview").find("₱15,000"), prd.npos);
}

TEST(Document, WebAddressesStayLinks) {
    Brief brief = landing();
    brief.answers.push_back({"references", "Sites you like?", "see https://example.com/a_b?x=1&y=2, or http://b.ph."});
    const std::string html = domain::render_markdown(draft_prd(brief));
    EXPECT_NE(html.find("see <a href=\"https://example.com/a_b?x=1&amp;y=2\" rel=\"noopener nofollow\">https://example.com/a_b?x=1&amp;y=2</a>, or "
                        "<a href=\"http://b.ph\" rel=\"noopener nofollow\">http://b.ph</a>."),
              html.npos)
        << html;
}

// The tags that make the document's structure, in order, without those within a line.
std::string structure(const std::string& html) {
    std::string tags;
    for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
        const std::string tag = html.substr(at, html.find('>', at) + 1 - at);
        if (!tag.starts_with("<a ") && tag != "</a>" && tag != "<br>") tags += tag;
    }
    return tags;
}

TEST(Document, ClientTextCannotBreakItsStructure) {
    const auto with = [](const std::string& text) {
        Brief brief{"Service " + text, text, text, text, "landing-page", 15'000, {}};
        for (const char* key : {"target_audience", "features", "design_style", "goal", "domain", "other"}) brief.answers.push_back({key, "Q " + text, text});
        return structure(domain::render_markdown(draft_prd(brief)));
    };
    const std::string plain = with("plain");
    const char* hostile[] = {"# Heading", "## Chapter", "- item", "+ item", "* item", "1. one", "12) twelve", "> quote", "```", "~~~", "    code", "---", "===", "***", "___", "- - -",
                             "| a | b |", "|---|---|", "<script>alert(1)</script>", "<!-- c", "</p><h1>", "[a](http://x)", "![a](http://x)", "[a]: http://x", "<http://x.ph>", "**bold**", "__b__",
                             "*a", "_a_", "`code`", "``", "~~no~~", "a\\", "\\", "&lt;b&gt;", "&#60;", "a  ", "www.x.ph", "a@b.ph", "http://x.ph/_a_*b*", "https://x.ph/<b>", "x | y", ":-:", "[x] done",
                             "https://a.b\"onclick=1", "http://*a*", "\u2028# x", "a\x01z", "\xFF", "=", "-", "+", "1.", "#", "Setext\rnext", "a #", "(c)", "!", "![", "]("};
    for (const char* text : hostile) EXPECT_EQ(with(text), plain) << text;
    std::mt19937 random{5};
    for (int round = 0; round < 1000; ++round) {
        std::string text = "w";
        for (auto n = random() % 12; n > 0; --n) text += std::string{random() % 3 ? "" : " "} + hostile[random() % std::size(hostile)];
        ASSERT_EQ(with(text), plain) << text;
    }
    // The description may have lines of its own; none of them becomes markup either.
    Brief brief = landing();
    brief.description = "one\n# two\n\n- three\n```\n===\n    four\n> five\n| a |\n|---|";
    std::string tags = structure(domain::render_markdown(draft_prd(brief)));
    const std::string quote = tags.substr(tags.find("<blockquote>", 5), tags.find("</blockquote>", tags.find("</blockquote>") + 1) - tags.find("<blockquote>", 5));
    EXPECT_EQ(quote, "<blockquote><p></p><p></p>");
}

TEST(Draft, EveryTemplateWithEveryWishIsASoundPlan) {
    const std::string all_wishes =
        "We need online payment, cash on delivery, booking, a blog, a CMS, SEO, a bilingual site, login, user roles, analytics, live chat, a newsletter, maps, "
        "a gallery, videos, integrations, reports, file uploads, notifications, real time updates, migration, a new logo, copywriting, couriers, inventory, vouchers, "
        "reviews, offline work, a mobile app, site search, event registration, personal data and dark mode.";
    for (const auto& one : domain::templates())
        for (const std::string& description : {std::string{"Nothing special here, thank you."}, all_wishes}) {
            Brief brief = landing();
            brief.plan_template = one.name;
            brief.description = description;
            const Plan plan = draft_plan(brief);
            EXPECT_EQ(fuzz::wrong_in_plan(plan), "") << one.name;
            std::set<std::string> sections;
            for (const auto& task : plan.tasks) sections.insert(task.section);
            EXPECT_EQ(sections.size(), 6U) << one.name;
            if (description == all_wishes) {
                EXPECT_EQ(plan.tasks.size(), 25U);
                std::string everything;
                for (const auto& note : plan.notes) everything += note.detail;
                for (const auto& task : plan.tasks) everything += task.title + task.description;
                for (const auto& wish : domain::wishes())
                    for (const auto& pattern : wish.tasks) {
                        bool covered = false;
                        for (const auto& base : one.tasks) covered = covered || base.id == pattern.id;
                        covered = covered || (" " + std::string{one.covers} + " ").find(" " + std::string{wish.id} + " ") != std::string::npos;
                        EXPECT_TRUE(covered || everything.find(pattern.title) != std::string::npos) << one.name << " " << pattern.id;
                    }
            }
        }
}

TEST(Draft, TemplatesAndWishesAreWellFormed) {
    for (const auto& one : domain::templates()) {
        std::set<std::string_view> ids;
        std::set<std::string_view> titles;
        for (const auto& pattern : one.tasks) {
            EXPECT_TRUE(ids.insert(pattern.id).second) << one.name << " " << pattern.id;
            EXPECT_TRUE(titles.insert(pattern.title).second) << pattern.title;
        }
        EXPECT_GE(one.tasks.size(), 15U);
        EXPECT_LE(one.tasks.size(), 25U);
        EXPECT_TRUE(ids.contains("test"));
        for (const auto& wish : domain::wishes())
            for (const auto& pattern : wish.tasks) EXPECT_TRUE(ids.contains(pattern.id) || titles.insert(pattern.title).second || one.name != "landing-page") << pattern.title;
        // Whatever a template's task waits for is a task of it or of a wish.
        std::set<std::string> known{ids.begin(), ids.end()};
        for (const auto& wish : domain::wishes())
            for (const auto& pattern : wish.tasks) known.insert(std::string{pattern.id});
        for (const auto& pattern : one.tasks) {
            std::string after{pattern.after};
            for (std::size_t begin = 0; begin < after.size();) {
                const std::size_t end = std::min(after.find(' ', begin), after.size());
                EXPECT_TRUE(known.contains(after.substr(begin, end - begin))) << one.name << " " << pattern.id << ": " << after;
                begin = end + 1;
            }
        }
    }
}

TEST(Draft, AnswersAndDescriptionAddTasks) {
    Brief brief = landing();
    EXPECT_FALSE(has(draft_plan(brief), "Take payments online"));
    EXPECT_FALSE(has(draft_plan(brief), "Connect chat"));  // "without chat"
    brief.answers.push_back({"pay", "Do you need online payment?", "No"});
    EXPECT_FALSE(has(draft_plan(brief), "Take payments online"));
    brief.answers.back().value = "Yes, please";
    EXPECT_TRUE(has(draft_plan(brief), "Take payments online"));
    const std::pair<Answer, const char*> added[] = {
        {{"site_goals", "What should the site do for you?", "Bring calls and messages, Take bookings"}, "Build booking with a calendar"},
        {{"languages", "In which language will it be?", "English and Filipino"}, "Make every text available in each language"},
        {{"content_ready", "Do you have the text and pictures?", "No, please write and find them"}, "Write texts and find pictures"},
        {{"payment_methods", "How should customers be able to pay?", "GCash, Cash on delivery"}, "Offer cash on delivery"},
        {{"required_features", "Which of these must it have?", "Reports and Exports, Works Offline"}, "Make it work without a connection"},
        {{"seo", "Should people find you on Google?", "Yes, SEO matters"}, "Prepare the pages for search engines"},
        {{"cms", "Who changes the texts?", "We do, in a CMS"}, "Let the staff edit texts and pictures"},
        {{"personal_data", "Will it keep sensitive personal data?", "Yes"}, "Protect sensitive personal data"}};
    for (const auto& [answer, title] : added) {
        Brief one = landing();
        EXPECT_FALSE(has(draft_plan(one), title)) << title;
        one.answers.push_back(answer);
        const Plan plan = draft_plan(one);
        EXPECT_TRUE(has(plan, title)) << title;
        EXPECT_EQ(plan.notes.at(0).kind, "wish");
    }
    const std::pair<const char*, bool> denied[] = {{"No login needed.", false}, {"We do not want a login.", false}, {"No calendar but login.", true}, {"Just a login.", true}};
    for (const auto& [description, there] : denied) {
        Brief one = landing();
        one.description = description;
        EXPECT_EQ(has(draft_plan(one), "Build accounts and sign-in"), there) << description;
    }
}

TEST(Draft, TasksQuoteTheAnswersAndAreSplitByTheListedParts) {
    const Plan plan = draft_plan(landing());
    EXPECT_TRUE(has(plan, "Build “Features” and “How It Works”"));
    EXPECT_TRUE(has(plan, "Build “Pricing” and “FAQ”"));
    EXPECT_NE(described(plan, "Design the finished page").find("Which style is closest to your brand? – Bold & Colorful"), std::string::npos);
    EXPECT_NE(described(plan, "Build the opening section with the call to action").find("families in Jaro"), std::string::npos);
}

TEST(Draft, HoursFollowThePrice) {
    const auto hours = [](std::string_view name, std::int64_t price) {
        Brief brief = landing();
        brief.plan_template = name;
        brief.price = price;
        int sum = 0;
        for (const auto& task : draft_plan(brief).tasks) sum += task.hours;
        return sum;
    };
    // ₱350 an hour, as far as whole hours allow.
    EXPECT_NEAR(hours("landing-page", 15'000), 43, 5);
    EXPECT_NEAR(hours("business-website", 35'000), 100, 8);
    EXPECT_NEAR(hours("e-commerce", 85'000), 243, 12);
    EXPECT_NEAR(hours("web-application", 180'000), 514, 20);
    EXPECT_GT(hours("landing-page", 30'000), hours("landing-page", 15'000));
    EXPECT_EQ(hours("landing-page", 10'000'000), hours("landing-page", 90'000));
    EXPECT_EQ(hours("landing-page", 0), hours("landing-page", 15'050));
}

TEST(Draft, AServiceWithoutATemplateGetsTheGenericOneOrTheCarePlan) {
    EXPECT_EQ(domain::template_for("", "Logo Design").name, "");
    EXPECT_EQ(domain::template_for("no such", "Website Care Plan").name, "");
    EXPECT_EQ(domain::template_for("", "Website Care Plan").name, "care-plan");
    EXPECT_EQ(domain::template_for("e-commerce", "Care").name, "e-commerce");
}

TEST(Draft, HostileAnswersStillMakeASoundPlan) {
    const std::string pieces[] = {"payment", ", ", "\n", "\x01", "\xE2\x80\xAE", "no ", "Yes", "😃", std::string(500, 'x'), "“", "\xC3", "Hero", "booking", " and ", "\t", ";", ""};
    std::mt19937 random{6};
    for (int round = 0; round < 500; ++round) {
        const auto text = [&] {
            std::string all;
            for (auto n = random() % 30; n > 0; --n) all += pieces[random() % std::size(pieces)];
            return all;
        };
        Brief brief{text(), text(), text(), text(), random() % 2 ? "e-commerce" : text(), static_cast<std::int64_t>(random() % 100'000) - 1000, {}};
        for (auto n = random() % 8; n > 0; --n) brief.answers.push_back({random() % 2 ? "features" : text(), text(), text()});
        ASSERT_EQ(fuzz::wrong_in_plan(draft_plan(brief)), "");
        ASSERT_EQ(fuzz::wrong_in_html(domain::render_markdown(draft_prd(brief)), 24), "");
    }
}

}  // namespace
