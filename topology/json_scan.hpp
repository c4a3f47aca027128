// JSON, token by token, for json_document.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::topology {

/// Takes tokens of RFC 8259 from the front of a text. What throws nothing says false or nothing for what is no such token,
/// and leaves `at()` there.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  bool is_at_end() const { return at_ == text_.size(); }
  char next() const { return is_at_end() ? '\0' : text_[at_]; }
  void skip_blanks();
  bool take(char wanted);
  bool take_word(std::string_view word);
  /// Appends what a text in quotes means to `letters`, in UTF-8. False also for bytes that are no UTF-8.
  bool take_text(std::string& letters);
  /// The number's own letters.
  std::optional<std::string_view> take_number();

 private:
  bool take_escape(std::string& letters);
  std::optional<std::uint32_t> take_unit();
  std::size_t take_digits();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace muster::topology
