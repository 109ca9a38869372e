// Reads each statement into the model; a statement whose effect the catalogue does not show is noted as one without trace.
#include "tools/scan/facts.h"

#include <algorithm>
#include <cctype>

#include "core/json.h"

namespace scan {

using std::optional, std::string, std::string_view, std::vector;

namespace {

string quoted(const string& name) {
    string out = "\"";
    for (const char c : name) out += c == '"' ? string{"\"\""} : string{c};
    return out + '"';
}

string joined(const vector<string>& parts, const char* between = ", ") {
    string out;
    for (const auto& p : parts) out += (out.empty() ? "" : between) + (p.empty() ? string{"an expression"} : p);
    return out;
}

string lower(string_view text) {
    string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// Whether the text has this name as a word of its own.
bool mentions(const string& text, const string& name) {
    const auto part = [](char c) { return c == '_' || c == '$' || std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80); };
    const string wanted = lower(name);
    for (size_t i = text.find(wanted); !wanted.empty() && i != string::npos; i = text.find(wanted, i + 1))
        if ((i == 0 || !part(text[i - 1])) && (i + wanted.size() >= text.size() || !part(text[i + wanted.size()]))) return true;
    return false;
}

bool mentions_any(const string& text, std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return mentions(text, name); });
}

// The last part of a name in any of the ways in which the tree spells one.
string last_name(Node n) {
    if (n.is("RangeVar")) return n.text("relname");
    if (n.is("String")) return n.name();
    for (const char* field : {"items", "names", "objname"})
        if (const auto parts = n.names(field); !parts.empty()) return parts.back();
    return "";
}

string last_of(const vector<string>& parts) { return parts.empty() ? "" : parts.back(); }

// A constant as text; an empty optional inside is NULL. Nothing where it is no constant.
optional<optional<string>> constant(Node n) {
    if (n.is("TypeCast")) {
        const auto inner = constant(n["arg"]);
        // 'now'::timestamp is a constant to the parser only.
        if (inner && *inner)
            for (const char* word : {"now", "today", "tomorrow", "yesterday"})
                if (lower(**inner) == word) return {};
        return inner;
    }
    if (n.is("AExpr") && !n["lexpr"] && last_of(n.names("name")) == "-") {
        const auto inner = constant(n["rexpr"]);
        if (inner && *inner) return optional<string>{"-" + **inner};
        return {};
    }
    if (!n.is("AConst")) return {};
    if (n.flag("isnull")) return optional<string>{};
    if (const auto v = n["ival"]) return optional<string>{std::to_string(v.number("ival"))};
    if (const auto v = n["fval"]) return optional<string>{v.text("fval")};
    if (const auto v = n["boolval"]) return optional<string>{v.flag("boolval") ? "true" : "false"};
    if (const auto v = n["sval"]) return optional<string>{v.text("sval")};
    return {};
}

Type type_of(Node n) {
    Type type;
    for (const auto& part : n.names("names")) type.name += (type.name.empty() ? "" : ".") + quoted(part);
    for (const auto& mod : n.list("typmods")) {
        const auto value = constant(mod);
        if (!value || !*value) return {type.name, "?"};  // nobody can compare those
        type.mods += (type.mods.empty() ? "" : ",") + **value;
    }
    if (type.name.ends_with("\"numeric\"") && !type.mods.empty() && type.mods.find(',') == string::npos) type.mods += ",0";
    // An interval's numbers are masks of fields.
    if (type.name.ends_with("\"interval\"")) type.mods.clear();
    for (size_t i = 0; i < n.list("array_bounds").size(); ++i)
        if (i == 0) type.name += "[]";  // the catalogue has one kind of array
    return type;
}

string spoken(const Type& type) {
    string name = type.name;
    if (name.starts_with("\"pg_catalog\".")) name.erase(0, 13);
    std::erase(name, '"');
    for (const auto& [from, to] : {std::pair{"int4", "integer"}, {"int8", "bigint"}, {"int2", "smallint"}, {"bool", "boolean"},
                                   {"float8", "double precision"}, {"float4", "real"}, {"bpchar", "char"}})
        if (name == from || name == string{from} + "[]") name.replace(0, string_view{from}.size(), to);
    if (type.mods.empty()) return name;
    return name.ends_with("[]") ? name.substr(0, name.size() - 2) + "(" + type.mods + ")[]" : name + "(" + type.mods + ")";
}

void columns_in(Node n, vector<string>& found) {
    if (n.is("ColumnRef")) {
        const auto name = last_of(n.names("fields"));
        if (!name.empty() && std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
    }
    for (const auto* child : children(n.message())) columns_in(child, found);
}

bool calls(Node n) {
    if (n.is("FuncCall")) return true;
    const auto inside = children(n.message());
    return std::any_of(inside.begin(), inside.end(), [](Message m) { return calls(m); });
}

const char* kind_of_object(const string& object) {
    if (object == "OBJECT_VIEW") return "view";
    if (object == "OBJECT_MATVIEW") return "materialized view";
    if (object == "OBJECT_SEQUENCE") return "sequence";
    if (object == "OBJECT_FOREIGN_TABLE") return "foreign table";
    return "table";
}

bool is_relation(const string& object) {
    return object == "OBJECT_TABLE" || object == "OBJECT_VIEW" || object == "OBJECT_MATVIEW" || object == "OBJECT_SEQUENCE" ||
           object == "OBJECT_FOREIGN_TABLE";
}

}  // namespace

void Facts::file(const string& migration) {
    files_.push_back(migration);
    now_ = {.file = files_.size() - 1, .statement = 0, .line = 0};
}

void Facts::unseen(string kind) { unseen_.push_back({now_, std::move(kind)}); }

void Facts::unread(size_t line, const string& why) {
    now_.line = line;
    unread_.push_back({now_, why});
}

void Facts::verify(size_t line, string_view text) {
    now_.line = line;
    verify_.push_back({now_, lower(text)});
}

bool Facts::own(Node range) const {
    if (!range || range.text("relpersistence") == "t" || range.text("schemaname") == "pg_temp") return false;
    return !range.text("schemaname").empty() || !temporary_.contains(range.text("relname"));
}

void Facts::statement(Node s, size_t number, size_t line, string_view text) {
    now_.statement = number;
    now_.line = line;
    forget_written(s);
    const string relation = s["relation"].text("relname");
    if (!relation.empty() && own(s["relation"])) changed_.push_back({now_, relation});
    if (s.is("CreateStmt")) create_table(s);
    else if (s.is("CreateForeignTableStmt")) create_table(s["base_stmt"]);
    else if (s.is("AlterTableStmt")) alter_table(s);
    else if (s.is("IndexStmt")) create_index(s);
    else if (s.is("DropStmt")) drop(s);
    else if (s.is("RenameStmt")) rename(s);
    else if (s.is("InsertStmt")) insert(s);
    else if (s.is("ViewStmt")) {
        if (own(s["view"])) model_.make(s["view"].text("relname"), "view", now_);
    } else if (s.is("CreateTableAsStmt") || (s.is("SelectStmt") && s["into_clause"])) {
        const auto range = s.is("SelectStmt") ? s["into_clause"]["rel"] : s["into"]["rel"];
        const string name = range.text("relname");
        if (range.text("relpersistence") == "t") temporary_.insert(name);
        else if (own(range) && !(s.flag("if_not_exists") && model_.tables.contains(name)))
            model_.make(name, kind_of_object(s.word("objtype")), now_);
    } else if (s.is("CreateSeqStmt")) {
        const string name = s["sequence"].text("relname");
        if (own(s["sequence"]) && !(s.flag("if_not_exists") && model_.tables.contains(name))) model_.make(name, "sequence", now_);
    } else if (s.is("CreateEnumStmt")) {
        auto& made = model_.types[last_of(s.names("type_name"))];
        made = {.made = now_, .values = {}};
        for (const auto& value : s.names("vals")) made.values.push_back({value, now_});
        model_.absent.erase({"type", "", last_of(s.names("type_name"))});
    } else if (s.is("AlterEnumStmt")) {
        const string name = last_of(s.names("type_name"));
        const bool known = model_.types.contains(name);
        auto& type = model_.types[name];
        if (!known) type.made = now_;
        if (const auto old = s.text("old_val"); !old.empty()) std::erase_if(type.values, [&](const auto& v) { return v.value == old; });
        const string added = s.text("new_val");
        if (std::none_of(type.values.begin(), type.values.end(), [&](const auto& v) { return v.value == added; }))
            type.values.push_back({added, now_});
    } else if (s.is("CompositeTypeStmt") || s.is("CreateDomainStmt") || s.is("CreateRangeStmt")) {
        const string name = s.is("CompositeTypeStmt") ? s["typevar"].text("relname") : last_of(s.names(s.is("CreateDomainStmt") ? "domainname" : "type_name"));
        model_.types[name] = {.made = now_, .values = {}};
        model_.absent.erase({"type", "", name});
    } else if (s.is("CreateFunctionStmt")) {
        const auto parts = s.names("funcname");
        if (parts.size() < 2 || parts[0] != "pg_temp") model_.functions[last_of(parts)] = now_;
    } else if (s.is("CreateTrigStmt")) {
        if (own(s["relation"])) {
            model_.table(relation).triggers[s.text("trigname")] = now_;
            model_.absent.erase({"trigger", relation, s.text("trigname")});
        }
    } else if (s.is("CreatePolicyStmt")) {
        const string table = s["table"].text("relname");
        model_.table(table).policies[s.text("policy_name")] = now_;
        model_.absent.erase({"policy", table, s.text("policy_name")});
    } else if (s.is("CreateExtensionStmt")) {
        if (!model_.extensions.contains(s.text("extname"))) model_.extensions[s.text("extname")] = now_;
        model_.absent.erase({"extension", "", s.text("extname")});
    } else if (s.is("CreateSchemaStmt")) {
        if (!model_.schemas.contains(s.text("schemaname"))) model_.schemas[s.text("schemaname")] = now_;
        model_.absent.erase({"schema", "", s.text("schemaname")});
    } else if (s.is("AlterObjectSchemaStmt")) {
        if (own(s["relation"])) model_.drop(relation, false, now_);
    } else if (s.is("UpdateStmt") || s.is("DeleteStmt") || s.is("MergeStmt")) {
        if (own(s["relation"])) unseen(string{s.kind()});
    } else if (s.is("DoStmt") || s.is("CallStmt")) {
        string words = lower(text);
        for (size_t at; (at = words.find("alter default privileges")) != string::npos;) words.erase(at, 5);  // changes no table
        dynamic_.push_back({now_, words});
        unseen(string{s.kind()});
    } else if (s.is("SelectStmt")) {
        if (calls(s)) unseen("SelectStmt");
    } else if (s.is("TruncateStmt") || s.is("CopyStmt") || s.is("RefreshMatViewStmt")) {
        unseen(string{s.kind()});
    }
}

// Rows that a later statement may have changed or removed are no fact any more; WITH may hide such a statement anywhere.
void Facts::forget_written(Node n) {
    if (n.is("UpdateStmt") || n.is("DeleteStmt") || n.is("MergeStmt")) {
        if (own(n["relation"])) model_.forget_rows(n["relation"].text("relname"));
    } else if (n.is("TruncateStmt")) {
        for (const auto& r : n.list("relations")) model_.forget_rows(r.text("relname"));
    }
    for (const auto* child : children(n.message())) forget_written(child);
}

Constraint Facts::constraint_of(const string& table, Node d, const string& column) {
    Constraint c;
    c.made = now_;
    c.name = d.text("conname");
    const string type = d.word("contype");
    string label = "check";
    if (type == "CONSTR_PRIMARY" || type == "CONSTR_UNIQUE") {
        c.type = type == "CONSTR_PRIMARY" ? 'p' : 'u';
        c.columns = d.names("keys");
        label = c.type == 'p' ? "pkey" : "key";
        if (const auto index = model_.indexes.find(d.text("indexname")); index != model_.indexes.end()) {
            c.columns = index->second.columns;
            if (c.name.empty()) c.name = index->first;
            model_.indexes.erase(index);
        }
    } else if (type == "CONSTR_FOREIGN") {
        c.type = 'f';
        c.columns = d.names("fk_attrs");
        c.ref_columns = d.names("pk_attrs");
        c.ref = d["pktable"].text("relname");
        c.ref_schema = d["pktable"].text("schemaname");
        label = "fkey";
    } else if (type == "CONSTR_EXCLUSION") {
        c.type = 'x';
        for (const auto& pair : d.list("exclusions"))
            for (const auto& part : pair.list("items"))
                if (part.is("IndexElem")) c.columns.push_back(part.text("name"));
        label = "excl";
    } else {
        columns_in(d["raw_expr"], c.columns);
    }
    if (c.type != 'c' && c.columns.empty() && !column.empty()) c.columns = {column};
    if (c.type == 'f' || c.type == 'c')
        if (!d.flag("skip_validation")) c.valid = Known<bool>{true, now_};
    if (c.name.empty()) {
        c.guessed = true;
        // A CHECK of one column is named after it; any other after its table alone. A primary key has one name.
        const string middle = c.type == 'p' ? "" : c.type == 'c' ? (c.columns.size() == 1 ? c.columns[0] : "") : joined(c.columns, "_");
        c.name = model_.choose(table, middle, label);
    }
    return c;
}

Column Facts::column_of(const string& table, Node d) {
    Column c;
    c.name = d.text("colname");
    c.made = now_;
    Type type = type_of(d["type_name"]);
    bool not_null = false, has_default = false, identity = false;
    for (const auto& [serial, real] : {std::pair{"serial", "int4"}, {"serial4", "int4"}, {"bigserial", "int8"}, {"serial8", "int8"},
                                       {"smallserial", "int2"}, {"serial2", "int2"}})
        if (type.name == quoted(serial)) {
            type.name = "\"pg_catalog\"." + quoted(real);
            not_null = has_default = true;
        }
    for (const auto& one : d.list("constraints")) {
        const string what = one.word("contype");
        if (what == "CONSTR_NOTNULL") not_null = true;
        else if (what == "CONSTR_DEFAULT") has_default = !(one["raw_expr"].is("AConst") && one["raw_expr"].flag("isnull"));
        else if (what == "CONSTR_GENERATED") has_default = true;
        else if (what == "CONSTR_IDENTITY") identity = not_null = true;
        else if (what == "CONSTR_PRIMARY" || what == "CONSTR_UNIQUE" || what == "CONSTR_CHECK" || what == "CONSTR_FOREIGN") {
            model_.add_constraint(table, constraint_of(table, one, c.name));
            not_null |= what == "CONSTR_PRIMARY";
        }
    }
    c.type = Known<Type>{type, now_};
    c.not_null = Known<bool>{not_null, now_};
    if (has_default) c.has_default = Known<bool>{true, now_};  // a default more than asked for does no harm
    if (identity) c.identity = Known<bool>{true, now_};
    return c;
}

void Facts::create_table(Node s) {
    const string name = s["relation"].text("relname");
    if (s["relation"].text("relpersistence") == "t") {
        temporary_.insert(name);
        return;
    }
    if (!own(s["relation"]) || (s.flag("if_not_exists") && model_.tables.contains(name))) return;
    model_.make(name, s.is("CreateStmt") ? "table" : "foreign table", now_);
    auto& t = model_.tables[name];
    t.complete = s.list("inh_relations").empty() && !s["of_typename"] && !s["partbound"];
    for (const auto& element : s.list("table_elts")) {
        if (element.is("ColumnDef")) {
            model_.add_column(name, column_of(name, element));
        } else if (element.is("Constraint")) {
            model_.add_constraint(name, constraint_of(name, element, ""));
        } else {
            t.complete = false;  // LIKE
        }
    }
}

void Facts::alter_table(Node s) {
    if (!own(s["relation"]) || s.word("objtype") != "OBJECT_TABLE") return;
    const string name = s["relation"].text("relname");
    for (const auto& command : s.list("cmds")) {
        const string what = command.word("subtype");
        const string part = command.text("name");
        if (what == "AT_AddColumn") {
            const string column = command["def"].text("colname");
            if (command.flag("missing_ok") && model_.table(name).find(column)) continue;
            model_.add_column(name, column_of(name, command["def"]));
        } else if (what == "AT_DropColumn") {
            model_.drop_column(name, part, now_);
        } else if (what == "AT_AddConstraint") {
            model_.add_constraint(name, constraint_of(name, command["def"], ""));
        } else if (what == "AT_DropConstraint") {
            model_.drop_constraint(name, part, command.word("behavior") == "DROP_CASCADE", now_);
        } else if (what == "AT_ValidateConstraint") {
            for (auto& c : model_.table(name).constraints)
                if (c.name == part) c.valid = Known<bool>{true, now_};
        } else if (what == "AT_EnableRowSecurity" || what == "AT_DisableRowSecurity") {
            model_.table(name).row_security = Known<bool>{what == "AT_EnableRowSecurity", now_};
        } else if (what.starts_with("AT_DisableTrig")) {
            auto& triggers = model_.table(name).triggers;
            part.empty() ? triggers.clear() : static_cast<void>(triggers.erase(part));
        } else {
            alter_column(name, command);
        }
    }
}

void Facts::alter_column(const string& table, Node command) {
    const string what = command.word("subtype");
    for (const char* known : {"AT_AlterColumnType", "AT_ColumnDefault", "AT_SetNotNull", "AT_DropNotNull", "AT_AddIdentity", "AT_DropIdentity", "AT_DropExpression"}) {
        if (what != known) continue;
        auto& t = model_.table(table);
        const string name = command.text("name");
        if (!t.find(name)) {
            t.columns.emplace_back();
            t.columns.back().name = name;
        }
        auto& c = *t.find(name);
        if (what == "AT_AlterColumnType") {
            c.type = Known<Type>{type_of(command["def"]["type_name"]), now_};
            std::erase_if(model_.rows, [&](const Rows& r) { return r.table == table; });
        } else if (what == "AT_ColumnDefault") {
            const auto value = command["def"];
            c.has_default = Known<bool>{value && !(value.is("AConst") && value.flag("isnull")), now_};
        } else if (what == "AT_SetNotNull" || what == "AT_DropNotNull") {
            c.not_null = Known<bool>{what == "AT_SetNotNull", now_};
        } else if (what == "AT_AddIdentity" || what == "AT_DropIdentity") {
            c.identity = Known<bool>{what == "AT_AddIdentity", now_};
        } else {
            c.has_default = Known<bool>{false, now_};
        }
    }
}

void Facts::create_index(Node s) {
    // ON ONLY a partitioned table: not valid before every partition has its own.
    if (!own(s["relation"]) || !s["relation"].flag("inh")) return;
    Index index;
    index.table = s["relation"].text("relname");
    index.unique = s.flag("unique");
    index.made = now_;
    vector<string> used, parts;
    for (const auto& part : s.list("index_params")) {
        const string column = part.text("name");
        index.columns.push_back(column);
        parts.push_back(column.empty() ? "expr" : column);
        if (column.empty()) columns_in(part["expr"], used);
        else used.push_back(column);
    }
    for (const auto& part : s.list("index_including_params")) used.push_back(part.text("name"));
    columns_in(s["where_clause"], used);
    index.uses.insert(used.begin(), used.end());
    string name = s.text("idxname");
    if (name.empty()) {
        index.guessed = true;
        name = model_.choose(index.table, joined(parts, "_"), "idx");
    }
    if (s.flag("if_not_exists") && model_.indexes.contains(name)) return;
    model_.add_index(name, index);
}

void Facts::drop(Node s) {
    const string what = s.word("remove_type");
    const bool cascade = s.word("behavior") == "DROP_CASCADE";
    for (const auto& object : s.list("objects")) {
        const auto parts = object.names("items");
        if (parts.size() > 1 && parts[0] == "pg_temp") continue;
        const string name = last_name(object);
        if (is_relation(what)) {
            if (!temporary_.erase(name)) model_.drop(name, cascade, now_);
        } else if (what == "OBJECT_INDEX") {
            model_.drop_index(name, now_);
        } else if (what == "OBJECT_TYPE" || what == "OBJECT_DOMAIN") {
            model_.drop_type(name, cascade, now_);
        } else if (what == "OBJECT_FUNCTION" || what == "OBJECT_PROCEDURE" || what == "OBJECT_ROUTINE") {
            // Another of the same name and other arguments may stay.
            model_.functions.erase(name);
            model_.gone.push_back({{"function", "", name}, now_});
            if (cascade)
                for (auto& [table, t] : model_.tables) t.triggers.clear();
        } else if ((what == "OBJECT_TRIGGER" || what == "OBJECT_POLICY") && parts.size() > 1) {
            const string table = parts[parts.size() - 2];
            (what == "OBJECT_TRIGGER" ? model_.table(table).triggers : model_.table(table).policies).erase(name);
            model_.lose({what == "OBJECT_TRIGGER" ? "trigger" : "policy", table, name}, now_);
        } else if (what == "OBJECT_EXTENSION") {
            model_.extensions.erase(name);
            model_.lose({"extension", "", name}, now_);
        } else if (what == "OBJECT_SCHEMA") {
            model_.schemas.erase(name);
            model_.lose({"schema", "", name}, now_);
        }
    }
}

void Facts::rename(Node s) {
    const string what = s.word("rename_type"), to = s.text("newname"), part = s.text("subname"), table = s["relation"].text("relname");
    if (s["relation"] && !own(s["relation"])) return;
    if (is_relation(what)) {
        if (const auto index = model_.indexes.find(table); index != model_.indexes.end()) {  // ALTER TABLE may name an index
            model_.add_index(to, index->second);
            model_.drop_index(table, now_);
        } else {
            model_.rename(table, to, now_);
        }
    } else if (what == "OBJECT_INDEX") {
        if (const auto index = model_.indexes.find(table); index != model_.indexes.end()) {
            auto moved = index->second;
            moved.made = now_;
            moved.guessed = false;
            model_.add_index(to, moved);
        }
        model_.drop_index(table, now_);
        // The index of a constraint takes the constraint's name along.
        for (auto& [name, t] : model_.tables)
            for (auto& c : t.constraints)
                if (c.name == table && c.type != 'c' && c.type != 'f') c.name = to, c.guessed = false;
    } else if (what == "OBJECT_COLUMN") {
        if (s.word("relation_type") == "OBJECT_TABLE") model_.rename_column(table, part, to, now_);
    } else if (what == "OBJECT_TABCONSTRAINT") {
        bool found = false;
        for (auto& c : model_.table(table).constraints)
            if (c.name == part) c.name = to, c.guessed = false, c.made = now_, found = true;
        if (!found) std::erase_if(model_.table(table).constraints, [](const Constraint& c) { return c.guessed; });
        model_.lose({"constraint", table, part}, now_);
    } else if (what == "OBJECT_TYPE" || what == "OBJECT_DOMAIN") {
        model_.rename_type(last_name(s["object"]), to, now_);
    } else if (what == "OBJECT_TRIGGER" || what == "OBJECT_POLICY") {
        auto& all = what == "OBJECT_TRIGGER" ? model_.table(table).triggers : model_.table(table).policies;
        all.erase(part);
        all[to] = now_;
        model_.lose({what == "OBJECT_TRIGGER" ? "trigger" : "policy", table, part}, now_);
    } else if (what == "OBJECT_FUNCTION" || what == "OBJECT_PROCEDURE" || what == "OBJECT_ROUTINE") {
        const string old = last_name(s["object"]);
        model_.functions.erase(old);
        model_.functions[to] = now_;
        model_.gone.push_back({{"function", "", old}, now_});
    }
}

void Facts::insert(Node s) {
    if (!own(s["relation"])) return;
    const auto lists = s["select_stmt"].list("values_lists");
    Rows rows;
    rows.table = s["relation"].text("relname");
    rows.made = now_;
    if (lists.empty() || lists.size() > 2000) return unseen("InsertStmt");
    const auto width = lists[0].list("items").size();
    vector<string> columns;
    for (const auto& target : s.list("cols")) columns.push_back(target.text("name"));
    if (columns.empty()) {
        const auto found = model_.tables.find(rows.table);
        for (size_t i = 0; i < width; ++i)
            columns.push_back(found != model_.tables.end() && found->second.complete && i < found->second.columns.size()
                                  ? found->second.columns[i].name
                                  : "#" + std::to_string(i + 1));
    }
    // A column counts where each of its values is a constant.
    vector<bool> fixed(width, true);
    for (const auto& list : lists) {
        const auto items = list.list("items");
        for (size_t i = 0; i < width; ++i) fixed[i] = fixed[i] && i < items.size() && constant(items[i]).has_value();
    }
    for (size_t i = 0; i < width && i < columns.size(); ++i)
        if (fixed[i]) rows.columns.push_back(columns[i]);
    if (rows.columns.empty()) return unseen("InsertStmt");
    for (const auto& list : lists) {
        const auto items = list.list("items");
        rows.values.emplace_back();
        for (size_t i = 0; i < width && i < columns.size(); ++i)
            if (fixed[i]) rows.values.back().push_back(*constant(items[i]));
    }
    for (const auto& element : s["on_conflict_clause"]["infer"].list("index_elems"))
        if (const auto name = element.text("name"); !name.empty()) rows.key.push_back(name);
    for (const auto& column : rows.key)
        if (std::find(rows.columns.begin(), rows.columns.end(), column) == rows.columns.end()) {
            rows.key.clear();
            break;
        }
    model_.rows.push_back(std::move(rows));
}

// ---- what is left of it all

namespace {

struct Line {
    Origin origin;
    string kind, table, name, says;
    bool absent = false;
    core::Writer wants;  // an open object
    Line(Origin from, string k, string t, string n, string s) : origin{from}, kind{std::move(k)}, table{std::move(t)}, name{std::move(n)}, says{std::move(s)} {
        wants.object();
    }
};

void array(core::Writer& w, const char* key, const vector<string>& values) {
    w.key(key).array();
    for (const auto& v : values) w.value(v);
    w.end_array();
}

// One line for each statement that has said something of the column and was not contradicted.
void column_lines(const string& table, const Column& c, vector<Line>& lines) {
    std::set<Origin> origins;
    if (c.made) origins.insert(*c.made);
    if (c.type) origins.insert(c.type->origin);
    for (const auto* known : {&c.not_null, &c.has_default, &c.identity})
        if (*known) origins.insert((*known)->origin);
    for (const auto& origin : origins) {
        string says;
        const auto add = [&](const string& more) { says += (says.empty() ? "" : " ") + more; };
        Line line{origin, "column", table, c.name, ""};
        if (c.made == origin) line.wants.member("made", true);
        if (c.type && c.type->origin == origin) {
            line.wants.member("type", c.type->value.name).member("mods", c.type->value.mods);
            add(spoken(c.type->value));
        }
        if (c.not_null && c.not_null->origin == origin) {
            line.wants.member("notNull", c.not_null->value);
            if (c.not_null->value) add("not null");
            else if (!c.type || c.type->origin != origin) add("null allowed");
        }
        if (c.has_default && c.has_default->origin == origin) {
            line.wants.member("default", c.has_default->value);
            add(c.has_default->value ? "with a default" : "without a default");
        }
        if (c.identity && c.identity->origin == origin) {
            line.wants.member("identity", c.identity->value);
            add(c.identity->value ? "identity" : "no identity");
        }
        line.says = "column " + table + "." + c.name + (says.empty() ? "" : " " + says);
        lines.push_back(std::move(line));
    }
}

void constraint_lines(const string& table, const Constraint& c, vector<Line>& lines) {
    const string columns = joined(c.columns);
    const string what = c.type == 'p'   ? "primary key (" + columns + ") of " + table
                        : c.type == 'u' ? "unique (" + columns + ") of " + table
                        : c.type == 'f' ? "foreign key " + table + " (" + columns + ") to " + c.ref
                        : c.type == 'x' ? "exclusion (" + columns + ") of " + table
                                        : "check" + (columns.empty() ? "" : " (" + columns + ")") + " of " + table;
    std::set<Origin> origins{c.made};
    if (c.valid) origins.insert(c.valid->origin);
    for (const auto& origin : origins) {
        const bool valid = c.valid && c.valid->origin == origin && c.valid->value;
        Line line{origin, "constraint", table, c.name, (c.guessed ? what : "constraint " + c.name + ": " + what) + (origin == c.made ? "" : ", validated")};
        if (origin == c.made) line.wants.member("made", true);
        line.wants.member("guessed", c.guessed).member("type", string(1, c.type)).member("ref", c.ref).member("refSchema", c.ref_schema);
        array(line.wants, "columns", c.columns);
        if (valid) line.wants.member("valid", true);
        lines.push_back(std::move(line));
    }
}

void rows_line(const Rows& r, vector<Line>& lines) {
    const auto count = r.values.size();
    string says = std::to_string(count) + (count == 1 ? " row of " : " rows of ") + r.table;
    if (count == 1 && r.key.size() == 1)
        for (size_t i = 0; i < r.columns.size(); ++i)
            if (r.columns[i] == r.key[0] && r.values[0][i] && r.values[0][i]->size() <= 60) says += " (" + r.key[0] + " = " + *r.values[0][i] + ")";
    Line line{r.made, "rows", r.table, "", says};
    line.wants.member("made", true);
    array(line.wants, "columns", r.columns);
    array(line.wants, "key", r.key);
    line.wants.key("values").array();
    for (const auto& row : r.values) {
        line.wants.array();
        for (const auto& v : row) v ? line.wants.value(*v) : line.wants.null();
        line.wants.end_array();
    }
    line.wants.end_array();
    lines.push_back(std::move(line));
}

vector<Line> lines_of(const Model& m) {
    vector<Line> lines;
    const auto plain = [&](Origin origin, const char* kind, const string& table, const string& name, const string& says) {
        lines.emplace_back(origin, kind, table, name, says).wants.member("made", true);
    };
    for (const auto& [name, t] : m.tables) {
        if (t.made) lines.emplace_back(*t.made, "relation", "", name, t.kind + " " + name).wants.member("made", true).member("kind", t.kind);
        for (const auto& c : t.columns) column_lines(name, c, lines);
        for (const auto& c : t.constraints) constraint_lines(name, c, lines);
        for (const auto& [trigger, origin] : t.triggers) plain(origin, "trigger", name, trigger, "trigger " + trigger + " on " + name);
        for (const auto& [policy, origin] : t.policies) plain(origin, "policy", name, policy, "policy " + policy + " on " + name);
        if (t.row_security)
            lines.emplace_back(t.row_security->origin, "row security", name, "", "row level security of " + name + (t.row_security->value ? " on" : " off"))
                .wants.member("on", t.row_security->value);
    }
    for (const auto& [name, i] : m.indexes) {
        const string shape = string{i.unique ? "unique index" : "index"} + (i.guessed ? "" : " " + name) + " on " + i.table + " (" + joined(i.columns) + ")";
        auto& line = lines.emplace_back(i.made, "index", i.table, name, shape);
        line.wants.member("made", true).member("guessed", i.guessed).member("unique", i.unique);
        array(line.wants, "columns", i.columns);
    }
    for (const auto& [name, t] : m.types) {
        plain(t.made, "type", "", name, "type " + name);
        for (const auto& v : t.values) plain(v.origin, "enum", name, v.value, "value '" + v.value + "' of " + name);
    }
    for (const auto& [name, origin] : m.functions) plain(origin, "function", "", name, "function " + name);
    for (const auto& [name, origin] : m.extensions) plain(origin, "extension", "", name, "extension " + name);
    for (const auto& [name, origin] : m.schemas) plain(origin, "schema", "", name, "schema " + name);
    for (const auto& r : m.rows) rows_line(r, lines);
    for (const auto& [thing, origin] : m.absent)
        lines.emplace_back(origin, thing.kind, thing.table, thing.name,
                           "no " + (thing.kind == "relation" ? "" : thing.kind + " ") + (thing.table.empty() ? "" : thing.table + ".") + thing.name)
            .absent = true;
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.origin < b.origin; });
    return lines;
}

}  // namespace

void Facts::write(const std::function<void(const string&)>& out, const string& only) const {
    const auto wanted = [&](Origin o) { return only.empty() || files_[o.file] == only; };
    const auto begin = [&](const char* kind, Origin o) {
        core::Writer w;
        w.object().member("fact", kind).member("migration", files_[o.file]);
        w.member("statement", static_cast<int64_t>(o.statement)).member("line", static_cast<int64_t>(o.line));
        return w;
    };
    // Dynamic SQL that came later and names the thing, or looks for things by itself, may have changed it.
    const auto doubt = [&](const Line& l) -> const Text* {
        for (const auto& d : dynamic_) {
            if (d.origin < l.origin) continue;
            const bool changes = l.kind == "rows" ? mentions_any(d.text, {"insert", "update", "delete", "truncate", "drop", "alter"})
                                                  : mentions_any(d.text, {"alter", "drop", "rename"});
            const bool searches = mentions(d.text, "execute") &&
                                  mentions_any(d.text, {"information_schema", "pg_class", "pg_tables", "pg_attribute", "pg_constraint", "pg_indexes", "pg_index", "pg_proc", "pg_type"});
            if (changes && (searches || mentions(d.text, l.table.empty() ? l.name : l.table))) return &d;
        }
        return nullptr;
    };
    for (auto& l : lines_of(model_)) {
        if (!wanted(l.origin)) continue;
        auto w = begin(l.kind.c_str(), l.origin);
        w.member("table", l.table).member("name", l.name).member("says", l.says).member("absent", l.absent);
        if (const auto* d = doubt(l)) w.member("doubt", files_[d->origin.file] + " line " + std::to_string(d->origin.line));
        out(w.member_raw("wants", l.wants.end_object().str()).end_object().str());
    }
    for (const auto& u : unseen_)
        if (wanted(u.origin)) out(begin("unseen", u.origin).member("kind", u.kind).end_object().str());
    for (const auto& u : unread_)
        if (wanted(u.origin)) out(begin("unread", u.origin).member("why", u.kind).end_object().str());
    for (const auto& v : verify_) {
        if (!wanted(v.origin)) continue;
        auto w = begin("verify", v.origin);
        const auto gone = std::find_if(model_.gone.begin(), model_.gone.end(), [&](const auto& g) {
            return g.origin.file > v.origin.file && mentions(v.text, g.value.name) && (g.value.table.empty() || mentions(v.text, g.value.table));
        });
        const auto changed = std::find_if(changed_.begin(), changed_.end(), [&](const Text& c) {
            return c.origin.file > v.origin.file && mentions(v.text, c.text);
        });
        if (gone != model_.gone.end()) w.member("supersededBy", files_[gone->origin.file]);
        else if (changed != changed_.end()) w.member("changedBy", files_[changed->origin.file]);
        out(w.end_object().str());
    }
}

}  // namespace scan
