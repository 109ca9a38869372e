// TaskGraph: as few dependencies are given up as the header says, the order is stable, and the work grows with the graph.
#include "domain/task_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <string>

namespace {

using domain::break_cycles;
using domain::WaitsFor;
using domain::working_order;

WaitsFor random_graph(std::mt19937& random, std::size_t tasks, std::size_t edges) {
    WaitsFor graph(tasks);
    for (std::size_t i = 0; i < edges; ++i) {
        const std::size_t from = random() % tasks;
        const std::size_t to = random() % tasks;
        if (from != to && std::find(graph[from].begin(), graph[from].end(), to) == graph[from].end()) graph[from].push_back(to);
    }
    return graph;
}

bool reaches(const WaitsFor& graph, std::size_t from, std::size_t to) {
    std::vector<char> seen(graph.size());
    std::vector<std::size_t> open{from};
    while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        if (at == to) return true;
        if (seen[at]) continue;
        seen[at] = 1;
        open.insert(open.end(), graph[at].begin(), graph[at].end());
    }
    return false;
}

bool acyclic(const WaitsFor& graph) { return working_order(graph).size() == graph.size(); }

std::size_t edges_of(const WaitsFor& graph) {
    std::size_t count = 0;
    for (const auto& one : graph) count += one.size();
    return count;
}

// How many go, and how many of them point to an earlier task.
using Removal = std::pair<std::size_t, std::size_t>;

// The least, by trying every order of the tasks.
Removal least_removal(const WaitsFor& graph) {
    std::vector<std::size_t> place(graph.size());
    std::iota(place.begin(), place.end(), 0);
    Removal least{edges_of(graph) + 1, 0};
    do {
        Removal against{0, 0};
        for (std::size_t t = 0; t < graph.size(); ++t)
            for (const std::size_t d : graph[t]) {
                against.first += place[d] > place[t];
                against.second += place[d] > place[t] && d < t;
            }
        least = std::min(least, against);
    } while (std::next_permutation(place.begin(), place.end()));
    return least;
}

TEST(TaskGraph, SmallComponentsLoseTheFewestThatCanBe) {
    std::mt19937 random{1};
    for (int round = 0; round < 400; ++round) {
        WaitsFor graph = random_graph(random, 2 + random() % 6, random() % 24);
        const Removal least = least_removal(graph);
        const std::size_t before = edges_of(graph);
        const auto result = break_cycles(graph);
        Removal removal{result.removed.size(), 0};
        for (const auto& [task, other] : result.removed) removal.second += other < task;
        ASSERT_EQ(removal, least);
        ASSERT_EQ(edges_of(graph), before - least.first);
        ASSERT_TRUE(acyclic(graph));
    }
}

TEST(TaskGraph, LargeComponentsLoseNoMoreThanPointsToALaterTask) {
    std::mt19937 random{8};
    for (int round = 0; round < 200; ++round) {
        WaitsFor graph(25);
        for (std::size_t t = 1; t < 25; ++t)
            for (std::size_t d = 0; d < t; ++d)
                if (d + 1 == t || random() % 6 == 0) graph[t].push_back(d);
        const std::size_t later = 1 + random() % 3;
        for (std::size_t i = 0; i < later; ++i) graph[i].push_back(24 - i);
        ASSERT_LE(break_cycles(graph).removed.size(), later);
        ASSERT_TRUE(acyclic(graph));
    }
}

TEST(TaskGraph, OfEquallySmallRemovalsTheOneThatPointsToALaterTaskIsTaken) {
    WaitsFor graph = {{3}, {0}, {1}, {2}};
    EXPECT_EQ(break_cycles(graph).removed, (std::vector<std::pair<std::size_t, std::size_t>>{{0, 3}}));
    WaitsFor larger(30);
    for (std::size_t t = 1; t < 30; ++t) larger[t] = {t - 1};
    larger[0] = {29};
    EXPECT_EQ(break_cycles(larger).removed, (std::vector<std::pair<std::size_t, std::size_t>>{{0, 29}}));
}

TEST(TaskGraph, NoRemovalIsSuperfluousAndNothingOutsideCyclesIsTouched) {
    std::mt19937 random{2};
    for (int round = 0; round < 300; ++round) {
        const std::size_t tasks = 2 + random() % 60;
        WaitsFor graph = random_graph(random, tasks, random() % (tasks * 4));
        const WaitsFor before = graph;
        const auto result = break_cycles(graph);
        ASSERT_TRUE(acyclic(graph));
        for (const auto& [task, other] : result.removed) {
            ASSERT_TRUE(reaches(graph, other, task)) << "could have stayed";
            ASSERT_TRUE(reaches(before, other, task)) << "was in no cycle";
        }
    }
}

TEST(TaskGraph, TheOrderIsStable) {
    EXPECT_EQ(working_order({{}, {}, {}}), (std::vector<std::size_t>{0, 1, 2}));
    EXPECT_EQ(working_order({{2}, {}, {}}), (std::vector<std::size_t>{1, 2, 0}));
    std::mt19937 random{3};
    for (int round = 0; round < 100; ++round) {
        WaitsFor graph(40);
        for (std::size_t t = 1; t < 40; ++t)
            if (random() % 2) graph[t] = {random() % t};
        std::vector<std::size_t> same(40);
        std::iota(same.begin(), same.end(), 0);
        ASSERT_EQ(working_order(graph), same);
    }
}

TEST(TaskGraph, TheWorkGrowsWithTheGraph) {
    const std::map<std::string, std::function<WaitsFor(std::size_t)>> graphs = {
        {"chain", [](std::size_t n) { WaitsFor g(n); for (std::size_t t = 1; t < n; ++t) g[t] = {t - 1}; return g; }},
        {"circle", [](std::size_t n) { WaitsFor g(n); for (std::size_t t = 0; t < n; ++t) g[t] = {(t + 1) % n}; return g; }},
        {"small circles", [](std::size_t n) { WaitsFor g(n); for (std::size_t t = 0; t < n; ++t) g[t] = {t % 10 == 9 ? t - 9 : std::min(t + 1, n - 1)}; g[n - 1] = {}; return g; }},
        {"both ways", [](std::size_t n) { WaitsFor g(n); for (std::size_t t = 0; t < n; ++t) g[t] = {(t + 1) % n, (t + n - 1) % n}; return g; }},
        {"sixty backwards", [](std::size_t n) { WaitsFor g(n); for (std::size_t t = 1; t < n; ++t) g[t] = {t - 1}; for (std::size_t t = 0; t < 60; ++t) g[t].push_back(n - 1 - t); return g; }},
        {"random", [](std::size_t n) { std::mt19937 random{4}; return random_graph(random, n, n * 5); }}};
    for (const auto& [name, make] : graphs) {
        WaitsFor half = make(5000);
        WaitsFor whole = make(10'000);
        const std::size_t size = whole.size() + edges_of(whole);
        const std::size_t half_steps = break_cycles(half).steps;
        const std::size_t steps = break_cycles(whole).steps;
        EXPECT_LE(steps, 600 * size) << name;
        EXPECT_LE(static_cast<double>(steps), 2.1 * static_cast<double>(half_steps)) << name;
        EXPECT_TRUE(acyclic(whole)) << name;
    }
}

TEST(TaskGraph, TheWayOnWhichATaskWaitsIsTheShortest) {
    using Way = std::vector<std::size_t>;
    const WaitsFor graph{{1, 3}, {2}, {}, {4}, {5}, {2}, {0}};
    EXPECT_EQ(domain::waits_through(graph, 0, 2), (Way{0, 1, 2}));
    EXPECT_EQ(domain::waits_through(graph, 6, 5), (Way{6, 0, 3, 4, 5}));
    EXPECT_EQ(domain::waits_through(graph, 2, 0), Way{});
    EXPECT_EQ(domain::waits_through(graph, 4, 4), Way{4});
    const WaitsFor circle{{1}, {2}, {0}, {0}};
    EXPECT_EQ(domain::waits_through(circle, 1, 0), (Way{1, 2, 0}));
    EXPECT_EQ(domain::waits_through(circle, 0, 3), Way{});
}

}  // namespace
