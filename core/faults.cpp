#include "core/faults.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "core/error.hpp"

namespace muster {
namespace {
constexpr std::size_t kept_lines = 10'000;  // of a hostile file with a fault in every row
constexpr std::size_t shown_lines = 50;
}  // namespace

std::string to_text(Place const& place) {
  if (place.line == 0) return std::string(place.source);
  if (place.column == 0) return fmt::format("{}:{}", place.source, place.line);
  return fmt::format("{}:{}:{}", place.source, place.line, place.column);
}

void Faults::add(Place const& place, std::string_view key, std::string_view message) {
  if (lines_.size() >= kept_lines) {
    ++dropped_;
    return;
  }
  std::string text = to_text(place);
  for (auto part : {key, message}) {
    if (!text.empty() && !part.empty()) text += ": ";
    text += part;
  }
  lines_.push_back({std::string(place.source), place.line, place.column, std::move(text)});
}

void Faults::throw_if_any() const {
  if (lines_.empty()) return;
  // Sources keep the order in which they first appear; within one, faults follow the lines.
  std::vector<std::string_view> sources;
  for (auto const& line : lines_)
    if (std::find(sources.begin(), sources.end(), line.source) == sources.end())
      sources.push_back(line.source);
  auto sorted = lines_;
  auto const rank = [&](Line const& line) {
    auto const source = std::find(sources.begin(), sources.end(), line.source) - sources.begin();
    return std::tuple(source, line.line, line.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](Line const& a, Line const& b) { return rank(a) < rank(b); });
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), shown_lines); ++i) {
    if (i > 0) text += '\n';
    text += sorted[i].text;
  }
  std::size_t const hidden = lines_.size() + dropped_ - std::min(sorted.size(), shown_lines);
  if (hidden > 0) text += fmt::format("\n... and {} more; mend these first", hidden);
  throw Error(Exit::user, std::move(text));
}

}  // namespace muster
