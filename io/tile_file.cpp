#include "io/tile_file.hpp"

#include <lzma.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "io/bytes.hpp"
#include "io/steps.hpp"

namespace muster::io {
namespace {

constexpr std::string_view tile_magic = "MUSTRTIL";
constexpr std::uint32_t version = 1;
constexpr std::size_t header_bytes = 64;
constexpr std::size_t record_bytes = 32;
constexpr std::size_t gathered_bytes = std::size_t{64} << 10;
constexpr std::size_t records_per_read = std::size_t{1} << 15;
constexpr std::uint64_t most_tiles = std::uint64_t{1} << 57;  // offsets stay inside 63 bits

/// CRC-64 as in xz (ECMA-182, reflected), of all of `bytes`.
std::uint64_t crc64(std::string_view bytes, std::uint64_t start = 0) {
  return lzma_crc64(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size(), start);
}

std::string raw_hash(std::string_view hex) {
  std::string raw;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    raw += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return raw;
}

std::string header(std::string const& job_hash) {
  ByteWriter out;
  out.raw(tile_magic);
  out.u32(version);
  out.u32(record_bytes);
  out.raw(raw_hash(job_hash));
  out.u64(0);
  out.u64(crc64(out.bytes()));
  MUSTER_ASSERT(out.bytes().size() == header_bytes, "job hash \"{}\"", job_hash);
  return out.bytes();
}

/// The checksum covers the whole index: a record in another's place does not pass.
std::uint64_t record_checksum(std::string_view fields, std::uint64_t index) {
  ByteWriter place;
  place.u64(index);
  return crc64(place.bytes(), crc64(fields));
}

void append_record(std::string& to, TileDigest digest, std::uint32_t epoch, std::uint64_t index) {
  ByteWriter out;
  out.u64(digest.high);
  out.u64(digest.low);
  out.u32(epoch);
  out.u32(static_cast<std::uint32_t>(index));
  out.u64(record_checksum(out.bytes(), index));
  to += out.bytes();
}

/// False for a record that is damaged or was never written.
bool read_record(std::string_view bytes, std::uint64_t index, TileDigest& digest) {
  ByteReader in(bytes);
  digest.high = in.u64();
  digest.low = in.u64();
  in.u32();  // the epoch is for people who look into a file
  std::uint32_t const low_index = in.u32();
  return low_index == static_cast<std::uint32_t>(index) &&
         in.u64() == record_checksum(bytes.substr(0, record_bytes - 8), index);
}

}  // namespace

TileFile::TileFile(std::filesystem::path path, FileDescriptor fd)
    : path_(std::move(path)), fd_(std::move(fd)) {}

std::optional<TileFile> TileFile::create(std::filesystem::path const& path,
                                         std::string const& job_hash) {
  FileDescriptor fd;
  int failed = create_file(path, fd);
  if (failed == EEXIST) return std::nullopt;
  if (failed != 0) throw_file_error("write", path, failed);
  TileFile made(path, std::move(fd));
  std::string const start = header(job_hash);
  failed = write_at(made.fd_.get(), start.data(), start.size(), 0);
  if (failed != 0) throw_file_error("write", path, failed);
  made.sync();
  sync_directory(directory_of(path));
  return made;
}

TileFile TileFile::open(std::filesystem::path const& path, std::string const& job_hash) {
  FileDescriptor fd;
  int const failed = open_to_read(path, fd);
  MUSTER_REQUIRE(
      failed == 0,
      "cannot open {}: {} (it holds the digests of the tiles that the saved state counts "
      "on); bring it back, or start over with --fresh",
      path.string(), std::generic_category().message(failed));
  TileFile found(path, std::move(fd));
  std::string start(header_bytes, '\0');
  start.resize(read_at(found.fd_.get(), start.data(), start.size(), 0, path));
  MUSTER_REQUIRE(
      start == header(job_hash),
      "{} is not the digest file of this run (its header is damaged, of another job or of "
      "another version of muster); start over with --fresh",
      path.string());
  return found;
}

void TileFile::write(std::uint64_t first, std::span<TileDigest const> digests,
                     std::uint32_t epoch) {
  MUSTER_ASSERT(first <= most_tiles && digests.size() <= most_tiles - first, "tile {}", first);
  bool const continues = first == pending_first_ + pending_.size() / record_bytes;
  if (!continues || pending_.size() >= gathered_bytes) flush();
  if (pending_.empty()) pending_first_ = first;
  for (TileDigest const& digest : digests) append_record(pending_, digest, epoch, first++);
}

void TileFile::flush() {
  if (pending_.empty()) return;
  if (failed_ == 0)
    failed_ = write_at(fd_.get(), pending_.data(), pending_.size(),
                       header_bytes + record_bytes * pending_first_);
  if (failed_ != 0) throw_file_error("write", path_, failed_);
  pending_.clear();
}

void TileFile::sync() {
  flush();
  if (failed_ == 0) failed_ = sync_file(fd_.get());
  if (failed_ != 0) throw_file_error("write", path_, failed_);
}

void TileFile::read(std::uint64_t first, std::span<TileDigest> out) {
  MUSTER_ASSERT(first <= most_tiles && out.size() <= most_tiles - first, "tile {}", first);
  flush();
  std::string block;
  for (std::size_t done = 0; done < out.size();) {
    std::size_t const count = std::min(records_per_read, out.size() - done);
    block.resize(count * record_bytes);
    std::size_t const got = read_at(fd_.get(), block.data(), block.size(),
                                    header_bytes + record_bytes * (first + done), path_);
    for (std::size_t i = 0; i < count; ++i, ++done) {
      bool const is_there = (i + 1) * record_bytes <= got;
      MUSTER_REQUIRE(
          is_there && read_record(std::string_view(block).substr(i * record_bytes, record_bytes),
                                  first + done, out[done]),
          "{}: the digest of tile {} is {} (the saved sums include this tile already, so "
          "it cannot be computed again by itself); start over with --fresh",
          path_.string(), first + done, is_there ? "damaged" : "missing");
    }
  }
}

void TileFile::copy(TileRange range, TileFile& to, std::uint32_t epoch) {
  std::vector<TileDigest> block(std::min<std::uint64_t>(range.count, records_per_read));
  for (std::uint64_t first = range.first; first < range.end(); first += block.size()) {
    block.resize(std::min<std::uint64_t>(range.end() - first, records_per_read));
    read(first, block);
    to.write(first, block, epoch);
  }
}

}  // namespace muster::io
