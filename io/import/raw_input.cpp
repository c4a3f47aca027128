#include "io/import/raw_input.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.hpp"

namespace muster::io {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class RawFile : public RawInput {
 public:
  RawFile(std::string name, std::FILE* file)
      : RawInput(std::move(name)), file_(file), buffer_(1 << 16) {}

  std::string_view next_chunk() override {
    std::size_t const got = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    MUSTER_REQUIRE_ENV(
        got > 0 || std::ferror(file_.get()) == 0,
        "{}: reading failed: {} (the input is incomplete); check the disk and try again", name(),
        std::strerror(errno));
    return {buffer_.data(), got};
  }

 private:
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<char> buffer_;
};

class RawMemory : public RawInput {
 public:
  RawMemory(std::string name, std::string_view bytes) : RawInput(std::move(name)), bytes_(bytes) {}
  std::string_view next_chunk() override { return std::exchange(bytes_, {}); }

 private:
  std::string_view bytes_;
};

}  // namespace

std::unique_ptr<RawInput> open_raw(std::filesystem::path const& path) {
  std::error_code ignored;
  MUSTER_REQUIRE(!std::filesystem::is_directory(path, ignored),
                 "{}: is a directory (an input file is needed); name the files in it",
                 path.string());
  std::FILE* file = std::fopen(path.c_str(), "rb");
  MUSTER_REQUIRE(file != nullptr,
                 "{}: cannot be opened: {} (nothing was read); check the path and its permissions",
                 path.string(), std::strerror(errno));
  return std::make_unique<RawFile>(path.string(), file);
}

std::unique_ptr<RawInput> raw_from_memory(std::string name, std::string_view bytes) {
  return std::make_unique<RawMemory>(std::move(name), bytes);
}

}  // namespace muster::io
