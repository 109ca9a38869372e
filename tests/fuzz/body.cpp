// Fuzzes JSON bodies: what is read is written back as the same, and what a form lets through keeps to what it was asked for.
#include <cstdint>
#include <string>

#include "claim.h"
#include "core/error.h"
#include "core/form.h"
#include "core/json.h"

using namespace core;
using fuzz::claim;

namespace {

void copy(const Json& from, Writer& to) {
    switch (from.kind()) {
        case Json::Kind::object:
            to.object();
            for (const auto& key : from.keys()) {
                to.key(key);
                copy(from[key], to);
            }
            to.end_object();
            break;
        case Json::Kind::array:
            to.array();
            for (std::size_t i = 0; i < from.size(); ++i) copy(from[i], to);
            to.end_array();
            break;
        case Json::Kind::string: to.value(from.text()); break;
        case Json::Kind::integer: to.value(from.integer()); break;
        case Json::Kind::boolean: to.value(from.boolean()); break;
        case Json::Kind::real: to.raw(from.dump()); break;
        case Json::Kind::null:
        case Json::Kind::none: to.null(); break;
    }
}

void fill_in(const Json& object) {
    for (const auto& key : object.keys()) {
        Form form{object};
        const std::string text = form.text(key, {3, 20}, "The text");
        if (form.right()) {
            claim(object[key].is(Json::Kind::string), "only text is taken for text");
            claim(characters(text) >= 3 && characters(text) <= 20, "a text keeps to its length");
            claim(trimmed(text) == text, "a text is trimmed");
        }
        Form mail{object};
        const std::string address = mail.email(key);
        if (mail.right()) {
            claim(is_email(address) && address.find_first_of("\r\n\t ,;<>") == std::string::npos, "an address is one address and no header");
            const auto host = address.substr(address.find('@'));
            claim(host.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos, "the host of an address is in lower case");
        } else {
            claim(address.empty(), "a wrong address is not given on");
        }
        Form number{object};
        if (const auto id = number.id(key, true)) claim(number.right() && *id >= 1 && *id <= 2'147'483'647, "an id is one of PostgreSQL's int");
        else claim(!number.right(), "what is no id is told");
        Form secret{object};
        if (const auto token = secret.token(key)) claim(!token->empty() && token->size() <= 128 && *token == object[key].text(), "a token is taken as it stands");
        try {
            number.check();
            claim(number.right(), "check lets right forms pass");
        } catch (const Error& error) {
            claim(error.status == 422 && error.fields.contains(key), "a fault names its field");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};

    // Any bytes become a JSON string, and valid text comes back from it.
    std::string quoted;
    append_quoted(quoted, input);
    if (input.find('\0') == input.npos) {
        const auto back = Json::try_parse(quoted);
        claim(back && back->is(Json::Kind::string), "any bytes become a JSON string");
        std::string again;
        append_quoted(again, back->text());
        claim(again == quoted, "a JSON string is written as it is read");
    }

    const auto json = Json::try_parse(input);
    if (!json) {
        try {
            Json::parse(input);
            claim(false, "both readers agree");
        } catch (const Error& error) {
            claim(error.status == 400, "a wrong body is the client's");
        }
        return 0;
    }
    const auto dumped = Json::try_parse(json->dump());
    claim(dumped && dumped->canonical() == json->canonical(), "a dump is read as the same");
    claim(Json::parse(json->canonical()).canonical() == json->canonical(), "a canonical text stays as it is");
    Writer writer;
    copy(*json, writer);
    const auto written = Json::try_parse(writer.str());
    claim(written && written->dump() == json->dump(), "what the writer writes is what was read");
    if (json->is(Json::Kind::object)) fill_in(*json);
    return 0;
}
