// Mail: headers, encoded words, quoted-printable.
#include "core/mail.h"

#include <algorithm>
#include <ctime>

#include "core/crypto.h"
#include "core/error.h"

namespace core {
namespace {

constexpr char hex_digits[] = "0123456789ABCDEF";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// libcurl sends what it is given: a line end in a header would begin another header.
void refuse_controls(std::string_view text, const char* what) {
    if (std::any_of(text.begin(), text.end(), is_control)) throw failed(std::string{what} + " of a mail holds a control character");
}

std::string base64(std::string_view bytes) {
    constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto at = [&](std::size_t k) -> unsigned { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U; };
        const unsigned three = at(0) << 16U | at(1) << 8U | at(2);
        for (std::size_t k = 0; k < 4; ++k)
            out += i + k <= bytes.size() ? letters[three >> (18U - 6U * k) & 63U] : '=';
    }
    return out;
}

// RFC 2047: encoded words of at most 75 characters, none of which cuts a character in two, one a line.
std::string encoded_words(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t end = std::min(text.size(), i + 45);  // 60 characters of base64
        while (end < text.size() && end > i + 1 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
        out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(text.substr(i, end - i)) + "?=";
        i = end;
    }
    return out;
}

// A header's free text. Long ASCII is folded at its spaces; a word that fits no line, and what looks encoded, is encoded.
std::string unstructured(std::string_view text) {
    if (!is_ascii(text) || text.find("=?") != text.npos) return encoded_words(text);
    std::string out;
    std::size_t column = 12;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t end = std::min(text.find(' ', i + 1), text.size());
        if (end - i > 900) return encoded_words(text);
        if (column + end - i > 76 && i > 0 && text[i] == ' ' && end > i + 1) {
            out += "\r\n";
            column = 0;
        }
        out.append(text, i, end - i);
        column += end - i;
        i = end;
    }
    return out;
}

struct Mailbox {
    std::string_view name, address;
};

Mailbox split(std::string_view text) {
    refuse_controls(text, "An address");
    Mailbox box{{}, text};
    if (const auto open = text.rfind('<'); open != text.npos && text.ends_with('>')) {
        box = {text.substr(0, open), text.substr(open + 1, text.size() - open - 2)};
        while (box.name.ends_with(' ')) box.name.remove_suffix(1);
        if (box.name.size() >= 2 && box.name.front() == '"' && box.name.back() == '"') box.name = box.name.substr(1, box.name.size() - 2);
    }
    const auto at = box.address.rfind('@');
    if (at == box.address.npos || at == 0 || at + 1 == box.address.size() || box.address.size() > 254 ||
        box.address.find_first_of(" <>()[],;:\\\"") != box.address.npos)
        throw failed("A mail has an address that is none");
    return box;
}

std::string mailbox(std::string_view text) {
    const Mailbox box = split(text);
    const std::string address = "<" + std::string{box.address} + ">";
    if (box.name.empty()) return std::string{box.address};
    if (!is_ascii(box.name)) return encoded_words(box.name) + "\r\n " + address;
    std::string quoted = "\"";
    for (const char c : box.name) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "\" " + address;
}

// RFC 5322 §3.3; written out because strftime's names follow the locale.
std::string date_text(std::chrono::system_clock::time_point when) {
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char rest[32];
    const std::size_t size = std::strftime(rest, sizeof rest, "%Y %H:%M:%S +0000", &utc);
    return std::string{days[utc.tm_wday]} + ", " + std::to_string(utc.tm_mday) + " " + months[utc.tm_mon] + " " +
           std::string{rest, size};
}

// CRLF line ends, whatever they were; NUL is left out. PostgreSQL holds valid UTF-8 only.
std::string lines(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' || text[i] == '\n') {
            if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
            out += "\r\n";
        } else if (text[i] != '\0') {
            out += text[i];
        }
    }
    if (!out.ends_with("\r\n")) out += "\r\n";
    return out;
}

bool is_7bit(std::string_view text) {
    if (!is_ascii(text)) return false;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t end = text.find("\r\n", i);
        if (end - i > 998) return false;
        i = end + 2;
    }
    return true;
}

// RFC 2045 §6.7: lines of at most 76 characters.
std::string quoted_printable(std::string_view text) {
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\r') {
            out += "\r\n";
            column = 0;
            ++i;
            continue;
        }
        const bool at_end = text[i + 1] == '\r';  // every line ends with CRLF here
        const bool plain = (c > 0x20 && c < 0x7F && c != '=') || ((c == ' ' || c == '\t') && !at_end);
        const std::size_t width = plain ? 1 : 3;
        if (column + width > (at_end ? 76U : 75U)) {
            out += "=\r\n";
            column = 0;
        }
        if (plain) {
            out += c;
        } else {
            out += '=';
            out += hex_digits[static_cast<unsigned char>(c) >> 4U];
            out += hex_digits[static_cast<unsigned char>(c) & 15U];
        }
        column += width;
    }
    return out;
}

// RFC 8058 wants https for the one click; without it the address is still one that a person can open.
std::string unsubscribe_headers(std::string_view url) {
    refuse_controls(url, "The unsubscribe address");
    const bool secure = url.starts_with("https://");
    if ((!secure && !url.starts_with("http://")) || url.size() > 900 || url.find_first_of("<> ") != url.npos || !is_ascii(url))
        throw failed("A mail has an unsubscribe address that is none");
    std::string out = "List-Unsubscribe:\r\n <" + std::string{url} + ">\r\n";
    if (secure) out += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
    return out;
}

std::string part(std::string_view subtype, std::string_view text) {
    const std::string body = lines(text);
    const bool plain = is_7bit(body);
    return "Content-Type: text/" + std::string{subtype} + "; charset=UTF-8\r\nContent-Transfer-Encoding: " +
           (plain ? "7bit" : "quoted-printable") + "\r\n\r\n" + (plain ? body : quoted_printable(body));
}

}  // namespace

std::string bare_address(std::string_view text) { return std::string{split(text).address}; }

std::string message_text(const Mail& mail, std::chrono::system_clock::time_point date) {
    refuse_controls(mail.subject, "The subject");
    refuse_controls(mail.message_id, "The Message-ID");
    if (mail.message_id.empty() || mail.message_id.find_first_of("<> ") != mail.message_id.npos)
        throw failed("A mail has a Message-ID that is none");
    std::string more;
    if (!mail.reply_to.empty()) more += "Reply-To: " + mailbox(mail.reply_to) + "\r\n";
    if (!mail.unsubscribe.empty()) more += unsubscribe_headers(mail.unsubscribe);
    std::string out = "Date: " + date_text(date) + "\r\nFrom: " + mailbox(mail.from) + "\r\nTo: " + mailbox(mail.to) +
                      "\r\nSubject: " + unstructured(mail.subject) + "\r\nMessage-ID: <" + mail.message_id +
                      ">\r\n" + more + "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
    if (mail.html.empty()) return out + part("plain", mail.text);
    const std::string boundary = "=_" + hex(sha256(mail.message_id + mail.text + mail.html)).substr(0, 32);
    return out + "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n" +
           part("plain", mail.text) + "\r\n--" + boundary + "\r\n" + part("html", mail.html) + "\r\n--" + boundary + "--\r\n";
}

}  // namespace core
