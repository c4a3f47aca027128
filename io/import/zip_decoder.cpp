// A zip archive of one file, read from its front: local header, data, what follows.
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "io/import/decoders.hpp"

namespace muster::io {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t fixed_header = 30;
constexpr std::size_t longest_descriptor = 24;

std::uint32_t little_endian(std::string const& bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

class ZipDecoder : public Decoder {
 public:
  explicit ZipDecoder(std::string const& name) : name_(name) {
    MUSTER_REQUIRE_ENV(inflateInit2(&stream_, -MAX_WBITS) == Z_OK,
                       "{}: zlib cannot start (out of memory); free some and try again", name_);
  }
  ~ZipDecoder() override { inflateEnd(&stream_); }
  ZipDecoder(ZipDecoder const&) = delete;
  ZipDecoder& operator=(ZipDecoder const&) = delete;

  std::size_t decode(std::string_view& input, std::span<char> output, bool) override {
    if (part_ == Part::header) take_header(input);
    std::size_t wrote = 0;
    if (part_ == Part::data) wrote = is_stored_ ? copy(input, output) : unpack(input, output);
    crc_ = crc32(crc_, reinterpret_cast<Bytef const*>(output.data()), static_cast<uInt>(wrote));
    if (part_ == Part::rest && wrote == 0) take_rest(input);
    return wrote;
  }
  bool at_end() const override { return part_ == Part::rest && is_checked_; }
  char const* format() const override { return "zip"; }

 private:
  enum class Part { header, data, rest };

  /// Moves bytes to kept_ until it has `size`; true when it has.
  bool keep(std::string_view& input, std::size_t size) {
    std::size_t const more = std::min(input.size(), size - std::min(size, kept_.size()));
    kept_.append(input.substr(0, more));
    input.remove_prefix(more);
    return kept_.size() >= size;
  }

  void take_header(std::string_view& input) {
    if (!keep(input, fixed_header)) return;
    if (!keep(input, fixed_header + little_endian(kept_, 26, 2) + little_endian(kept_, 28, 2)))
      return;
    std::uint32_t const flags = little_endian(kept_, 6, 2), method = little_endian(kept_, 8, 2);
    has_descriptor_ = (flags & 8) != 0;
    is_stored_ = method == 0;
    bool const is_known = (method == 8 || (is_stored_ && !has_descriptor_)) && (flags & 1) == 0;
    if (!is_known) throw_corrupt(name_, format(), "it is encrypted or packed in a rare way");
    expected_crc_ = little_endian(kept_, 14, 4);
    left_ = little_endian(kept_, 22, 4);
    kept_.clear();
    part_ = is_stored_ && left_ == 0 ? Part::rest : Part::data;
  }

  std::size_t copy(std::string_view& input, std::span<char> output) {
    std::size_t const n = std::min({input.size(), output.size(), std::size_t{left_}});
    std::memcpy(output.data(), input.data(), n);
    input.remove_prefix(n);
    left_ -= static_cast<std::uint32_t>(n);
    if (left_ == 0) part_ = Part::rest;
    return n;
  }

  std::size_t unpack(std::string_view& input, std::span<char> output) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    int const state = inflate(&stream_, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
      throw_corrupt(name_, format(), stream_.msg != nullptr ? stream_.msg : "bad data");
    if (state == Z_STREAM_END) part_ = Part::rest;
    input.remove_prefix(input.size() - stream_.avail_in);
    return output.size() - stream_.avail_out;
  }

  /// A descriptor where the header announces one, then the archive's list of files.
  void take_rest(std::string_view& input) {
    if (!is_checked_ && keep(input, 4 + (has_descriptor_ ? longest_descriptor : 0))) check_rest();
    if (is_checked_) input = {};
  }

  void check_rest() {
    is_checked_ = true;
    bool const has_mark = has_descriptor_ && kept_.starts_with("PK\x07\x08"sv);
    if (has_descriptor_) expected_crc_ = little_endian(kept_, has_mark ? 4 : 0, 4);
    if (crc_ != expected_crc_) throw_corrupt(name_, format(), "its checksum does not fit");
    MUSTER_REQUIRE(kept_.find("PK\x03\x04"sv) == std::string::npos,
                   "{}: is a zip archive of several files (which of them is meant?); unpack it and "
                   "name those you want",
                   name_);
    if (kept_.find("PK\x01\x02"sv) == std::string::npos)
      throw_corrupt(name_, format(), "its list of files is missing");
  }

  std::string name_;
  z_stream stream_{};
  Part part_ = Part::header;
  std::string kept_;
  std::uint32_t left_ = 0, expected_crc_ = 0;
  uLong crc_ = 0;
  bool is_stored_ = false, has_descriptor_ = false, is_checked_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_zip_decoder(std::string const& name) {
  return std::make_unique<ZipDecoder>(name);
}

}  // namespace muster::io
