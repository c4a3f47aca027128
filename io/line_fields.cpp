#include "io/line_fields.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace muster::io {

std::map<std::string, std::string> line_fields(std::string_view text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    auto const line = text.substr(0, text.find('\n'));
    auto const space = line.find(' ');
    if (space != std::string_view::npos)
      fields.emplace(line.substr(0, space), line.substr(space + 1));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return fields;
}

std::optional<std::int64_t> parse_pid(std::string_view text) {
  auto const pid = parse_count(text);
  if (!pid || *pid > 0x7fffffff) return std::nullopt;
  return static_cast<std::int64_t>(*pid);
}

}  // namespace muster::io
