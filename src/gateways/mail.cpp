// Mail: SMTP through core::Fetcher, or files.
#include "gateways/mail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "core/error.h"

namespace gateways {
namespace {

struct Descriptor {
    int number;
    explicit Descriptor(int n) : number{n} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

std::string system_error(const char* what) { return std::string{what} + ": " + std::strerror(errno); }

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// Temporary file, fsync, rename, fsync of the directory: after a crash the mail is there whole or not at all.
std::string write_file(const std::string& directory, const std::string& name, std::string_view text) {
    for (std::size_t slash = 1; slash < directory.size(); ++slash)
        if (directory[slash] == '/') ::mkdir(directory.substr(0, slash).c_str(), 0755);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return system_error("MAIL_DIR");
    const Descriptor folder{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.number < 0) return system_error("MAIL_DIR");
    const std::string temporary = name + ".part";
    const Descriptor file{::openat(folder.number, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (file.number < 0) return system_error("a file in MAIL_DIR");
    const bool written = write_all(file.number, text) && ::fsync(file.number) == 0 &&
                         ::renameat(folder.number, temporary.c_str(), folder.number, name.c_str()) == 0;
    if (!written) {
        std::string why = system_error("a file in MAIL_DIR");
        ::unlinkat(folder.number, temporary.c_str(), 0);
        return why;
    }
    return ::fsync(folder.number) == 0 ? std::string{} : system_error("MAIL_DIR");
}

// The part of a Message-ID before the @, as letters of a file name.
std::string local_part(std::string_view message_id) {
    std::string out;
    for (const char c : message_id.substr(0, message_id.find('@')).substr(0, 80))
        out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '-';
    return out;
}

}  // namespace

Delivery deliver(const core::Config& config, core::Fetcher& fetcher, core::Mail mail, long long id) {
    if (mail.from.empty()) mail.from = config.mail_from;
    Delivery delivery;
    try {
        if (config.smtp_url.empty())
            delivery.why = write_file(config.mail_dir, std::to_string(id) + "-" + local_part(mail.message_id) + ".eml", core::message_text(mail));
        else
            delivery.why = fetcher.send(mail, config.smtp_url, config.smtp_user, config.smtp_password, delivery.permanent);
        delivery.done = delivery.why.empty();
    } catch (const core::Error& error) {  // message_text refuses the mail itself, now and for ever
        delivery.why = error.detail;
        delivery.permanent = true;
    }
    return delivery;
}

}  // namespace gateways
