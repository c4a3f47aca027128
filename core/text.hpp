// Numbers as text: whole tokens in (`1e6x` is no number), short human forms and exact forms out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

/// A finite decimal number that is the whole token: no blanks, `+`, hexadecimal, inf or nan.
std::optional<double> parse_number(std::string_view token);
/// A whole non-negative integer: decimal digits, or a number with an integral value up to 2^53 such
/// as `1e6`.
std::optional<std::uint64_t> parse_count(std::string_view token);
/// Bytes: a number, then nothing or one of B, KB, MB, GB, TB (powers of 1000), KiB ... TiB.
std::optional<std::uint64_t> parse_bytes(std::string_view token);
/// Seconds: a number, then one of ms, s, min, h, d (nothing means seconds). Not negative.
std::optional<double> parse_duration(std::string_view token);

/// Shortest decimal text that reads back as the same double, with a point or exponent: `0.1`,
/// `5.0`.
std::string exact_number(double value);
/// Shortest decimal text that reads back as the same double: `0.1`, `5`.
std::string plain_number(double value);

/// `1 234 567`
std::string human_count(std::uint64_t count);
/// `912 M path-steps/s`; three significant digits.
std::string human_rate(double per_second, std::string_view unit);
/// `850 us`, `45 ms`, `3.21 s`, `2 min 05 s`, `1 h 02 min`, `3 d 04 h`
std::string human_duration(double seconds);
/// `512 B`, `1.50 GiB`
std::string human_bytes(std::uint64_t bytes);

/// Without blanks, tabs and line ends at both ends.
std::string_view trimmed(std::string_view text);
/// Printable and at most `limit` bytes: control bytes and invalid UTF-8 as \xNN, the rest as "...".
/// For showing what a hostile file holds.
std::string printable(std::string_view text, std::size_t limit = 60);

}  // namespace muster
