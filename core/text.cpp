#include "core/text.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <system_error>

namespace muster {
namespace {

constexpr double two_to_53 = 9007199254740992.0;

/// Splits `12.5GiB` into the number and the unit; no number: nothing.
struct Quantity {
  double number = 0;
  std::string_view unit;
};
std::optional<Quantity> split_quantity(std::string_view token) {
  std::size_t const unit = token.find_first_not_of("0123456789.");
  auto const number = parse_number(token.substr(0, unit));
  if (!number) return std::nullopt;
  return Quantity{*number, unit == std::string_view::npos ? "" : trimmed(token.substr(unit))};
}

struct Scale {
  std::string_view unit;
  double factor;
};
std::optional<double> scaled(std::string_view token, std::span<Scale const> scales) {
  auto const quantity = split_quantity(token);
  if (!quantity) return std::nullopt;
  for (auto const& scale : scales)
    if (quantity->unit == scale.unit) return quantity->number * scale.factor;
  return std::nullopt;
}

std::string three_digits(double value) {
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  if (value >= 9.995) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

/// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  auto const byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  auto const follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  unsigned const first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    bool const overlong = first == 0xe0 && byte(1) < 0xa0;
    bool const surrogate = first == 0xed && byte(1) >= 0xa0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    bool const outside = (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90);
    return follows(1) && follows(2) && follows(3) && !outside ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::optional<double> parse_number(std::string_view token) {
  // from_chars also reads inf, nan and their relatives.
  if (token.empty() || token.find_first_not_of("0123456789+-.eE") != std::string_view::npos)
    return std::nullopt;
  double value = 0;
  auto const [end, fault] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (fault != std::errc{} || end != token.data() + token.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_count(std::string_view token) {
  std::uint64_t count = 0;
  auto const [end, fault] = std::from_chars(token.data(), token.data() + token.size(), count);
  if (!token.empty() && fault == std::errc{} && end == token.data() + token.size()) return count;
  auto const number = parse_number(token);
  if (!number || *number < 0 || *number > two_to_53) return std::nullopt;
  count = static_cast<std::uint64_t>(*number);
  if (static_cast<double>(count) != *number) return std::nullopt;
  return count;
}

std::optional<std::uint64_t> parse_bytes(std::string_view token) {
  static constexpr std::array<Scale, 10> scales{{{"", 1},
                                                 {"B", 1},
                                                 {"KB", 1e3},
                                                 {"MB", 1e6},
                                                 {"GB", 1e9},
                                                 {"TB", 1e12},
                                                 {"KiB", 0x1p10},
                                                 {"MiB", 0x1p20},
                                                 {"GiB", 0x1p30},
                                                 {"TiB", 0x1p40}}};
  auto const bytes = scaled(token, scales);
  if (!bytes || *bytes >= 0x1p63) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

std::optional<double> parse_duration(std::string_view token) {
  static constexpr std::array<Scale, 6> scales{
      {{"", 1}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}}};
  return scaled(token, scales);
}

std::string plain_number(double value) {
  std::array<char, 32> buffer{};
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string exact_number(double value) {
  std::string text = plain_number(value);
  if (text.find_first_of(".enia") == std::string::npos) text += ".0";
  return text;
}

std::string human_count(std::uint64_t count) {
  std::string text = fmt::format("{}", count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ' ');
  return text;
}

std::string human_rate(double per_second, std::string_view unit) {
  static constexpr std::array<std::string_view, 6> prefixes{"", " k", " M", " G", " T", " P"};
  std::size_t step = 0;
  while (per_second >= 999.5 && step + 1 < prefixes.size()) {
    per_second /= 1000;
    ++step;
  }
  return fmt::format("{}{} {}/s", three_digits(per_second), prefixes[step], unit);
}

std::string human_duration(double seconds) {
  if (!(seconds >= 0)) return "unknown";
  if (seconds < 0.9995e-3) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 59.95) return fmt::format("{} s", three_digits(seconds));
  if (seconds >= 1e15) return "for ever";
  auto const whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {:02} h", whole / 86400, whole / 3600 % 24);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  static constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t step = 0;
  while (value >= 1023.5 && step + 1 < units.size()) {
    value /= 1024;
    ++step;
  }
  return fmt::format("{} {}", three_digits(value), units[step]);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::size_t const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  while (!text.empty()) {
    std::size_t const length = utf8_length(text);
    auto const byte = static_cast<unsigned char>(text[0]);
    if (shown.size() + 4 > limit && text.size() > 4) return shown + "...";
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
      text.remove_prefix(1);
    } else {
      shown += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return shown;
}

}  // namespace muster
