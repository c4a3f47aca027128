// Texts of one field a line: a name, a space, the value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace muster::io {

/// Of fields with the same name the first counts; lines without a space are passed over.
std::map<std::string, std::string> line_fields(std::string_view text);
/// A process id, 0 to 2^31 - 1.
std::optional<std::int64_t> parse_pid(std::string_view text);

}  // namespace muster::io
