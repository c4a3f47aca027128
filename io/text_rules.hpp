// What a text in muster's files may look like, checked on the way in and out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace muster::io {

/// Valid UTF-8 without control characters other than tab, newline and carriage return: safe to
/// print on a terminal, and free of the zero bytes that end a fixed-length string.
bool is_clean_text(std::string_view text);
/// The same text with U+FFFD for every byte or character that is_clean_text refuses.
std::string clean_text(std::string_view text);
/// At most `limit_bytes` of a clean text, cut between characters; "..." shows the cut.
std::string shorten(std::string_view text, std::size_t limit_bytes);
/// A name in a file: lower_snake, 1 to 64 characters, first a letter.
bool is_lower_snake(std::string_view text);
/// 64 lower-case hex digits.
bool is_hash(std::string_view text);
/// "2026-01-31T09:30:00Z", exactly as core's format_instant writes it.
bool is_utc_instant(std::string_view text);
/// Now, to the second.
std::string utc_now();

}  // namespace muster::io
