// Disk: files written so that they are there after a crash, and descriptors that close themselves.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace core {

// An open file. Whatever fails throws Error 500, or 507 where the disk or a quota is full.
class File {
public:
    File() = default;
    explicit File(int descriptor) : descriptor_{descriptor} {}
    File(File&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
    File& operator=(File&& other) noexcept { std::swap(descriptor_, other.descriptor_); return *this; }
    ~File();
    // Nothing where there is no such file.
    static File to_read(const std::string& path);
    static File to_write(const std::string& path, bool make);  // mode 0640; never through a symbolic link

    explicit operator bool() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }
    bool lock(bool shared, bool wait);  // until it is closed, also by a kill; false: another holds it
    void write_at(std::uint64_t offset, std::string_view bytes);
    std::size_t read_at(std::uint64_t offset, char* to, std::size_t size) const;  // 0 at the end
    void cut_to(std::uint64_t size);
    std::uint64_t size() const;
    void sync();  // returns once the disk has it

private:
    int descriptor_ = -1;
};

void make_folder(const std::string& path);  // mode 0750, with those above it
void sync_folder(const std::string& path);  // so that names made in it last
void remove_file(const std::string& path);  // gone already is fine
// A second name for a file. False where the name is taken.
bool link_file(const std::string& from, const std::string& to);
// What anybody may still write, in bytes.
std::uint64_t free_space(const std::string& path);

}  // namespace core
