// Node: the parser's tree, read by the names of its fields through the descriptors that protobuf-c keeps.
#pragma once
#include <string>
#include <string_view>
#include <vector>

struct ProtobufCMessage;

namespace scan {

using Message = const ProtobufCMessage*;

// Every message of one field, none or one where it is not repeated; a "Node" stands for the message it holds.
std::vector<Message> messages(Message m, const char* field);
std::vector<Message> children(Message m);  // of all fields

// One message with its fields by name. What is not there reads as empty, 0 or false. Borrows the tree.
class Node {
public:
    Node(Message m = nullptr) : message_{m} {}
    explicit operator bool() const { return message_ != nullptr; }
    Message message() const { return message_; }

    std::string_view kind() const;               // "CreateStmt"
    bool is(std::string_view kind_name) const { return kind() == kind_name; }
    Node operator[](const char* field) const;    // the message of a field
    std::vector<Node> list(const char* field) const;
    std::string text(const char* field) const;
    std::string word(const char* field) const;   // an enum's value by its name: "AT_AddColumn"
    bool flag(const char* field) const;
    long number(const char* field) const;
    std::vector<std::string> names(const char* field) const;  // the strings of a list of String nodes
    std::string name() const;                    // of a String node

private:
    Message message_;
};

}  // namespace scan
