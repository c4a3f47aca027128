#include "topology/json_scan.hpp"

#include <array>
#include <charconv>

namespace muster::topology {
namespace {

constexpr std::array<std::pair<char, char>, 8> escapes{
    {{'"', '"'}, {'\\', '\\'}, {'/', '/'}, {'b', '\b'}, {'f', '\f'}, {'n', '\n'}, {'r', '\r'}, {'t', '\t'}}};

bool is_high(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

/// How many bytes a character that starts with `first` has; 0 for what starts none.
std::size_t length_by(unsigned first) {
  return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/// Length of the UTF-8 character at the front; 0 for none, overlong ones and surrogates included.
std::size_t character_length(std::string_view text) {
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  auto const first = static_cast<unsigned char>(text.front());
  auto const length = length_by(first);
  if (length <= 1) return length;
  if (text.size() < length) return 0;
  std::uint32_t code = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    auto const byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0U) != 0x80U) return 0;
    code = code << 6 | (byte & 0x3fU);
  }
  bool const is_surrogate = is_high(code) || is_low(code);
  return code < least[length] || code > 0x10ffff || is_surrogate ? 0 : length;
}

void append_utf8(std::uint32_t code, std::string& letters) {
  auto const more = [&](unsigned shift) { letters += static_cast<char>(0x80U | (code >> shift & 0x3fU)); };
  if (code < 0x80) {
    letters += static_cast<char>(code);
  } else if (code < 0x800) {
    letters += static_cast<char>(0xc0U | code >> 6);
    more(0);
  } else if (code < 0x10000) {
    letters += static_cast<char>(0xe0U | code >> 12);
    more(6), more(0);
  } else {
    letters += static_cast<char>(0xf0U | code >> 18);
    more(12), more(6), more(0);
  }
}

/// Letters that stand for themselves in a text.
bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\'; }

}  // namespace

void JsonScanner::skip_blanks() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
}

bool JsonScanner::take(char wanted) {
  if (is_at_end() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

bool JsonScanner::take_word(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool JsonScanner::take_text(std::string& letters) {
  if (!take('"')) return false;
  while (!is_at_end()) {
    auto const begin = at_;
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    letters.append(text_, begin, at_ - begin);
    if (take('"')) return true;
    if (is_at_end()) return false;
    if (text_[at_] == '\\') {
      if (!take_escape(letters)) return false;
      continue;
    }
    auto const length = static_cast<unsigned char>(text_[at_]) < 0x20 ? 0 : character_length(text_.substr(at_));
    if (length == 0) return false;
    letters.append(text_, at_, length);
    at_ += length;
  }
  return false;
}

bool JsonScanner::take_escape(std::string& letters) {
  ++at_;
  for (auto const& [letter, meaning] : escapes)
    if (take(letter)) {
      letters += meaning;
      return true;
    }
  auto unit = take_unit();
  if (!unit || is_low(*unit)) return false;
  if (is_high(*unit)) {
    auto const low = take('\\') ? take_unit() : std::nullopt;
    if (!low || !is_low(*low)) return false;
    unit = 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00);
  }
  append_utf8(*unit, letters);
  return true;
}

/// uXXXX
std::optional<std::uint32_t> JsonScanner::take_unit() {
  if (!take('u')) return std::nullopt;
  auto const digits = text_.substr(at_, 4);
  std::uint32_t unit = 0;
  auto const [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
  if (digits.size() < 4 || fault != std::errc{} || end != digits.data() + 4) return std::nullopt;
  at_ += 4;
  return unit;
}

std::size_t JsonScanner::take_digits() {
  auto const begin = at_;
  while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
  return at_ - begin;
}

std::optional<std::string_view> JsonScanner::take_number() {
  auto const begin = at_;
  take('-');
  if (!take('0') && take_digits() == 0) return std::nullopt;
  if (take('.') && take_digits() == 0) return std::nullopt;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (take_digits() == 0) return std::nullopt;
  }
  return text_.substr(begin, at_ - begin);
}

}  // namespace muster::topology
