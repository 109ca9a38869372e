// Documents: a small list, found by comparing texts: they differ in their first bytes or are the same.
#include "domain/documents.h"

#include "domain/markdown.h"

namespace domain {
namespace {

constexpr std::size_t most_bytes = 64 * 1024;

std::size_t size_of(const std::pair<std::string, std::string>& document) { return document.first.size() + document.second.size(); }

}  // namespace

const std::string& Documents::html(std::string_view markdown) {
    for (auto document = kept_.begin(); document != kept_.end(); ++document)
        if (document->first == markdown) {
            kept_.splice(kept_.begin(), kept_, document);
            return kept_.front().second;
        }
    kept_.emplace_front(markdown, render_markdown(markdown));
    bytes_ += size_of(kept_.front());
    while (bytes_ > most_bytes && kept_.size() > 1) {
        bytes_ -= size_of(kept_.back());
        kept_.pop_back();
    }
    return kept_.front().second;
}

}  // namespace domain
