#include "io/text_rules.hpp"

#include <algorithm>
#include <chrono>

#include "core/instant.hpp"

namespace muster::io {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool is_continuation(std::string_view text, std::size_t i) {
  return i < text.size() && (byte_at(text, i) & 0xC0u) == 0x80u;
}

/// Bytes of the clean character at `i`; 0 when there is none (Unicode 15, table 3-7).
std::size_t clean_length(std::string_view text, std::size_t i) {
  unsigned const lead = byte_at(text, i);
  if (lead < 0x80) {
    bool const is_space = lead == '\t' || lead == '\n' || lead == '\r';
    return is_space || (lead >= 0x20 && lead != 0x7F) ? 1 : 0;
  }
  if (lead < 0xC2 || lead > 0xF4 || !is_continuation(text, i + 1)) return 0;
  unsigned const second = byte_at(text, i + 1);
  if (lead == 0xC2 && second < 0xA0) return 0;  // C1 control characters: U+009B starts a sequence
  if (lead < 0xE0) return 2;
  if (!is_continuation(text, i + 2)) return 0;
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead < 0xF0) return 3;
  if (!is_continuation(text, i + 3)) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return 4;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool is_clean_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    std::size_t const length = clean_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string clean_text(std::string_view text) {
  if (is_clean_text(text)) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t const length = clean_length(text, i);
    out += length == 0 ? replacement : text.substr(i, length);
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::string shorten(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return std::string(text);
  std::size_t cut = limit_bytes > 3 ? limit_bytes - 3 : 0;
  while (cut > 0 && is_continuation(text, cut)) --cut;
  return std::string(text.substr(0, cut)) + "...";
}

bool is_lower_snake(std::string_view text) {
  return !text.empty() && text.size() <= 64 && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

bool is_utc_instant(std::string_view text) {
  auto const parsed = parse_civil_time(text);
  auto const instant = parsed ? to_instant(*parsed) : std::nullopt;
  return instant && format_instant(*instant) == text;
}

std::string utc_now() {
  return format_instant(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

}  // namespace muster::io
