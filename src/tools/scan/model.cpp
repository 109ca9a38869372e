// What each change takes with it: indexes go with their columns, foreign keys with their tables.
#include "tools/scan/model.h"

#include <algorithm>

namespace scan {

using std::string, std::vector;

namespace {

bool holds(const vector<string>& list, const string& one) { return std::find(list.begin(), list.end(), one) != list.end(); }

void replace(vector<string>& list, const string& from, const string& to) { std::replace(list.begin(), list.end(), from, to); }

// Cuts a name to that many bytes, never inside of a character.
string clip(const string& text, size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
    return text.substr(0, bytes);
}

}  // namespace

Column* Table::find(const string& column) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == column; });
    return found == columns.end() ? nullptr : &*found;
}

void Model::lose(const Thing& thing, Origin origin) {
    absent[thing] = origin;
    gone.push_back({thing, origin});
}

void Model::make(const string& name, const string& kind, Origin origin) {
    forget(name);
    absent.erase({"relation", "", name});
    auto& made = tables[name];
    made.kind = kind;
    made.made = origin;
}

void Model::forget(const string& name) {
    tables.erase(name);
    std::erase_if(indexes, [&](const auto& i) { return i.second.table == name; });
    std::erase_if(absent, [&](const auto& a) { return a.first.table == name; });
    forget_rows(name);
}

void Model::forget_rows(const string& table) {
    std::erase_if(rows, [&](const Rows& r) { return r.table == table; });
}

void Model::drop(const string& name, bool cascade, Origin origin) {
    forget(name);
    for (auto& [other, t] : tables) {
        std::erase_if(t.constraints, [&](const Constraint& c) { return c.type == 'f' && c.ref == name; });
        // Which views stood on it, nobody here knows.
        if (cascade && t.kind.ends_with("view")) t.made.reset();
    }
    lose({"relation", "", name}, origin);
}

void Model::rename(const string& name, const string& to, Origin origin) {
    if (const auto found = tables.find(name); found != tables.end()) {
        auto moved = std::move(found->second);
        tables.erase(found);
        if (moved.made) moved.made = origin;
        tables[to] = std::move(moved);
    } else {
        tables[to].made = origin;
    }
    for (auto& [index, i] : indexes)
        if (i.table == name) i.table = to;
    for (auto& [other, t] : tables)
        for (auto& c : t.constraints)
            if (c.type == 'f' && c.ref == name) c.ref = to;
    for (auto& r : rows)
        if (r.table == name) r.table = to;
    std::map<Thing, Origin> kept;
    for (const auto& [thing, since] : absent) kept[{thing.kind, thing.table == name ? to : thing.table, thing.name}] = since;
    absent = std::move(kept);
    absent.erase({"relation", "", to});
    lose({"relation", "", name}, origin);
}

void Model::add_column(const string& name, const Column& column) {
    auto& t = table(name);
    if (auto* there = t.find(column.name)) *there = column;
    else t.columns.push_back(column);
    absent.erase({"column", name, column.name});
}

void Model::drop_column(const string& name, const string& column, Origin origin) {
    auto& t = table(name);
    std::erase_if(t.columns, [&](const Column& c) { return c.name == column; });
    std::erase_if(t.constraints, [&](const Constraint& c) { return holds(c.columns, column); });
    std::erase_if(indexes, [&](const auto& i) { return i.second.table == name && i.second.uses.contains(column); });
    for (auto& [other, o] : tables)
        std::erase_if(o.constraints, [&](const Constraint& c) { return c.type == 'f' && c.ref == name && holds(c.ref_columns, column); });
    for (auto& r : rows) {
        if (r.table != name) continue;
        if (holds(r.key, column)) r.key.clear();
        for (size_t i = r.columns.size(); i-- > 0;) {
            if (r.columns[i] != column) continue;
            r.columns.erase(r.columns.begin() + static_cast<std::ptrdiff_t>(i));
            for (auto& values : r.values) values.erase(values.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    std::erase_if(rows, [&](const Rows& r) { return r.columns.empty() || (r.table == name && r.columns[0].starts_with('#')); });
    lose({"column", name, column}, origin);
}

void Model::rename_column(const string& name, const string& column, const string& to, Origin origin) {
    auto& t = table(name);
    if (auto* there = t.find(column)) {
        there->name = to;
        there->made = origin;
    } else {
        Column unknown;
        unknown.name = to;
        unknown.made = origin;
        t.columns.push_back(unknown);
    }
    for (auto& c : t.constraints) replace(c.columns, column, to);
    for (auto& [index, i] : indexes)
        if (i.table == name) {
            replace(i.columns, column, to);
            if (i.uses.erase(column)) i.uses.insert(to);
        }
    for (auto& [other, o] : tables)
        for (auto& c : o.constraints)
            if (c.type == 'f' && c.ref == name) replace(c.ref_columns, column, to);
    for (auto& r : rows)
        if (r.table == name) {
            replace(r.columns, column, to);
            replace(r.key, column, to);
        }
    absent.erase({"column", name, to});
    lose({"column", name, column}, origin);
}

void Model::add_constraint(const string& name, Constraint constraint) {
    auto& t = table(name);
    absent.erase({"constraint", name, constraint.name});
    if (constraint.type != 'c' && constraint.type != 'f') absent.erase({"index", "", constraint.name});  // it has one of its name
    // A primary key makes its columns NOT NULL, for good.
    if (constraint.type == 'p')
        for (const auto& column : constraint.columns)
            if (auto* c = t.find(column)) c->not_null = Known<bool>{true, constraint.made};
    t.constraints.push_back(std::move(constraint));
}

void Model::drop_constraint(const string& name, const string& constraint, bool cascade, Origin origin) {
    auto& t = table(name);
    if (std::erase_if(t.constraints, [&](const Constraint& c) { return c.name == constraint; }) == 0)
        // Perhaps one whose name was guessed wrong: then nothing is said of those.
        std::erase_if(t.constraints, [](const Constraint& c) { return c.guessed; });
    if (cascade)
        for (auto& [other, o] : tables) std::erase_if(o.constraints, [&](const Constraint& c) { return c.type == 'f' && c.ref == name; });
    lose({"constraint", name, constraint}, origin);
}

void Model::add_index(const string& name, const Index& index) {
    indexes[name] = index;
    absent.erase({"index", "", name});
}

void Model::drop_index(const string& name, Origin origin) {
    indexes.erase(name);
    lose({"index", "", name}, origin);
}

void Model::drop_type(const string& name, bool cascade, Origin origin) {
    types.erase(name);
    if (cascade)
        for (auto& [table_name, t] : tables)
            std::erase_if(t.columns, [&](const Column& c) { return c.type && c.type->value.name.starts_with('"' + name + '"'); });
    lose({"type", "", name}, origin);
}

void Model::rename_type(const string& name, const string& to, Origin origin) {
    if (const auto found = types.find(name); found != types.end()) {
        auto moved = std::move(found->second);
        types.erase(found);
        moved.made = origin;
        types[to] = std::move(moved);
    } else {
        types[to].made = origin;
    }
    const string quoted = '"' + name + '"';
    for (auto& [table_name, t] : tables)
        for (auto& c : t.columns)
            if (c.type && c.type->value.name.starts_with(quoted)) c.type->value.name.replace(0, quoted.size(), '"' + to + '"');
    absent.erase({"type", "", to});
    lose({"type", "", name}, origin);
}

bool Model::taken(const string& name) const {
    if (tables.contains(name) || indexes.contains(name)) return true;
    for (const auto& [table_name, t] : tables)
        for (const auto& c : t.constraints)
            if (c.name == name) return true;
    return false;
}

string Model::choose(const string& table, const string& column, const string& label) const {
    for (int pass = 0;; ++pass) {
        const string end = "_" + label + (pass ? std::to_string(pass) : "");
        const size_t room = 63 - end.size() - (column.empty() ? 0 : 1);
        size_t first = table.size(), second = column.size();
        while (first + second > room) --(first > second ? first : second);  // the longer of the two gives
        const string name = clip(table, first) + (column.empty() ? "" : "_" + clip(column, second)) + end;
        if (!taken(name)) return name;
    }
}

}  // namespace scan
