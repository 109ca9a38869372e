// Facts: what must be in the catalogue after the statements of a timeline, and which statements leave nothing to look at.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/scan/model.h"
#include "tools/scan/node.h"

namespace scan {

// Fed with the statements of one scope in the order in which they run; write() then gives what is left of it all.
class Facts {
public:
    void file(const std::string& migration);  // what follows is of this one
    void statement(Node statement, std::size_t number, std::size_t line, std::string_view text);
    void verify(std::size_t line, std::string_view text);  // one statement of a verify section
    void unread(std::size_t line, const std::string& why);

    // A JSON object a fact, statement without trace, and verify section; only those of one migration when it is named.
    void write(const std::function<void(const std::string& json)>& out, const std::string& only) const;

private:
    struct Unseen {
        Origin origin;
        std::string kind;
    };
    struct Text {
        Origin origin;
        std::string text;
    };

    void create_table(Node s);
    void alter_table(Node s);
    void alter_column(const std::string& table, Node command);
    Column column_of(const std::string& table, Node definition);  // puts its constraints into the model
    Constraint constraint_of(const std::string& table, Node definition, const std::string& column);
    void create_index(Node s);
    void drop(Node s);
    void rename(Node s);
    void insert(Node s);
    void forget_written(Node node);
    void unseen(std::string kind);
    bool own(Node range) const;  // a relation of this schema, not a temporary one

    Model model_;
    std::vector<std::string> files_;
    std::vector<Unseen> unseen_;
    std::vector<Text> dynamic_, verify_;
    std::vector<Text> changed_;  // tables, by each statement that changed one
    std::vector<Unseen> unread_;
    std::set<std::string> temporary_;
    Origin now_;
};

}  // namespace scan
