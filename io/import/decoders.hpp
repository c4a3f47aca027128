// One decoder a compression, over the libraries; private to text_source.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace muster::io {

/// Turns chunks of compressed bytes into plain ones.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Takes bytes from the front of `input` (which shrinks) and fills the front of `output`; returns
  /// how many bytes it wrote. `last`: no input follows. Throws Error (Exit::user) for corrupt data.
  virtual std::size_t decode(std::string_view& input, std::span<char> output, bool last) = 0;
  /// True when the data may end here: after a whole stream.
  virtual bool at_end() const = 0;
  /// "gzip", for messages.
  virtual char const* format() const = 0;
};

std::unique_ptr<Decoder> make_gzip_decoder(std::string const& name);
std::unique_ptr<Decoder> make_xz_decoder(std::string const& name);
std::unique_ptr<Decoder> make_zstd_decoder(std::string const& name);
/// Of an archive with one file.
std::unique_ptr<Decoder> make_zip_decoder(std::string const& name);
/// By the first bytes; null for plain text.
std::unique_ptr<Decoder> make_decoder(std::string_view first_bytes, std::string const& name);

/// Throws the one message for corrupt compressed data.
[[noreturn]] void throw_corrupt(std::string const& name, char const* format, char const* detail);

}  // namespace muster::io
