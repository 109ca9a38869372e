// Model: what a schema must hold after a row of statements, each thing with the statement that last said so.
// Later statements undo what earlier ones said; what nobody can know (a column's type in a table made elsewhere) stays open.
#pragma once
#include <cstddef>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace scan {

struct Origin {
    std::size_t file = 0, statement = 0, line = 0;
    auto operator<=>(const Origin&) const = default;
};

template <class T>
struct Known {
    T value;
    Origin origin;
};
template <class T>
using Maybe = std::optional<Known<T>>;

struct Type {
    std::string name, mods;  // for to_regtype, parts quoted: "pg_catalog"."int4"[]; and "20" or "10,2"
};

struct Column {
    std::string name;
    std::optional<Origin> made;
    Maybe<Type> type;
    Maybe<bool> not_null, has_default, identity;
};

struct Constraint {
    char type = 'c';  // as pg_constraint has it: p u f c x
    std::string name;
    bool guessed = false;  // the name is what the server would choose
    std::vector<std::string> columns, ref_columns;
    std::string ref, ref_schema;
    Maybe<bool> valid;
    Origin made;
};

struct Index {
    std::string table;
    std::vector<std::string> columns;  // "" is an expression
    std::set<std::string> uses;        // every column it would vanish with
    bool unique = false, guessed = false;
    Origin made;
};

struct Table {
    std::string kind = "table";
    std::optional<Origin> made;
    bool complete = false;  // all columns are known, in their order
    std::vector<Column> columns;
    std::vector<Constraint> constraints;
    std::map<std::string, Origin> triggers, policies;
    Maybe<bool> row_security;
    Column* find(const std::string& column);
};

struct Rows {
    std::string table;
    std::vector<std::string> columns, key;  // "#3": the third column, where nobody knows its name
    std::vector<std::vector<std::optional<std::string>>> values;
    Origin made;
};

struct Kind {  // an enum, a domain, a composite or range type
    Origin made;
    std::vector<Known<std::string>> values;
};

struct Thing {
    std::string kind, table, name;
    auto operator<=>(const Thing&) const = default;
};

struct Model {
    std::map<std::string, Table> tables;  // views and sequences too: one name space
    std::map<std::string, Index> indexes;
    std::map<std::string, Kind> types;
    std::map<std::string, Origin> functions, extensions, schemas;
    std::vector<Rows> rows;
    std::map<Thing, Origin> absent;
    std::vector<Known<Thing>> gone;  // what was dropped or renamed, for verify sections that still name it

    Table& table(const std::string& name) { return tables[name]; }  // one that nobody made yet has no `made`
    void make(const std::string& name, const std::string& kind, Origin origin);
    void drop(const std::string& name, bool cascade, Origin origin);
    void rename(const std::string& name, const std::string& to, Origin origin);
    void forget(const std::string& name);  // nothing is known of it any more
    void add_column(const std::string& table, const Column& column);
    void drop_column(const std::string& table, const std::string& name, Origin origin);
    void rename_column(const std::string& table, const std::string& name, const std::string& to, Origin origin);
    void add_constraint(const std::string& table, Constraint constraint);
    void drop_constraint(const std::string& table, const std::string& name, bool cascade, Origin origin);
    void add_index(const std::string& name, const Index& index);
    void drop_index(const std::string& name, Origin origin);
    void drop_type(const std::string& name, bool cascade, Origin origin);
    void rename_type(const std::string& name, const std::string& to, Origin origin);
    void lose(const Thing& thing, Origin origin);  // it must not be there any more
    void forget_rows(const std::string& table);
    bool taken(const std::string& name) const;
    // The name that the server would choose: table_column_label, shortened to 63 bytes, numbered when it is taken.
    std::string choose(const std::string& table, const std::string& column, const std::string& label) const;
};

}  // namespace scan
