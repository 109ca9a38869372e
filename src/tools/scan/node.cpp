// Reads messages by the descriptors that protobuf-c generated: no field of the parser's tree is named here.
#include "tools/scan/node.h"

#include <protobuf-c/protobuf-c.h>

#include <algorithm>

namespace scan {

using std::string, std::string_view, std::vector;

namespace {

const char* at(Message m, size_t offset) { return reinterpret_cast<const char*>(m) + offset; }

const ProtobufCFieldDescriptor* field_of(Message m, const char* name, ProtobufCType type) {
    const auto* f = m ? protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name) : nullptr;
    return f && f->type == type ? f : nullptr;
}

bool present(Message m, const ProtobufCFieldDescriptor& f) {
    // A oneof shares its storage: only the field that its case names is there.
    return !(f.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || *reinterpret_cast<const uint32_t*>(at(m, f.quantifier_offset)) == f.id;
}

vector<Message> messages_of(Message m, const ProtobufCFieldDescriptor& f) {
    vector<Message> found;
    if (f.type != PROTOBUF_C_TYPE_MESSAGE || !present(m, f)) return found;
    if (f.label == PROTOBUF_C_LABEL_REPEATED) {
        const size_t n = *reinterpret_cast<const size_t*>(at(m, f.quantifier_offset));
        const auto* list = *reinterpret_cast<ProtobufCMessage* const* const*>(at(m, f.offset));
        found.assign(list, list + n);
    } else if (const auto* one = *reinterpret_cast<ProtobufCMessage* const*>(at(m, f.offset))) {
        found.push_back(one);
    }
    for (auto& one : found) {
        if (!one || string_view{one->descriptor->short_name} != "Node") continue;
        Message held = nullptr;
        for (unsigned i = 0; i < one->descriptor->n_fields && !held; ++i)
            if (auto inner = messages_of(one, one->descriptor->fields[i]); !inner.empty()) held = inner[0];
        one = held;
    }
    std::erase(found, nullptr);
    return found;
}

}  // namespace

vector<Message> messages(Message m, const char* field) {
    const auto* f = field_of(m, field, PROTOBUF_C_TYPE_MESSAGE);
    return f ? messages_of(m, *f) : vector<Message>{};
}

vector<Message> children(Message m) {
    vector<Message> all;
    if (!m) return all;
    for (unsigned i = 0; i < m->descriptor->n_fields; ++i) {
        const auto found = messages_of(m, m->descriptor->fields[i]);
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

string_view Node::kind() const { return message_ ? message_->descriptor->short_name : ""; }

Node Node::operator[](const char* field) const {
    const auto found = messages(message_, field);
    return found.empty() ? Node{} : Node{found[0]};
}

vector<Node> Node::list(const char* field) const {
    const auto found = messages(message_, field);
    return {found.begin(), found.end()};
}

string Node::text(const char* field) const {
    const auto* f = field_of(message_, field, PROTOBUF_C_TYPE_STRING);
    if (!f || !present(message_, *f)) return "";
    const auto* value = *reinterpret_cast<const char* const*>(at(message_, f->offset));
    return value ? value : "";
}

string Node::word(const char* field) const {
    const auto* f = field_of(message_, field, PROTOBUF_C_TYPE_ENUM);
    if (!f) return "";
    const auto* value = protobuf_c_enum_descriptor_get_value(static_cast<const ProtobufCEnumDescriptor*>(f->descriptor),
                                                             *reinterpret_cast<const int*>(at(message_, f->offset)));
    return value ? value->name : "";
}

bool Node::flag(const char* field) const {
    const auto* f = field_of(message_, field, PROTOBUF_C_TYPE_BOOL);
    return f && *reinterpret_cast<const protobuf_c_boolean*>(at(message_, f->offset));
}

long Node::number(const char* field) const {
    const auto* f = field_of(message_, field, PROTOBUF_C_TYPE_INT32);
    return f ? *reinterpret_cast<const int32_t*>(at(message_, f->offset)) : 0;
}

string Node::name() const { return is("String") ? text("sval") : ""; }

vector<string> Node::names(const char* field) const {
    vector<string> all;
    for (const auto& one : list(field)) all.push_back(one.name());
    return all;
}

}  // namespace scan
