// Fetch: the only pair that names libcurl.
#include "core/fetch.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "core/owned.h"

namespace core {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Fault = Incoming::Fault;
using Easy = Owned<CURL, curl_easy_cleanup>;
using List = Owned<curl_slist, curl_slist_free_all>;

constexpr std::size_t most_headers = 200;

template <class T>
void set(const Easy& easy, CURLoption option, T value) {
    if (curl_easy_setopt(easy.get(), option, value) != CURLE_OK) throw std::runtime_error("libcurl refuses a setting");
}

void append(List& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (!longer) throw std::bad_alloc{};
    (void)list.release();
    list.reset(longer);
}

// One call. Its owner waits until the network's thread has marked it done, so both may point at it.
struct Exchange {
    Easy easy{curl_easy_init()};
    List headers, recipients;
    std::string outgoing;  // SMTP: what is sent
    std::size_t sent = 0;
    std::size_t size_limit = 0, received = 0;
    bool streaming = false;
    milliseconds silence_limit{0};
    Clock::time_point last = Clock::now();  // network's thread
    char error[CURL_ERROR_SIZE] = "";
    CURLcode code = CURLE_OK;
    Incoming answer;  // network's thread until done, the owner's then
    std::atomic<bool> cancelled = false;

    std::mutex mutex;  // guards what follows
    std::condition_variable changed;
    std::string arrived;  // streamed bytes that the owner has not taken yet
    bool done = false;

    long status() const {
        long value = 0;
        curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &value);
        return value;
    }
};

// Called by libcurl, through which no exception may pass; another number than that given ends the transfer.
std::size_t on_body(char* data, std::size_t, std::size_t size, void* to) noexcept {
    auto& exchange = *static_cast<Exchange*>(to);
    exchange.last = Clock::now();
    exchange.received += size;
    if (exchange.received > exchange.size_limit) {
        exchange.answer.fault = Fault::too_large;
        return 0;
    }
    try {
        if (!exchange.streaming || exchange.status() / 100 != 2) {
            exchange.answer.body.append(data, size);
        } else {
            const std::lock_guard lock{exchange.mutex};
            exchange.arrived.append(data, size);
            exchange.changed.notify_one();
        }
    } catch (const std::bad_alloc&) {
        return 0;
    }
    return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* to) noexcept {
    auto& exchange = *static_cast<Exchange*>(to);
    exchange.last = Clock::now();
    try {
        std::string_view line{data, size};
        while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with("HTTP/")) exchange.answer.headers.clear();  // those before belong to a 1xx or a proxy
        const auto colon = line.find(':');
        if (colon == line.npos || exchange.answer.headers.size() == most_headers) return size;
        std::string name{line.substr(0, colon)};
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        line.remove_prefix(colon + 1);
        while (line.starts_with(' ')) line.remove_prefix(1);
        exchange.answer.headers.emplace_back(std::move(name), line);
    } catch (const std::bad_alloc&) {
        return 0;
    }
    return size;
}

std::size_t on_upload(char* to, std::size_t, std::size_t room, void* from) noexcept {
    auto& exchange = *static_cast<Exchange*>(from);
    const std::size_t size = std::min(room, exchange.outgoing.size() - exchange.sent);
    std::memcpy(to, exchange.outgoing.data() + exchange.sent, size);
    exchange.sent += size;
    return size;
}

Fault fault_of(CURLcode code, CURL* easy) {
    switch (code) {
        case CURLE_OK: return Fault::none;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_USE_SSL_FAILED:
        case CURLE_PROXY: return Fault::connect;
        case CURLE_OPERATION_TIMEDOUT: {
            curl_off_t ready = 0;  // when the request could be sent
            curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
            return ready == 0 ? Fault::connect : Fault::timeout;
        }
        default: return Fault::broken;
    }
}

bool is_this_machine(const std::string& url) {
    const Owned<CURLU, curl_url_cleanup> parts{curl_url()};
    char* text = nullptr;
    if (!parts || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
        curl_url_get(parts.get(), CURLUPART_HOST, &text, 0) != CURLUE_OK)
        return false;
    const Owned<char, curl_free> host{text};
    return !std::strcmp(text, "127.0.0.1") || !std::strcmp(text, "localhost") || !std::strcmp(text, "[::1]");
}

}  // namespace

struct Network::State {
    Owned<CURLM, curl_multi_cleanup> multi;
    std::mutex mutex;  // guards arrivals and stopping
    std::vector<Exchange*> arrivals;
    bool stopping = false;
    std::vector<Exchange*> active;  // the thread's own
    std::thread thread;

    State() {
        static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
        multi.reset(curl_multi_init());
        if (ready != CURLE_OK || !multi) throw std::runtime_error("libcurl cannot start");
        thread = std::thread{[this] { drive(); }};
    }
    ~State() {
        {
            const std::lock_guard lock{mutex};
            stopping = true;
        }
        curl_multi_wakeup(multi.get());
        thread.join();
    }

    void wake() { curl_multi_wakeup(multi.get()); }
    void run(Exchange& exchange);
    void drive();
    bool take_arrivals();
    void end(Exchange& exchange, Fault fault, const char* why);
    milliseconds end_overdue();
};

// Hands the exchange to the thread; from here on it is the thread's until done.
void Network::State::run(Exchange& exchange) {
    {
        const std::lock_guard lock{mutex};
        arrivals.push_back(&exchange);
    }
    wake();
}

// After this the owner may have destroyed the exchange.
void Network::State::end(Exchange& exchange, Fault fault, const char* why) {
    curl_multi_remove_handle(multi.get(), exchange.easy.get());
    std::erase(active, &exchange);
    if (exchange.answer.fault == Fault::none) exchange.answer.fault = fault;
    exchange.answer.status = static_cast<int>(exchange.status());
    try {
        exchange.answer.why = exchange.answer.fault == Fault::too_large ? "the answer is too large" : why;
    } catch (const std::bad_alloc&) {
    }
    const std::lock_guard lock{exchange.mutex};
    exchange.done = true;
    exchange.changed.notify_one();
}

bool Network::State::take_arrivals() {
    const std::lock_guard lock{mutex};
    for (Exchange* exchange : arrivals) {
        active.push_back(exchange);
        if (curl_multi_add_handle(multi.get(), exchange->easy.get()) != CURLM_OK) end(*exchange, Fault::broken, "libcurl takes no more");
    }
    arrivals.clear();
    return !stopping || !active.empty();
}

// Ends what was cancelled or is silent for too long; the time until the next could be.
milliseconds Network::State::end_overdue() {
    const auto now = Clock::now();
    auto next = milliseconds{60'000};
    for (std::size_t i = active.size(); i-- > 0;) {
        Exchange& exchange = *active[i];
        const auto left = std::chrono::ceil<milliseconds>(exchange.last + exchange.silence_limit - now);
        if (exchange.cancelled) {
            end(exchange, Fault::cancelled, "cancelled");
        } else if (exchange.streaming && left <= milliseconds{0}) {
            end(exchange, Fault::timeout, "not a byte came within the limit");
        } else if (exchange.streaming) {
            next = std::min(next, left);
        }
    }
    return next;
}

void Network::State::drive() {
    while (take_arrivals()) {
        int running = 0, waiting = 0;
        curl_multi_perform(multi.get(), &running);
        while (const CURLMsg* message = curl_multi_info_read(multi.get(), &waiting)) {
            if (message->msg != CURLMSG_DONE) continue;
            char* owner = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
            auto& exchange = *static_cast<Exchange*>(static_cast<void*>(owner));
            const CURLcode code = exchange.code = message->data.result;
            const char* why = code == CURLE_OK ? "" : *exchange.error ? exchange.error : curl_easy_strerror(code);
            end(exchange, fault_of(code, exchange.easy.get()), why);
        }
        const auto wait = end_overdue();
        curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
    }
}

Network::Network() : state_{std::make_unique<State>()} {}
Network::~Network() = default;

struct Fetcher::State {
    std::optional<Network> own;
    Network* network = nullptr;
    std::mutex mutex;  // guards what follows
    Exchange* running = nullptr;
    bool cancelled = false;

    Network::State& shared() {
        if (!network) network = &own.emplace();
        return *network->state_;
    }
    Incoming call(Exchange& exchange, const std::function<bool(std::string_view)>* on_data);
};

// Runs an exchange and waits for its end, giving out streamed bytes as they come.
Incoming Fetcher::State::call(Exchange& exchange, const std::function<bool(std::string_view)>* on_data) {
    Network::State& thread = shared();
    {
        const std::lock_guard lock{mutex};
        if (cancelled) {
            exchange.answer.fault = Fault::cancelled;
            return std::move(exchange.answer);
        }
        running = &exchange;
        thread.run(exchange);
    }
    std::exception_ptr thrown;  // by on_data: rethrown once the thread has let go of the exchange
    std::string bytes;
    for (bool done = false; !done;) {
        {
            std::unique_lock lock{exchange.mutex};
            exchange.changed.wait(lock, [&] { return exchange.done || !exchange.arrived.empty(); });
            bytes.clear();
            bytes.swap(exchange.arrived);
            done = exchange.done;
        }
        if (bytes.empty() || exchange.cancelled) continue;
        bool go_on = false;
        try {
            go_on = (*on_data)(bytes);
        } catch (...) {
            thrown = std::current_exception();
        }
        if (!go_on) {
            exchange.cancelled = true;
            thread.wake();
        }
    }
    {
        const std::lock_guard lock{mutex};
        running = nullptr;
    }
    if (thrown) std::rethrow_exception(thrown);
    if (exchange.cancelled) exchange.answer.fault = Fault::cancelled;
    return std::move(exchange.answer);
}

namespace {

void prepare(Exchange& exchange, const std::string& url, const char* protocols, milliseconds connect_limit, milliseconds limit) {
    const Easy& easy = exchange.easy;
    if (!easy) throw std::bad_alloc{};
    set(easy, CURLOPT_URL, url.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, protocols);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_limit.count()));
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    set(easy, CURLOPT_ERRORBUFFER, exchange.error);
    set(easy, CURLOPT_PRIVATE, static_cast<void*>(&exchange));
    // Of Debian's two defaults the bundle alone: libcurl shares its store between connections only when there is no folder
    // of certificates besides (0.9 MB a connection).
    set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    set(easy, CURLOPT_WRITEFUNCTION, on_body);
    set(easy, CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
}

void prepare(Exchange& exchange, const Outgoing& request) {
    prepare(exchange, request.url, "http,https", request.connect_limit, request.limit);
    const Easy& easy = exchange.easy;
    exchange.size_limit = request.size_limit;
    exchange.silence_limit = request.silence_limit;
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    // Rather a stream of a connection than a connection more. Plain HTTP has no streams and would wait for nothing.
    if (request.url.starts_with("https:")) set(easy, CURLOPT_PIPEWAIT, 1L);
    set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    set(easy, CURLOPT_USERAGENT, "lunaxcode");
    set(easy, CURLOPT_HEADERFUNCTION, on_header);
    set(easy, CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
    for (const auto& [name, value] : request.headers) {
        if ((name + value).find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos) throw std::invalid_argument("a header holds a line end");
        append(exchange.headers, name + ": " + value);
    }
    append(exchange.headers, "Expect:");
    set(easy, CURLOPT_HTTPHEADER, exchange.headers.get());
    if (!request.basic_user.empty()) {
        set(easy, CURLOPT_USERNAME, request.basic_user.c_str());
        set(easy, CURLOPT_PASSWORD, "");
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(easy, CURLOPT_POSTFIELDS, request.body.data());  // read in place: the caller waits
    }
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

}  // namespace

std::string_view Incoming::header(std::string_view name) const {
    for (const auto& [known, value] : headers)
        if (known == name) return value;
    return {};
}

Fetcher::Fetcher() : state_{std::make_unique<State>()} {}
Fetcher::Fetcher(Network& network) : state_{std::make_unique<State>()} { state_->network = &network; }
Fetcher::~Fetcher() = default;
Fetcher::Fetcher(Fetcher&&) noexcept = default;

Incoming Fetcher::fetch(const Outgoing& request) {
    Exchange exchange;
    prepare(exchange, request);
    return state_->call(exchange, nullptr);
}

Incoming Fetcher::stream(const Outgoing& request, const std::function<bool(std::string_view)>& on_data) {
    Exchange exchange;
    exchange.streaming = true;
    prepare(exchange, request);
    return state_->call(exchange, &on_data);
}

std::string Fetcher::send(const Mail& mail, const std::string& url, const std::string& user, const std::string& password, bool& permanent) {
    permanent = false;
    Exchange exchange;
    exchange.outgoing = message_text(mail);
    exchange.size_limit = 64 * 1024;
    prepare(exchange, url, "smtp,smtps", milliseconds{10'000}, milliseconds{60'000});
    const Easy& easy = exchange.easy;
    set(easy, CURLOPT_USE_SSL, static_cast<long>(is_this_machine(url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    const std::string from = bare_address(mail.from);
    set(easy, CURLOPT_MAIL_FROM, from.c_str());
    append(exchange.recipients, bare_address(mail.to));
    set(easy, CURLOPT_MAIL_RCPT, exchange.recipients.get());
    if (!user.empty()) {
        set(easy, CURLOPT_USERNAME, user.c_str());
        set(easy, CURLOPT_PASSWORD, password.c_str());
    }
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.outgoing.size()));
    set(easy, CURLOPT_READFUNCTION, on_upload);
    set(easy, CURLOPT_READDATA, static_cast<void*>(&exchange));
    const Incoming answer = state_->call(exchange, nullptr);
    if (answer.fault == Fault::none) return {};
    // A 5yz speaks of this mail when RCPT, DATA or the text itself was refused; not in a greeting, nor to MAIL (our own
    // sender), nor of credentials (RFC 4954), which somebody can mend.
    const int code = answer.status;
    const bool of_sender = std::string_view{exchange.error}.starts_with("MAIL ");
    const bool of_credentials = code == 530 || code == 534 || code == 535 || code == 538;
    permanent = code >= 500 && code < 600 && !of_sender && !of_credentials && (exchange.code == CURLE_SEND_ERROR || exchange.sent > 0);
    return answer.why + (code >= 400 ? " [" + std::to_string(code) + "]" : "");
}

void Fetcher::cancel() {
    State& state = *state_;
    const std::lock_guard lock{state.mutex};
    state.cancelled = true;
    if (!state.running) return;
    state.running->cancelled = true;
    state.network->state_->wake();
}

}  // namespace core
