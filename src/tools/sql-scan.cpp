// sql-scan: reads migration files with the server's own parser and says, one line a statement, what each does and where.
// It refuses what must not be in a migration: transaction control, psql's commands, targets outside of the section's scope.
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "core/crypto.h"
#include "core/json.h"
#include "tools/scan/facts.h"
#include "tools/scan/folder.h"
#include "tools/scan/node.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using std::string, std::string_view, std::vector;

namespace {

constexpr string_view usage =
    "usage: sql-scan [--default-scope public|tenant] [--public-only NAMES] [--folder FOLDER] [--into FOLDER] [FILE...]\n"
    "       sql-scan --facts public|tenant [--only NAME] [--default-scope public|tenant] FILE...\n"
    "One line of JSON a statement of every migration file. Give it all files of a timeline: what is public's and what a tenant's\n"
    "is known from all of them. --folder: its migrations, in their order, the FILEs among them. --public-only: tables, parted by\n"
    "commas, that no tenant may have by name.\n"
    "--into: for scripts/migrate, into files of that folder, whose columns tabs part:\n"
    "  scan        file section scope transaction statement offset length line kind flags refused targets index losses warnings;\n"
    "              a line without a statement number is about the file\n"
    "  timeline    name, path, SHA-256 of the bytes, whether public and whether tenants have an up section (t, f), path of down.sql\n"
    "  normalised  name, SHA-256 without comments and white space of what is public's, of what is a tenant's, and of the whole text\n"
    "  insisting   scope and name of the up sections that say IF NOT EXISTS\n"
    "  manifest.psql  the variable m_manifest\n"
    "--facts: one JSON line a fact that holds in a schema of that scope after all the files, in the order given; --only: the\n"
    "facts that this migration is the last to have made. Also what leaves nothing to look at, and the verify sections.\n"
    "Exit: 0 fine, 1 something is refused or does not parse, 2 usage or a file that cannot be read, 3 two files have one name,\n"
    "4 what was found cannot be written.\n";

struct Relation {
    string schema, name;
    auto operator<=>(const Relation&) const = default;
};

// What is no fault, but better known before: it stands for a table that is not made in the same section.
struct Warning {
    string table, text;
};

struct Statement {
    size_t number = 0, offset = 0, length = 0, line = 0;
    string kind, refused;
    vector<string> flags;
    vector<Relation> targets;    // what it creates, changes, drops or writes
    vector<Relation> creates;    // those of the targets that are tables, views or sequences it makes
    vector<string> texts;        // string constants, to see where a new enum value is used
    vector<string> losses;       // data that it would lose: table:T column:T.C rows:T schema:S
    vector<Warning> warnings;
    string new_enum_value, index;    // index: what CREATE INDEX CONCURRENTLY makes
};

struct Section {
    string name, scope;
    bool transaction = true;
    size_t begin = 0, end = 0, line = 0;
    vector<Statement> statements;
};

struct File {
    string name, path, hash, text;               // hash: of the bytes, SHA-256
    bool marked = false;                         // it has section lines
    vector<Section> sections;
    vector<std::pair<size_t, string>> faults;    // line, what is wrong
    string down_of;                              // for a down.sql: the path of the migration that it takes back
};

// ---- the tree

using scan::Message, scan::Node, scan::messages;

bool is(Message m, const ProtobufCMessageDescriptor& d) { return m->descriptor == &d; }

string text_of(Message m) {
    return is(m, pg_query__string__descriptor) ? reinterpret_cast<const PgQuery__String*>(m)->sval : "";
}

bool flag_of(Message m, const char* field) { return Node{m}.flag(field); }

Relation last_two(const vector<Message>& names, size_t drop = 0) {
    Relation r;
    const size_t n = names.size() - std::min(drop, names.size());
    if (n > 0) r.name = text_of(names[n - 1]);
    if (n > 1) r.schema = text_of(names[n - 2]);
    return r;
}

// A name in whichever way the tree spells one: RangeVar, list of strings, TypeName, ObjectWithArgs, a single string.
// inner: how many parts at its end name something inside of the relation (a column, a trigger).
Relation named(Message m, size_t inner = 0) {
    if (is(m, pg_query__range_var__descriptor)) {
        const auto* v = reinterpret_cast<const PgQuery__RangeVar*>(m);
        return {v->schemaname, v->relname};
    }
    if (is(m, pg_query__list__descriptor)) return last_two(messages(m, "items"), inner);
    if (is(m, pg_query__type_name__descriptor)) return last_two(messages(m, "names"));
    if (is(m, pg_query__object_with_args__descriptor)) return last_two(messages(m, "objname"));
    return {"", text_of(m)};
}

// ---- what a statement touches

struct TargetField {
    const ProtobufCMessageDescriptor* type;
    const char* field;
    bool creates = false;     // a table, view or sequence that is new
    bool whole = false;       // the repeated field is one name (funcname), not a list of them
};

// Where the tree names what a statement changes. All other names are only read.
const TargetField target_fields[] = {
    {&pg_query__create_stmt__descriptor, "relation", true},
    {&pg_query__view_stmt__descriptor, "view", true},
    {&pg_query__into_clause__descriptor, "rel", true},
    {&pg_query__create_seq_stmt__descriptor, "sequence", true},
    {&pg_query__alter_table_stmt__descriptor, "relation"},
    {&pg_query__alter_seq_stmt__descriptor, "sequence"},
    {&pg_query__index_stmt__descriptor, "relation"},
    {&pg_query__rename_stmt__descriptor, "relation"},
    {&pg_query__rename_stmt__descriptor, "object"},
    {&pg_query__alter_owner_stmt__descriptor, "relation"},
    {&pg_query__alter_owner_stmt__descriptor, "object"},
    {&pg_query__alter_object_schema_stmt__descriptor, "relation"},
    {&pg_query__alter_object_schema_stmt__descriptor, "object"},
    {&pg_query__drop_stmt__descriptor, "objects"},
    {&pg_query__truncate_stmt__descriptor, "relations"},
    {&pg_query__insert_stmt__descriptor, "relation"},
    {&pg_query__update_stmt__descriptor, "relation"},
    {&pg_query__delete_stmt__descriptor, "relation"},
    {&pg_query__merge_stmt__descriptor, "relation"},
    {&pg_query__copy_stmt__descriptor, "relation"},
    {&pg_query__lock_stmt__descriptor, "relations"},
    {&pg_query__create_trig_stmt__descriptor, "relation"},
    {&pg_query__rule_stmt__descriptor, "relation"},
    {&pg_query__create_policy_stmt__descriptor, "table"},
    {&pg_query__alter_policy_stmt__descriptor, "table"},
    {&pg_query__grant_stmt__descriptor, "objects"},
    {&pg_query__comment_stmt__descriptor, "object"},
    {&pg_query__reindex_stmt__descriptor, "relation"},
    {&pg_query__vacuum_relation__descriptor, "relation"},
    {&pg_query__cluster_stmt__descriptor, "relation"},
    {&pg_query__refresh_mat_view_stmt__descriptor, "relation"},
    {&pg_query__composite_type_stmt__descriptor, "typevar"},
    {&pg_query__create_enum_stmt__descriptor, "type_name", false, true},
    {&pg_query__alter_enum_stmt__descriptor, "type_name", false, true},
    {&pg_query__create_domain_stmt__descriptor, "domainname", false, true},
    {&pg_query__alter_domain_stmt__descriptor, "type_name", false, true},
    {&pg_query__create_function_stmt__descriptor, "funcname", false, true},
    {&pg_query__alter_function_stmt__descriptor, "func"},
    {&pg_query__define_stmt__descriptor, "defnames", false, true},
    {&pg_query__create_stats_stmt__descriptor, "relations"},
};

// COMMENT, DROP and RENAME of a part name the part after its relation: schema.table.column.
size_t parts_inside(Message m) {
    PgQuery__ObjectType type = PG_QUERY__OBJECT_TYPE__OBJECT_TYPE_UNDEFINED;
    if (is(m, pg_query__drop_stmt__descriptor)) type = reinterpret_cast<const PgQuery__DropStmt*>(m)->remove_type;
    if (is(m, pg_query__comment_stmt__descriptor)) type = reinterpret_cast<const PgQuery__CommentStmt*>(m)->objtype;
    switch (type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
        case PG_QUERY__OBJECT_TYPE__OBJECT_RULE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
            return 1;
        default:
            return 0;
    }
}

// Schemas, roles, databases and the like are no relations: their bare name says nothing about scope.
bool names_no_relation(Message m) {
    if (is(m, pg_query__grant_stmt__descriptor)) {
        const auto* g = reinterpret_cast<const PgQuery__GrantStmt*>(m);
        return g->targtype != PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_OBJECT ||
               (g->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && g->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE &&
                g->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION && g->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TYPE);
    }
    if (is(m, pg_query__drop_stmt__descriptor)) {
        const auto t = reinterpret_cast<const PgQuery__DropStmt*>(m)->remove_type;
        return t == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA || t == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION ||
               t == PG_QUERY__OBJECT_TYPE__OBJECT_PUBLICATION || t == PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_SERVER;
    }
    if (is(m, pg_query__comment_stmt__descriptor)) {
        const auto t = reinterpret_cast<const PgQuery__CommentStmt*>(m)->objtype;
        return t == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA || t == PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE ||
               t == PG_QUERY__OBJECT_TYPE__OBJECT_ROLE || t == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION;
    }
    return false;
}

void note(vector<string>& flags, const char* flag) {
    if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.emplace_back(flag);
}

bool has_option(Message m, const char* list, string_view option) {
    for (const auto* o : messages(m, list))
        if (is(o, pg_query__def_elem__descriptor) && option == reinterpret_cast<const PgQuery__DefElem*>(o)->defname) return true;
    return false;
}

// What the server refuses inside of a transaction block.
bool needs_no_transaction(Message m) {
    if (is(m, pg_query__index_stmt__descriptor) || is(m, pg_query__drop_stmt__descriptor)) return flag_of(m, "concurrent");
    if (is(m, pg_query__partition_cmd__descriptor)) return flag_of(m, "concurrent");
    if (is(m, pg_query__alter_table_cmd__descriptor))
        return reinterpret_cast<const PgQuery__AlterTableCmd*>(m)->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize;
    if (is(m, pg_query__reindex_stmt__descriptor)) {
        const auto kind = reinterpret_cast<const PgQuery__ReindexStmt*>(m)->kind;
        return has_option(m, "params", "concurrently") || kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA ||
               kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM || kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE;
    }
    if (is(m, pg_query__vacuum_stmt__descriptor)) return flag_of(m, "is_vacuumcmd");
    if (is(m, pg_query__cluster_stmt__descriptor)) return messages(m, "relation").empty();
    for (const auto* d : {&pg_query__createdb_stmt__descriptor, &pg_query__dropdb_stmt__descriptor, &pg_query__alter_system_stmt__descriptor,
                          &pg_query__create_table_space_stmt__descriptor, &pg_query__drop_table_space_stmt__descriptor,
                          &pg_query__create_subscription_stmt__descriptor, &pg_query__drop_subscription_stmt__descriptor})
        if (is(m, *d)) return true;
    return false;
}

string refusal(Message m) {
    if (is(m, pg_query__transaction_stmt__descriptor))
        return "transaction control: scripts/migrate runs each section in a transaction of its own (or use the option transaction:false)";
    if (is(m, pg_query__copy_stmt__descriptor)) {
        const auto* c = reinterpret_cast<const PgQuery__CopyStmt*>(m);
        if (!*c->filename) return "COPY from or to the client: write the rows as INSERT";
    }
    if (is(m, pg_query__variable_set_stmt__descriptor)) {
        const string_view name = reinterpret_cast<const PgQuery__VariableSetStmt*>(m)->name;
        if (name == "search_path" || name == "role" || name == "session_authorization")
            return "SET " + string{name} + ": the schema and the role of a section are its scope's";
    }
    if (is(m, pg_query__prepare_stmt__descriptor)) return "PREPARE: it would be there still in the next schema";
    if (is(m, pg_query__deallocate_stmt__descriptor)) return "DEALLOCATE: it would take what the deploy has prepared";
    if (is(m, pg_query__discard_stmt__descriptor)) return "DISCARD: it would drop the locks of the deploy";
    return "";
}

// Data that is gone when the statement has run.
void note_losses(Node n, Statement& s) {
    const auto lose = [&](const char* what, const string& name) { s.losses.push_back(what + (":" + name)); };
    if (n.is("DropStmt")) {
        const string what = n.word("remove_type");
        for (const auto& object : n.list("objects")) {
            if (what == "OBJECT_TABLE") lose("table", last_two(messages(object.message(), "items")).name);
            if (what == "OBJECT_SCHEMA") lose("schema", object.name());
        }
    } else if (n.is("AlterTableStmt") && n.word("objtype") == "OBJECT_TABLE") {
        for (const auto& command : n.list("cmds"))
            if (command.word("subtype") == "AT_DropColumn") lose("column", n["relation"].text("relname") + "." + command.text("name"));
    } else if (n.is("TruncateStmt")) {
        for (const auto& relation : n.list("relations")) lose("rows", relation.text("relname"));
    } else if (n.is("DeleteStmt")) {
        lose("rows", n["relation"].text("relname"));
    }
}

// Beliefs that measurement refutes: "additive means no locks", "a NOT NULL column is just added", "IF NOT EXISTS is safe".
void note_warnings(Node n, Statement& s) {
    const string table = n["relation"].text("relname");
    const auto warn = [&](const string& text) { s.warnings.push_back({table, text}); };
    const auto masks = [&] {
        s.warnings.push_back({"", "IF NOT EXISTS leaves what is there as it is, right or wrong: deploy compares, and goes no further where it is wrong"});
        note(s.flags, "if-not-exists");
    };
    if (!n.is("IndexStmt") && n.flag("if_not_exists")) masks();
    if (n.is("IndexStmt")) {
        if (!n.flag("concurrent")) warn("CREATE INDEX blocks writes to " + table + " until it is built: CREATE INDEX CONCURRENTLY does not");
        if (n.flag("if_not_exists")) masks();
    }
    if (!n.is("AlterTableStmt") || n.word("objtype") != "OBJECT_TABLE") return;
    bool exclusive = false;
    for (const auto& command : n.list("cmds")) {
        const string what = command.word("subtype");
        exclusive |= what == "AT_AddColumn" || what == "AT_DropColumn" || what == "AT_AlterColumnType" || what == "AT_SetNotNull" ||
                     what == "AT_ColumnDefault" || what == "AT_DropNotNull" || what == "AT_DropConstraint" ||
                     (what == "AT_AddConstraint" && command["def"].word("contype") != "CONSTR_FOREIGN");
        if (what != "AT_AddColumn") continue;
        if (command.flag("missing_ok")) masks();
        bool required = false, filled = false;
        for (const auto& constraint : command["def"].list("constraints")) {
            const string kind = constraint.word("contype");
            required |= kind == "CONSTR_NOTNULL" || kind == "CONSTR_PRIMARY";
            filled |= kind == "CONSTR_DEFAULT" || kind == "CONSTR_IDENTITY" || kind == "CONSTR_GENERATED";
        }
        const auto type = command["def"]["type_name"].names("names");
        filled |= !type.empty() && type.back().find("serial") != string::npos;
        if (required && !filled)
            warn("column " + command["def"].text("colname") + " is NOT NULL without a DEFAULT: this fails where " + table + " has rows");
    }
    if (exclusive)
        warn("takes ACCESS EXCLUSIVE on " + table + ": while it waits for the lock, everybody else waits behind it, readers too");
}

void examine(Message m, Statement& s) {
    note_losses(m, s);
    note_warnings(m, s);
    for (const auto& t : target_fields) {
        if (!is(m, *t.type) || names_no_relation(m)) continue;
        const auto found = messages(m, t.field);
        if (found.empty()) continue;
        if (t.whole) s.targets.push_back(last_two(found));
        else
            for (const auto* one : found) s.targets.push_back(named(one, parts_inside(m)));
        if (!t.creates) continue;
        const bool temporary = is(found[0], pg_query__range_var__descriptor) &&
                               reinterpret_cast<const PgQuery__RangeVar*>(found[0])->relpersistence[0] == 't';
        if (temporary) s.targets.pop_back();
        else s.creates.push_back(s.targets.back());
    }
    if (needs_no_transaction(m)) note(s.flags, "no-transaction");
    if (is(m, pg_query__index_stmt__descriptor) && flag_of(m, "concurrent"))
        s.index = reinterpret_cast<const PgQuery__IndexStmt*>(m)->idxname;
    if (is(m, pg_query__do_stmt__descriptor)) note(s.flags, "dynamic");
    if (is(m, pg_query__alter_enum_stmt__descriptor)) s.new_enum_value = reinterpret_cast<const PgQuery__AlterEnumStmt*>(m)->new_val;
    if (is(m, pg_query__string__descriptor)) s.texts.push_back(text_of(m));
    if (is(m, pg_query__a__const__descriptor)) {
        const auto* c = reinterpret_cast<const PgQuery__AConst*>(m);
        if (c->val_case == PG_QUERY__A__CONST__VAL_SVAL) s.texts.push_back(c->sval->sval);
    }
    for (const auto* inner : scan::children(m)) examine(inner, s);
}

// ---- a file: sections, then statements

size_t line_at(const string& text, size_t offset) {
    return 1 + static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

// Where a statement's own text begins: the parser counts the comments before it as part of it.
size_t skip_blank(string_view t, size_t i, size_t end) {
    while (i < end) {
        if (strchr(" \t\r\n\f\v", t[i])) ++i;
        else if (t.substr(i, 2) == "--") i = std::min(end, t.find('\n', i));
        else if (t.substr(i, 2) == "/*") {
            size_t depth = 1;
            for (i += 2; i < end && depth; ++i)
                if (t.substr(i, 2) == "/*") ++depth, ++i;
                else if (t.substr(i, 2) == "*/") --depth, ++i;
        } else break;
    }
    return i;
}

void read_marker(File& file, string_view line, size_t number, string_view default_scope) {
    Section section{.name = "", .scope = string{default_scope}, .transaction = true, .begin = 0, .end = 0, .line = number, .statements = {}};
    for (size_t i = string_view{"-- migrate:"}.size(); i < line.size();) {
        const size_t end = std::min(line.size(), line.find_first_of(" \t\r", i));
        const auto word = line.substr(i, end - i);
        if (section.name.empty()) section.name = word;
        else if (word == "scope:public" || word == "scope:tenant") section.scope = word.substr(6);
        else if (word == "transaction:false" || word == "transaction:true") section.transaction = word == "transaction:true";
        else if (!word.empty()) file.faults.emplace_back(number, "unknown option " + string{word});
        i = std::min(line.size(), line.find_first_not_of(" \t\r", end));
    }
    if (section.name != "up" && section.name != "down" && section.name != "verify")
        file.faults.emplace_back(number, "unknown section migrate:" + section.name);
    for (const auto& other : file.sections)
        if (other.name == section.name && other.scope == section.scope)
            file.faults.emplace_back(number, "a second section migrate:" + section.name + " scope:" + section.scope);
    file.sections.push_back(std::move(section));
}

// What a person takes for a section's line and we do not: its SQL would run with what stands above, a down section's too.
bool near_marker(string_view line) {
    const auto skip = [&line] { line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t"))); };
    skip();
    if (!line.starts_with("--")) return false;
    line.remove_prefix(2);
    skip();
    string word{line.substr(0, line.find_first_of(" \t\r"))};
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word == "migrate:up" || word == "migrate:down" || word == "migrate:verify";
}

void find_sections(File& file, string_view default_scope) {
    const string_view t = file.text;
    size_t number = 1;
    for (size_t i = 0; i < t.size(); ++number) {
        const size_t end = std::min(t.size(), t.find('\n', i));
        auto line = t.substr(i, end - i);
        if (i == 0 && line.starts_with("   -- ")) line.remove_prefix(3);  // where a byte order mark was
        if (!line.starts_with("-- migrate:") && near_marker(line))
            file.faults.emplace_back(number, "a section begins with '-- migrate:up', '-- migrate:down' or '-- migrate:verify', written just so at the beginning of its line");
        if (line.starts_with("-- migrate:")) {
            file.marked = true;
            if (!file.sections.empty()) file.sections.back().end = i;
            else if (skip_blank(t, 0, i) < i) file.faults.emplace_back(1, "SQL before the first section");
            read_marker(file, line, number, default_scope);
            file.sections.back().begin = std::min(t.size(), end + 1);
        }
        i = end + 1;
    }
    if (file.sections.empty())    // a plain file of another tool: all of it goes up, or down
        file.sections.push_back({.name = file.down_of.empty() ? "up" : "down", .scope = string{default_scope}, .transaction = true, .begin = 0, .end = 0, .line = 1, .statements = {}});
    file.sections.back().end = t.size();
    const auto is_up = [](const Section& section) { return section.name == "up"; };
    const bool any = std::any_of(file.sections.begin(), file.sections.end(), is_up);
    if (!file.faults.empty()) return;
    if (!any && file.down_of.empty()) file.faults.emplace_back(1, "no up section: begin what is to run with '-- migrate:up'");
    if (any && !file.down_of.empty()) file.faults.emplace_back(1, "an up section in what is the way back");
}

// facts: hears of the statements, when the section is one of those whose facts are wanted.
void parse_section(File& file, Section& section, scan::Facts* facts) {
    string body = file.text.substr(section.begin, section.end - section.begin);
    const auto parsed = pg_query_parse_protobuf(body.c_str());
    if (parsed.error) {
        const size_t place = section.begin + static_cast<size_t>(std::max(0, parsed.error->cursorpos - 1));
        const bool command = place < file.text.size() && file.text[place] == '\\';
        string before = body.substr(0, static_cast<size_t>(std::max(0, parsed.error->cursorpos)));
        std::transform(before.begin(), before.end(), before.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const bool rows = before.find("from stdin") != string::npos;
        file.faults.emplace_back(line_at(file.text, std::min(place, file.text.size())),
                                 rows      ? "rows of COPY … FROM STDIN: write them as INSERT"
                                 : command ? "a command of psql: only SQL may be in a migration"
                                           : string{"does not parse: "} + parsed.error->message);
        pg_query_free_protobuf_parse_result(parsed);
        return;
    }
    auto* tree = pg_query__parse_result__unpack(nullptr, parsed.parse_tree.len, reinterpret_cast<const uint8_t*>(parsed.parse_tree.data));
    const auto at = [](size_t i) { return static_cast<std::ptrdiff_t>(i); };
    size_t seen = section.begin, line = line_at(file.text, seen);
    for (size_t i = 0; tree && i < tree->n_stmts; ++i) {
        const auto* raw = tree->stmts[i];
        const size_t start = static_cast<size_t>(raw->stmt_location);
        const size_t end = raw->stmt_len ? start + static_cast<size_t>(raw->stmt_len) : body.size();
        const size_t first = skip_blank(body, start, end);
        Statement s;
        s.number = i + 1;
        s.offset = section.begin + first;
        s.length = end - first;
        while (s.length && strchr(" \t\r\n", file.text[s.offset + s.length - 1])) --s.length;
        line += static_cast<size_t>(std::count(file.text.begin() + at(seen), file.text.begin() + at(s.offset), '\n'));
        seen = s.offset;
        s.line = line;
        const auto held = messages(&raw->base, "stmt");
        if (!held.empty()) {
            s.kind = held[0]->descriptor->short_name;
            s.refused = refusal(held[0]);
            examine(held[0], s);
            const auto text = string_view{file.text}.substr(s.offset, s.length);
            if (facts && section.name == "up") facts->statement(held[0], s.number, s.line, text);
            if (facts && section.name == "verify") facts->verify(s.line, text);
        }
        section.statements.push_back(std::move(s));
    }
    if (!tree) file.faults.emplace_back(section.line, "the parser's tree cannot be read");
    pg_query__parse_result__free_unpacked(tree, nullptr);
    pg_query_free_protobuf_parse_result(parsed);

    auto& all = section.statements;
    std::set<string> made;
    for (auto& s : all) {
        std::erase_if(s.warnings, [&](const Warning& w) { return made.contains(w.table); });
        for (const auto& r : s.creates) made.insert(r.name);
    }
    // A new value of an enum cannot be used before it is committed.
    for (size_t i = 0; i < all.size(); ++i) {
        if (all[i].new_enum_value.empty()) continue;
        for (size_t j = i + 1; j < all.size(); ++j)
            for (const auto& text : all[j].texts)
                if (text.find(all[i].new_enum_value) != string::npos) note(all[i].flags, "no-transaction");
    }
}

// ---- scope: what only public has must not be touched for a tenant, and the other way round

struct Ownership {
    std::set<string> in_public, in_tenant, public_only;
};

Ownership owners(const vector<File>& files, const string& public_only) {
    Ownership o;
    for (size_t i = 0; i < public_only.size();) {
        const size_t end = std::min(public_only.size(), public_only.find(',', i));
        o.public_only.insert(public_only.substr(i, end - i));
        i = end + 1;
    }
    for (const auto& f : files)
        for (const auto& section : f.sections)
            if (section.name == "up")
                for (const auto& s : section.statements)
                    for (const auto& r : s.creates) (section.scope == "public" ? o.in_public : o.in_tenant).insert(r.name);
    return o;
}

string scope_fault(const Section& section, const Relation& target, const Ownership& own) {
    if (target.schema == "pg_temp") return "";
    if (section.scope == "tenant") {
        if (!target.schema.empty())
            return "a tenant's section changes " + target.schema + "." + target.name + ": a tenant's own names have no schema before them";
        if (own.public_only.contains(target.name) || (own.in_public.contains(target.name) && !own.in_tenant.contains(target.name)))
            return "a tenant's section changes " + target.name + ", which is public's only";
    } else {
        if (!target.schema.empty() && target.schema != "public")
            return "a public section changes " + target.schema + "." + target.name;
        if (own.in_tenant.contains(target.name) && !own.in_public.contains(target.name))
            return "a public section changes " + target.name + ", which is the tenants'";
    }
    return "";
}

// ---- output

string flat(string s) {
    std::replace_if(s.begin(), s.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
    return s;
}

string full_name(const Relation& r) { return r.schema.empty() ? r.name : r.schema + "." + r.name; }

void print_json(FILE* to, const File& file, const Section* section, const Statement& s) {
    const auto number = [](size_t n) { return static_cast<int64_t>(n); };
    core::Writer out;
    out.object().member("file", file.path);
    if (section)
        out.member("section", section->name).member("scope", section->scope).member("transaction", section->transaction)
            .member("statement", number(s.number)).member("offset", number(s.offset)).member("length", number(s.length));
    out.member("line", number(s.line));
    if (section) {
        out.member("kind", s.kind).key("targets").array();
        for (const auto& t : s.targets) out.object().member("schema", t.schema).member("name", t.name).end_object();
        out.end_array().key("flags").array();
        for (const auto& flag : s.flags) out.value(flag);
        out.end_array();
        if (!s.index.empty()) out.member("index", s.index);
        out.key("losses").array();
        for (const auto& loss : s.losses) out.value(loss);
        out.end_array().key("warnings").array();
        for (const auto& warning : s.warnings) out.value(warning.text);
        out.end_array();
    }
    if (!s.refused.empty()) out.member("refused", s.refused);
    fprintf(to, "%s\n", out.end_object().str().c_str());
}

// Empty columns are "-": a shell's read takes two tabs for one.
void print_columns(FILE* out, const File& file, const Section* section, const Statement& s) {
    string flags, targets, losses, warnings;
    for (const auto& l : s.losses) losses += (losses.empty() ? "" : ",") + flat(l);
    for (const auto& w : s.warnings) warnings += (warnings.empty() ? "" : "; ") + flat(w.text);
    for (const auto& f : s.flags) flags += (flags.empty() ? "" : ",") + f;
    for (const auto& t : s.targets) targets += (targets.empty() ? "" : ",") + flat(full_name(t));
    const auto or_dash = [](string v) { return v.empty() ? string{"-"} : v; };
    // What may be run is known by the path of the migration, what is refused by where it stands.
    const string& path = section && s.refused.empty() && !file.down_of.empty() ? file.down_of : file.path;
    fprintf(out, "%s\t%s\t%s\t%s\t%s\t%zu\t%zu\t%zu\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", flat(path).c_str(), section ? section->name.c_str() : "-",
           section ? section->scope.c_str() : "-", section && !section->transaction ? "false" : "true",
           section ? std::to_string(s.number).c_str() : "-", s.offset, s.length, s.line, or_dash(s.kind).c_str(), or_dash(flags).c_str(),
           or_dash(flat(s.refused)).c_str(), or_dash(targets).c_str(),
           or_dash(flat(s.index)).c_str(), or_dash(losses).c_str(), or_dash(warnings).c_str());
}

// The file's tokens, one space between them: two files that differ only in comments and white space become the same.
string normalised(const string& text) {
    string out;
    const auto scan = pg_query_scan(text.c_str());
    if (scan.error) out = text;
    else if (auto* result = pg_query__scan_result__unpack(nullptr, scan.pbuf.len, reinterpret_cast<const uint8_t*>(scan.pbuf.data))) {
        for (size_t i = 0; i < result->n_tokens; ++i) {
            const auto* t = result->tokens[i];
            const string token = text.substr(static_cast<size_t>(t->start), static_cast<size_t>(t->end - t->start));
            const bool comment = t->token == PG_QUERY__TOKEN__SQL_COMMENT || t->token == PG_QUERY__TOKEN__C_COMMENT;
            if (comment && !token.starts_with("-- migrate:")) continue;    // the section lines do count
            out += token;
            while (comment && strchr(" \t\r", out.back())) out.pop_back();
            out += comment ? '\n' : ' ';
        }
        pg_query__scan_result__free_unpacked(result, nullptr);
    }
    pg_query_free_scan_result(scan);
    return out;
}

// ---- for scripts/migrate

// What of the file a schema of that scope has to do with: a change of one scope's sections is none of the other's.
string part_of(const File& file, string_view scope) {
    string text;
    for (const auto& section : file.sections)
        if (section.scope == scope)
            text += "-- migrate:" + section.name + (section.transaction ? "\n" : " transaction:false\n") + file.text.substr(section.begin, section.end - section.begin) + '\n';
    return text;
}

string literal(const string& text) {
    string out = "'";
    for (const char c : text) out += c == '\'' ? "''" : string{c};
    return out + "'";
}

// A word of psql's \set.
string word(const string& text) {
    string out;
    for (const char c : text) out += c == '\\' ? "\\\\" : string{c};
    return literal(out);
}

bool has_up(const File& file, string_view scope, string_view default_scope) {
    bool any = false;
    for (const auto& section : file.sections) {
        any |= section.name == "up";
        if (section.name == "up" && section.scope == scope) return true;
    }
    // What waits to be refused is its default scope's.
    return !any && scope == default_scope;
}

// The file of that name in a folder; false where it cannot be written.
bool write_file(const string& folder, const char* name, const string& text) {
    std::ofstream out{folder + "/" + name, std::ios::binary};
    return static_cast<bool>(out << text) && static_cast<bool>(out.flush());
}

bool write_timeline(const string& folder, const vector<File>& files, const string& default_scope) {
    string timeline, normal, insisting;
    core::Writer manifest;
    manifest.object();
    for (const auto& file : files) {
        if (!file.down_of.empty()) continue;
        const auto* next = &file + 1;
        const bool down = next < files.data() + files.size() && next->down_of == file.path;
        const bool in_public = has_up(file, "public", default_scope), in_tenant = has_up(file, "tenant", default_scope);
        timeline += file.name + '\t' + file.path + '\t' + file.hash + (in_public ? "\tt" : "\tf") + (in_tenant ? "\tt\t" : "\tf\t") + (down ? next->path : "-") + '\n';
        const auto hash = [&](const string& text) { return core::hex(core::sha256(normalised(text))); };
        const string whole = hash(file.text);
        const auto part = [&](string_view scope) { return file.marked ? hash(part_of(file, scope)) : whole; };
        normal += file.name + '\t' + part("public") + '\t' + part("tenant") + '\t' + whole + '\n';
        for (const auto& section : file.sections) {
            const auto insists = [](const Statement& s) { return std::find(s.flags.begin(), s.flags.end(), "if-not-exists") != s.flags.end(); };
            if (section.name == "up" && std::any_of(section.statements.begin(), section.statements.end(), insists)) insisting += section.scope + '\t' + file.name + '\n';
        }
        manifest.member(file.name, file.hash);
    }
    return write_file(folder, "timeline", timeline) && write_file(folder, "normalised", normal) && write_file(folder, "insisting", insisting) &&
           write_file(folder, "manifest.psql", "\\set m_manifest " + word(manifest.end_object().take()) + "\n");
}

// What was found could not be kept.
struct Unwritable {};

// ---- what is asked

struct Request {
    string default_scope = "public", public_only, facts_scope, only, folder, into;
    vector<string> paths;
};

bool is_scope(const string& text) { return text == "public" || text == "tenant"; }

std::optional<Request> request(int argc, char** argv) {
    Request r;
    const std::pair<string_view, string*> options[] = {{"--default-scope", &r.default_scope}, {"--public-only", &r.public_only}, {"--facts", &r.facts_scope},
                                                       {"--only", &r.only}, {"--folder", &r.folder}, {"--into", &r.into}};
    for (int i = 1; i < argc; ++i) {
        const string_view arg = argv[i];
        const auto* option = std::find_if(std::begin(options), std::end(options), [&](const auto& o) { return o.first == arg; });
        if (option != std::end(options)) {
            if (++i == argc) return {};
            *option->second = argv[i];
        } else if (arg.starts_with("--")) return {};
        else r.paths.emplace_back(arg);
    }
    if ((r.paths.empty() && r.folder.empty()) || !is_scope(r.default_scope) || (!r.facts_scope.empty() && !is_scope(r.facts_scope))) return {};
    return r;
}

// Throws scan::Unreadable.
void read(File& file, const string& default_scope) {
    std::ifstream in{file.path, std::ios::binary};
    file.text.assign(std::istreambuf_iterator<char>{in}, {});
    if (!in) throw scan::Unreadable{"cannot read " + file.path};
    file.hash = core::hex(core::sha256(file.text));
    // A byte order mark is white space here, so that offsets stay those of the file.
    if (file.text.starts_with("\xef\xbb\xbf")) file.text.replace(0, 3, "   ");
    if (file.text.find('\0') != string::npos) file.faults.emplace_back(1, "holds a NUL byte");
    else find_sections(file, default_scope);
}

vector<File> read_all(const Request& r) {
    vector<File> files;
    const auto add = [&](const string& name, const string& path, const string& down_of) {
        File file;
        file.name = name, file.path = path, file.down_of = down_of;
        read(file, r.default_scope);
        files.push_back(std::move(file));
    };
    if (r.folder.empty() && r.into.empty()) {
        for (const auto& path : r.paths) add(scan::name_of(path), path, "");
        return files;
    }
    for (const auto& m : scan::timeline(r.folder, r.paths)) {
        add(m.name, m.path, "");
        if (!m.down.empty() && !files.back().marked) add(m.name, m.down, m.path);
    }
    return files;
}

int scan_files(const Request& r) {
    auto files = read_all(r);
    scan::Facts facts;
    for (auto& file : files) {
        facts.file(file.name);
        for (auto& section : file.sections) parse_section(file, section, section.scope == r.facts_scope ? &facts : nullptr);
        for (const auto& [line, fault] : file.faults) facts.unread(line, fault);
    }
    if (!r.facts_scope.empty()) {
        facts.write([](const string& json) { puts(json.c_str()); }, r.only);
        return 0;
    }
    FILE* out = r.into.empty() ? stdout : fopen((r.into + "/scan").c_str(), "w");
    if (!out) throw Unwritable{};
    const auto print = r.into.empty() ? print_json : print_columns;
    const auto own = owners(files, r.public_only);
    bool refused = false;
    for (auto& file : files) {
        for (auto& [line, fault] : file.faults) {
            Statement about;
            about.line = line;
            about.refused = fault;
            print(out, file, nullptr, about);
            refused = true;
        }
        for (auto& section : file.sections)
            for (auto& s : section.statements) {
                for (const auto& t : s.targets)
                    if (s.refused.empty()) s.refused = scope_fault(section, t, own);
                refused |= !s.refused.empty();
                print(out, file, &section, s);
            }
    }
    const bool full = fflush(out) != 0 || ferror(out);
    if (full || (!r.into.empty() && (fclose(out) != 0 || !write_timeline(r.into, files, r.default_scope)))) throw Unwritable{};
    return refused ? 1 : 0;
}

}

int main(int argc, char** argv) {
    if (argc == 2 && string_view{argv[1]} == "--help") return fputs(usage.data(), stdout), 0;
    const auto asked = request(argc, argv);
    if (!asked) return fputs(usage.data(), stderr), 2;
    try {
        return scan_files(*asked);
    } catch (const scan::SameName& error) {
        return fprintf(stderr, "%s\n", error.what()), 3;
    } catch (const scan::Unreadable& error) {
        return fprintf(stderr, "%s\n", error.what()), 2;
    } catch (const Unwritable&) {
        return 4;
    }
}
