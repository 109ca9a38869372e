// Owned: a unique_ptr that gives a C library's object back through that library's own free function.
#pragma once
#include <memory>

namespace core {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept { Free(object); }
};

// Owned<PGresult, PQclear> and the like.
template <class T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

}  // namespace core
