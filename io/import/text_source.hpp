// Input bytes: plain, gzip, xz, zstd or zip, told apart by their first bytes (a name may lie), streamed
// with a limit on what they may grow to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace muster::io {

/// The default limit on decompressed bytes of one input.
inline constexpr std::uint64_t max_text_bytes = std::uint64_t{4} << 30;

/// A stream of decompressed bytes.
class TextSource {
 public:
  virtual ~TextSource() = default;
  /// Fills the front of `into` and returns how many bytes it wrote; 0 = the end.
  /// Throws Error: Exit::user for corrupt or truncated data and for data beyond the limit,
  /// Exit::environment when the disk fails.
  virtual std::size_t read(std::span<char> into) = 0;
  /// What messages call this input: its path.
  virtual std::string const& name() const = 0;
};

/// Opens a file. Throws Error (Exit::user) when there is none, it is a directory or may not be
/// read.
std::unique_ptr<TextSource> open_text(std::filesystem::path const& path,
                                      std::uint64_t max_bytes = max_text_bytes);
/// The same over bytes in memory, which must outlive the source; compression is recognised as well.
std::unique_ptr<TextSource> text_from_memory(std::string name, std::string_view bytes,
                                             std::uint64_t max_bytes = max_text_bytes);
/// Everything that is left, as one string.
std::string read_all(TextSource& source);

}  // namespace muster::io
