// Mail: one message as RFC 5322 text. Plain functions without state: any thread may call them.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

namespace core {

struct Mail {
    std::string from, to;    // "Name <address>" or an address
    std::string subject, text, html;  // html empty: a text mail; text is UTF-8 with any line ends
    std::string message_id;  // without angle brackets; a mail that is sent again keeps it
    std::string reply_to = {};     // an address; empty: answers go to the sender
    std::string unsubscribe = {};  // an http(s) address: one POST there ends such mails (RFC 8058); empty: none
};

// The mail as it is sent and as .eml files hold it: CRLF line ends, multipart/alternative with the text first, UTF-8
// headers encoded by RFC 2047, bodies as 7bit where they are that, else quoted-printable.
// Throws Error 500 on CR, LF, NUL or other control characters in an address or header, and on what is no address.
std::string message_text(const Mail& mail, std::chrono::system_clock::time_point date = std::chrono::system_clock::now());

// The bare address of "Name <address>", for the envelope. Throws Error 500 as message_text does.
std::string bare_address(std::string_view mailbox);

}  // namespace core
