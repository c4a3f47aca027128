// A directory of a test's own, and what tests of files need again and again.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "core/error.hpp"

namespace muster::io {

/// In memory where it is only processes that die, not machines: a sync costs nothing there.
enum class Kept { on_disk, in_memory };

class Scratch {
 public:
  explicit Scratch(Kept kept = Kept::on_disk) {
    std::filesystem::path const memory = "/dev/shm";
    bool const has_memory = kept == Kept::in_memory && std::filesystem::is_directory(memory);
    auto const place = has_memory ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (place / "muster-io-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  ~Scratch() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  std::filesystem::path const& path() const { return path_; }
  std::filesystem::path operator/(std::string const& name) const { return path_ / name; }
  /// Number of directory entries: nothing may be left lying about.
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_),
                                                  std::filesystem::directory_iterator()));
  }

 private:
  std::filesystem::path path_;
};

inline std::string slurp(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void spill(std::filesystem::path const& path, std::string const& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The message of the Error that `action` throws with this exit code; a test failure otherwise.
inline std::string message_of(Exit code, std::function<void()> const& action) {
  try {
    action();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  } catch (std::exception const& other) {
    ADD_FAILURE() << "another exception: " << other.what();
    return {};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace muster::io
