// Fuzzes what the webhook is sent: a signature is right only where it is the digest of this very body, and any body is an event or not.
// Input: a line with the header, then the body.
#include <cstdint>
#include <string>

#include "claim.h"
#include "core/crypto.h"
#include "gateways/paymongo.h"

using fuzz::claim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto end = std::min(input.find('\n'), input.size());
    const std::string header{input.substr(0, end)}, body{input.substr(std::min(end + 1, input.size()))};
    for (const bool live : {false, true}) {
        const auto signature = gateways::check_signature(header, body, "whsk", live);
        // Whoever does not know the secret finds no digest by chance: so there is one only where the input holds it.
        if (signature.right) claim(header.find(core::hex(core::hmac_sha256("whsk", std::to_string(signature.at) + "." + body))) != header.npos, "a signature was believed");
        const std::string ours = "t=5," + std::string{live ? "li=" : "te="} + core::hex(core::hmac_sha256("whsk", "5." + body));
        claim(gateways::check_signature(ours, body, "whsk", live).right, "our own signature was refused");
        claim(!gateways::check_signature(ours, body + "x", "whsk", live).right, "a signature fits another body");
    }
    if (const auto event = gateways::read_event(body)) {
        claim(!event->id.empty() && !event->type.empty(), "an event without a name");
        claim(event->named_payment >= 0 && event->named_payment <= 2'147'483'647, "a number of ours out of range");
        for (const std::string* word : {&event->id, &event->type, &event->session, &event->named_tenant, &event->paid.id, &event->paid.intent, &event->paid.status})
            claim(word->size() <= 100 && word->find_first_of("\"{},\\ \n") == word->npos, "a word that could end an array's element");
    }
    return 0;
}
