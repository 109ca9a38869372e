// Magic: the only pair that names libmagic.
#include "core/magic.h"

#include <magic.h>
#include <unistd.h>

#include "core/error.h"
#include "core/owned.h"

namespace core {
namespace {

struct Library {
    Owned<magic_set, magic_close> set{magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TAR)};
    Library() {
        if (!set || magic_load(set.get(), nullptr) != 0)
            throw failed(std::string{"libmagic cannot start: "} + (set ? magic_error(set.get()) : "no memory"));
    }
};

}  // namespace

std::string content_type_of(int file) {
    thread_local Library library;  // its table is mapped once a thread, shared between them by the kernel
    if (lseek(file, 0, SEEK_SET) != 0) throw failed("a file that was just written cannot be read");
    const char* type = magic_descriptor(library.set.get(), file);
    if (!type) throw failed(std::string{"libmagic: "} + magic_error(library.set.get()));
    return type;
}

}  // namespace core
