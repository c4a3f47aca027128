// Compressed bytes, made by the libraries that the importer reads them with.
#pragma once

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace muster::test {

inline std::string gzip(std::string const& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string xz(std::string const& text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<std::uint8_t const*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

inline std::string zstd(std::string const& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::size_t const size =
      ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
  EXPECT_FALSE(ZSTD_isError(size));
  ZSTD_freeCCtx(context);
  out.resize(size);
  return out;
}

/// How a file lies in a zip archive.
enum class Zipped { deflated, stored, streamed };  // streamed: sizes and checksum after the data

inline std::string little_endian(std::size_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

/// The raw deflate stream within a gzip file.
inline std::string deflate_raw(std::string const& text) {
  std::string const packed = gzip(text);
  return packed.substr(10, packed.size() - 18);
}

/// Local header, data, descriptor: all of an archive but its list of files.
inline std::string zip_member(std::string const& text, Zipped how) {
  using namespace std::string_literals;
  std::size_t const crc =
      crc32(0, reinterpret_cast<Bytef const*>(text.data()), static_cast<uInt>(text.size()));
  std::string const data = how == Zipped::stored ? text : deflate_raw(text);
  std::string const numbers =
      little_endian(crc, 4) + little_endian(data.size(), 4) + little_endian(text.size(), 4);
  bool const is_late = how == Zipped::streamed;
  return "PK\3\4\x14\0"s + (is_late ? "\x08\0"s : "\0\0"s) +
         (how == Zipped::stored ? "\0\0"s : "\x08\0"s) + std::string(4, '\0') +
         (is_late ? std::string(12, '\0') : numbers) + little_endian(5, 2) + little_endian(0, 2) +
         "a.csv" + data + (is_late ? "PK\7\x08" + numbers : "");
}

inline std::string zip(std::string const& text, Zipped how = Zipped::deflated) {
  return zip_member(text, how) + "PK\1\2" + std::string(47, '\0') + "PK\5\6" +
         std::string(18, '\0');
}

}  // namespace muster::test
