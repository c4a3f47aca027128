#include "io/import/decoders.hpp"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "core/error.hpp"

namespace muster::io {
namespace {

/// A small file can ask for gigabytes of window; these bound the memory of a decoder.
constexpr std::uint64_t max_xz_memory_bytes = std::uint64_t{256} << 20;
constexpr int max_zstd_window_log = 27;

class GzipDecoder : public Decoder {
 public:
  explicit GzipDecoder(std::string const& name) : name_(name) {
    constexpr int gzip_only = 16;
    MUSTER_REQUIRE_ENV(inflateInit2(&stream_, MAX_WBITS + gzip_only) == Z_OK,
                       "{}: zlib cannot start (out of memory); free some and try again", name_);
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(GzipDecoder const&) = delete;
  GzipDecoder& operator=(GzipDecoder const&) = delete;

  std::size_t decode(std::string_view& input, std::span<char> output, bool) override {
    if (ended_ && !input.empty()) {  // members may be concatenated
      inflateReset(&stream_);
      ended_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    int const state = inflate(&stream_, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
      throw_corrupt(name_, format(), stream_.msg != nullptr ? stream_.msg : "bad data");
    ended_ = state == Z_STREAM_END;
    input.remove_prefix(input.size() - stream_.avail_in);
    return output.size() - stream_.avail_out;
  }
  bool at_end() const override { return ended_; }
  char const* format() const override { return "gzip"; }

 private:
  std::string name_;
  z_stream stream_{};
  bool ended_ = false;
};

class XzDecoder : public Decoder {
 public:
  explicit XzDecoder(std::string const& name) : name_(name) {
    MUSTER_REQUIRE_ENV(
        lzma_stream_decoder(&stream_, max_xz_memory_bytes, LZMA_CONCATENATED) == LZMA_OK,
        "{}: liblzma cannot start (out of memory); free some and try again", name_);
  }
  ~XzDecoder() override { lzma_end(&stream_); }
  XzDecoder(XzDecoder const&) = delete;
  XzDecoder& operator=(XzDecoder const&) = delete;

  std::size_t decode(std::string_view& input, std::span<char> output, bool last) override {
    if (ended_) return 0;
    stream_.next_in = reinterpret_cast<std::uint8_t const*>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream_.avail_out = output.size();
    lzma_ret const state = lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN);
    if (state == LZMA_STREAM_END) ended_ = true;
    // A lack of progress at the end of the input is truncation, which the caller names.
    else if (state != LZMA_OK && state != LZMA_BUF_ERROR)
      throw_corrupt(
          name_, format(),
          state == LZMA_MEMLIMIT_ERROR ? "it needs over 256 MiB to decompress" : "bad data");
    input.remove_prefix(input.size() - stream_.avail_in);
    return output.size() - stream_.avail_out;
  }
  bool at_end() const override { return ended_; }
  char const* format() const override { return "xz"; }

 private:
  std::string name_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

class ZstdDecoder : public Decoder {
 public:
  explicit ZstdDecoder(std::string const& name) : name_(name), stream_(ZSTD_createDStream()) {
    MUSTER_REQUIRE_ENV(stream_ != nullptr,
                       "{}: zstd cannot start (out of memory); free some and try again", name_);
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, max_zstd_window_log);
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }
  ZstdDecoder(ZstdDecoder const&) = delete;
  ZstdDecoder& operator=(ZstdDecoder const&) = delete;

  std::size_t decode(std::string_view& input, std::span<char> output, bool) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    std::size_t const state = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(state) != 0) throw_corrupt(name_, format(), ZSTD_getErrorName(state));
    if (in.pos > 0 || out.pos > 0) ended_ = state == 0;
    input.remove_prefix(in.pos);
    return out.pos;
  }
  bool at_end() const override { return ended_; }
  char const* format() const override { return "zstd"; }

 private:
  std::string name_;
  ZSTD_DStream* stream_;
  bool ended_ = false;
};

}  // namespace

void throw_corrupt(std::string const& name, char const* format, char const* detail) {
  throw_error(Exit::user,
              "{}: the {} data is corrupt: {} (its rows cannot be trusted); fetch the file again",
              name, format, detail);
}

std::unique_ptr<Decoder> make_gzip_decoder(std::string const& name) {
  return std::make_unique<GzipDecoder>(name);
}
std::unique_ptr<Decoder> make_xz_decoder(std::string const& name) {
  return std::make_unique<XzDecoder>(name);
}
std::unique_ptr<Decoder> make_zstd_decoder(std::string const& name) {
  return std::make_unique<ZstdDecoder>(name);
}

std::unique_ptr<Decoder> make_decoder(std::string_view first_bytes, std::string const& name) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\x1f\x8b"sv)) return make_gzip_decoder(name);
  if (first_bytes.starts_with("\xfd"
                              "7zXZ\0"sv))
    return make_xz_decoder(name);
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return make_zstd_decoder(name);
  if (first_bytes.starts_with("PK\x03\x04"sv)) return make_zip_decoder(name);
  return nullptr;
}

}  // namespace muster::io
