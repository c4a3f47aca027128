// Bytes as they lie on disk or in memory, with a look at the first ones; private to text_source.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace muster::io {

/// Compressed or plain bytes, in chunks that stay valid until the next call.
class RawInput {
 public:
  virtual ~RawInput() = default;
  /// The next bytes; empty at the end. Throws Error (Exit::environment) when reading fails.
  virtual std::string_view next_chunk() = 0;
  std::string const& name() const { return name_; }

 protected:
  explicit RawInput(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

/// Throws Error (Exit::user) when the file cannot be opened.
std::unique_ptr<RawInput> open_raw(std::filesystem::path const& path);
std::unique_ptr<RawInput> raw_from_memory(std::string name, std::string_view bytes);

}  // namespace muster::io
