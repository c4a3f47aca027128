#include "io/import/text_source.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "io/import/decoders.hpp"
#include "io/import/raw_input.hpp"

namespace muster::io {
namespace {

class Source : public TextSource {
 public:
  Source(std::unique_ptr<RawInput> input, std::uint64_t max_bytes)
      : input_(std::move(input)), max_bytes_(max_bytes), chunk_(input_->next_chunk()) {
    decoder_ = make_decoder(chunk_, input_->name());
  }

  std::size_t read(std::span<char> into) override {
    std::size_t const got = decoder_ ? read_decoded(into) : read_plain(into);
    total_ += got;
    MUSTER_REQUIRE(total_ <= max_bytes_,
                   "{}: holds more than {} bytes when unpacked (the limit for one input, against "
                   "files made to "
                   "fill the memory); split it",
                   name(), max_bytes_);
    return got;
  }
  std::string const& name() const override { return input_->name(); }

 private:
  void refill() {
    if (chunk_.empty() && !input_ended_) {
      chunk_ = input_->next_chunk();
      input_ended_ = chunk_.empty();
    }
  }

  std::size_t read_plain(std::span<char> into) {
    refill();
    std::size_t const n = std::min(into.size(), chunk_.size());
    if (n > 0) std::memcpy(into.data(), chunk_.data(), n);
    chunk_.remove_prefix(n);
    return n;
  }

  std::size_t read_decoded(std::span<char> into) {
    while (!into.empty()) {
      refill();
      std::size_t const before = chunk_.size();
      std::size_t const wrote = decoder_->decode(chunk_, into, input_ended_);
      if (wrote > 0) return wrote;
      if (chunk_.size() < before) continue;
      if (decoder_->at_end()) {
        if (!chunk_.empty())
          throw_corrupt(name(), decoder_->format(), "other bytes follow its end");
        if (input_ended_) return 0;
        continue;
      }
      if (!chunk_.empty()) throw_corrupt(name(), decoder_->format(), "no progress");
      MUSTER_REQUIRE(
          !input_ended_,
          "{}: the {} data is cut short (rows are missing at the end); fetch the file again",
          name(), decoder_->format());
    }
    return 0;
  }

  std::unique_ptr<RawInput> input_;
  std::uint64_t max_bytes_;
  std::string_view chunk_;
  std::unique_ptr<Decoder> decoder_;
  bool input_ended_ = false;
  std::uint64_t total_ = 0;
};

}  // namespace

std::unique_ptr<TextSource> open_text(std::filesystem::path const& path, std::uint64_t max_bytes) {
  return std::make_unique<Source>(open_raw(path), max_bytes);
}

std::unique_ptr<TextSource> text_from_memory(std::string name, std::string_view bytes,
                                             std::uint64_t max_bytes) {
  return std::make_unique<Source>(raw_from_memory(std::move(name), bytes), max_bytes);
}

std::string read_all(TextSource& source) {
  std::string all;
  std::size_t size = 0;
  do {
    size = all.size();
    all.resize(size + (std::size_t{1} << 16));
    all.resize(size + source.read({all.data() + size, all.size() - size}));
  } while (all.size() > size);
  return all;
}

}  // namespace muster::io
