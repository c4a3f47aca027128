// A source whose first bytes can be looked at before it is read.
#pragma once

#include "io/import/text_source.hpp"

namespace muster::io {

class Peeked : public TextSource {
 public:
  /// `source` must outlive it.
  explicit Peeked(TextSource& source);
  /// Up to 4096 bytes.
  std::string const& head() const { return head_; }
  std::size_t read(std::span<char> into) override;
  std::string const& name() const override { return source_.name(); }

 private:
  TextSource& source_;
  std::string head_;
  std::size_t given_ = 0;
};

/// Begins with a brace or bracket.
bool looks_like_json(std::string_view head);

}  // namespace muster::io
