// Accounts: finding and making them, their passwords, and how often one may try.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/form.h"
#include "core/route.h"

namespace domain {

struct Account {
    std::string id;
    std::string email;     // as it was signed up
    std::string password;  // the hash; empty where none was set yet
    bool disabled = false;
};

// How many attempts of a kind one account and one network have within a window.
struct Limit {
    const char* kind;
    int per_account;
    int per_network;
    std::chrono::minutes window;
};
inline constexpr Limit sign_ins{"login", 10, 50, std::chrono::minutes{15}};
inline constexpr Limit sign_ups{"signup", 20, 100, std::chrono::minutes{60}};
inline constexpr Limit reset_mails{"forgot", 3, 30, std::chrono::minutes{60}};
inline constexpr Limit verification_mails{"resend", 5, 30, std::chrono::minutes{60}};

// Counts an attempt before its outcome is known, and lets others on this account or from this network wait for the end of
// the transaction: attempts side by side cannot slip through. Zero: it may go on; else the time until one may.
std::chrono::seconds attempt(core::Call& call, const Limit& limit, const std::string& email);
void require_attempt(core::Call& call, const Limit& limit, const std::string& email);  // throws Error 429 instead
// The password was right: earlier failures are forgotten. Sign-ins and resets of an account come one after the other here.
void succeeded(core::Call& call, const std::string& email, const Limit& limit = sign_ins);

std::optional<Account> find_account(core::Call& call, const std::string& email);
// The new account's id; nothing where that address has one by now.
std::optional<std::string> create_account(core::Call& call, const std::string& name, const std::string& email,
                                          const std::string& hash);
// Makes somebody without a role here a client of this tenant.
void join_tenant(core::Call& call, const std::string& user_id);

// Slow on purpose: not inside a transaction. Takes as long where there is no account, or none that may sign in.
bool opens(const std::optional<Account>& account, const std::string& password);

inline constexpr core::Length any_password{1, 200}, new_password{10, 200};
std::string read_password(core::Form& form, core::Length length);  // never trimmed

// The caller's address as PostgreSQL reads it, and what limits count: the address itself, of IPv6 its /64, which is what
// one household has. Nothing where the web server gave none.
std::optional<std::string> address_of(std::string_view remote);
std::optional<std::string> network_of(std::string_view remote);

}  // namespace domain
