// hash-password: reads a password from standard input and prints its argon2id hash, as public.users.password holds it.
// Usage: hash-password < FILE. Exit codes: 0 printed, 1 the password cannot be used, 2 wrong use, 3 no memory or no output.
#include <exception>
#include <iostream>
#include <iterator>
#include <string>

#include "core/crypto.h"
#include "core/form.h"

int main(int argc, char**) {
    if (argc > 1) {  // never as an argument: the process list shows those to everybody
        std::cerr << "usage: hash-password < FILE    (one line, 1 to 200 characters)\n";
        return 2;
    }
    std::string password{std::istreambuf_iterator<char>{std::cin}, {}};
    if (password.ends_with('\n')) password.pop_back();
    if (password.ends_with('\r')) password.pop_back();
    const char* wrong = nullptr;
    if (password.empty()) wrong = "the password is empty";
    else if (core::characters(password) > 200) wrong = "the password has more than 200 characters";
    else if (password.find_first_of(std::string_view{"\n\0", 2}) != std::string::npos) wrong = "the password is more than one line";
    if (wrong) {
        std::cerr << "hash-password: " << wrong << '\n';
        return 1;
    }
    try {
        std::cout << core::hash_password(password) << std::endl;
    } catch (const std::exception& error) {
        std::cerr << "hash-password: " << error.what() << '\n';
        return 3;
    }
    return std::cout ? 0 : 3;
}
