// PayMongo: signatures, events, and what each answer means for a payment.
#include "gateways/paymongo.h"

#include <gtest/gtest.h>

#include <vector>

#include "../core/listener.h"
#include "core/crypto.h"

using namespace gateways;
using Kind = PaymongoAnswer::Kind;
using tests::Listener;

namespace {

constexpr const char* secret = "whsk_test";

std::string digest(const std::string& at, const std::string& body, std::string_view key = secret) { return core::hex(core::hmac_sha256(key, at + "." + body)); }

core::Config config_for(const Listener& server, int timeout = 10) {
    core::Config config;
    config.paymongo_base_url = "http://" + server.host_and_port() + "/v1";
    config.paymongo_secret_key = "sk_test_1";
    config.paymongo_timeout_seconds = timeout;
    return config;
}

Order order() { return {7, 750'000, "agency", "Deposit for One", "https://agency.example", "3", "Juana", "juana@example.com", ""}; }

// One exchange with a server that says these words; what it was sent.
struct Exchange {
    explicit Exchange(std::string words_) : words{std::move(words_)} {}
    std::string words, sent;
    Listener server{[this](int socket) {
        sent = tests::read_request(socket);
        if (words.empty()) tests::wait_for_end(socket);
        else tests::say(socket, words);
    }};
    core::Config config = config_for(server, words.empty() ? 1 : 10);
    core::Fetcher fetcher;
    PaymongoAnswer create() { return Paymongo{config}.create_intent(fetcher, order()); }
};

std::string http(int status, const std::string& body, const char* type = "application/json") {
    return "HTTP/1.1 " + std::to_string(status) + " Word\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr const char* intent = R"({"data":{"id":"pi_1","type":"payment_intent","attributes":{"amount":750000,"currency":"PHP","status":"awaiting_next_action",
    "next_action":{"type":"redirect","redirect":{"url":"https://pay.example/1"}},"metadata":{"payment":"7","tenant":"agency"},"payments":[]}}})";

}  // namespace

TEST(PaymongoSignature, IsOverTheTimeAndTheVeryBody) {
    const std::string body = R"({"data":{}})", right = digest("1700000000", body);
    for (const std::string& header : {"t=1700000000,te=" + right + ",li=", "li=,te=" + right + ",t=1700000000", " t=1700000000, te=" + right + ", li="}) {
        const Signature signature = check_signature(header, body, secret, false);
        EXPECT_TRUE(signature.right) << header;
        EXPECT_EQ(signature.at, 1'700'000'000);
    }
    EXPECT_TRUE(check_signature("t=1700000000,te=,li=" + right, body, secret, true).right);
}

TEST(PaymongoSignature, OfAnotherModeKeyBodyOrTimeIsNone) {
    const std::string body = R"({"data":{}})", right = digest("1700000000", body), header = "t=1700000000,te=" + right + ",li=";
    EXPECT_FALSE(check_signature(header, body, secret, true).right);
    EXPECT_FALSE(check_signature(header, body, "whsk_other", false).right);
    EXPECT_FALSE(check_signature(header, body, "", false).right);
    EXPECT_FALSE(check_signature("t=1,te=" + digest("1", body, "") + ",li=", body, "", false).right);
    EXPECT_FALSE(check_signature(header, body + " ", secret, false).right);
    EXPECT_FALSE(check_signature("t=1700000001,te=" + right, body, secret, false).right);
    EXPECT_FALSE(check_signature("t=,te=" + digest("", body), body, secret, false).right);
    EXPECT_FALSE(check_signature("t=17x,te=" + digest("17x", body), body, secret, false).right);
    for (const char* nothing : {"", ",", "=", "t", "t=1", "te=", ",,,=,=", "t=1,te=,li="}) EXPECT_FALSE(check_signature(nothing, body, secret, false).right) << nothing;
    EXPECT_FALSE(check_signature("t=1700000000,te=" + right.substr(0, 63), body, secret, false).right);
}

TEST(PaymongoEvent, OfAPaymentIsReadWithOurOwnIds) {
    const auto event = read_event(R"({"data":{"id":"evt_1","type":"event","attributes":{"type":"payment.paid","livemode":false,"created_at":1700000000,
        "data":{"id":"pay_1","type":"payment","attributes":{"amount":750000,"currency":"PHP","status":"paid","payment_intent_id":"pi_1",
        "metadata":{"payment":"7","tenant":"agency"}}}}}})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->id, "evt_1");
    EXPECT_EQ(event->named_payment, 7);
    EXPECT_EQ(event->named_tenant, "agency");
    EXPECT_EQ(event->created, 1'700'000'000);
    EXPECT_EQ(event->paid.id, "pay_1");
    EXPECT_EQ(event->paid.amount, 750'000);
    EXPECT_EQ(event->paid.intent, "pi_1");
    EXPECT_FALSE(event->live);
}

TEST(PaymongoEvent, OfASessionTakesTheOnePaymentInItThatIsPaid) {
    const auto event = read_event(R"({"data":{"id":"evt_2","type":"event","attributes":{"type":"checkout_session.payment.paid","livemode":true,
        "data":{"id":"cs_1","type":"checkout_session","attributes":{"payment_intent":{"id":"pi_9"},"metadata":null,"payments":[
        {"id":"pay_1","attributes":{"status":"failed","failed_code":"generic_decline"}},
        {"id":"pay_2","attributes":{"status":"paid","amount":5000,"currency":"PHP"}},{"id":"pay_3","attributes":{"status":"failed"}}]}}}}})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->session, "cs_1");
    EXPECT_EQ(event->paid.id, "pay_2");
    EXPECT_EQ(event->paid.intent, "pi_9");
    EXPECT_EQ(event->named_payment, 0);
    EXPECT_TRUE(event->live);
}

TEST(PaymongoEvent, WhatIsNoEventIsNothing) {
    for (const char* text : {"", "[]", "null", "{}", R"({"data":1})", R"({"data":{"id":"evt_1","type":"event","attributes":{"type":"payment.paid","data":{}}}})",
                             R"({"data":{"id":"","type":"event","attributes":{"type":"payment.paid","livemode":false,"data":{}}}})",
                             R"({"data":{"id":"evt_1","type":"event","attributes":{"type":"payment.paid","livemode":"no","data":{}}}})",
                             R"({"data":{"id":"evt_1","type":"payment","attributes":{"type":"payment.paid","livemode":false,"data":{}}}})"})
        EXPECT_FALSE(read_event(text)) << text;
}

TEST(PaymongoEvent, IdsOfOursThatAreNoneAreZero) {
    for (const char* number : {"\"0\"", "\"-7\"", "\"7x\"", "\"99999999999\"", "null", "{}", "7.5"}) {
        const auto event = read_event(std::string{R"({"data":{"id":"evt_1","type":"event","attributes":{"type":"payment.paid","livemode":false,
            "data":{"id":"pay_1","attributes":{"metadata":{"payment":)"} + number + "}}}}}}");
        ASSERT_TRUE(event) << number;
        EXPECT_EQ(event->named_payment, 0) << number;
    }
}

TEST(Paymongo, AnIntentIsAskedForWithOurIdsAndWithoutTheKeyInItsBody) {
    Exchange exchange{http(200, intent)};
    const PaymongoAnswer answer = exchange.create();
    EXPECT_EQ(answer.kind, Kind::done);
    EXPECT_EQ(answer.id, "pi_1");
    EXPECT_EQ(answer.intent.redirect, "https://pay.example/1");
    EXPECT_EQ(answer.intent.named_payment, 7);
    EXPECT_TRUE(exchange.sent.starts_with("POST /v1/payment_intents "));
    EXPECT_NE(exchange.sent.find("\"amount\":750000,\"currency\":\"PHP\""), std::string::npos);
    EXPECT_NE(exchange.sent.find("\"metadata\":{\"payment\":\"7\",\"tenant\":\"agency\",\"project\":\"3\"}"), std::string::npos);
    EXPECT_NE(exchange.sent.find("uthorization: Basic "), std::string::npos);
    EXPECT_EQ(exchange.sent.find("sk_test_1"), std::string::npos);
}

TEST(Paymongo, AnAnswerThatLeavesItOpenWhetherAnythingWasMadeSaysSo) {
    const std::string cut = http(200, intent).substr(0, 200);
    for (const std::string& words : {std::string{}, cut, http(500, "{}"), http(503, "<html>", "text/html"), http(408, ""), http(200, "<html>", "text/html"), http(200, "{}"),
                                     http(200, R"({"data":{}})")}) {
        Exchange exchange{words};
        const PaymongoAnswer answer = exchange.create();
        EXPECT_EQ(answer.kind, Kind::unknown) << words;
        EXPECT_FALSE(answer.why.empty());
    }
}

TEST(Paymongo, ARefusalIsToldToTheClientInWordsThatHelp) {
    Exchange expired{http(400, R"({"errors":[{"code":"card_expired","detail":"The card is expired."}]})")};
    PaymongoAnswer answer = expired.create();
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_EQ(answer.people, "The card has expired. Please use another one.");
    Exchange keys{http(401, R"({"errors":[{"code":"invalid_api_key","detail":"sk_test_1 is wrong"}]})")};
    answer = keys.create();
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_EQ(answer.people.find("sk_"), std::string::npos);
    EXPECT_EQ(answer.why, "HTTP 401 invalid_api_key");
}

TEST(Paymongo, TooManyRequestsAreWaitedFor) {
    Exchange exchange{"HTTP/1.1 429 Many\r\nRetry-After: 7\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nslow"};
    const PaymongoAnswer answer = exchange.create();
    EXPECT_EQ(answer.kind, Kind::away);
    EXPECT_EQ(answer.wait.count(), 7);
}

TEST(Paymongo, WhoDoesNotListenWasNotAsked) {
    core::Config config;
    {
        Listener gone{[](int) {}};
        config = config_for(gone);
    }
    core::Fetcher fetcher;
    EXPECT_EQ(Paymongo{config}.create_intent(fetcher, order()).kind, Kind::away);
}

TEST(Paymongo, AnIntentWhoseAnswerWasLostIsFoundByItsMetadata) {
    const auto one = [](const char* id, const char* payment, const char* tenant, const char* status) {
        return std::string{R"({"id":")"} + id + R"(","attributes":{"amount":750000,"status":")" + status + R"(","metadata":{"payment":")" + payment + R"(","tenant":")" + tenant + "\"}}}";
    };
    Exchange exchange{http(200, R"({"data":[)" + one("pi_3", "8", "agency", "succeeded") + "," + one("pi_2", "7", "agency", "awaiting_payment_method") + "," +
                                    one("pi_1", "7", "other", "succeeded") + R"(,{"id":"pi_0","attributes":{"metadata":null}}],"has_more":false})")};
    PaymongoAnswer answer = Paymongo{exchange.config}.find_intent(exchange.fetcher, order());
    EXPECT_EQ(answer.kind, Kind::done);
    EXPECT_EQ(answer.id, "pi_2");
    Exchange none{http(200, R"({"data":[],"has_more":false})")};
    answer = Paymongo{none.config}.find_intent(none.fetcher, order());
    EXPECT_EQ(answer.kind, Kind::done);
    EXPECT_EQ(answer.id, "");
    Exchange paid{http(200, R"({"data":[)" + one("pi_9", "7", "agency", "succeeded") + "," + one("pi_8", "7", "agency", "awaiting_payment_method") + "]}")};
    EXPECT_EQ(Paymongo{paid.config}.find_intent(paid.fetcher, order()).id, "pi_9");
}
