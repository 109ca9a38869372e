// Mail: messages as RFC 5322 text.
#include "core/mail.h"

#include <gtest/gtest.h>

#include "core/error.h"

using namespace core;

namespace {

Mail plain() { return {"Lunaxcode <agency@example.ph>", "juan@example.com", "Hello", "One\nTwo", "", "7-abc@lunaxcode"}; }

const auto moment = std::chrono::system_clock::time_point{std::chrono::seconds{1'795'252'330}};

std::string text(const Mail& mail) { return message_text(mail, moment); }

std::string header(const std::string& message, const std::string& name) {
    auto at = message.find("\r\n" + name + ": ");
    if (at == message.npos) return "none";
    at += name.size() + 4;
    std::string value;
    do {  // with what is folded
        const auto end = message.find("\r\n", at);
        value += message.substr(at, end - at);
        at = end + 2;
    } while (message[at] == ' ');
    return value;
}

// RFC 2047, the other way round; for "B" words only.
std::string decoded(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size();) {
        if (!value.substr(i).starts_with("=?UTF-8?B?")) {
            if (value[i] != ' ') out += value[i];
            ++i;
            continue;
        }
        unsigned bits = 0, held = 0;
        for (i += 10; value[i] != '?'; ++i) {
            const auto at = std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"}.find(value[i]);
            if (at == std::string_view::npos) continue;
            bits = bits << 6U | static_cast<unsigned>(at);
            held += 6;
            if (held >= 8) out += static_cast<char>(bits >> (held -= 8) & 255U);
        }
        i += 2;
    }
    return out;
}

std::string unquoted(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] != '=') out += text[i];
        else if (text[i + 1] == '\r') i += 2;
        else {
            out += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
            i += 2;
        }
    return out;
}

std::string body(const std::string& message) { return message.substr(message.find("\r\n\r\n") + 4); }

}  // namespace

TEST(MessageText, HasEveryHeaderOnce) {
    const std::string message = text(plain());
    EXPECT_TRUE(message.starts_with("Date: Sat, 21 Nov 2026 09:12:10 +0000\r\n"));
    EXPECT_EQ(header(message, "From"), "\"Lunaxcode\" <agency@example.ph>");
    EXPECT_EQ(header(message, "To"), "juan@example.com");
    EXPECT_EQ(header(message, "Subject"), "Hello");
    EXPECT_EQ(header(message, "Message-ID"), "<7-abc@lunaxcode>");
    EXPECT_EQ(header(message, "Content-Type"), "text/plain; charset=UTF-8");
    EXPECT_EQ(header(message, "Content-Transfer-Encoding"), "7bit");
    EXPECT_EQ(body(message), "One\r\nTwo\r\n");
}

TEST(MessageText, MakesEveryLineEndCrlf) {
    Mail mail = plain();
    mail.text = "a\nb\r\nc\rd\n\n";
    EXPECT_EQ(body(text(mail)), "a\r\nb\r\nc\r\nd\r\n\r\n");
}

TEST(MessageText, EncodesOtherAlphabetsWithoutCuttingCharacters) {
    Mail mail = plain();
    for (const char* one : {"Kumusta ₱15,000", "é", "Ñandú — 🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭🇵🇭 x", "ünï日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語"}) {
        mail.subject = one;
        const std::string value = header(text(mail), "Subject");
        EXPECT_EQ(decoded(value), one);
        for (std::size_t at = value.find("=?"); at != value.npos; at = value.find("=?", at + 1))
            if (value.substr(at).starts_with("=?UTF-8?B?")) {
                EXPECT_LE(value.find("?=", at + 10) + 2 - at, 75U);
            }
    }
}

TEST(MessageText, FoldsLongSubjectsAndEncodesWhatLooksEncoded) {
    Mail mail = plain();
    mail.subject = std::string(30, 'a') + " " + std::string(30, 'b') + " " + std::string(30, 'c');
    EXPECT_EQ(header(text(mail), "Subject"), mail.subject);
    EXPECT_NE(text(mail).find("b\r\n c"), std::string::npos);
    mail.subject = "=?UTF-8?B?aGk=?=";
    EXPECT_EQ(decoded(header(text(mail), "Subject")), mail.subject);
    EXPECT_NE(header(text(mail), "Subject"), mail.subject);
}

TEST(MessageText, EncodesNamesAndQuotesOthers) {
    Mail mail = plain();
    mail.from = "Ñandú Web <a@b.ph>";
    EXPECT_EQ(header(text(mail), "From"), "=?UTF-8?B?w5FhbmTDuiBXZWI=?= <a@b.ph>");
    mail.from = "Juan \"J\" \\ Cruz, Jr. <a@b.ph>";
    EXPECT_EQ(header(text(mail), "From"), R"("Juan \"J\" \\ Cruz, Jr." <a@b.ph>)");
}

TEST(MessageText, QuotesBodiesThatAre8BitOrTooLong) {
    Mail mail = plain();
    mail.text = "₱15,000 = half \nend\t\n" + std::string(300, 'x') + " =\n.";
    const std::string message = text(mail);
    EXPECT_EQ(header(message, "Content-Transfer-Encoding"), "quoted-printable");
    EXPECT_EQ(unquoted(body(message)), "₱15,000 = half \r\nend\t\r\n" + std::string(300, 'x') + " =\r\n.\r\n");
    for (std::size_t at = 0, end = 0; (end = body(message).find("\r\n", at)) != std::string::npos; at = end + 2) EXPECT_LE(end - at, 76U);
    EXPECT_EQ(body(message).find(" \r\n"), std::string::npos);  // trailing blanks are lost on the way
    mail.text = std::string(1000, 'y');
    EXPECT_EQ(header(text(mail), "Content-Transfer-Encoding"), "quoted-printable");
    mail.text = std::string(998, 'y');
    EXPECT_EQ(header(text(mail), "Content-Transfer-Encoding"), "7bit");
}

TEST(MessageText, GivesBothFormsWithTheTextFirst) {
    Mail mail = plain();
    mail.html = "<p>Ñ</p>";
    const std::string message = text(mail);
    const std::string type = header(message, "Content-Type");
    ASSERT_TRUE(type.starts_with("multipart/alternative; boundary=\""));
    const std::string boundary = "--" + type.substr(33, type.size() - 34);
    const auto first = message.find(boundary), second = message.find(boundary, first + 1), last = message.find(boundary + "--\r\n");
    ASSERT_NE(last, message.npos);
    EXPECT_LT(message.find("text/plain"), second);
    EXPECT_GT(message.find("text/html"), second);
    EXPECT_EQ(message, text(mail));  // the same mail is the same bytes
}

TEST(MessageText, RefusesControlCharactersInEveryHeader) {
    for (const char* bad : {"\r\nBcc: x@y.z", "a\nb", "a\rb", "tab\there", "\x7f"}) {
        for (std::string Mail::*field : {&Mail::subject, &Mail::message_id, &Mail::from, &Mail::to}) {
            Mail mail = plain();
            mail.*field += bad;
            EXPECT_THROW(text(mail), Error) << bad;
        }
    }
    Mail mail = plain();
    mail.subject += std::string{"\0x", 2};
    EXPECT_THROW(text(mail), Error);
}

TEST(MessageText, RefusesWhatIsNoAddressOrMessageId) {
    for (const char* bad : {"", "juan", "@example.com", "juan@", "a b@c.d", "a@b.c, d@e.f", "<a@b.c", "a@b.c>", "Juan <a@b.c> x", "a<b>@c.d"}) {
        Mail mail = plain();
        mail.to = bad;
        EXPECT_THROW(text(mail), Error) << bad;
    }
    for (const char* bad : {"", "<a@b>", "a b@c"}) {
        Mail mail = plain();
        mail.message_id = bad;
        EXPECT_THROW(text(mail), Error) << bad;
    }
    EXPECT_EQ(bare_address("Juan Cruz <juan@example.com>"), "juan@example.com");
}

TEST(Mail, SaysWhereAnswersGoAndHowToEndSuchMails) {
    Mail mail = plain();
    EXPECT_EQ(header(text(mail), "Reply-To"), "none");
    EXPECT_EQ(header(text(mail), "List-Unsubscribe"), "none");
    mail.reply_to = "hello@example.ph";
    mail.unsubscribe = "https://example.ph/api/notifications/unsubscribe?user=u&signature=" + std::string(64, 'a');
    EXPECT_EQ(header(text(mail), "Reply-To"), "hello@example.ph");
    EXPECT_NE(text(mail).find("\r\nList-Unsubscribe:\r\n <" + mail.unsubscribe + ">\r\n"), std::string::npos);
    EXPECT_EQ(header(text(mail), "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    mail.unsubscribe = "http://127.0.0.1/x";
    EXPECT_EQ(header(text(mail), "List-Unsubscribe-Post"), "none") << "RFC 8058 wants https";
}

TEST(Mail, AnAddressForEndingMailsThatIsNoneIsRefused) {
    for (const char* wrong : {"javascript:x", "https://x/\r\nBcc: a@b.c", "https://x/<y>", "https://x/ y", "https://ä/"}) {
        Mail mail = plain();
        mail.unsubscribe = wrong;
        EXPECT_THROW(text(mail), Error) << wrong;
    }
    Mail mail = plain();
    mail.reply_to = "a@b.c\r\nBcc: d@e.f";
    EXPECT_THROW(text(mail), Error);
}
